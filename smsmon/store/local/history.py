"""The history of one machine, beside a running engine: who writes it, and who follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from smsmon.clock import Clock
from smsmon.known import Key
from smsmon.store.base import Listener
from smsmon.store.errors import Busy, Damaged, DiskFull, NotWritable, StoreError
from smsmon.store.local.archive import LocalAlerts, LocalArchive
from smsmon.store.local.held import REPLACED, WRITTEN_OVER, Held, mend, remedy, set_aside
from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import of_sqlite_error
from smsmon.store.shared import NOTHING_NEW, Cursor, Newer, News, Wish
from smsmon.store.sql import exchange, queries
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import WholeFence
from smsmon.store.sql.follower import Tail, newer
from smsmon.store.sql.history import TableHistory
from smsmon.store.sql.keeper import Owner

_MENDED = "It is made anew from what it stands for; nothing is lost."

RETRY_FIRST, RETRY_MOST = 0.5, 30.0
"""Seconds from a failed write to the next try: doubled each time, up to the second number."""


class LocalKeeper:
    """The ``Keeper`` of the history at ``path``."""

    errors = (sqlite3.Error,)
    unfit = (ValueError, OverflowError, sqlite3.IntegrityError)
    apart = 0.0
    looks_only = False

    def __init__(self, path: Path) -> None:
        self.place = path
        self._held: Held | None = None
        self._inode: int | None = None
        """Of the database that was held last."""
        self._became = ""
        """What others did to its files, until that is told."""
        self._shaken = False
        """True when what was recorded last may not have arrived."""
        self._checked = False

    def said(self, error: Exception) -> StoreError:
        assert isinstance(error, sqlite3.Error)  # noqa: S101 - one of ``errors``
        return of_sqlite_error(self.place, error)

    def connected(self, owner: Owner) -> Connection:
        before = self._held
        if before is not None:
            self._became = before.look()
            if not self._became:
                return before.connection
            if self._became == REPLACED:
                self._inode = None  # what stands there now may be set aside, whatever it is
            self.close()
        held = self._held = Held(self.place)
        if self._became == WRITTEN_OVER and before and before.sequence == held.sequence:
            self._became, self._shaken = "", True  # one of ours, as far as is known
        if not self._became and self._inode not in (None, held.inode):
            self._became = REPLACED  # between two tries
        # A page that went bad in the middle shows only when it is read.
        suspect = self._became or self._shaken or not self._checked
        if suspect and mend(held.connection, self.place):
            owner.notify(Damaged(self.place, "an index of it was damaged", _MENDED))
        if self._became or self._shaken:
            owner.begin_anew()
        if self._became:
            owner.notify(StoreError(self.place, self._became, remedy(self._became)))
        self._inode, self._became = held.inode, ""
        self._checked, self._shaken = True, False
        return held.connection

    def last(self, news: News, *, once: bool) -> None:
        pass  # whoever follows sees that the file is another one

    def settle(self) -> None:
        if self._held is not None:
            self._held.settle()

    def failed(self, error: StoreError) -> None:
        self.close()
        # Of a lock, a full disk, a closed folder it is known that nothing of ours was lost.
        self._shaken = self._shaken or not isinstance(error, Busy | DiskFull | NotWritable)

    def arrived(self, owner: Owner) -> bool:
        del owner
        return False  # SQLite says whether it was

    def mended(self, error: StoreError, owner: Owner, now: float) -> bool:
        """Rename a damaged database, so that nothing of it is lost and a new one can begin."""
        if not isinstance(error, Damaged):
            return False
        kept = set_aside(self.place, self._inode, now)
        if kept is not None:  # else there is no need to
            self._inode, self._became = None, ""
            owner.begin_anew()
            kept_as = f"It is kept as {kept}; a new history has begun."
            owner.notify(Damaged(self.place, error.reason, kept_as))
        return True

    def pause(self, failures: int) -> float:
        return min(RETRY_FIRST * 2.0 ** min(failures - 1, 10), RETRY_MOST)

    def close(self) -> None:
        if self._held is not None:
            self._held.close(self._became)
        self._held = None


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
