"""When messages that came by themselves leave the watchlist by themselves. Pure; wall time.

Each leaves some time after it was complete, as its source says. One that does not become complete
(its report does not come, it is not found, its account does not answer) leaves when no report can
come any more, but not before this program has had the time to read it once more: it may have slept.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache
from math import inf

from smsmon.moments import Moments
from smsmon.monitor.state import SETTLED_AFTER, Watched
from smsmon.times import counted, duration

EXPIRES = SETTLED_AFTER + 3600.0
"""Seconds after which one leaves that did not become complete: no report comes after 48 hours."""
READ_WITHIN = 600.0
"""Seconds that a program which begins to look, or looks again, has to read what is late."""
AGAIN = 60.0
PAUSE = 120.0
"""Seconds without a look after which it looks again: the machine slept, say."""


def leaves_at(watched: Watched) -> float:
    """When it leaves, as far as is known; inf for what people added."""
    arrival = watched.entry.arrival
    if arrival is None:
        return inf
    if watched.complete and watched.completed_at is not None:
        return min(_after(watched.completed_at, arrival.leave_after), _expires_at(watched))
    return _expires_at(watched)


def why_it_left(watched: Watched, now: float) -> str:
    """A sentence where it left though it was not complete; empty where there is nothing to say."""
    if watched.complete or now < _expires_at(watched):
        return ""
    since = f"{duration(EXPIRES)} after it came"
    if watched.read_at is None:
        return f"{since}, never read"
    counts = watched.counts
    waiting = counts.total - counts.final
    return f"{since}, {waiting} of {counted(counts.total, 'recipient')} not final"


def _expires_at(watched: Watched) -> float:
    return watched.entry.added_at + EXPIRES


@lru_cache(1_000)
def _after(moment: float, seconds: float) -> float:
    """One object for all that were complete at the same second."""
    return moment + seconds


class Departures:
    """The messages that will leave, by when."""

    def __init__(self) -> None:
        self._at: Moments[str] = Moments()
        self._looked_at = -inf
        self._awake_since = inf
        self._sure_from = -inf
        """Until then nothing leaves: the clock may have been set wrong, and be set right soon."""

    def __len__(self) -> int:
        return len(self._at)

    def note(self, watched: Watched) -> None:
        """It came, or something of it changed."""
        id, at = watched.id, leaves_at(watched)
        if at == inf:
            self.drop(id)
        else:
            self._at.put(id, at)

    def drop(self, message_id: str) -> None:
        """It is not on the list any more, or people's."""
        self._at.drop(message_id)

    def due(self, now: float, board: Mapping[str, Watched], kept: Container[str] = ()) -> list[str]:
        """Those of ``board`` that are to leave by now, but not those that are to be ``kept``, for
        somebody looks at them. What has not left by then is told again a minute later.
        """
        if not -PAUSE < now - self._looked_at < PAUSE:
            self._sure_from = -inf if self._looked_at == -inf else now + AGAIN
            self._awake_since = now
            if now < self._looked_at:  # what was to be told again a minute later is hours off
                for each in list(self._at):
                    self._at.drop(each)
                    if each in board:
                        self._at.put(each, leaves_at(board[each]))
        self._looked_at = now
        found = []
        while (id := self._at.pop(now)) is not None:
            watched = board.get(id)
            if watched is None:
                continue
            if leaves_at(watched) > now:
                self.note(watched)
                continue
            read = watched.complete or now - self._awake_since >= READ_WITHIN
            if id not in kept and read and now >= self._sure_from:
                found.append(id)
            self._at.put(id, now + AGAIN)
        return found
