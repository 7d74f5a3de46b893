"""What the live table looks like, and what that costs on the wire."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

import pytest

from smsmon.console.live_table import Column
from tests.console.live_table.stage import City, Clock, letters, showing, three, written_by
from tests.support.waiting import until


async def test_a_changed_row_is_tinted_for_a_while_and_then_calm() -> None:
    clock = Clock()
    async with showing(three(), tint_seconds=4.0, now=clock) as (app, pilot):
        app.table.touch(["nic"])
        await pilot.pause()
        assert app.line_styles(3)[0].bold
        assert not app.line_styles(2)[0].bold
        clock.now += 2
        app.table.touch(["lyo", "nic"])
        clock.now += 3
        app.table._calm()
        assert app.line_styles(3)[0].bold
        clock.now += 2
        app.table._calm()
        assert not app.line_styles(3)[0].bold
        assert not app.line_styles(2)[0].bold


async def test_the_first_load_is_calm() -> None:
    async with showing(three(), tint_seconds=4.0) as (app, _):
        assert not any(style.bold for y in (2, 3) for style in app.line_styles(y))


async def test_a_tint_ends_by_itself() -> None:
    async with showing(three(), tint_seconds=0.05) as (app, pilot):
        app.table.touch(["nic"])
        await until(pilot, lambda: not app.line_styles(3)[0].bold, "the tint gone")


async def test_without_colour_the_cursor_is_reversed_and_the_mark_has_a_sign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with showing(three()) as (app, pilot):
        await pilot.press("space")
        assert [style.reverse for style in app.line_styles(2)] == [True]
        assert not any(style.reverse for style in app.line_styles(1))
        assert app.lines[1].startswith("*")


async def test_the_cursor_row_has_one_colour_whatever_its_cells_have() -> None:
    async with showing(three()) as (app, _):
        assert len(set(app.line_styles(1))) == 1
        assert len(set(app.line_styles(2))) == 2


async def test_of_very_many_rows_changed_at_once_those_in_sight_are_tinted() -> None:
    async with showing(letters(100), tint_seconds=4.0) as (app, pilot):
        unseen = [f"unseen {index}" for index in range(6_000)]
        app.table.touch([*unseen, "c002", "c050"])
        await pilot.pause()
        assert app.line_styles(3)[0].bold
        await pilot.press("G", "home")
        assert app.line_styles(3)[0].bold
        app.table.move_to_key("c045")
        await pilot.pause()
        assert not any(style.bold for y in range(1, 11) for style in app.line_styles(y))


# What goes over the wire


async def test_one_changed_row_costs_less_than_a_kilobyte() -> None:
    async with showing(letters(100), size=(140, 40), sink=True) as (app, pilot):
        await written_by(app, pilot)
        app.cities["c007"].people = 5
        app.table.touch(["c007"], tint=False)
        assert 0 < await written_by(app, pilot) < 200
        app.cities["c007"].people = 7
        app.table.touch(["c007"])
        assert 0 < await written_by(app, pilot) < 1000


async def test_what_is_not_seen_or_looks_the_same_costs_nothing() -> None:
    async with showing(letters(100), sink=True) as (app, pilot):
        await written_by(app, pilot)
        app.cities["c070"].people = 5
        app.table.touch(["c070"])
        app.table.touch(["c003"], tint=False)
        app.table.repaint()
        app.table.load(list(app.cities))
        assert await written_by(app, pilot) == 0


async def test_a_cursor_move_paints_two_rows() -> None:
    async with showing(letters(100), size=(140, 40), sink=True) as (app, pilot):
        await written_by(app, pilot)
        app.table.action_cursor_down()
        assert 0 < await written_by(app, pilot) < 1000


async def test_rows_that_come_above_the_page_leave_the_page_alone() -> None:
    async with showing(letters(100), size=(140, 40), sink=True) as (app, pilot):
        app.table.sort_by("name")
        app.table.scroll_to(y=30, animate=False)
        app.table.move_to_key("c035")
        await written_by(app, pilot)
        app.cities["a"] = City("a", 1)
        app.table.load([*app.table.view.keys, "a"])
        written = await written_by(app, pilot)
        assert app.lines[1].startswith("  c030")
        assert written < 2000  # the scrollbar


async def test_another_size_asks_few_of_many_rows_whether_columns_tell_something() -> None:
    asked: list[City] = []

    def asking(field: Callable[[City], object]) -> Callable[[City], object]:
        def told(city: City) -> object:
            asked.append(city)
            return field(city)

        return told

    people, note = (asking(attrgetter(each)) for each in ("people", "note"))
    columns = [
        Column[City]("name", "city", lambda city, _: city.name, width=10),
        Column[City](
            "people",
            "people",
            lambda city, _: str(city.people),
            width=9,
            sort_key=people,
            may_be_empty=True,
        ),
        Column[City](
            "note", "note", lambda city, _: city.note, width=8, sort_key=note, may_be_empty=True
        ),
    ]
    async with showing(letters(5_000)) as (app, pilot):
        app.table.offer(columns)
        app.table.choose_columns(["name", "people", "note"])
        asked.clear()
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert 0 < len(asked) <= 1_000
        for city in app.cities.values():
            city.people = 0
        app.cities["c000"].note = "the first"
        app.table.touch(["c000"])
        await pilot.resize_terminal(61, 20)
        await pilot.pause()
        assert app.table._content._filled == {"note"}
