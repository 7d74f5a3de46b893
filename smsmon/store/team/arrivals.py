"""Messages that came by themselves, in a team's database: its ``ArrivalStore``."""

from __future__ import annotations

from smsmon.clock import Clock
from smsmon.store.shared import News
from smsmon.store.sql.arrivals import TableArrivals
from smsmon.store.sql.database import Connection
from smsmon.store.team.connection import Connection as TeamConnection
from smsmon.store.team.database import LINE, Database


class TeamArrivals(TableArrivals):
    """The ``ArrivalStore`` by a connection to the database: whoever listens looks at once."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        super().__init__(database, clock, f"name, {LINE}")
        self._team = database

    def _changed(self, db: Connection) -> None:
        assert isinstance(db, TeamConnection)  # noqa: S101 - of ``database``
        self._team.ring(db, News.ARRIVALS)
