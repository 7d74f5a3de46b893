"""The history of a team, beside a running engine."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from smsmon.clock import Clock
from smsmon.known import CHIEF
from smsmon.store.base import Listener
from smsmon.store.parts import PartialLease
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import Leave, Marked, Superseded, WholeFence
from smsmon.store.sql.history import TableHistory
from smsmon.store.team.alerts import TeamAlerts
from smsmon.store.team.archive import TeamArchive
from smsmon.store.team.database import Database
from smsmon.store.team.follower import TeamFollower
from smsmon.store.team.keeper import TeamKeeper

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


class TeamHistory(TableHistory):
    """The ``HistoryStore`` in a team's database."""

    def __init__(
        self,
        work: Database,
        sharing: Database,
        lease: Callable[[], PartialLease | None],
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        """``work`` is the connection for what is short, ``sharing`` that of who looks at what
        others do; ``lease`` gives that of this process, once it has asked for one.
        """
        access = work.access
        super().__init__(TeamKeeper(access), TeamArchive(access), clock, listener)
        self.alerts = TeamAlerts(work, self.fence)
        self._sharing = sharing
        self._lease = lease
        access.reach.listen(self.hurry)

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        lease = self._lease()
        self.record_by(PartsFence(lease, lost) if lease is not None else WholeFence(ours, lost))

    def follower(self) -> TeamFollower:
        return TeamFollower(self._sharing, self._revisions)
