"""The clock of a process on a team's store: its wall time is the database's.

So all hosts record moments by one clock, whatever their own say. Between two looks at it time goes
by the steady clock of the machine, and by what it slept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from smsmon.clock import Clock, SystemClock, slept

if TYPE_CHECKING:
    import asyncio

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
