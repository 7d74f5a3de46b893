"""The files of the commands: whose they are, and what an output may be."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from smsmon import leaving
from smsmon.clock import SystemClock
from smsmon.commands.doctor import Health
from smsmon.commands.doctor.machine import stores
from smsmon.commands.export import _opened
from smsmon.failures import write_crash_note
from smsmon.locations import Locations
from smsmon.store.local.files import write_whole
from smsmon.store.local.lease import LocalLease
from tests.cli.program import TIMEOUT, Program
from tests.files.kinds import NOBODY, root_only
from tests.store.reports import START, Console, row

LIST = "id,label,tags,note,added,paused,profile"
"""How an exported watchlist begins."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


def owners(folder: Path) -> dict[str, tuple[int, int]]:
    """User and group of a folder and all in it."""
    found = {path: path.lstat() for path in (folder, *folder.rglob("*"))}
    return {path.name: (each.st_uid, each.st_gid) for path, each in found.items()}


@root_only
def test_what_root_does_in_a_users_home_stays_the_users(program: Program) -> None:
    program.home.mkdir()
    os.chown(program.home, NOBODY, NOBODY + 1)
    program.run("add", "300")
    program.run("config", "init")
    with Console(program.home / "history.db") as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        console.writer.write_out()
        while_open = owners(program.home)
    assert {"history.db-wal", "history.db-shm"} <= while_open.keys()
    program.run("add", "301")  # replaces what is there by now
    program.run("history", "vacuum")
    assert program.run("export", "summary", "-o", str(program.home / "out.csv")).code == 0
    write_crash_note(ValueError("x"), program.home / "crashes")
    write_whole(Locations.under(program.home).learned, b"{}")
    found = owners(program.home)
    assert {".watchlist.toml.lock", ".history.db.lock", "out.csv", "crashes"} <= found.keys()
    for each in (while_open, found):
        assert set(each.values()) == {(NOBODY, NOBODY + 1)}, each


@root_only
def test_the_lease_is_its_homes_whoever_takes_it(program: Program) -> None:
    program.home.mkdir()
    os.chown(program.home, NOBODY, NOBODY + 1)
    history = program.home / "history.db"
    lease = LocalLease(history, SystemClock(), "watch")
    lease.claim(["300"])
    lease.attend()
    assert len(owners(program.home)) >= 3
    assert set(owners(program.home).values()) == {(NOBODY, NOBODY + 1)}
    lease.leave()
    lease.release()


@root_only
def test_a_lock_that_root_took_for_itself_is_given_back(program: Program) -> None:
    program.run("add", "300")
    os.chown(program.home / "watchlist.toml", NOBODY, NOBODY)
    lock = program.home / ".watchlist.toml.lock"
    assert lock.stat().st_uid == 0
    program.run("add", "301")
    assert lock.stat().st_uid == NOBODY


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_output_to_stdout_by_any_name_goes_where_stdout_goes(
    program: Program, tmp_path: Path, name: str
) -> None:
    program.run("add", "300")
    out = tmp_path / "out.csv"
    with out.open("ab") as file:
        file.write(b"before\n")
        file.flush()
        argv = program.argv("export", "watchlist", "-o", name)
        subprocess.run(argv, stdout=file, env=program.env(), timeout=TIMEOUT, check=True)
    first, second, third = out.read_text().splitlines()
    assert (first, second, third.split(",")[0]) == ("before", LIST, "300")


def test_what_a_shell_opens_is_read_and_written(program: Program, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is what has <( ) and >( )")
    smsmon = " ".join(program.argv())
    script = (
        f"{smsmon} add --file <(printf '300\\n301\\n') &&"
        f" {smsmon} export watchlist --format text -o /dev/fd/7 7> {tmp_path}/out"
    )
    done = subprocess.run(
        [bash, "-c", script], env=program.env(), capture_output=True, timeout=TIMEOUT, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_text().split() == ["300", "301"]


@pytest.mark.parametrize("place", ["watchlist.toml", "config.toml", "history.db", "list"])
def test_a_pipe_in_a_files_place_ends_a_command_at_once(program: Program, place: str) -> None:
    program.home.mkdir()
    os.mkfifo(program.home / place)
    commands: dict[str, list[tuple[str, ...]]] = {
        "watchlist.toml": [("ls",), ("add", "300")],
        "config.toml": [("config", "check"), ("status", "300")],
        "history.db": [("find", "0612345678"), ("history", "info"), ("history", "vacuum")],
        "list": [("add", "--file", "list"), ("import", "list")],
    }
    for words in commands[place]:
        argv = program.argv(*words)
        done = subprocess.run(
            argv, capture_output=True, env=program.env(SMSMON_API_KEY="k" * 40), timeout=TIMEOUT,
            cwd=program.home, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        told = done.stdout + done.stderr
        assert "it is a pipe, not a file" in told
        assert done.returncode == 2, told
        assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_export_that_is_told_to_end_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, number: int
) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old")

    def export() -> None:
        with leaving.heeding_signals(), _opened(str(target)) as write:
            write("new")
            os.kill(os.getpid(), number)
            write("never")

    with pytest.raises(leaving.ToldToStop):
        export()
    assert target.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]


def test_settings_are_begun_whole_in_every_locale(program: Program) -> None:
    done = program.run(
        "config", "init", LC_ALL="C", LANG=None, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert done.code == 0, done.err
    assert program.run("config", "check").code == 0


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o660, 0o604])
def test_a_history_that_is_there_is_closed_to_others(program: Program, mode: int) -> None:
    history = program.home / "history.db"
    with Console(history) as console:
        console.watch("300")
    history.chmod(mode)
    with Console(history) as console:
        console.watch("301")
        console.poll("301", [row(1)], START)
        console.writer.write_out()
        modes = {stat.S_IMODE(each.stat().st_mode) for each in program.home.glob("history.db*")}
    assert modes == {0o600}


def test_a_folder_that_others_may_write_into_is_told(program: Program) -> None:
    program.run("add", "300")
    places = Locations.under(program.home)
    for mode, told in ((0o700, False), (0o755, False), (0o777, True), (0o770, True)):
        program.home.chmod(mode)
        poor = [each for each in stores(places) if each.health is Health.POOR]
        assert any("chmod go-w" in each.advice for each in poor) is told
