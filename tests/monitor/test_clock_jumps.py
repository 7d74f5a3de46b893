"""The wall clock is set forward, back, or was wrong at the start: no lasting harm."""

from __future__ import annotations

import pytest

from smsmon.model import Arrival, Entry, EventKind, FaultKind
from smsmon.recipients import Status
from tests.monitor.fakes import Rig, fault, row
from tests.support.clock import START

DAYS = 86_400.0
DELIVERED = Status.DELIVERED


async def test_a_late_stop_is_read_after_a_clock_was_days_ahead_and_came_back() -> None:
    rig = Rig()
    rig.source.rows["300"] = [row(1, DELIVERED)]
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(60)
        rig.clock.jump(3 * DAYS)
        await rig.clock.run_until(lambda: rig.engine.board["300"].settled_at is not None)
        rig.clock.jump(-3 * DAYS)
        rig.source.rows["300"] = [row(1, DELIVERED, stop=True)]
        await rig.clock.run_until(lambda: rig.engine.board["300"].counts.stop == 1, within=60)
        assert rig.engine.board["300"].settled_at is None


async def test_a_clock_that_the_server_contradicts_settles_nothing_and_teaches_nothing() -> None:
    rig = Rig()
    rig.source.rows["300"] = [row(1, DELIVERED)]
    rig.source.served_at = lambda: START + rig.clock.monotonic() - 1_000
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(60)
        before = rig.engine.learned("default")
        rig.clock.jump(3 * DAYS)
        await rig.clock.advance(3_600)
        assert EventKind.SETTLED not in rig.kinds("300")
        assert rig.engine.learned("default") == before
        rig.clock.jump(-3 * DAYS)
        await rig.clock.advance(3 * DAYS)
        assert rig.kinds("300").count(EventKind.SETTLED) == 1


@pytest.mark.parametrize("jump", [-3 * DAYS, -3_600.0, 3_600.0, 100 * DAYS])
async def test_all_are_read_again_soon_after_the_clock_was_set(jump: float) -> None:
    rig = Rig()
    for number in range(20):
        rig.source.rows[str(number)] = [row(1), row(2, DELIVERED)]
    rig.watch(*(str(number) for number in range(20)))
    async with rig.running():
        await rig.clock.advance(4 * 3_600)
        rig.clock.jump(jump)
        set_at = rig.clock.monotonic()
        await rig.clock.advance(1_000 if jump > 0 else 60)
        assert {asked for at, asked in rig.source.asked if at > set_at} == {*map(str, range(20))}


async def test_one_never_read_that_came_by_a_clock_ahead_is_read_once_the_account_answers() -> None:
    """What is late by then is planned anew after trouble, when the jump has long been noticed."""
    rig = Rig()
    rig.source.trouble[None] = fault(FaultKind.RATE_LIMITED, 20.0)
    arrival = Arrival("app", 3_600.0)
    async with rig.running():
        for id in ("300", "301", "302"):
            rig.engine.watch(Entry(id, added_at=rig.clock.now(), arrival=arrival))
        await rig.clock.advance(60)
        rig.clock.jump(-3 * DAYS)
        await rig.clock.advance(60)
        rig.source.trouble.clear()
        await rig.clock.advance(600)
        assert all(each.read_at is not None for each in rig.engine.board)
