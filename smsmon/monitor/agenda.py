"""The turns of one account's messages: whose it is, under scarcity too.

Every message has an *interval*, the time between two polls that suits it. While the limit
allows, it is polled when its interval is over. When more is due than may go out, the one whose
wait is the longest *multiple of its own interval* goes first: so all intervals stretch by the
same factor, and since that multiple grows without bound for whoever waits, nobody starves.

Messages of about the same interval stand in one lane, in the order of their due times; only
the heads of the lanes are compared. There are a few dozen lanes however many messages. What is
rarely read has lanes of its own, which are looked at only when some of it may be read.
All times are monotonic seconds.
"""

from __future__ import annotations

import heapq
from itertools import count
from math import exp, inf, log, log2

from msgspec import Struct

SHORTEST = 0.05
"""Seconds; shorter intervals count as this. It is far below any floor: what it still tells
apart is who goes first under scarcity."""
LANES_PER_OCTAVE = 4
"""Lanes for each doubling of the interval: within one, intervals differ by up to 19%."""
LEFTOVERS = 64
"""Withdrawn turns kept in the lanes at least before they are swept out …"""
LEFTOVERS_SHARE = 4
"""… and for so many that count one more."""


class Turn(Struct, frozen=True, order=True, gc=False):
    """When one message is to be polled, and from when and in which unit its wait counts; turns are
    ordered by when they are due, and then as they were planned."""

    due: float
    order: int
    message_id: str
    anchor: float
    interval: float
    planned: float
    """Seconds from the anchor that are planned for; less only where there is room for all."""
    regular: bool = True
    """It follows the schedule; False: its time was set by something else."""
    together: bool = True
    """It may be read with others, in one request; False: it has to be read alone."""
    rare: bool = False
    """It is read only when there is room for what hardly ever brings anything."""

    def waited(self, now: float) -> float:
        """The wait so far as a multiple of the interval; it decides who goes first."""
        return (now - self.anchor) / self.interval

    def stretched(self, now: float) -> float:
        """The wait so far as a multiple of the one that was planned, the floor included."""
        return (now - self.anchor) / max(self.planned, self.due - self.anchor)


class Agenda:
    """The turns of one account's messages."""

    def __init__(self, floor: float, ceiling: float = inf) -> None:
        self.floor = floor
        """Seconds between two polls of one message, at least."""
        self.ceiling = ceiling
        """Seconds after which one is due at the latest, whatever its interval."""
        self._turns: dict[str, Turn] = {}
        self._lanes: dict[int, list[Turn]] = {}
        self._order = count()
        self._entries = 0

    def __len__(self) -> int:
        return len(self._turns)

    def get(self, message_id: str) -> Turn | None:
        """The turn of a message; None when none is planned."""
        return self._turns.get(message_id)

    def turns(self) -> list[Turn]:
        """Every turn that is planned."""
        return list(self._turns.values())

    def put(
        self, message_id: str, anchor: float, interval: float, *, together: bool = True
    ) -> Turn:
        """Plan the next poll ``interval`` after ``anchor``, within floor and ceiling."""
        interval = max(interval, SHORTEST)
        planned = max(interval, self.floor)
        due = anchor + min(planned, self.ceiling)
        return self._enter(
            Turn(due, next(self._order), message_id, anchor, interval, planned, True, together)
        )

    def put_at(
        self,
        message_id: str,
        due: float,
        interval: float,
        *,
        together: bool = False,
        rare: bool = False,
    ) -> Turn:
        """Plan the next poll at ``due``; from then on it competes like a wait of ``interval``."""
        interval = max(interval, SHORTEST)
        order, anchor = next(self._order), due - interval
        return self._enter(
            Turn(due, order, message_id, anchor, interval, interval, False, together, rare)
        )

    def drop(self, message_id: str) -> None:
        """Plan no poll for a message."""
        self._turns.pop(message_id, None)

    def look(self, now: float, rare_at: float = -inf) -> tuple[Turn | None, float]:
        """The due one that has waited longest for its kind, and when the next comes due. What is
        rarely read is not due before ``rare_at``.

        With None the second is when something will be due: inf when nothing is planned.
        """
        best: Turn | None = None
        most, next_due = -inf, inf
        turns = self._turns
        for lane, entries in list(self._lanes.items()):
            first = entries[0]  # most often it still counts: then there is no need to ask
            head = first if turns.get(first.message_id) is first else self._head(lane)
            if head is None:
                continue
            due = max(head.due, rare_at) if lane < 0 else head.due
            if due > now:
                next_due = min(next_due, due)
                continue
            waited = (now - head.anchor) / head.interval
            if waited > most:
                best, most = head, waited
        return best, next_due

    def earliest(self) -> Turn | None:
        """The one with the earliest due time; None when nothing is planned."""
        heads = [head for lane in list(self._lanes) if (head := self._head(lane)) is not None]
        return min(heads, key=lambda head: head.due, default=None)

    def _enter(self, turn: Turn) -> Turn:
        self._turns[turn.message_id] = turn
        lane = int(LANES_PER_OCTAVE * log2(turn.interval / SHORTEST))
        heapq.heappush(self._lanes.setdefault(~lane if turn.rare else lane, []), turn)
        self._entries += 1
        planned = len(self._turns)
        if self._entries > planned + planned // LEFTOVERS_SHARE + LEFTOVERS:
            self._sweep()
        return turn

    def _head(self, lane: int) -> Turn | None:
        """The first turn of a lane that still counts."""
        entries = self._lanes[lane]
        while entries:
            turn = entries[0]
            if self._turns.get(turn.message_id) is turn:
                return turn
            heapq.heappop(entries)
            self._entries -= 1
        del self._lanes[lane]
        return None

    def _sweep(self) -> None:
        """Throw out the entries of turns that were withdrawn or planned anew."""
        for lane, entries in list(self._lanes.items()):
            kept = [turn for turn in entries if self._turns.get(turn.message_id) is turn]
            heapq.heapify(kept)
            if kept:
                self._lanes[lane] = kept
            else:
                del self._lanes[lane]
        self._entries = len(self._turns)


class Stretch:
    """By how much intervals are stretched at present: the mean of the recent waits.

    A geometric mean that forgets with time: a poll a minute ago counts a third of one now.
    """

    MEMORY = 60.0
    """Seconds."""

    def __init__(self) -> None:
        self._log = 0.0
        self._at = -inf

    def note(self, now: float, waited: float) -> None:
        """A poll goes out that waited ``waited`` times its interval."""
        share = 1.0 - exp((self._at - now) / self.MEMORY)
        self._at = now
        self._log += share * (log(max(waited, 1.0)) - self._log)

    @property
    def factor(self) -> float:
        """1 when every poll goes out when it should."""
        return exp(self._log)
