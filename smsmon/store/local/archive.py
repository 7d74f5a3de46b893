"""What ``history.db`` holds, asked and looked after: the ``Archive`` of the local store."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from smsmon.known import AccountState, Key, LastPoll, Remembered, Summary
from smsmon.model import Entry, Event, Final, Transition
from smsmon.store.local import balances, exchange, happenings, queries
from smsmon.store.local.columns import ms, seconds
from smsmon.store.local.files import database_of, is_there, journals_of
from smsmon.store.local.reader import Reader, check
from smsmon.store.local.recording import Recording
from smsmon.store.local.schema import transaction, writing
from smsmon.store.past import (
    Absence,
    BalanceSeen,
    DeliveryTimes,
    Grouping,
    Happened,
    Info,
    InShort,
    NumberFound,
    Pruned,
)

DAY = 86_400.0


class LocalArchive(Reader):
    """The history at ``path``; no file yet is an empty one."""

    def messages(self, ids: Sequence[str] | None = None, profile: str | None = None) -> list[Key]:
        return self.ask(lambda db: queries.messages(db, ids, profile))

    def summaries(self, wanted: Iterable[Key]) -> list[Summary]:
        return self.ask(lambda db: queries.summaries_of(db, wanted))

    def load(self, wanted: Iterable[str | Key]) -> Iterator[Remembered]:
        return self.each(lambda db: queries.load(db, wanted))

    def polls(self) -> Mapping[Key, LastPoll]:
        return dict(self.ask(lambda db: exchange.polls_since(db, 0)))

    def accounts(self) -> Sequence[AccountState]:
        return self.ask(exchange.accounts)

    def find_number(self, text: str, limit: int = 200) -> NumberFound:
        return self.ask(lambda db: queries.find_number(db, text, limit))

    def recipient_changes(self, wanted: str | Key, slot: int) -> tuple[Transition, ...]:
        return self.ask(lambda db: queries.recipient_changes(db, wanted, slot))

    def absences(self, wanted: str | Key, slot: int) -> tuple[Absence, ...]:
        return self.ask(lambda db: queries.absences(db, wanted, slot))

    def timeline(
        self, message_id: str, limit: int = 10_000, since: float = 0.0, until: float = inf
    ) -> Happened:
        return self.ask(lambda db: happenings.timeline(db, message_id, limit, since, until))

    def happened(self, since: float, until: float = inf, limit: int = 10_000) -> Happened:
        return self.ask(lambda db: happenings.happened(db, since, until, limit))

    def account_events(self, since: float, until: float = inf) -> list[Event]:
        return self.ask(lambda db: happenings.account_events(db, since, until))

    def in_short(self, since: float, until: float) -> list[InShort]:
        return self.ask(lambda db: happenings.in_short(db, since, until))

    def delivery_times(
        self,
        by: Grouping,
        *,
        ids: Sequence[str] | None = None,
        since: float = 0.0,
        until: float = inf,
    ) -> list[DeliveryTimes]:
        return self.ask(partial(queries.delivery_times, by=by, ids=ids, since=since, until=until))

    def finals(self, since: float, until: float = inf) -> Iterator[Final]:
        return self.each(lambda db: happenings.finals(db, since, until))

    def balances(self, profile: str, since: float = 0.0, until: float = inf) -> list[BalanceSeen]:
        return self.ask(lambda db: balances.seen(db, profile, since, until))

    def info(self) -> Info:
        def all_of(connection: sqlite3.Connection) -> Info:
            def one(query: str) -> Any:
                return connection.execute(query).fetchone()[0]

            return Info(
                where=str(self.path),
                bytes=size(self.path),
                version=one("PRAGMA user_version"),
                messages=one("SELECT count(*) FROM message"),
                removed=one("SELECT count(*) FROM message WHERE removed_at IS NOT NULL"),
                recipients=one("SELECT count(*) FROM recipient"),
                changes=one("SELECT count(*) FROM change"),
                events=one("SELECT count(*) FROM event"),
                oldest=seconds(one("SELECT min(first_read_at) FROM message")),
                alerts=one("SELECT count(*) FROM episode"),
                balances=one("SELECT count(*) FROM balance"),
            )

        return self.ask(all_of)

    def doubt(self, now: float, days: float) -> str:
        with Reader(self.path) as reader:
            last = reader.ask(_last_moment)
        if last is None or now - last <= max(DAY, days * DAY / 3):
            return ""
        return f"The clock says {_day(now)}, and the history was last written on {_day(last)}."

    def prune(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        limit = ms(now - days * DAY)
        with writing(self.path) as connection:
            with transaction(connection):
                Recording(connection).watching(watched, now)
            return _drop(connection, limit, "removed_at <= ?", (limit,))

    def retire(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        if not is_there(self.path):
            return Pruned()
        limit = ms(now - days * DAY)
        with writing(self.path) as connection:
            with transaction(connection):
                Recording(connection).watching(watched, now)
                connection.execute(
                    "UPDATE message"
                    " SET due_at = iif(removed_at <= :limit, ifnull(due_at, :now), NULL)"
                    " WHERE due_at IS NOT NULL OR removed_at <= :limit",
                    {"limit": limit, "now": ms(now)},
                )
                (agreed,) = connection.execute("SELECT agreed_at FROM clock").fetchone()
            if agreed is None:
                return Pruned()
            limit = min(limit, agreed - ms(days * DAY))
            return _drop(connection, limit, "removed_at <= ? AND due_at < ?", (limit, agreed))

    def vacuum(self) -> tuple[int, int]:
        """Rewrite the database without gaps: needs as much free disk again for the while."""
        before = size(self.path)
        with writing(self.path) as connection:
            check(connection, self.path)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, size(self.path)


def _last_moment(connection: sqlite3.Connection) -> float | None:
    """When our clock and the server's last agreed or, where no server told its time, the latest
    moment recorded.
    """
    (moment,) = connection.execute(
        "SELECT ifnull((SELECT agreed_at FROM clock),"
        " max((SELECT ifnull(max(read_at), 0) FROM message),"
        " (SELECT ifnull(max(at), 0) FROM event)))"
    ).fetchone()
    return seconds(moment or None)


def _drop(
    connection: sqlite3.Connection, limit: int, which: str, values: tuple[int, ...]
) -> Pruned:
    """Drop messages, one transaction each, so that open consoles are not held up; and of messages
    that are not kept, and of all else, the log's lines and the alerts that were over up to
    ``limit``, with what was told of them; silences and balances of then.
    """
    recipients = changes = 0
    old = connection.execute(f"SELECT id FROM message WHERE {which}", values).fetchall()  # noqa: S608
    for row in old:
        with transaction(connection):
            changes += connection.execute("DELETE FROM change WHERE message = ?", row).rowcount
            recipients += connection.execute(
                "DELETE FROM recipient WHERE message = ?", row
            ).rowcount
            connection.execute("DELETE FROM absence WHERE message = ?", row)
            connection.execute("DELETE FROM unread WHERE message = ?", row)
            connection.execute("DELETE FROM message WHERE id = ?", row)
    with transaction(connection):
        events = connection.execute(
            "DELETE FROM event WHERE at <= ? AND (message_id IS NULL"
            " OR message_id NOT IN (SELECT message_id FROM message))",
            (limit,),
        ).rowcount
        alerts = connection.execute(
            "DELETE FROM episode WHERE over_at <= ? AND (about != 'message'"
            " OR name NOT IN (SELECT message_id FROM message))",
            (limit,),
        ).rowcount
        if alerts:
            connection.execute("DELETE FROM telling WHERE episode NOT IN (SELECT id FROM episode)")
        connection.execute("DELETE FROM silence WHERE until <= ?", (limit,))
        balances.drop(connection, limit)
    return Pruned(len(old), recipients, changes, events, alerts)


def size(path: Path) -> int:
    """Bytes on disk of the database and its journals."""
    database = database_of(path)
    total = 0
    for each in (database, *journals_of(database)):
        with contextlib.suppress(FileNotFoundError):
            total += each.stat().st_size
    return total


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
