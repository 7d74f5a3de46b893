"""What processes on one database tell each other, as rows of it.

The one that polls records how it stands with polls, accounts and alerts; the others read that, and
write what their operators wish of it. Moments are milliseconds here, seconds outside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from smsmon.known import AccountState, Condition, Key, LastPoll
from smsmon.model import Fault, FaultKind
from smsmon.store.shared import LASTING, Cursor, Newer, Recorded, Wish
from smsmon.store.sql import queries
from smsmon.store.sql.columns import ms, seconds
from smsmon.store.sql.database import Connection, Row

_RECORD_POLL = (
    "INSERT INTO last_poll (message_id, profile, sequence, read_at, asked_at, promise, next_due,"
    " settled_at, fault, reason, fault_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (message_id) DO UPDATE SET profile = excluded.profile,"
    " sequence = excluded.sequence, read_at = excluded.read_at, asked_at = excluded.asked_at,"
    " promise = excluded.promise, next_due = excluded.next_due, settled_at = excluded.settled_at,"
    " fault = excluded.fault, reason = excluded.reason, fault_since = excluded.fault_since"
)
_RECORD_ACCOUNT = (
    "INSERT INTO account (profile, condition, fault, reason, since, retry_at, failing_since, heard)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (profile) DO UPDATE SET"
    " condition = excluded.condition, fault = excluded.fault, reason = excluded.reason,"
    " since = excluded.since, retry_at = excluded.retry_at,"
    " failing_since = excluded.failing_since, heard = excluded.heard"
)
_POLL = (
    "SELECT p.message_id, p.profile, p.read_at, p.asked_at, p.promise, p.next_due, p.settled_at,"
    " p.fault, p.reason, p.fault_since"
)
_POLLED = (
    f"{_POLL}, m.revision FROM last_poll p LEFT JOIN message m"
    " ON m.message_id = p.message_id AND m.profile = p.profile"
)


def record_polls(
    connection: Connection, polls: Iterable[tuple[Key, LastPoll]], sequence: int
) -> None:
    """Record how it stands with these messages."""
    connection.executemany(
        _RECORD_POLL + connection.dialect.stamped,
        [
            (
                *key,
                sequence,
                ms(each.read_at),
                ms(each.asked_at),
                ms(each.promise),
                ms(each.next_due),
                ms(each.settled_at),
                each.fault and each.fault.kind,
                each.fault.message if each.fault else "",
                ms(each.fault_since),
            )
            for key, each in polls
        ],
    )


def forget_polls(connection: Connection, kept: Collection[str]) -> None:
    """Forget how it stands with all messages but those ``kept``."""
    for (message_id,) in connection.execute("SELECT message_id FROM last_poll").fetchall():
        if message_id not in kept:
            connection.execute("DELETE FROM last_poll WHERE message_id = ?", (message_id,))


def polls(connection: Connection) -> list[tuple[Key, LastPoll]]:
    """How it stands with all messages."""
    return [*map(_poll_of, connection.execute(f"{_POLL} FROM last_poll p"))]


def _poll_of(row: Row) -> tuple[Key, LastPoll]:
    return (row[0], row[1]), LastPoll(
        read_at=seconds(row[2]),
        asked_at=seconds(row[3]),
        promise=seconds(row[4]),
        next_due=seconds(row[5]),
        settled_at=seconds(row[6]),
        fault=Fault(FaultKind(row[7]), row[8]) if row[7] else None,
        fault_since=seconds(row[9]),
    )


def record_accounts(connection: Connection, accounts: Iterable[AccountState]) -> None:
    """Record how it stands with these accounts."""
    connection.executemany(
        _RECORD_ACCOUNT,
        [
            (
                each.profile,
                each.condition,
                each.fault and each.fault.kind,
                each.fault.message if each.fault else "",
                ms(each.since),
                ms(each.retry_at),
                ms(each.failing_since),
                int(each.heard),
            )
            for each in accounts
        ],
    )


def _account_of(row: Row) -> AccountState:
    return AccountState(
        profile=row[0],
        condition=Condition(row[1]),
        fault=Fault(FaultKind(row[2]), row[3]) if row[2] else None,
        since=seconds(row[4]),
        retry_at=seconds(row[5]),
        failing_since=seconds(row[6]),
        heard=bool(row[7]),
    )


_ACCOUNTS = (
    "SELECT profile, condition, fault, reason, since, retry_at, failing_since, heard FROM account"
)


def accounts(connection: Connection) -> list[AccountState]:
    """How it stands with every account."""
    return [*map(_account_of, connection.execute(_ACCOUNTS))]


def record_wishes(connection: Connection, wishes: Iterable[Wish]) -> None:
    """Record wishes; of the lasting kinds the new one replaces the one before."""
    for each in wishes:
        if each.kind in LASTING:
            connection.execute("DELETE FROM wish WHERE who = ? AND kind = ?", (each.who, each.kind))
        connection.execute(
            "INSERT INTO wish (who, at, kind, what) VALUES (?, ?, ?, ?)",
            (each.who, ms(each.at), each.kind, each.what),
        )


def wishes(connection: Connection) -> list[Wish]:
    """All wishes, oldest first."""
    return [
        Wish(who, at / 1000, kind, what, id)
        for id, who, at, kind, what in connection.execute(
            "SELECT id, who, at, kind, what FROM wish ORDER BY id"
        )
    ]


def drop_wishes(connection: Connection, ids: Sequence[int]) -> None:
    """Drop wishes that were granted, or are void."""
    connection.executemany("DELETE FROM wish WHERE id = ?", [(id,) for id in ids])


class Tail(NamedTuple):
    """What of the record is newer than a cursor, as conditions of queries with their values."""

    cursor: Cursor
    """Its end; the number of its last event may be missing."""
    polls: tuple[str, Row]
    """Of the rows ``p`` of ``last_poll``."""
    events: tuple[str, Row]
    """Of those of ``event``."""


def newer(
    connection: Connection,
    tail: Callable[[Connection], Tail],
    revisions: Mapping[Key, int],
    read: queries.ReadRecipients | None = None,
) -> Newer:
    """What ``tail`` says to be newer, in the order of its events; the recipients of messages whose
    revision is another one than in ``revisions``, which ``read`` reads.
    """
    with connection.snapshot():
        cursor, of_polls, of_events = tail(connection)
        with connection.together():
            polled = connection.execute(f"{_POLLED} WHERE {of_polls[0]}", of_polls[1])
            told = connection.execute(
                f"{queries.EVENT} WHERE {of_events[0]} ORDER BY id", of_events[1]
            )
            stand = connection.execute(_ACCOUNTS)
        found = [(*_poll_of(row), row[-1]) for row in polled]
        events, accounts = told.fetchall(), [*map(_account_of, stand)]
    cursor = replace(cursor, event=max([cursor.event, *(row[-1] for row in events)]))
    changed = [key for key, _, revision in found if (revision or 0) != revisions.get(key, 0)]
    loaded = {each.summary.key: each for each in queries.load(connection, changed, read)}
    stretches = [
        (each.row, revisions.get(key, 0), each.summary.revision) for key, each in loaded.items()
    ]
    transitions = dict(zip(loaded, queries.changes_between(connection, stretches), strict=True))
    messages = [
        Recorded(key, poll, loaded.get(key), transitions.get(key, ())) for key, poll, _ in found
    ]
    return Newer(cursor, messages, [*map(queries.event_of, events)], accounts)
