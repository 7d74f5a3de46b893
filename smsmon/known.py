"""A message as it is known: what a history keeps, a board starts from, and processes tell.

All moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from smsmon.model import DEFAULT_PROFILE, Arrival, Counts, Entry, Event, Fault, Transition
from smsmon.recipients import NOBODY, Recipients

Key = tuple[str, str]
"""A message id and the account it is read with: together they are one message of the history."""


CHIEF = "chief"
"""The work that one process does for all: what is recorded of alerts and of the watchlist. Where
several processes share the work, each part of it has a name: this, `account_part`, a message id."""


def account_part(profile: str) -> str:
    """The name of the work of recording how it stands with an account, and what it holds."""
    return f"account {profile}"


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
    added_at: float | None = None
    """When it was put on the watchlist, or came; None: an earlier version recorded it."""
    arrival: Arrival | None = None
    """How it came by itself, but for when it leaves; None: somebody added it."""

    @property
    def id(self) -> str:
        return self.message_id

    @property
    def key(self) -> Key:
        """The message and its account."""
        return self.message_id, self.profile

    @property
    def source(self) -> str:
        """What brought it by itself; empty where somebody added it."""
        return self.arrival.source if self.arrival else ""

    @property
    def entry(self) -> Entry:
        """What it would be on the watchlist."""
        return Entry(
            self.id,
            self.label,
            self.tags,
            added_at=self.added_at or 0.0,
            profile=self.profile,
            arrival=self.arrival,
        )


NO_MOMENTS: Mapping[int, float] = MappingProxyType({})
"""Of no slot: one object for all messages of which that is so."""
NO_COLUMN = array("d")
"""A column of moments without any: one object as well. No column is changed where it is."""


def moments(at: float, count: int = 1) -> array[float]:
    """A column that says ``at`` of so many slots. Thousands of messages have one recipient, and
    many of them were read together: they share it."""
    return _of_one(at) if count == 1 else array("d", [at]) * count


@lru_cache(1_000)
def _of_one(at: float) -> array[float]:
    return array("d", (at,))


@dataclass(frozen=True, slots=True)
class Remembered:
    """A message as last seen: what a console starts from before the first answer comes."""

    summary: Summary
    recipients: Recipients = NOBODY
    first_seen: array[float] = field(default_factory=lambda: NO_COLUMN)
    """Slot → when first seen."""
    changed_at: array[float] = field(default_factory=lambda: NO_COLUMN)
    """Slot → when last seen to change; 0.0 for never."""
    absent: Mapping[int, float] = field(default_factory=lambda: NO_MOMENTS)
    """Slot that the last report left out → since when."""
    final_at: Mapping[int, float] = field(default_factory=lambda: NO_MOMENTS)
    """Slot → when it was first seen final, 0.0 when it was at first sight; for those alone that
    changed after that."""
    row: int = 0
    """Where the store keeps it: of use to that store alone."""


class LastPoll(Struct, frozen=True):
    """How it stands with the polls of a message, by whoever makes them. Wall-clock seconds."""

    read_at: float | None = None
    asked_at: float | None = None
    fault: Fault | None = None
    fault_since: float | None = None
    promise: float | None = None
    next_due: float | None = None
    settled_at: float | None = None


STALE_GRACE = 30.0
"""Seconds by which a read may be late, on top of the promise again, before its message counts
as stale: a slow answer and a short queue are no news."""


def overdue_from(read_at: float | None, promise: float | None) -> float | None:
    """When nothing will have been truly read for clearly longer than was promised.

    None when nothing is promised, or was ever read.
    """
    return None if read_at is None or promise is None else read_at + 2 * promise + STALE_GRACE


class Condition(StrEnum):
    """How it stands with an account."""

    OK = "ok"
    DOWN = "down"
    """The API cannot be read; single probes go out until one is answered."""
    STOPPED = "stopped"
    """The API refused the account: nothing goes out until the operator acts."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """How it stands with one account."""

    profile: str
    condition: Condition = Condition.OK
    fault: Fault | None = None
    since: float | None = None
    """Down: when the first request failed of all those since the last answer. Stopped: when it
    was refused."""
    retry_at: float | None = None
    """When the next probe is planned; None when none is."""
    failing_since: float | None = None
    """Not down yet, but nothing was answered since the request that failed then; else None."""
    heard: bool = True
    """False: nothing was answered since the program started, so nobody knows."""
    held_until: float | None = None
    """Until when the server asked to be left alone: nothing goes out before. None: it did not."""

    @property
    def reason(self) -> str:
        """Why it fails, is down or stopped, one safe sentence; empty when all is well."""
        return self.fault.message if self.fault else ""

    def tried_at(self, now: float) -> bool:
        """True when it is silent and being tried again at this moment."""
        return self.retry_at is not None and self.retry_at <= now


class AppliedPoll(Protocol):
    """What the engine tells about one poll (its ``Applied``)."""

    @property
    def message_id(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def asked_at(self) -> float: ...
    @property
    def served_at(self) -> float | None: ...
    @property
    def late(self) -> bool: ...
    @property
    def transitions(self) -> tuple[Transition, ...]: ...
    @property
    def events(self) -> tuple[Event, ...]: ...


class WatchedMessage(Protocol):
    """What the engine knows of the message after that poll (its ``Watched``)."""

    @property
    def entry(self) -> Entry: ...
    @property
    def recipients(self) -> Recipients: ...
    @property
    def first_seen(self) -> array[float]: ...
    @property
    def changed_at(self) -> array[float]: ...
    @property
    def absent(self) -> Mapping[int, float]: ...
    @property
    def digest(self) -> bytes | None: ...
    @property
    def first_read_at(self) -> float | None: ...
    @property
    def last_change_at(self) -> float | None: ...
    @property
    def completed_at(self) -> float | None: ...
    @property
    def read_at(self) -> float | None: ...
    @property
    def asked_at(self) -> float | None: ...
    @property
    def promise(self) -> float | None: ...
    @property
    def next_due(self) -> float | None: ...
    @property
    def settled_at(self) -> float | None: ...
    @property
    def fault(self) -> Fault | None: ...
    @property
    def fault_since(self) -> float | None: ...


def poll_of(watched: WatchedMessage) -> LastPoll:
    """How it stands with a message's polls now."""
    return LastPoll(
        watched.read_at,
        watched.asked_at,
        watched.fault,
        watched.fault_since,
        watched.promise,
        watched.next_due,
        watched.settled_at,
    )
