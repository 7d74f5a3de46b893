"""Reads ``history.db``: opened when first asked, again when another one takes its place."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar
from weakref import WeakSet

from smsmon.store.errors import Damaged
from smsmon.store.local.files import place_of
from smsmon.store.local.migrations import MIGRATIONS
from smsmon.store.local.schema import (
    LEFT,
    LocalConnection,
    empty,
    of_sqlite_error,
    open_for_reading,
    speaking_of,
    stands_in,
    writing,
)
from smsmon.store.sql.database import Connection
from smsmon.text import safe

T = TypeVar("T")

_READERS: WeakSet[Reader] = WeakSet()
_STEPS = 20_000
"""Steps of SQLite's machine between two looks whether the answer is still wanted: some 0.5 ms."""

_COLUMNS = (
    "SELECT made.name, told.name FROM sqlite_master made, pragma_table_info(made.name) told"
    " WHERE made.type = 'table'"
)


class Reader:
    """One read-only connection, for one thread at a time.

        with Reader(path) as reader:
            found = reader.ask(lambda connection: find_number(connection, "06 12 34 56 78"))

    No file yet is an empty history.
    """

    def __init__(self, path: Path, *, checked: bool = False) -> None:
        """``checked``: look first whether it is sound; a damaged index answers without a word."""
        self.path = path
        self._checked = checked
        self._connection: LocalConnection | None = None
        self._inodes: tuple[int | None, ...] | None = None
        self._alone = threading.RLock()
        self.unwanted: Callable[[], bool] | None = None
        """Asked now and then whether an answer is wanted no more; it is then not given."""
        _READERS.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: Callable[[LocalConnection], T]) -> T:
        """The answer to ``question``. Raises ``StoreError``, also when it is ``unwanted``."""
        with self._alone, self._speaking():
            return question(self._connected())

    def each(self, question: Callable[[LocalConnection], Iterator[T]]) -> Iterator[T]:
        """The answers that ``question`` gives one by one. Raises ``StoreError``."""
        with self._alone, self._speaking():
            yield from question(self._connected())

    def interrupt(self) -> None:
        """SQLite asks by itself whether an answer is ``unwanted``."""

    def close(self) -> None:
        """Let go of the database; the next question opens it again."""
        with self._alone:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            raise of_sqlite_error(self.path, error) from error

    def _connected(self) -> LocalConnection:
        inodes = _inodes(self.path)
        if self._connection is None or inodes is None or inodes != self._inodes:
            self.close()
            self._connection = open_for_reading(self.path)
            if self._checked:
                check(self._connection, self.path)
            # What stands in for a file is asked once: the file may be made or migrated meanwhile.
            self._inodes = None if stands_in(self._connection) else _inodes(self.path)
        self._connection.set_progress_handler(self.unwanted, _STEPS)
        return self._connection


def check(connection: Connection, path: Path) -> None:
    """Read every page once, and look whether each index agrees with its table, and all are there.

    Half a second for a million recipients. Raises ``Damaged`` when something makes no sense.
    """
    with speaking_of(path), contextlib.closing(empty(path)) as whole:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == len(MIGRATIONS):
            for table, column in set(whole.execute(_COLUMNS)) - set(connection.execute(_COLUMNS)):
                said = f"{table}.{column} is missing"
    if said != "ok":
        raise Damaged(path, f"the file is damaged ({safe(said)})", LEFT)


def let_go(path: Path) -> None:
    """Close the connections that readers of this process have to the database at ``path``.

    Waits for questions that are being answered. What SQLite knows of a database's locks it
    shares within a process: while one connection is left, another cannot begin anew.
    """
    for reader in list(_READERS):
        if reader.path == path:
            reader.close()


def _inodes(path: Path) -> tuple[int | None, ...] | None:
    """What tells a database and its journals from others of that name; None without one."""
    database, log, shared = place_of(path)
    return database and (database.st_ino, log and log.st_ino, shared and shared.st_ino)


class LocalDatabase:
    """Reads by one connection that stays open, and opens another one for each write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = Reader(path)

    def ask(self, question: Callable[[Connection], T]) -> T:
        def whole(connection: Connection) -> T:
            with connection.snapshot():
                return question(connection)

        return self._reader.ask(whole)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with writing(self._path) as connection, connection.transaction():
            yield connection
