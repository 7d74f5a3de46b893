"""One group: who is in it now, and what was sent in its last hour, in slots of ten seconds.

What a message that left brought stays in the slots until they are out of the window. Pure; moments
are seconds since the epoch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from math import floor
from typing import NamedTuple

from msgspec import Struct

from smsmon.groups.brought import LIMITS, MINUTE, Brought, Dimension, Part, quantile
from smsmon.model import Counts
from smsmon.moments import Moments

HOUR = 3600.0
"""Seconds of the window; it holds up to one slot more."""
LATELY = 300.0
"""Seconds of the short one."""
SLOT = 10.0
"""Seconds of a slot: a window is right to as many."""
MINUTES = 60
"""Of the sparkline."""
_PER_MINUTE = round(MINUTE / SLOT)


def slot_of(moment: float) -> int:
    """The number of the slot that a moment lies in."""
    return floor(moment / SLOT)


class Numbers:
    """What became of recipients, added up."""

    __slots__ = ("delivered", "failed", "kept", "missed", "sent", "stop")

    def __init__(self) -> None:
        self.sent = self.delivered = self.failed = self.stop = 0
        self.kept, self.missed = [0] * len(LIMITS), [0] * len(LIMITS)

    def add(self, brought: Brought, past: Sequence[bool], sign: int) -> None:
        """These too; or, with -1, no longer. ``past``: the limits that the open ones missed."""
        self.include(brought, sign)
        for place in range(len(LIMITS)):
            if past[place]:
                self.missed[place] += sign * brought.open

    def include(self, other: Numbers | Brought, sign: int = 1) -> None:
        """All of these too; or, with -1, no longer."""
        self.sent += sign * other.sent
        self.delivered += sign * other.delivered
        self.failed += sign * other.failed
        self.stop += sign * other.stop
        for place in range(len(LIMITS)):
            self.kept[place] += sign * other.kept[place]
            self.missed[place] += sign * other.missed[place]


class Slot:
    """What was sent within ten seconds."""

    __slots__ = ("members", "numbers", "took")

    def __init__(self) -> None:
        self.members = 0
        self.numbers = Numbers()
        self.took: Counter[int] = Counter()


class Stands(NamedTuple):
    """How it stands with one message."""

    unread: bool
    """It was never read."""
    troubled: bool
    """It is stale by itself, or not found."""
    paused: bool
    asked: str | None
    """The account that it goes stale with; None: it would not, or is stale already."""


class Within(NamedTuple):
    """How many were delivered within a limit, of those sent longer ago than that."""

    limit: float
    kept: int
    missed: int
    unknown: int
    """Nobody knows: their message was not read since, or their delivery has no date."""

    @property
    def share(self) -> float | None:
        """Of those of whom it is known; None where it is of nobody."""
        known = self.kept + self.missed
        return self.kept / known if known else None


class Minute(NamedTuple):
    """One minute of the sparkline."""

    sent: int
    failed: int
    """Of those sent in it."""


class Figures(Struct, frozen=True):
    """A group at one moment. Recipients are counted, where nothing else is said."""

    dimension: Dimension
    name: str
    """Empty for what has no tag, no label, …"""
    messages: int
    """That are watched now."""
    unread: int
    """Of them, messages that were never read."""
    troubled: int
    """Of them, messages that are stale or not found: what is told of them is old."""
    paused: int
    """Of them, messages that are not read until somebody resumes them."""
    counts: Counts
    """Of all that are watched now, whenever they were sent."""
    waiting_since: float | None
    """Since when the one waits that has been waiting longest."""
    sent_lately: int
    """Within the last five minutes."""
    sent: int
    """Within the last hour; all that follows is of these."""
    delivered: int
    failed: int
    stop: int
    within: tuple[Within, ...]
    """For each of ``LIMITS``."""
    p50: float | None
    """Seconds from sending to arrival, within which half of what arrived did."""
    p90: float | None
    minutes: tuple[Minute, ...]
    """The last is the one that runs."""

    @property
    def title(self) -> str:
        return self.name or self.dimension.nameless

    @property
    def waiting(self) -> int:
        return self.counts.waiting

    @property
    def rate(self) -> float | None:
        """Delivered ÷ final."""
        final = self.delivered + self.failed
        return self.delivered / final if final else None


class Group:
    """One group, kept by what changes in it."""

    def __init__(self, dimension: Dimension, name: str) -> None:
        self.dimension, self.name = dimension, name
        self.ids: dict[str, None] = {}
        """The messages that are watched now."""
        self.revision = 0
        self._counts = Counts()
        self._unread = self._troubled = self._paused = 0
        self._asked: Counter[str] = Counter()
        """Account → how many messages go stale with it."""
        self._slots: dict[int, Slot] = {}
        self._hour = Numbers()
        self._took: Counter[int] = Counter()
        self._waiting: Moments[str] = Moments()
        """The messages in which somebody waits, each with since when."""
        self._known: tuple[tuple[int, int], Figures] | None = None

    @property
    def empty(self) -> bool:
        return not self.ids and not self._slots

    # --- what is in it -------------------------------------------------------------------

    def enter(self, id: str, part: Part, stands: Stands) -> None:
        """A message is watched, and is like that."""
        self.ids[id] = None
        self._counts += part.counts
        self.stand(stands, 1)
        if part.waiting_since is not None:
            self._waiting.put(id, part.waiting_since)

    def leave(self, id: str, part: Part, stands: Stands) -> None:
        """It is not watched any more, or was like that."""
        del self.ids[id]
        self._counts -= part.counts
        self.stand(stands, -1)
        self._waiting.drop(id)

    def stand(self, stands: Stands, sign: int) -> None:
        """It stands so with one message more; or, with -1, fewer."""
        self._unread += sign * stands.unread
        self._troubled += sign * stands.troubled
        self._paused += sign * stands.paused
        if stands.asked is not None:
            self._asked[stands.asked] += sign

    def goes_stale_with(self, profiles: Iterable[str]) -> bool:
        """True where messages go stale with one of these accounts."""
        return any(self._asked[profile] for profile in profiles)

    def count(self, slot: int, brought: Brought, past: Sequence[bool]) -> None:
        """This was sent in that slot, which is in the window."""
        into = self._slots.get(slot)
        if into is None:
            into = self._slots[slot] = Slot()
        into.members += 1
        into.numbers.add(brought, past, 1)
        self._hour.add(brought, past, 1)
        for step, number in brought.took:
            into.took[step] += number
            self._took[step] += number

    def discount(self, slot: int, brought: Brought, past: Sequence[bool]) -> None:
        """It was not, or not so; nothing happens where its slot is out of the window."""
        into = self._slots.get(slot)
        if into is None:
            return
        into.members -= 1
        into.numbers.add(brought, past, -1)
        self._hour.add(brought, past, -1)
        for step, number in brought.took:
            into.took[step] -= number
            self._took[step] -= number
            if not self._took[step]:
                del self._took[step]
        if not into.members:
            del self._slots[slot]

    def pass_on(self, horizon: int) -> None:
        """Let go of the slots before ``horizon``."""
        for each in [each for each in self._slots if each < horizon]:
            gone = self._slots.pop(each)
            self._hour.include(gone.numbers, -1)
            self._took.subtract(gone.took)
            self._took = +self._took

    # --- its figures ---------------------------------------------------------------------

    def figures(self, now: float, answering: Container[str] | None = None) -> Figures:
        """As it is at wall time ``now``; what is out of the window has been let go.

        ``answering``: the accounts that do; None: all do.
        """
        key = self.revision, slot_of(now)
        if self._known is None or self._known[0] != key:
            self._known = key, self._figures(now, answering)
        return self._known[1]

    def _figures(self, now: float, answering: Container[str] | None) -> Figures:
        lately = slot_of(now - LATELY)
        silent = [name for name in self._asked if answering is not None and name not in answering]
        with_account = sum(self._asked[name] for name in silent)
        return Figures(
            self.dimension,
            self.name,
            len(self.ids),
            self._unread,
            self._troubled + with_account,
            self._paused,
            self._counts,
            self._waiting.first if self._waiting else None,
            self._added(lambda slot: slot >= lately).sent,
            self._hour.sent,
            self._hour.delivered,
            self._hour.failed,
            self._hour.stop,
            tuple(self._within(place, now) for place in range(len(LIMITS))),
            quantile(self._took, 0.5),
            quantile(self._took, 0.9),
            self._minutes(now),
        )

    def _within(self, place: int, now: float) -> Within:
        """Those sent a moment ago are left out, all of them: of these the fast are known first."""
        limit = LIMITS[place]
        too_new = self._added(lambda slot: (slot + 1) * SLOT + limit > now)
        sent = self._hour.sent - too_new.sent
        kept = self._hour.kept[place] - too_new.kept[place]
        missed = self._hour.missed[place] - too_new.missed[place]
        return Within(limit, kept, missed, sent - kept - missed)

    def _added(self, wanted: Callable[[int], bool]) -> Numbers:
        numbers = Numbers()
        for slot, each in self._slots.items():
            if wanted(slot):
                numbers.include(each.numbers)
        return numbers

    def _minutes(self, now: float) -> tuple[Minute, ...]:
        first = floor(now / MINUTE) - MINUTES + 1
        sent, failed = [0] * MINUTES, [0] * MINUTES
        for slot, each in self._slots.items():
            minute = slot // _PER_MINUTE - first
            if 0 <= minute < MINUTES:
                sent[minute] += each.numbers.sent
                failed[minute] += each.numbers.failed
        return tuple(map(Minute, sent, failed))
