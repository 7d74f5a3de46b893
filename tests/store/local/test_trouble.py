"""Full disks, read-only folders, locked and damaged databases: each said, nothing lost."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from smsmon import exit_codes, files
from smsmon.model import Entry, Event, EventKind
from smsmon.recipients import Recipients
from smsmon.store.errors import Busy, Damaged, StoreError
from smsmon.store.local import schema
from smsmon.store.local.history import LocalHistory
from smsmon.store.local.reader import Reader
from smsmon.store.sql import batch, queries
from tests.cli.inside import Inside
from tests.store.reports import START, Console, changes, row, rows_of, sound


class Heard(list[StoreError | None]):
    """What a listener was told."""

    def kinds(self) -> list[str]:
        return [type(each).__name__ for each in self]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "smsmon" / "history.db"


def run_trouble(kind: str, folder: Path, prepare: str = "") -> str:
    """Run the program of ``trouble`` in ``folder``, after ``prepare`` in a mount namespace."""
    command = [sys.executable, "-m", "tests.store.local.trouble", kind, str(folder)]
    if prepare:
        unshare = shutil.which("unshare")
        if unshare is None or os.geteuid() != 0:
            pytest.skip("mounting a file system needs root and unshare")
        probe = [unshare, "-m", "sh", "-c", prepare, "sh", str(folder)]
        if subprocess.run(probe, capture_output=True).returncode:
            pytest.skip("this system lets nobody mount a tmpfs")
        command = [unshare, "-m", "sh", "-c", f'{prepare} && shift && exec "$@"', "sh",
                   str(folder), *command]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    out = run_trouble("full", tmp_path, 'mount -t tmpfs -o size=1m none "$1"')
    assert out.count("the disk is full") == 2


def test_a_limit_on_files_loses_nothing_and_is_told_from_a_full_disk(tmp_path: Path) -> None:
    out = run_trouble("limit", tmp_path)
    assert out.count("no file may be as long as this one becomes (File too large)") == 2


@pytest.mark.parametrize("kind", ["new", "old"])
def test_a_disk_that_is_full_at_the_start_is_said_to_be_full(tmp_path: Path, kind: str) -> None:
    """There is no room for the journal or its index, which SQLite calls an error of the disk."""
    out = run_trouble(kind, tmp_path, 'mount -t tmpfs -o size=1m none "$1"')
    assert out.count("the disk is full") == 2


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota of this user is used up"),
        (errno.EFBIG, "no file may be as long"),
        (errno.EROFS, "Allow this user to write"),
        (errno.EIO, "cannot write it"),
        (None, "the disk fails"),
    ],
)
def test_an_error_of_the_disk_is_told_by_its_reason(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int | None, said: str
) -> None:
    def tried(*_: Path) -> None:
        if number is not None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "must_have_room", tried)
    for name in ("SQLITE_IOERR", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_CANTOPEN"):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = getattr(sqlite3, name)
        told = str(schema.of_sqlite_error(path, error))
        assert said in told or (number is None and name == "SQLITE_CANTOPEN")


@pytest.mark.parametrize(
    "name", ["BUSY", "LOCKED", "FULL", "READONLY", "NOMEM", "TOOBIG", "INTERRUPT"]
)
def test_who_asks_for_something_once_is_not_promised_another_try(name: str, path: Path) -> None:
    error = sqlite3.OperationalError("it does not work")
    error.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{name}")
    told = schema.of_sqlite_error(path, error)
    assert "tried again" not in told.once
    assert ("tried again by itself" in str(told)) is (name != "READONLY")


def test_what_is_written_anywhere_names_a_disk_that_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files.why(OSError(errno.EACCES, "not you")) == "not you"
    for number, (words, _) in files.NO_ROOM.items():

        def full(*_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", full)
        for args in (["export", "watchlist", "-o", str(tmp_path / "x.csv")], ["config", "init"]):
            code, output = Inside(tmp_path, {}).run(args)
            assert code == exit_codes.USAGE
            assert f"({words}: {os.strerror(number)})" in output.decode()


def test_a_read_only_folder_is_said_and_the_console_goes_on(tmp_path: Path) -> None:
    if os.geteuid() == 0:  # to whom a mode says nothing
        out = run_trouble("readonly", tmp_path, 'mount -t tmpfs -o ro none "$1"')
    else:
        tmp_path.chmod(0o500)
        try:
            out = run_trouble("readonly", tmp_path)
        finally:
            tmp_path.chmod(0o700)
    assert out.count("Allow this user to write") == 2


def test_a_locked_database_delays_but_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_WAIT", 0.02)
    heard = Heard()
    with Console(path, listener=heard.append) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        console.writer.write_out()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for at in range(1, 4):
                console.poll("300", [row(1, "Delivered" if at % 2 else "Waiting")], START + at)
            with pytest.raises(Busy, match="another process holds it locked"):
                console.writer.write_out()
        console.writer.write_out()
        assert console.writer.trouble is None
    assert [each[5] for each in changes(path)] == [1.0, 2.0, 3.0]
    assert heard.kinds() == ["Busy", "NoneType"]


@pytest.mark.parametrize("damage", ["header", "middle", "emptied", "foreign", "table", "column"])
def test_a_damaged_database_is_kept_aside_and_a_new_one_begun(path: Path, damage: str) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(n) for n in range(2_000)], START)
    if damage == "header":
        content = b"no database at all" * 500
    elif damage == "emptied":
        content, journal = b"", path.with_name("history.db-wal")
        path.write_bytes(content)
        journal.write_bytes(b"what was written last")
        with Reader(path) as reader, pytest.raises(Damaged):
            reader.ask(lambda it: it.execute("SELECT 1"))
        assert journal.read_bytes() == b"what was written last"
    elif damage == "middle":
        content = path.read_bytes()
        content = content[:20_000] + os.urandom(30_000) + content[50_000:]
    else:
        path.unlink() if damage == "foreign" else None
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA journal_mode = DELETE")
            other.execute(
                {
                    "foreign": "CREATE TABLE message (x)",
                    "table": "DROP TABLE word",
                    "column": "ALTER TABLE word RENAME text TO x",
                }[damage]
            )
        content = path.read_bytes()
    path.write_bytes(content)
    heard = Heard()
    with Console(path, listener=heard.append) as console:
        console.watch("301")
        console.poll("301", [row(1)], START)
        console.writer.write_out()
        assert console.writer.trouble is None
    kept, *journals = sorted(path.parent.glob("history.db.damaged-*"))
    assert [each.read_bytes() for each in journals] == [b"what was written last"] * (
        damage == "emptied"
    )
    assert damage in ("table", "column") or kept.read_bytes() == content
    assert heard.kinds() == ["Damaged"]
    assert str(kept) in str(heard[0])
    assert rows_of(path, "SELECT message_id FROM message") == [("301",)]
    assert sound(path)


def test_consoles_that_start_at_once_on_an_empty_folder_share_one_history(path: Path) -> None:
    for number in range(20):
        own = path.with_name(f"history-{number}.db")
        heard = Heard()
        consoles = [Console(own, listener=heard.append) for _ in range(3)]
        for message, console in enumerate(consoles):
            console.watch(str(message))
            console.poll(str(message), [row(1)], START)
        for console in consoles:
            console.writer.end()
        assert heard.kinds() == []
        assert len(rows_of(own, "SELECT * FROM message")) == 3


def test_a_database_that_breaks_while_open_is_replaced_and_known_state_written_again(
    path: Path,
) -> None:
    heard = Heard()
    with Console(path, listener=heard.append) as console:
        console.watch("300")
        console.poll("300", [row(n) for n in range(2_000)], START)
        console.writer.write_out()
        with path.open("r+b") as file:
            file.write(b"x" * 60_000)
        for journal in ("-wal", "-shm"):
            path.with_name(path.name + journal).unlink()
        with pytest.raises(Damaged), Reader(path) as reader:
            reader.ask(queries.messages)
        # Another file in its place is noticed at the next write, a broken one by SQLite.
        path.rename(path.with_name("aside"))
        console.poll("300", [row(n) for n in range(2_000)], START + 5)
        console.writer.write_out()
        console.poll("300", [row(n) for n in range(2_000)], START + 6)
        console.writer.write_out()
    assert rows_of(path, "SELECT count(*), min(first_seen) / 1000.0 FROM recipient") == [
        (2_000, START)
    ]


def test_a_history_of_a_newer_version_is_left_as_it_is(path: Path) -> None:
    with Console(path):
        pass
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    heard = Heard()
    with Console(path, listener=heard.append) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        with pytest.raises(StoreError, match="newer smsmon wrote it"):
            console.writer.write_out()
        with Reader(path) as reader, pytest.raises(StoreError, match="version 99"):
            reader.ask(queries.messages)
        with pytest.raises(StoreError):
            console.writer.end()
    assert path.read_bytes() == before
    assert heard.kinds() == ["StoreError"]


def test_trouble_is_said_once_and_its_end_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_WAIT", 0.01)
    heard = Heard()
    with Console(path, listener=heard.append) as console:
        console.writer.write_out()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for at in range(3):
                console.writer.record_event(Event(EventKind.ACCOUNT_UP, START + at))
                with pytest.raises(Busy):
                    console.writer.write_out()
        console.writer.write_out()
    assert heard.kinds() == ["Busy", "NoneType"]
    assert rows_of(path, "SELECT count(*) FROM event") == [(3,)]


def test_what_waits_for_a_disk_is_bounded_and_the_last_state_survives(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_WAIT", 0.01)
    monkeypatch.setattr(batch, "WAITING_LIMIT", 100)
    with Console(path) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(n) for n in range(10)], START)
        console.writer.write_out()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for at in range(1, 60):
                word = "Delivered" if at % 2 else "Waiting"
                rows = [row(n, word) for n in range(10)]
                console.poll("300", rows, START + at)
                if at == 30:
                    console.poll("301", rows, START + at)
                with pytest.raises(Busy):
                    console.writer.write_out()
        console.writer.write_out()
    counts = "SELECT message_id, delivered, waiting FROM message ORDER BY message_id"
    assert rows_of(path, counts) == [("300", 10, 0), ("301", 0, 10)]
    assert len(changes(path)) < 200


def test_one_report_that_cannot_be_kept_does_not_hold_up_the_others(path: Path) -> None:
    heard = Heard()
    with Console(path, listener=heard.append) as console:
        console.watch("300")
        console.watch("301")
        bad = Recipients.of([row("\ud800")])
        console.poll("300", [row(1)], START)
        console.board["300"].recipients = bad
        console.writer.record(console.board.unchanged("300", START + 1), console.board["300"])
        console.poll("301", [row(1)], START + 1)
        console.writer.record_event(Event(EventKind.STALE, START, "300", detail="\ud800"))
        console.writer.record_event(Event(EventKind.STALE, START, "300", detail="kept"))
        console.writer.write_out()
        console.writer.record_event(Event(EventKind.STALE, START, "300", detail="\ud800"))
        console.writer.write_out()
    assert "could not be kept" in str(heard[0])
    assert "please report this" in str(heard[-1])
    assert rows_of(path, "SELECT detail FROM event WHERE kind = 'stale'") == [("kept",)]
    assert rows_of(path, "SELECT message_id FROM message") == [("300",), ("301",)]


def test_the_history_is_for_its_owner_only(path: Path) -> None:
    before = os.umask(0o022)
    try:
        with Console(path) as console:
            console.watch("300")
            console.poll("300", [row(1)], START)
            console.writer.write_out()
            files = list(path.parent.glob("history.db*"))
            assert len(files) == 3
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)


def test_recording_never_raises_and_never_waits_without_a_thread(path: Path) -> None:
    idle = LocalHistory(path)
    idle.record_event(Event(EventKind.ADDED, START, "300"))
    idle.watching([Entry("300")])
    with pytest.raises(StoreError, match="not written within"):
        idle.write_out(0.01)
    idle.begin()
    idle.end()
    assert rows_of(path, "SELECT kind, message_id FROM event") == [("added", "300")]


def test_a_listener_that_fails_does_not_end_the_recording(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"nonsense" * 1000)

    def listener(error: StoreError | None) -> None:
        raise RuntimeError("the screen is closed")

    with Console(path, listener=listener) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
    assert rows_of(path, "SELECT count(*) FROM recipient") == [(1,)]
