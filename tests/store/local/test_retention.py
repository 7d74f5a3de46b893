"""What left the watchlist is dropped in time, and never because a clock was wrong once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smsmon.model import Entry
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.schema import open_for_writing
from tests.store.reports import START, Console, row, rows_of
from tests.support.clock import VirtualClock

DAY = 86_400.0
WATCHED = [Entry("301")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two messages; 300 left the watchlist a minute after the start."""
    path = tmp_path / "history.db"
    with Console(path, clock=VirtualClock(START + 60)) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(1)], START)
        console.writer.watching(WATCHED)
    return path


def agree(path: Path, at: float, served_at: float | None = None) -> None:
    """An answer came, in which the server told its time: ours, unless another is given."""
    with Console(path, clock=VirtualClock(at)) as console:
        console.watch("301")
        applied = console.poll("301", [row(1)], at)
        told = replace(applied, served_at=at if served_at is None else served_at, events=())
        console.writer.record(told, console.board["301"])


def kept(path: Path) -> list[object]:
    return [each for (each,) in rows_of(path, "SELECT message_id FROM message ORDER BY 1")]


def retire(path: Path, days: float) -> int:
    """A start of the program so many days later."""
    return LocalArchive(path).retire(WATCHED, START + days * DAY, 90).messages


def test_starts_with_a_clock_far_ahead_drop_nothing(path: Path) -> None:
    agree(path, START + DAY)
    for days in (100, 100, 200, 100):
        assert retire(path, days) == 0
    assert retire(path, 2) == 0
    agree(path, START + 3 * DAY)
    assert retire(path, 4) == 0
    assert kept(path) == ["300", "301"]


def test_what_is_due_is_dropped_once_the_server_has_confirmed_the_time(path: Path) -> None:
    assert retire(path, 91) == 0
    agree(path, START + 91 * DAY + 60)
    assert retire(path, 92) == 1
    assert kept(path) == ["301"]


@pytest.mark.parametrize("days", [1, 90])
def test_by_hand_it_is_dropped_at_its_days_exactly(path: Path, days: int) -> None:
    due = START + 60 + days * DAY
    assert LocalArchive(path).prune(WATCHED, due - 0.001, days).messages == 0
    assert LocalArchive(path).prune(WATCHED, due, days).messages == 1
    assert kept(path) == ["301"]


def test_by_itself_it_is_dropped_when_the_server_agreed_after_it_was_found_due(path: Path) -> None:
    due = START + 60 + 90 * DAY
    agree(path, due - 0.001)
    assert retire(path, 90 + 60 / DAY) == 0
    agree(path, due)
    assert retire(path, 91) == 0, "that is the moment at which it was found due"
    agree(path, due + 1)
    assert retire(path, 91) == 1


def test_a_server_that_contradicts_confirms_nothing(path: Path) -> None:
    retire(path, 100)
    agree(path, START + 100 * DAY + 60, served_at=START + DAY)
    assert retire(path, 101) == 0


def test_one_that_was_removed_by_a_clock_behind_stays_its_time(path: Path) -> None:
    agree(path, START + 200 * DAY)
    LocalArchive(path).retire([], START + DAY, 90)  # 301 leaves, at what the clock takes for day 1
    agree(path, START + 200 * DAY + 60)
    retire(path, 201)
    assert "301" in kept(path)


def test_one_that_comes_back_is_due_no_more(path: Path) -> None:
    retire(path, 91)
    LocalArchive(path).retire([Entry("300"), *WATCHED], START + 91 * DAY, 90)
    agree(path, START + 92 * DAY)
    assert LocalArchive(path).retire([Entry("300"), *WATCHED], START + 93 * DAY, 90).messages == 0


@pytest.mark.parametrize(
    ("days", "kept_for", "is_doubted"),
    [(1, 90, False), (20, 90, False), (100, 90, True), (2, 1, True), (-3, 90, False)],
)
def test_by_hand_a_clock_far_ahead_is_doubted(
    path: Path, days: float, kept_for: float, is_doubted: bool
) -> None:
    said = LocalArchive(path).doubt(START + days * DAY, kept_for)
    assert bool(said) is is_doubted
    if is_doubted:
        assert "2026-11-22" in said


def test_a_history_of_nothing_doubts_no_clock(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    assert LocalArchive(path).doubt(START + 1e9, 90) == ""
    open_for_writing(path).close()
    assert LocalArchive(path).doubt(START + 1e9, 90) == ""
