"""The one clock. Everything that waits or tells the time is given one; tests hold it still."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio


CLOCK_SLACK = 2.0
"""Seconds that a recorded moment may lie ahead of the clock, which is slewed now and then."""


def late(known: float | None, asked_at: float, now: float) -> bool:
    """True for an answer that was asked for before the ``known`` one was, at wall time ``now``.

    A known moment that lies ahead of ``now`` proves nothing: a wrong clock wrote it.
    """
    return known is not None and asked_at < known <= now + CLOCK_SLACK


CLOCK_AGREES = 600.0
"""Seconds by which the clock of a server may differ from ours: both are about right then."""


def astray(now: float, served_at: float | None) -> bool:
    """True when the clock that says ``now`` differs clearly from that of the server.

    False when the server did not tell its time: nothing speaks against ours.
    """
    return served_at is not None and abs(now - served_at) > CLOCK_AGREES


class Clock(Protocol):
    """What tells the time and waits.

    ``monotonic`` is for waiting and for intervals: it never jumps. ``now`` is for showing and
    storing: it is the wall clock, and may jump (suspend, NTP).
    """

    def now(self) -> float:
        """The wall clock: seconds since the epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never backwards."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait until ``event`` is set (True) or ``seconds`` are over (False).

        None waits without end.
        """


async def sleep(clock: Clock, seconds: float | None) -> None:
    """Wait for so many seconds; None: without end."""
    import asyncio

    await clock.wait(asyncio.Event(), seconds)


def slept() -> float:
    """Seconds that this machine slept since it was started, as far as it says, give or take
    some microseconds: those that ``monotonic`` does not count."""
    try:
        counted = time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):
        return 0.0
    return counted - time.clock_gettime(time.CLOCK_MONOTONIC)


class Untouched:
    """For how long nobody touched a file that is looked at now and then, by our own clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: tuple[int, int] | None = None
        self._since = 0.0

    def seconds(self, handle: int) -> float:
        """Seconds since a look first found the open file as it is now, or another in its place."""
        found, now = os.fstat(handle), self._clock.monotonic()
        if (seen := (found.st_ino, found.st_mtime_ns)) != self._seen:
            self._seen, self._since = seen, now
        return now - self._since


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        import asyncio  # 45 ms that commands without a loop (ls, add) must not pay

        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False
