"""What ``history.db`` holds: asked, looked after and copied, its alerts among it."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from smsmon.model import Entry
from smsmon.store.local.files import database_of, is_there, journals_of
from smsmon.store.local.reader import Reader, check
from smsmon.store.local.schema import open_for_reading, speaking_of, version_of, writing
from smsmon.store.past import Info, Pruned
from smsmon.store.sql import care
from smsmon.store.sql.alerts import CLAIM_LASTS, TableAlerts, nobody_polls
from smsmon.store.sql.archive import TableArchive
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import Fence

if TYPE_CHECKING:
    from smsmon.store.local import LocalStore
    from smsmon.store.local.watchlist import Watchlist


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


T = TypeVar("T")


class LocalAlerts(TableAlerts):
    """The ``AlertStore`` at ``path``."""

    def __init__(self, path: Path, fence: Callable[[], Fence] = nobody_polls) -> None:
        claimant = f"{os.getpid()} {os.urandom(8).hex()}"
        super().__init__(_Database(path), claimant, _may_live, fence)


class _Database:
    """Opens the history at ``path`` for each piece of work."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, question: Callable[[Connection], T]) -> T:
        with Reader(self._path) as reader:
            return reader.ask(question)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with writing(self._path) as connection, connection.transaction():
            yield connection


def _may_live(_: Connection, claimant: str, age: float) -> bool:
    """False once the process that took something on has ended for sure, or had its time."""
    if age >= CLAIM_LASTS:
        return False
    pid = int(claimant.partition(" ")[0] or 0)
    if pid in (0, os.getpid()):  # one before us had our number
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


class LocalWhole:
    """All that the local store keeps, for a copy of it (`store.sql.copying.Whole`)."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        self._history = store.files["history"]

    @property
    def where(self) -> str:
        return str(self._history)

    def identity(self) -> str:
        return f"{socket.gethostname()} {self._history}"

    def watchlist(self) -> Watchlist:
        from smsmon.store.local.watchlist import Watchlist

        return Watchlist(self.store.files["watchlist"])

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with closing(open_for_reading(self._history)) as connection, speaking_of(self._history):
            yield connection

    @contextmanager
    def filling(self, span: tuple[int, int] | None) -> Iterator[Connection]:
        from smsmon.store.sql.arrivals import LAST_ARRIVAL

        del span
        with writing(self._history) as connection:
            yield connection
            # What is recorded next has a number above all those that came.
            connection.execute(
                "UPDATE lease SET sequence ="
                " max(sequence, (SELECT coalesce(max(sequence), 0) FROM last_poll))"
            )
            connection.execute(LAST_ARRIVAL)

    def pollers(self) -> Sequence[str]:
        from smsmon.clock import SystemClock

        lease = self.store.lease(SystemClock(), "command")
        lease.look()
        return [str(lease.holder)] if lease.holder else []
