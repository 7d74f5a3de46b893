"""The limit of an address: never passed, paced, eased when the server says so."""

from __future__ import annotations

from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import FaultKind
from smsmon.monitor.budget import BACK_OFF_CAP, Bids, Budget, Gate, back_off
from tests.monitor.fakes import fault, windows_passed

PLANNED, URGENT = 0.0, inf


def sent(budget: Budget, now: float, bid: float = PLANNED) -> bool:
    """Try to send one request, which comes back at once."""
    if budget.take(now, bid=bid):
        return False
    budget.over(now)
    return True


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=300),
)
def test_no_window_of_60_seconds_ever_holds_more_than_the_limit(
    limit: int, wishes: list[tuple[float, bool]]
) -> None:
    budget = Budget(limit)
    now, gone = 0.0, []
    for pause, urgent in wishes:
        now += pause
        if sent(budget, now, URGENT if urgent else PLANNED):
            gone.append(now)
    assert windows_passed(gone, limit) == 0


@given(st.integers(1, 2000), st.sampled_from([PLANNED, URGENT]))
def test_waiting_as_long_as_told_is_enough(limit: int, bid: float) -> None:
    budget = Budget(limit)
    now = 1000.0
    for _ in range(min(3 * limit, 500)):
        for _ in range(3):  # the pace, then the window; rounding may leave a trace of them
            wait = budget.take(now, bid=bid)
            now += wait
            if not wait:
                break
        assert wait == 0
        budget.over(now)


def test_planned_polls_leave_a_reserve_for_the_operator() -> None:
    budget = Budget(100)
    now = 0.0
    while now < 59.0:
        now += 0.0 if sent(budget, now) else 0.1
    assert budget.used(now) == 95
    assert not sent(budget, now)
    assert sent(budget, now, URGENT)


def test_planned_polls_never_empty_the_window_in_one_breath() -> None:
    budget = Budget(600)
    assert sum(sent(budget, 0.0) for _ in range(300)) == 120


def test_too_many_halves_the_limit_once_a_burst_and_it_grows_back() -> None:
    budget = Budget(600)
    for _ in range(8):
        budget.refused(100.0, fault(FaultKind.RATE_LIMITED))
    assert budget.allowed(100.0) == 300
    assert 300 < budget.allowed(200.0) < 600
    assert budget.allowed(401.0) == 600


def test_retry_after_is_obeyed_even_for_the_operator_s_wishes() -> None:
    budget = Budget(600)
    budget.refused(100.0, fault(FaultKind.RATE_LIMITED, 42.0))
    assert budget.take(100.0, bid=URGENT) == 42.0
    budget.refused(100.0, fault(FaultKind.SERVER, 1e12))
    assert budget.take(100.0, bid=URGENT) == 3600.0
    assert budget.allowed(100.0) == 300


def test_too_many_without_a_time_holds_ever_longer_until_an_answer_comes() -> None:
    budget = Budget(600)
    now, holds = 100.0, []
    for _ in range(9):
        budget.refused(now, fault(FaultKind.RATE_LIMITED))
        budget.refused(now + 0.1, fault(FaultKind.RATE_LIMITED))  # of the same burst
        holds.append(budget.held_until - now)
        now = budget.held_until
    assert [round(hold) for hold in holds] == [2, 4, 8, 16, 32, 64, 120, 120, 120]
    budget.answered(now + 1, left=now + 0.5)
    budget.refused(now + 2, fault(FaultKind.RATE_LIMITED))
    assert round(budget.held_until - now - 2) == 2


def test_the_highest_bid_goes_first_and_is_woken() -> None:
    bids = Bids()
    woken: list[str] = []
    bids.bid("a", 2.0, lambda: woken.append("a"))
    bids.bid("b", 5.0, lambda: woken.append("b"))
    assert bids.outbid("a", 2.0)
    assert woken == ["b"]
    assert not bids.outbid("b", 5.0)
    bids.withdraw("b")
    assert woken == ["b", "a"]
    assert not bids.outbid("a", 2.0)


def test_whoever_finds_the_gate_closed_is_woken_when_it_opens() -> None:
    gate, woken = Gate(2), []
    for _ in range(2):
        assert not gate.closed("a", 1.0, lambda: None)
        gate.enter()
    assert gate.closed("b", 1.0, lambda: woken.append("b"))
    gate.leave()
    assert woken == ["b"]
    assert gate.closed("a", 0.5, lambda: None), "b waits with a higher bid"
    assert not gate.closed("b", 1.0, lambda: None)


@given(st.integers(1, 10_000), st.integers(0, 100))
def test_back_off_is_jittered_from_nothing_to_a_bound_that_doubles(attempt: int, seed: int) -> None:
    pause = back_off(attempt, Random(seed))
    assert 0 <= pause <= min(BACK_OFF_CAP, 2.0 ** min(attempt, 40))


def test_back_off_spreads_over_its_whole_bound() -> None:
    rng = Random(0)
    pauses = sorted(back_off(4, rng) for _ in range(2000))
    assert pauses[100] < 1.0
    assert pauses[-100] > 15.0


@pytest.mark.parametrize(
    ("attempt", "bound"),
    [(-1, 2.0), (0, 2.0), (1, 2.0), (2, 4.0), (3, 8.0), (6, 64.0), (7, 120.0), (8, 120.0)],
)
def test_the_bound_of_a_back_off_is_two_seconds_doubled_up_to_two_minutes(
    attempt: int, bound: float
) -> None:
    assert back_off(attempt, Furthest()) == bound


class Furthest(Random):
    """Chance that always takes the most."""

    def uniform(self, a: float, b: float) -> float:
        assert a == 0.0
        return b


@pytest.mark.parametrize(("limit", "pace"), [(1, 1), (4, 1), (5, 1), (9, 1), (10, 2), (600, 120)])
def test_a_fifth_of_the_limit_goes_out_in_six_seconds(limit: int, pace: int) -> None:
    budget = Budget(limit)
    waits = [budget.take(10.0, bid=PLANNED) for _ in range(pace)]
    assert waits == [0.0] * pace
    if limit > 1:
        assert budget.take(12.0, bid=PLANNED) == 4.0
        assert budget.take(15.999, bid=PLANNED) == pytest.approx(0.001)
        assert budget.take(16.0, bid=PLANNED) == 0.0


@pytest.mark.parametrize(("limit", "pace"), [(4, 1), (9, 1), (10, 2), (600, 120)])
@pytest.mark.parametrize("before", [4, 600])
def test_what_presses_is_what_goes_out_in_six_seconds_up_to_the_pace(
    before: int, limit: int, pace: int
) -> None:
    budget = Budget(before)
    budget.limit_to(limit)
    even = 6 * budget.planned(10.0)
    for sent in range(pace + 1):
        assert budget.pressed(10.0) == min(sent, pace) / even
        assert budget.take(10.0, bid=URGENT) == 0.0
    assert budget.pressed(15.999) == pace / even
    assert budget.pressed(16.0) == 0.0


def test_a_request_repeated_counts_again_and_only_while_there_is_room() -> None:
    budget = Budget(2)
    assert budget.take(0.0) == 0.0
    assert budget.repeat(1.0)
    assert budget.used(1.0) == 2
    assert not budget.repeat(2.0)
    assert budget.used(2.0) == 2
    assert budget.opens_at(2.0) > 2.0


def test_a_fault_that_asks_for_nothing_holds_nobody() -> None:
    budget = Budget(600)
    budget.refused(100.0, fault(FaultKind.SERVER))
    assert (budget.take(100.0, bid=URGENT), budget.allowed(100.0)) == (0.0, 600)


@pytest.mark.parametrize("rival", [2.0, 2.5])
def test_whoever_is_outbid_waits_for_as_long_as_the_other_does(rival: float) -> None:
    budget = Budget(600)
    budget.refused(0.0, fault(FaultKind.SERVER, 10.0))
    woken = []
    assert budget.take(0.0, "a", rival, lambda: woken.append("a")) == 10.0
    alone = budget.take(10.0, "b", 2.0, lambda: woken.append("b"))
    assert (alone == 0.0, woken) == ((True, []) if rival == 2.0 else (False, ["a"]))
