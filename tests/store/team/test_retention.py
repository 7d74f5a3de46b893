"""Old months are dropped at once where little of them is kept; nothing else is lost with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from unittest.mock import Mock

import pytest

from smsmon.store.sql.database import Owner
from smsmon.store.team.address import Address
from smsmon.store.team.archive import TeamArchive
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import Access
from smsmon.store.team.keeper import TeamKeeper
from smsmon.store.team.migrations import make_partitions
from tests.store.reports import START

DAY = 86_400.0
MONTH = 31 * DAY
_MESSAGE = (
    "INSERT INTO message (id, message_id, profile, label, tags, removed_at, due_at, read_at)"
    " VALUES (?, ?, 'default', '', '', ?, ?, ?)"
)
_CHANGE = "INSERT INTO change VALUES (?, ?, 1, ?, 1, 2, 1, 0, 0, 0, 0)"
_EVENT = (
    "INSERT INTO event (at, kind, message_id, profile, detail) VALUES (?, 'x', ?, 'default', '')"
)
GONE, KEPT = 1, 2


def ms(moment: float) -> int:
    return round(moment * 1000)


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    from tests.support.postgres import make_store

    make_store(database)
    with closing(Access(Address.parse(database)).opened()) as connection:
        make_partitions(connection, START + 5 * MONTH, START)
        yield connection


def fill(connection: Connection, removed_at: float, kept_each: int) -> None:
    """Two messages, one of which was removed; of their changes and events in the first month, one
    in ``kept_each`` is of the other one.
    """
    rows = [(GONE, "300", ms(removed_at), ms(removed_at), ms(START)),
            (KEPT, "301", None, None, ms(START))]  # fmt: skip
    connection.executemany(_MESSAGE, rows)
    moments = [ms(START + n) for n in range(100)]
    whose = [KEPT if n % kept_each == 0 else GONE for n in range(100)]
    connection.executemany(
        _CHANGE, [(each, n, at) for n, (at, each) in enumerate(zip(moments, whose, strict=True))]
    )
    names = {GONE: "300", KEPT: "301"}
    connection.executemany(
        _EVENT, [(at, names[each]) for at, each in zip(moments, whose, strict=True)]
    )
    connection.executemany(_EVENT, [(ms(START + 100), None), (ms(START + 4 * MONTH), None)])


def counts(connection: Connection) -> list[tuple[int, int]]:
    """How many changes there are, and how many of the message that is kept; and of events."""
    return connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE message = 2) FROM change UNION ALL"
        " SELECT count(*), count(*) FILTER (WHERE message_id = '301') FROM event"
    ).fetchall()


def of_the_first_month(connection: Connection) -> tuple[object, object]:
    """What tells its partitions of changes and of events from others that take their places."""
    row = connection.execute(
        "SELECT pg_relation_filenode(to_regclass(?)), pg_relation_filenode(to_regclass(?))",
        ("change_2026_11", "event_2026_11"),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize(
    ("kept_each", "is_written_anew"), [(1000, True), (10, True), (1, False)], ids=str
)
def test_by_hand(
    connection: Connection, database: str, kept_each: int, is_written_anew: bool
) -> None:
    fill(connection, START + DAY, kept_each)
    before, ((_, kept), (_, told)) = of_the_first_month(connection), counts(connection)
    with TeamArchive(Access(Address.parse(database))) as archive:
        pruned = archive.prune([], START + 4 * MONTH, 60)
        assert (pruned.messages, pruned.changes, pruned.events) == (1, 100 - kept, 101 - told)
        assert counts(connection) == [(kept, kept), (1 + told, told)]
        after = of_the_first_month(connection)
        assert (before != after) is is_written_anew
        assert archive.prune([], START + 4 * MONTH, 60).changes == 0


def test_what_is_in_use_is_dropped_row_by_row(connection: Connection, database: str) -> None:
    fill(connection, START + DAY, 1000)
    with (
        closing(Access(Address.parse(database)).opened()) as other,
        other.snapshot(),
        TeamArchive(Access(Address.parse(database))) as archive,
    ):
        other.execute("SELECT count(*) FROM change")
        archive.lock_within = 0.05
        assert archive.prune([], START + 4 * MONTH, 60).changes == 100 - 1
    assert counts(connection)[0] == (1, 1)


def test_one_that_came_back_is_kept(connection: Connection, database: str) -> None:
    fill(connection, START + DAY, 1000)
    connection.execute("UPDATE clock SET agreed_at = ?", (ms(START + 4 * MONTH),))
    connection.execute("UPDATE message SET due_at = NULL WHERE id = 1")
    with TeamArchive(Access(Address.parse(database))) as archive:
        assert archive.retire([], START + 4 * MONTH, 60).messages == 0
    assert counts(connection)[0] == (100, 1)


def test_who_writes_for_months_has_their_partitions_made(database: str) -> None:
    from tests.support.postgres import make_store

    make_store(database)
    now = [0.0]
    access = Access(Address.parse(database))
    with (
        closing(access.opened()) as connection,
        closing(TeamKeeper(access, monotonic=lambda: now[0])) as keeper,
    ):

        def months() -> int:
            (count,) = connection.execute(
                "SELECT count(*) FROM pg_class WHERE relname ~ '^(change|event)_[0-9]+_[0-9]+$'"
                " AND relispartition"
            ).fetchone()  # type: ignore[misc]
            return int(count)

        made = months()
        for name in ("change", "event"):
            (part,) = connection.execute(
                f"SELECT max(relname) FROM pg_class WHERE relname LIKE '{name}\\_2%'"
                " AND relispartition AND relkind = 'r'"
            ).fetchone()  # type: ignore[misc]
            connection.execute(f"DROP TABLE {part}")
        assert made - months() == 2
        keeper.connected(Mock(Owner))
        assert months() == made
        connection.execute(f"DROP TABLE {part}")
        keeper.connected(Mock(Owner))
        assert months() == made - 1
        now[0] += DAY
        keeper.connected(Mock(Owner))
        assert months() == made
