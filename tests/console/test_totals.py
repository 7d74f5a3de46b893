"""A message's own figures in its pane, and what a large screen has room for."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.console.actions import Where
from smsmon.console.layout import HIGH, TALL, layout_classes
from smsmon.console.line import fitted
from smsmon.console.signs import Tone
from smsmon.console.totals import MessageFigures, delays, totals
from smsmon.model import Counts, Entry
from smsmon.monitor.board import Board
from smsmon.recipients import Status
from smsmon.times import counted
from tests.monitor.fakes import report, row
from tests.support.clock import START
from tests.support.scene import DAY, SMALL, WIDE, Scene
from tests.support.waiting import screen_text

MESSAGE = "2270142"


async def test_inside_a_message_its_own_figures_stand_in_the_place_of_the_totals(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, [Entry(MESSAGE, "Black Friday FR"), *DAY[-2:]])
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 120)
        scene.screen.picture.messages.table.move_to_key(MESSAGE)
        await pilot.press("enter")
        await scene.show(pilot)
        counts = scene.screen.session.engine.board[MESSAGE].counts
        _, title, figures, delivered, *_ = screen_text(scene.app).splitlines()
        assert title.split("·")[0].strip() == f"{MESSAGE} Black Friday FR"
        for told in (
            f"{counts.total:,} recipients",
            f"✓ {counts.delivered:,}",
            f"… {counts.waiting:,}",
            f"✗ {counts.not_delivered:,}",
            f"STOP {counts.stop:,}",
        ):
            assert told in figures
        assert delivered.strip().startswith("rate 9")
        assert "delivered: half within " in delivered
        assert ", 90% within " in delivered
        await pilot.press("escape")
        await pilot.pause()
        assert "recipients   ✓" in screen_text(scene.app).splitlines()[1]


@pytest.mark.parametrize("number", [0, 1, 2, 1_001])
@pytest.mark.parametrize("of_filtered", [False, True])
def test_recipients_are_counted_as_people_say_it(number: int, of_filtered: bool) -> None:
    noun = "filtered recipient" if of_filtered else "recipient"
    told = totals(Counts(total=number, waiting=number), 160, of_filtered=of_filtered).plain
    assert told.startswith(f"{counted(number, noun)}  ")


@pytest.mark.parametrize(("few_enough", "reckoned"), [(2, False), (3, True), (4, True)])
def test_delays_of_a_large_message_are_reckoned_for_whoever_is_inside_of_it(
    few_enough: int, reckoned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsmon.console.totals.FEW_ENOUGH", few_enough)
    board = Board()
    board.watch(Entry(MESSAGE), START)
    for at, status in (0, Status.WAITING), (60, Status.DELIVERED):
        rows = [row(number, status) for number in range(3)]
        board.apply(report(rows, MESSAGE, START + at), START + at)
    figures = MessageFigures()
    for inside in (False, True, False):
        _, below = figures.lines(board[MESSAGE], inside=inside)
        told = " ".join(each.forms[0].plain for each in below)
        assert ("half within 1 m," in told) is (reckoned or inside)
        reckoned = reckoned or inside  # it is known then


async def test_half_and_nine_in_ten_are_of_what_was_seen_to_be_delivered(tmp_path: Path) -> None:
    scene = Scene(tmp_path, [Entry(MESSAGE)])
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot)
        watched = scene.screen.session.engine.board[MESSAGE]
        await scene.pass_time_until(pilot, lambda: watched.counts.delivered > 300)
        seen = sorted(
            changed - first
            for first, changed, status in zip(
                watched.first_seen, watched.changed_at, watched.recipients.statuses, strict=True
            )
            if changed and status == Status.DELIVERED
        )
        found = delays(watched)
        assert found is not None
        assert sum(took <= found.half for took in seen) >= len(seen) / 2
        assert sum(took < found.half for took in seen) < len(seen) / 2
        assert sum(took <= found.most for took in seen) >= 0.9 * len(seen)
        assert sum(took < found.most for took in seen) < 0.9 * len(seen)

        figures = MessageFigures()
        for width in range(56, 241):
            first, second = (
                fitted(parts, width, " · ").plain for parts in figures.lines(watched, inside=True)
            )
            assert len(first) <= width
            assert len(second) <= width
            assert "500" in first
            assert f"✗ {watched.counts.not_delivered}" in first
            assert "rate" in second
            assert "half within" in second


@pytest.mark.parametrize(
    ("height", "high"), [(TALL - 1, False), (TALL, False), (HIGH - 1, False), (HIGH, True)]
)
def test_a_high_screen_has_a_higher_log(height: int, high: bool) -> None:
    for width in (80, 140, 200):
        assert ("-high" in layout_classes(width, height, Where.MESSAGES)) is high


@pytest.mark.parametrize(("size", "there"), [(SMALL, False), (WIDE, True), ((200, 55), True)])
async def test_the_log_of_a_wide_screen_tells_the_labels(
    tmp_path: Path, size: tuple[int, int], there: bool
) -> None:
    scene = Scene(tmp_path, [Entry(MESSAGE, "Black Friday FR")])
    async with scene.app.run_test(size=size) as pilot:
        await scene.open(pilot, 60)
        await pilot.press("l")
        await scene.show(pilot)
        *_, line = [each for each in screen_text(scene.app).splitlines() if "→" in each]
        assert ("Black Friday FR" in line) is there
        lines = scene.screen.picture.log.size.height
        assert lines == {SMALL: 19, WIDE: 7, (200, 55): 14}[size]


def test_a_status_that_nobody_has_is_dim_and_each_other_in_its_colour() -> None:
    line = totals(Counts(total=5, delivered=3, not_delivered=2), 140)
    worn = {line.plain[each.start : each.end]: str(each.style) for each in line.spans}
    seen = [worn[number] for number in ("✓ 3", "✗ 2", "… 0")]
    assert seen == [Tone.GOOD.style, Tone.BAD.style, Tone.DIM.style]
