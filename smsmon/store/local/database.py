"""``history.db`` for whoever asks often and writes now and then (`store.sql.database.Database`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import writing
from smsmon.store.sql.database import Connection

T = TypeVar("T")


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
