"""What a history tells of the past: plain values, as columns where there are many.

Moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from smsmon.model import DEFAULT_PROFILE, Counts, Entry, Event, Transition
from smsmon.recipients import Recipient, Recipients

Key = tuple[str, str]
"""A message id and the account it is read with: together they are one message of the history."""
Grouping = Literal["message", "tag", "country"]


def key_of(entry: Entry) -> Key:
    """The message of the history that a line of the watchlist means."""
    return entry.id, entry.profile


@dataclass(frozen=True, slots=True)
class Summary:
    """What the history knows of a message without its recipients."""

    message_id: str
    profile: str
    """The account it was read with."""
    label: str
    tags: tuple[str, ...]
    counts: Counts
    revision: int
    """Grows with each recorded report that changed something."""
    digest: bytes | None
    first_read_at: float | None
    read_at: float | None
    """When it was last truly read. Up to half a minute early after a crash, never late."""
    asked_at: float | None
    """When that read was asked for; None: an earlier version recorded it."""
    last_change_at: float | None
    completed_at: float | None
    settled_at: float | None
    removed_at: float | None
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
class Sighting:
    """One phone number in one message: as last seen, and every change ever seen."""

    message_id: str
    label: str
    slot: int
    recipient: Recipient
    first_seen: float
    changed_at: float | None
    read_at: float | None
    """When the message was last truly read."""
    transitions: tuple[Transition, ...]
    """Oldest first."""
    absent_since: float | None = None
    """Since when the message's reports leave it out; None while they list it."""
    profile: str = DEFAULT_PROFILE
    """The account that the message was read with."""


@dataclass(frozen=True, slots=True)
class NumberFound:
    """Everything ever seen about the phone numbers that a search means."""

    asked: str
    exact: bool
    """True: the whole number was given; False: it is a fragment of those found."""
    sightings: tuple[Sighting, ...]
    """By number; of one number, the most recently read message first."""
    more: bool = False
    """True when the search stopped at its limit."""


@dataclass(frozen=True, slots=True)
class DeliveryTimes:
    """How long deliveries took, in seconds, as far as they were observed."""

    key: str
    """The message id, the tag or the country."""
    measured: int
    """Deliveries that were first seen waiting and then delivered."""
    median: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True)
class Happened:
    """What changed in a stretch of time, oldest first."""

    transitions: tuple[Transition, ...]
    events: tuple[Event, ...]
    more: bool = False
    """True when the limit cut something off."""


@dataclass(frozen=True, slots=True)
class Info:
    """How large a history is, and what is in it."""

    where: str
    """Where it is kept."""
    bytes: int
    """What it takes there, all in all."""
    version: int
    messages: int
    removed: int
    """Of the messages, those no longer on the watchlist."""
    recipients: int
    changes: int
    events: int
    oldest: float | None
    """The first read of the oldest message."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was dropped."""

    messages: int = 0
    recipients: int = 0
    changes: int = 0
    events: int = 0
