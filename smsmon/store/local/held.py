"""The database that the writer has open, and checks that its files are in their places and whole.

SQLite goes on without a word in a file that has been removed: what it then writes is lost with
the process. So whoever writes looks, before each write and now and then.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from smsmon.store.errors import Damaged, of_os_error
from smsmon.store.local.files import database_of, journals_of, locked, place_of, signature
from smsmon.store.local.migrations import MIGRATIONS
from smsmon.store.local.reader import check, let_go
from smsmon.store.local.schema import connect, open_for_writing, refuse, speaking_of
from smsmon.store.sql.database import Connection

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

    Its methods raise ``sqlite3.Error``.
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
