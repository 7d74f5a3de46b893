"""The versions of a team's store: made by hand, changed by hand, and refused where they do not fit.

Whoever makes or changes one has it alone: all of it is done, or nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from smsmon.store.errors import StoreError
from smsmon.store.team.address import INIT, Address, Newer, NotMade, Older
from smsmon.store.team.connection import Connection
from smsmon.store.team.tables import V1, V2

Migrations = Sequence[tuple[Sequence[str], int]]
"""The n-th have the statements that make a store of version n one of version n + 1, with ``SCHEMA``
where the name of the schema goes; and which version a program must know at least to use it then:
one that knows less could do it harm."""
MIGRATIONS: Migrations = ((V1, 1), (V2, 2))
OLDEST_SERVER = 13
"""The first PostgreSQL that has all that is asked of one."""
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('smsmon schema'))"
_META = """CREATE TABLE meta (
        id integer PRIMARY KEY CHECK (id = 1),
        version integer NOT NULL,
        min_reader integer NOT NULL,  -- the version of smsmon's tables that one must know to use it
        store text NOT NULL           -- a random name of it: another store has another one
    )"""
_MONTH = 31 * 86_400_000
_LONGEST = 600
"""Seconds that a change may take; meanwhile everybody waits."""


class State(NamedTuple):
    version: int
    """0: nothing is made yet."""
    min_reader: int = 0
    store: str = ""
    server: int = 0
    """The main number of the server's version."""
    schema: str = ""
    """Where it is made, or would be."""


def state_of(connection: Connection) -> State:
    """What is in the database of ``connection``. Two questions, where a store is made."""
    server, schema, made = connection.execute(
        "SELECT current_setting('server_version_num')::integer / 10000, current_schema(),"
        " to_regclass('meta') IS NOT NULL"
    ).fetchone()  # type: ignore[misc]
    if not made:
        return State(0, server=server, schema=schema or "")
    row = connection.execute("SELECT version, min_reader, store FROM meta").fetchone()
    version, min_reader, store = row or (0, 0, "")
    return State(version, min_reader, store, server, schema or "")


def must_fit(address: Address, state: State, newest: int = len(MIGRATIONS)) -> None:
    """Raise ``StoreError`` unless a store of this state is ours to use."""
    if state.server < OLDEST_SERVER:
        why = f"its PostgreSQL is of version {state.server}"
        raise StoreError(address, why, f"Version {OLDEST_SERVER} is the oldest that will do.")
    if not state.version:
        raise NotMade(address, "there is no store of smsmon in this database", INIT)
    must_admit(address, state.min_reader, newest)
    if state.version < newest:
        why = f"an older smsmon made it (version {state.version}; this one needs {newest})"
        raise Older(address, why, "`smsmon store migrate` changes it, for everybody who uses it.")


def must_admit(address: Address, min_reader: int, newest: int = len(MIGRATIONS)) -> None:
    """Raise ``Newer`` where one must know more than the version ``newest`` to use the store."""
    if min_reader > newest:
        why = f"a newer smsmon changed it (for version {min_reader}; this one knows up to {newest})"
        raise Newer(address, why, "Update smsmon here; the store is left as it is.")


def make(
    connection: Connection, address: Address, now: float, migrations: Migrations = MIGRATIONS
) -> State:
    """Make a store where there is none, of the newest version. Raises ``StoreError``."""
    return _bring(connection, address, now, migrations, new=True)


def migrate(
    connection: Connection, address: Address, now: float, migrations: Migrations = MIGRATIONS
) -> State:
    """Bring a store to the newest version; nothing is done where it is. Raises ``StoreError``."""
    return _bring(connection, address, now, migrations, new=False)


def _bring(
    connection: Connection, address: Address, now: float, migrations: Migrations, *, new: bool
) -> State:
    with connection.transaction():
        connection.execute(f"SET LOCAL statement_timeout = '{_LONGEST}s'")
        connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{_LONGEST}s'")
        connection.execute(_LOCK)
        state = state_of(connection)
        if not state.schema:
            why = "none of the schemas of its search_path is there, or open to this user"
            raise StoreError(address, why, "Have one made, or name it: ?options=-csearch_path%3D…")
        (encoding,) = connection.execute("SHOW server_encoding").fetchone()  # type: ignore[misc]
        if encoding != "UTF8":
            why = f"its database has texts in {encoding}"
            raise StoreError(address, why, "Have one made with ENCODING 'UTF8'.")
        if new and state.version:
            why = f"there is a store of smsmon already (version {state.version})"
            raise StoreError(address, why, "It is left as it is.")
        if not new or state.server < OLDEST_SERVER:
            try:
                must_fit(address, state, len(migrations))
            except Older:
                # Who writes holds it until its transaction ends; who comes later sees the version.
                connection.execute("LOCK TABLE meta IN ACCESS EXCLUSIVE MODE")
            else:
                return state
        else:
            connection.execute(_META)
            connection.execute("INSERT INTO meta VALUES (1, 0, 0, ?)", (secrets.token_hex(8),))
        for script, _ in migrations[state.version :]:
            for statement in script:
                connection.execute(statement.replace("SCHEMA", _quoted(state.schema)))
        connection.execute(
            "UPDATE meta SET version = ?, min_reader = ?", (len(migrations), migrations[-1][1])
        )
        make_partitions(connection, now)
        return state_of(connection)


def make_partitions(connection: Connection, now: float, since: float | None = None) -> int:
    """Have partitions of this month and the next one, and of all since ``since``: gives how many
    were made. Cheap where they are there.
    """
    first = now if since is None else min(since, now)
    (made,) = connection.execute(
        "SELECT make_partitions(?, ?)", (round(first * 1000), round(now * 1000) + _MONTH)
    ).fetchone()  # type: ignore[misc]
    return int(made)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
