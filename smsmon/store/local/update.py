"""What one poll brings to the history, as the monitor tells it and as it waits to be written."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from smsmon.known import Key, key_of
from smsmon.model import Entry
from smsmon.recipients import Recipients
from smsmon.store.base import AppliedPoll, WatchedMessage

Recorded = tuple[Recipients, bytes | None]
"""A message's columns and digest as they were recorded last."""


@dataclass(frozen=True, slots=True)
class Update:
    """A message as it stood after one poll: nothing in it changes any more."""

    number: int
    """Tells the events that this poll brought."""
    at: float
    asked_at: float
    entry: Entry
    read: bool
    """False: the poll failed, and only its events are to be written."""
    anew: bool = True
    """True when the board's slots need not be those of the update before."""
    news: bool = True
    """False: it only tells that what is known was read again."""
    recipients: Recipients = field(default_factory=Recipients)
    first_seen: array[float] | None = None
    """A copy of the column, where new slots are possible; else None."""
    changed_at: array[float] | None = None
    absent: Mapping[int, float] = field(default_factory=dict)
    digest: bytes | None = None
    read_at: float | None = None
    """When the message was last read whole; None: at ``at``."""
    first_read_at: float | None = None
    last_change_at: float | None = None
    completed_at: float | None = None
    settled_at: float | None = None

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
    number: int, at: float, asked_at: float, watched: WatchedMessage, last: Recorded | None
) -> Update:
    """A message as it was read at a moment; ``last`` is what of it was recorded last."""
    new_slots = last is None or len(last[0]) != len(watched.recipients)
    return Update(
        number,
        at,
        asked_at,
        watched.entry,
        read=True,
        anew=last is None,
        news=last is None or last[0] is not watched.recipients or last[1] != watched.digest,
        recipients=watched.recipients,
        first_seen=watched.first_seen[:] if new_slots else None,
        changed_at=watched.changed_at[:] if new_slots else None,
        absent=watched.absent,
        digest=watched.digest,
        read_at=watched.read_at,
        first_read_at=watched.first_read_at,
        last_change_at=watched.last_change_at,
        completed_at=watched.completed_at,
        settled_at=watched.settled_at,
    )


def was_heard(applied: AppliedPoll, watched: WatchedMessage) -> bool:
    """True when there was a true answer, or news of some recipients."""
    return not applied.late and (watched.read_at == applied.at or bool(applied.transitions))
