"""Leave to write what only the one that polls may: looked at within each transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from smsmon.store.sql.database import Connection


class Superseded(Exception):
    """Another process polls by now: nothing of the transaction may be kept."""


Marked = tuple[str, int]
"""A message id, and the mark that a report of it was heard under."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What may be written in a transaction."""

    sequence: int = 0
    """The number of this recording, where recordings are numbered."""
    common: bool = True
    """True: also what is common to all messages: accounts, balances, what is watched."""
    refused: Collection[Marked] = ()
    """What was heard of messages that another process polls by now."""


class Fence(Protocol):
    """One stretch of time as one that polls; what belongs to another is not recorded."""

    @property
    def must_begin(self) -> bool:
        """True until it was begun, where that takes a write."""
        ...

    def begin(self, connection: Connection) -> None:
        """Begin it, in a transaction of its own. Raises ``Superseded`` when it is over already."""
        ...

    def forget(self) -> None:
        """The database is another one by now: what was begun in the one before is void."""
        ...

    def mark(self, message_id: str) -> int:
        """What a report of this message that is heard now is recorded under. In any thread."""
        ...

    def enter(self, connection: Connection, marks: Collection[Marked], *, common: bool) -> Leave:
        """What may be written of the messages of ``marks``, and of what is ``common`` if there is
        any. Within the caller's transaction.

        Raises ``Superseded`` when nothing may be.
        """
        ...

    def check(self, connection: Connection) -> None:
        """Raise ``Superseded`` unless what is common may be written. Within the caller's
        transaction.
        """
        ...

    def lost(self) -> None:
        """Called in the writer's thread once it was ``Superseded``."""
        ...
