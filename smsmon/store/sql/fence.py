"""Leave to write what only the one may whose work it is: looked at within each transaction.

Each part of the work has a name: a message id, `known.CHIEF`, `known.account_part`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from smsmon.store.sql.database import Connection


class Superseded(Exception):
    """Another process polls by now: nothing of the transaction may be kept."""


Marked = tuple[str, int]
"""A part of the work, and the mark that something of it was heard under."""
NOT_OURS = 0
"""The mark of what is not for us to do: nothing of it is written."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What may be written in a transaction."""

    sequence: int = 0
    """The number of this recording, where recordings are numbered."""
    refused: Collection[Marked] = ()
    """What another process does by now."""


class Fence(Protocol):
    """One stretch of time as one that polls; what belongs to another is not recorded."""

    @property
    def must_begin(self) -> bool:
        """True until it was begun, where that takes a write."""

    def begin(self, connection: Connection) -> None:
        """Begin it, in a transaction of its own. Raises ``Superseded`` when it is over already."""

    def forget(self) -> None:
        """The database is another one by now: what was begun in the one before is void."""

    def mark(self, name: str) -> int:
        """What is heard now of this part of the work is recorded under this. In any thread."""

    def enter(self, connection: Connection, marks: Collection[Marked]) -> Leave:
        """What may be written of ``marks``. Within the caller's transaction.

        Raises ``Superseded`` when nothing may be.
        """

    def check(self, connection: Connection) -> None:
        """Raise ``Superseded`` unless we may write what is common to all (``CHIEF``). Within the
        caller's transaction.
        """

    def lost(self) -> None:
        """Called in the writer's thread once it was ``Superseded``."""


@dataclass(slots=True, eq=False)
class WholeFence:
    """The fence where one process does all of the work: one epoch, begun with each lease."""

    ours: Callable[[], bool] | None = None
    """Tells whether the lease is ours still; None: there is no lease, and we poll alone."""
    lost: Callable[[], None] = lambda: None
    """Called in the writer's thread when another process polls by now."""
    epoch: int | None = None
    """Begun with the first recording, and anew in another database."""

    @property
    def must_begin(self) -> bool:
        return self.ours is not None and self.epoch is None

    def begin(self, connection: Connection) -> None:
        with connection.transaction():
            # Within the transaction: who takes the lease after this look begins a later epoch.
            if self.ours is not None and not self.ours():
                raise Superseded
            begun = _begin_epoch(connection)
        self.epoch = begun

    def forget(self) -> None:
        self.epoch = None

    def mark(self, name: str) -> int:
        del name  # all of it has one epoch
        return 1

    def enter(self, connection: Connection, marks: Collection[Marked]) -> Leave:
        del marks
        return Leave(self._check(connection, 1))

    def check(self, connection: Connection) -> None:
        self._check(connection, 0)

    def _check(self, connection: Connection, more: int) -> int:
        """Check that it still runs; gives the number of the recording, so many ``more``."""
        # Written first: until the transaction is over, nobody else begins an epoch.
        connection.execute("UPDATE lease SET sequence = sequence + ?", (more,))
        epoch, sequence = connection.execute("SELECT epoch, sequence FROM lease").fetchone()
        if self.epoch not in (None, epoch):
            raise Superseded
        return int(sequence)


def _begin_epoch(connection: Connection) -> int:
    """Begin a new epoch: recordings of all earlier ones are refused from now on."""
    connection.execute("UPDATE lease SET epoch = epoch + 1")
    (epoch,) = connection.execute("SELECT epoch FROM lease").fetchone()
    return int(epoch)
