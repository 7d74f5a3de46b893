"""Messages between rows of a database and columns in memory. Pure.

What one poll brings as it waits to be written (`Update`), and what of a message is known to be
written (`Known`).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import NamedTuple, overload

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
from smsmon.recipients import Phones, Recipients, pack_words
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


def of_rows(rows: Sequence[Row], texts: Mapping[int, str], dialect: Dialect) -> Columns:
    """The columns of ``rows`` (``COLUMNS``, by slot); ``texts`` are the words by their ids."""
    if not rows:
        return Columns(Recipients(), NO_COLUMN, NO_COLUMN, NO_MOMENTS)
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
    )


def _moments(column: Sequence[int]) -> array[float]:
    if len(column) == 1:
        return moments(column[0] / 1000)
    return array("d", [moment / 1000 for moment in column])


def word(recipients: Recipients, slot: int) -> str:
    """The API's own word for the recipient at ``slot``."""
    return recipients.vocabulary[recipients.words[slot]]


LastWritten = tuple[Recipients, bytes | None]
"""A message's columns and digest as they were recorded last."""


@dataclass(frozen=True, slots=True)
class Update:
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
    recipients: Recipients = field(default_factory=Recipients)
    first_seen: array[float] | None = None
    """The column, where new slots are possible; else None."""
    changed_at: array[float] | None = None
    absent: Mapping[int, float] = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds of one message, as of a revision."""

    row: int
    revision: int
    recipients: Recipients
    absent: Mapping[int, float] = field(default_factory=dict)
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
    new_slots = last is None or len(last[0]) != len(watched.recipients)
    return Update(
        number,
        at,
        asked_at,
        watched.entry,
        mark,
        read=True,
        anew=last is None,
        news=last is None or last[0] is not watched.recipients or last[1] != watched.digest,
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
