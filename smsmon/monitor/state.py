"""What is known about one watched message, kept small: a thousand of them fit in 25 MB."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from itertools import compress
from math import exp

from msgspec import Struct

from smsmon.alignment import Layout
from smsmon.clock import CLOCK_SLACK
from smsmon.known import NO_COLUMN, NO_MOMENTS, LastPoll, Remembered, moments, overdue_from
from smsmon.merging import Merged
from smsmon.model import Counts, Entry, Event, Fault, Origin, Transition
from smsmon.recipients import EARLIEST_DATE, NOBODY, Recipients, Status

PACE_STRENGTH = 10.0
"""Pretended reports that draw the pace of a message towards that of others of its size."""
PACE_MEMORY = 100.0
"""Reports, or expected ones, over which a message's pace forgets all but a third."""


class Pace(Struct, frozen=True):
    """How many reports of a message came, and how many of others like it would have."""

    came: float = 0.0
    expected: float = 0.0

    @property
    def factor(self) -> float:
        """How many times as fast as others of its size it goes."""
        return (self.came + PACE_STRENGTH) / (self.expected + PACE_STRENGTH)

    def after(self, came: float, expected: float) -> Pace:
        """With what came in a while more, and what was expected of it."""
        kept = exp(-max(came, expected) / PACE_MEMORY)
        return Pace(self.came * kept + came, self.expected * kept + expected)


USUAL = Pace()
"""Nothing is known of it yet."""


SETTLED_AFTER = 48 * 3600.0
"""Seconds without any change after which a complete message is no longer polled: a report or
a STOP comes up to 48 hours after what it answers (vendor's reference)."""

DATE_SLACK = 3600.0
"""Seconds an API date may lie ahead of our clock: clocks differ, and nobody reports from a
later hour."""

_WAITING = bytes(int(value == Status.WAITING) for value in range(256))
"""Translates a column of statuses into a column of 1 for waiting and 0 for anything else."""


class MessageState(StrEnum):
    """What a row of the messages table says about itself, at a glance."""

    NEW = "new"
    """Never read yet."""
    LIVE = "live"
    COMPLETE = "complete"
    """Every recipient is final; watched on slowly, a STOP may come."""
    SETTLED = "settled"
    """Complete and unchanged for 48 hours: not polled unless asked."""
    PAUSED = "paused"
    NOT_FOUND = "not found"
    STALE = "stale"
    """What is shown is older than promised: a fault, or nothing read for too long."""


class Asked(Struct, frozen=True):
    """A request of ours for reports is over, however many messages it asked for."""

    profile: str
    at: float
    """Wall time at which it ended."""
    outcome: str
    """"answered", or the kind of the fault."""


class Applied(Struct, frozen=True):
    """What one answer about one message, or one fault, brought."""

    message_id: str
    at: float
    """Wall time of the answer or of the fault."""
    asked_at: float = 0.0
    """When it was asked for."""
    served_at: float | None = None
    """When the server says it answered, by its own clock; None: it did not say."""
    late: bool = False
    """True when something newer was known by the time it came: it changed nothing."""
    first: bool = False
    """The answer is a baseline: all its recipients are new, no transition is listed."""
    transitions: tuple[Transition, ...] = ()
    events: tuple[Event, ...] = ()
    origin: Origin = Origin.POLLED

    @property
    def changed(self) -> bool:
        """True when there is something to show or to store besides the time of the poll."""
        return self.first or bool(self.transitions) or bool(self.events)


class Watched:
    """One message under watch. Written by the board and the poller only.

    Every column has one place per *slot*; a recipient keeps its slot for as long as its
    message is watched. Times are wall-clock seconds since the epoch.
    """

    __slots__ = (
        "_oldest_of",
        "_oldest_waiting",
        "absent",
        "asked_at",
        "changed_at",
        "completed_at",
        "counts",
        "digest",
        "entry",
        "fault",
        "fault_since",
        "final_at",
        "first_read_at",
        "first_seen",
        "in_flight",
        "last_change_at",
        "layout",
        "next_due",
        "origin",
        "origin_dated",
        "pace",
        "promise",
        "read_at",
        "recipients",
        "revision",
        "settled_at",
    )

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.recipients = NOBODY
        """As last seen, aligned to the slots."""
        self.first_seen = NO_COLUMN
        """Slot → when we first saw the recipient. Messages share columns: they are replaced."""
        self.changed_at = NO_COLUMN
        """Slot → when we last saw it change; 0.0 when it never did."""
        self.final_at: Mapping[int, float] = NO_MOMENTS
        """Slot → when it was first seen final, 0.0 when it was at first sight; for those alone
        that changed after that (a STOP, another status): for others ``changed_at`` tells."""
        self.absent: Mapping[int, float] = NO_MOMENTS
        """Slot that the last answer left out → when an answer first did."""
        self.layout: Layout | None = None
        self.counts = Counts()
        self.digest: bytes | None = None
        """Of the last answer; None when there is none to compare with."""
        self.read_at: float | None = None
        """When it was last truly read; None: never."""
        self.asked_at: float | None = None
        """When that read was asked for: what was asked for earlier changes nothing."""
        self.first_read_at: float | None = None
        self.last_change_at: float | None = None
        """When the last change happened, as near as is known; it counts towards settling."""
        self.completed_at: float | None = None
        """Since when all recipients are final; None while one is not."""
        self.settled_at: float | None = None
        self.origin: float = entry.added_at
        """When its reports began to come, as far as is known: its age counts from here."""
        self.origin_dated = False
        """True when ``origin`` comes from the API's dates, False while it is a stand-in."""
        self.pace = USUAL
        """How fast its reports come, against what is usual."""
        self.fault: Fault | None = None
        """Why the last poll failed; None when it did not."""
        self.fault_since: float | None = None
        """When the trouble began, whatever its kinds since."""
        self.next_due: float | None = None
        """When the next poll is due; None: none is planned."""
        self.promise: float | None = None
        """Seconds promised between the last read and the next; None: nothing is promised."""
        self.in_flight = False
        self.revision = 0
        """Grows whenever recipients or counts changed: what is derived from them can be kept."""
        self._oldest_waiting: float | None = None
        self._oldest_of = -1
        """The revision of which that is true."""

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def label(self) -> str:
        return self.entry.label

    @property
    def tags(self) -> tuple[str, ...]:
        return self.entry.tags

    @property
    def profile(self) -> str:
        return self.entry.profile

    @property
    def source(self) -> str:
        return self.entry.source

    @property
    def complete(self) -> bool:
        """True when it has recipients and every one is final."""
        return self.counts.total > 0 and self.counts.final == self.counts.total

    @property
    def loaded(self) -> bool:
        """False while only its counts are known: the history has still to give its recipients.

        An answer cannot be compared with what is not there, so it is not polled until then.
        """
        return len(self.recipients) >= self.counts.total

    @property
    def overdue_at(self) -> float | None:
        """When it will count as stale, if nothing is truly read until then."""
        return overdue_from(self.read_at, self.promise)

    def overdue(self, now: float) -> bool:
        """True when that moment has passed."""
        at = self.overdue_at
        return at is not None and now > at

    def has_settled(self, settled_at: float, now: float) -> bool:
        """True when it is complete, 48 hours have passed since its last change at wall time
        ``now``, and ``settled_at`` is not yet to come.
        """
        return (
            self.completed_at is not None
            and self.last_change_at is not None
            and now - self.last_change_at >= SETTLED_AFTER
            and settled_at <= now + CLOCK_SLACK
        )

    def remember(self, remembered: Remembered, at: float) -> None:
        """Take over the state that is known of it at wall time ``at``; its counts are left."""
        known = remembered.summary
        self.recipients = remembered.recipients
        self.first_seen = remembered.first_seen
        self.changed_at = remembered.changed_at
        self.final_at = remembered.final_at
        self.absent = remembered.absent
        self.layout = None
        self.digest = known.digest
        self.read_at = known.read_at
        self.asked_at = known.asked_at
        self.first_read_at = known.first_read_at or known.read_at
        if known.read_at is not None:
            self.date_origin(at)

    def take(self, merged: Merged, at: float) -> None:
        """Take over what an answer says of recipients at wall time ``at``; its counts are left."""
        before = self.recipients.statuses
        self.recipients = merged.recipients
        if merged.absent != self.absent.keys():
            self.absent = {slot: self.absent.get(slot, at) for slot in merged.absent}
        self.layout = merged.layout
        if merged.added:
            self.first_seen = _and(self.first_seen, moments(at, len(merged.added)))
            self.changed_at = _and(self.changed_at, moments(0.0, len(merged.added)))
        again = [each for each in merged.changed if Status(before[each]).final]
        if again:
            self.final_at = {**{slot: self.changed_at[slot] for slot in again}, **self.final_at}
        if merged.changed:
            self.changed_at = _changed(self.changed_at, merged.changed, at)

    def note_last_poll(self, last: LastPoll) -> None:
        """Note how it stands with its polls, which somebody else makes."""
        self.note_last_read(last)
        self.fault, self.fault_since = last.fault, last.fault_since
        self.promise, self.next_due = last.promise, last.next_due
        self.settled_at = last.settled_at

    def note_last_read(self, last: LastPoll) -> None:
        """Note when it was truly read last, and within what time it was promised to be again."""
        if last.read_at is not None and (self.read_at or 0.0) <= last.read_at:
            self.read_at, self.asked_at = last.read_at, last.asked_at
        self.promise = last.promise or self.promise

    def date_origin(self, at: float) -> None:
        """Count its age from its earliest date, once there is one.

        Later answers do not move it: statuses that change take their dates along.
        """
        if not self.origin_dated:
            origin = earliest_date(self.recipients, at)
            if origin is not None:
                self.origin, self.origin_dated = origin, True

    def final_dates(self) -> list[float | None]:
        """The dates of the recipients that are final, None where the API gave none."""
        columns = zip(self.recipients.statuses, self.recipients.dates, strict=True)
        return [date or None for status, date in columns if Status(status).final]

    def dated_change(self, at: float) -> float:
        """When it last changed if it was just met: by its own dates if all is final."""
        if not self.complete:
            return at
        return min(latest_date(self.recipients, at) or at, at)

    @property
    def oldest_waiting(self) -> float | None:
        """Since when the longest-waiting recipient waits: its API date, else when first seen.

        None when none waits, or nobody knows yet. Kept until the next change.
        """
        if self._oldest_of != self.revision:
            self._oldest_waiting, self._oldest_of = self._find_oldest_waiting(), self.revision
        return self._oldest_waiting

    def _find_oldest_waiting(self) -> float | None:
        if not (self.counts.waiting and self.loaded):
            return None
        waiting = self.recipients.statuses.translate(_WAITING)
        dates = self.recipients.dates
        ends: list[float] = []
        dated = bytes(map(EARLIEST_DATE.__le__, dates))
        if 1 in dated:
            both = bytes(a & b for a, b in zip(waiting, dated, strict=True)) if 0 in dated else None
            ends.append(min(compress(dates, both or waiting), default=float("inf")))
        if 0 in dated:
            undated = bytes(a & ~b & 1 for a, b in zip(waiting, dated, strict=True))
            ends.append(min(compress(self.first_seen, undated), default=float("inf")))
        return float(min(ends))


def _and(column: array[float], more: array[float]) -> array[float]:
    return column + more if column else more


def _changed(column: array[float], slots: Iterable[int], at: float) -> array[float]:
    if len(column) == 1:
        return moments(at)
    column = column[:]
    for slot in slots:
        column[slot] = at
    return column


def beginning(entry: Entry, at: float) -> float:
    """From when a message's age counts that is watched from wall time ``at`` on: from when it was
    sent, if a source said so and can be right, else from when it was added.
    """
    added = min(entry.added_at or at, at)
    sent = entry.arrival.sent_at if entry.arrival is not None else None
    return sent if sent is not None and added - SETTLED_AFTER <= sent <= added else added


def plausible(date: int | float | None, now: float) -> bool:
    """True for an API date that can be one: after 2010 and not ahead of our clock."""
    return date is not None and EARLIEST_DATE <= date <= now + DATE_SLACK


def earliest_date(recipients: Recipients, now: float) -> float | None:
    """The earliest plausible date of a report's recipients; None when no date is plausible."""
    dates = recipients.dates
    if not dates:
        return None
    low = min(dates)
    if low >= EARLIEST_DATE:
        return _moment(low) if plausible(low, now) else None
    later = [date for date in dates if plausible(date, now)]
    return float(min(later)) if later else None


@lru_cache(1_000)
def _moment(date: int) -> float:
    """One object for all messages of which the earliest date is the same."""
    return float(date)


def latest_date(recipients: Recipients, now: float) -> float | None:
    """The latest plausible date of a report's recipients; None when no date is plausible."""
    dates = recipients.dates
    if not dates:
        return None
    high = max(dates)
    if high <= now + DATE_SLACK:
        return float(high) if plausible(high, now) else None
    earlier = [date for date in dates if plausible(date, now)]
    return float(max(earlier)) if earlier else None
