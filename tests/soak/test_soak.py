"""Left open for days: memory stays where it was, and so does the log."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest

from smsmon.console.journal import LIMIT, Line
from smsmon.console.looks import Tone
from tests.soak.life import HOUR, Footprint, Life, living

WARM_UP = 48
"""Hours in which all that is bounded fills up: the log, the changes kept, the caches of texts.
Somebody looks around more often in them, for that very reason."""
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
    life = Life(tmp_path / "home", 50, recipients=400)
    async with living(life, monkeypatch) as pilot:
        sizes = []
        life.scene.screen.journal.note(Line(0.0, None, "", f"{n}", Tone.DIM) for n in range(LIMIT))
        for _ in range(4):
            await life.scene.pass_time(pilot, HOUR / 6)
            await life.churn(50)
            sizes.append(life.footprint())
    assert max(size.lines for size in sizes) <= LIMIT
    assert sizes[-1].blocks < sizes[1].blocks * (1 + GROWTH)


@pytest.mark.long
async def test_a_week_with_half_a_million_reports_takes_no_more_memory_than_two_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = perf_counter()
    life = Life(tmp_path / "home", 1_000)
    sizes: list[Footprint] = []
    life.show_many_numbers()
    async with living(life, monkeypatch) as pilot:
        for hour in range(1, 7 * 24 + 1):
            await life.scene.pass_time(pilot, HOUR)
            if hour % (8 if hour > WARM_UP else 2) == 0:
                await life.look(pilot)
            await life.churn(6)
            if hour % 24 == 0:
                sizes.append(life.footprint())
    for day, size in enumerate(sizes, 1):
        print(
            f"day {day}: {size.resident / 1e6:.1f} MB resident, {size.blocks} blocks,"
            f" {size.widgets} widgets, {size.lines} lines in the log"
        )
    account = life.account
    print(
        f"{life.answers} reports ({account.reports} new, {account.unchanged} unchanged),"
        f" {account.faults} faults, {life.replaced} messages replaced, {life.looks} rounds through"
        f" all screens, {perf_counter() - began:.0f} s"
    )
    warm, end = sizes[WARM_UP // 24 - 1], sizes[-1]
    assert life.answers >= 500_000
    assert end.lines <= LIMIT
    assert end.widgets <= warm.widgets
    assert end.blocks < warm.blocks * (1 + GROWTH)
    assert end.resident < warm.resident * (1 + GROWTH)
