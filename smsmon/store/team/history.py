"""The history of a team, beside a running engine."""

from __future__ import annotations

from collections.abc import Callable

from smsmon.clock import Clock
from smsmon.store.base import Listener
from smsmon.store.sql.history import TableHistory
from smsmon.store.sql.term import Term
from smsmon.store.team.alerts import TeamAlerts
from smsmon.store.team.archive import TeamArchive
from smsmon.store.team.database import Access, Database
from smsmon.store.team.fence import PartsFence, Tenure
from smsmon.store.team.follower import TeamFollower
from smsmon.store.team.keeper import TeamKeeper


class TeamHistory(TableHistory):
    """The ``HistoryStore`` in a team's database."""

    def __init__(
        self,
        access: Access,
        work: Database,
        tenure: Callable[[], Tenure | None],
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        """``work`` is the connection for what is short; ``tenure`` gives what this process has of
        the work, where it shares it with others.
        """
        super().__init__(TeamKeeper(access), Term(), TeamArchive(access), clock, listener)
        self.alerts = TeamAlerts(work, self.fence)
        self._access = access
        self._tenure = tenure
        access.reach.listen(self.hurry)

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        tenure = self._tenure()
        self.record_by(PartsFence(tenure, lost) if tenure is not None else Term(ours, lost))

    def record_alone(self) -> None:
        self.record_by(Term())

    def follow(self) -> None:
        self.record_by(None)

    def follower(self) -> TeamFollower:
        return TeamFollower(self._access, self._revisions)
