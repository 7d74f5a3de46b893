"""What a history tells of the past: plain values, as columns where there are many.

Moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from smsmon.model import DEFAULT_PROFILE, Event, Transition
from smsmon.recipients import Recipient

Grouping = Literal["message", "tag", "country"]


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


class Absence(NamedTuple):
    """A stretch of time in which the reports of a message left a recipient out."""

    since: float
    until: float
    """When he was seen to be back."""


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
