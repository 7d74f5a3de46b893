"""What came in, minute by minute, over the last 48 hours: counters of constant size.

No Textual. A activity counts what was *observed* while it listened; what a first look found
already there is in no minute.
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import NamedTuple

from smsmon.clock import Clock
from smsmon.console import cells
from smsmon.model import Event, Origin, Transition
from smsmon.monitor.state import Applied, Asked
from smsmon.recipients import Status

MINUTES = 48 * 60
"""Minutes kept; all counters together take 35 kB."""
STOPS_KEPT = 10_000
"""STOPs kept with their message; the oldest go first."""

_MINUTE = 60.0


class Stop(NamedTuple):
    """A STOP that was seen to come."""

    at: float
    """When it was seen, wall time: the API gives a STOP no date of its own."""
    message_id: str


class PerMinute:
    """A counter for each of the last ``MINUTES`` minutes of the wall clock."""

    def __init__(self) -> None:
        self._counts = array("L", [0]) * MINUTES
        self._newest: int | None = None

    def add(self, at: float, count: int = 1) -> None:
        """Count ``count`` at wall time ``at``, seconds since the epoch."""
        minute = int(at // _MINUTE)
        if self._newest is None or minute <= self._newest - MINUTES:
            # A clock set back by more than all that is kept leaves nothing to go on with.
            self._forget(minute, MINUTES)
        elif minute > self._newest:
            self._forget(minute, min(MINUTES, minute - self._newest))
        self._counts[minute % MINUTES] += count

    def last(self, minutes: int, now: float) -> list[int]:
        """The counts of the ``minutes`` minutes that end with the one of ``now``."""
        end = int(now // _MINUTE) + 1
        return [self._of(minute) for minute in range(end - minutes, end)]

    def _of(self, minute: int) -> int:
        if self._newest is None or not self._newest - MINUTES < minute <= self._newest:
            return 0
        return self._counts[minute % MINUTES]

    def _forget(self, newest: int, minutes: int) -> None:
        for minute in range(newest - minutes + 1, newest + 1):
            self._counts[minute % MINUTES] = 0
        self._newest = newest


class Activity:
    """Listens to the engine: ``engine.subscribe(activity.hear)``, and to its requests:
    ``engine.count(activity.count)``."""

    def __init__(self, clock: Clock) -> None:
        self.since = clock.now()
        """Wall time from which on it has listened."""
        self.delivered = PerMinute()
        """Recipients seen to turn delivered."""
        self.requests = PerMinute()
        """Requests that ended, well or not."""
        self.stops: deque[Stop] = deque(maxlen=STOPS_KEPT)
        """The STOPs seen to come, the oldest first."""

    def count(self, asked: Asked) -> None:
        """Take in that a request is over."""
        self.requests.add(asked.at)

    def hear(self, happened: Applied | Event) -> None:
        """Take in what the engine tells."""
        if isinstance(happened, Event):
            return
        if happened.origin is Origin.RECORDED:
            self.requests.add(happened.at)
        delivered = 0
        for change in happened.transitions:
            delivered += change.after is Status.DELIVERED and change.before is not change.after
            if _is_stop(change):
                self.stops.append(Stop(change.observed_at, change.message_id))
        if delivered:
            self.delivered.add(happened.at, delivered)


def _is_stop(change: Transition) -> bool:
    return change.stop_after and not change.stop_before


SPARK_MINUTES = 16


def delivered_lately(activity: Activity, now: float, minutes: int = SPARK_MINUTES) -> str:
    """Deliveries seen in each of the last ``minutes`` minutes, one column wide each.

    The last column is the minute under way. Columns are as high as their share of the
    highest; no delivery is a blank. Empty while there was none at all, so that the header
    can leave it out.
    """
    counts = activity.delivered.last(minutes, now)
    return cells.sparkline(counts, minutes) if any(counts) else ""
