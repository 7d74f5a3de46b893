"""What ``history.db`` holds, asked and looked after: the ``Archive`` of the local store."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from smsmon.model import Entry
from smsmon.store.local.files import database_of, is_there, journals_of
from smsmon.store.local.reader import Reader, check
from smsmon.store.local.schema import version_of, writing
from smsmon.store.past import Info, Pruned
from smsmon.store.sql import care
from smsmon.store.sql.archive import TableArchive


class LocalArchive(Reader, TableArchive):
    """The history at ``path``; no file yet is an empty one."""

    def info(self) -> Info:
        return self.ask(lambda db: care.info(db, str(self.path), size(self.path), version_of(db)))

    def doubt(self, now: float, days: float) -> str:
        with Reader(self.path) as reader:
            return reader.ask(lambda db: care.doubt(db, now, days))

    def prune(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        with writing(self.path) as connection:
            return care.prune(connection, watched, now, days)

    def retire(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        if not is_there(self.path):
            return Pruned()
        with writing(self.path) as connection:
            return care.retire(connection, watched, now, days)

    def vacuum(self) -> tuple[int, int]:
        """Rewrite the database without gaps: needs as much free disk again for the while."""
        before = size(self.path)
        with writing(self.path) as connection:
            check(connection, self.path)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, size(self.path)


def size(path: Path) -> int:
    """Bytes on disk of the database and its journals."""
    database = database_of(path)
    total = 0
    for each in (database, *journals_of(database)):
        with contextlib.suppress(FileNotFoundError):
            total += each.stat().st_size
    return total
