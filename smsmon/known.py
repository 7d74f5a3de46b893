"""A message as it is known: what a history keeps, a board starts from, and processes tell.

All moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from smsmon.model import DEFAULT_PROFILE, Counts, Entry, Fault
from smsmon.recipients import Recipients

Key = tuple[str, str]
"""A message id and the account it is read with: together they are one message of the history."""


def key_of(entry: Entry) -> Key:
    """The message of the history that a line of the watchlist means."""
    return entry.id, entry.profile


@dataclass(frozen=True, slots=True)
class Summary:
    """What the history knows of a message without its recipients."""

    message_id: str
    profile: str = DEFAULT_PROFILE
    """The account it was read with."""
    label: str = ""
    tags: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    revision: int = 0
    """Grows with each recorded report that changed something."""
    digest: bytes | None = None
    first_read_at: float | None = None
    read_at: float | None = None
    """When it was last truly read. Up to half a minute early after a crash, never late."""
    asked_at: float | None = None
    """When that read was asked for; None: an earlier version recorded it."""
    last_change_at: float | None = None
    completed_at: float | None = None
    settled_at: float | None = None
    removed_at: float | None = None
    """When it left the watchlist, or this account; None while it is there."""

    @property
    def id(self) -> str:
        return self.message_id

    @property
    def key(self) -> Key:
        """The message and its account."""
        return self.message_id, self.profile


@dataclass(frozen=True, slots=True)
class Remembered:
    """A message as last seen: what a console starts from before the first answer comes."""

    summary: Summary
    recipients: Recipients = field(default_factory=Recipients)
    first_seen: array[float] = field(default_factory=lambda: array("d"))
    """Slot → when first seen."""
    changed_at: array[float] = field(default_factory=lambda: array("d"))
    """Slot → when last seen to change; 0.0 for never."""
    absent: Mapping[int, float] = field(default_factory=dict)
    """Slot that the last report left out → since when."""
    final_at: Mapping[int, float] = field(default_factory=dict)
    """Slot → when it was first seen final, 0.0 when it was at first sight; for those alone that
    changed after that."""
    row: int = 0
    """Where the store keeps it: of use to that store alone."""


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
