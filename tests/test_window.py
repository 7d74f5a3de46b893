"""One window for all processes: exact, quick, and never in the way."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from smsmon import window as module
from smsmon.window import SIZE, SharedWindow, address_of, runtime_folder, shared_window
from tests.monitor.fakes import windows_passed

NOW = 10_000.0


@pytest.fixture
def said() -> list[str]:
    return []


def sent(window: SharedWindow, now: float = NOW, limit: int = 10) -> bool:
    if window.take(now, limit, urgent=True):
        return False
    window.landed(now)
    return True


def count(window: SharedWindow, now: float = NOW, limit: int = 10) -> int:
    return sum(sent(window, now, limit) for _ in range(limit + 1))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://API.smspartner.fr/v1", "api.smspartner.fr:443"),
        ("https://api.smspartner.fr./v2/", "api.smspartner.fr:443"),
        ("http://127.0.0.1:8025/v1", "127.0.0.1:8025"),
        ("http://localhost", "localhost:80"),
        ("http://[::1]:99/x", "::1:99"),
    ],
)
def test_the_limit_belongs_to_host_and_port_whatever_the_path(url: str, address: str) -> None:
    assert address_of(url) == address


def test_what_one_process_sends_another_one_counts(tmp_path: Path) -> None:
    one, two = SharedWindow(tmp_path / "w"), SharedWindow(tmp_path / "w")
    assert count(one) == 10
    assert not sent(two)
    assert two.ledger.used(NOW) == 10
    two.hold(NOW, 10, 90.0, too_many=True)
    assert one.ledger.held_until() == NOW + 90.0
    assert one.ledger.allowed(NOW, 10) == 5


def test_a_file_that_is_removed_is_made_again_with_what_was_known(tmp_path: Path) -> None:
    one, two = SharedWindow(tmp_path / "w"), SharedWindow(tmp_path / "w")
    assert count(one, limit=6) == 6
    (tmp_path / "w").unlink()
    assert count(one) == 4
    assert not sent(two)
    (tmp_path / "w").unlink()
    assert not sent(two)


def test_a_new_start_of_the_machine_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count(SharedWindow(tmp_path / "w")) == 10
    assert not sent(SharedWindow(tmp_path / "w"))
    monkeypatch.setattr(module, "_stamps", lambda: b"another boot of.")
    assert count(SharedWindow(tmp_path / "w"), now=5.0) == 10


def test_a_file_of_another_clock_or_full_of_rubbish_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "w"
    assert count(SharedWindow(path), now=NOW) == 10
    assert count(SharedWindow(path), now=100.0) == 10, "noted in a future that cannot be"
    for rubbish in (b"\xff", b"\x7f", b"\x01", b"@"):
        stamps = path.read_bytes()[:16]
        path.write_bytes(stamps + rubbish * (SIZE - 16))
        assert count(SharedWindow(path)) == 10, rubbish


def test_a_new_process_is_not_stopped_by_the_dead(tmp_path: Path) -> None:
    path = tmp_path / "w"
    code = (
        "import sys, os; from pathlib import Path; from smsmon.window import SharedWindow\n"
        f"w = SharedWindow(Path({str(path)!r}))\n"
        f"for _ in range(10): assert not w.take({NOW}, 10, urgent=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    alive = SharedWindow(path)
    assert not sent(alive, NOW + 1)
    assert count(alive, NOW + 62) == 10, "given up when it was seen to be dead"


def _refused(what: str) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        target = path.with_name("target")
        target.write_bytes(b"precious")
        path.symlink_to(target)

    def folder(path: Path) -> None:
        path.mkdir()

    def pipe(path: Path) -> None:
        os.mkfifo(path)

    def foreign(path: Path) -> None:
        path.touch()
        os.chown(path, 12_345, 12_345)

    return {"link": link, "folder": folder, "pipe": pipe, "foreign": foreign}[what]


@pytest.mark.parametrize("what", ["link", "folder", "pipe", "foreign"])
def test_what_is_not_a_file_of_ours_is_left_alone_and_said_once(
    tmp_path: Path, said: list[str], what: str
) -> None:
    if what == "foreign" and os.geteuid():
        pytest.skip("only root can give a file away")
    _refused(what)(tmp_path / "w")
    window = SharedWindow(tmp_path / "w", said.append)
    assert window.alone
    assert count(window) == 10
    [told] = said
    assert told.startswith("The requests of other smsmon processes cannot be counted")
    assert str(tmp_path / "w") in told
    if what == "link":
        assert (tmp_path / "target").read_bytes() == b"precious"


@pytest.mark.parametrize("fails", ["posix_fallocate", "open"])
def test_a_full_or_read_only_disk_leaves_a_window_of_its_own(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    window = SharedWindow(tmp_path / "w", said.append)
    assert count(window, limit=6) == 6
    (tmp_path / "w").unlink()
    monkeypatch.setattr(os, fails, full)
    assert count(window) == 4, "what was known still counts"
    assert window.alone
    assert len(said) == 1
    assert "No space left" in said[0]
    fresh = shared_window("somewhere:1", said.append)
    assert not fresh.take(NOW, 10, urgent=True)


def test_the_folder_is_this_user_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TEMPORARY", str(tmp_path))
    session = tmp_path / "session"
    session.mkdir(mode=0o700)
    assert runtime_folder({"XDG_RUNTIME_DIR": str(session)}) == session / "smsmon"
    assert (session / "smsmon").stat().st_mode & 0o777 == 0o700
    own = tmp_path / f"smsmon-{os.geteuid()}"
    for unfit in ("relative", "", str(tmp_path / "missing")):
        assert runtime_folder({"XDG_RUNTIME_DIR": unfit}) == own
    session.chmod(0o777)
    assert runtime_folder({"XDG_RUNTIME_DIR": str(session)}) == own
    own.rmdir()
    own.symlink_to(session)
    with pytest.raises(PermissionError):
        runtime_folder({})
    own.unlink()
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(PermissionError):
        runtime_folder({})


def test_a_session_and_cron_have_one_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ours", lambda folder: folder != Path("relative"))
    monkeypatch.setattr(module, "_TEMPORARY", str(tmp_path))
    usual = f"/run/user/{os.geteuid()}"
    places = {runtime_folder({"XDG_RUNTIME_DIR": each}) for each in (usual, usual + "/", "")}
    monkeypatch.setattr(tempfile, "tempdir", "/elsewhere")
    assert places == {runtime_folder({})} == {tmp_path / f"smsmon-{os.geteuid()}"}
    monkeypatch.setattr(module, "_TEMPORARY", "/missing")
    with pytest.raises(FileNotFoundError):
        runtime_folder({})


def test_while_somebody_holds_the_lock_nothing_is_lost_and_nobody_hangs(tmp_path: Path) -> None:
    window, other = SharedWindow(tmp_path / "w"), SharedWindow(tmp_path / "w")
    assert not window.take(NOW, 10, urgent=True)
    with (tmp_path / "w").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        began = time.monotonic()
        window.landed(NOW + 1)
        window.hold(NOW + 1, 10, 5.0, too_many=False)
        assert 0 < window.take(NOW + 2, 10, urgent=True) < 1
        assert time.monotonic() - began < 1
    assert window.take(NOW + 2, 10, urgent=True) == 4.0
    assert other.ledger.used(NOW + 2) == 1


def test_who_stands_still_with_the_lock_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "w"
    code = (
        "import fcntl, sys, time\n"
        f"file = open({str(path)!r}); fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    window = SharedWindow(path)
    assert count(window, limit=4) == 4
    still = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert still.stdout is not None
        assert still.stdout.readline() == b"held\n"
        still.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 20
        while not sent(window) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert window.ledger.used(NOW) == 5
        assert not window.alone
        assert count(SharedWindow(path)) == 5
        assert not sent(window)
    finally:
        still.send_signal(signal.SIGCONT)
        still.communicate()


def test_processes_that_race_never_pass_the_limit(tmp_path: Path) -> None:
    """Each sends as often as it may; the kernel's own clock says when."""
    path = tmp_path / "w"
    code = (
        "import sys, time; from pathlib import Path; from smsmon.window import SharedWindow\n"
        f"w = SharedWindow(Path({str(path)!r}), sys.exit)\n"
        "end = time.monotonic() + 1.5\n"
        "while (now := time.monotonic()) < end:\n"
        "    if not w.take(now, 90, urgent=True):\n"
        "        w.landed(time.monotonic()); print(now)\n"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    per_racer = [racer.communicate()[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4
    times = sorted(float(each) for out in per_racer for each in out)
    assert len(times) == 90
    assert windows_passed(times, 90) == 0
