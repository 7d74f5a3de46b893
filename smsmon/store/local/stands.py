"""How it stands with polls and accounts: recorded by the one that polls, read by the others.

And back: what operators of other processes wish of the one that polls. Every function runs
within the caller's transaction. Moments are milliseconds here, seconds outside.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from smsmon.known import AccountState, Condition, Key, LastPoll
from smsmon.model import Fault, FaultKind
from smsmon.store.base import WatchedMessage
from smsmon.store.shared import LASTING, Wish


def poll_of(watched: WatchedMessage) -> LastPoll:
    """How it stands with a message's polls now."""
    return LastPoll(
        watched.read_at,
        watched.asked_at,
        watched.fault,
        watched.fault_since,
        watched.promise,
        watched.next_due,
        watched.settled_at,
    )


class Superseded(Exception):
    """Another process polls by now: nothing of the transaction may be kept."""


def begin_epoch(connection: sqlite3.Connection) -> int:
    """Begin a new epoch: recordings of all earlier ones are refused from now on."""
    connection.execute("UPDATE lease SET epoch = epoch + 1")
    (epoch,) = connection.execute("SELECT epoch FROM lease").fetchone()
    return int(epoch)


def next_sequence(connection: sqlite3.Connection, epoch: int | None) -> int:
    """The number of a recording by the poller of ``epoch``; None: of one that polls alone.

    Raises ``Superseded``.
    """
    now, sequence = connection.execute("SELECT epoch, sequence FROM lease").fetchone()
    if epoch is not None and epoch != now:
        raise Superseded
    connection.execute("UPDATE lease SET sequence = sequence + 1")
    return int(sequence) + 1


def record_polls(
    connection: sqlite3.Connection, polls: Iterable[tuple[Key, LastPoll]], sequence: int
) -> None:
    """Record how it stands with these messages."""
    connection.executemany(
        "INSERT OR REPLACE INTO last_poll VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *key,
                sequence,
                _ms(each.read_at),
                _ms(each.asked_at),
                _ms(each.promise),
                _ms(each.next_due),
                _ms(each.settled_at),
                each.fault and each.fault.kind,
                each.fault.message if each.fault else "",
                _ms(each.fault_since),
            )
            for key, each in polls
        ],
    )


def forget_polls(connection: sqlite3.Connection, kept: Collection[str]) -> None:
    """Forget how it stands with all messages but those ``kept``."""
    for (message_id,) in connection.execute("SELECT message_id FROM last_poll").fetchall():
        if message_id not in kept:
            connection.execute("DELETE FROM last_poll WHERE message_id = ?", (message_id,))


def polls_since(connection: sqlite3.Connection, sequence: int) -> list[tuple[Key, LastPoll]]:
    """What was recorded after ``sequence``."""
    return [
        (
            (row[0], row[1]),
            LastPoll(
                read_at=_seconds(row[2]),
                asked_at=_seconds(row[3]),
                promise=_seconds(row[4]),
                next_due=_seconds(row[5]),
                settled_at=_seconds(row[6]),
                fault=Fault(FaultKind(row[7]), row[8]) if row[7] else None,
                fault_since=_seconds(row[9]),
            ),
        )
        for row in connection.execute(
            "SELECT message_id, profile, read_at, asked_at, promise, next_due, settled_at, fault,"
            " reason, fault_since FROM last_poll WHERE sequence > ?",
            (sequence,),
        )
    ]


def record_accounts(connection: sqlite3.Connection, accounts: Iterable[AccountState]) -> None:
    """Record how it stands with these accounts."""
    connection.executemany(
        "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                each.profile,
                each.condition,
                each.fault and each.fault.kind,
                each.fault.message if each.fault else "",
                _ms(each.since),
                _ms(each.retry_at),
                _ms(each.failing_since),
                each.heard,
            )
            for each in accounts
        ],
    )


def accounts(connection: sqlite3.Connection) -> list[AccountState]:
    """How it stands with every account."""
    return [
        AccountState(
            profile=row[0],
            condition=Condition(row[1]),
            fault=Fault(FaultKind(row[2]), row[3]) if row[2] else None,
            since=_seconds(row[4]),
            retry_at=_seconds(row[5]),
            failing_since=_seconds(row[6]),
            heard=bool(row[7]),
        )
        for row in connection.execute(
            "SELECT profile, condition, fault, reason, since, retry_at, failing_since, heard"
            " FROM account"
        )
    ]


def record_wishes(connection: sqlite3.Connection, wishes: Iterable[Wish]) -> None:
    """Record wishes; of the lasting kinds the new one replaces the one before."""
    for each in wishes:
        if each.kind in LASTING:
            connection.execute("DELETE FROM wish WHERE who = ? AND kind = ?", (each.who, each.kind))
        connection.execute(
            "INSERT INTO wish (who, at, kind, what) VALUES (?, ?, ?, ?)",
            (each.who, _ms(each.at), each.kind, each.what),
        )


def wishes(connection: sqlite3.Connection) -> list[Wish]:
    """All wishes, oldest first."""
    return [
        Wish(who, at / 1000, kind, what, id)
        for id, who, at, kind, what in connection.execute(
            "SELECT id, who, at, kind, what FROM wish ORDER BY id"
        )
    ]


def drop_wishes(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Drop wishes that were granted, or are void."""
    connection.executemany("DELETE FROM wish WHERE id = ?", [(id,) for id in ids])


def _ms(moment: float | None) -> int | None:
    return None if moment is None else round(moment * 1000)


def _seconds(ms: Any) -> float | None:
    return None if ms is None else ms / 1000
