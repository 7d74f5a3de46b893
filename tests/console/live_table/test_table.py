"""What the live table promises to hands and eyes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.events import MouseScrollDown

from smsmon.console.live_table import LiveTable, MappedRows
from tests.console.live_table.stage import City, letters, showing, three


async def test_rows_stand_under_their_titles_with_numbers_to_the_right() -> None:
    async with showing(three()) as (app, _):
        assert app.lines[:4] == [
            "  city          people  note",
            "  Paris      2,102,650",
            "  Lyon         522,250",
            "  Nice         348,085",
        ]


async def test_an_empty_table_says_why() -> None:
    async with showing({}, empty="No cities yet") as (app, _):
        assert app.lines[1].strip() == "No cities yet"
        assert app.table.cursor_key is None
        assert app.table.cursor_row is None


async def test_text_is_never_taken_for_markup() -> None:
    cities = {"a": City("[b]x[/]", 1, "x[/red]"), "b": City("[/", 2, "[@click=q]")}
    async with showing(cities) as (app, _):
        assert app.lines[1] == "  [b]x[/]            1  x[/red]"
        assert app.lines[2] == "  [/                 2  [@click=q]"


async def test_long_and_wide_text_is_cut_with_an_ellipsis_and_columns_stay_in_line() -> None:
    cities = {
        "a": City("Villeneuve-d'Ascq", 1),
        "b": City("東京都千代田区", 2),
        "c": City("e\u0301" * 12, 3),
        "d": City("👍🏽👍🏽👍🏽👍🏽", 4),
    }
    async with showing(cities) as (app, _):
        lines = app.lines
        assert lines[1].startswith("  Villeneuv…")
        assert lines[2].startswith("  東京都千…")
        assert lines[3].startswith("  " + "e\u0301" * 9 + "…")
        for line in lines[1:5]:
            assert cell_len(line) == 22


# Cursor and scroll


async def test_cursor_stays_on_its_row_and_screen_line_when_rows_resort() -> None:
    async with showing(letters(100)) as (app, pilot):
        for _ in range(5):
            await pilot.press("pagedown")
        assert app.table.move_to_key("c050")
        line = app.cursor_line
        app.table.sort_by("people")
        await pilot.pause()
        assert app.table.cursor_key == "c050"
        assert app.cursor_line == line
        assert app.lines[line].startswith("  c050")


async def test_cursor_row_stays_on_its_screen_line_when_rows_come_and_go_above() -> None:
    async with showing(letters(100)) as (app, pilot):
        table = app.table
        table.sort_by("name")
        table.move_to_key("c050")
        await pilot.pause()
        line = app.cursor_line
        for index in range(20):
            app.cities[f"b{index}"] = City(f"b{index}", index)
        app.arrive(*[f"b{index}" for index in range(20)])
        await pilot.pause()
        assert table.view.cursor_index == 70
        assert app.cursor_line == line
        app.leave("c001", "c002", "b7")
        await pilot.pause()
        assert app.cursor_line == line
        assert app.lines[line].startswith("  c050")


async def test_cursor_goes_to_the_nearest_row_when_its_own_is_removed() -> None:
    async with showing(letters(9)) as (app, pilot):
        app.table.move_to_key("c004")
        app.leave("c004", "c005")
        await pilot.pause()
        assert app.table.cursor_key == "c003"
        assert app.heard(LiveTable.Highlighted).key == "c003"


async def test_what_is_read_stays_put_when_the_cursor_is_scrolled_out_of_sight() -> None:
    async with showing(letters(100)) as (app, pilot):
        app.table.sort_by("name")
        app.table.scroll_to(y=40, animate=False)
        await pilot.pause()
        assert app.lines[1].startswith("  c040")
        app.cities["a"] = City("a", 1)
        app.arrive("a")
        await pilot.pause()
        assert app.lines[1].startswith("  c040")
        assert app.table.cursor_key == "c000"


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        (["down", "j", "j", "up", "k"], "c001"),
        (["end"], "c099"),
        (["G", "k"], "c098"),
        (["end", "home"], "c000"),
        (["pagedown"], "c010"),
        (["pagedown", "pagedown", "pageup"], "c010"),
        (["ctrl+d", "ctrl+d", "ctrl+u"], "c005"),
        (["up"], "c000"),
        (["G", "j", "pagedown"], "c099"),
    ],
)
async def test_hands_find_the_keys_they_know(keys: list[str], key: str) -> None:
    async with showing(letters(100)) as (app, pilot):
        await pilot.press(*keys)
        assert app.table.cursor_key == key
        assert app.lines[app.cursor_line].startswith(f"  {key}")
        assert 1 <= app.cursor_line <= 10


async def test_page_down_keeps_the_cursor_on_its_screen_line() -> None:
    async with showing(letters(100)) as (app, pilot):
        await pilot.press("j", "j", "j", "pagedown")
        assert app.cursor_line == 4
        assert app.lines[4].startswith("  c013")


async def test_wheel_scrolls_and_leaves_the_cursor_on_its_row() -> None:
    async with showing(letters(100)) as (app, pilot):
        await pilot._post_mouse_events([MouseScrollDown], app.table, button=0)
        await pilot.pause()
        assert app.table.scroll_y > 0
        assert app.table.cursor_key == "c000"


async def test_the_cursor_is_in_sight_after_a_resize() -> None:
    async with showing(letters(100), size=(40, 40)) as (app, pilot):
        app.table.move_to_key("c035")
        await pilot.resize_terminal(40, 8)
        await pilot.pause()
        assert 1 <= app.cursor_line <= 7
        assert app.lines[app.cursor_line].startswith("  c035")


async def test_another_source_starts_at_the_top() -> None:
    async with showing(letters(100)) as (app, pilot):
        await pilot.press("G", "space")
        app.table.set_source(MappedRows(app.cities), list(app.cities))
        await pilot.pause()
        assert app.table.cursor_key == "c000"
        assert app.lines[1].startswith("  c000")
        assert not app.table.marks


# Marks


async def test_space_marks_and_goes_on_and_v_marks_up_to_there() -> None:
    async with showing(letters(20)) as (app, pilot):
        await pilot.press("space", "j", "j", "v")
        assert sorted(app.table.marks) == ["c000", "c001", "c002", "c003"]
        assert len(app.heard(LiveTable.MarksChanged).table.marks) == 4
        assert [line[:1] for line in app.lines[1:6]] == ["*", "*", "*", "*", " "]
        assert app.table.acted_on == ["c000", "c001", "c002", "c003"]
        await pilot.press("minus")
        assert not app.table.marks
        assert app.table.acted_on == ["c003"]


async def test_all_rows_shown_are_marked_and_those_hidden_are_not() -> None:
    async with showing(letters(20)) as (app, pilot):
        app.narrow(lambda city: city.name.endswith("5"))
        await pilot.press("asterisk")
        assert sorted(app.table.marks) == ["c005", "c015"]
        app.table.set_filter(None)
        await pilot.pause()
        assert sorted(app.table.marks) == ["c005", "c015"]
        assert app.lines[6].startswith("* c005")


async def test_a_removed_row_is_no_longer_marked() -> None:
    async with showing(letters(5)) as (app, pilot):
        await pilot.press("asterisk")
        app.leave("c001")
        app.arrive("c001")
        await pilot.pause()
        assert "c001" not in app.table.marks


# Opening, sorting, filtering


async def test_enter_and_double_click_open_the_row() -> None:
    async with showing(letters(20)) as (app, pilot):
        await pilot.press("j", "enter")
        assert app.heard(LiveTable.Selected).key == "c001"
        await pilot.click(app.table, offset=(4, 5), times=2)
        assert app.heard(LiveTable.Selected).key == "c004"


async def test_a_click_moves_the_cursor_and_nothing_happens_below_the_rows() -> None:
    async with showing(letters(3)) as (app, pilot):
        await pilot.click(app.table, offset=(4, 3))
        assert app.table.cursor_key == "c002"
        await pilot.click(app.table, offset=(4, 8))
        assert app.table.cursor_key == "c002"


async def test_ctrl_click_marks_and_shift_click_marks_up_to_there() -> None:
    async with showing(letters(9)) as (app, pilot):
        await pilot.click(app.table, offset=(4, 2), control=True)
        assert sorted(app.table.marks) == ["c001"]
        await pilot.click(app.table, offset=(4, 4), shift=True)
        assert sorted(app.table.marks) == ["c001", "c002", "c003"]


async def test_a_digit_sorts_by_the_column_in_that_place_and_again_the_other_way() -> None:
    async with showing(three()) as (app, pilot):
        await pilot.press("2")
        assert app.table.sort == ("people", True)
        assert app.lines[0].split()[:3] == ["city", "people", "▾"]
        await pilot.press("2")
        assert app.table.sort == ("people", False)
        assert app.lines[0].split()[:3] == ["city", "people", "▴"]
        await pilot.press("3", "9")  # one that cannot be sorted by, and one that is not there
        assert app.table.sort == ("people", False)
        app.table.choose_columns(["people", "name"])
        await pilot.press("2")
        assert app.table.sort == ("name", False)


async def test_a_click_on_a_title_sorts_its_own_way_and_again_the_other() -> None:
    async with showing(three()) as (app, pilot):
        await pilot.click(app.table, offset=(15, 0))
        assert app.table.sort == ("people", True)
        assert app.lines[0].split()[:3] == ["city", "people", "▾"]
        await pilot.click(app.table, offset=(15, 0))
        assert app.table.sort == ("people", False)
        assert app.lines[1].split()[0] == "Nice"
        await pilot.click(app.table, offset=(25, 0))  # a column that cannot be sorted by
        assert app.table.sort == ("people", False)
        heard = app.heard(LiveTable.SortChanged)
        assert heard.control is app.table
        assert app.table.sort == ("people", False)


async def test_keys_go_through_the_columns_and_turn_the_order_round() -> None:
    async with showing(three()) as (app, pilot):
        sign = replace(app.table.columns[1], name="sign", title="◆", width=1)
        app.table.offer([sign, *app.table.columns])
        app.table.choose_columns(["sign", "name", "people"])
        await pilot.press("greater_than_sign", "less_than_sign")
        assert app.table.sort[0] == "sign", "which one gets to, but does not begin with"
        app.table.offer(app.table.columns[1:])
        app.table.sort_by(None)
        await pilot.press("greater_than_sign")
        assert app.table.sort == ("name", False)
        assert app.lines[0].startswith("  city ▴")
        await pilot.press("greater_than_sign", "S")
        assert app.table.sort == ("people", False)
        await pilot.press("less_than_sign")
        assert app.table.sort == ("name", False)
        app.table.sort_by(None)
        await pilot.pause()
        assert [line.split()[0] for line in app.lines[1:4]] == ["Paris", "Lyon", "Nice"]


async def test_a_changed_row_goes_where_the_order_wants_it() -> None:
    async with showing(three()) as (app, pilot):
        app.table.sort_by("people")
        app.cities["nic"].people = 9_000_000
        app.table.touch(["nic"])
        await pilot.pause()
        assert [line.split()[0] for line in app.lines[1:4]] == ["Lyon", "Paris", "Nice"]


async def test_a_frozen_table_shows_changes_where_they_are() -> None:
    async with showing(three()) as (app, pilot):
        app.table.sort_by("people")
        app.table.frozen = True
        app.cities["nic"].people = 9_000_000
        app.table.touch(["nic"])
        await pilot.pause()
        assert app.lines[1] == "  Nice       9,000,000"
        app.table.frozen = False
        await pilot.pause()
        assert app.lines[3] == "  Nice       9,000,000"


async def test_a_row_that_begins_to_match_appears_and_one_that_ceases_leaves() -> None:
    async with showing(three()) as (app, pilot):
        app.narrow(lambda city: city.people > 400_000)
        await pilot.pause()
        assert app.table.view.hidden == 1
        app.cities["nic"].people = 500_000
        app.cities["lyo"].people = 1
        app.table.touch(["nic", "lyo"])
        await pilot.pause()
        assert [line.split()[0] for line in app.lines[1:3]] == ["Paris", "Nice"]


async def test_a_filter_that_hides_all_says_what_an_empty_table_says() -> None:
    async with showing(three(), empty="Nothing matches") as (app, pilot):
        app.narrow(lambda city: False)
        await pilot.pause()
        assert app.lines[1].strip() == "Nothing matches"
        assert app.heard(LiveTable.Highlighted).key is None


# Columns


async def test_columns_that_do_not_fit_are_left_out_by_priority() -> None:
    async with showing(three(), size=(26, 6)) as (app, pilot):
        assert app.lines[0] == "  city            people"
        assert "note" not in app.lines[0]
        await pilot.resize_terminal(14, 6)
        await pilot.pause()
        assert app.lines[1] == "  2,102,650"
        await pilot.resize_terminal(8, 6)
        await pilot.pause()
        assert app.lines[1].startswith("  2,1")


async def test_columns_are_chosen_and_put_in_order() -> None:
    async with showing(three()) as (app, pilot):
        app.table.choose_columns(["people", "name", "gone", "people"])
        await pilot.pause()
        assert list(app.table.chosen_columns) == ["people", "name"]
        assert app.lines[1] == "  2,102,650    Paris"
        app.table.choose_columns([])
        assert list(app.table.chosen_columns) == ["name", "people", "note"]


async def test_a_row_gone_before_the_table_is_told_is_blank_and_breaks_nothing() -> None:
    async with showing(three()) as (app, pilot):
        del app.cities["lyo"]
        app.table.repaint()
        app.table.sort_by("people")
        app.narrow(lambda city: city.people > 0)
        app.table.touch(["lyo", "nic"])
        app.table.set_filter(None)
        await pilot.pause()
        assert [line.strip() for line in app.lines[1:4]] == [
            "Nice         348,085",
            "Paris      2,102,650",
            "",
        ]
        app.table.move_to_key("lyo")
        assert app.table.cursor_row is None
        app.leave("lyo")
        assert app.table.cursor_key == "par"


async def test_another_source_is_told_even_when_its_row_has_the_same_key() -> None:
    async with showing(three()) as (app, pilot):
        app.said.clear()
        app.table.set_source(MappedRows({"par": City("Paris, Texas", 24_000)}), ["par"])
        await pilot.pause()
        assert app.heard(LiveTable.Highlighted).key == "par"
        assert app.lines[1].startswith("  Paris, Te…")


async def test_what_changed_while_the_table_was_hidden_is_there_when_it_is_shown() -> None:
    async with showing(letters(100)) as (app, pilot):
        app.table.display = False
        await pilot.pause()
        app.cities["c001"].people = 77
        app.table.touch(["c001"])
        app.table.move_to_key("c050")
        app.leave("c048")
        await pilot.pause()
        app.table.display = True
        await pilot.pause()
        assert app.lines[app.cursor_line].startswith("  c050")
        app.table.action_first()
        await pilot.pause()
        assert app.lines[2] == "  c001              77"


# Size


async def test_a_hundred_thousand_rows_are_at_hand() -> None:
    class Numbers:
        def row(self, key: int) -> City:
            return City(f"n{key}", key)

        def values(self, column: str, keys: object) -> None:
            return None

    async with showing({}) as (app, pilot):
        table: LiveTable[int, City] = app.table  # type: ignore[assignment]  # other rows
        table.set_source(Numbers(), range(100_000))
        await pilot.press("G")
        assert table.cursor_key == 99_999
        assert app.lines[10].split()[0] == "n99999"


async def test_what_an_empty_table_says_can_change() -> None:
    async with showing({}, empty="No cities yet") as (app, pilot):
        app.table.empty = "Nothing matches"
        await pilot.pause()
        assert app.lines[1].strip() == "Nothing matches"
