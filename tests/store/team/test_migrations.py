"""A team's store is made by one, changed by one, and refused to those that could do it harm."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from smsmon.store.errors import StoreError
from smsmon.store.local.migrations import MIGRATIONS as OF_FILES
from smsmon.store.team.address import Address, Newer, NotMade, Older
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import Access, Database
from smsmon.store.team.migrations import (
    MIGRATIONS,
    Migrations,
    make,
    make_partitions,
    migrate,
    must_fit,
    state_of,
)
from tests.store.reports import START

DAY = 86_400.0
NEWER: Migrations = (
    *MIGRATIONS,
    (("ALTER TABLE learned ADD COLUMN more text",), MIGRATIONS[-1][1]),
)
"""A version that those before can still use."""
STRICT: Migrations = (*NEWER, (("ALTER TABLE learned DROP COLUMN content",), len(NEWER) + 1))
"""One that they cannot."""
BROKEN: Migrations = (*MIGRATIONS, (("CREATE TABLE half (id integer)", "SELECT no"), 2))


def opened(url: str) -> Connection:
    return Access(Address.parse(url)).opened()


@pytest.fixture
def connection(team_store: str) -> Iterator[Connection]:
    """A store of its own kind: what is changed here is not used again."""
    with closing(opened(team_store)) as connection, connection.raw.transaction(force_rollback=True):
        yield connection


def test_it_is_made_once_whoever_comes_at_the_same_time(database: str) -> None:
    address = Address.parse(database)

    def attempt(_: int) -> str:
        with closing(opened(database)) as connection:
            try:
                return make(connection, address, START).store
            except StoreError as error:
                return str(error)

    with ThreadPoolExecutor(3) as threads:
        told = list(threads.map(attempt, range(3)))
    made = [each for each in told if "already" not in each]
    assert len(made) == 1
    with Database(Access(address)) as store:
        assert store.ask(state_of).store == made[0]


def test_where_none_is_nothing_is_made_unasked(database: str) -> None:
    with Database(Access(Address.parse(database))) as store:
        with pytest.raises(NotMade, match="smsmon store init"):
            store.ask(state_of)
        with closing(opened(database)) as connection:
            assert state_of(connection).version == 0


def test_what_cannot_be_done_whole_is_not_done(database: str) -> None:
    address = Address.parse(database)
    with closing(opened(database)) as connection:
        make(connection, address, START)
        with pytest.raises(psycopg.Error):
            migrate(connection, address, START, BROKEN)
        assert state_of(connection).version == len(MIGRATIONS)
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


def test_versions_that_do_not_fit_are_told_apart(database: str) -> None:
    address = Address.parse(database)
    with closing(opened(database)) as connection:
        make(connection, address, START)
        with pytest.raises(Older, match="smsmon store migrate"):
            must_fit(address, state_of(connection), len(NEWER))
        assert migrate(connection, address, START, NEWER).version == len(NEWER)
        must_fit(address, state_of(connection), len(MIGRATIONS))
        assert migrate(connection, address, START, STRICT).min_reader == len(STRICT)
        for known in (len(MIGRATIONS), len(NEWER)):
            with pytest.raises(Newer, match="Update smsmon"):
                must_fit(address, state_of(connection), known)
        assert migrate(connection, address, START, STRICT).version == len(STRICT)
    with Database(Access(address)) as store, pytest.raises(Newer):
        store.ask(state_of)


def test_an_open_connection_writes_no_more_once_a_change_shut_it_out(database: str) -> None:
    address = Address.parse(database)
    with closing(opened(database)) as connection:
        make(connection, address, START)
        with Database(Access(address)) as older:
            _keep(older)
            migrate(connection, address, START, STRICT)
            with pytest.raises(Newer):
                _keep(older)


def _keep(store: Database) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO word (text) VALUES ('x') ON CONFLICT (text) DO NOTHING")


def test_the_tables_are_those_of_the_local_store(connection: Connection) -> None:
    import sqlite3

    with closing(sqlite3.connect(":memory:")) as local:
        local.create_function("respelled", 1, lambda phone: phone, deterministic=True)
        for script in OF_FILES:
            for statement in script:
                local.execute(statement)
        query = (
            "SELECT made.name, told.name FROM sqlite_master made,"
            " pragma_table_info(made.name) told WHERE made.type = 'table'"
        )
        of_files = {each for each in local.execute(query) if not each[0].startswith("sqlite")}
    columns = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    )
    lacking = of_files - set(columns.fetchall())
    assert not lacking


def test_a_month_has_its_partition_and_takes_what_lay_elsewhere(connection: Connection) -> None:
    later = START + 400 * DAY
    insert = "INSERT INTO event (at, kind, profile, detail) VALUES (?, 'x', 'p', '')"
    connection.executemany(insert, [(round(each * 1000),) for each in (START, later, later + DAY)])
    count = "SELECT count(*) FROM event_other"
    assert connection.execute(count).fetchone() == (2,)
    assert make_partitions(connection, later) >= 2
    assert make_partitions(connection, later) == 0
    assert connection.execute(count).fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM event").fetchone() == (3,)
