"""Learning a hazard from answers: what counts where, without bias, and what is forgotten."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import exp, expm1, inf, log, nan
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.monitor import learning
from smsmon.monitor.hazard import HOUR, Curve, built_in_reports
from smsmon.monitor.learning import CHANGED_BY, MEMORY, STRENGTH, LearnedCurve, Span, _Sum

STEPS = Curve([0.5, 0.25, 2.0, 0.125], [0.0, 10.0, 20.0, 40.0])
REPORTS = built_in_reports()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=9))
def test_what_is_watched_counts_second_by_second(spans: list[tuple[int, int]]) -> None:
    """Against a plain model: every second of every recipient falls into one bin."""
    curve = LearnedCurve(STEPS)
    events, seconds = [0.0] * 4, [0.0] * 4
    with patch.object(learning, "MEMORY", inf), patch.object(learning, "CERTAIN", inf):
        for one, other in spans:
            start, end = min(one, other), max(one, other)
            died = [(start + end) // 2, end]
            exact = Counter((float(age), float(age)) for age in died)
            curve.observe(start, end, 3, exact, 0.5)
            for until, count in ((end, 3), *((age, 1) for age in died)):
                for second in range(start, until):
                    seconds[STEPS.bin_of(second)] += 0.5 * count
            for age in died:
                events[STEPS.bin_of(age)] += 0.5
    assert curve.export() == [list(row) for row in zip(STEPS.edges, events, seconds, strict=True)]
    for rate, prior, seen, spent in zip(curve.rates, STEPS.rates, events, seconds, strict=True):
        assert rate == pytest.approx((seen + STRENGTH) / (spent + STRENGTH / prior))


RATES = st.lists(st.sampled_from([1e-7, 1e-3, 0.02, 0.3, 5.0]), min_size=4, max_size=4)


@given(RATES, st.floats(0, 60), st.floats(1e-3, 60), st.integers(1, 500))
def test_what_is_only_known_to_lie_between_is_spread_as_it_is_likely(
    rates: list[float], start: float, wide: float, count: int
) -> None:
    """Against a plain sum over small steps of time, each within one bin."""
    end = start + wide
    true = Curve(rates, STEPS.edges)
    curve = LearnedCurve(true)
    curve.observe(start, end, 0, {(start, end): count}, 1.0)
    events, seconds = [0.0] * 4, [0.0] * 4
    total = -expm1(-true.expected(start, end))
    waiting, rest = 1.0, 1 - total
    cuts = [start, *(edge for edge in STEPS.edges if start < edge < end), end]
    for since, until in pairwise(cuts):
        place, step = true.bin_of((since + until) / 2), (until - since) / 1000
        for _ in range(1000):
            before, waiting = waiting, waiting * exp(-rates[place] * step)
            events[place] += count * (before - waiting) / total
            seconds[place] += count * step * ((before + waiting) / 2 - rest) / total
    found = curve.export()
    assert sum(row[1] for row in found) == pytest.approx(count)
    for row, came, spent in zip(found, events, seconds, strict=True):
        assert row[1] == pytest.approx(came, rel=0.02, abs=0.01 * count)
        assert row[2] == pytest.approx(spent, rel=0.02, abs=0.01 * count * wide)


def _learn(true: Curve, rng: Random, *, middle: bool) -> LearnedCurve:
    """What ten thousand recipients teach whose answers come at random moments, without dates."""
    curve = LearnedCurve(Curve([0.02] * 4, true.edges))
    for _ in range(10_000):
        age, left = rng.uniform(0, 10), rng.expovariate(1)
        while age < 60:
            until = age + rng.choice([4, 9, 30])
            hazard = true.expected(age, until)
            if hazard < left:
                curve.observe(age, until, 1, {}, 1.0)
                left -= hazard
            else:
                centre = (age + until) / 2
                span: Span = (centre, centre) if middle else (age, until)
                curve.observe(age, until, 0, {span: 1}, 1.0)
                break
            age = until
    return curve


def test_learning_from_answers_without_dates_has_no_bias() -> None:
    """The middle of the time unseen, which looks as good, is off by half where it matters."""
    true = Curve([0.3, 0.02, 0.005, 0.002], [0.0, 4.0, 15.0, 40.0])
    ours, middle = (_learn(true, Random(1), middle=middle) for middle in (False, True))
    apart = [abs(log(ours.rates[place] / true.rates[place])) for place in range(3)]
    off = [abs(log(middle.rates[place] / true.rates[place])) for place in range(3)]
    assert max(apart) < 0.3
    assert max(off) > 0.5


def test_every_bin_that_was_watched_is_reckoned_and_no_other() -> None:
    curve = LearnedCurve(STEPS)
    curve.observe(5.0, 25.0, 100, {}, 1.0)
    assert [rate < prior for rate, prior in zip(curve.rates, STEPS.rates, strict=True)] == [
        True, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("told", [1.0, 5.0, 400.0])
@pytest.mark.parametrize("came", [True, False])
def test_what_one_answer_tells_counts_as_one_event_at_most(told: float, came: bool) -> None:
    """Eight that came, or twelve that did not, are no chance any more."""
    sum_ = _Sum(CHANGED_BY if came else 1 / CHANGED_BY)
    answers = [sum_.add(*((told, 0.0, 0.0) if came else (0.0, 0.0, told))) for _ in range(13)]
    assert answers.index(True) == (7 if came else 11)


def test_a_bin_remembers_so_many_events_and_no_more() -> None:
    """However long it is watched: what came last counts most."""
    curve = LearnedCurve(STEPS)
    for _ in range(int(20 * MEMORY)):
        curve.observe(0.0, 2.0, 0, {(2.0, 2.0): 1}, 1.0)
    _, events, exposure = curve.export()[0]
    assert events == pytest.approx(MEMORY, rel=0.01)
    assert exposure == pytest.approx(2 * MEMORY, rel=0.01)


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


def test_with_little_history_the_curve_stays_near_the_built_in_one() -> None:
    curve = LearnedCurve(REPORTS)
    curve.observe(60.0, 70.0, 0, {(65.0, 65.0): 1}, 1.0)
    assert REPORTS.rate(65.0) < curve.rate(65.0) <= 2 * REPORTS.rate(65.0)


@given(st.floats(0.05, 20))
def test_with_much_history_the_curve_becomes_the_account_s_own(factor: float) -> None:
    curve = LearnedCurve(REPORTS)
    true = REPORTS.rate(65.0) * factor
    for _ in range(500):
        curve.observe(60.0, 70.0, round(10 / (true * 10.0)), {(60.0, 60.0): 10}, 1.0)
    assert curve.rate(65.0) == pytest.approx(true, rel=0.15)


@pytest.mark.parametrize("factor", [0.1, 0.3, 3.0, 10.0])
def test_a_hazard_that_changes_at_once_is_followed_within_a_hundred_events(factor: float) -> None:
    curve, rate = LearnedCurve(REPORTS), REPORTS.rate(60.0)
    for per_second in (rate, rate * factor):
        seconds = 0.0
        while seconds * rate < 4 * MEMORY and (per_second == rate or seconds * per_second < 100):
            curve.observe(60.0, 61.0, round(1 / per_second), {(60.0, 60.0): 1}, 1.0)
            seconds += 1 / per_second
    assert curve.rate(60.0) == pytest.approx(rate * factor, rel=0.25)


def test_what_was_learnt_can_be_put_away_and_taken_up_again() -> None:
    curve = LearnedCurve(REPORTS)
    curve.observe(0.0, 100 * HOUR, 7, {(4.0, 4.0): 1, (70.0, 300.0): 2}, 0.5)
    again = LearnedCurve(REPORTS)
    again.load(curve.export())
    assert again.rates == pytest.approx(curve.rates)
