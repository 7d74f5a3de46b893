"""How many messages are in each state, counted anew only where something happened.

Asking a thousand messages ten times a second how they stand would cost more than polling them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from smsmon.monitor.board import overdue
from smsmon.monitor.standing import Monitor, standing
from smsmon.monitor.state import MessageState


class States:
    """The tally of ``monitor``'s messages; ``now`` gives wall time."""

    def __init__(self, monitor: Monitor, now: Callable[[], float]) -> None:
        self._monitor = monitor
        self._now = now
        self._state_of: dict[str, MessageState] = {}
        self._counts: Counter[MessageState] = Counter()

    @property
    def counts(self) -> Counter[MessageState]:
        """As of the last look; do not change it."""
        if len(self._state_of) != len(self._monitor.board):
            self.look_at_all()
        return self._counts

    def of(self, id: str | None) -> MessageState | None:
        """As of the last look; None when it is not watched."""
        return None if id is None else self._state_of.get(id)

    def look_at(self, ids: Iterable[str]) -> None:
        """Something happened to these messages, or they are gone."""
        board, now = self._monitor.board, self._now()
        for id in ids:
            if (before := self._state_of.pop(id, None)) is not None:
                self._counts[before] -= 1
            if (watched := board.get(id)) is not None:
                state = self._state_of[id] = standing(self._monitor, watched, now).state
                self._counts[state] += 1

    def look_at_the_clock(self) -> None:
        """Time has passed, which alone makes messages stale."""
        board, now = self._monitor.board, self._now()
        stale = MessageState.STALE
        state_of = self._state_of.get
        self.look_at([w.id for w in board if overdue(w, now) or state_of(w.id) is stale])

    def look_at_all(self) -> None:
        """Anything may have happened."""
        self._state_of.clear()
        self._counts.clear()
        self.look_at(self._monitor.board.messages)
