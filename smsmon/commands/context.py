"""What most commands begin with: the places of the files, the settings, the watchlist."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from smsmon.commands.output import fail, say, use_signs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from smsmon.accounts import Accounts, OpenWindow
    from smsmon.clock import Clock
    from smsmon.commands.output import Level
    from smsmon.locations import Locations
    from smsmon.settings import Loaded, Settings
    from smsmon.settings.reading import Reading
    from smsmon.store.base import WatchlistStore

KeyPath = tuple[str, ...]
GIVEN = "smsmon.flags"
"""Where the values given stand in click's ``meta``, which commands share with their group."""


def given_flags() -> dict[KeyPath, Any]:
    """The settings that flags of the running command override."""
    if "click" not in sys.modules:  # the console, opened without a word
        return {}
    import click

    context = click.get_current_context(silent=True)
    return dict(context.meta.get(GIVEN, {})) if context else {}


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
        loaded = load(locations, os.environ if environ is None else environ, given_flags())
    except SettingsError as error:
        fail(str(error))
    use_signs(loaded.settings.display.signs)
    return loaded


def reader(locations: Locations, environ: Mapping[str, str] | None = None) -> Callable[[], Reading]:
    """What reads the settings, again and again, in any thread: by the flags given now too."""
    from smsmon.settings.loading import read

    flags = given_flags()
    return lambda: read(locations, os.environ if environ is None else environ, flags)


def open_watchlist(locations: Locations, settings: Settings | None = None) -> WatchlistStore:
    """The watchlist; nothing is read yet."""
    from smsmon.commands.stores import the_store  # `--version` knows no files

    return the_store(locations, settings).watchlist()


def complain(sentence: str, level: Level = "warning", **fields: str) -> None:
    """Say on stderr what is wrong (see `output.say`); may be called in any thread."""
    say(f"smsmon: {sentence}", level, **fields)


def window_beyond(settings: Settings, clock: Clock) -> OpenWindow:
    """What opens the windows that other machines share too, where the store is a team's."""
    from smsmon.accounts import no_window
    from smsmon.commands.stores import the_store
    from smsmon.egress import egress_windows

    if not settings.store:
        return no_window
    return egress_windows(the_store(find_locations(), settings), settings, clock)


@asynccontextmanager
async def open_accounts(
    names: Iterable[str], settings: Settings, clock: Clock
) -> AsyncIterator[Accounts]:
    """The accounts of these profiles, connected; a failure if none can be used."""
    from smsmon.accounts import Accounts

    accounts = Accounts(settings, clock, complain)
    accounts.window_beyond = window_beyond(settings, clock)
    try:
        for name in dict.fromkeys(names):
            await accounts.connect(name)
        if not accounts.clients:
            fail("\n".join(accounts.problems.values()))
        yield accounts
    finally:
        await accounts.close()


def profiles_of(
    ids: Sequence[str], settings: Settings, locations: Locations
) -> list[tuple[str, str]]:
    """Each message id with the profile to read it by.

    What the watchlist says, unless ``--profile`` was given; else the current one.
    """
    if ("profile",) in given_flags():
        return [(each, settings.profile) for each in ids]
    from smsmon.store.errors import StoreError

    try:
        entries = open_watchlist(locations, settings).load()
    except StoreError as error:
        if len(settings.profiles) > 1:
            complain(f"{error} The current profile, {settings.profile}, is used for all.")
        entries = []
    known = {entry.id: settings.profile_of(entry.profile) for entry in entries}
    return [(each, known.get(each, settings.profile)) for each in ids]
