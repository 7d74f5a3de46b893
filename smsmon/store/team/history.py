"""The history of a team, beside a running engine.

Numbers and moments commit out of order, transactions are seen whole or not at all. So a cursor is a
snapshot: newer is what was written by transactions that could not be seen in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from smsmon.clock import Clock
from smsmon.known import CHIEF, Key
from smsmon.store.base import Listener
from smsmon.store.errors import Unreachable
from smsmon.store.parts import PartialLease
from smsmon.store.shared import Cursor, Newer, News, Wish
from smsmon.store.sql import exchange, queries
from smsmon.store.sql.database import Connection
from smsmon.store.sql.exchange import Tail, newer
from smsmon.store.sql.fence import Leave, Marked, Superseded, WholeFence
from smsmon.store.sql.history import TableHistory
from smsmon.store.team.archive import TeamAlerts, TeamArchive
from smsmon.store.team.bell import EVERYTHING
from smsmon.store.team.connection import Connection as TeamConnection
from smsmon.store.team.database import TIME_LINE, Database, server_of
from smsmon.store.team.keeper import TeamKeeper
from smsmon.store.team.renewal import Mark, Renewal

if TYPE_CHECKING:
    from smsmon.store.parts import PartialLease

_MARK = (
    f"SELECT {TIME_LINE}, pg_current_snapshot()::text,"
    " set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
)
"""With it what holds for the rest of the transaction: a few rows are sought by their transactions,
and where the server has no statistics yet, it would read whole tables for them."""
_UNSEEN = "xid >= ? AND NOT pg_visible_in_snapshot(xid, ?::pg_snapshot)"


class TeamFollower:
    """The ``Follower`` of a team's database, by a connection and the bell of the process.

    While nobody writes, a look costs nothing; the database is asked every 30 seconds, every two
    where the bell does not work.
    """

    def __init__(self, database: Database, revisions: Mapping[Key, int]) -> None:
        """``revisions`` are those that are known, by now."""
        self._database = database
        self._bell = database.access.bell
        self._revisions = revisions
        self._recipients = Renewal()
        self._missed = False
        """There was something to look at, and the database did not say what."""

    def ring(self, callback: Callable[[], None]) -> None:
        self._bell.listen(callback)
        self._bell.begin()

    def changed(self) -> News:
        self._bell.begin()
        news = self._bell.take()
        if news == EVERYTHING or self._missed:
            self._missed = True
            self._database.ask(lambda db: self._bell.test(db.execute))
            news, self._missed = EVERYTHING, False
        return news

    def end(self) -> Cursor:
        return self._database.ask(lambda db: Cursor(0, queries.last_event(db), _mark(db)))

    def newer(self, cursor: Cursor) -> Newer:
        def look(connection: TeamConnection) -> Newer:
            tail = _tail(connection, cursor)
            self._recipients.at(Mark.of(tail.cursor.mark))
            return newer(connection, lambda _: tail, self._revisions, self._recipients)

        try:
            return self._database.ask(look)
        except Unreachable:
            self._missed = True
            raise

    def wishes(self) -> list[Wish]:
        return self._database.ask(exchange.wishes)

    def close(self) -> None:
        self._bell.close()
        self._database.close()


def _mark(connection: TeamConnection) -> str:
    line, snapshot, *_ = connection.execute(_MARK).fetchone()  # type: ignore[misc]
    return f"{server_of(connection)}/{line} {snapshot}"


def _tail(connection: TeamConnection, since: Cursor) -> Tail:
    seen, mark = Mark.of(since.mark), _mark(connection)
    unseen = _UNSEEN, (seen.oldest, seen.snapshot)
    same = Mark.of(mark).line == seen.line
    # What another server has may be older or newer than what is known, whatever its numbers say.
    events = unseen if same else ("id > ?", (since.event,))
    end = Cursor(1, since.event, mark)
    return Tail(end, unseen if same and since.sequence else ("1 = 1", ()), events)


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
