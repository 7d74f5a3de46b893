"""The care for a team's store (`store.care.Care`): made, looked at, changed to a newer version, and
all of it for a copy."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg

from smsmon.store.care import Living, Looked, May, Size, Version, Way
from smsmon.store.errors import StoreError
from smsmon.store.sql.arrivals import LAST_ARRIVAL
from smsmon.store.team import TeamStore, migrations
from smsmon.store.team.address import speaking_of
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import Access, Database
from smsmon.store.team.migrations import MIGRATIONS, Migrations
from smsmon.store.team.watchlist import TeamWatchlist
from smsmon.text import SENTENCE_LIMIT, safe

_WITHIN = "SET statement_timeout = '10s'"
_BELL = "smsmon_check"
"""A channel of our own: nobody who listens to the store's is disturbed."""
_BACK_WITHIN = 2.0
"""Seconds within which a notification comes back, where any does."""


class TeamCare:
    """The care for the store that ``access`` leads to."""

    def __init__(self, access: Access, known: Migrations = MIGRATIONS) -> None:
        """``known`` are the versions that this smsmon can make."""
        self._access = access
        self._known = known

    @property
    def where(self) -> str:
        return str(self._access.address)

    def version(self) -> Version:
        with self._opened() as connection, speaking_of(self._access.address):
            return self._version(migrations.state_of(connection))

    def make(self) -> Version:
        with self._opened() as connection, speaking_of(self._access.address):
            state = migrations.state_of(connection)
            if not state.version and (found := _others(connection)):
                why = f"the schema {state.schema} holds something else already ({found}, say)"
                raise StoreError(self._access.address, why, _ELSEWHERE)
            made = migrations.make(connection, self._access.address, time.time(), self._known)
            return self._version(made)

    def migrate(self) -> Version:
        with self._opened() as connection, speaking_of(self._access.address):
            address, now = self._access.address, time.time()
            return self._version(migrations.migrate(connection, address, now, self._known))

    def changes(self, there: int) -> Sequence[str]:
        return [each for what in CHANGES[there:] for each in what]

    def look(self) -> Looked:
        with self._opened() as connection, speaking_of(self._access.address):
            connection.execute(_WITHIN)
            state = migrations.state_of(connection)
            version = self._version(state)
            user, database, server, clock = _about(connection)
            may, lacking = rights(connection) if version.there else (May.NOTHING, ())
            readable = version.usable and may is not May.NOTHING
            return Looked(
                _way(connection),
                server,
                user,
                database,
                state.schema,
                version,
                connection.pooled,
                may,
                lacking,
                clock,
                self._rings(),
                living(connection) if readable else (),
                _size(connection) if readable else None,
                _copied_from(connection),
            )

    def roles(self, owner: str, poller: str, viewer: str, schema: str) -> str:
        return grants(owner, poller, viewer, schema)

    def _version(self, state: migrations.State) -> Version:
        return Version(state.version, len(self._known), state.min_reader)

    def _opened(self) -> closing[Connection]:
        return closing(self._access.opened())

    def _rings(self) -> bool:
        """Whether a notification comes back to who listens, as it does but behind some poolers."""
        with closing(self._access.connect()) as listens, speaking_of(self._access.address):
            listens.execute(f"LISTEN {_BELL}")
            with self._opened() as rings:
                rings.execute("SELECT pg_notify(?, '')", (_BELL,))
            return any(True for _ in listens.notifies(timeout=_BACK_WITHIN, stop_after=1))


_ELSEWHERE = (
    "Make the store in a database of its own, or in an empty schema of this one that the user has"
    " first in its search_path."
)


def _others(connection: Connection) -> str:
    """What is in the schema; empty where nothing is."""
    row: Any = connection.execute(
        "SELECT min(relname) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
        " AND relnamespace = to_regnamespace(quote_ident(current_schema()))"
    ).fetchone()
    return safe(row[0] or "")


CHANGES: Sequence[Sequence[str]] = (
    ("The tables are made.",),
    ("Messages that come by themselves get tables of their own.",),
)
"""``CHANGES[n]``: what the n-th migration does, a sentence each, for whoever has to agree."""


def _about(connection: Connection) -> tuple[str, str, str, float]:
    """User, database, version of the server, and how far our clock is ahead of its."""
    asked = time.time()
    row: Any = connection.execute(
        "SELECT current_user, current_database(), current_setting('server_version'),"
        " extract(epoch FROM clock_timestamp())"
    ).fetchone()
    user, database, server, now = row
    return user, database, server, (asked + time.time()) / 2 - float(now)


def _way(connection: Connection) -> Way:
    info = connection.raw.info
    row: Any = connection.execute(
        "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl"
    ).fetchone()
    # Between us and a pooler the line may be another one than between that and the server.
    tls = (row[0] if row else "") if not connection.pooled else _tls_of(connection.raw)
    here = info.host.startswith(("/", "@")) or _is_loopback(info.hostaddr)
    host = info.host if info.host.startswith(("/", "@")) else f"{info.host}:{info.port}"
    return Way(host, here, tls, info.get_parameters().get("sslmode", "prefer"))


def _tls_of(raw: psycopg.Connection[Any]) -> str:
    return "TLS" if raw.pgconn.ssl_in_use else ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _copied_from(connection: Connection) -> str:
    row: Any = connection.execute(
        "SELECT has_table_privilege(to_regclass('copying'), 'SELECT')"
    ).fetchone()
    if not row[0]:
        return ""
    row = connection.execute("SELECT place FROM copying").fetchone()
    return safe(row[0], SENTENCE_LIMIT) if row else ""


_TABLES = (
    "message", "recipient", "change", "event", "word", "clock", "last_poll", "account", "wish",
    "absence", "unread", "balance", "episode", "silence", "telling", "watchlist",
    "watchlist_version", "member", "message_lease", "learned", "arrival", "arrival_left",
    "arrival_position", "arrival_version",
)  # fmt: skip


def rights(connection: Connection) -> tuple[May, Sequence[str]]:
    """What the user may do, and which rights it lacks of those that poll."""
    owns, reads, writes = set(), set(), set()
    for name, own, read, write in connection.execute(
        "SELECT name, pg_has_role(c.relowner, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),"
        " has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')"
        " FROM unnest(?::text[]) name JOIN pg_class c ON c.oid = to_regclass(name)",
        ("{" + ",".join(_TABLES) + "}",),
    ):
        owns |= {name} if own else set()
        reads |= {name} if read else set()
        writes |= {name} if write else set()
    lacking = [f"to write {each}" for each in _TABLES if each not in writes]
    if owns >= {*_TABLES}:
        return May.OWN, ()
    if writes >= {*_TABLES} and reads >= {*_TABLES}:
        return May.POLL, ()
    if reads >= {"message", "watchlist"}:
        return May.VIEW, lacking
    return May.NOTHING, [f"to read {each}" for each in _TABLES if each not in reads]


def living(connection: Connection) -> list[Living]:
    """The processes that use the store now, those that poll first."""
    rows = connection.execute(
        "SELECT name, host, pid, polls, egress FROM member"
        " WHERE seen_until > clock_timestamp() ORDER BY polls DESC, host, name, pid"
    )
    return [Living(name, host, pid, bool(polls), egress) for name, host, pid, polls, egress in rows]


def _size(connection: Connection) -> Size:
    """How much there is, as the database reckons it: to count takes minutes of a large one."""
    reckoned = (
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0),"
        " count(*) FILTER (WHERE c.relispartition AND c.relname LIKE 'change\\_%' AND"
        " c.relname != 'change_other') FROM pg_class c WHERE c.relkind = 'r' AND"
        " c.relnamespace = to_regnamespace(quote_ident(current_schema()))"
    )
    row: Any = connection.execute(reckoned).fetchone()
    counted: Any = connection.execute(
        "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM recipient),"
        " (SELECT count(*) FROM change), (SELECT count(*) FROM event)"
    ).fetchone()
    messages, recipients, changes, events = map(int, counted)
    return Size(int(row[0]), messages, recipients, changes, events, int(row[1]))


_MAKE_ROLE = """\
SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS (
    SELECT FROM pg_roles WHERE rolname = {text}) \\gexec"""
_GRANTS = """\
-- Three users of the database of smsmon's store, with the rights that each needs.
-- Give it to psql, connected to that database as who may make roles (the superuser, say):
-- before `smsmon store init`, which the owner runs, and once more after it.
-- Passwords are set by you: \\password {owner} …

{roles}

-- Nobody else comes in.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO {owner}, {poller}, {viewer};
REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC;

-- The owner makes the tables, and changes them to newer versions.
GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner};

-- Consoles and watches write what is in the tables, and what no table is made for by themselves.
GRANT USAGE ON SCHEMA {schema} TO {poller}, {viewer};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {poller};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {poller};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {poller};

-- Viewers read; they note only that they are there.
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {viewer};

-- The same for the tables of newer versions.
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {poller};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT USAGE ON SEQUENCES TO {poller};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT EXECUTE ON FUNCTIONS TO {poller};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT SELECT ON TABLES TO {viewer};

-- Which version it is, is the owner's affair alone.
SELECT 'REVOKE INSERT, UPDATE, DELETE ON {schema}.meta FROM {poller}'
    WHERE to_regclass('{schema}.meta') IS NOT NULL \\gexec
SELECT 'GRANT INSERT, UPDATE, DELETE ON {schema}.member TO {viewer}'
    WHERE to_regclass('{schema}.member') IS NOT NULL \\gexec
"""


def grants(owner: str, poller: str, viewer: str, schema: str = "public") -> str:
    """SQL for psql that makes these users where they are not there, and gives them their rights.

    It may be run again and again. Names are of letters, digits, _ and -.
    """
    names = {"owner": owner, "poller": poller, "viewer": viewer, "schema": schema}
    quoted = {each: f'"{name}"' for each, name in names.items()}
    made = (
        _MAKE_ROLE.format(name=f'"{name}"', text=f"'{name}'") for name in (owner, poller, viewer)
    )
    return _GRANTS.format(**quoted, roles="\n".join(made))


_NUMBERED = ("word", "message", "episode", "silence")
_NEXT = (
    "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT max(id) FROM {0}))"
    " WHERE EXISTS (SELECT 1 FROM {0})"
)
_NEXT_EVENT = (
    "SELECT setval('event_id', (SELECT max(id) FROM event)) WHERE EXISTS (SELECT 1 FROM event)"
)


class TeamWhole:
    """All that a team's store keeps, for a copy of it (`store.sql.copying.Whole`)."""

    def __init__(self, store: TeamStore) -> None:
        self.store = store

    @property
    def where(self) -> str:
        return str(self.store.access.address)

    def identity(self) -> str:
        return self.store.work.ask(lambda db: migrations.state_of(db).store)

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
                migrations.make_partitions(connection, time.time(), since)
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
