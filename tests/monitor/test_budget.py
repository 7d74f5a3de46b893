"""The limit of an address: never passed, shared, eased when the server says so."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from smsmon.monitor.budget import BACK_OFF_CAP, Budget, back_off
from tests.monitor.fakes import windows_passed


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=300),
)
def test_no_window_of_60_seconds_ever_holds_more_than_the_limit(
    limit: int, wishes: list[tuple[float, bool]]
) -> None:
    budget = Budget(limit)
    now, sent = 0.0, []
    for pause, urgent in wishes:
        now += pause
        if budget.wait(now, urgent=urgent) == 0:
            budget.take(now)
            sent.append(now)
    assert windows_passed(sent, limit) == 0


@given(st.integers(1, 2000), st.booleans())
def test_waiting_as_long_as_told_is_enough(limit: int, urgent: bool) -> None:
    budget = Budget(limit)
    now = 1000.0
    for _ in range(min(3 * limit, 500)):
        now += budget.wait(now, urgent=urgent)
        now += budget.wait(now, urgent=urgent)  # rounding may leave a trace of the first
        assert budget.wait(now, urgent=urgent) == 0
        budget.take(now)


def test_planned_polls_leave_a_reserve_for_the_operator() -> None:
    budget = Budget(100)
    now = 0.0
    while now < 59.0:
        if budget.wait(now) == 0:
            budget.take(now)
        else:
            now += 0.1
    assert budget.used(now) == 95
    assert budget.wait(now) > 0
    assert budget.wait(now, urgent=True) == 0


def test_planned_polls_never_empty_the_window_in_one_breath() -> None:
    budget = Budget(600)
    sent = 0
    while budget.wait(0.0) == 0:
        budget.take(0.0)
        sent += 1
    assert sent == 120


def test_too_many_halves_the_limit_once_a_burst_and_it_grows_back() -> None:
    budget = Budget(600)
    for _ in range(8):
        budget.too_many(100.0, None)
    assert budget.allowed(100.0) == 300
    assert 300 < budget.allowed(200.0) < 600
    assert budget.allowed(401.0) == 600


def test_retry_after_is_obeyed_even_for_the_operator_s_wishes() -> None:
    budget = Budget(600)
    budget.too_many(100.0, 42.0)
    assert budget.wait(100.0, urgent=True) == 42.0
    budget.too_many(100.0, 1e12)
    assert budget.wait(100.0, urgent=True) == 3600.0


def test_the_highest_bid_goes_first_and_is_woken() -> None:
    budget = Budget(10)
    woken: list[str] = []
    budget.bid("a", 2.0, lambda: woken.append("a"))
    budget.bid("b", 5.0, lambda: woken.append("b"))
    assert budget.outbid("a", 2.0)
    assert woken == ["b"]
    assert not budget.outbid("b", 5.0)
    budget.take(0.0, "b")
    assert woken == ["b", "a"]
    assert not budget.outbid("a", 2.0)


@given(st.integers(1, 10_000), st.integers(0, 100))
def test_back_off_is_jittered_from_nothing_to_a_bound_that_doubles(attempt: int, seed: int) -> None:
    pause = back_off(attempt, Random(seed))
    assert 0 <= pause <= min(BACK_OFF_CAP, 2.0 ** min(attempt, 40))


def test_back_off_spreads_over_its_whole_bound() -> None:
    rng = Random(0)
    pauses = sorted(back_off(4, rng) for _ in range(2000))
    assert pauses[100] < 1.0
    assert pauses[-100] > 15.0
