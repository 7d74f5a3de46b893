"""What a poller keeps of its messages and of the requests under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from dataclasses import dataclass
from math import inf
from typing import Protocol, runtime_checkable

from smsmon.model import Report, Unchanged
from smsmon.monitor.agenda import Turn


class Everything:
    """Holds every message: nobody else polls any."""

    def __contains__(self, message_id: object) -> bool:
        return True


EVERYTHING = Everything()
NOTHING: Container[str] = frozenset()
"""Holds no message: others poll."""


class StatusSource(Protocol):
    """Where reports come from: the API's client, or a fake."""

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        """One report; ``Unchanged`` when the answer's digest is ``known``. Raises ReadError."""
        ...


@runtime_checkable
class RepeatingSource(Protocol):
    """A source that may send a request a second time, on another connection."""

    def ask_before_repeating(self, may_repeat: Callable[[], bool]) -> None:
        """Have ``may_repeat`` asked each time. True allows it, and counts one request."""
        ...


def bounded(source: StatusSource, may_repeat: Callable[[], bool]) -> StatusSource:
    """``source``, which asks ``may_repeat`` from now on if it repeats requests."""
    if isinstance(source, RepeatingSource):
        source.ask_before_repeating(may_repeat)
    return source


@dataclass(slots=True, eq=False)
class Polled:
    """What the poller keeps of one message."""

    missing: int = 0
    """"Not found" answers in a row."""
    failures: int = 0
    """Other faults in a row that were its own."""


@dataclass(slots=True, eq=False)
class Flight:
    """One request under way."""

    message: Polled
    source: StatusSource
    probe: bool
    """It went out while the account was down."""
    left: float
    """Monotonic time at which it went out."""
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What to poll now."""

    message_id: str
    turn: Turn | None
    """Its place in the agenda, when that is why."""
    waited: float
    """Its bid for the budget: how long it has waited for its kind; inf when it is urgent."""

    @property
    def urgent(self) -> bool:
        return self.waited == inf
