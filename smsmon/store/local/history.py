"""The history of one machine, beside a running engine: who writes it, and who follows."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from smsmon.clock import Clock
from smsmon.known import Key
from smsmon.store.base import Listener
from smsmon.store.errors import Busy, Damaged, DiskFull, NotWritable, StoreError, of_os_error
from smsmon.store.local.archive import LocalAlerts, LocalArchive
from smsmon.store.local.files import database_of, journals_of, locked, place_of, signature
from smsmon.store.local.migrations import MIGRATIONS
from smsmon.store.local.reader import Reader, check, let_go
from smsmon.store.local.schema import (
    connect,
    of_sqlite_error,
    open_for_writing,
    refuse,
    speaking_of,
)
from smsmon.store.shared import NOTHING_NEW, Cursor, Newer, News, Wish
from smsmon.store.sql import exchange, queries
from smsmon.store.sql.database import Connection, Owner
from smsmon.store.sql.exchange import Tail, newer
from smsmon.store.sql.fence import WholeFence
from smsmon.store.sql.history import TableHistory

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


REPLACED = "it was removed, moved away or replaced while it was in use"
JOURNAL = "its journal was removed or replaced while it was in use"
CUT = "it was cut short while it was in use"
WRITTEN_OVER = "something else was written into it while it was in use"
JOURNAL_CUT = "its journal was cut short while it was in use"


def remedy(what: str) -> str:
    """What is done about what `Held.look` found."""
    more = "; older changes are in the file that was there" if what == REPLACED else ""
    return f"What is known of every watched message is recorded anew{more}."


class Held:
    """The database at ``path``, open for writing. Raises ``StoreError`` when it cannot be.

    SQLite goes on without a word in a file that has been removed: what it then writes is lost with
    the process. So whoever writes looks whether the files are in their places and whole, before
    each write and now and then. Its methods raise ``sqlite3.Error``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.connection = open_for_writing(path)
        self._version = self._one("data_version")
        self.settle()

    @property
    def inode(self) -> int | None:
        """What tells its file from another one."""
        return self._place.database and self._place.database.st_ino

    def settle(self) -> None:
        """Note how it stands, after a write of ours."""
        self._place = place_of(self._path)
        (self.sequence,) = self.connection.execute("SELECT sequence FROM lease").fetchone()

    def look(self) -> str:
        """What others did to its files, as the end of a sentence; empty when all is well.

        ``WRITTEN_OVER`` is a suspicion: it is so when the ``sequence`` is another one afterwards.
        """
        before, now = self._place, place_of(self._path)
        if not _same(before.database, now.database):
            return REPLACED
        if not (_same(before.log, now.log) and _same(before.shared, now.shared)):
            # All of them may have gone between the looks at the one and at the other.
            still = _same(before.database, place_of(self._path).database)
            return JOURNAL if still else REPLACED
        if not _size(now.database) or (
            _size(now.database) < _size(before.database)
            and _size(now.database) < self._one("page_count") * self._one("page_size")
        ):
            return CUT
        version, self._version = self._version, self._one("data_version")
        if version != self._version:
            known = self.sequence
            self.settle()
            if self.sequence < known:  # nobody who writes counts backwards
                self.sequence = known
                return WRITTEN_OVER
        else:
            if _moment(before.database) != _moment(now.database):
                return WRITTEN_OVER
            if _size(now.log) < _size(before.log):
                return JOURNAL_CUT
            self._place = now
        return ""

    def close(self, what: str = "") -> None:
        """Let go; ``what`` a look found, if it did: then what can be saved is written back.

        In our own files, which are still there for us, the journal is put into the database, so
        that it is whole by itself, whatever its name is now; but not where others have begun
        another journal for it. All connections of this process go: they share their locks.
        """
        if what:
            others = what == JOURNAL and _size(place_of(self._path).log) > 0
            if what not in (JOURNAL_CUT, WRITTEN_OVER) and not others:
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            let_go(self._path)
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()

    def _one(self, name: str) -> int:
        return int(self.connection.execute(f"PRAGMA {name}").fetchone()[0])


def _same(before: os.stat_result | None, now: os.stat_result | None) -> bool:
    return before is not None and now is not None and os.path.samestat(before, now)


def _size(found: os.stat_result | None) -> int:
    return 0 if found is None else found.st_size


def _moment(found: os.stat_result | None) -> int:
    return 0 if found is None else found.st_mtime_ns


def mend(connection: Connection, path: Path) -> bool:
    """As `check`, but where the tables are sound and an index is not, make the indexes anew.

    True when that was done. Raises ``Damaged``.
    """
    try:
        check(connection, path)
    except Damaged:
        with speaking_of(path):
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise
            try:
                connection.execute("REINDEX")
            except sqlite3.IntegrityError:
                said = ""
        if not said:
            raise
        check(connection, path)
        return True
    return False


def is_sound(path: Path) -> bool:
    """False when the database at ``path`` is damaged or another program's."""
    try:
        with (
            speaking_of(path),
            contextlib.closing(connect(database_of(path))) as connection,
        ):
            refuse(connection, path, len(MIGRATIONS))
            check(connection, path)
    except Damaged:
        return False
    return True


def set_aside(path: Path, inode: int | None, now: float) -> Path | None:
    """Rename the database at ``path``, whose file is ``inode`` if that is known; its new name.

    None when there is no need: another process was faster, or what looked like damage was a
    passing fault. Raises ``StoreError``.
    """
    with locked(path):
        current = signature(path)
        if current is None or inode not in (None, current.inode) or is_sound(path):
            return None
        return _renamed(path, now)


def _renamed(path: Path, now: float) -> Path:
    target = database_of(path)
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = target.with_name(f"{target.name}.damaged-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = target.with_name(f"{target.name}.damaged-{stamp}-{number}")
    try:
        target.rename(kept)
        for left, taken in zip(journals_of(target), journals_of(kept), strict=True):
            with contextlib.suppress(FileNotFoundError):
                left.rename(taken)
    except OSError as error:
        raise of_os_error(path, error, "write") from error
    return kept
