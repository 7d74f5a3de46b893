"""What the overview's numbers promise: each formula is the one that is stated."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon import phones
from smsmon.console.overview import figures
from smsmon.console.overview.figures import (
    BINS,
    LONGEST,
    POINTS,
    FigureCache,
    Figures,
    TimeAxis,
    capture,
    curve,
    durations,
)
from smsmon.countries import ORDER, by_country
from smsmon.model import Entry, Report
from smsmon.monitor.board import Board
from smsmon.recipients import NO_DATE, Recipient, Recipients, Status
from tests.support.clock import START

HOUR_BY_MINUTES = TimeAxis(60, 60)
WAIT, GOOD, BAD = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED

SECONDS = st.integers(0, LONGEST)
Row = tuple[Status, float]
"""A status, and its date as seconds from ``START``."""


def recipients(rows: Sequence[Row]) -> Recipients:
    return Recipients.of(
        Recipient(f"+336{place:08}", status, status.slug, False, int(START + at))
        for place, (status, at) in enumerate(rows)
    )


def answer(board: Board, message_id: str, rows: Sequence[Row], at: float) -> None:
    """The API answers with ``rows``, ``at`` seconds from ``START``."""
    if message_id not in board:
        board.watch(Entry(message_id, f"label {message_id}"), START)
    digest = repr(rows).encode()
    board.apply(Report(message_id, recipients(rows), digest, START + at, START + at), START + at)


def reckoned(board: Board, at: float, axis: TimeAxis = HOUR_BY_MINUTES) -> Figures:
    return FigureCache().reckon(capture(board), START + at, axis)[0]


# The delivery curve


@given(st.lists(st.tuples(SECONDS, st.booleans()), max_size=60), st.integers(0, 20))
def test_the_curve_of_one_message_is_delivered_of_all_its_recipients(
    reports: list[tuple[int, bool]], waiting: int
) -> None:
    delivered = Counter(at for at, good in reports if good)
    not_delivered = Counter(at for at, good in reports if not good)

    found = curve(delivered, not_delivered, Counter({LONGEST: waiting}))

    everybody = len(reports) + waiting
    assert found.recipients == everybody
    assert not found.estimated
    if everybody:
        assert found.delivered[-1] == pytest.approx(delivered.total() / everybody)
    for shares, counted in (
        (found.delivered, delivered),
        (found.not_delivered, not_delivered),
    ):
        for point, share in zip(POINTS, shares, strict=False):
            by_then = sum(count for at, count in counted.items() if at <= point)
            assert share == pytest.approx(by_then / everybody)


def test_recipients_that_wait_count_as_long_as_they_have_waited_and_no_longer() -> None:
    # Ten of an old message, half of them delivered at 10 s; ninety of one that is 5 s old.
    found = curve(Counter({10: 5}), Counter(), Counter({5: 90, 3600: 5}))

    assert found.delivered[-1] == pytest.approx(0.5)
    assert found.half == 10
    assert found.most is None
    assert found.estimated, "5 of 100 are delivered, not half of them"
    assert found.arrived == 5


@given(st.lists(SECONDS, min_size=1, max_size=50), st.lists(SECONDS, max_size=50))
def test_a_curve_never_falls_and_never_passes_all(good: list[int], left: list[int]) -> None:
    shares = curve(Counter(good), Counter(), Counter(left)).delivered
    assert list(shares) == sorted(shares)
    assert all(0 <= share <= 1 + 1e-9 for share in shares)


def test_the_curve_of_a_young_message_ends_at_its_age() -> None:
    board = Board()
    answer(board, "300", [(WAIT, 0), (WAIT, 0)], 1)
    answer(board, "300", [(GOOD, 4), (WAIT, 0)], 60)

    found = reckoned(board, 3600).curve

    assert found.age == 60
    assert len(found.delivered) == sum(1 for point in POINTS if point < 60) + 1
    assert found.delivered[-1] == 0.5
    assert found.half == 4


# Durations


@given(st.lists(SECONDS, min_size=1, max_size=200))
def test_quantiles_are_the_least_duration_that_so_many_reports_kept_to(took: list[int]) -> None:
    found = durations(Counter(took))

    ordered = sorted(took)
    for share, quantile in (
        (0.5, found.median),
        (0.9, found.ninetieth),
        (0.99, found.ninety_ninth),
    ):
        assert quantile == ordered[ceil(round(share * len(ordered), 6)) - 1]


@given(st.lists(st.integers(0, 2 * LONGEST), max_size=100))
def test_every_report_is_in_one_bin(took: list[int]) -> None:
    bins = durations(Counter(took)).bins

    assert len(bins) == len(BINS)
    for low, high, count in zip(BINS, (*BINS[1:], 10 * LONGEST), bins, strict=True):
        assert count == sum(1 for seconds in took if low <= seconds < high)


def test_a_message_that_was_final_when_first_read_counts_for_no_duration() -> None:
    board = Board()
    answer(board, "300", [(GOOD, -500), (GOOD, -490)], 0)
    answer(board, "301", [(GOOD, -500), (WAIT, -510)], 0)

    found = reckoned(board, 0)

    assert found.unseen == 1
    assert found.durations.reports == 1
    assert found.durations.median == 10
    assert found.counts.delivered == 3


def test_a_message_once_seen_waiting_counts_when_all_is_final_too() -> None:
    board = Board()
    answer(board, "300", [(WAIT, 0), (WAIT, 0)], 1)
    answer(board, "300", [(GOOD, 6), (BAD, 41)], 60)

    found = reckoned(board, 60)

    assert found.unseen == 0
    assert (found.durations.reports, found.durations.median) == (2, 6)
    assert found.durations.ninetieth == 41


def test_dates_that_cannot_be_true_count_for_nothing() -> None:
    board = Board()
    answer(board, "300", [(WAIT, 0), (WAIT, 0), (WAIT, 0)], 1)
    answer(board, "300", [(GOOD, 6), (GOOD, 86_400), (GOOD, 1 - START)], 60)

    found = reckoned(board, 60)

    assert found.durations.reports == 1
    assert sum(found.flow.delivered) == 1
    assert found.counts.delivered == 3


def test_without_any_date_a_report_came_when_it_was_seen() -> None:
    board = Board()
    for at, status in ((1, WAIT), (31, GOOD)):
        rows = recipients([(status, 0), (WAIT, 0)])
        undated = Recipients(
            rows.phones,
            rows.statuses,
            rows.words,
            rows.vocabulary,
            rows.stops,
            array("q", [NO_DATE] * 2),
        )
        if "300" not in board:
            board.watch(Entry("300"), START)
        board.apply(
            Report("300", undated, status.slug.encode(), START + at, START + at), START + at
        )

    found = reckoned(board, 40)

    assert found.durations.reports == 1
    assert found.durations.median == 30
    assert sum(found.flow.delivered) == 1


# Reports over time


@given(st.lists(st.tuples(st.integers(-7200, 0), st.sampled_from([GOOD, BAD])), max_size=40))
def test_each_report_of_the_span_stands_in_the_step_of_its_date(
    rows: list[tuple[int, Status]],
) -> None:
    board = Board()
    answer(board, "300", [(WAIT, -7200), *((each, at) for at, each in rows)], 0)

    flow = reckoned(board, 0).flow

    for counted, status in ((flow.delivered, GOOD), (flow.not_delivered, BAD)):
        places = Counter(
            int((START + at - flow.start) // 60)
            for at, each in rows
            if each is status and flow.start <= START + at
        )
        assert list(counted) == [places[place] for place in range(60)]


def test_a_span_ends_with_the_step_that_is_under_way() -> None:
    assert HOUR_BY_MINUTES.start(START + 59) == START - 59 * 60
    assert HOUR_BY_MINUTES.start(START + 60) == START - 58 * 60


# Countries


NUMBERS = st.one_of(
    st.from_regex(r"\+33[67][0-9]{8}", fullmatch=True),
    st.from_regex(r"\+(1|44|7|262|590|39|352)[1-9][0-9]{7,9}", fullmatch=True),
    st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True),
    st.sampled_from(["32600", "unknown", "+4477", "+870123456789"]),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(NUMBERS, st.sampled_from(Status)), max_size=20))
def test_a_whole_column_has_the_countries_of_its_numbers(rows: list[tuple[str, Status]]) -> None:
    column = Recipients.of(Recipient(phone, status, status.slug) for phone, status in rows)

    expected = Counter((phones.region(phone), ORDER.index(status)) for phone, status in rows)
    found = by_country(column)
    assert {
        (region, place): count
        for region, counts in found.items()
        for place, count in enumerate(counts)
        if count
    } == dict(expected)


# The cache


def test_only_what_changed_is_reckoned_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board()
    for message_id in ("300", "301"):
        answer(board, message_id, [(WAIT, 0)], 1)
    looked_at: list[Recipients] = []

    def noted(column: Recipients) -> Mapping[str, Sequence[int]]:
        looked_at.append(column)
        return by_country(column)

    monkeypatch.setattr(figures, "by_country", noted)
    cache = FigureCache()
    cache.reckon(capture(board), START, HOUR_BY_MINUTES)
    looked_at.clear()

    answer(board, "301", [(GOOD, 5)], 9)
    cache.reckon(capture(board), START + 9, HOUR_BY_MINUTES)

    assert looked_at == [board["301"].recipients]


def test_what_was_captured_stays_as_it_was_while_the_board_lives_on() -> None:
    board = Board()
    answer(board, "300", [(WAIT, 0)], 1)
    before = capture(board)

    answer(board, "300", [(GOOD, 5), (GOOD, 5)], 9)

    found, _ = FigureCache().reckon(before, START + 9, HOUR_BY_MINUTES)
    assert (found.counts.total, found.counts.delivered) == (1, 0)
    assert sum(found.flow.delivered) == 0


def test_equal_boards_give_equal_figures() -> None:
    board = Board()
    answer(board, "300", [(WAIT, 0), (GOOD, 0)], 1)
    assert reckoned(board, 5) == reckoned(board, 5)


def test_one_message_is_told_apart_and_a_removed_one_is_no_more() -> None:
    board = Board()
    answer(board, "300", [(GOOD, 3), (WAIT, 0)], 5)
    answer(board, "301", [(WAIT, 0)], 5)
    cache = FigureCache()

    everything, one = cache.reckon(capture(board), START, HOUR_BY_MINUTES, "300")
    assert one is not None
    assert (everything.messages, one.messages) == (2, 1)
    assert one.counts.total == 2

    board.forget("300", START)
    everything, one = cache.reckon(capture(board), START, HOUR_BY_MINUTES, "300")
    assert (everything.messages, one) == (1, None)
