"""What all connections of a process know together: whether the database answers, and its time.

While it does not answer, one of them tries now and then, and whatever else is asked fails at once:
nobody waits for a server that was found gone a moment ago. Its wall time is that of all hosts, so
that they record moments by one clock, whatever their own say.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from threading import Lock
from typing import TYPE_CHECKING

from smsmon.clock import Clock, SystemClock, slept
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    import asyncio

PAUSE_FIRST, PAUSE_MOST = 2.0, 30.0
"""Seconds from a failure to the next try, at the most: doubled each time, up to the second."""
PAUSE_LEAST = 1.0


class Reach:
    """Told by each connection how it went; in any thread."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, rng: Random | None = None
    ) -> None:
        self._monotonic = monotonic
        self._rng = rng or Random()
        self._alone = Lock()
        self._error: StoreError | None = None
        self._failed = 0
        """Tries in vain, one after the other."""
        self._next = 0.0
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called, in any thread, when it answers again."""
        self._listeners.append(listener)

    @property
    def error(self) -> StoreError | None:
        """Why it does not answer, or does not let us in; None while it does."""
        return self._error

    @property
    def pause(self) -> float:
        """Seconds until the next try; 0 where it may be tried now."""
        with self._alone:
            return 0.0 if self._error is None else max(0.0, self._next - self._monotonic())

    def check(self) -> None:
        """Raise what the last try came to, where it is not yet time for another one."""
        error = self._error
        if error is not None and self.pause:
            raise type(error)(error.where, error.reason, error.remedy)

    def failed(self, error: StoreError) -> None:
        """It did not answer, or did not let us in."""
        with self._alone:
            now = self._monotonic()
            if self._error is None or now >= self._next:  # else two tried at the same time
                longest = min(PAUSE_MOST, PAUSE_FIRST * 2.0 ** min(self._failed, 10))
                self._failed += 1
                self._next = now + self._rng.uniform(PAUSE_LEAST, longest)
            self._error = error

    def worked(self) -> None:
        with self._alone:
            before, self._error, self._failed = self._error, None, 0
        if before is not None:
            for each in self._listeners:
                each()


NEAR = 0.05
"""Seconds by which ours may differ before it is set: an answer takes some time to come."""


class TheirTime:
    """What the database said last of the time; told and asked in any thread."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        """What is added to the steady clock; None: it was not heard of yet."""
        self.steady: Callable[[], float] = _steady_of(SystemClock())
        """A steady clock that goes on while the machine sleeps."""

    def heard(self, theirs: float, asked: float) -> None:
        """It said ``theirs`` to who asked at the steady time ``asked``, just now."""
        came = self.steady()
        ahead = theirs - (asked + came) / 2
        if self._ahead is None or abs(ahead - self._ahead) > NEAR + (came - asked) / 2:
            self._ahead = ahead

    @property
    def now(self) -> float | None:
        """What time it is by it, seconds since the epoch; None while that is not known."""
        return None if self._ahead is None else self.steady() + self._ahead


class TeamClock:
    """``clock``, but for what it says of the wall time once the database was heard."""

    def __init__(self, clock: Clock, time: TheirTime) -> None:
        self._clock = clock
        self._time = time
        time.steady = _steady_of(clock)

    def now(self) -> float:
        theirs = self._time.now
        return self._clock.now() if theirs is None else theirs

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        return await self._clock.wait(event, seconds)


def _steady_of(clock: Clock) -> Callable[[], float]:
    return lambda: clock.monotonic() + slept()
