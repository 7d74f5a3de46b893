"""``smsmon store``, on a PostgreSQL: made, looked at, changed, copied; and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from smsmon.commands.store import store
from smsmon.secret import Password
from smsmon.store.team.address import Address
from smsmon.store.team.care import TeamCare
from smsmon.store.team.database import Access
from smsmon.store.team.migrations import MIGRATIONS
from tests.cli.program import Done, Program
from tests.support.postgres import Pooler, Server, databases, shared

Run = Callable[..., Done]


@pytest.fixture
def url() -> str:
    return databases.empty()


@pytest.fixture
def run(program: Program, url: str) -> Run:
    """Runs a command on a store in an empty database."""
    return lambda *args, **env: program.run(*args, **{"SMSMON_STORE": url, **env})


def test_a_store_is_made_once_and_looked_at(run: Run) -> None:
    none = run("store", "check")
    assert none.code == 2
    assert "`smsmon store init` makes one" in none.err
    assert run("ls").code == 2
    made = run("store", "init")
    assert (made.code, made.out.count(f"version {len(MIGRATIONS)} was made")) == (0, 1)
    again = run("store", "init")
    assert (again.code, "already" in again.err) == (2, True)
    assert "Nothing is to be done" in run("store", "migrate").out
    found = run("store", "check", "--json").json
    assert (found["well"], found["role"], found["bell"], found["verified"]) == (
        True, "owner", True, True,
    )  # fmt: skip
    assert abs(found["clock_offset"]) < 2
    assert run("add", "300", "--note", "mine").code == 0
    (listed,) = run("ls", "--json").json["messages"]
    assert (listed["note"], "@" in listed["note_by"]) == ("mine", True)


def test_what_holds_something_else_is_left_alone(run: Run, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE theirs (id integer)")
    refused = run("store", "init")
    assert refused.code == 2
    assert "holds something else already (theirs, say)" in refused.err
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('meta')").fetchone()
    assert row == (None,)


def test_an_older_store_is_changed_when_somebody_agrees(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("store", "init")
    more = (*MIGRATIONS, (("ALTER TABLE message ADD COLUMN colour text",), len(MIGRATIONS) + 1))
    care = TeamCare(Access(Address.parse(url)), more)
    monkeypatch.setattr("smsmon.commands.store._care", lambda: care)

    def migrate(*args: str) -> str:
        done = CliRunner().invoke(store, ["migrate", *args])
        return f"{done.output} {done.exception or ''}"

    assert "Say so with --yes" in migrate()
    assert care.version().there == len(MIGRATIONS)
    assert f"It is of version {len(more)} now" in migrate("--yes")
    assert care.look().version.usable
    refused = run("store", "migrate")
    assert (refused.code, "Update smsmon here" in refused.err) == (2, True)
    assert "Update smsmon" in run("ls").err
    assert run("store", "check").code == 2


def test_everything_is_copied_there_and_back(run: Run, program: Program) -> None:
    run("store", "init")
    assert run("add", "300", "--label", "Été", SMSMON_STORE="").code == 0
    done = run("store", "copy", "--from", "local", "--json")
    assert (done.code, done.json["same"]) == (0, True)
    assert run("ls").out == run("ls", SMSMON_STORE="").out
    home = str(program.home.with_name("other"))
    back = run("store", "copy", "local", SMSMON_HOME=home)
    assert (back.code, "Both hold the same" in back.err) == (0, True)
    assert run("ls").out == run("ls", SMSMON_STORE="", SMSMON_HOME=home).out
    run("add", "9", SMSMON_STORE="")
    refused = run("store", "copy", "local")
    assert (refused.code, "messages of its own" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("copy",), "Name the store to copy to"),
        (("copy", "here"), "A store is local, or postgresql://"),
        (("copy", "postgresql://anna:hunter2@db.example/x"), "process lists show it"),
        (("copy", "postgresql://db.example:0/x"), "from 1 to 65535"),
        (("copy", "local"), "copied into itself"),
        (("check",), "The store is on this machine"),
        (("roles", "--owner", "a b"), "a name has letters"),
        (("roles", "--owner", "a", "--poller", "a"), "three users"),
    ],
)
def test_what_makes_no_sense_is_told(program: Program, args: tuple[str, ...], told: str) -> None:
    done = program.run("store", *args)
    assert done.code == 2
    assert told in done.err
    assert "hunter2" not in done.out + done.err


def test_who_is_not_reached_is_told_with_its_exit_code(program: Program) -> None:
    url = "postgresql://anna:hunter2@127.0.0.1:1/x"
    for args in (("check",), ("copy", "local"), ("check", "--json")):
        done = program.run("store", *args, SMSMON_STORE=url)
        assert done.code == 5, done
        assert "hunter2" not in done.out + done.err
    other = {"SMSMON_STORE": url, "SMSMON_STORE_PASSWORD_ENV": "NO_SUCH"}
    found = program.run("doctor", "--json", **other).json["findings"]
    told = [each["detail"] for each in found if each["name"] == "password"]
    assert told[0] == "in the address, but that of environment variable NO_SUCH is used"
    looked = program.run("doctor", "--json", SMSMON_STORE=url)
    found = {each["name"]: each for each in looked.json["findings"] if each["part"] == "store"}
    assert found["password"]["detail"] == "in the address"
    assert found["connection"]["health"] == "bad"
    assert "hunter2" not in looked.out + looked.err


def test_the_doctor_looks_at_the_store(run: Run) -> None:
    run("store", "init")
    found = {
        each["name"]: each["health"]
        for each in run("doctor", "--json").json["findings"]
        if each["part"] == "store"
    }
    assert found == {
        "address": "good", "psycopg": "good", "server": "good", "TLS": "good", "version": "good",
        "rights": "good", "budget": "note", "polling": "note", "clock": "good",
    }  # fmt: skip


def test_a_pooler_is_seen_and_its_bell_is_not_heard(program: Program, url: str) -> None:
    name = url.partition("?")[0].rpartition("/")[2]
    with Pooler(shared()) as pooler:
        pooled = pooler.url(name)
        assert program.run("store", "init", SMSMON_STORE=pooled).code == 0
        found = program.run("store", "check", "--json", SMSMON_STORE=pooled).json
    assert (found["pooled"], found["bell"], found["well"]) == (True, False, True)


def test_a_command_for_the_password_is_run_once_and_again_when_it_was_changed(
    program: Program, tmp_path: Path
) -> None:
    server = Server.made()
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE ROLE anna LOGIN PASSWORD 'hunter2'")
            connection.execute("CREATE DATABASE theirs OWNER anna")
        allowed = "local all postgres trust\nlocal all all scram-sha-256\n"
        (server.folder / "data" / "pg_hba.conf").write_text(allowed)
        server.restart()
        url, kept, asked = server.url("theirs", "anna"), tmp_path / "kept", tmp_path / "asked"
        kept.write_text("hunter2")
        program.home.mkdir()
        (program.home / "config.toml").write_text(
            f'store = "{url}"\n'
            f'store_password_command = ["sh", "-c", "echo >>{asked}; cat {kept}"]\n'
        )
        assert program.run("store", "init").code == 0
        asked.unlink()
        assert program.run("store", "check").code == 0
        assert asked.read_text() == "\n", "it has several connections"
        kept.write_text("wrong")
        refused = program.run("ls")
        assert (refused.code, "Look at the password" in refused.err) == (2, True)
        passwords = iter([Password("old"), Password("hunter2")])
        Access(Address.parse(url), lambda *, anew=False: next(passwords)).opened().close()
    finally:
        server.close()
