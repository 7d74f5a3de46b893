"""The servers that the tests have: each test a database alone, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support.keeper import wait_until
from tests.support.postgres import Pooler, Server, databases, shared
from tests.support.waiting import PATIENCE


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row and row[0]


def test_a_database_is_empty_when_it_is_used_again(database: str) -> None:
    assert databases.empty() != database
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE left_over (id integer)")
    databases.give_back()
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert {value(databases.empty(), count) for _ in range(2)} == {0}


def test_a_server_can_be_lost_and_its_replica_promoted(own_server: Server) -> None:
    replica = own_server.replica()
    try:
        assert value(replica.url(), "SELECT pg_is_in_recovery()") is True
        own_server.stop("immediate")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(own_server.url())
        replica.promote()
        assert value(replica.url(), "SELECT pg_is_in_recovery()") is False
        own_server.start()
        assert value(own_server.url(), "SELECT 1") == 1
    finally:
        replica.close()


def test_the_pooler_stands_between(database: str) -> None:
    name = database.partition("?")[0].rpartition("/")[2]
    with (
        Pooler(shared()) as pooler,
        psycopg.connect(pooler.url(name), autocommit=True) as connection,
    ):
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        assert row[0] != connection.info.backend_pid, "another connection carries the statements"


_HOLDER = """
import sys, time
from tests.support.postgres import Server
print(Server.made().folder, flush=True)
time.sleep(600)
"""


def test_a_killed_run_leaves_nothing_behind() -> None:
    environment = {**os.environ, "PYTEST_XDIST_TESTRUNUID": f"k{os.getpid()}"}
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER], env=environment, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        run.send_signal(signal.SIGKILL)
    wait_until(lambda: not folder.parent.exists(), "the folder is removed", PATIENCE)
    wait_until(lambda: not _lives(pid), "the server ends", PATIENCE)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
