"""What most commands begin with: the places of the files, the settings, the watchlist."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from smsmon.commands.output import fail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smsmon.locations import Locations
    from smsmon.settings import Settings
    from smsmon.store.watchlist import Watchlist


def find_locations() -> Locations:
    """Where the files are, or a failure that says what to set."""
    from smsmon.locations import LocationError, Locations

    try:
        return Locations.find()
    except LocationError as error:
        fail(str(error))


def read_settings(
    locations: Locations,
    flags: Mapping[tuple[str, ...], Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force, or a failure that names every problem.

    ``environ`` is the process's own unless given.
    """
    from smsmon.settings import SettingsError, load_settings

    try:
        return load_settings(locations, os.environ if environ is None else environ, flags)
    except SettingsError as error:
        fail(str(error))


def open_watchlist(locations: Locations) -> Watchlist:
    """The watchlist; nothing is read yet."""
    from smsmon.store.watchlist import Watchlist

    return Watchlist(locations.watchlist)
