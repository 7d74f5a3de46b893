"""Leave to poll: one has it at a time, whether the others end, are killed or stand still."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from smsmon.store.errors import StoreError
from smsmon.store.local.lease import FRESH, STILL, LocalLease
from smsmon.store.shared import Holder
from tests.support.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / "history.db"


async def live(clock: VirtualClock, seconds: float, *holders: LocalLease) -> None:
    """Let time pass, in which these give their heartbeats."""
    for _ in range(round(seconds * 2)):
        await clock.advance(0.5)
        for each in holders:
            each.renew()


def test_a_killed_process_holds_nothing(home: Path, clock: VirtualClock) -> None:
    script = (
        "import sys, time; from pathlib import Path; from smsmon.clock import SystemClock;"
        "from smsmon.store.local.lease import LocalLease;"
        "lease = LocalLease(Path(sys.argv[1]), SystemClock(), 'watch'); lease.claim(());"
        "print(lease.held, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    lease = LocalLease(home, clock, "console")
    assert not lease.claim(["300"])
    assert lease.holder == Holder(process.pid, "watch")
    process.kill()
    process.communicate()
    assert lease.claim(["300"])


async def test_one_that_stands_still_loses_it_and_finds_out_before_it_acts(
    home: Path, clock: VirtualClock
) -> None:
    sleeper, other = LocalLease(home, clock, "console"), LocalLease(home, clock, "watch")
    sleeper.claim(())
    other.claim(())
    await clock.advance(STILL - 0.1)
    assert not other.claim(["300"]), "it may only be slow"
    await clock.advance(0.2)
    assert other.claim(["300"])
    assert "300" not in sleeper
    assert not sleeper.held
    assert not sleeper.claim(["300"])
    await live(clock, 10, other)
    assert not sleeper.claim(["300"]), "the new holder gives its heartbeats"


async def test_a_holder_that_was_slow_and_lost_nothing_goes_on(
    home: Path, clock: VirtualClock
) -> None:
    lease = LocalLease(home, clock, "console")
    lease.claim(())
    await clock.advance(FRESH + 100)
    assert "300" in lease
    other = LocalLease(home, clock, "watch")
    other.claim(())
    await clock.advance(FRESH)
    assert "300" in lease, "its look is a heartbeat"
    await clock.advance(STILL - FRESH + 0.1)
    assert not other.claim(["300"])


async def test_of_two_that_are_out_of_patience_one_gets_it(home: Path, clock: VirtualClock) -> None:
    sleeper = LocalLease(home, clock, "console")
    sleeper.claim(())
    others = [LocalLease(home, clock, f"watch {each}") for each in range(3)]
    for each in others:
        each.claim(())
    await clock.advance(STILL + 1)
    for each in others:
        each.claim(())
    assert [each.held for each in others] == [True, False, False]


def test_a_lease_file_that_is_taken_away_is_no_lease(home: Path, clock: VirtualClock) -> None:
    lease = LocalLease(home, clock, "console")
    lease.claim(())
    home.with_name("history.db.lease").unlink()
    assert not lease.ours_still()
    assert not lease.renew()
    assert not lease.held
    assert lease.claim(["300"])


def test_where_no_file_can_be_made_there_is_no_lease(tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "file").touch()
    lease = LocalLease(tmp_path / "file" / "history.db", clock, "console")
    with pytest.raises(StoreError):
        lease.claim(())
    lease.look()
    assert not lease.held


def test_where_files_cannot_be_locked_there_is_no_lease(
    home: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    lease = LocalLease(home, clock, "console")
    with pytest.raises(StoreError, match="No locks available"):
        lease.claim(())
    lease.look()
    assert not lease.held
    assert not lease.attended()


def test_a_link_in_the_place_of_the_file_is_not_followed(
    tmp_path: Path, home: Path, clock: VirtualClock
) -> None:
    home.parent.mkdir()
    home.with_name("history.db.lease").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        LocalLease(home, clock, "console").claim(())
    assert not (tmp_path / "elsewhere").exists()
