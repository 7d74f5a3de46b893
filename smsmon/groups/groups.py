"""All groups of the messages that are watched, or left within the last hour.

They are kept by what changes: a piece of news about one message costs as much as that message, and
a look at a group as much as its slots. Pure; moments are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from functools import lru_cache
from itertools import islice

from smsmon.groups.brought import (
    LIMITS,
    Dimension,
    Message,
    Part,
    by_country,
    groups_of,
    sent_at,
    whole,
)
from smsmon.groups.group import HOUR, Figures, Group, Stands, slot_of
from smsmon.known import overdue_from
from smsmon.model import Entry

_SLEW = 30
"""Slots by which a clock may be set back, and the window is only shorter by as much for a while."""
_PAST = [tuple(place < passed for place in range(len(LIMITS))) for passed in range(len(LIMITS) + 1)]
"""Which of the limits have passed, by how many of them have: the shorter passes first."""


class _Known:
    """A message as it is in its groups."""

    __slots__ = (
        "countries",
        "entry",
        "message",
        "past",
        "revision",
        "sent",
        "slot",
        "stands",
        "whole",
    )

    def __init__(self, message: Message, horizon: int, now: float) -> None:
        self.message: Message | None = message
        """None: it has left."""
        self.entry: Entry = message.entry
        self.revision = message.revision
        self.sent = sent_at(message)
        self.slot = slot_of(self.sent)
        self.whole = whole(message, self.sent, self.slot >= horizon)
        self.countries: tuple[tuple[str, Part], ...] | None = None
        """What is in each country; None while nobody asked."""
        self.stands = _stands(message, now)
        self.past = _past(message, self.sent, self.whole)

    def is_still(self, message: Message, now: float) -> bool:
        """True when nothing of it is otherwise by now."""
        return (
            self.message is message
            and self.revision == message.revision
            and self.entry is message.entry
            and self.sent == sent_at(message)
            and self.stands == _stands(message, now)
            and self.past == _past(message, self.sent, self.whole)
        )

    def by_country(self) -> tuple[tuple[str, Part], ...]:
        if self.countries is None and self.message is not None:
            self.countries = by_country(self.message, self.sent, self.whole)
        return self.countries or ()

    def parts(self, dimension: Dimension) -> Iterable[tuple[str, Part]]:
        """The groups it is in, and what of it is."""
        if dimension is Dimension.COUNTRY:
            return self.by_country()
        return [(name, self.whole) for name in groups_of(self.entry, dimension, self.sent)]


_shared = lru_cache(1024)(Stands)
"""Thousands of messages stand alike."""


def _stands(message: Message, now: float) -> Stands:
    """How it stands with a message, but for its account: as its row among the messages tells."""
    entry, unread = message.entry, message.read_at is None
    if entry.paused:
        return _shared(unread, False, True, None)
    if message.fault is not None:
        return _shared(unread, True, False, None)
    if message.settled_at is not None and not unread:
        return _shared(unread, False, False, None)
    due = overdue_from(message.read_at, message.promise)
    troubled = due is not None and now > due
    return _shared(unread, troubled, False, None if troubled else entry.profile)


def _past(message: Message, sent: float, part: Part) -> tuple[bool, ...]:
    """Which limits had passed when a message was asked for last, where that matters."""
    asked = message.asked_at or message.read_at
    counts = part.counts
    if asked is None or part.brought is None or counts.total == counts.final:
        return _PAST[0]
    return _PAST[sum(asked >= sent + limit for limit in LIMITS)]


class Groups:
    """The groups by each of the dimensions that somebody asked for."""

    def __init__(self, *, stepwise: bool = False) -> None:
        """``stepwise``: groups that somebody asks for first are put together by ``build``; what is
        told of them until then is part of it."""
        self._stepwise = stepwise
        self._unbuilt: dict[Dimension, dict[str, None]] = {}
        """Messages that are not in the groups of a dimension yet."""
        self.revision = 0
        """Grows with each change of a group."""
        self._known: dict[str, _Known] = {}
        self._left: dict[int, list[str]] = {}
        """Slot → the messages sent in it that have left."""
        self._by: dict[Dimension, dict[str, Group]] = {}
        self._horizon = 0
        self._passed: dict[Dimension, int] = {}
        """The horizon that the groups of a dimension were passed on to."""
        self._deserted: dict[tuple[Dimension, str], None] = {}
        """Groups that somebody left: they go once nothing is in them, whoever looks at them."""
        self.watched = 0
        """How many messages are watched, as far as was told."""
        self._answering: frozenset[str] | None = None

    # --- what is known of messages -------------------------------------------------------

    def note(self, message: Message, now: float) -> bool:
        """How a watched message is; True where that is something new."""
        self._pass_on(now)
        id = message.entry.id
        known = self._known.get(id)
        if known is not None:
            if known.is_still(message, now):
                return False
            self._take_out(id, known)
            self.watched -= known.message is not None
        self.watched += 1
        self._put_in(id, _Known(message, self._horizon, now))
        return True

    def leave(self, id: str, now: float) -> None:
        """A message is watched no longer: what it brought stays until it is out of the window."""
        self._pass_on(now)
        known = self._known.get(id)
        if known is not None and known.message is not None:
            known.by_country()  # later nobody can tell any more
            self._take_out(id, known)
            known.message = None
            self.watched -= 1
            self._put_in(id, known)

    def recall(self, message: Message, now: float) -> None:
        """A message that left within the last hour, as the history knows it; what is known of it
        already stands."""
        self._pass_on(now)
        if message.entry.id not in self._known:
            known = _Known(message, self._horizon, now)
            known.by_country()  # later nobody can tell any more
            known.message = None
            self._put_in(message.entry.id, known)

    def hear_of_accounts(self, answering: frozenset[str]) -> None:
        """Which accounts answer: of the others all is stale that a read could still change."""
        before, self._answering = self._answering, answering
        if answering == before:
            return
        self.revision += 1
        for groups in self._by.values():
            for group in groups.values():
                if before is None or group.goes_stale_with(answering ^ before):
                    group.revision = self.revision

    def watches(self, id: str) -> bool:
        """True for a message that was told of and is watched."""
        known = self._known.get(id)
        return known is not None and known.message is not None

    def begin(self, dimension: Dimension) -> None:
        """Keep the groups of this dimension from now on."""
        if dimension not in self._by:
            self._by[dimension] = {}
            self._unbuilt[dimension] = dict.fromkeys(self._known)
            self._passed[dimension] = self._horizon
            if not self._stepwise:
                self.build(len(self._known))

    def build(self, at_most: int) -> bool:
        """Put so many messages more into the groups that lack them; True where some lack still."""
        self.revision += 1
        for dimension, unbuilt in self._unbuilt.items():
            for id in list(islice(unbuilt, at_most)):
                del unbuilt[id]
                if (known := self._known.get(id)) is not None:
                    self._put_into(dimension, id, known)
                at_most -= 1
        return any(self._unbuilt.values())

    @property
    def unbuilt(self) -> int:
        """How many messages are still to be put into groups."""
        return sum(map(len, self._unbuilt.values()))

    # --- looking -------------------------------------------------------------------------

    def rows(self, dimension: Dimension, now: float) -> dict[str, Figures]:
        """Each group that has messages, or had within the last hour, by name."""
        groups = self._groups(dimension, now).items()
        return {
            name: group.figures(now, self._answering) for name, group in groups if not group.empty
        }

    def row(self, dimension: Dimension, name: str, now: float) -> Figures | None:
        """One of them; None where there is none of that name."""
        group = self._groups(dimension, now).get(name)
        return None if group is None or group.empty else group.figures(now, self._answering)

    def alone(self, id: str, now: float) -> Figures | None:
        """One watched message, as if it were a group that bears its id; None where it is none."""
        self._pass_on(now)
        known = self._known.get(id)
        if known is None or known.message is None:
            return None
        group = Group(Dimension.LABEL, id)
        group.enter(id, known.whole, known.stands)
        if known.whole.brought is not None and known.slot >= self._horizon:
            group.count(known.slot, known.whole.brought, known.past)
        return group.figures(now, self._answering)

    def members(self, dimension: Dimension, name: str) -> Set[str]:
        """The messages of a group that are watched now: a live view, which costs nothing."""
        group = self._by.get(dimension, {}).get(name)
        return frozenset() if group is None else group.ids.keys()

    def changed(self, dimension: Dimension, since: int) -> list[str]:
        """The groups that changed after ``revision`` was ``since``."""
        groups = self._by.get(dimension, {})
        return [name for name, group in groups.items() if group.revision > since]

    def let_go(self, dimension: Dimension) -> None:
        """Nobody asks for these groups any more: nothing is kept of them."""
        self._by.pop(dimension, None)
        self._unbuilt.pop(dimension, None)

    # --- inside --------------------------------------------------------------------------

    def _begin_anew(self, horizon: int, now: float) -> None:
        """The clock was set back: what is watched counts anew, what had left is forgotten."""
        self._horizon = horizon
        self._left.clear()
        self._known = {
            id: _Known(known.message, horizon, now)
            for id, known in self._known.items()
            if known.message is not None
        }
        dimensions = [*self._by]
        self._by.clear()
        for dimension in dimensions:
            self.begin(dimension)

    def _groups(self, dimension: Dimension, now: float) -> dict[str, Group]:
        self._pass_on(now)
        self.begin(dimension)
        groups = self._by[dimension]
        if self._passed[dimension] != self._horizon:
            self._passed[dimension] = self._horizon
            for group in groups.values():
                group.pass_on(self._horizon)
        return groups

    def _put_in(self, id: str, known: _Known) -> None:
        self._known[id] = known
        if known.message is None:
            if known.slot < self._horizon:
                del self._known[id]
                return
            self._left.setdefault(known.slot, []).append(id)
        self.revision += 1
        for dimension, unbuilt in self._unbuilt.items():
            unbuilt.pop(id, None)
            self._put_into(dimension, id, known)

    def _put_into(self, dimension: Dimension, id: str, known: _Known) -> None:
        groups = self._by[dimension]
        for name, part in known.parts(dimension):
            group = groups.get(name)
            if group is None:
                group = groups[name] = Group(dimension, name)
            group.revision = self.revision
            if known.message is not None:
                group.enter(id, part, known.stands)
            else:
                self._deserted[dimension, name] = None
            if part.brought is not None and known.slot >= self._horizon:
                group.count(known.slot, part.brought, known.past)

    def _take_out(self, id: str, known: _Known) -> None:
        self.revision += 1
        for dimension, groups in self._by.items():
            if id in self._unbuilt[dimension]:
                continue
            for name, part in known.parts(dimension):
                group = groups[name]
                group.revision = self.revision
                if known.message is not None:
                    group.leave(id, part, known.stands)
                if not group.ids:
                    self._deserted[dimension, name] = None
                if part.brought is not None:
                    group.discount(known.slot, part.brought, known.past)
        if known.message is None:
            self._left[known.slot].remove(id)

    def _pass_on(self, now: float) -> None:
        """The window has moved: forget who left before it."""
        horizon = slot_of(now - HOUR)
        if horizon < self._horizon - _SLEW:
            self._begin_anew(horizon, now)
        if horizon <= self._horizon:
            return
        self._horizon = horizon
        for slot in [slot for slot in self._left if slot < horizon]:
            for id in self._left.pop(slot):
                del self._known[id]
        self._drop_empty()
        for id, known in self._known.items():
            self._look_at_the_clock(id, known, now)

    def _drop_empty(self) -> None:
        for dimension, name in [*self._deserted]:
            group = self._by.get(dimension, {}).get(name)
            if group is not None and not group.ids:
                group.pass_on(self._horizon)
                if not group.empty:
                    continue
                del self._by[dimension][name]
            del self._deserted[dimension, name]

    def _look_at_the_clock(self, id: str, known: _Known, now: float) -> None:
        """Time has passed, which alone makes a message stale: nobody tells."""
        if known.message is None or (stands := _stands(known.message, now)) == known.stands:
            return
        before, known.stands = known.stands, stands
        self.revision += 1
        for dimension, groups in self._by.items():
            if id in self._unbuilt[dimension]:
                continue
            for name, _ in known.parts(dimension):
                group = groups[name]
                group.revision = self.revision
                group.stand(before, -1)
                group.stand(stands, 1)
