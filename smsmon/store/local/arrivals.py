"""What ``history.db`` keeps of messages that came by themselves: the local ``ArrivalStore``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from smsmon.clock import Clock
from smsmon.model import Entry
from smsmon.store.arrivals import Arrivals
from smsmon.store.local.files import is_there
from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import writing
from smsmon.store.sql.arrivals import TableArrivals
from smsmon.store.sql.database import Connection

T = TypeVar("T")


class LocalArrivals(TableArrivals):
    """The ``ArrivalStore`` at ``path``; no file yet holds none."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        super().__init__(_Database(path), clock)
        self._path = path

    def load(self) -> list[Entry]:
        return super().load() if is_there(self._path) else []

    def newer(self) -> Arrivals | None:
        return super().newer() if self._line or is_there(self._path) else None

    def position(self, reader: str) -> str:
        return super().position(reader) if is_there(self._path) else ""


class _Database:
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
