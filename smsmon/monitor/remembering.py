"""What comes to the board without a poll of its own: from the history, or from another process
that polls.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from smsmon.model import Event, Fault, Transition
from smsmon.monitor.state import Watched, earliest_date, latest_date
from smsmon.recipients import Recipients


@dataclass(frozen=True, slots=True)
class Restored:
    """What the history knew of a message when the program started."""

    recipients: Recipients
    first_seen: array[float]
    """Slot → when first seen, 8-byte floats."""
    changed_at: array[float]
    """Slot → when last seen to change, 0.0 for never; 8-byte floats."""
    read_at: float | None = None
    asked_at: float | None = None
    digest: bytes | None = None
    first_read_at: float | None = None
    last_change_at: float | None = None
    completed_at: float | None = None
    settled_at: float | None = None
    absent: Mapping[int, float] = field(default_factory=dict)
    """Slot that the last answer left out → since when."""
    final_at: Mapping[int, float] = field(default_factory=dict)
    """As ``Watched.final_at``."""


@dataclass(frozen=True, slots=True)
class LastPoll:
    """How it stands with the polls of a message, by whoever makes them. Wall-clock seconds."""

    read_at: float | None = None
    asked_at: float | None = None
    fault: Fault | None = None
    fault_since: float | None = None
    promise: float | None = None
    next_due: float | None = None
    settled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What another process found out about a message and recorded."""

    message_id: str
    at: float
    """When it did."""
    last_poll: LastPoll | None = None
    restored: Restored | None = None
    """The message as it stands by now; None: as before."""
    transitions: tuple[Transition, ...] = ()
    events: tuple[Event, ...] = ()


def remember(watched: Watched, restored: Restored, at: float) -> None:
    """Give a message the state that is known of it at wall time ``at``; its counts are left."""
    watched.recipients = restored.recipients
    watched.first_seen = restored.first_seen
    watched.changed_at = restored.changed_at
    watched.final_at = dict(restored.final_at)
    watched.absent = restored.absent
    watched.layout = None
    watched.digest = restored.digest
    watched.read_at = restored.read_at
    watched.asked_at = restored.asked_at
    watched.first_read_at = restored.first_read_at or restored.read_at
    if restored.read_at is not None:
        date_origin(watched, at)


def note_last_poll(watched: Watched, last: LastPoll) -> None:
    """Note how it stands with the polls of a message that somebody else makes."""
    if last.read_at is not None and (watched.read_at or 0.0) <= last.read_at:
        watched.read_at, watched.asked_at = last.read_at, last.asked_at
    watched.fault, watched.fault_since = last.fault, last.fault_since
    watched.promise, watched.next_due = last.promise, last.next_due
    watched.settled_at = last.settled_at


def date_origin(watched: Watched, at: float) -> None:
    """Count the message's age from its earliest date, once there is one.

    Later answers do not move it: statuses that change take their dates along.
    """
    if not watched.origin_dated:
        origin = earliest_date(watched.recipients, at)
        if origin is not None:
            watched.origin, watched.origin_dated = origin, True


def dated_change(watched: Watched, at: float) -> float:
    """When a message that was just met last changed: by its own dates if all is final."""
    if not watched.complete:
        return at
    return min(latest_date(watched.recipients, at) or at, at)
