"""The fence where one process does all of the work: one epoch, begun with each lease."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import Leave, Marked, Superseded


@dataclass(slots=True, eq=False)
class Term:
    """One stretch of time as the one that polls."""

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
