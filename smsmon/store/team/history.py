"""The history of a team, beside a running engine."""

from __future__ import annotations

from collections.abc import Callable

from smsmon.clock import Clock
from smsmon.store.base import Listener
from smsmon.store.parts import PartialLease
from smsmon.store.sql.fence import WholeFence
from smsmon.store.sql.history import TableHistory
from smsmon.store.team.alerts import TeamAlerts
from smsmon.store.team.archive import TeamArchive
from smsmon.store.team.database import Database
from smsmon.store.team.fence import PartsFence
from smsmon.store.team.follower import TeamFollower
from smsmon.store.team.keeper import TeamKeeper


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
