"""What most commands begin with: the places of the files, the settings, the watchlist."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from smsmon.commands.flags import given_flags
from smsmon.commands.output import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from smsmon.locations import Locations
    from smsmon.settings import Loaded, Settings
    from smsmon.store.base import WatchlistStore


def find_locations() -> Locations:
    """Where the files are, or a failure that says what to set."""
    from smsmon.locations import LocationError, Locations

    try:
        return Locations.find()
    except LocationError as error:
        fail(str(error))


def read_settings(locations: Locations, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force, or a failure that names every problem.

    ``environ`` is the process's own unless given; flags of the running command outrank it.
    """
    return load_all(locations, environ).settings


def require_profiles(locations: Locations, names: Iterable[str], undone: str = "") -> None:
    """A failure, begun with ``undone``, when one of ``names`` is no profile of the settings.

    "default" always is one: it stands for the current one too. Whatever else is wrong with the
    settings is no matter here: what asks this does without them.
    """
    named = [name for name in dict.fromkeys(names) if name != "default"]
    if not named:
        return
    from smsmon.settings import SettingsError
    from smsmon.settings.loading import unknown_profile

    try:
        told = unknown_profile(locations, named)
    except SettingsError as error:
        fail(str(error))
    if told:
        fail(f"{undone}{told}")


def load_all(locations: Locations, environ: Mapping[str, str] | None = None) -> Loaded:
    """As `read_settings`, with the origin of each value."""
    from smsmon.settings import SettingsError, load

    try:
        return load(locations, os.environ if environ is None else environ, given_flags())
    except SettingsError as error:
        fail(str(error))


def settings_again(
    locations: Locations, environ: Mapping[str, str] | None = None
) -> Callable[[], Settings]:
    """What reads the same settings anew, in any thread; it raises `SettingsError`."""
    from smsmon.settings import load_settings

    flags = given_flags()
    return lambda: load_settings(locations, os.environ if environ is None else environ, flags)


def open_watchlist(locations: Locations) -> WatchlistStore:
    """The watchlist; nothing is read yet."""
    from smsmon.store import open_store

    return open_store(locations).watchlist()
