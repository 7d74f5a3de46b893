"""Left open for days: memory stays where it was, and so does the log."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import median

import msgspec
import pytest
from textual.screen import Screen

from smsmon.console.tables.log import LIMIT
from tests.soak.life import HOUR, Life, living
from tests.soak.month import DAYS, Month

ROOT = Path(__file__).parents[2]
GROWTH = 0.02
"""What may be held more at the end than after the warm-up, as a share."""
A_DAY = 0.001
"""What may be held more from day to day in the second half of the weeks, as a share."""


async def test_opening_and_closing_everything_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [each for each in gc.get_objects() if isinstance(each, Screen)]  # of other tests
    life = Life(tmp_path / "home", 10, recipients=5)
    async with living(life, monkeypatch) as pilot:
        await life.scene.pass_time(pilot, 60)
        opening = await life.look(pilot)
        await life.look(pilot, opening)
        before = life.footprint()
        await life.look(pilot, opening)
        after = life.footprint()
        held = {each for each in gc.get_objects() if isinstance(each, Screen)}
        assert held - {*others} == {*life.scene.app.screen_stack}, "what was closed is let go"
    assert len(opening) >= 5
    assert after.widgets <= before.widgets
    assert after.blocks < before.blocks * (1 + GROWTH)


async def test_messages_that_come_and_go_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(tmp_path / "home", 20, recipients=100)
    async with living(life, monkeypatch) as pilot:
        sizes = []
        life.fill_the_log()
        for _ in range(7):
            await life.scene.pass_time(pilot, HOUR / 12)
            await life.churn(20)
            sizes.append(life.footprint())
    assert max(size.lines for size in sizes) <= LIMIT
    assert sizes[-1].blocks < sizes[-3].blocks * (1 + GROWTH)


@pytest.mark.parametrize(
    ("sizes", "growth"),
    [
        ([100.0] * 9, 0.0),
        ([100.0, 101.0, 102.0, 103.0, 104.0], 0.01),
        # What stands out on some days, for the machine did something else, tells nothing.
        ([100.0, 109.0, 100.0, 100.0, 91.0, 100.0, 100.0], 0.0),
    ],
)
def test_growth_is_that_of_most_days(sizes: list[float], growth: float) -> None:
    assert growth_a_day(sizes) == pytest.approx(growth, rel=0.05)


@pytest.mark.long
def test_four_weeks_with_half_a_million_reports_end_with_no_growth(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.soak.month", str(tmp_path)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    month = msgspec.json.decode(done.stdout, type=Month)
    late = month.days[DAYS // 2 :]
    resident = growth_a_day([day.resident for day in late])
    blocks = growth_a_day([day.blocks for day in late])
    print(
        f"{month.answers:,} reports ({month.new:,} new), {month.faults:,} faults,"
        f" {month.replaced:,} messages replaced, {month.looks} rounds through all screens,"
        f" {month.seconds:.0f} s; a day at the end: resident {resident:+.3%}, blocks {blocks:+.3%}"
    )
    assert month.answers >= 500_000
    assert max(day.lines for day in late) <= LIMIT
    assert max(day.widgets for day in late) <= max(day.widgets for day in month.days[: DAYS // 2])
    assert resident < A_DAY
    assert blocks < A_DAY


def growth_a_day(sizes: Sequence[float]) -> float:
    """By how much it grows from one day to the next, as a share of its size.

    The median of the slopes between all pairs of days (Theil and Sen): days on which the machine
    was busy with something else, and what happened to be painted at midnight, do not decide.
    """
    slopes = [
        (later - earlier) / (day - before)
        for (before, earlier), (day, later) in combinations(enumerate(sizes), 2)
    ]
    return median(slopes) / median(sizes)
