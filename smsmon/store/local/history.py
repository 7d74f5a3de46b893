"""The history of one machine, beside a running engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from smsmon.clock import Clock
from smsmon.known import Key
from smsmon.store.base import Listener
from smsmon.store.local.alerts import LocalAlerts
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.keeper import LocalKeeper
from smsmon.store.local.reader import Reader
from smsmon.store.shared import NOTHING_NEW, Cursor, Newer, News, Wish
from smsmon.store.sql import exchange, queries
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import WholeFence
from smsmon.store.sql.follower import Tail, newer
from smsmon.store.sql.history import TableHistory

_OF_THE_DATABASE = News.POLLS | News.ALERTS | News.WISHES | News.ARRIVALS


class LocalFollower:
    """One connection that looks whether there is something new.

    While nobody writes, a look costs next to nothing: SQLite counts the changes of a database.
    """

    def __init__(self, path: Path, revisions: Mapping[Key, int]) -> None:
        """``revisions`` are those that are known, by now."""
        self._reader = Reader(path)
        self._revisions = revisions
        self._looked_at: tuple[Connection, int] | None = None

    def ring(self, callback: Callable[[], None]) -> None:
        pass  # files do not ring

    def changed(self) -> News:
        def look(connection: Connection) -> tuple[Connection, int]:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return connection, version

        before, self._looked_at = self._looked_at, self._reader.ask(look)
        return NOTHING_NEW if before == self._looked_at else _OF_THE_DATABASE

    def end(self) -> Cursor:
        return Cursor(0, self._reader.ask(queries.last_event))

    def newer(self, cursor: Cursor) -> Newer:
        return self._reader.ask(lambda db: newer(db, lambda db: _tail(db, cursor), self._revisions))

    def wishes(self) -> list[Wish]:
        return self._reader.ask(exchange.wishes)

    def close(self) -> None:
        self._looked_at = None
        self._reader.close()


def _tail(connection: Connection, since: Cursor) -> Tail:
    (sequence,) = connection.execute("SELECT sequence FROM lease").fetchone()
    if sequence < since.sequence:
        since = Cursor()  # the database is another one
    end = Cursor(sequence, queries.last_event(connection))
    return Tail(end, ("p.sequence > ?", (since.sequence,)), ("id > ?", (since.event,)))


class LocalHistory(TableHistory):
    """The ``HistoryStore`` at ``path``."""

    def __init__(
        self, path: Path, clock: Clock | None = None, listener: Listener | None = None
    ) -> None:
        super().__init__(LocalKeeper(path), LocalArchive(path), clock, listener)
        self.path = path
        self.alerts = LocalAlerts(path, self.fence)

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        self.record_by(WholeFence(ours, lost))

    def follower(self) -> LocalFollower:
        return LocalFollower(self.path, self._revisions)
