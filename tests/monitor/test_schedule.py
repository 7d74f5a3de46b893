"""The square-root rule, its look-ahead, and the ladder of hazards under it."""

from __future__ import annotations

from math import exp, isclose, sqrt

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from smsmon.monitor.hazard import EDGES, Curve, built_in_reports, built_in_stops, curve_through
from smsmon.monitor.schedule import Limits, next_interval, not_found_interval, spread, usual_rate

HOUR = 3600.0
REPORTS, STOPS = built_in_reports(), built_in_stops()
NOTHING = Curve([0.0] * len(EDGES))


def _flat(rate: float) -> Curve:
    return Curve([rate] * len(EDGES))


def _interval(
    age: float, waiting: int, others: int = 0, limits: Limits | None = None, stretch: float = 1.0
) -> float:
    return next_interval(age, waiting, others, REPORTS, STOPS, limits or Limits(), stretch)


@given(st.floats(1e-5, 1e-1), st.integers(1, 500))
def test_interval_follows_the_square_root_of_the_expected_changes(
    rate: float, waiting: int
) -> None:
    limits = Limits(max_interval=1e9)
    given_interval = next_interval(0.0, waiting, 0, _flat(rate), NOTHING, limits)
    assert given_interval == pytest.approx(sqrt(2 * limits.price / (rate * waiting)))


@pytest.mark.parametrize(("waiting", "others"), [(0, 0), (1, 0), (0, 1), (40, 3), (500, 9_000)])
def test_how_often_it_is_read_where_there_is_room_follows_what_may_change(
    waiting: int, others: int
) -> None:
    limits = Limits(min_interval=1.0, max_interval=1e5)
    found = usual_rate(9.0, waiting, others, _flat(0.02), _flat(0.0003), limits)
    suits = sqrt((waiting * 0.02 + others * 0.0003) / (2 * limits.price))
    assert found == pytest.approx(min(max(suits, 1e-5), 1.0))


@example(0.0, 0, 0, 13.827019606200235)
@example(208_295.9445550254, 0, 5, 22.58961519259244)  # the last bin ends a last digit too early
@given(st.floats(0, 80 * HOUR), st.integers(0, 100_000), st.integers(0, 100_000), st.floats(1, 50))
def test_interval_is_positive_and_never_above_the_longest(
    age: float, waiting: int, others: int, stretch: float
) -> None:
    assert 0 < _interval(age, waiting, others, stretch=stretch) <= Limits().max_interval * stretch


@given(st.floats(0, 80 * HOUR), st.integers(1, 1000))
def test_more_waiting_recipients_never_wait_longer(age: float, waiting: int) -> None:
    assert _interval(age, waiting + 1) <= _interval(age, waiting)


def test_an_interval_never_leaps_over_the_wave_at_48_hours() -> None:
    eager = Limits(max_interval=12 * HOUR)
    age = 48 * HOUR - 400
    in_the_lull = next_interval(age, 1, 0, _flat(REPORTS.rate(age)), NOTHING, eager)
    assert age + in_the_lull > 48 * HOUR + 200
    assert age + _interval(age, 1, limits=eager) < 48 * HOUR


def test_a_stretched_interval_looks_over_the_wave_too() -> None:
    age, factor = 47.5 * HOUR, 10.0
    stretched = factor * _interval(age, 5, stretch=factor)
    assert age + stretched < 48.5 * HOUR


def test_nobody_left_to_change_means_the_longest_interval() -> None:
    limits = Limits()
    assert next_interval(5.0, 0, 0, REPORTS, STOPS, limits) == limits.max_interval
    assert next_interval(5.0, 100, 100, NOTHING, NOTHING, limits) == limits.max_interval


def test_not_found_is_tried_again_at_10_s_30_s_2_min_then_rarely() -> None:
    tries = [not_found_interval(times, Limits()) for times in range(1, 7)]
    assert tries == [10.0, 30.0, 120.0, 900.0, 900.0, 900.0]


def test_places_of_consecutive_ids_are_stable_and_even() -> None:
    places = sorted(spread(str(2_270_000 + number)) for number in range(1000))
    assert spread("2270142") == spread("2270142")
    assert all(0 <= place < 1 for place in places)
    for tenth in range(1, 10):
        assert abs(places[tenth * 100] - tenth / 10) < 0.05


def test_not_found_is_never_tried_later_than_the_longest_interval() -> None:
    short = Limits(max_interval=25.0)
    assert [not_found_interval(times, short) for times in range(5)] == [
        10.0,
        10.0,
        25.0,
        25.0,
        25.0,
    ]


def test_the_place_of_an_id_is_the_same_on_every_machine() -> None:
    places = [spread(id) for id in ("", "1", "2270142")]
    assert places == pytest.approx([0.8666041, 0.9208408, 0.8137331], abs=1e-6)


RATES = st.lists(
    st.sampled_from([0.0, 0.001, 0.02, 0.3, 1.0]), min_size=len(EDGES), max_size=len(EDGES)
)


@given(RATES, RATES, st.integers(0, 900), st.integers(0, 9), st.integers(0, 9), st.integers(1, 4))
def test_a_poll_is_due_once_so_much_is_unseen_or_the_lateness_has_grown_to_its_price(
    reports: list[float], stops: list[float], age: int, waiting: int, others: int, stretch: int
) -> None:
    """Against a plain sum over small steps of time."""
    limits, step = Limits(price=2.0, max_interval=40.0), 0.05
    price = 2.0 * stretch**2
    curve, of_stops = Curve(reports), Curve(stops)
    reckoned = stretch * next_interval(
        float(age), waiting, others, curve, of_stops, limits, float(stretch)
    )
    elapsed = unseen = late = 0.0
    while elapsed < 40.0 * stretch**2:
        at = curve.bin_of(age + elapsed + step / 2)
        rate = waiting * reports[at] + others * stops[at]
        if (unseen > 0 and unseen**2 >= 2 * price * rate) if waiting else late >= price:
            break
        late += unseen * step + rate * step**2 / 2
        unseen += rate * step
        elapsed += step
        if waiting and curve.bin_of(age + elapsed + step / 2) != at:
            # So much is unseen at the very edge of a bin: it is due there, or for the next rate.
            assume(not isclose(unseen**2, 2 * price * rate, rel_tol=1e-6))
    assert reckoned == pytest.approx(elapsed, abs=2 * step)


@pytest.mark.parametrize("age", [*EDGES[:9], *(edge - 1 for edge in EDGES[5:9]), -50.0])
@pytest.mark.parametrize("stretch", [1.0, 3.0])
def test_the_interval_in_even_hazard_is_the_same_at_any_age(age: float, stretch: float) -> None:
    """An edge of the ladder is no event; before its origin a message is new."""
    limits = Limits(price=8.0, max_interval=500.0)
    for rate, interval in (
        (1.0, 4.0),
        (0.01, 40.0),
        (0.0001, 400.0),
        (0.00001, min(sqrt(1.6e6), 500.0 * stretch)),
    ):
        given_interval = next_interval(age, 1, 0, _flat(rate), NOTHING, limits, stretch)
        assert given_interval == pytest.approx(interval)


@pytest.mark.parametrize(
    "least",
    [
        {"per_minute": 1},
        {"per_minute": 2000},
        {"min_interval": 1.0},
        {"min_interval": 30.0, "max_interval": 30.0},
        {"concurrency": 1},
        {"price": 0.001},
    ],
)
def test_limits_at_their_bounds_are_taken(least: dict[str, float]) -> None:
    assert Limits(**least)  # type: ignore[arg-type]  # every field is a number


def test_what_is_asked_for_when_nothing_is_said() -> None:
    assert Limits() == Limits(600, 5.0, 900.0, 8, 3.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_minute": 0},
        {"per_minute": 2001},
        {"min_interval": 0.5},
        {"min_interval": 60.0, "max_interval": 30.0},
        {"concurrency": 0},
        {"price": 0.0},
    ],
)
def test_limits_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Limits(**wrong)  # type: ignore[arg-type]  # every field is a number


def test_the_curve_leaves_the_shares_it_was_drawn_through() -> None:
    curve = curve_through(((0.0, 1.0), (60.0, 0.2), (HOUR, 0.05), (48 * HOUR, 0.01), (1e6, 0.005)))
    left = exp(-curve.expected(0.0, 48 * HOUR))
    assert left == pytest.approx(0.01, rel=0.01)


def test_the_built_in_curve_has_the_documented_shape() -> None:
    assert REPORTS.rate(5.0) > 1000 * REPORTS.rate(12 * HOUR)
    assert REPORTS.rate(48 * HOUR + 60) > 50 * REPORTS.rate(40 * HOUR)
    assert REPORTS.rate(60 * HOUR) < REPORTS.rate(48 * HOUR + 60)
