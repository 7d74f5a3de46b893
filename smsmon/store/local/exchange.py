"""What processes on one database tell each other, as rows of it.

The one that polls records how it stands with polls, accounts and alerts; the others read that, and
write what their operators wish of it. Moments are milliseconds here, seconds outside.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smsmon.known import AccountState, Condition, Key, LastPoll, Remembered
from smsmon.model import Fault, FaultKind, Transition
from smsmon.store.local import queries
from smsmon.store.local.columns import ms, seconds
from smsmon.store.local.reader import Reader
from smsmon.store.shared import LASTING, NOTHING_NEW, Cursor, Newer, News, Recorded, Wish


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
    check_epoch(connection, epoch)
    connection.execute("UPDATE lease SET sequence = sequence + 1")
    (sequence,) = connection.execute("SELECT sequence FROM lease").fetchone()
    return int(sequence)


def check_epoch(connection: sqlite3.Connection, epoch: int | None) -> None:
    """Raise ``Superseded`` where the poller of ``epoch`` polls no more."""
    (now,) = connection.execute("SELECT epoch FROM lease").fetchone()
    if epoch not in (None, now):
        raise Superseded


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
                read_at=seconds(row[2]),
                asked_at=seconds(row[3]),
                promise=seconds(row[4]),
                next_due=seconds(row[5]),
                settled_at=seconds(row[6]),
                fault=Fault(FaultKind(row[7]), row[8]) if row[7] else None,
                fault_since=seconds(row[9]),
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
                ms(each.since),
                ms(each.retry_at),
                ms(each.failing_since),
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
            since=seconds(row[4]),
            retry_at=seconds(row[5]),
            failing_since=seconds(row[6]),
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
            (each.who, ms(each.at), each.kind, each.what),
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


@dataclass(slots=True, eq=False)
class Term:
    """One stretch of time as the one that polls; what belongs to another term is not recorded."""

    ours: Callable[[], bool] | None = None
    """Tells whether the lease is ours still; None: there is no lease, and we poll alone."""
    lost: Callable[[], None] = lambda: None
    """Called in the writer's thread when another process polls by now."""
    epoch: int | None = None
    """Begun with the first recording, and anew in another database."""

    @property
    def must_begin(self) -> bool:
        """True until an epoch is begun, where there is a lease."""
        return self.ours is not None and self.epoch is None

    def begin(self, connection: sqlite3.Connection) -> int:
        """Begin the epoch to record in, within the caller's transaction.

        Raises ``Superseded`` when the lease is lost already.
        """
        # Within the transaction: who takes the lease after this look begins a later epoch.
        if self.ours is not None and not self.ours():
            raise Superseded
        return begin_epoch(connection)


FOLLOWING = None
"""In place of a term: another process records."""


_OF_THE_DATABASE = News.POLLS | News.ALERTS | News.WISHES


class LocalFollower:
    """One connection that looks whether there is something new.

    While nobody writes, a look costs next to nothing: SQLite counts the changes of a database.
    """

    def __init__(self, path: Path, revisions: Mapping[Key, int]) -> None:
        """``revisions`` are those that are known, by now."""
        self._reader = Reader(path)
        self._revisions = revisions
        self._looked_at: tuple[sqlite3.Connection, int] | None = None

    def ring(self, callback: Callable[[], None]) -> None:
        pass  # files do not ring

    def changed(self) -> News:
        def look(connection: sqlite3.Connection) -> tuple[sqlite3.Connection, int]:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return connection, version

        before, self._looked_at = self._looked_at, self._reader.ask(look)
        return NOTHING_NEW if before == self._looked_at else _OF_THE_DATABASE

    def end(self) -> Cursor:
        query = "SELECT ifnull(max(id), 0) FROM event"
        return Cursor(0, self._reader.ask(lambda db: int(db.execute(query).fetchone()[0])))

    def newer(self, cursor: Cursor) -> Newer:
        return self._reader.ask(lambda connection: newer(connection, cursor, self._revisions))

    def wishes(self) -> list[Wish]:
        return self._reader.ask(wishes)

    def close(self) -> None:
        self._looked_at = None
        self._reader.close()


def newer(connection: sqlite3.Connection, cursor: Cursor, revisions: Mapping[Key, int]) -> Newer:
    """What was recorded since ``cursor``, in the order of its events."""
    connection.execute("BEGIN")
    try:
        (sequence,) = connection.execute("SELECT sequence FROM lease").fetchone()
        if sequence < cursor.sequence:
            cursor = Cursor()  # the database is another one
        polls = polls_since(connection, cursor.sequence)
        recorded = connection.execute(
            "SELECT m.message_id, m.profile, m.revision FROM last_poll p JOIN message m"
            " ON m.message_id = p.message_id AND m.profile = p.profile WHERE p.sequence > ?",
            (cursor.sequence,),
        ).fetchall()
        last, events = queries.events_after(connection, cursor.event)
        stand = accounts(connection)
    finally:
        connection.execute("COMMIT")
    changed = [(id, of) for id, of, revision in recorded if revision != revisions.get((id, of), 0)]
    loaded = {each.summary.key: each for each in queries.load(connection, changed)}

    def changes(known: Remembered) -> tuple[Transition, ...]:
        after = revisions.get(known.summary.key, 0)
        return queries.changes_between(connection, known.row, after, known.summary.revision)

    messages = [
        Recorded(key, poll, loaded[key], changes(loaded[key]))
        if key in loaded
        else Recorded(key, poll)
        for key, poll in polls
    ]
    return Newer(Cursor(sequence, last), messages, events, stand)
