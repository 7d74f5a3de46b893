"""Painting a row and sharing the width are pure functions: these hold for any row."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smsmon.console.cells import Span, Tone
from smsmon.console.live_table.content import GAPS_TURN, GUTTER, NEEDED, Column, Placed, lay_out
from smsmon.console.live_table.paint import changed_width, header_strip, row_strip
from smsmon.text import safe

STYLES = {tone: Style(color=f"color({index})") for index, tone in enumerate(Tone)}
BOLD = Style(bold=True)

COLUMNS = st.lists(
    st.builds(
        Column[list[Span]],
        name=st.text("abcdef", min_size=1, max_size=3),
        title=st.text(max_size=6).map(safe),
        cell=st.just(lambda row, width: row),
        width=st.integers(1, 12),
        flex=st.integers(0, 3),
        max_width=st.sampled_from([0, 0, 12, 20]),
        align=st.sampled_from(["left", "right"]),
        priority=st.integers(0, 3),
    ),
    max_size=6,
)
SPANS = st.lists(
    st.builds(Span, st.text(max_size=8).map(safe), st.sampled_from(list(Tone))), max_size=4
)


def column(name: str, width: int, **options: object) -> Column[str]:
    return Column(name, name, lambda row, _: row, width=width, **options)  # type: ignore[arg-type]  # short


def placed(*columns: Column[str], width: int) -> list[tuple[str, int, int]]:
    return [(each.column.name, each.x, each.width) for each in lay_out(columns, width)]


@given(COLUMNS, SPANS, st.integers(0, 60), st.booleans())
def test_a_row_is_exactly_as_wide_as_the_table(
    columns: list[Column[list[Span]]], spans: list[Span], width: int, marked: bool
) -> None:
    strip = row_strip(spans, lay_out(columns, width), width, STYLES.__getitem__, marked=marked)
    assert strip.cell_length == width
    assert Strip(list(strip)).cell_length == width
    titles = header_strip(lay_out(columns, width), width, BOLD, sort="a", reverse=True)
    assert titles.cell_length == width
    assert Strip(list(titles)).cell_length == width


@given(COLUMNS, st.integers(0, 100))
def test_columns_stand_in_order_without_overlap_and_fill_no_more_than_there_is(
    columns: list[Column[list[Span]]], width: int
) -> None:
    there: tuple[Placed[list[Span]], ...] = lay_out(columns, width)
    assert bool(there) == bool(columns)
    for left, right in pairwise(there):
        assert left.end < right.x
    if len(there) > 1:
        assert there[-1].end <= width
    for each in there:
        if len(there) > 1:
            assert each.width >= each.column.width
        bound = each.column.max_width if each.column.flex else each.column.width
        assert not bound or each.width <= max(bound, each.column.width)


def test_the_lowest_priority_gives_way_and_of_equals_the_rightmost() -> None:
    columns = (
        column("a", 5),
        column("b", 5, priority=1),
        column("c", 5),
        column("d", 5, priority=2),
    )
    assert [name for name, _, _ in placed(*columns, width=25)] == ["a", "b", "c", "d"]
    assert [name for name, _, _ in placed(*columns, width=24)] == ["a", "b", "d"]
    assert [name for name, _, _ in placed(*columns, width=18)] == ["b", "d"]
    assert [name for name, _, _ in placed(*columns, width=3)] == ["d"]


def test_what_is_only_nice_to_have_waits_for_the_wishes_of_others() -> None:
    label = column("a", 5, flex=1, wish=9, priority=NEEDED + 1)
    for priority, needed in ((NEEDED, 13), (NEEDED - 1, 17)):
        columns = (label, column("b", 5, priority=priority))
        assert [name for name, _, _ in placed(*columns, width=needed - 1)] == ["a"]
        assert [name for name, _, _ in placed(*columns, width=needed)] == ["a", "b"]


def test_columns_that_are_measured_share_the_width_by_what_stands_in_them() -> None:
    first = column("a", 5, flex=2, max_width=9, measured=True, priority=NEEDED)
    columns = (first, column("b", 5, flex=1, measured=True, priority=NEEDED))

    def widths(width: int, **needs: int) -> list[int]:
        return [each.width for each in lay_out(columns, width, (), needs)]

    assert widths(GUTTER + 30, a=7, b=3) == [7, 5], "none is wider than it needs"
    assert widths(GUTTER + 15, a=7, b=20) == [7, 7]
    assert widths(GUTTER + 40, a=12, b=20) == [12, 20], "a bound gives way where there is room"
    assert widths(GUTTER + 30, a=12, b=20) == [9, 20]

    columns = (first, column("b", 5, flex=1, measured=True, priority=NEEDED - 1))
    assert widths(GUTTER + 18, a=9, b=40) == [9, 8], "cut is better than gone"
    assert widths(GUTTER + 14, a=9, b=40) == [9], "but it takes nothing from others"


def test_width_left_over_goes_to_columns_by_their_turn_and_between_them() -> None:
    first, last = column("a", 5, flex=GAPS_TURN, max_width=8), column("b", 5, flex=1, max_width=10)
    columns = (first, last, column("c", 5))
    assert placed(*columns, width=19) == [("a", 2, 5), ("b", 8, 5), ("c", 14, 5)]
    assert placed(*columns, width=22) == [("a", 2, 8), ("b", 11, 5), ("c", 17, 5)]
    assert placed(*columns, width=24) == [("a", 2, 8), ("b", 12, 5), ("c", 19, 5)]
    assert placed(*columns, width=29) == [("a", 2, 8), ("b", 12, 10), ("c", 24, 5)]
    assert placed(*columns, width=99) == [("a", 2, 8), ("b", 13, 10), ("c", 26, 5)]


def test_columns_of_one_turn_share_what_is_left() -> None:
    columns = (column("a", 5, flex=1, max_width=7), column("b", 5, flex=1))
    assert placed(*columns, width=19) == [("a", 2, 7), ("b", 11, 8)]


def test_neighbours_of_one_style_are_sent_as_one() -> None:
    columns = lay_out([column("a", 3), column("b", 3)], 9)
    strip = row_strip("x", columns, 9, STYLES.__getitem__)
    assert list(strip) == [Segment("  x   x  ", STYLES[Tone.PLAIN])]


def test_the_arrow_stays_when_the_title_does_not_fit() -> None:
    columns = lay_out([Column("n", "delivered", lambda row, _: row, width=6)], 10)
    assert header_strip(columns, 10, BOLD).text == "  deliv…  "
    assert header_strip(columns, 10, BOLD, sort="n").text == "  deli…▴  "
    assert header_strip(columns, 10, BOLD, sort="n", reverse=True).text == "  deli…▾  "


LINES = st.lists(
    st.builds(
        lambda text, style: Segment(text, style),
        st.text("ab ", max_size=4),
        st.sampled_from([BOLD, STYLES[Tone.GOOD]]),
    ),
    max_size=6,
)


@given(LINES, LINES)
def test_painting_the_changed_part_over_the_old_line_gives_the_new_line(
    old: list[Segment], new: list[Segment]
) -> None:
    before = Strip(old).adjust_cell_length(24, BOLD)
    after = Strip(new).adjust_cell_length(24, BOLD)
    width = changed_width(before, after)
    screen = Strip.join([after.crop(0, width), before.crop(width, 24)])
    assert screen.text == after.text
    assert _cells(screen) == _cells(after)
    assert changed_width(after, after) == 0


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """Every column with its look."""
    return [(char, style) for text, style, _ in strip for char in text]
