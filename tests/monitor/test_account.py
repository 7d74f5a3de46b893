"""Is it this message, or the whole account?"""

from __future__ import annotations

from random import Random

import pytest

from smsmon.model import FaultKind
from smsmon.monitor.account import Condition, Health
from tests.monitor.fakes import fault


@pytest.fixture
def health() -> Health:
    return Health(Random(1))


def _bad(
    health: Health,
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


def test_one_bad_message_is_never_the_account_s_fault(health: Health) -> None:
    for _ in range(100):
        _bad(health, "300", FaultKind.BAD_RESPONSE)
    assert health.condition is Condition.OK


def test_several_bad_messages_with_nothing_good_between_are(health: Health) -> None:
    assert [_bad(health, id) for id in ("1", "2", "3", "4")] == [False, False, True, False]
    assert health.condition is Condition.DOWN


def test_a_good_answer_between_acquits_the_account(health: Health) -> None:
    for id in map(str, range(50)):
        _bad(health, id)
        _bad(health, id + "0")
        assert not health.good()
    assert health.condition is Condition.OK


def test_the_only_message_speaks_for_the_account(health: Health) -> None:
    assert _bad(health, "300", messages=1)


def test_too_many_requests_concerns_the_account_at_once(health: Health) -> None:
    assert _bad(health, "300", FaultKind.RATE_LIMITED, now=50.0, retry_after=40.0)
    assert health.condition is Condition.DOWN
    assert health.retry_at >= 90.0


def test_a_refused_account_stays_stopped_whatever_else_comes_in(health: Health) -> None:
    assert _bad(health, "300", FaultKind.AUTH)
    assert not health.good()
    assert not _bad(health, "301", FaultKind.NETWORK)
    assert health.condition is Condition.STOPPED
    assert health.fault == fault(FaultKind.AUTH)
    health.retry(99.0)
    assert health.retry_at == 99.0
    assert health.good()
    assert health.fault is None


def test_only_probes_lengthen_the_back_off(health: Health) -> None:
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


def _probe_wait(health: Health) -> float:
    _bad(health, "1", now=0.0, probe=True)
    return health.retry_at


def test_the_trouble_began_with_the_first_fault_that_no_answer_followed(health: Health) -> None:
    _bad(health, "0", now=5.0)
    health.good()
    for second, id in enumerate(("1", "2", "3", "4"), start=10):
        _bad(health, id, now=float(second))
    assert health.since == 10.0
    _bad(health, "1", FaultKind.AUTH, now=99.0)
    assert health.since == 99.0  # since then it is stopped, and not only down


def test_an_account_is_failing_from_its_first_fault_until_an_answer(health: Health) -> None:
    _bad(health, "1", FaultKind.NETWORK, now=7.0)
    _bad(health, "2", FaultKind.TIMEOUT, now=8.0)
    assert health.condition is Condition.OK
    assert (health.failing_since, health.fault) == (7.0, fault(FaultKind.TIMEOUT))
    health.good()
    assert (health.failing_since, health.fault) == (None, None)


def test_a_message_known_to_fail_by_itself_tells_nothing_about_the_account(health: Health) -> None:
    _bad(health, "300", now=1.0)
    for second in range(2, 60, 2):
        health.good()
        _bad(health, "300", now=float(second), again=True)
        assert health.failing_since is None
    # Nobody else was answered since: that is another matter.
    _bad(health, "300", now=70.0, again=True)
    assert health.failing_since == 58.0
