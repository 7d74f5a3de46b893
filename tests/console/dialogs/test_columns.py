"""The dialog that chooses the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from smsmon.console.dialogs.columns import ColumnsScreen, choices
from smsmon.console.live_table import Column, LiveTable
from tests.console.dialogs.stage import NARROW, SMALL, asking
from tests.support.scene import DAY, Scene

COLUMNS = tuple(
    Column[str](name, title, lambda row, width: row, width=5, help=text)
    for name, title, text in [
        ("id", "id", ""),
        ("label", "label", "What you [call] it."),
        ("stop", "STOP", ""),
        ("rate", "", "Delivered ÷ final."),
    ]
)


async def done(keys: list[str], chosen: tuple[str, ...] = ("id", "label", "stop")) -> object:
    """What the dialog gives after these keys and enter."""
    async with asking(ColumnsScreen(COLUMNS, chosen)) as (app, pilot):
        await pilot.press(*keys, "enter")
        await pilot.pause()
        (answer,) = app.answers
        return answer


def test_what_is_chosen_stands_first_in_its_order() -> None:
    names = [(each.name, each.chosen) for each in choices(COLUMNS, ("stop", "gone", "id"))]
    assert names == [("stop", True), ("id", True), ("label", False), ("rate", False)]


async def test_enter_gives_what_was_chosen_in_its_order() -> None:
    assert await done([], ("stop", "id")) == ["stop", "id"]


async def test_space_chooses_a_column_or_not() -> None:
    assert await done(["down", "space"]) == ["id", "stop"]
    assert await done(["end", "space"]) == ["id", "label", "stop", "rate"]
    assert await done(["space", "space"]) == ["id", "label", "stop"]


@pytest.mark.parametrize("key", ["J", "shift+down"])
async def test_a_column_moves_right_with_the_cursor_on_it(key: str) -> None:
    assert await done([key, key, "space", "space"]) == ["label", "stop", "id"]


@pytest.mark.parametrize("key", ["K", "shift+up"])
async def test_a_column_moves_left_and_stops_at_the_first_place(key: str) -> None:
    assert await done(["j", "j", *[key] * 5]) == ["stop", "id", "label"]


async def test_d_brings_the_usual_columns_back() -> None:
    assert await done(["J", "space", "d"], ("rate", "stop")) == ["id", "label", "stop", "rate"]


async def test_a_spare_column_is_shown_once_it_was_chosen_and_not_before() -> None:
    columns = tuple(replace(each, spare=each.name == "label") for each in COLUMNS)
    table: LiveTable[str, str] = LiveTable(columns)
    assert table.chosen_columns == ("id", "stop", "rate")
    async with asking(ColumnsScreen(columns, table.chosen_columns)) as (app, pilot):
        await pilot.press("end", "space", "enter")
        await pilot.pause()
        assert app.answers == [["id", "stop", "rate", "label"]]
    async with asking(ColumnsScreen(columns, ("label",))) as (app, pilot):
        await pilot.press("d", "enter")
        await pilot.pause()
        assert app.answers == [["id", "stop", "rate"]], "the usual ones"


async def test_the_last_column_stays() -> None:
    assert await done(["space"], ("label",)) == ["label"]


async def test_escape_changes_nothing() -> None:
    async with asking(ColumnsScreen(COLUMNS, ("id",))) as (app, pilot):
        await pilot.press("J", "space", "escape")
        await pilot.pause()
        assert app.answers == [None]


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_each_column_says_what_it_shows(size: tuple[int, int]) -> None:
    async with asking(ColumnsScreen(COLUMNS, ("label", "id")), size) as (app, _):
        assert "▸ label" in app.line_with("label")
        assert "▸" not in app.line_with("Delivered ÷")
        assert "rate" in app.line_with("Delivered ÷")
        assert "What you [call] it." in app.text
        assert "2 of 4 chosen" in app.text
        assert "shown" in app.line_with("label")
        assert "not chosen" in app.line_with("Delivered ÷")
        assert app.line_with("esc cancel")


async def test_a_double_click_chooses() -> None:
    async with asking(ColumnsScreen(COLUMNS, ("id",))) as (app, pilot):
        await pilot.click("ChoiceTable", offset=(4, 2), times=2)
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [["id", "label"]]


async def test_what_is_chosen_and_has_no_room_is_told_apart_as_the_choice_changes() -> None:
    def room(names: Sequence[str]) -> Sequence[str]:
        return names[:2]

    def empty(names: Sequence[str]) -> set[str]:
        return {"rate"}.intersection(names)

    dialog = ColumnsScreen(COLUMNS, ("id", "label", "stop"), room, empty, 80)
    async with asking(dialog) as (app, pilot):
        assert "3 of 4 chosen, 2 of them have room in 80 columns" in app.text
        assert "chosen, no room" in app.line_with("STOP")
        await pilot.press("down", "space")
        await pilot.pause()
        assert "2 of 4 chosen" in app.text
        assert "not chosen" in app.line_with("label")
        assert "no room" not in app.text
        await pilot.press("end", "space")
        await pilot.pause()
        assert "chosen, empty" in app.line_with("Delivered ÷ final.")


async def test_what_is_said_of_the_room_is_what_the_table_shows(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY[:4])
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        table = scene.screen.picture.messages.table
        for names in (table.chosen_columns, ("rate", "tags", "due", "id"), ("label",)):
            fits = table.with_room(names)
            table.choose_columns(names)
            await pilot.pause()
            headings = f"{table.render_line(0).text} "
            for each in table.columns:
                if each.name in names and each.title:
                    assert (f" {each.title} " in headings) == (each.name in fits), each.name
