"""Which store a command goes by: the one of the settings it has, or what they say of it alone."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, TypeVar

from smsmon import files
from smsmon.commands.output import fail
from smsmon.store import ThisMachine, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from smsmon.locations import Locations
    from smsmon.settings import Settings
    from smsmon.store import Where
    from smsmon.store.alerts import AlertStore
    from smsmon.store.base import Store
    from smsmon.store.shared import Holder

T = TypeVar("T")
_NAMES_STORE = re.compile(rb"""^[ \t]*(?:["']?store|"[^"\n]*\\)""", re.MULTILINE)
"""A line that begins with this word, or with one that hides its letters."""
_FILE_LIMIT = 2**20


def the_store(locations: Locations, settings: Settings | None = None) -> Store:
    """The store that the settings name; nothing of it is read yet.

    Without ``settings`` they are read for this alone, and only where they may name one: whatever
    else is wrong with them is no matter here.
    """
    return open_store(locations, settings or named_store(locations))


def named_store(locations: Locations) -> Where:
    """Which store is meant, for who does without the settings; a failure where they are wrong."""
    if not os.environ.get("SMSMON_STORE") and not _may_name_store(locations.config):
        return ThisMachine()
    from smsmon.settings.loading import read

    found = read(locations, os.environ)
    wrong = [
        each
        for each in found.problems
        if each.refused and (not each.at or each.at[0].startswith("store"))
    ]
    if wrong:
        fail("\n".join(found.told(wrong)))
    return found.settings


def _may_name_store(config: Path) -> bool:
    """False when a settings file, by a quick look, says nothing of the store."""
    try:
        return _NAMES_STORE.search(files.read(config, _FILE_LIMIT).data) is not None
    except OSError:
        return False


def open_alerts(locations: Locations, settings: Settings | None = None) -> AlertStore:
    """What is kept of alerts; nothing is read yet."""
    from smsmon.clock import SystemClock

    return the_store(locations, settings).alerts(SystemClock())


def who_polls(locations: Locations, settings: Settings) -> Holder | None:
    """The process that polls, as far as a look tells; None: nobody does."""
    from smsmon.clock import SystemClock

    lease = the_store(locations, settings).lease(SystemClock(), "command")
    lease.look()
    return lease.holder


def within_time(work: Callable[[], T], seconds: float) -> T:
    """What ``work`` gives, or raises, in a thread that is left alone after so many seconds: a name
    server that says nothing is waited for no longer. Raises ``TimeoutError`` then.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="store", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError
    return done[0]
