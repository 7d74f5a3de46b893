"""Reports and boards for the tests of the history: what a console does to it, without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

from smsmon.clock import Clock
from smsmon.known import Remembered
from smsmon.model import Arrival, Entry, Report
from smsmon.monitor.board import Board
from smsmon.monitor.state import Applied, Watched
from smsmon.recipients import Recipient, Recipients, Status, status_of
from smsmon.store.base import Listener, Outdated
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.history import LocalHistory
from smsmon.store.past import Info

START = 1_795_348_800.0
"""2026-11-22 12:00 UTC."""
WORDS = {
    Status.WAITING: "Waiting",
    Status.DELIVERED: "Delivered",
    Status.NOT_DELIVERED: "Not delivered",
    Status.UNKNOWN: "Perhaps",
}


def phone(number: int) -> str:
    """The ``number``-th phone of the tests."""
    return f"+336{number:08d}"


def row(
    number: int | str,
    word: str = "Waiting",
    stop: bool | None = False,
    date: int | None = int(START),
) -> Recipient:
    """One recipient of a report."""
    text = number if isinstance(number, str) else phone(number)
    return Recipient(text, status_of(word), word, stop, date)


def report(
    message_id: str, rows: Sequence[Recipient], at: float, asked_at: float | None = None
) -> Report:
    """The answer of ``at`` that lists ``rows``, in their order; asked for then, or earlier."""
    asked = at if asked_at is None else asked_at
    return Report(message_id, Recipients.of(rows), repr(rows).encode(), asked, at)


class RecordedBoard:
    """A board whose answers are recorded, as an engine has them."""

    def __init__(self, record: Callable[[Applied, Watched], None]) -> None:
        self.board = Board()
        self._record = record

    def watch(
        self,
        message_id: str,
        remembered: Remembered | None = None,
        *,
        label: str = "",
        tags: Sequence[str] = (),
        profile: str = "default",
        arrival: Arrival | None = None,
        added_at: float = START,
    ) -> None:
        """Watch a message, from what the history gave if it did."""
        entry = Entry(
            message_id, label, tuple(tags), added_at=added_at, profile=profile, arrival=arrival
        )
        if remembered is None:
            self.board.watch(entry, START)
        else:
            self.board.restore(entry, remembered, START)

    def poll(
        self,
        message_id: str,
        rows: Sequence[Recipient],
        at: float,
        asked_at: float | None = None,
    ) -> Applied:
        """Apply and record one answer, asked for in the moment it came unless told otherwise."""
        applied = self.board.apply(report(message_id, rows, at, asked_at), at)
        self._record(applied, self.board[message_id])
        return applied


class Console(RecordedBoard):
    """A board and a writer, as a console ties them."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock | None = None,
        listener: Listener | None = None,
        anew: Callable[[], object] = lambda: None,
        outdated: Outdated = lambda _: None,
    ) -> None:
        self.writer = LocalHistory(path, clock, listener)
        super().__init__(self.writer.record)
        self.writer.begin(anew, outdated)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self.writer.end()
        except Exception:
            if kind is None:
                raise


def rows_of(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """What ``query`` finds, with bare SQLite."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()


def changes(path: Path) -> list[tuple[object, ...]]:
    """Every change: message, slot, from, to, STOP, moment in seconds from ``START``."""
    return rows_of(
        path,
        "SELECT m.message_id, slot, before, after, stop_after, observed_at / 1000.0 - ?"
        " FROM change JOIN message m ON m.id = message ORDER BY observed_at, message, slot",
        START,
    )


def info(path: Path) -> Info:
    """What ``smsmon history info`` tells, once the database is found to be sound."""
    with LocalArchive(path, checked=True) as archive:
        return archive.info()


def sound(path: Path) -> bool:
    """True when SQLite finds nothing wrong with the database."""
    return rows_of(path, "PRAGMA integrity_check") == [("ok",)]


def counted() -> Iterator[float]:
    """Moments a second apart."""
    at = START
    while True:
        at += 1
        yield at
