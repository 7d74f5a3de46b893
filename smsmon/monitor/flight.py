"""What a poller keeps of its messages and of the requests under way."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from dataclasses import dataclass
from math import inf
from typing import Protocol

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
