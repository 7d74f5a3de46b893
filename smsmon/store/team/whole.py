"""All that a team's store keeps, for a copy of it (`store.sql.copying.Whole`)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg

from smsmon.store.sql.arrivals import LAST_ARRIVAL
from smsmon.store.sql.database import Connection
from smsmon.store.team import TeamStore
from smsmon.store.team.care import living
from smsmon.store.team.database import Database
from smsmon.store.team.migrations import make_partitions, state_of
from smsmon.store.team.watchlist import TeamWatchlist

_NUMBERED = ("word", "message", "episode", "silence")
_NEXT = (
    "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT max(id) FROM {0}))"
    " WHERE EXISTS (SELECT 1 FROM {0})"
)
_NEXT_EVENT = (
    "SELECT setval('event_id', (SELECT max(id) FROM event)) WHERE EXISTS (SELECT 1 FROM event)"
)


class TeamWhole:
    """A team's store, whole."""

    def __init__(self, store: TeamStore) -> None:
        self.store = store

    @property
    def where(self) -> str:
        return str(self.store.access.address)

    def identity(self) -> str:
        return self.store.work.ask(lambda db: state_of(db).store)

    def watchlist(self) -> TeamWatchlist:
        return TeamWatchlist(self.store.work)  # nobody signs what is copied

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with Database(self.store.access) as database, database.working() as connection:
            yield connection

    @contextmanager
    def filling(self, span: tuple[int, int] | None) -> Iterator[Connection]:
        with Database(self.store.access) as database, database.working() as connection:
            with connection.transaction():
                since = None if span is None else span[0] / 1000
                make_partitions(connection, time.time(), since)
            yield connection
            with connection.transaction():
                # What is recorded next has numbers above all those that came.
                for table in _NUMBERED:
                    connection.execute(_NEXT.format(table))
                connection.execute(_NEXT_EVENT)
                connection.execute(LAST_ARRIVAL)
            # Else the server plans for empty tables until it looks by itself, in a minute or more.
            with suppress(psycopg.Error):
                connection.execute("ANALYZE")

    def pollers(self) -> Sequence[str]:
        return [str(each) for each in self.store.work.ask(living) if each.polls]
