"""The ladder of hazards: to the second at its edges."""

from __future__ import annotations

from itertools import pairwise
from math import exp

import pytest

from smsmon.monitor.hazard import (
    _STOPPED_AT,
    _WAITING_AT,
    EDGES,
    HOUR,
    Curve,
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


@pytest.mark.parametrize("shares", [_WAITING_AT, _STOPPED_AT])
def test_with_age_ever_fewer_are_left(shares: tuple[tuple[float, float], ...]) -> None:
    ages, left = zip(*shares, strict=True)
    assert (ages[0], left[0]) == (0.0, 1.0)
    assert all(before < after for some in (ages, EDGES) for before, after in pairwise(some))
    assert all(before > after > 0.0 for before, after in pairwise(left))


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
