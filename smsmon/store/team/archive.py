"""What a team's store holds, asked and looked after: its ``Archive`` and its ``AlertStore``."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Sequence

from smsmon.model import Entry
from smsmon.store.errors import Busy, NotWritable
from smsmon.store.past import Info, Pruned
from smsmon.store.shared import News
from smsmon.store.sql import care
from smsmon.store.sql.alerts import CLAIM_LASTS, TableAlerts, nobody_polls
from smsmon.store.sql.archive import TableArchive
from smsmon.store.sql.database import Connection as AnyConnection
from smsmon.store.sql.database import Row
from smsmon.store.sql.fence import Fence
from smsmon.store.team.address import speaking_of
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import Database, Telling
from smsmon.store.team.keeper import RETRY_MOST
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


GONE_LASTS = 45.0
"""Seconds after which what a process took on that is not there any more counts as given up: were
the store alone out of its reach, it would be back by then, and note what it told."""
_THERE = (
    "SELECT count(*) FILTER (WHERE pid = :pid AND host = :host AND seen_until > clock_timestamp()),"
    " min(joined) > clock_timestamp() - :retry * interval '1 second' FROM member"
)


class TeamAlerts(TableAlerts):
    """The ``AlertStore`` in a team's database."""

    def __init__(self, database: Database, fence: Callable[[], Fence] = nobody_polls) -> None:
        claimant = f"{_here()} {secrets.token_hex(8)}"
        super().__init__(Telling(database, News.ALERTS), claimant, _may_live, fence)


def _may_live(db: AnyConnection, claimant: str, age: float) -> bool:
    """By the table of who is there. One before us that had our number has ended. Where nobody has
    been there for long, the store was gone, and whoever took it on may be about to come back."""
    place = claimant.partition(" ")[0]
    if place == _here():
        return False
    pid, _, host = place.partition("@")
    there, all_new = db.execute(
        _THERE, {"pid": int(pid), "host": host, "retry": RETRY_MOST}
    ).fetchone()
    return bool(all_new) or age < (CLAIM_LASTS if there else GONE_LASTS)


def _here() -> str:
    return f"{os.getpid()}@{socket.gethostname()}"
