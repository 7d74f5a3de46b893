"""Is it this message, or the whole account?"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from smsmon.known import AccountState, Condition
from smsmon.model import FaultKind
from smsmon.monitor.account import HELD, AccountHealth, held_back
from smsmon.monitor.budget import BACK_OFF_BASE, BACK_OFF_CAP
from smsmon.monitor.ledger import LONGEST_HOLD
from tests.monitor.fakes import fault


@pytest.fixture
def health() -> AccountHealth:
    return AccountHealth(Random(1))


def _bad(
    health: AccountHealth,
    message_id: str,
    kind: FaultKind = FaultKind.SERVER,
    now: float = 0.0,
    *,
    messages: int = 10,
    probe: bool = False,
    again: bool = False,
    retry_after: float | None = None,
) -> bool:
    return health.bad(
        message_id, fault(kind, retry_after), now, now, messages=messages, probe=probe, again=again
    )


def test_one_bad_message_is_never_the_account_s_fault(health: AccountHealth) -> None:
    for _ in range(100):
        _bad(health, "300", FaultKind.BAD_RESPONSE)
    assert health.condition is Condition.OK


def test_several_bad_messages_with_nothing_good_between_are(health: AccountHealth) -> None:
    assert [_bad(health, id) for id in ("1", "2", "3", "4")] == [False, False, True, False]
    assert health.condition is Condition.DOWN


def test_a_good_answer_between_acquits_the_account(health: AccountHealth) -> None:
    for id in map(str, range(50)):
        _bad(health, id)
        _bad(health, id + "0")
        assert not health.good()
    assert health.condition is Condition.OK


def test_the_only_message_speaks_for_the_account(health: AccountHealth) -> None:
    assert _bad(health, "300", messages=1)


def test_too_many_requests_concerns_the_account_at_once(health: AccountHealth) -> None:
    assert _bad(health, "300", FaultKind.RATE_LIMITED, now=50.0, retry_after=40.0)
    assert health.condition is Condition.DOWN
    assert health.retry_at >= 90.0


def test_a_refused_account_stays_stopped_whatever_else_comes_in(health: AccountHealth) -> None:
    assert _bad(health, "300", FaultKind.AUTH)
    assert not health.good()
    assert not _bad(health, "301", FaultKind.NETWORK)
    assert health.condition is Condition.STOPPED
    assert health.fault == fault(FaultKind.AUTH)
    health.retry(99.0)
    assert health.retry_at == 99.0
    assert health.good()
    assert health.fault is None


def test_only_probes_lengthen_the_back_off(health: AccountHealth) -> None:
    for id in ("1", "2", "3"):
        _bad(health, id)
    retry_at = health.retry_at
    for id in map(str, range(4, 40)):
        _bad(health, id, now=1.0)
    assert health.retry_at == retry_at
    assert retry_at <= 2.0
    for _ in range(20):
        _bad(health, "1", now=1000.0, probe=True)
    longest = max(_probe_wait(health) for _ in range(50))
    assert 60.0 < longest <= 120.0


def _probe_wait(health: AccountHealth) -> float:
    _bad(health, "1", now=0.0, probe=True)
    return health.retry_at


def test_the_trouble_began_with_the_first_fault_that_no_answer_followed(
    health: AccountHealth,
) -> None:
    _bad(health, "0", now=5.0)
    health.good()
    for second, id in enumerate(("1", "2", "3", "4"), start=10):
        _bad(health, id, now=float(second))
    assert health.since == 10.0
    _bad(health, "1", FaultKind.AUTH, now=99.0)
    assert health.since == 99.0  # since then it is stopped, and not only down


def test_an_account_is_failing_from_its_first_fault_until_an_answer(health: AccountHealth) -> None:
    _bad(health, "1", FaultKind.NETWORK, now=7.0)
    _bad(health, "2", FaultKind.TIMEOUT, now=8.0)
    assert health.condition is Condition.OK
    assert (health.failing_since, health.fault) == (7.0, fault(FaultKind.TIMEOUT))
    health.good()
    assert (health.failing_since, health.fault) == (None, None)


def test_a_message_known_to_fail_by_itself_tells_nothing_about_the_account(
    health: AccountHealth,
) -> None:
    _bad(health, "300", now=1.0)
    for second in range(2, 60, 2):
        health.good()
        _bad(health, "300", now=float(second), again=True)
        assert health.failing_since is None
    # Nobody else was answered since: that is another matter.
    _bad(health, "300", now=70.0, again=True)
    assert health.failing_since == 58.0


@pytest.mark.parametrize("kind", [FaultKind.SERVER, FaultKind.TIMEOUT, FaultKind.BAD_RESPONSE])
@pytest.mark.parametrize(("messages", "needed"), [(1, 1), (2, 2), (3, 3), (4, 3), (1000, 3)])
def test_so_many_messages_must_fail_in_a_row_for_the_account_to_be_down(
    health: AccountHealth, kind: FaultKind, messages: int, needed: int
) -> None:
    for number in range(1, needed + 1):
        assert health.condition is Condition.OK
        went = [_bad(health, str(number), kind, messages=messages) for _ in range(2)]
        assert went == [number == needed, False]
    assert health.condition is Condition.DOWN


def test_an_answer_asked_for_before_the_refusal_ends_no_trouble(health: AccountHealth) -> None:
    _bad(health, "300", FaultKind.RATE_LIMITED, now=50.0)
    for left in (49.0, 50.0):
        assert not health.good(left)
        assert (health.condition, health.heard) == (Condition.DOWN, True)
    assert health.good(50.1)
    assert (health.condition, health.fault, health.since) == (Condition.OK, None, None)
    assert not health.good(60.0), "it was well already"


def test_what_another_was_told_holds_this_account_too(health: AccountHealth) -> None:
    assert health.hold(90.0, 50.0, 1050.0)
    assert (health.condition, health.fault, health.since) == (Condition.DOWN, HELD, 1050.0)
    assert (health.retry_at, health.failed_at, health.failing_since) == (90.0, 50.0, None)
    assert not health.good(50.0), "it was asked for before"
    assert not health.hold(70.0, 51.0, 1051.0)
    assert health.retry_at == 90.0, "never sooner than was said before"
    assert not health.hold(95.0, 52.0, 1052.0)
    assert (health.retry_at, health.since) == (95.0, 1050.0)
    assert health.good(53.0)


def test_a_hold_in_the_middle_of_a_trouble_began_with_it(health: AccountHealth) -> None:
    _bad(health, "1", now=7.0)
    assert health.hold(90.0, 50.0, 50.0)
    assert (health.since, health.fault) == (7.0, HELD)


def test_a_stopped_account_is_not_held_and_is_tried_when_the_operator_says(
    health: AccountHealth,
) -> None:
    _bad(health, "1", FaultKind.AUTH, now=5.0)
    assert not health.hold(90.0, 6.0, 6.0)
    assert (health.retry_at, health.condition) == (0.0, Condition.STOPPED)
    health.retry(8.0)
    assert (health.retry_at, health.condition) == (8.0, Condition.DOWN)
    assert health.fault == fault(FaultKind.AUTH), "until an answer it is what is known"
    assert _bad(health, "1", FaultKind.AUTH, now=9.0, probe=True)
    assert health.since == 9.0


@pytest.mark.parametrize(
    ("asked", "least"), [(None, 0.0), (40.0, 40.0), (LONGEST_HOLD * 2, LONGEST_HOLD)]
)
def test_a_try_waits_as_long_as_was_asked_and_the_back_off_besides(
    asked: float | None, least: float
) -> None:
    for seed in range(20):
        health = AccountHealth(Random(seed))
        _bad(health, "1", now=100.0, messages=1, retry_after=asked)
        assert 100.0 + least <= health.retry_at <= 100.0 + least + BACK_OFF_BASE
        for attempt in range(2, 12):
            _bad(health, "1", now=100.0, probe=True, retry_after=asked)
            longest = min(BACK_OFF_CAP, BACK_OFF_BASE * 2 ** (attempt - 1))
            assert 100.0 + least <= health.retry_at <= 100.0 + least + longest


def test_after_an_answer_the_back_off_begins_anew() -> None:
    for seed in range(30):
        health = AccountHealth(Random(seed))
        for _ in range(9):
            _bad(health, "1", now=0.0, messages=1, probe=True)
        health.good()
        _bad(health, "1", now=0.0, messages=1)
        assert health.retry_at <= BACK_OFF_BASE
        health.retry(50.0)
        assert health.retry_at == 50.0


def _state(condition: Condition, **rest: Any) -> AccountState:
    return AccountState("main", condition, **rest)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            _state(Condition.OK, heard=False, failing_since=5.0),
            _state(Condition.DOWN, fault=HELD, since=7.0, retry_at=90.0, heard=False,
                   held_until=90.0),
        ),
        (
            _state(Condition.STOPPED, fault=fault(FaultKind.AUTH), since=1.0),
            _state(Condition.STOPPED, fault=fault(FaultKind.AUTH), since=1.0),
        ),
        (
            _state(Condition.DOWN, fault=fault(FaultKind.SERVER), since=1.0, retry_at=60.0),
            _state(Condition.DOWN, fault=fault(FaultKind.SERVER), since=1.0, retry_at=90.0),
        ),
        (
            _state(Condition.DOWN, fault=fault(FaultKind.SERVER, 9.0), since=1.0, retry_at=99.0),
            _state(Condition.DOWN, fault=fault(FaultKind.SERVER, 9.0), since=1.0, retry_at=99.0,
                   held_until=90.0),
        ),
        (
            _state(Condition.DOWN, fault=fault(FaultKind.RATE_LIMITED), since=1.0),
            _state(Condition.DOWN, fault=fault(FaultKind.RATE_LIMITED), since=1.0, retry_at=90.0,
                   held_until=90.0),
        ),
        (
            _state(Condition.DOWN, since=1.0),
            _state(Condition.DOWN, since=1.0, retry_at=90.0, held_until=90.0),
        ),
    ],
)  # fmt: skip
def test_while_an_address_is_held_nothing_goes_out_whatever_else_is_known(
    before: AccountState, after: AccountState
) -> None:
    assert held_back(before, 90.0, 7.0) == after


@pytest.mark.parametrize(
    ("state", "trouble"),
    [
        (_state(Condition.OK), None),
        (_state(Condition.OK, failing_since=5.0, fault=fault(FaultKind.SERVER)), 5.0),
        (_state(Condition.DOWN, since=3.0, fault=fault(FaultKind.SERVER), heard=False), 3.0),
        (_state(Condition.STOPPED, since=4.0, fault=fault(FaultKind.AUTH)), 4.0),
    ],
)
def test_what_another_process_found_out_is_gone_on_from(
    health: AccountHealth, state: AccountState, trouble: float | None
) -> None:
    for id in ("1", "2"):
        _bad(health, id)
    health.adopt(state, 77.0)
    assert (health.condition, health.fault) == (state.condition, state.fault)
    assert (health.since, health.failing_since) == (state.since, state.failing_since)
    assert (health.heard, health.retry_at) == (state.heard, 77.0)
    _bad(health, "3", now=100.0, messages=9)
    if state.condition is Condition.OK:
        assert health.condition is Condition.OK, "its own suspects are forgotten"
        assert health.failing_since == (trouble or 100.0)
    else:
        assert health.since == trouble
