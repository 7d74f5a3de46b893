"""Left open for days: memory stays where it was, and so does the log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from smsmon.console.journal import LIMIT, Line
from smsmon.console.looks import Tone
from tests.soak.life import HOUR, Life, living
from tests.soak.week import WARM_UP, Week

ROOT = Path(__file__).parents[2]
GROWTH = 0.02
"""What may be held more at the end than after the warm-up, as a share."""


async def test_opening_and_closing_everything_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(tmp_path / "home", 10, recipients=5)
    async with living(life, monkeypatch) as pilot:
        await life.scene.pass_time(pilot, 60)
        opening = await life.look(pilot)
        await life.look(pilot, opening)
        before = life.footprint()
        await life.look(pilot, opening)
        after = life.footprint()
    assert len(opening) >= 5
    assert after.widgets <= before.widgets
    assert after.blocks < before.blocks * (1 + GROWTH)


async def test_messages_that_come_and_go_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(tmp_path / "home", 50, recipients=200)
    async with living(life, monkeypatch) as pilot:
        sizes = []
        life.scene.screen.journal.note(Line(0.0, None, "", f"{n}", Tone.DIM) for n in range(LIMIT))
        for _ in range(7):
            await life.scene.pass_time(pilot, HOUR / 6)
            await life.churn(50)
            sizes.append(life.footprint())
    assert max(size.lines for size in sizes) <= LIMIT
    assert sizes[-1].blocks < sizes[-3].blocks * (1 + GROWTH)


@pytest.mark.long
def test_a_week_with_half_a_million_reports_takes_no_more_memory_than_two_days(
    tmp_path: Path,
) -> None:
    argv = [sys.executable, "-m", "tests.soak.week", str(tmp_path)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    week = msgspec.json.decode(done.stdout, type=Week)
    print(
        f"{week.answers:,} reports ({week.new:,} new), {week.faults:,} faults,"
        f" {week.replaced:,} messages replaced, {week.looks} rounds through all screens,"
        f" {week.seconds:.0f} s"
    )
    warm, end = week.days[WARM_UP // 24 - 1], week.days[-1]
    assert week.answers >= 500_000
    assert end.lines <= LIMIT
    assert end.widgets <= warm.widgets
    assert end.blocks < warm.blocks * (1 + GROWTH)
    assert end.resident < warm.resident * (1 + GROWTH)
