"""With ``display.plain``: words and no drawing, one pane, and the cursor on what counts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from textual.geometry import Offset

from smsmon.console.signs import SIGNS
from smsmon.console.terminal.words import in_words
from tests.console.pictures import Picture, Play
from tests.console.test_ascii import SITTINGS, looks
from tests.support.scene import DAY, SMALL, WIDE, Scene
from tests.support.waiting import screen_text

DRAWN = re.compile("[\u2500-\u25ff\u2800-\u28ff]")
IN_SENTENCES = set("…–»")
GLYPHS = {sign.glyph for sign in SIGNS if not sign.glyph.isascii()} - IN_SENTENCES
PLAIN = {"SMSMON_DISPLAY_PLAIN": "true"}


def odd_in(text: str) -> set[str]:
    """What of it is drawn, and is no letter."""
    return (GLYPHS & set(text)) | set(DRAWN.findall(text))


def plain(home: Path, **more: str) -> Scene:
    return Scene(home, DAY, environ=PLAIN | more)


def lines(scene: Scene) -> list[str]:
    """What the screen shows, without the blanks at the ends."""
    return [line.rstrip() for line in screen_text(scene.app).splitlines()]


def line_at(scene: Scene, place: Offset) -> str:
    return lines(scene)[place.y][place.x :]


def heading(scene: Scene, first: str) -> str:
    return next(line.strip() for line in lines(scene) if line.strip().startswith(first))


@pytest.mark.parametrize(("shown", "then"), SITTINGS, ids=[each.name for each, _ in SITTINGS])
async def test_nothing_is_drawn(shown: Picture, then: dict[str, Play], tmp_path: Path) -> None:
    scene = replace(shown, environ={**shown.environ, **PLAIN}).scene(tmp_path)
    async with scene.app.run_test(size=SMALL) as pilot:
        async for name, text in looks(shown, then, scene, pilot):
            odd = odd_in(text)
            assert not odd, f"{odd} in {name}:\n{text}"
            assert len(text.split()) > 10, name


async def test_one_pane_is_shown_with_the_end_of_the_log_whatever_the_size(tmp_path: Path) -> None:
    scene = plain(tmp_path)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30.5)
        for size in (SMALL, WIDE, (200, 60)):
            await pilot.resize_terminal(*size)
            shown = lines(scene)
            assert heading(scene, "Messages") == f"Messages {len(DAY)}   row 1 of {len(DAY)}"
            assert heading(scene, "Log") == "Log"
            assert not any("phone" in line.split() for line in shown), "they have their own page"
            assert re.search(r" then Delivered$", "\n".join(shown), re.MULTILINE)
            await pilot.press("enter")
            await scene.show(pilot)
            assert heading(scene, "2270142").split("   ")[-1] == "row 1 of 500"
            assert not any(line.strip().startswith("Messages") for line in lines(scene))
            await pilot.press("escape")


async def test_words_stand_in_place_of_signs_and_bars(tmp_path: Path) -> None:
    scene = plain(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 30.5)
        shown = lines(scene)
        head = next(line for line in shown if line.split()[:2] == ["id", "label"]).split()
        assert {"delivered", "recip", "waiting", "failed"} <= set(head)
        complete = next(line for line in shown if " complete " in line and " 100% " in line)
        assert "0" in complete.split(), "a zero is a zero"
        assert re.search(r"\d delivered .*\d waiting .*\d not delivered", shown[1])
        assert re.match(r" smsmon .*API +ok .* 0 stale +1 not found", shown[0])


async def test_no_figure_of_a_message_is_without_its_word(tmp_path: Path) -> None:
    scene = plain(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 30.5)
        await pilot.press("enter")
        await scene.show(pilot)
        told = heading(scene, "500 recipients")
        assert re.search(r"\d delivered +\d+ waiting +\d+ not delivered +STOP \d", told), told


async def test_the_heading_tells_the_row_its_mark_and_its_sort(tmp_path: Path) -> None:
    scene = plain(tmp_path)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30.5)
        await pilot.press("down", "down")
        await pilot.pause()
        assert heading(scene, "Messages").endswith(f"row 3 of {len(DAY)}")
        await pilot.press("space", "up", "greater_than_sign")
        await scene.show(pilot)
        told = heading(scene, "Messages")
        assert told.endswith(f"of {len(DAY)}   marked   by id upwards   1 marked")


async def test_the_cursor_stands_where_the_next_key_works(tmp_path: Path) -> None:
    scene = plain(tmp_path)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30.5)

        def under() -> str:
            return line_at(scene, scene.app.reading_place)

        assert under().startswith("2270142  Black Friday FR")
        await pilot.press("down", "down")
        await pilot.pause()
        assert under().startswith("2270140")
        await pilot.press("enter")
        await scene.show(pilot)
        assert under().startswith("+33 ") or under().startswith("+")
        await pilot.press("slash", *"fr")
        await pilot.pause()
        place = scene.app.reading_place
        assert lines(scene)[place.y][: place.x].endswith("fr")
        await pilot.press("escape", "escape", "escape", "a", *"227")
        await pilot.pause()
        place = scene.app.reading_place
        assert lines(scene)[place.y][: place.x].endswith("227")
        await pilot.press("escape", "colon")
        await pilot.pause()
        assert under().startswith("what to do"), "in the field"
        await pilot.press("down", "down")
        await pilot.pause()
        assert under().lstrip().startswith("next pane"), "on the row that enter does"
        await pilot.press("escape", "question_mark")
        await pilot.pause()
        assert under().startswith("Here, in messages"), "at the top of a page"
        await pilot.press("escape", "o")
        await scene.done("overview")
        await pilot.pause()
        assert under().startswith("Delivery curve")


async def test_moving_writes_no_row_again(tmp_path: Path) -> None:
    """A reader speaks whatever is written: a row that is only gone to must not be."""
    scene = plain(tmp_path)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30.5)
        table = scene.screen.picture.messages.table
        before = [table.render_line(y) for y in range(1, table.size.height)]
        await pilot.press("down", "down", "up")
        await pilot.pause()
        after = [table.render_line(y) for y in range(1, table.size.height)]
        assert [list(one) for one in after] == [list(one) for one in before]


async def test_dialogs_take_the_whole_screen_and_begin_with_their_name(tmp_path: Path) -> None:
    scene = plain(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 30.5)
        for key, name in (("a", "Add messages"), ("question_mark", "Help"), ("c", "Columns")):
            await pilot.press(key)
            await pilot.pause()
            first = next(line.strip() for line in lines(scene) if line.strip())
            assert first.startswith(name)
            assert not any("Messages 2" in line for line in lines(scene))
            await pilot.press("escape")
            await pilot.pause()


async def test_no_clock_and_no_requests_are_told(tmp_path: Path) -> None:
    """They change by themselves, and a reader would speak them each time."""
    scene = plain(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 30.5)
        assert not re.search(r"\d:\d\d|req", lines(scene)[0])


async def test_plain_and_ascii_go_together(tmp_path: Path) -> None:
    scene = plain(tmp_path, SMSMON_DISPLAY_SIGNS="ascii")
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30.5)
        assert screen_text(scene.app).isascii()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("✓ Delivered", "  Delivered"),
        ("  ! stale 4 m", "    stale 4 m"),
        ("1 watched · ∅ 1 not found", "1 watched,    1 not found"),
        ("   12     ·     ·  4", "   12     0     0  4"),
        ("since 08:02  ·  until 09:00", "since 08:02,    until 09:00"),
        ("+33 6 ·· ·· ·· 36", "+33 6 ·· ·· ·· 36"),
        ("▸ Curve ───", "> Curve    "),
        ("▬▬┄▒ 31%", "     31%"),
        ("Looking …", "Looking …"),
        ("Hello! ~ 3", "Hello!   3"),
    ],
)
def test_what_is_painted_in_place_of_drawing(line: str, told: str) -> None:
    assert in_words(line) == told
    assert len(told) == len(line)


@pytest.mark.parametrize("line", ["{}", " {} ", "{} stale", "a{}b", "3 {} 4", "  {}  {}  "])
def test_no_sign_is_left_wherever_it_stands(line: str) -> None:
    for sign in SIGNS:
        told = in_words(line.replace("{}", sign.glyph))
        assert not odd_in(told), sign
