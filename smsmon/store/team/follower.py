"""Looks at what other processes record in a team's database, when the bell rings.

Numbers and moments commit out of order, transactions are seen whole or not at all. So a cursor is a
snapshot: newer is what was written by transactions that could not be seen in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from smsmon.known import Key
from smsmon.store.errors import Unreachable
from smsmon.store.shared import Cursor, Newer, News, Wish
from smsmon.store.sql import exchange, queries
from smsmon.store.sql.database import Connection
from smsmon.store.sql.follower import Tail, newer
from smsmon.store.team.bell import EVERYTHING
from smsmon.store.team.database import LINE, Database

_MARK = (
    f"SELECT {LINE}, pg_current_snapshot()::text,"
    " set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
)
"""With it what holds for the rest of the transaction: a few rows are sought by their transactions,
and where the server has no statistics yet, it would read whole tables for them."""
_NEWEST = "SELECT coalesce(max(id + 0), 0) FROM event"
"""Not ``max(id)``: that is sought from the newest event back, to the oldest if none is new."""
_UNSEEN = "xid >= ? AND NOT pg_visible_in_snapshot(xid, ?::pg_snapshot)"


class _Mark(NamedTuple):
    """Where a cursor stands, as its text has it."""

    line: str
    """Of which server, and which of its time lines (see ``LINE``)."""
    snapshot: str

    @classmethod
    def of(cls, text: str) -> _Mark:
        return cls(*text.split(" "))

    @property
    def oldest(self) -> int:
        """The oldest transaction that may not have been seen."""
        return int(self.snapshot.split(":")[0])


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
        try:
            return self._database.ask(
                lambda db: newer(db, lambda db: _tail(db, cursor), self._revisions)
            )
        except Unreachable:
            self._missed = True
            raise

    def wishes(self) -> list[Wish]:
        return self._database.ask(exchange.wishes)

    def close(self) -> None:
        self._bell.close()
        self._database.close()


def _mark(connection: Connection) -> str:
    server, line, snapshot, *_ = connection.execute(_MARK).fetchone()
    return f"{server}/{line} {snapshot}"


def _tail(connection: Connection, since: Cursor) -> Tail:
    seen, mark = _Mark.of(since.mark), _mark(connection)
    unseen = _UNSEEN, (seen.oldest, seen.snapshot)
    same = _Mark.of(mark).line == seen.line
    # What another server has may be older or newer than what is known, whatever its numbers say.
    events = unseen if same else ("id > ?", (since.event,))
    (newest,) = connection.execute(f"{_NEWEST} WHERE {events[0]}", events[1]).fetchone()
    end = Cursor(1, max(newest, since.event), mark)
    return Tail(end, unseen if same and since.sequence else ("1 = 1", ()), events)
