"""Follows the settings file while a program runs, for the console and for ``watch``.

What is changed in it is taken over within two seconds, or said in one line why not; then all
goes on by what was read before. Nothing is read while nothing changes: it costs a ``stat``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from smsmon.clock import Clock, sleep
from smsmon.settings import Settings
from smsmon.settings.leaves import KeyPath, leaf_of
from smsmon.settings.reading import Check, Reading
from smsmon.text import SENTENCE_LIMIT, safe

LOOK_EVERY = 0.5
"""Seconds between two looks at the file. It is read once it was the same at two of them: an
editor that writes it piece by piece is not read half way."""
NEXT_START: frozenset[KeyPath] = frozenset(
    {
        ("history", "retention_days"),
        ("display", "plain"),
        ("polling", "egress"),
        ("store",),
        ("store_password_env",),
        ("store_password_file",),
        ("store_password_command",),
    }
)
"""What is read at the start alone: old history is not dropped because a number was typed, a
screen is told in words from its first line or not at all, nobody changes to another store with
what was found for this one, and what was sent is counted where it was asked for."""
_NAMED = 3
"""Settings that are named in a line; of more, their tables are."""

Say = Callable[[str, Literal["information", "warning"]], None]
_Signature = tuple[int, int, int, int]


class Reloading:
    """One settings file, and the program that goes by it.

    ``take`` has the program go by other settings, and gives what is wrong with them that it goes
    on without, a sentence each; ``say`` is given one line for each change.
    """

    def __init__(
        self,
        path: Path,
        reread: Callable[[], Reading],
        clock: Clock,
        in_force: Settings,
        take: Callable[[Reading], Awaitable[Iterable[str]]],
        say: Say,
        refusing: Iterable[Check] = (),
    ) -> None:
        """``in_force`` are the settings that the program goes by when it begins.

        ``refusing`` are looked at besides what ``reread`` finds: settings with a problem of
        theirs are not taken.
        """
        self.in_force = in_force
        self._path = path
        self._reread = reread
        self._clock = clock
        self._take = take
        self._say = say
        self._refusing = tuple(refusing)
        self._read_at = _signature(path)
        """What the file was when it was read last."""
        self._seen = self._read_at
        self._trouble = False
        """The file as it is now is not in force."""

    async def run(self) -> None:
        """Follow the file until cancelled."""
        while True:
            await sleep(self._clock, LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Take over what was changed, once it has been the same at two looks."""
        before, self._seen = self._seen, await asyncio.to_thread(_signature, self._path)
        if self._seen == before and self._seen != self._read_at:
            self._read_at = self._seen
            await self._take_over()

    async def _take_over(self) -> None:
        reading = await asyncio.to_thread(self._reread)
        if self._read_at is None and self.in_force != reading.settings:
            self._not_taken("config.toml is gone; what was read of it stays in force.")
            return
        wrong = [each for each in reading.checked(self._refusing) if each.refused]
        if wrong:
            what = _first_of(reading.told(wrong))
            what = what.removeprefix(f"{safe(str(self._path), SENTENCE_LIMIT)}, ")
            self._not_taken(f"config.toml was changed and is not used as it is: {what}")
            return
        before, self.in_force = self.in_force, reading.settings
        was_trouble, self._trouble = self._trouble, False
        changed = differences(before, reading.settings)
        if changed:
            complaints = list(await self._take(reading))
            later = [path for path in changed if path in NEXT_START]
            # As loud as what was said before, or that would still stand there.
            loud = complaints or was_trouble
            self._say(_told(changed, later, complaints), "warning" if loud else "information")
        elif was_trouble:
            self._say("config.toml can be used again; nothing in it has changed.", "warning")

    def _not_taken(self, sentence: str) -> None:
        self._trouble = True
        self._say(sentence, "warning")


def differences(before: Settings, after: Settings) -> list[KeyPath]:
    """Where two settings differ: each setting, or its whole table where one has no such table, or
    where its names stand in another order.
    """
    one, other = (msgspec.to_builtins(each) for each in (before, after))
    return list(_differences(one, other, ()))


def _differences(one: object, other: object, path: KeyPath) -> Iterable[KeyPath]:
    if isinstance(one, dict) and isinstance(other, dict) and leaf_of(path) is None:
        if [name for name in one if name in other] != [name for name in other if name in one]:
            yield path
        for name in dict.fromkeys((*one, *other)):
            yield from _differences(one.get(name), other.get(name), (*path, name))
    elif one != other:
        yield path


def _told(changed: list[KeyPath], later: list[KeyPath], complaints: list[str]) -> str:
    """One line about what was taken over, what the next start takes, and what is wrong."""
    now = [path for path in changed if path not in later]
    parts = [f"config.toml was read anew: {_names(now)}."] if now else []
    if later:
        parts.append(f"Only the next start takes {_names(later)}.")
    if complaints:
        parts.append(_first_of(complaints))
    return " ".join(parts)


def _first_of(sentences: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    first, *rest = sentences
    return f"{first} {len(rest)} more: `smsmon config check`." if rest else first


def _names(paths: list[KeyPath]) -> str:
    dotted = [".".join(path) for path in paths]
    if len(dotted) > _NAMED:
        dotted = list(dict.fromkeys(path[0] for path in paths))
    return ", ".join(dotted)


def _signature(path: Path) -> _Signature | None:
    """What tells one state of the file from another; None while it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev
