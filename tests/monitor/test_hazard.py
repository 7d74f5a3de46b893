"""The ladder of hazards: to the second at its edges, and like a plain count in between."""

from __future__ import annotations

from math import exp, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.monitor.habits import (
    _STOPPED_AT,
    _WAITING_AT,
    EDGES,
    HOUR,
    MEMORY,
    STRENGTH,
    Curve,
    LearnedCurve,
    built_in_reports,
    built_in_stops,
    curve_through,
)

STEPS = Curve([0.5, 0.25, 2.0, 0.125], [0.0, 10.0, 20.0, 40.0])


def test_a_bin_begins_with_its_edge() -> None:
    for place, edge in enumerate(EDGES):
        assert STEPS.bin_of(-1.0) == 0
        curve = Curve(range(len(EDGES)))
        assert (curve.bin_of(edge), curve.rate(edge)) == (place, place)
        assert curve.bin_of(edge - 0.001) == max(0, place - 1)
        assert curve.bin_of(edge + 0.001) == place


def test_a_curve_has_one_rate_for_each_bin() -> None:
    for wrong in ([1.0] * 3, [1.0] * 5):
        with pytest.raises(ValueError, match="4 bins"):
            Curve(wrong, STEPS.edges)


@pytest.mark.parametrize(
    ("start", "end", "events"),
    [
        (0, 0, 0.0),
        (0, 10, 5.0),
        (5, 10, 2.5),
        (5, 15, 2.5 + 1.25),
        (10, 20, 2.5),
        (9, 41, 0.5 + 2.5 + 40.0 + 0.125),
        (40, 48, 1.0),
        (100, 108, 1.0),
        (0, 40, 47.5),
    ],
)
def test_the_events_expected_are_the_rates_times_their_seconds(
    start: float, end: float, events: float
) -> None:
    assert STEPS.expected(start, end) == events


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=9))
def test_what_is_watched_counts_second_by_second(spans: list[tuple[int, int]]) -> None:
    """Against a plain model: every second of every recipient falls into one bin."""
    curve = LearnedCurve(STEPS)
    events, seconds = [0.0] * 4, [0.0] * 4
    for one, other in spans:
        start, end = min(one, other), max(one, other)
        died = [(start + end) // 2, end]
        curve.observe(start, end, 3, died, 0.5)
        for until, count in ((end, 3), *((age, 1) for age in died)):
            for second in range(start, until):
                seconds[STEPS.bin_of(second)] += 0.5 * count
        for age in died:
            events[STEPS.bin_of(age)] += 0.5
    assert curve.export() == [list(row) for row in zip(STEPS.edges, events, seconds, strict=True)]
    for rate, prior, seen, spent in zip(curve.rates, STEPS.rates, events, seconds, strict=True):
        assert rate == pytest.approx((seen + STRENGTH) / (spent + STRENGTH / prior))


def test_every_bin_that_was_watched_is_reckoned_and_no_other() -> None:
    curve = LearnedCurve(STEPS)
    curve.observe(5.0, 25.0, 100, [], 1.0)
    assert [rate < prior for rate, prior in zip(curve.rates, STEPS.rates, strict=True)] == [
        True, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "events", "halved"),
    [
        (100.0, int(MEMORY), False),
        (100.0, int(MEMORY) + 1, True),
        (2 * MEMORY, 0, False),
        (2 * MEMORY + 2, 0, True),
    ],
)
def test_past_its_memory_a_bin_forgets_half(seconds: float, events: int, halved: bool) -> None:
    """Whichever is more counts: what happened, or what the built-in rate of 0.5 expected."""
    curve = LearnedCurve(STEPS)
    curve.load([[0.0, events, seconds]])
    share = 0.5 if halved else 1.0
    assert curve.export()[0] == [0.0, events * share, seconds * share]
    assert curve.rates[0] == pytest.approx(
        (events * share + STRENGTH) / (seconds * share + 2 * STRENGTH)
    )


@pytest.mark.parametrize(
    "row",
    [
        [10.0],
        [10.0, 1.0],
        [10.0, 1.0, 1.0, 1.0],
        [11.0, 1.0, 1.0],
        [10.0, -1.0, 1.0],
        [10.0, 1.0, -1.0],
        [10.0, inf, 1.0],
        [10.0, 1.0, inf],
        [10.0, nan, 1.0],
        [10.0, 1.0, nan],
    ],
)
def test_a_row_that_makes_no_sense_is_passed_over_and_those_after_it_are_not(
    row: list[float],
) -> None:
    curve = LearnedCurve(STEPS)
    curve.load([row, [20.0, 0.0, 7.0], [40.0, 3.0, 0.0]])
    assert curve.export() == [
        [0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [20.0, 0.0, 7.0], [40.0, 3.0, 0.0],
    ]  # fmt: skip
    assert curve.rates[:2] == STEPS.rates[:2]


@pytest.mark.parametrize(
    ("shares", "curve"), [(_WAITING_AT, built_in_reports()), (_STOPPED_AT, built_in_stops())]
)
def test_a_built_in_curve_leaves_the_shares_that_are_said(
    shares: tuple[tuple[float, float], ...], curve: Curve
) -> None:
    for age, share in shares:
        if age in EDGES:
            assert exp(-curve.expected(0.0, age)) == pytest.approx(share)
    assert all(rate > 0 for rate in curve.rates)
    assert shares[0] == (0.0, 1.0)
    assert shares[-1][0] > EDGES[-1]


def test_most_reports_come_in_seconds_and_a_wave_at_48_hours() -> None:
    """The one thing that is documented, and what the ladder must be fine enough to tell."""
    left = [exp(-built_in_reports().expected(0.0, age)) for age in EDGES]
    assert left == sorted(left, reverse=True)
    assert left[EDGES.index(6.0)] == pytest.approx(0.5)
    wave = left[EDGES.index(48 * HOUR - 300)] - left[EDGES.index(48.5 * HOUR)]
    assert wave == pytest.approx(0.008)
    assert list(EDGES) == sorted(set(EDGES))


def test_a_bin_over_several_ages_has_their_average_and_the_last_one_is_as_wide_again() -> None:
    curve = curve_through(((0.0, 1.0), (1.0, exp(-1)), (3.0, exp(-2)), (144 * HOUR, exp(-3))))
    assert curve.rates[0] == pytest.approx((1.0 + 1.0) / 3)
    assert curve.rates[-1] == pytest.approx(1.0 / (144 * HOUR - 3))
    shorter = curve_through(((0.0, 1.0), (72 * HOUR, exp(-1)), (108 * HOUR, exp(-2))))
    assert shorter.rates[-1] == pytest.approx(1.0 / (72 * HOUR))
