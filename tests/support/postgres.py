"""A PostgreSQL of the system's own binaries for the tests, on a socket in a temporary folder.

One server serves a whole run of the tests, whatever workers it has; it is started when a test first
asks for a database. What stops, restarts or replaces a server has one of its own (``Server``). All
of them live in one folder, which `tests.support.keeper` clears away when the last worker is gone,
killed or not.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

from smsmon.commands.demo.team import found_programs, whose
from smsmon.store.team import migrations
from smsmon.store.team.address import Address
from smsmon.store.team.database import Access
from tests.store.reports import START
from tests.support import keeper
from tests.support.waiting import PATIENCE

REQUIRED = "TESTS_NEED_POSTGRES"
"""Set where a missing server is a failure, and no reason to skip a test."""
MISSING = "PostgreSQL is not installed here (Debian and Ubuntu: apt-get install postgresql)"
NO_POOLER = "PgBouncer is not installed here (Debian and Ubuntu: apt-get install pgbouncer)"
_BEGIN = (
    *("-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale"),
    "--wal-segsize=1",  # megabyte: each server is a copy
)
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
full_page_writes = off
autovacuum = off
shared_buffers = 32MB
max_connections = 200
max_wal_senders = 4
wal_level = replica
hot_standby = on
log_min_messages = fatal
"""
_TLS_ALONE = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n"
_POOLER = """
[databases]
* = host={server} user=postgres
[pgbouncer]
listen_addr =
listen_port = 5432
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
logfile = {folder}/log
pidfile = {folder}/pgbouncer.pid
"""


binaries = cache(found_programs)
"""The folder of the server's programs; None where none is installed."""


def pooler() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def needed(what: object, why: str) -> None:
    """Skip the test where ``what`` is not there, or fail it where that must not be."""
    if not what:
        if os.environ.get(REQUIRED):
            pytest.fail(why)
        pytest.skip(why)


def _theirs(path: Path) -> Path:
    """``path``, given to whom the servers run as."""
    if them := whose():
        os.chown(path, them["user"], them["group"])
    return path


class Server:
    """One PostgreSQL in a folder of its own below the run's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """Where its socket is: the ``host`` of a connection."""
        self._data = folder / "data"
        self._log = folder / "log"

    @classmethod
    def made(cls, name: str = "") -> Server:
        """A server of your own, running. Raises ``Skipped`` where none is installed."""
        needed(binaries(), MISSING)
        server = cls(_folder_in(_run_folder(), name))
        subprocess.run(["cp", "-a", _begun() / "data", server.folder], check=True)
        with (server._data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(folder=server.folder))
        server.start()
        return server

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def start(self) -> None:
        self._control("start", "-l", str(self._log), "-t", str(int(PATIENCE)))

    def stop(self, mode: str = "fast") -> None:
        """``immediate`` is as if the machine had lost its power."""
        self._control("stop", "-m", mode)

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def listen(self, certificate: Path | None = None) -> int:
        """Have it serve a port of loopback as well, which is given; with a ``certificate``, beside
        which its key lies, over TLS alone."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        settings = f"listen_addresses = '127.0.0.1'\nport = {port}\n"
        if certificate is not None:
            key = _theirs(certificate.with_suffix(".key"))
            files = f"ssl_cert_file = '{_theirs(certificate)}'\nssl_key_file = '{key}'\n"
            settings += f"ssl = on\n{files}"
            (self._data / "pg_hba.conf").write_text(_TLS_ALONE)
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(settings)
        self.restart()
        return port

    def replica(self) -> Server:
        """Another server that follows this one, and can be promoted."""
        server = Server(_folder_in(_run_folder()))
        server._does("pg_basebackup", "-h", str(self.folder), "-U", "postgres", "-R", "-c", "fast")
        with (server._data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(folder=server.folder))
        server.start()
        return server

    def promote(self) -> None:
        """Let a replica be the server that is written to."""
        self._control("promote")

    def close(self) -> None:
        """End it, whether it runs or not, and throw it away."""
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder)

    def _control(self, *what: str) -> None:
        self._does("pg_ctl", "-w", *what)

    def _does(self, program: str, *arguments: str) -> None:
        folder = binaries()
        assert folder is not None
        with (self.folder / "said").open("w+") as said:
            ended = subprocess.run(
                [folder / program, "-D", str(self._data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,  # no pipe: the server would keep it open
                stderr=said,
                cwd=self.folder,
                timeout=2 * PATIENCE,
                check=False,
                **whose(),
            )
            if ended.returncode:
                log = self._log.read_text() if self._log.exists() else ""
                said.seek(0)
                raise AssertionError(f"{program} failed: {said.read()}\n{log}")


class Pooler:
    """PgBouncer in transaction mode, in front of a server."""

    def __init__(self, server: Server) -> None:
        program = pooler()
        needed(program, NO_POOLER)
        assert program is not None
        self.folder = _folder_in(_run_folder())
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(_POOLER.format(server=server.folder, folder=self.folder))
        self._process = subprocess.Popen(
            [program, "-q", str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            **whose(),
        )
        keeper.wait_until(self._answers, "PgBouncer starts", PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as asking:
            return not asking.connect_ex(str(self.folder / ".s.PGSQL.5432"))

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)


@cache
def _begun() -> Path:
    """The folder with a server that never ran, which all others are copies of."""
    folder = _run_folder()
    with _alone(folder, "begun"):
        begun = folder / "begun"
        if not begun.exists():
            fresh = Server(_folder_in(folder))
            fresh._does("initdb", *_BEGIN)
            fresh.folder.rename(begun)
    return begun


# --- the one of a whole run ----------------------------------------------------------------------


@cache
def shared() -> Server:
    """The server of this run of the tests, which no test stops."""
    needed(binaries(), MISSING)
    folder = _run_folder()
    with _alone(folder, "shared"):
        here = folder / "shared"
        return (
            Server(here) if (here / "data" / "postmaster.pid").exists() else Server.made("shared")
        )


_EMPTY = b"DROP SCHEMA public CASCADE; CREATE SCHEMA public"
_ANEW = b"""DO $do$
DECLARE body text;
BEGIN
    SELECT string_agg(CASE relkind
        WHEN 'S' THEN format('PERFORM setval(%L, 1, false);', relname)
        ELSE format('DELETE FROM %I;', relname) END, ' ')
    INTO body FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p', 'S') AND NOT relispartition AND relname != 'meta';
    CREATE SCHEMA tests;
    EXECUTE 'CREATE FUNCTION tests.anew() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN '
        || body || ' INSERT INTO clock VALUES (1, NULL); INSERT INTO lease VALUES (1, 0, 0);'
        || ' INSERT INTO watchlist_version VALUES (1, 0);'
        || ' INSERT INTO arrival_version VALUES (1, 0, 0, 0, random()::text); END $body$';
END $do$"""
"""Makes ``tests.anew()``: a store as it was when it was made, at a tenth of the price."""


class Databases:
    """Databases of the shared server, each for one test at a time: they are used again."""

    def __init__(self) -> None:
        self._free: dict[bool, list[str]] = {True: [], False: []}
        """Those with a store, and those without."""
        self._used: dict[bool, list[str]] = {True: [], False: []}
        self._made = 0
        self._connection: psycopg.Connection[Any] | None = None
        self._cleaners: dict[str, psycopg.Connection[Any]] = {}

    def empty(self) -> str:
        """The URL of a database with nothing in it, for the running test alone."""
        return self._given(with_store=False)

    def store(self) -> str:
        """The URL of one with a store in which nothing was written yet."""
        return self._given(with_store=True)

    def keep(self) -> None:
        """What is used now is for tests to come as well: it is never used for another."""
        for used in self._used.values():
            used.clear()

    def give_back(self) -> None:
        """The test is over: what it used may be used again."""
        for with_store, used in self._used.items():
            self._free[with_store] += used
            used.clear()

    def _given(self, *, with_store: bool) -> str:
        server = shared()
        if self._connection is None:
            self._connection = psycopg.connect(server.url(), autocommit=True)
        if self._free[with_store]:
            name = self._free[with_store].pop()
        else:
            self._made += 1
            name = f"test_{os.getpid()}_{self._made}"
            self._connection.execute(f"CREATE DATABASE {name}".encode())
            if with_store:
                make_store(server.url(name))
                with psycopg.connect(server.url(name), autocommit=True) as connection:
                    connection.execute(_ANEW)
        self._used[with_store].append(name)
        self._clean(name, with_store=with_store)
        return server.url(name)

    def _clean(self, name: str, *, with_store: bool) -> None:
        """What a test left behind is gone, and who it left behind is thrown out."""
        connection = self._cleaners.get(name)
        if connection is None:
            connection = psycopg.connect(shared().url(name), autocommit=True)
            self._cleaners[name] = connection
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = %s AND pid != pg_backend_pid()",
            [name],
        )
        connection.execute(b"SELECT tests.anew()" if with_store else _EMPTY)


def make_store(url: str) -> None:
    """What `smsmon store init` does."""
    address = Address.parse(url)
    with closing(Access(address).opened()) as connection:
        migrations.make(connection, address, START)


databases = Databases()


# --- the folder of a run -------------------------------------------------------------------------


@cache
def _run_folder() -> Path:
    """The folder of this run's servers; it is there as long as any worker of it lives."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"p{os.getpid()}")
    folder = Path(tempfile.gettempdir()) / f"smsmon-pg-{run[:12]}"
    begun = keeper.hold(folder)
    if begun:
        _theirs(folder)
        subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl+C is not meant for it
        ).returncode = 0  # it outlives us
    return folder


def _folder_in(folder: Path, name: str = "") -> Path:
    made = folder / name if name else Path(tempfile.mkdtemp(prefix="", dir=folder))
    made.mkdir(mode=0o700, exist_ok=True)
    return _theirs(made)


@contextmanager
def _alone(folder: Path, what: str) -> Iterator[None]:
    with (folder / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
