"""Who asked an address how often in the last minute, and who may ask next: pure arithmetic.

One ledger is kept for an address, by everybody who asks it. It is nothing but a row of floats,
so it may lie in a process's own memory or in a file that several map. All times are seconds of
a clock that all who keep it have in common, and that never jumps.

A request counts from when it is let out until ``WINDOW`` seconds after it came back: the server
counted it somewhere between, and nobody knows where.

The window is shared fairly: each *seat* (a process) may have an equal part of it, and what one
does not need the others may use. What it needs is what it lately used; who has to wait needs
its whole part. A `budget.Window` is the ledger with the seat of this process.
"""

from __future__ import annotations

from array import array
from math import ceil
from typing import NamedTuple, Protocol

WINDOW = 60.0
"""Seconds over which requests are counted."""
GUARD = 0.25
"""Seconds added to the window: clocks and timers are not exact."""
HEADROOM = 0.95
"""Share of the limit planned for; the rest is for what the operator asks for at once, and for
the first requests of a process that has just begun."""

EASED_FOR = 600.0
"""Seconds in which the limit grows by its whole self again after a "too many requests"."""
BURST = 6.0
"""Seconds: within them further "too many" are the same one."""
LONGEST_HOLD = 3600.0
"""Seconds: a longer ``Retry-After`` is taken for a mistake and cut to this."""
FIRST_HOLD, LAST_HOLD = 2.0, 120.0
"""Seconds that nothing goes out after a "too many" without ``Retry-After``: the first time, each
further time in a row twice as long, and at most."""

LOST = 420.0
"""Seconds after which a request that nobody reported back is taken for one of a process that
was killed: more than a whole exchange may take."""
RETRY = 0.25
"""Seconds until whoever must leave the way to others looks again."""
ABSENCE = 1.0
"""Seconds that a seat's turn is kept for it after the moment it wanted to be back."""
HALF_LIFE = 60.0
"""Seconds in which half of what a seat once needed is forgotten."""
FIRST_PART = 8
"""Requests a minute that whoever has to wait needs at least, and twice what it had."""

AHEAD = 5.0
"""Seconds that a noted moment may lie ahead: more means that it is of another clock."""

SEATS = 64
CAPACITY = 2048
"""Requests remembered: more than any limit allows in a minute."""

# The head: one place each.
_NEXT, _OLDEST, _HELD, _TOLD, _EASED_AT, _EASED_TO, _STRIKES, _WELL, _TOP = range(9)
_FIRST_SEAT = 16
# A seat: whose it is, when it was last used; requests that came back, requests under way, when
# the last of these went out; when it wants to be back; what it lately needed.
_WHO, _SEEN, _USED, _FLYING, _LEFT, _BACK, _PEAK = range(7)
_SEAT = 7
_RING = _FIRST_SEAT + SEATS * _SEAT
CELLS = _RING + 2 * CAPACITY
"""Floats that a ledger consists of; all zero is an empty one."""


class Cells(Protocol):
    """A row of floats that can be written."""

    def __getitem__(self, place: int, /) -> float: ...

    def __setitem__(self, place: int, value: float, /) -> None: ...


def blank() -> array[float]:
    """An empty ledger's floats."""
    return array("d", bytes(8 * CELLS))


class Head(NamedTuple):
    """What the server told of being asked too often; 0: never."""

    held_until: float = 0.0
    told_at: float = 0.0
    eased_at: float = 0.0
    eased_to: float = 0.0
    strikes: float = 0.0
    well_at: float = 0.0


class Ledger:
    """The requests of one address, kept in ``cells``: see above."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    # --- looking: changes nothing, and may be done while others write ---------------------

    def allowed(self, now: float, limit: int) -> int:
        """Requests in any 60 seconds at present: the limit, or less after a "too many"."""
        cells = self._cells
        if not cells[_EASED_TO]:
            return limit
        grown = cells[_EASED_TO] + (now - cells[_EASED_AT]) / EASED_FOR * limit
        return limit if grown >= limit else max(1, int(grown))

    def used(self, now: float) -> int:
        """Requests of all seats that count at present."""
        cells, next_ = self._cells, int(self._cells[_NEXT])
        place = int(cells[_OLDEST])
        while place < next_ and cells[_RING + 2 * (place % CAPACITY)] <= now - WINDOW:
            place += 1
        return next_ - place + self._flying()

    def held_until(self) -> float:
        """Until when the server asked to be left alone; in the past when it does not ask."""
        return self._cells[_HELD]

    def full_until(self, now: float, limit: int) -> float:
        """When the window has room for an urgent request; in the past when it has now."""
        return self._room_at(self.allowed(now, limit), now)

    def head(self) -> Head:
        """What the server told."""
        return Head(*(self._cells[place] for place in range(_HELD, _WELL + 1)))

    def sound(self, now: float) -> bool:
        """False when the floats are no ledger, or one kept by another clock."""
        cells = self._cells
        top, newest = cells[_TOP] or _FIRST_SEAT, 0.0
        if not (0 <= cells[_OLDEST] < 2**53 and cells[_OLDEST].is_integer()):
            return False
        if not (_whole(cells[_NEXT] - cells[_OLDEST]) and _FIRST_SEAT <= top <= _RING):
            return False
        if cells[_NEXT]:
            newest = cells[_RING + 2 * (int(cells[_NEXT] - 1) % CAPACITY)]
        ahead = now + AHEAD
        if not (newest <= ahead and cells[_TOLD] <= ahead and cells[_HELD] <= now + LONGEST_HOLD):
            return False
        return all(
            cells[seat + _SEEN] <= ahead
            and 0 <= cells[seat + _WHO] < 2**53
            and _whole(cells[seat + _USED])
            and _whole(cells[seat + _FLYING])
            for seat in self._taken()
        )

    # --- sitting down and leaving --------------------------------------------------------

    def seat(self, who: float, now: float) -> int:
        """The seat of ``who`` (any float but 0), a free one at first; the last if all are taken."""
        cells = self._cells
        free = 0
        for seat in self._taken():
            if cells[seat + _WHO] == who:
                return seat
            if not free and self._abandoned(seat, now):
                free = seat
        free = free or min(max(int(cells[_TOP]), _FIRST_SEAT), _RING - _SEAT)
        if self._abandoned(free, now) or not cells[free + _WHO]:
            for place in range(_SEAT):
                cells[free + place] = 0.0
            cells[free + _WHO], cells[free + _SEEN] = who, now
            cells[_TOP] = max(cells[_TOP], free + _SEAT)
        return free

    def seats(self) -> list[tuple[int, float]]:
        """The seats that are taken, and by whom."""
        return [(seat, self._cells[seat + _WHO]) for seat in self._taken()]

    def leave(self, seat: int, now: float) -> None:
        """``seat`` asks no more: what it needed is free for others. What it sent still counts."""
        while self._cells[seat + _FLYING] > 0:
            self.landed(seat, now)
        self._cells[seat + _BACK] = self._cells[seat + _PEAK] = 0.0

    # --- asking --------------------------------------------------------------------------

    def take(self, seat: int, now: float, limit: int, *, urgent: bool) -> float:
        """Let one request of ``seat`` out and count it: 0. Else the seconds until it may ask again.

        What is urgent may use the whole limit, and anything else ``HEADROOM`` of it.
        """
        self._forget_the_old(now)
        cells = self._cells
        if cells[_HELD] > now:
            return cells[_HELD] - now
        allowed = self.allowed(now, limit)
        mine = cells[seat + _USED] + cells[seat + _FLYING]
        rivals = [each for each in self._taken() if each != seat and self._needs(each, now)]
        part = allowed / (len(rivals) + 1)
        planned = max(1, int(allowed * HEADROOM))
        room = allowed if urgent or mine < part * HEADROOM else planned
        if (ready := self._room_at(room, now)) > now:
            return self._back_at(seat, ready, now, part)
        if mine >= part:
            kept = sum(self._kept(each, part, now) for each in rivals)
            if self._counted() + kept >= allowed:
                return self._back_at(seat, now + RETRY, now, part)
        cells[seat + _PEAK] = max(mine + 1, self._lately(seat, now))
        cells[seat + _FLYING] += 1
        cells[seat + _SEEN] = cells[seat + _LEFT] = now
        cells[seat + _BACK] = 0.0
        return 0.0

    def landed(self, seat: int, now: float) -> None:
        """A request of ``seat`` came back, or will not any more."""
        cells = self._cells
        if cells[seat + _FLYING] <= 0:
            return  # it was taken for lost
        cells[seat + _FLYING] -= 1
        cells[seat + _USED] += 1
        next_ = int(cells[_NEXT])
        if next_ - cells[_OLDEST] >= CAPACITY:
            self._drop_oldest()
        if next_:  # in the order of time, even where a late report meets a newer one
            now = max(now, cells[_RING + 2 * ((next_ - 1) % CAPACITY)])
        cell = _RING + 2 * (next_ % CAPACITY)
        cells[cell], cells[cell + 1] = now, float(seat)
        cells[_NEXT] = next_ + 1

    def well(self, left: float) -> None:
        """A request that left at ``left`` had a true answer: no "too many" came after it."""
        cells = self._cells
        cells[_WELL] = max(cells[_WELL], left)
        if left >= cells[_TOLD]:
            cells[_STRIKES] = 0.0

    def hold(self, now: float, limit: int, retry_after: float | None, *, too_many: bool) -> None:
        """The server asked to be left alone for ``retry_after`` seconds; None: it did not say.

        ``too_many``: as it had one request too many. Others may share the address, so its limit
        can be reached below ours: it is halved, then grows back slowly.
        """
        cells = self._cells
        cells[_TOLD] = now
        if not retry_after and now >= cells[_HELD]:
            retry_after = min(LAST_HOLD, FIRST_HOLD * 2.0 ** cells[_STRIKES])
            cells[_STRIKES] = min(cells[_STRIKES] + 1, 10.0)
        cells[_HELD] = max(cells[_HELD], now + min(retry_after or 0.0, LONGEST_HOLD))
        if too_many and not (cells[_EASED_TO] and now - cells[_EASED_AT] < BURST):
            cells[_EASED_TO] = max(self.allowed(now, limit) / 2, limit / 10)
            cells[_EASED_AT] = now

    def tell(self, head: Head) -> None:
        """Take over what the server told, as others know it."""
        for place, value in enumerate(head, _HELD):
            self._cells[place] = value

    # --- inside --------------------------------------------------------------------------

    def _taken(self) -> range:
        return range(_FIRST_SEAT, int(self._cells[_TOP]), _SEAT)

    def _abandoned(self, seat: int, now: float) -> bool:
        cells = self._cells
        in_use = cells[seat + _USED] or cells[seat + _FLYING] or self._needs(seat, now)
        return not in_use and now - cells[seat + _SEEN] > 2 * WINDOW

    def _flying(self) -> int:
        return int(sum(self._cells[seat + _FLYING] for seat in self._taken()))

    def _counted(self) -> int:
        return int(self._cells[_NEXT] - self._cells[_OLDEST]) + self._flying()

    def _lately(self, seat: int, now: float) -> float:
        """Requests a minute that the seat used of late; forgotten by halves."""
        peak = self._cells[seat + _PEAK]
        return peak and peak * 0.5 ** (max(0.0, now - self._cells[seat + _SEEN]) / HALF_LIFE)

    def _waits(self, seat: int, now: float) -> bool:
        return self._cells[seat + _BACK] + ABSENCE > now and bool(self._cells[seat + _BACK])

    def _needs(self, seat: int, now: float) -> bool:
        return self._waits(seat, now) or self._lately(seat, now) >= 1.0

    def _kept(self, seat: int, part: float, now: float) -> float:
        """How many requests are kept free for a seat at present."""
        cells = self._cells
        needed = part if self._waits(seat, now) else min(part, self._lately(seat, now))
        return max(0.0, ceil(needed) - cells[seat + _USED] - cells[seat + _FLYING])

    def _back_at(self, seat: int, moment: float, now: float, part: float) -> float:
        """``seat`` has to wait until ``moment``: it needs more than it had; gives the seconds."""
        cells = self._cells
        grown = 2 * (cells[seat + _USED] + cells[seat + _FLYING]) + FIRST_PART
        cells[seat + _PEAK] = max(self._lately(seat, now), min(part, grown))
        cells[seat + _SEEN], cells[seat + _BACK] = now, moment
        return moment - now

    def _room_at(self, room: int, now: float) -> float:
        """When one more request fits into ``room``; at once: 0."""
        cells = self._cells
        too_many = self._counted() - room
        if too_many < 0:
            return 0.0
        place = int(cells[_OLDEST]) + too_many
        if place >= cells[_NEXT]:  # all are still under way: none comes back before now
            return now + WINDOW + GUARD
        return cells[_RING + 2 * (place % CAPACITY)] + WINDOW + GUARD

    def _forget_the_old(self, now: float) -> None:
        cells = self._cells
        for seat in self._taken():
            while cells[seat + _FLYING] > 0 and now - cells[seat + _LEFT] > LOST:
                self.landed(seat, now)
        while cells[_OLDEST] < cells[_NEXT]:
            if cells[_RING + 2 * (int(cells[_OLDEST]) % CAPACITY)] + WINDOW + GUARD > now:
                return
            self._drop_oldest()
        for seat in self._taken():  # a writer that was killed half-way leaves them apart
            cells[seat + _USED] = 0.0

    def _drop_oldest(self) -> None:
        cells = self._cells
        seat = int(cells[_RING + 2 * (int(cells[_OLDEST]) % CAPACITY) + 1])
        cells[seat + _USED] = max(0.0, cells[seat + _USED] - 1)
        cells[_OLDEST] += 1


def _whole(count: float) -> bool:
    """True for a number of requests that there can be."""
    return 0 <= count <= CAPACITY and count.is_integer()
