"""When messages that came by themselves leave the watchlist by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smsmon.departures import AGAIN, EXPIRES, READ_WITHIN, Departures, leaves_at, why_it_left
from smsmon.model import Arrival, Entry
from smsmon.monitor.board import Board
from smsmon.monitor.state import Watched
from tests.store.reports import START, report, row

HOUR = 3600.0
CAME = Entry("1", added_at=START, arrival=Arrival("otp", HOUR))


class Scene:
    """A board, and when its messages leave."""

    def __init__(self) -> None:
        self.board = Board()
        self.departures = Departures()
        self.board.watch(CAME, START)
        self.departures.note(self.watched)

    @property
    def watched(self) -> Watched:
        return self.board["1"]

    def says(self, word: str, at: float) -> None:
        self.board.apply(report("1", [row(1, word, date=None)], START + at), START + at)
        self.departures.note(self.watched)

    def due(self, at: float, *kept: str) -> list[str]:
        return self.departures.due(START + at, self.board.messages, kept)

    def awake_until(self, at: float) -> list[str]:
        """Looks each minute for an hour until then; gives what the last look says."""
        for minute in range(60, 0, -1):
            self.due(at - minute * 60)
        return self.due(at)


def test_what_people_added_never_leaves_by_itself() -> None:
    scene = Scene()
    scene.board.amend(replace(CAME, arrival=None), START)
    scene.departures.note(scene.watched)
    assert not scene.awake_until(100 * EXPIRES)
    assert len(scene.departures) == 0


def test_what_is_complete_leaves_after_its_time() -> None:
    scene = Scene()
    scene.says("Delivered", 10.0)
    assert leaves_at(scene.watched) == START + 10 + HOUR
    assert scene.due(9 + HOUR) == []
    assert scene.due(10 + HOUR) == ["1"]
    assert why_it_left(scene.watched, START + 10 + HOUR) == ""


def test_a_clock_that_is_set_wrong_for_a_moment_lets_nothing_go() -> None:
    scene = Scene()
    scene.says("Delivered", 10.0)
    day, now = 24 * HOUR, 0.0
    while now < HOUR:
        assert scene.due(now + (day if now == 1_800 else 0.0)) == []
        now += 60.0
    assert scene.awake_until(HOUR + 60) == ["1"], "an hour after it was complete, as ever"
    assert scene.due(HOUR + day) == []
    assert scene.due(HOUR + day + AGAIN) == ["1"], "the machine slept"


def test_one_that_is_complete_no_more_stays() -> None:
    scene = Scene()
    scene.says("Delivered", 10.0)
    scene.says("Waiting", 20.0)
    assert scene.due(2 * HOUR) == []
    scene.says("Not delivered", 3 * HOUR)
    assert scene.due(3.5 * HOUR) == []
    assert scene.awake_until(4 * HOUR) == ["1"]


@pytest.mark.parametrize(
    ("word", "why"),
    [("Waiting", "1 of 1 recipient not final"), ("", "never read")],
)
def test_what_does_not_become_complete_leaves_when_no_report_can_come(word: str, why: str) -> None:
    scene = Scene()
    if word:
        scene.says(word, 10.0)
    assert scene.awake_until(EXPIRES - 1) == []
    assert scene.due(EXPIRES) == ["1"]
    assert why_it_left(scene.watched, START + EXPIRES) == f"2 d 1 h after it came, {why}"


def test_whoever_slept_reads_once_more_before_it_leaves() -> None:
    scene = Scene()
    scene.due(0.0)
    late = 3 * EXPIRES
    assert scene.due(late) == []
    for each in range(60, int(READ_WITHIN), 60):
        assert scene.due(late + each) == []
    assert scene.due(late + READ_WITHIN) == ["1"]


def test_what_somebody_looks_at_stays_meanwhile() -> None:
    scene = Scene()
    scene.says("Delivered", 0.0)
    assert scene.due(HOUR, "1") == []
    assert scene.due(HOUR + AGAIN) == ["1"]


def test_what_could_not_leave_is_told_again() -> None:
    scene = Scene()
    scene.says("Delivered", 0.0)
    assert scene.due(HOUR) == ["1"]
    assert scene.due(HOUR + 1) == []
    assert scene.due(HOUR + AGAIN) == ["1"]
    scene.departures.drop("1")
    assert scene.due(HOUR + 2 * AGAIN) == []


def test_what_changes_often_is_kept_once() -> None:
    scene = Scene()
    for each in range(1000):
        scene.says("Delivered" if each % 2 else "Waiting", float(each))
    assert scene.departures._at.held < 200
