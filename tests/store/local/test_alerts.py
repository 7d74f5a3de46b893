"""Alerts in ``history.db``: several processes at once, killed ones, and disks that take nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from smsmon.alerts import Acknowledgement, Edge, Silence, Telling, What, Worst
from smsmon.store.alerts import Over
from smsmon.store.errors import Busy, Damaged
from smsmon.store.local import schema
from smsmon.store.local.archive import LocalAlerts
from smsmon.store.sql.alerts import CLAIM_LASTS
from smsmon.store.sql.fence import WholeFence
from tests.store.local.test_trouble import run_trouble
from tests.store.reports import START, sound
from tests.store.test_alerts import episode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def alerts(path: Path) -> LocalAlerts:
    return LocalAlerts(path, WholeFence)


class Other:
    """Another process (see ``claims``)."""

    def __init__(self, path: Path, how: str, numbers: list[int]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.local.claims", path, how, *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@contextmanager
def others(path: Path, count: int, how: str, numbers: list[int]) -> Iterator[list[Other]]:
    """So many processes, all of them ready."""
    made = [Other(path, how, numbers) for _ in range(count)]
    try:
        for each in made:
            assert each.line() == ["ready"]
        yield made
    finally:
        for each in made:
            each.process.kill()
            each.process.communicate()


def test_of_processes_that_claim_at_once_one_gets_each(path: Path, alerts: LocalAlerts) -> None:
    numbers = alerts.fire([episode(f"rule {n}") for n in range(20)])
    with others(path, 3, "claim", numbers) as processes:
        for each in processes:
            each.go()
        given = [number for each in processes for number in each.line()]
    assert sorted(map(int, given)) == numbers


def test_what_a_living_process_tells_is_kept_for_it_until_it_is_killed(
    path: Path, alerts: LocalAlerts
) -> None:
    (number,) = alerts.fire([episode()])
    telling = [Telling(number, "chat", Edge.FIRED)]
    with others(path, 1, "claim", [number]) as (other,):
        other.go()
        assert other.line() == [str(number)]
        assert alerts.claim(telling, START + 1) == [False]
        other.process.kill()
        other.process.wait()
        assert alerts.claim(telling, START + 1) == [True]


def test_one_that_looks_as_if_it_lived_keeps_it_for_a_while_only(
    path: Path, alerts: LocalAlerts
) -> None:
    (number,) = alerts.fire([episode()])
    telling = [Telling(number, "chat", Edge.FIRED)]
    other = LocalAlerts(path, WholeFence)
    other._claimant = f"{os.getppid()} another"  # a living process that is not ours
    assert other.claim(telling, START) == [True]
    assert alerts.claim(telling, START + CLAIM_LASTS - 1) == [False]
    assert alerts.claim(telling, START + CLAIM_LASTS) == [True]


def test_a_claim_that_was_killed_before_it_was_kept_is_none(
    path: Path, alerts: LocalAlerts
) -> None:
    (number,) = alerts.fire([episode()])
    with others(path, 1, "begin", [number]) as (other,):
        other.go()
        assert other.line() == [str(number)]
        other.process.kill()
        other.process.wait()
    assert alerts.told([number]) == {number: []}
    assert alerts.claim([Telling(number, "chat", Edge.FIRED)], START) == [True]
    assert sound(path)


def test_a_locked_database_is_said_and_nothing_is_half_done(
    path: Path, alerts: LocalAlerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_WAIT", 0.02)
    (number,) = alerts.fire([episode()])
    telling = [Telling(number, "chat", Edge.FIRED)]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for write in (
            lambda: alerts.fire([episode("late")]),
            lambda: alerts.end([Over(number, START)]),
            lambda: alerts.worsen({number: Worst(99.0, START, "worse")}),
            lambda: alerts.acknowledge([number], Acknowledgement("anna", START)),
            lambda: alerts.silence(Silence(What.RULE, "losses", START, START + 1)),
            lambda: alerts.claim(telling, START),
            lambda: alerts.done(telling, START),
        ):
            with pytest.raises(Busy, match="another process holds it locked"):
                write()
        assert [each.rule for each in alerts.firing()] == ["losses"], "reading waits for nobody"
    assert alerts.claim(telling, START) == [True]


def test_a_damaged_database_is_said_and_left_alone(path: Path, alerts: LocalAlerts) -> None:
    path.write_bytes(b"no database at all" * 500)
    for ask in (alerts.firing, lambda: alerts.fire([episode()])):
        with pytest.raises(Damaged, match="It is left as it is"):
            ask()
    assert path.read_bytes() == b"no database at all" * 500


def test_nothing_is_made_by_asking(path: Path, alerts: LocalAlerts) -> None:
    assert (alerts.firing(), alerts.episodes(), alerts.silences(START)) == ([], [], [])
    assert alerts.told([1]) == {1: []}
    assert not path.exists()


def test_a_full_and_a_read_only_disk_are_said_and_nothing_is_lost(tmp_path: Path) -> None:
    out = run_trouble("alerts", tmp_path, 'mount -t tmpfs -o size=1m none "$1"')
    assert "the disk is full" in out
    assert "Allow this user to write" in out
