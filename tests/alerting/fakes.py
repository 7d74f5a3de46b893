"""What stands in for the parts around alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from smsmon.alerting.book import AlertRecord
from smsmon.alerts import About, Episode, Severity, Subject
from smsmon.store.alerts import AlertStore
from smsmon.store.errors import StoreError
from tests.support.clock import START

T = TypeVar("T")


class InTurn(AlertRecord):
    """Asks the store in the loop itself, so that a virtual clock waits for it; fails if told so."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self.fails = False
        self.asked = 0

    async def ask(self, question: Callable[[AlertStore], T]) -> T:
        await asyncio.sleep(0)
        self.asked += 1
        if self.fails:
            raise StoreError(Path("history.db"), "the disk is full", "Free some room.")
        return question(self._store)

    def close(self) -> None:
        """There is nothing to let go."""


def about(name: str) -> Subject:
    """One message as a subject."""
    return Subject(About.MESSAGE, name, "default")


def episode(
    name: str = "300",
    rule: str = "losses",
    severity: Severity = Severity.WARNING,
    *,
    fired_at: float = START,
    old: bool = False,
    tags: tuple[str, ...] = (),
) -> Episode:
    """An alert of a message that fires."""
    return Episode(rule, about(name), severity, "x>1", fired_at, fired_at, tags=tags, old=old)
