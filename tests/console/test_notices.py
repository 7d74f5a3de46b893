"""The line above the keys: notices until the next key, else what is wrong with the row."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region
from textual.screen import ModalScreen

from smsmon.console.actions import Where
from smsmon.console.dialogs.help import HelpScreen
from smsmon.console.notices import MOST_LINES, Notice, NoticeLine, Notices, Severity
from smsmon.model import Fault, FaultKind
from tests.support.scene import DAY, SMALL, WIDE, Scene
from tests.support.waiting import screen_text, until

FILE = "/home/ops/.local/state/smsmon/exports/of-the-night/messages-2026-11-27.csv"


def text(*notices: tuple[str, Severity], width: int = 80) -> str:
    told = Notices()
    for notice in notices:
        told.add(Notice(*notice))
    return told.text(width).plain


@pytest.mark.parametrize(
    ("notices", "shown"),
    [
        ([], ""),
        ([("one", "information")], "one"),
        ([("one", "information"), ("two", "information")], "two (+1 in the log)"),
        ([("worst", "error"), ("later", "information")], "worst (+1 in the log)"),
        ([("a", "warning"), ("b", "error"), ("c", "error")], "c (+2 in the log)"),
        ([("two\nlines", "information")], "two · lines"),
    ],
)  # fmt: skip
def test_the_newest_of_the_worst_is_told_and_the_others_are_counted(
    notices: list[tuple[str, Severity]], shown: str
) -> None:
    assert text(*notices) == shown


@pytest.mark.parametrize("width", range(58, 241, 7))
def test_a_path_stands_on_one_line_with_the_name_of_its_file_whole(width: int) -> None:
    lines = text((f"2 rows written to {FILE}", "information"), width=width).splitlines()
    assert len(lines) <= 2
    assert max(map(len, lines)) <= width
    (line,) = [line for line in lines if "messages-2026-11-27.csv" in line]
    assert FILE in line or "…" in line


@given(st.text(), st.integers(58, 240))
def test_no_notice_is_wider_than_its_line_or_longer_than_it_may_be(said: str, width: int) -> None:
    told = Notices()
    told.add(Notice(said, "error"))
    lines = told.text(width).split("\n")
    assert len(lines) <= MOST_LINES


def line_of(scene: Scene) -> str:
    """What stands above the keys, on the screen the operator sees."""
    line = scene.app.screen.query_one(NoticeLine)
    return " ".join(line.content.plain.split()) if line.display else ""


async def test_a_notice_is_gone_with_the_next_key_and_in_the_log_what_was_not_seen(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        scene.screen.say("Something was done")
        scene.screen.say("Something else was done")
        scene.screen.say("It cannot be written", "error")
        await pilot.press("l")
        await scene.show(pilot)
        shown = screen_text(scene.app)
        assert "Something was done" in shown
        assert "It cannot be written" in shown
        assert line_of(scene) == ""
        await pilot.press("escape")
        scene.screen.say("Something was done")
        await scene.show(pilot)
        *_, notice, keys = screen_text(scene.app).splitlines()
        assert notice.strip() == "Something was done"
        assert "? help" in keys
        await pilot.press("down")
        assert "Something was done" not in screen_text(scene.app)


async def test_a_notice_covers_no_dialog_and_not_the_keys(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY[:4])
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        dialogs = ("a", "e", "n", "c", "i", "question_mark", "x")
        for size, key in product((SMALL, (80, 16), WIDE), dialogs):
            await pilot.resize_terminal(*size)
            await pilot.press(key)
            await until(pilot, lambda: scene.app.screen is not scene.screen, f"a dialog by {key}")
            scene.screen.say(f"An export of some length is written to {FILE}", "warning")
            await pilot.pause()
            dialog = scene.app.screen.query_one(".dialog").region
            line = scene.app.screen.query_one(NoticeLine)
            assert FILE.rpartition("/")[2] in screen_text(scene.app), key
            assert not line.region.overlaps(dialog), key
            assert Region(0, 0, *size).contains_region(dialog), key
            assert line.region.bottom == size[1] - 1, f"the keys below stay: {key}"
            await pilot.press("escape")
            await until(pilot, lambda: scene.app.screen is scene.screen, f"{key} left")


async def test_a_notice_is_seen_in_a_dialog_and_gone_when_a_key_came_after(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(scene.app.screen, HelpScreen), "help")
        await pilot.pause()  # the key that opened it is through
        scene.screen.say("The watchlist cannot be written", "error")
        await pilot.pause()
        assert line_of(scene) == "The watchlist cannot be written"
        await pilot.press("j")
        assert line_of(scene) == ""
        await pilot.press("escape")
        await pilot.pause()
        assert line_of(scene) == ""


async def test_a_notice_that_no_screen_could_show_waits_until_one_can(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        await scene.app.push_screen(ModalScreen[None]())
        scene.screen.say("The watchlist cannot be written", "error")
        await pilot.press("h")
        scene.app.pop_screen()
        await until(pilot, lambda: scene.app.screen is scene.screen, "the other screen gone")
        await pilot.pause()
        assert line_of(scene) == "The watchlist cannot be written"


async def test_what_textual_has_to_say_stands_there_too(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL, notifications=True) as pilot:
        await scene.open(pilot, 10)
        scene.app.notify("Words of a library", title="With a title", timeout=9)
        await pilot.pause()
        assert line_of(scene) == "Words of a library"
        assert not scene.screen.query("Toast")


async def test_the_line_tells_whole_why_the_row_under_the_cursor_is_not_fresh(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        assert line_of(scene) == ""
        scene.client.fault = Fault(FaultKind.SERVER, "The server is out of order. " * 6)
        scene.screen.session.engine.refresh_all()
        await scene.pass_time(pilot, 10)
        assert line_of(scene).startswith("! The server is out of order.")
        assert screen_text(scene.app).count("out of") >= 6
        scene.screen.say("Nothing is asked")
        assert line_of(scene) == "Nothing is asked"
        await pilot.press("enter")
        assert scene.screen.picture.at is Where.RECIPIENTS
        assert "The server is out of order." in line_of(scene)


CONFIG = """
[alerts.losses]
when = "failed_share>20% recipients>20"
for = "30s"
"""


async def test_the_line_tells_the_worst_alert_in_prose_until_it_is_acknowledged(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 120)
        picture, session = scene.screen.picture, scene.screen.session
        (firing,) = [id for id in picture.messages.table.view.keys if session.alerts.firing(id)]
        assert "◆ alert losses" in line_of(scene)
        await pilot.press("down")
        elsewhere = line_of(scene)
        assert elsewhere.startswith(f"◆ losses {firing}: ")
        assert "% not delivered of " in elsewhere
        assert len(elsewhere) < SMALL[0]
        while picture.messages.table.cursor_key != firing:
            await pilot.press("down")
        await pilot.pause()
        told = line_of(scene)
        assert told.startswith("◆ losses: ")
        assert len(told) < SMALL[0]
        final = session.engine.board[firing].counts.final
        assert f"% not delivered of {final:,} final" in told
        await pilot.press("down")
        await pilot.pause()
        assert line_of(scene) == elsewhere
        fired = [each.episode for each in scene.screen.alerts.rows if each.episode]
        numbers = session.history.alerts.fire(fired)
        await session.alerts.book.acknowledge(numbers)
        await pilot.pause()
        assert line_of(scene) == "", "it is told until somebody acknowledged it"
