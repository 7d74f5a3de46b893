"""The fence of a team's store: each part of the work is its owner's, in a row of the database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from smsmon.known import CHIEF
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import Leave, Marked, Superseded

if TYPE_CHECKING:
    from smsmon.store.parts import PartialLease

# Who takes a part over changes its row: that has to wait until the transaction is over.
_OURS = (
    "SELECT message_id, epoch FROM message_lease WHERE owner = ? AND message_id = ANY(?) FOR SHARE"
)


class PartsFence:
    """What is heard of a part of the work is written while it is ours in the same epoch."""

    must_begin = False

    def __init__(self, lease: PartialLease, lost: Callable[[], None] = lambda: None) -> None:
        """``lost`` is called when the database says of something that we take for ours that it is
        not.
        """
        self._lease = lease
        self.lost = lost

    def begin(self, connection: Connection) -> None:
        del connection  # whoever takes a part begins its epoch

    def forget(self) -> None:
        pass  # the rows of another database say what holds there

    def mark(self, name: str) -> int:
        return self._lease.epoch(name)

    def enter(self, connection: Connection, marks: Collection[Marked]) -> Leave:
        names = sorted({name for name, mark in marks if mark})
        held = connection.execute(_OURS, (self._lease.owner, names)).fetchall() if names else ()
        refused = set(marks) - {(name, epoch) for name, epoch in held}
        if any(mark and self._lease.epoch(name) == mark for name, mark in refused):
            self.lost()
        return Leave(refused=refused)

    def check(self, connection: Connection) -> None:
        mark = self.mark(CHIEF)
        if not mark or self.enter(connection, [(CHIEF, mark)]).refused:
            raise Superseded
