"""What the overview says and draws: findings in words, axes in human units, glyphs that differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import pairwise
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.console import signs
from smsmon.console.cells import Span
from smsmon.console.formats import Formats
from smsmon.console.line import KEPT, wrapped
from smsmon.console.overview import charts
from smsmon.console.overview.activity import Activity, Stop
from smsmon.console.overview.charts import BAD, GOOD, WAIT, Bar, Bars, Chart, Histogram, draw_bars
from smsmon.console.overview.charts import LEAST_WIDTH as BARS_WIDTH
from smsmon.console.overview.figures import FigureCache, capture
from smsmon.console.overview.grouped import groups_now
from smsmon.console.overview.panel import PERIODS, Panel, PanelData, Period, Requests
from smsmon.console.overview.panels import TABS, panels
from smsmon.console.overview.plotting import LEAST_HEIGHT, LEAST_WIDTH, draw
from smsmon.console.signs import Tone
from smsmon.groups import Dimension, Groups
from smsmon.groups import Figures as GroupFigures
from smsmon.model import Arrival, Entry, Report
from smsmon.monitor.board import Board
from smsmon.monitor.state import Asked
from smsmon.ranges import Range, read
from smsmon.recipients import Recipient, Recipients, Status
from smsmon.text import ELLIPSIS
from tests.monitor.fakes import report
from tests.monitor.fakes import row as recipient
from tests.support.clock import START, VirtualClock

Row = tuple[str, Status, float, bool]
"""Phone, status, date as seconds from ``START``, STOP."""


def board_of(*messages: Sequence[Row], first: Sequence[Row] = ()) -> Board:
    """A board that read ``first`` of each message, where given, and then what is in it."""
    board = Board()
    for place, rows in enumerate(messages):
        entry = Entry(str(300 + place), f"label [b]{place}[/]")
        board.watch(entry, START)
        for at, told in ((START + 1, first), (START + 600, rows)):
            if told:
                column = Recipients.of(
                    Recipient(phone, status, status.slug, stop, int(START + date))
                    for phone, status, date, stop in told
                )
                board.apply(Report(entry.id, column, repr(told).encode(), at, at), at)
    return board


def sent(count: int) -> list[Row]:
    return [(f"+336{place:08}", Status.WAITING, 0, False) for place in range(count)]


def ended(delivered: int, failed: int = 0, took: float = 6, stops: int = 0) -> list[Row]:
    return [
        (
            f"+336{place:08}",
            Status.DELIVERED if place < delivered else Status.NOT_DELIVERED,
            took,
            place < stops,
        )
        for place in range(delivered + failed)
    ]


def shown(board: Board, *, only: str | None = None, activity: Activity | None = None) -> PanelData:
    clock = VirtualClock(START + 600)
    everything, one = FigureCache().reckon(capture(board), clock.now(), PERIODS[0].axis, only)
    return PanelData(
        figures=one or everything,
        everything=everything if one else None,
        message_id=only,
        period=PERIODS[0],
        activity=activity or Activity(clock),
        requests=Requests(38, 1500),
        now=clock.now(),
        formats=Formats(clock, zone=UTC),
    )


def panel(tab: str, what: PanelData) -> Panel:
    return panels(what)[TABS.index(tab)]


def told(panel: Panel) -> str:
    return panel.finding.plain.replace(KEPT, " ")


def drawn(drawing: object, width: int = 78, height: int = 18) -> str:
    assert isinstance(drawing, Chart | Bars)
    rows = (
        draw(drawing, width, height)
        if isinstance(drawing, Chart)
        else draw_bars(drawing, width, height)
    )
    return "\n".join("".join(span.text for span in row) for row in rows)


# Findings


@pytest.mark.parametrize("width", [24, 40, 53, 54, 55, 56, 57, 78])
def test_a_duration_is_never_broken_over_two_lines(width: int) -> None:
    rows = ended(99, took=5465)
    finding = panel("Delays", shown(board_of(rows, first=sent(99)))).finding

    lines = wrapped(finding, width, 9).plain.split("\n")

    assert max(map(len, lines)) <= width
    assert " ".join(lines) == finding.plain.replace(KEPT, " ")
    assert not re.search(r"\d\n[smhd]\b|\b[smhd]\n\d", "\n".join(lines))
    assert wrapped(finding, width, 2).plain.endswith(ELLIPSIS if len(lines) > 2 else ".")


def test_the_curve_states_how_soon_half_and_nine_in_ten_of_all_had_it() -> None:
    rows = [*ended(60, 2, took=6), *[("+3361" + f"{i:07}", Status.DELIVERED, 41, False)
            for i in range(38)]]  # fmt: skip
    board = board_of(rows, first=[(phone, Status.WAITING, 0, False) for phone, *_ in rows])

    found = panel("Curve", shown(board))

    assert told(found) == (
        "Of 100 recipients, also those that wait, half were delivered within 6 s, 90% within 41 s."
    )


def test_the_curve_of_messages_of_different_age_tells_how_many_are_delivered_by_now() -> None:
    """Nobody is told that half were delivered while most of them wait."""
    board = board_of(ended(20, took=6), first=sent(20))
    board.watch(Entry("400"), START + 596)
    young = Recipients.of(
        Recipient(phone, status, "Waiting", False, int(START + 596))
        for phone, status, *_ in sent(80)
    )
    board.apply(Report("400", young, b"young", START + 600, START + 600), START + 600)

    assert told(panel("Curve", shown(board))) == (
        "20 of 100 recipients are delivered by now."
        " Estimate for all: half within 6 s, 90% within 6 s."
    )


def test_delays_state_median_90th_and_99th_of_how_many_reports() -> None:
    found = panel("Delays", shown(board_of(ended(99, took=7), first=sent(99))))
    assert told(found) == "Of 99 final reports half came within 7 s, 90% 7 s, 99% 7 s."
    picture = drawn(found.drawing)
    assert "median 7 s" in picture
    assert "90% 7 s" in picture
    assert "99% 7 s" in picture


def test_sentences_of_what_has_come_and_of_all_say_what_they_count() -> None:
    """Half of what has come came at once; of all, half are not delivered yet."""
    rows = [*ended(40, took=0), *sent(60)[40:]]
    found = shown(board_of(rows, first=sent(60)))
    waits = found.figures.counts.waiting
    assert waits
    assert told(panel("Delays", found)).endswith(f" Left out: {waits} that wait.")
    assert "half came within 1 s" in told(panel("Delays", found))
    assert told(panel("Curve", found)).startswith("Of 60 recipients, also those that wait, half")
    assert "final reports" not in told(panel("Curve", found))


def test_what_nobody_saw_begin_is_left_out_and_said() -> None:
    found = panel("Delays", shown(board_of(ended(5), ended(5))))
    assert found.drawing is None
    assert "2 messages left out" in found.finding.plain

    alone = panel("Curve", shown(board_of(ended(5)), only="300"))
    assert alone.drawing is None
    assert alone.finding.plain == (
        "100% of 5 final reports delivered. It was all final when first read."
    )


def test_reports_state_how_many_the_rate_and_the_busiest_minute() -> None:
    found = panel("Reports", shown(board_of(ended(9, 1, took=65), first=sent(10))))
    assert told(found) == (
        "10 final reports in the last hour, 90.0% delivered; the most per minute: 10 at 10:01."
    )


def test_countries_tell_best_and_worst_of_those_with_enough_reports() -> None:
    belgium: list[Row] = [
        (f"+3247{place:07}", Status.DELIVERED if place < 15 else Status.NOT_DELIVERED, 6, False)
        for place in range(20)
    ]
    lone: list[Row] = [("+41791234567", Status.NOT_DELIVERED, 6, False)]

    found = panel("Countries", shown(board_of([*ended(30), *belgium, *lone])))

    assert told(found) == "Recipients in 3 countries. Best France 100%, worst Belgium 75.0%."
    lines = drawn(found.drawing).splitlines()
    assert [line.split()[:3] for line in lines[2:8:2]] == [
        ["France", "30", "100%"],
        ["Belgium", "20", "75.0%"],
        ["Switzerland", "1", "0.0%"],
    ]
    assert set("▬▒") <= set(lines[4])


def test_stops_stand_when_they_were_seen_else_by_message() -> None:
    board = board_of(ended(50, stops=4), ended(50, stops=1))
    activity = Activity(VirtualClock(START))

    ranking = panel("STOPs", shown(board, activity=activity))
    assert ranking.title == "STOPs by message"
    assert "5 STOPs, 5.0% of the delivered." in ranking.finding.plain
    assert "0 seen to come since 10:00:00." in ranking.finding.plain
    assert "300 label [b]0[/]" in drawn(ranking.drawing)

    activity.stops.extend([Stop(START + 500, "300"), Stop(START + 510, "301")])
    over_time = panel("STOPs", shown(board, activity=activity))
    assert over_time.title == "STOPs over time"
    assert "Most in 300 label [b]0[/]: 4. 2 seen" in over_time.finding.plain
    alone = panel("STOPs", shown(board, only="301", activity=activity))
    assert "1 seen to come" in alone.finding.plain


def test_requests_are_told_against_the_budget_and_drawn_to_it_when_near() -> None:
    activity = Activity(VirtualClock(START))
    for _ in range(40):
        activity.count(Asked("default", START + 590, "answered"))
    what = shown(board_of(ended(1)), activity=activity)

    far = panel("Budget", what)
    assert far.finding.plain == (
        "38 of 1,500 requests used in the last minute, 2.5%."
        " At most 40 in a minute of the last hour."
    )
    assert isinstance(far.drawing, Chart)
    assert far.drawing.ceiling is None

    near = panel("Budget", replace(what, requests=Requests(38, 100, stretch=2.0)))
    assert "stretched ×2.0" in near.finding.plain
    assert isinstance(near.drawing, Chart)
    assert near.drawing.ceiling == 1.0


def test_a_console_that_watches_nothing_says_so_in_every_panel() -> None:
    for each in panels(shown(Board())):
        assert each.drawing is None
        assert each.finding.plain.endswith(".")


# Axes


@given(st.floats(0, 1e9))
def test_an_axis_of_counts_ends_little_above_the_most(most: float) -> None:
    assert most <= charts.round_top(most) <= max(2 * most, most + 1)


@given(st.one_of(st.just(100), st.floats(0, 1e9).map(charts.round_top)), st.integers(2, 80))
def test_an_axis_is_ticked_evenly_at_round_numbers_from_its_beginning_to_its_end(
    top: int, rows: int
) -> None:
    step, apart = charts.steps_up(top, rows)
    steps = top // step

    assert step * steps == top
    assert 1 <= steps <= 6
    assert step == top or str(step).rstrip("0") in ("1", "2", "5", "25")
    assert apart >= 2
    assert rows / 2 < steps * apart <= rows


@pytest.mark.parametrize(
    ("top", "rows", "ticks"),
    [(100, 9, 4), (100, 7, 2), (100, 14, 4), (400, 9, 4), (400, 5, 2), (40, 21, 4), (3, 5, 1)],
)
def test_a_low_plot_has_fewer_ticks_rather_than_uneven_ones(
    top: int, rows: int, ticks: int
) -> None:
    assert top // charts.steps_up(top, rows)[0] == ticks


def test_ticks_are_drawn_as_many_rows_apart_in_plots_of_every_height() -> None:
    curve = panel("Curve", shown(board_of(ended(40, 3), first=sent(43)))).drawing
    for height in range(LEAST_HEIGHT, 40):
        lines = drawn(curve, 60, height).splitlines()
        ticked = [row for row, line in enumerate(lines) if re.match(r" *\d+%", line)]
        assert len({later - row for row, later in pairwise(ticked)}) == 1
        assert lines[ticked[0]].split("%")[0].strip() == "100"


def test_time_is_ticked_at_round_times_of_the_operators_zone() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    assert charts.time_ticks(START, 3600, 1200, kolkata) == (
        (1 / 6, "15:40"),
        (0.5, "16:00"),
        (5 / 6, "16:20"),
    )
    assert charts.time_ticks(START, 48 * 3600, 86_400, UTC) == (
        (14 / 48, "23 Nov"),
        (38 / 48, "24 Nov"),
    )


def test_durations_have_human_ticks_from_a_second_to_two_days() -> None:
    assert [word for _, word in charts.DURATION_TICKS] == [
        "1 s", "10 s", "1 min", "10 min", "1 h", "10 h", "48 h",
    ]  # fmt: skip
    places = [at for at, _ in charts.DURATION_TICKS]
    assert places == sorted(places)
    assert charts.along_durations(0) == 0
    assert charts.along_durations(10**9) == 1


# Drawing


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=120),
    st.integers(1, 200),
)
def test_no_column_gets_lost_however_narrow_the_screen(heights: list[float], width: int) -> None:
    columns = Histogram(charts.even_edges(len(heights)), tuple(heights), Tone.GOOD)
    seen = charts.columns_seen(columns, width)

    assert len(seen) == width
    assert max(heights) == max(heights[column] for column in seen if column is not None)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 60))
def test_a_column_is_as_high_as_its_height_and_never_invisible(
    height: float, share: float, rows: int
) -> None:
    lower, upper, eighths = charts.stacked(height, height * share, rows)

    assert min(lower, upper, eighths) >= 0
    drawn_rows = lower + upper + eighths / 8
    assert drawn_rows <= rows
    assert abs(drawn_rows - height * rows) <= 1 / 8
    assert (drawn_rows > 0) == (height > 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(10, 210), st.integers(3, 60))
def test_a_drawing_has_exactly_the_size_it_is_given(width: int, height: int) -> None:
    what = shown(board_of(ended(40, 3), first=sent(43)))
    for each in panels(what):
        if each.drawing is None:
            continue
        lines = drawn(each.drawing, width, height).splitlines()
        least = (LEAST_WIDTH, LEAST_HEIGHT) if isinstance(each.drawing, Chart) else (BARS_WIDTH, 2)
        if width < least[0] or height < least[1]:
            assert lines == []
        else:
            assert {len(line) for line in lines} == {width}
            assert len(lines) == height


def test_no_escape_sequence_of_the_plotting_library_reaches_the_screen() -> None:
    for each in panels(shown(board_of(ended(40, 3), first=sent(43)))):
        if each.drawing is not None:
            assert drawn(each.drawing).replace("\n", "").isprintable()


def test_groups_tell_of_the_last_hour_by_what_tells_them_apart() -> None:
    found, now = Groups(), START + 600
    board = Board()
    for number in range(30):
        came = Arrival("shop" if number % 3 else "web", 60.0, sent_at=now - 300)
        board.watch(Entry(str(number), added_at=now - 299, arrival=came), now - 299)
        status = Status.WAITING if number == 4 else Status.DELIVERED
        rows = [recipient(number, status, date=now - 300 + (4 if number % 3 else 90))]
        board.apply(report(rows, str(number), now - 150), now - 150)
        found.note(board[str(number)], now)

    class Rows:
        whole = True

        def rows(self, dimension: Dimension) -> Mapping[str, GroupFigures]:
            return found.rows(dimension, now)

    groups = groups_now(cast("Any", Rows()))
    assert groups[0].dimension is Dimension.SOURCE, "none has a tag"
    what = replace(shown(board), groups=groups)
    by_source = panel("Groups", what)
    assert by_source.title == "Groups by source"
    assert told(by_source) == (
        "2 groups with messages of the last hour, most to shop: 20. Slowest web: 90% in 1 m 30 s."
        " The oldest has waited for 4 m 56 s, in shop."
    )
    picture = drawn(by_source.drawing)
    assert "≤1 min" in picture
    assert re.search(r"shop +20 +95.0%", picture)
    assert re.search(r"web +10 +0.0%", picture)
    assert told(panel("Groups", shown(board))) == "Nothing was sent within the last hour."
    unsure = "The last hour is not all known yet."
    assert told(panel("Groups", replace(shown(board), groups_whole=False))) == unsure
    assert told(panel("Groups", replace(what, groups_whole=False))).startswith(f"{unsure} 2 groups")


def test_axes_say_what_they_count_and_in_which_unit() -> None:
    activity = Activity(VirtualClock(START))
    activity.count(Asked("default", START + 590, "answered"))
    activity.stops.append(Stop(START + 500, "300"))
    what = shown(board_of(ended(40, 3, stops=1), first=sent(43)), activity=activity)

    pictures = {tab: drawn(panel(tab, what).drawing) for tab in TABS if tab != "Groups"}

    assert "% of recipients" in pictures["Curve"]
    assert "time since the message began" in pictures["Curve"]
    assert "10 min" in pictures["Curve"]
    assert "% of reports" in pictures["Delays"]
    assert "reports per minute" in pictures["Reports"]
    assert "10:10" in pictures["Reports"]
    assert "STOPs per minute" in pictures["STOPs"]
    assert "requests per minute" in pictures["Budget"]


def test_delivered_and_not_delivered_differ_without_colour() -> None:
    what = shown(board_of(ended(30, 10), first=sent(40)))

    curve = drawn(panel("Curve", what).drawing)
    assert signs.CURVE_FAILED in curve
    assert any("\u2800" < char < "\u2900" for char in curve)
    columns = drawn(panel("Reports", what).drawing)
    assert signs.FULL in columns
    assert signs.FULL_NOT_DELIVERED in columns
    legend = [key.plain for key in panel("Reports", what).legend]
    assert legend == ["█ delivered", "▓ not delivered"]


def test_one_message_is_drawn_beside_all_of_them() -> None:
    slow, quick = ended(10, took=400), ended(10, took=3)
    board = board_of(quick, slow, first=sent(10))

    found = panel("Curve", shown(board, only="301"))

    assert signs.CURVE_OTHER in drawn(found.drawing)
    assert [key.plain for key in found.legend] == ["─ delivered", "· delivered, all messages"]


def test_rows_without_room_are_counted_in_the_last_line() -> None:
    rows = tuple(Bar(f"country {place}", 10, 0.5, (5, 5)) for place in range(30))
    bars = Bars("country", "recipients", "rate", (GOOD, WAIT), rows)

    lines = drawn(bars, 80, 10).splitlines()

    assert len(lines) == 10
    assert lines[-1].rstrip() == "and 22 more"


def test_bars_of_countries_show_the_rate_at_the_whole_width_however_few_they_are() -> None:
    rows = (Bar("France", 20_000, 0.75, (15_000, 0, 5_000)), Bar("Italy", 4, 0.5, (2, 0, 2)))
    bars = Bars("country", "recipients", "rate", (GOOD, WAIT, BAD), rows, whole=True)
    large, small = (line for line in drawn(bars, 80, 3).splitlines()[1:])
    good, bad = GOOD[0], BAD[0]
    assert large.count(good) + large.count(bad) == small.count(good) + small.count(bad) > 40
    assert large.count(good) == 3 * large.count(bad)
    assert small.count(good) == small.count(bad)


@pytest.mark.parametrize("period", PERIODS, ids=lambda each: each.name)
def test_ranges_are_called_as_they_are_said_elsewhere(period: Period) -> None:
    axis = period.axis
    assert read(period.name, START, UTC) == Range(START - axis.step * axis.steps, START, open=True)


@pytest.mark.parametrize("number", [1, 12_345_678])
def test_bars_keep_their_columns_whatever_the_numbers(number: int) -> None:
    bars = Bars("message", "STOPs", "rate", (GOOD,), (Bar("x" * 90, number, None, (number,)),))
    assert {len(line) for line in drawn(bars, 60, 4).splitlines()} == {60}


def test_spans_are_texts_and_tones_only() -> None:
    what = shown(board_of(ended(5), first=sent(5)))
    drawing = panel("Curve", what).drawing
    assert isinstance(drawing, Chart)
    for row in draw(drawing, 60, 12):
        assert all(isinstance(span, Span) and isinstance(span.tone, Tone) for span in row)
