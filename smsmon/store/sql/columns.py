"""Messages between rows of a database and columns in memory. Pure.

What one poll brings as it waits to be written (`Update`), and what of a message is known to be
written (`Known`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple, overload

from msgspec import Struct

from smsmon.known import (
    NO_COLUMN,
    NO_MOMENTS,
    AppliedPoll,
    Key,
    WatchedMessage,
    key_of,
    moments,
    overdue_from,
)
from smsmon.model import Entry, EventKind
from smsmon.recipients import NOBODY, Phones, Recipients, Status, pack_words
from smsmon.store.sql.database import Dialect, Row

COLUMNS = "phone, status, word, stop, date, first_seen, changed_at, reason, absent_since"
"""What ``of_rows`` takes, in this order, and whatever behind it."""


@overload
def ms(moment: float) -> int: ...
@overload
def ms(moment: float | None) -> int | None: ...
def ms(moment: float | None) -> int | None:
    """A moment, or a stretch, of seconds as the database holds it."""
    return None if moment is None else round(moment * 1000)


def ms_until(moment: float) -> int:
    """The end of a stretch of time as the database has it; inf is none."""
    return _LAST if moment == inf else ms(moment)


_LAST = 2**62


@overload
def seconds_until(ms: int) -> float: ...
@overload
def seconds_until(ms: int | None) -> float | None: ...
def seconds_until(ms: int | None) -> float | None:
    """What `ms_until` made ``ms`` of."""
    return inf if ms == _LAST else seconds(ms)


def seconds(ms: int | None) -> float | None:
    """What `ms` made ``ms`` of."""
    return None if ms is None else _seconds(ms)


@lru_cache(1_000)
def _seconds(ms: int) -> float:
    """What many messages have alike, for they were read together, is one object."""
    return ms / 1000


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of one message."""

    recipients: Recipients
    first_seen: array[float]
    changed_at: array[float]
    absent: Mapping[int, float]
    """Slot that the last report left out → since when."""
    final_at: Mapping[int, float] = field(default_factory=lambda: NO_MOMENTS)
    """Slot → when it was first seen final (see ``Remembered``)."""


NO_COLUMNS = Columns(Recipients(), NO_COLUMN, NO_COLUMN, NO_MOMENTS)
"""Of a message without recipients."""


def of_rows(
    rows: Sequence[Row],
    texts: Mapping[int, str],
    dialect: Dialect,
    final: Mapping[int, float] = NO_MOMENTS,
) -> Columns:
    """The columns of ``rows`` (``COLUMNS``, by slot); ``texts`` are the words by their ids,
    ``final`` is the column of that name (`final_at`)."""
    if not rows:
        return NO_COLUMNS
    phones, statuses, words, stops, dates, first_seen, changed_at, reasons, absent, *_ = zip(
        *rows, strict=True
    )
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return Columns(
        Recipients(
            phones=Phones([*map(dialect.phone_of, phones)]),
            statuses=bytes(statuses),
            words=pack_words([*map(numbers.__getitem__, words)], len(numbers)),
            vocabulary=tuple(texts[word] for word in numbers),
            stops=bytes(stops),
            dates=array("q", dates),
            reasons={i: text for i, text in enumerate(reasons) if text} if any(reasons) else {},
        ),
        _moments(first_seen),
        _moments(changed_at),
        {slot: since / 1000 for slot, since in enumerate(absent) if since} or NO_MOMENTS,
        final,
    )


def final_at(changes: Iterable[Row]) -> Mapping[int, float]:
    """When each was first seen final: at the change before the first that began with it."""
    found: dict[int, float] = {}
    last: tuple[int, float] = (-1, 0.0)
    for slot, before, observed_at in changes:
        if last[0] != slot:
            last = (slot, 0.0)
        if before in (Status.DELIVERED, Status.NOT_DELIVERED):
            found.setdefault(slot, last[1])
        # One that appeared with this change was seen for the first time: no change of its own.
        last = (slot, 0.0 if before is None else observed_at / 1000)
    return found or NO_MOMENTS


def renewed(
    known: Columns,
    rows: Sequence[Row],
    texts: Mapping[int, str],
    dialect: Dialect,
    final: Mapping[int, float],
) -> Columns:
    """What `of_rows` gives where it gave ``known`` before ``rows`` were written (``COLUMNS`` and
    the slot, by slot), in place of others or behind them; ``final`` is of their slots.
    """
    if not rows:
        return known
    was, new = known.recipients, of_rows(rows, texts, dialect)
    slots = [row[9] for row in rows]
    statuses, stops, dates = bytearray(was.statuses), bytearray(was.stops), was.dates[:]
    first_seen, changed_at = known.first_seen[:], known.changed_at[:]
    words = [*map(was.vocabulary.__getitem__, was.words)]
    given = new.recipients
    _put(statuses, slots, given.statuses)
    _put(stops, slots, given.stops)
    _put(dates, slots, given.dates)
    _put(first_seen, slots, new.first_seen)
    _put(changed_at, slots, new.changed_at)
    _put(words, slots, [*map(given.vocabulary.__getitem__, given.words)])
    numbers = {text: number for number, text in enumerate(dict.fromkeys(words))}
    added = len(statuses) - len(was)
    reasons = {place: why for place, why in was.reasons.items() if place not in slots}
    reasons |= {slots[place]: why for place, why in given.reasons.items()}
    absent = {slot: since for slot, since in known.absent.items() if slot not in slots}
    absent |= {slots[place]: since for place, since in new.absent.items()}
    return Columns(
        Recipients(
            phones=was.phones.extended(given.phones[-added:]) if added else was.phones,
            statuses=bytes(statuses),
            words=pack_words([*map(numbers.__getitem__, words)], len(numbers)),
            vocabulary=tuple(numbers),
            stops=bytes(stops),
            dates=dates,
            reasons=reasons,
        ),
        first_seen,
        changed_at,
        absent or NO_MOMENTS,
        {**{slot: at for slot, at in known.final_at.items() if slot not in slots}, **final}
        or NO_MOMENTS,
    )


def _put(
    column: bytearray | MutableSequence[Any], slots: Sequence[int], values: Iterable[Any]
) -> None:
    for slot, value in zip(slots, values, strict=True):
        if slot < len(column):
            column[slot] = value
        else:
            column.append(value)


def _moments(column: Sequence[int]) -> array[float]:
    if len(column) == 1:
        return moments(column[0] / 1000)
    return array("d", [moment / 1000 for moment in column])


def word(recipients: Recipients, slot: int) -> str:
    """The API's own word for the recipient at ``slot``."""
    return recipients.vocabulary[recipients.words[slot]]


class LastWritten(Struct, frozen=True, gc=False):
    """A message's columns and digest as they were recorded last."""

    recipients: Recipients
    digest: bytes | None


class Update(Struct, frozen=True, gc=False):
    """A message as it stood after one poll: nothing in it changes any more."""

    number: int
    """Tells the events that this poll brought."""
    at: float
    asked_at: float
    entry: Entry
    mark: int
    """What it was heard under (``Fence.mark``)."""
    read: bool
    """False: the poll failed, and only its events are to be written."""
    anew: bool = True
    """True when the board's slots need not be those of the update before."""
    news: bool = True
    """False: it only tells that what is known was read again."""
    recipients: Recipients = NOBODY
    first_seen: array[float] | None = None
    """The column, where new slots are possible; else None."""
    changed_at: array[float] | None = None
    absent: Mapping[int, float] = NO_MOMENTS
    digest: bytes | None = None
    read_at: float | None = None
    """When the message was last read whole; None: at ``at``."""
    first_read_at: float | None = None
    last_change_at: float | None = None
    completed_at: float | None = None
    settled_at: float | None = None
    overdue_at: float | None = None
    """When what it read will count as stale, if nothing is read until then."""
    read_from: float | None = None
    """The first of the reads, one soon after the other, of which it is the last; None: this one."""

    @property
    def key(self) -> Key:
        return key_of(self.entry)


class Known(Struct, frozen=True, gc=False):
    """What the database holds of one message, as of a revision."""

    row: int
    revision: int
    recipients: Recipients
    absent: Mapping[int, float] = NO_MOMENTS
    order: Sequence[int] | None = None
    """The board's slot → the slot here; None where they are the same."""
    source: Recipients | None = None
    """The board's columns that were written last: those very columns bring nothing new."""


def update_of(
    number: int,
    at: float,
    asked_at: float,
    watched: WatchedMessage,
    mark: int,
    last: LastWritten | None,
) -> Update:
    """A message as it was read at a moment; ``last`` is what of it was recorded last."""
    new_slots = last is None or len(last.recipients) != len(watched.recipients)
    return Update(
        number,
        at,
        asked_at,
        watched.entry,
        mark,
        read=True,
        anew=last is None,
        news=last is None
        or last.recipients is not watched.recipients
        or last.digest != watched.digest,
        recipients=watched.recipients,
        first_seen=watched.first_seen if new_slots else None,
        changed_at=watched.changed_at if new_slots else None,
        absent=watched.absent,
        digest=watched.digest,
        read_at=watched.read_at,
        first_read_at=watched.first_read_at,
        last_change_at=watched.last_change_at,
        completed_at=watched.completed_at,
        settled_at=watched.settled_at,
        overdue_at=overdue_from(watched.read_at, watched.promise),
    )


def was_heard(applied: AppliedPoll, watched: WatchedMessage) -> bool:
    """True when there was a true answer, or news of some recipients."""
    return not applied.late and (watched.read_at == applied.at or bool(applied.transitions))


ALL_KINDS = frozenset(EventKind)
CHECKED = frozenset((EventKind.FIRST_READ, EventKind.COMPLETED, EventKind.REOPENED)) | {
    EventKind.SETTLED, EventKind.ABSENT, EventKind.LISTED_AGAIN
}  # fmt: skip
"""The kinds of events of which the database shows by itself whether they happened."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message's row before an update."""

    id: int
    revision: int = 0
    asked_at: int | None = None
    first_read_at: int | None = None
    last_change_at: int | None = None
    completed_at: int | None = None
    settled_at: int | None = None
    read_at: int | None = None


class Turn(NamedTuple):
    """What an update made of a message."""

    before: MessageRow
    after: MessageRow
    was_absent: Mapping[int, float]
    absent: Mapping[int, float]

    def true_kinds(self) -> frozenset[EventKind]:
        """The kinds of events that it may tell: the database must have seen them happen."""
        before, after = self.before, self.after
        happened = {
            EventKind.FIRST_READ: before.first_read_at is None,
            EventKind.COMPLETED: before.completed_at is None and after.completed_at is not None,
            EventKind.REOPENED: before.completed_at is not None and after.completed_at is None,
            EventKind.SETTLED: before.settled_at is None and after.settled_at is not None,
            EventKind.ABSENT: not self.absent.keys() <= self.was_absent.keys(),
            EventKind.LISTED_AGAIN: not self.was_absent.keys() <= self.absent.keys(),
        }
        return ALL_KINDS - {kind for kind, is_so in happened.items() if not is_so}
