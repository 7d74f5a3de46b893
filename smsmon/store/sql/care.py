"""The care for the history: how much is in it, and what is dropped when it is old."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from smsmon.model import Entry
from smsmon.store.past import RETIRED_AT_ONCE, Info, Pruned
from smsmon.store.sql import noted
from smsmon.store.sql.columns import ms, seconds
from smsmon.store.sql.database import Connection, Row, marks
from smsmon.times import DAY


def info(connection: Connection, where: str, bytes: int, version: int) -> Info:
    """What is in it; ``where`` it is, how many ``bytes`` it takes there, its ``version``."""

    def one(query: str) -> int:
        (found,) = connection.execute(query).fetchone()
        return int(found)

    (oldest,) = connection.execute("SELECT min(first_read_at) FROM message").fetchone()
    return Info(
        where=where,
        bytes=bytes,
        version=version,
        messages=one("SELECT count(*) FROM message"),
        removed=one("SELECT count(*) FROM message WHERE removed_at IS NOT NULL"),
        recipients=one("SELECT count(*) FROM recipient"),
        changes=one("SELECT count(*) FROM change"),
        events=one("SELECT count(*) FROM event"),
        oldest=seconds(oldest),
        alerts=one("SELECT count(*) FROM episode"),
        balances=one("SELECT count(*) FROM balance"),
    )


def doubt(connection: Connection, now: float, days: float) -> str:
    """As `Archive.doubt`."""
    last = _last_moment(connection)
    if last is None or now - last <= max(DAY, days * DAY / 3):
        return ""
    return f"The clock says {_day(now)}, and the history was last written on {_day(last)}."


_TOGETHER, _MESSAGES = 1_000, 100
"""Recipients, and messages, that are dropped in one transaction at most; or one message."""

Shed = Callable[[Connection, int, int | None], tuple[int, int]]
"""Drops at once what it can of messages removed up to a moment and, if there is another one, due
before that: gives how many changes and lines of the log."""


def _nothing(connection: Connection, limit: int, due: int | None) -> tuple[int, int]:
    del connection, limit, due
    return 0, 0


def prune(
    connection: Connection,
    watched: Sequence[Entry],
    now: float,
    days: float,
    shed: Shed = _nothing,
) -> Pruned:
    """As `Archive.prune`."""
    limit = ms(now - days * DAY)
    with connection.transaction():
        noted.note_list(connection, watched, now, until=now)
    return _drop(connection, limit, "removed_at <= ?", (limit,), shed(connection, limit, None))


def retire(
    connection: Connection,
    watched: Sequence[Entry],
    now: float,
    days: float,
    shed: Shed = _nothing,
) -> Pruned:
    """As `Archive.retire`."""
    limit = ms(now - days * DAY)
    with connection.transaction():
        noted.note_list(connection, watched, now, until=now)
        connection.execute(
            "UPDATE message"
            " SET due_at = CASE WHEN removed_at <= :limit THEN coalesce(due_at, :now) END"
            " WHERE due_at IS NOT NULL OR removed_at <= :limit",
            {"limit": limit, "now": ms(now)},
        )
        (agreed,) = connection.execute("SELECT agreed_at FROM clock").fetchone()
    if agreed is None:
        return Pruned()
    limit = min(limit, agreed - ms(days * DAY))
    which = "removed_at <= ? AND due_at < ?"
    gone = shed(connection, limit, agreed)
    return _drop(connection, limit, which, (limit, agreed), gone, RETIRED_AT_ONCE)


def _last_moment(connection: Connection) -> float | None:
    """When our clock and the server's last agreed or, where no server told its time, the latest
    moment recorded.
    """
    agreed, read, told = connection.execute(
        "SELECT (SELECT agreed_at FROM clock), (SELECT max(read_at) FROM message),"
        " (SELECT max(at) FROM event)"
    ).fetchone()
    return seconds(max(read or 0, told or 0) or None if agreed is None else agreed)


def _drop(
    connection: Connection,
    limit: int,
    which: str,
    values: Row,
    gone: tuple[int, int],
    most: int | None = None,
) -> Pruned:
    """Drop messages, at ``most`` so many, a few in each transaction, so that open consoles are not
    held up; and of messages that are not kept, and of all else, the log's lines and the alerts that
    were over up to ``limit``, with what was told of them; silences and balances of then. Some
    changes and lines are ``gone`` already.
    """
    recipients, (changes, events) = 0, gone
    some = "" if most is None else f" LIMIT {most}"
    old = connection.execute(
        f"SELECT id, total FROM message WHERE {which}{some}",  # noqa: S608 - constants
        values,
    ).fetchall()
    for rows in _portions(old):
        with connection.transaction():
            changes += _drop_of(connection, "change", "message", rows)
            recipients += _drop_of(connection, "recipient", "message", rows)
            for table in ("absence", "unread"):
                _drop_of(connection, table, "message", rows)
            _drop_of(connection, "message", "id", rows)
    with connection.transaction():
        events += connection.execute(
            "DELETE FROM event WHERE at <= ? AND (message_id IS NULL OR NOT EXISTS"
            " (SELECT 1 FROM message m WHERE m.message_id = event.message_id))",
            (limit,),
        ).rowcount
        alerts = connection.execute(
            "DELETE FROM episode WHERE over_at <= ? AND (about != 'message' OR NOT EXISTS"
            " (SELECT 1 FROM message m WHERE m.message_id = episode.name))",
            (limit,),
        ).rowcount
        if alerts:
            connection.execute("DELETE FROM telling WHERE episode NOT IN (SELECT id FROM episode)")
        connection.execute("DELETE FROM silence WHERE until <= ?", (limit,))
        noted.drop_balances(connection, limit)
    return Pruned(len(old), recipients, changes, events, alerts)


def _portions(old: Sequence[Row]) -> Iterator[Sequence[int]]:
    """The messages ``old``, each with its number of recipients, by transactions."""
    portion: list[int] = []
    weight = 0
    for id, total in old:
        if portion and (weight + total > _TOGETHER or len(portion) == _MESSAGES):
            yield portion
            portion, weight = [], 0
        portion.append(id)
        weight += total
    if portion:
        yield portion


def _drop_of(connection: Connection, table: str, column: str, messages: Sequence[int]) -> int:
    query = f"DELETE FROM {table} WHERE {column} IN ({marks(messages)})"  # noqa: S608 - constants
    return connection.execute(query, messages).rowcount


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
