"""What became final within a stretch of time up to now, added up for each tag, country and all.

A window is cut into slots on a grid of the clock, and a whole slot leaves it at once: it holds what
happened within its seconds, and up to one slot more. Delivery times are kept as a histogram. So
its size does not grow with what happens, and a look at it costs the same always. Pure; moments are
seconds since the epoch.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import floor, inf
from typing import NamedTuple

from smsmon import holds
from smsmon.alerts import About
from smsmon.groups import Within, told_to_be_sent, took
from smsmon.groups.brought import quantile, step_of
from smsmon.model import Final, Transition
from smsmon.monitor.alerts.agenda import Key
from smsmon.monitor.state import Applied, Watched
from smsmon.phones import region
from smsmon.recipients import NO_DATE, STOP_YES, Status

SLOTS = 60
"""Slots of a window: an hour is right to the minute."""
NAMES_LIMIT = 1_000
"""Tags, or countries, that are added up; more than these are left out until one is empty. 1,000
that are always busy take about 30 MB."""


@dataclass(slots=True)
class Sums:
    """What became final, added up."""

    delivered: int = 0
    failed: int = 0
    stop: int = 0
    took: Counter[int] = field(default_factory=Counter)
    """How many deliveries took how long: a step of the histogram → its number."""
    undated: Counter[int] = field(default_factory=Counter)
    """Those of them that may have taken less."""

    @property
    def final(self) -> int:
        return self.delivered + self.failed

    @property
    def empty(self) -> bool:
        return not (self.delivered or self.failed or self.stop)

    def add(self, final: Final, took: float | None) -> None:
        """One more; ``took`` is what of its time counts."""
        self.delivered += final.status is Status.DELIVERED
        self.failed += final.status is Status.NOT_DELIVERED
        self.stop += final.stop
        if took is not None and final.status is Status.DELIVERED:
            self.took[step_of(took)] += 1
            if not final.dated:
                self.undated[step_of(took)] += 1

    def include(self, other: Sums, sign: int = 1) -> None:
        """These too; or, with -1, no longer."""
        self.delivered += sign * other.delivered
        self.failed += sign * other.failed
        self.stop += sign * other.stop
        for mine, theirs in (self.took, other.took), (self.undated, other.undated):
            for step, number in theirs.items():
                mine[step] += sign * number
                if not mine[step]:
                    del mine[step]

    def quantile(self, share: float) -> float | None:
        """The seconds within which this share of the deliveries came; None: none was observed."""
        return quantile(self.took, share)

    def within(self, limit: float) -> Within:
        """How many were delivered within so many seconds, as exactly as the histogram has it."""
        last = step_of(limit)
        kept = sum(number for step, number in self.took.items() if step <= last)
        undated = sum(number for step, number in self.undated.items() if step > last)
        unknown = self.delivered - self.took.total() + undated
        return Within(limit, kept, self.final - kept - unknown, unknown)


class Slot(NamedTuple):
    at: float
    """When it begins."""
    sums: Sums


class Length(NamedTuple):
    """How long a window is, and into how many slots it is cut."""

    seconds: float
    slots: int = SLOTS


class Rolling:
    """What became final in one group within so many seconds."""

    def __init__(self, length: Length) -> None:
        self.length = length
        self.total = Sums()
        self._long = length.seconds / length.slots
        self._slots: deque[Slot] = deque()

    def add(self, final: Final, took: float | None) -> None:
        """One more; what is older than the last one is taken for as old."""
        self._slot(final.at).add(final, took)
        self.total.add(final, took)

    def include(self, later: Rolling) -> None:
        """What became final later, too."""
        for at, sums in later._slots:
            self._slot(at).include(sums)
            self.total.include(sums)

    def pass_on(self, now: float) -> None:
        """Let go of what left the window."""
        while self._slots and self._slots[0].at + self._long <= now - self.length.seconds:
            self.total.include(self._slots.popleft().sums, -1)

    def shift(self, seconds: float) -> None:
        """The clock was set by so many seconds."""
        self._slots = deque(Slot(at + seconds, sums) for at, sums in self._slots)

    @property
    def next_at(self) -> float:
        """When the next slot leaves the window; inf when there is none."""
        return self._slots[0].at + self._long + self.length.seconds if self._slots else inf

    def before(self, at: float) -> Sums:
        """All but the slots that reach beyond ``at``."""
        sums = Sums()
        sums.include(self.total)
        for slot in reversed(self._slots):
            if slot.at + self._long <= at:
                break
            sums.include(slot.sums, -1)
        return sums

    def _slot(self, at: float) -> Sums:
        begins = floor(at / self._long) * self._long
        if not self._slots or self._slots[-1].at < begins:
            self._slots.append(Slot(begins, Sums()))
        return self._slots[-1].sums


class Windows:
    """All that is added up: each group in each length that somebody asks for.

    Not for several threads at once; but one may be filled in a thread, and then handed over.
    """

    def __init__(
        self, lengths: Mapping[About, Collection[Length]], night_holds: Collection[str] = ()
    ) -> None:
        """``night_holds`` are the accounts whose time in a hold does not count."""
        self._lengths = {about: tuple(each) for about, each in lengths.items() if each}
        self._night_holds = night_holds
        self._groups: dict[About, dict[str, dict[Length, Rolling]]] = {
            about: {} for about in self._lengths
        }

    @property
    def longest(self) -> float:
        """How far back the longest one reaches, in seconds; 0 where there is none."""
        return max((each.seconds for of in self._lengths.values() for each in of), default=0.0)

    def names(self, about: About) -> Iterable[str]:
        """The groups of which something is known."""
        return self._groups.get(about, {})

    def add(self, finals: Iterable[Final]) -> set[Key]:
        """These became final, the oldest first; gives the groups they belong to."""
        touched: set[Key] = set()
        for final in finals:
            took = final.took
            if took is not None and final.profile in self._night_holds:
                took -= holds.held(final.at - took, final.at)
            for key in _groups_of(final):
                for rolling in self._rollings(key):
                    rolling.add(final, took)
                    touched.add(key)
        return touched

    def include(self, later: Windows) -> None:
        """What another one of the same lengths added up later, too."""
        for about, groups in later._groups.items():
            for name, rollings in groups.items():
                for mine in self._rollings((about, name)):
                    mine.include(rollings[mine.length])

    def of(self, key: Key, length: Length, now: float) -> Rolling:
        """A group's window, as it is at wall time ``now``."""
        rolling = self._groups.get(key[0], {}).get(key[1], {}).get(length)
        if rolling is None:
            return Rolling(length)
        rolling.pass_on(now)
        return rolling

    def shift(self, seconds: float) -> None:
        """The clock was set by so many seconds."""
        for groups in self._groups.values():
            for rollings in groups.values():
                for rolling in rollings.values():
                    rolling.shift(seconds)

    def drop_empty(self, key: Key, now: float) -> bool:
        """Forget a group of which all has left; True when nothing is known of it."""
        groups = self._groups.get(key[0], {})
        rollings = groups.get(key[1], {})
        for rolling in rollings.values():
            rolling.pass_on(now)
        if all(rolling.next_at == inf for rolling in rollings.values()):
            groups.pop(key[1], None)
            return True
        return False

    def _rollings(self, key: Key) -> Iterable[Rolling]:
        about, name = key
        lengths = self._lengths.get(about)
        if lengths is None:
            return ()
        groups = self._groups[about]
        if name not in groups:
            if len(groups) >= NAMES_LIMIT:
                return ()
            groups[name] = {length: Rolling(length) for length in lengths}
        return groups[name].values()


def _groups_of(final: Final) -> Iterator[Key]:
    for tag in final.tags:
        yield About.TAG, tag
    yield About.LABEL, final.label
    yield About.SOURCE, final.source
    yield About.PROFILE, final.profile
    if final.country:
        yield About.COUNTRY, final.country
    yield About.ALL, ""


def finals_of(applied: Applied, watched: Watched) -> list[Final]:
    """What a piece of news says of who became final, or said STOP."""
    found = [*_at_first_look(applied, watched)] if applied.first else []
    for each in applied.transitions:
        status = each.after if each.after.final and each.after is not each.before else None
        stop = each.stop_after and not each.stop_before
        if status is not None or stop:
            took = _took(each, watched) if status is not None else None
            found.append(_final(watched, each.observed_at, each.phone, status, stop, took))
    return found


def _at_first_look(applied: Applied, watched: Watched) -> Iterator[Final]:
    """Who was final already: of what a source brought that is news, for it was told as sent."""
    sent = told_to_be_sent(watched.entry)
    if sent is None:
        return
    recipients = watched.recipients
    for slot, status in enumerate(map(Status, recipients.statuses)):
        if status.final:
            stop = recipients.stops[slot] == STOP_YES
            seconds = took(sent, recipients.dates[slot], applied.at)
            phone = recipients.phones[slot]
            yield _final(watched, applied.at, phone, status, stop, seconds)


def _final(
    watched: Watched,
    at: float,
    phone: str,
    status: Status | None,
    stop: bool,
    took: tuple[float, bool] | None,
) -> Final:
    entry, (seconds, dated) = watched.entry, took or (None, True)
    return Final(at, entry.id, entry.profile, entry.tags, region(phone), status, stop, seconds,
                 entry.label, entry.source, dated)  # fmt: skip


def _took(change: Transition, watched: Watched) -> tuple[float, bool] | None:
    """Seconds from first seen, or from sending, to final, and whether it cannot have been less;
    None where that was not observed."""
    before, slot = change.before, change.slot
    if before is None or before.final or slot in watched.final_at:
        return None
    if slot >= len(watched.first_seen):
        return None
    sent = told_to_be_sent(watched.entry)
    if sent is not None:
        return took(sent, change.date or NO_DATE, change.observed_at)
    return change.observed_at - watched.first_seen[change.slot], True
