"""What a running engine tells a history about a poll and its message, as the history needs it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Protocol

from smsmon.known import LastPoll
from smsmon.model import Entry, Event, Fault, Transition
from smsmon.recipients import Recipients


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
