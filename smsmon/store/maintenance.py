"""What ``smsmon history`` does: tell about the history, drop what is old, give room back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smsmon.model import Entry
from smsmon.store import queries
from smsmon.store.files import database_of, journals_of
from smsmon.store.reader import Reader
from smsmon.store.recording import Recording
from smsmon.store.remembered import Info
from smsmon.store.schema import open_for_writing, speaking_of, transaction
from smsmon.store.soundness import check

DAY = 86_400.0
RETENTION_DAYS = 90
"""Days that a message is kept after it left the watchlist, unless the settings say otherwise."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What ``prune`` dropped."""

    messages: int
    recipients: int
    changes: int
    events: int


def info(path: Path) -> Info:
    """What is in the history, once it is found to be sound. Raises ``StoreError``."""
    with Reader(path, checked=True) as reader:
        return reader.ask(lambda connection: queries.info(connection, size(path)))


def prune(path: Path, watched: Sequence[Entry], now: float, days: float = RETENTION_DAYS) -> Pruned:
    """Drop messages that left the watchlist more than ``days`` days ago, and the log's lines of
    that age that concern no message still kept.

    ``watched`` is the watchlist: what is missing from it counts as removed from now on. One
    transaction a message, so that open consoles are not held up. Raises ``StoreError``.
    """
    limit = round((now - days * DAY) * 1000)
    recipients = changes = 0
    with _writing(path) as connection:
        with transaction(connection):
            Recording(connection).watching(watched, now)
        old = connection.execute(
            "SELECT id FROM message WHERE removed_at <= ?", (limit,)
        ).fetchall()
        for row in old:
            with transaction(connection):
                changes += connection.execute("DELETE FROM change WHERE message = ?", row).rowcount
                recipients += connection.execute(
                    "DELETE FROM recipient WHERE message = ?", row
                ).rowcount
                connection.execute("DELETE FROM message WHERE id = ?", row)
        with transaction(connection):
            events = connection.execute(
                "DELETE FROM event WHERE at <= ? AND (message_id IS NULL"
                " OR message_id NOT IN (SELECT message_id FROM message))",
                (limit,),
            ).rowcount
    return Pruned(len(old), recipients, changes, events)


def vacuum(path: Path) -> tuple[int, int]:
    """Rewrite the database without gaps; bytes before and after. Raises ``StoreError``.

    Needs as much free disk again for the while.
    """
    before = size(path)
    with _writing(path) as connection:
        check(connection, path)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, size(path)


def size(path: Path) -> int:
    """Bytes on disk of the database and its journals."""
    database = database_of(path)
    total = 0
    for each in (database, *journals_of(database)):
        with contextlib.suppress(FileNotFoundError):
            total += each.stat().st_size
    return total


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_for_writing(path)
    try:
        with speaking_of(path):
            yield connection
    finally:
        connection.close()
