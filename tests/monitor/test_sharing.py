"""What one process found out about an address is known to the others that share its window."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from smsmon.known import Condition
from smsmon.model import EventKind, FaultKind
from smsmon.monitor.account import AccountHealth
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Source
from tests.monitor.fakes import FakeSource, Rig, fault
from tests.support.clock import VirtualClock

HOUR = 3600.0


def _elsewhere(rig: Rig) -> None:
    """Another process that shares the window was told to wait for a quarter of an hour."""
    window = rig.engine._pollers["default"]._budget.window
    window.hold(rig.clock.monotonic(), 600, 900.0, too_many=True)


async def test_a_hold_that_another_process_was_told_stops_all_and_is_told_once() -> None:
    rig = Rig()
    rig.watch("1", "2", "3")
    async with rig.running():
        await rig.clock.advance(60.0)
        _elsewhere(rig)
        until = rig.clock.now() + 900.0
        account = rig.engine.account("default")
        assert account.condition is Condition.DOWN
        assert account.held_until == pytest.approx(until)
        before = len(rig.source.asked)
        for _ in range(8):
            rig.engine.refresh(["1"])
            rig.engine.refresh_all()
            rig.engine.retry_account("default")
            await rig.clock.advance(110.0)
            assert rig.engine.account("default").held_until == pytest.approx(until)
        assert len(rig.source.asked) == before
        [down] = [each for each in rig.events if each.kind is EventKind.ACCOUNT_DOWN]
        assert down.until == pytest.approx(until)
        assert "Nothing is asked before" in down.detail
        await rig.clock.advance(60.0)
        assert rig.engine.account("default").condition is Condition.OK
    assert rig.kinds().count(EventKind.ACCOUNT_UP) == 1


@pytest.mark.parametrize("latency", [1.0, 5.0, 29.0])
async def test_an_answer_to_a_request_that_left_before_a_refusal_lifts_nothing(
    latency: float,
) -> None:
    rig = Rig(Limits(concurrency=8))
    rig.watch(*map(str, range(1, 7)))
    async with rig.running():
        await rig.clock.advance(60.0)
        rig.source.latency = latency
        rig.engine.refresh(map(str, range(1, 6)))
        await rig.clock.advance(0.5)
        rig.source.latency = 0.1
        rig.source.trouble["6"] = fault(FaultKind.RATE_LIMITED, HOUR)
        rig.engine.refresh(["6"])
        await rig.clock.advance(0.2)
        rig.source.trouble.clear()
        for _ in range(10):
            await rig.clock.advance(30.0)
            account = rig.engine.account("default")
            assert account.condition is Condition.DOWN
            assert account.held_until is not None
        assert EventKind.ACCOUNT_UP not in rig.kinds()


async def test_who_is_down_tries_again_once_others_are_answered() -> None:
    rig = Rig()
    rig.watch("1", "2", "3")
    async with rig.running():
        await rig.clock.advance(60.0)
        rig.source.trouble[None] = fault(FaultKind.NETWORK)
        await rig.clock.advance(1800.0)
        assert rig.engine.account("default").condition is Condition.DOWN
        rig.source.trouble.clear()
        now = rig.clock.monotonic()
        rig.engine._pollers["default"]._budget.window.well(now, now)
        await rig.clock.advance(1.2)
        assert rig.engine.account("default").condition is Condition.OK


async def test_all_accounts_together_have_no_more_under_way_than_allowed() -> None:
    made: list[FakeSource] = []

    def sources(clock: VirtualClock) -> dict[str, Source]:
        made.append(FakeSource(clock, latency=3.0))
        return {f"p{n}": made[0] for n in range(20)}

    rig = Rig(Limits(concurrency=2), sources)
    [flying] = made
    for n in range(20):
        rig.watch(*(str(100 * n + each) for each in range(3)), profile=f"p{n}")
    async with rig.running():
        await rig.clock.advance(600.0)
    assert flying.most_flying == 2
    assert len({id for _, id in flying.asked}) == 60


def test_a_stopped_account_stays_stopped_whatever_others_are_told() -> None:
    health = AccountHealth(Random(1))
    health.bad("1", fault(FaultKind.AUTH), 10.0, 10.0, messages=3, probe=False)
    assert not health.hold(inf, 11.0, 11.0)
    assert health.condition is Condition.STOPPED
