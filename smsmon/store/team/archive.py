"""What a team's store holds, asked and looked after: its ``Archive``."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from smsmon.model import Entry
from smsmon.store.errors import Busy, NotWritable
from smsmon.store.past import Info, Pruned
from smsmon.store.sql import care
from smsmon.store.sql.archive import TableArchive
from smsmon.store.sql.database import Connection as AnyConnection
from smsmon.store.sql.database import Row
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import Database
from smsmon.store.team.errors import speaking_of
from smsmon.store.team.migrations import make_partitions, state_of

_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class"
    " WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind = 'r'"
)

_LONG = 600
"""Seconds that it may take to write a month anew."""


class TeamArchive(Database, TableArchive):
    """The history in a team's database."""

    lock_within = 2.0
    """Seconds that a month is waited for until it is dropped row by row instead."""

    def info(self) -> Info:
        def asked(connection: Connection) -> Info:
            version = state_of(connection).version
            return care.info(connection, str(self.address), _size(connection), version)

        return self.ask(asked)

    def doubt(self, now: float, days: float) -> str:
        return self.ask(lambda db: care.doubt(db, now, days))

    def prune(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        with self.working() as connection:
            return care.prune(connection, watched, now, days, self._shed)

    def retire(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        try:
            with self.working() as connection:
                with connection.transaction():
                    make_partitions(connection, now)
                return care.retire(connection, watched, now, days, self._shed)
        except NotWritable:  # whoever may only look leaves it to the others
            return Pruned()

    def vacuum(self) -> tuple[int, int]:
        """Have the room of what was dropped used again: it stays the database's, and nobody waits.

        Tables of another owner are left alone.
        """
        with self.working() as connection:
            before = _size(connection)
            if not connection.pooled:
                connection.execute("SET statement_timeout = 0")
            connection.execute("VACUUM (ANALYZE)")
            after = _size(connection)
        self.close()  # what was set goes with the connection
        return before, after

    def _shed(self, connection: AnyConnection, limit: int, due: int | None) -> tuple[int, int]:
        """Drop whole months, as far as nobody needs them just now."""
        gone = [0, 0]
        # What is busy is dropped row by row, and its month another time.
        with contextlib.suppress(Busy), speaking_of(self.address):
            for place, kind in enumerate(("change", "event")):
                while (rows := self._shed_one(connection, (kind, limit, due))) is not None:
                    gone[place] += rows
        return gone[0], gone[1]

    def _shed_one(self, connection: AnyConnection, what: Row) -> int | None:
        """Drop one month; gives how many rows that were, None where there is none to drop."""
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = {self.lock_within * 1000:.0f}")
            connection.execute(f"SET LOCAL statement_timeout = '{_LONG}s'")
            (rows,) = connection.execute("SELECT shed(?, ?, ?)", what).fetchone()
        return None if rows is None else int(rows)


def _size(connection: AnyConnection) -> int:
    (bytes,) = connection.execute(_SIZE).fetchone()
    return int(bytes)
