"""What ``smsmon history`` does: tell about the history, drop what is old, give room back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smsmon.model import Entry
from smsmon.store.local import queries
from smsmon.store.local.files import database_of, journals_of
from smsmon.store.local.reader import Reader
from smsmon.store.local.recording import Recording
from smsmon.store.local.schema import open_for_writing, speaking_of, transaction
from smsmon.store.local.soundness import check
from smsmon.store.remembered import Info

Row = tuple[int, ...]

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

    ``watched`` is the watchlist: what is missing from it counts as removed from now on. Whoever
    asks for it has looked at the clock (see ``doubt``). Raises ``StoreError``.
    """
    limit = _ms(now - days * DAY)
    with _writing(path) as connection:
        with transaction(connection):
            Recording(connection).watching(watched, now)
        return _drop(connection, limit, "removed_at <= ?", (limit,))


def retire(
    path: Path, watched: Sequence[Entry], now: float, days: float = RETENTION_DAYS
) -> Pruned:
    """The same, by itself: nothing is dropped because of one look at a clock.

    A message has to be found old enough by our clock, and again later, when our clock and the
    server's agreed that it is. Where no server ever told its time, nothing is dropped.
    """
    limit = _ms(now - days * DAY)
    with _writing(path) as connection:
        with transaction(connection):
            Recording(connection).watching(watched, now)
            connection.execute(
                "UPDATE message SET due_at = iif(removed_at <= :limit, ifnull(due_at, :now), NULL)"
                " WHERE due_at IS NOT NULL OR removed_at <= :limit",
                {"limit": limit, "now": _ms(now)},
            )
            (agreed,) = connection.execute("SELECT agreed_at FROM clock").fetchone()
        if agreed is None:
            return Pruned(0, 0, 0, 0)
        limit = min(limit, agreed - _ms(days * DAY))
        return _drop(connection, limit, "removed_at <= ? AND due_at < ?", (limit, agreed))


def doubt(path: Path, now: float, days: float = RETENTION_DAYS) -> str:
    """Why the clock should be looked at before ``prune`` drops anything by it; empty when it is
    near what was recorded last. Raises ``StoreError``.
    """
    with Reader(path) as reader:
        last = reader.ask(queries.last_moment)
    if last is None or now - last <= max(DAY, days * DAY / 3):
        return ""
    return f"The clock says {_day(now)}, and the history was last written on {_day(last)}."


def _drop(connection: sqlite3.Connection, limit: int, which: str, values: Row) -> Pruned:
    """Drop messages, one transaction each, so that open consoles are not held up; and the log's
    lines up to ``limit`` of messages that are not kept.
    """
    recipients = changes = 0
    old = connection.execute(f"SELECT id FROM message WHERE {which}", values).fetchall()  # noqa: S608
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


def _ms(moment: float) -> int:
    return round(moment * 1000)


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
