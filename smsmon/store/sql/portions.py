"""All tables of one database into another: portion by portion, and what tells that both are alike.

What was copied is noted in the database that is filled, in the transaction that fills it: a copy
that was ended, however that happened, goes on where it was. When all is there the note is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from smsmon.store.care import Sum
from smsmon.store.sql.database import Connection, Row

PORTION = 5_000
"""Rows that are copied in one transaction."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    key: tuple[str, ...]
    """Columns that tell a row from all others: they stand first in a row."""
    others: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.others)


def _table(name: str, key: str, others: str) -> Table:
    return Table(name, tuple(key.split()), tuple(others.split()))


TABLES = (
    _table("word", "id", "text"),
    _table(
        "message",
        "id",
        "message_id profile label tags revision digest first_read_at read_at asked_at"
        " last_change_at completed_at settled_at removed_at due_at total delivered not_delivered"
        " waiting unknown stop absent added_at source sent_at",
    ),
    _table(
        "recipient",
        "message slot",
        "phone status word stop date first_seen changed_at reason absent_since",
    ),
    _table(
        "change",
        "message slot revision",
        "observed_at before after word stop_before stop_after date_before date",
    ),
    _table("event", "id", "at kind message_id profile detail until"),
    _table("absence", "message slot since", "until"),
    _table("unread", "message since", "until"),
    _table(
        "last_poll",
        "message_id",
        "profile sequence read_at asked_at promise next_due settled_at fault reason fault_since",
    ),
    _table("account", "profile", "condition fault reason since retry_at failing_since heard"),
    _table(
        "episode",
        "id",
        "rule about name profile severity condition label tags began_at fired_at facts worst"
        " worst_at worst_facts over_at why_over ack_by ack_at ack_note ack_until old",
    ),
    _table("silence", "id", "what name since until who note"),
    _table("telling", "episode target edge", "claimed_at done_at claimant"),
    _table("balance", "profile at", "amount currency credits credits_eco credits_hlr to_send"),
    _table(
        "arrival",
        "message_id",
        "place version label tags profile came_at source leave_after phone sent_at",
    ),
    _table("arrival_left", "message_id", "place version left_at"),
    _table("arrival_position", "reader", "position"),
)
"""All that is kept. Not copied are who polls, who lives and what is wished just now."""


class Mixed(Exception):
    """The database that was to be filled holds something else; the text says what."""


def begin(target: Connection, source: str, where: str) -> dict[str, Any]:
    """How far a copy from ``source``, a name that no other store has, has come; begins one in a
    database with nothing in it. ``where`` that is, is for people.

    Raises `Mixed`, and then has changed nothing.
    """
    with target.transaction():
        target.execute("CREATE TABLE IF NOT EXISTS copying (source text, place text, copied text)")
        noted = target.execute("SELECT source, place, copied FROM copying").fetchone()
        if noted is None:
            if found := [each.name for each in TABLES if not _is_empty(target, each)]:
                raise Mixed(f"there is something in it already ({', '.join(found)})")
            target.execute("INSERT INTO copying VALUES (?, ?, ?)", (source, where, "{}"))
            return {}
        if noted[0] != source:
            raise Mixed(f"a copy of another store, {noted[1]}, has begun there and not ended")
        copied: dict[str, Any] = json.loads(noted[2])
        return copied


def copy(
    source: Connection,
    target: Connection,
    copied: dict[str, Any],
    copying: Callable[[str, int], None],
) -> None:
    """Copy what ``copied`` does not say is there. ``copying`` hears of each portion."""
    for table in TABLES:
        while copied.get(table.name) != _ALL:
            rows = _portion(source, table, copied.get(table.name))
            last = list(rows[-1][: len(table.key)]) if len(rows) == PORTION else _ALL
            with target.transaction():
                _insert(source, target, table, rows)
                copied[table.name] = last
                target.execute("UPDATE copying SET copied = ?", (json.dumps(copied),))
            copying(table.name, len(rows))
    (agreed,) = source.execute("SELECT agreed_at FROM clock").fetchone()
    with target.transaction():
        target.execute("UPDATE clock SET agreed_at = ?", (agreed,))


def drop(target: Connection, copied: dict[str, Any], tables: Iterable[str]) -> None:
    """Copy these tables anew: what is in them is not what the source has."""
    for name in tables:
        with target.transaction():
            target.execute(f"DELETE FROM {name}")  # noqa: S608 - a name of TABLES
            copied.pop(name, None)
            target.execute("UPDATE copying SET copied = ?", (json.dumps(copied),))


def end(target: Connection) -> None:
    """All is there: this is a store like any other from now on."""
    with target.transaction():
        target.execute("DROP TABLE copying")


def sum_of(connection: Connection, table: Table) -> Sum:
    """How much is in a table, and what, whatever the database keeps it as."""
    rows = total = 0
    for each in _rows(connection, table):
        rows += 1
        told = repr(_plain(connection, table, each)).encode("utf-8", "surrogatepass")
        total += int.from_bytes(blake2b(told, digest_size=16).digest())
    return Sum(rows, f"{total % 2**128:032x}")


def span(source: Connection) -> tuple[int, int] | None:
    """From when to when changes and events were recorded; None where nothing was."""
    moments = source.execute(
        "SELECT min(observed_at), max(observed_at) FROM change"
        " UNION ALL SELECT min(at), max(at) FROM event"
    ).fetchall()
    known = [each for row in moments for each in row if each is not None]
    return (min(known), max(known)) if known else None


_ALL = "all"


def _is_empty(connection: Connection, table: Table) -> bool:
    return connection.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchone() is None  # noqa: S608


def _rows(connection: Connection, table: Table) -> Iterator[Row]:
    last: Any = None
    while True:
        portion = _portion(connection, table, last)
        yield from portion
        if len(portion) < PORTION:
            return
        last = portion[-1][: len(table.key)]


def _portion(connection: Connection, table: Table, last: Any) -> list[Row]:
    """The rows after the one of the key ``last``, in the order of their keys."""
    key = ", ".join(table.key)
    after = "" if last is None else f" WHERE ({key}) > ({', '.join('?' * len(table.key))})"
    query = f"SELECT {', '.join(table.columns)} FROM {table.name}{after}"  # noqa: S608
    return connection.execute(
        f"{query} ORDER BY {key} LIMIT {PORTION}", () if last is None else last
    ).fetchall()


def _insert(source: Connection, target: Connection, table: Table, rows: list[Row]) -> None:
    if not rows:
        return
    if table.name == "recipient":
        stored, phone_of = target.dialect.stored, source.dialect.phone_of
        rows = [(*row[:_PHONE], stored(phone_of(row[_PHONE])), *row[_PHONE + 1 :]) for row in rows]
    values = ", ".join("?" * len(table.columns))
    query = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({values})"  # noqa: S608
    target.executemany(query, rows)


_PHONE = 2
"""The place of the phone in a row of ``recipient``."""


def _plain(connection: Connection, table: Table, row: Row) -> Row:
    """``row`` as it is the same in every database."""
    if table.name == "recipient":
        return (*row[:_PHONE], connection.dialect.phone_of(row[_PHONE]), *row[_PHONE + 1 :])
    if table.name == "episode":
        return tuple(float(each) if name == "worst" and each is not None else each
                     for name, each in zip(table.columns, row, strict=True))  # fmt: skip
    return row
