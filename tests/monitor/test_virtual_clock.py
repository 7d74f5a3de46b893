"""The clock the tests stand on: ordered, exact, and quiescent between two moments."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.clock import START, VirtualClock


async def test_waits_end_in_the_order_of_their_moments() -> None:
    clock, ended = VirtualClock(), []

    async def wait(seconds: float) -> None:
        await clock.sleep(seconds)
        ended.append((seconds, clock.now() - START))

    tasks = [asyncio.create_task(wait(seconds)) for seconds in (5.0, 1.0, 3.0)]
    await clock.advance(4.0)
    assert ended == [(1.0, 1.0), (3.0, 3.0)]
    assert clock.now() == START + 4.0
    await clock.advance(4.0)
    await asyncio.gather(*tasks)
    assert ended[-1] == (5.0, 5.0)


async def test_a_chain_of_waits_runs_on_within_one_advance() -> None:
    clock, ticks = VirtualClock(), []

    async def tick() -> None:
        while True:
            await clock.sleep(0.5)
            ticks.append(clock.monotonic())

    task = asyncio.create_task(tick())
    await clock.advance(10.0)
    assert len(ticks) == 20
    task.cancel()


async def test_an_event_ends_a_wait_before_its_time() -> None:
    clock, event = VirtualClock(), asyncio.Event()
    waiting = asyncio.create_task(clock.wait(event, 100.0))
    await clock.advance(1.0)
    event.set()
    await clock.settle()
    assert waiting.result() is True
    assert clock.next_timer is None
    assert await clock.wait(asyncio.Event(), 0.0) is False


async def test_a_jump_moves_the_wall_only() -> None:
    clock = VirtualClock()
    before = clock.monotonic()
    clock.jump(-3600.0)
    assert (clock.now(), clock.monotonic()) == (START - 3600.0, before)


async def test_running_until_something_that_never_comes_says_so() -> None:
    clock = VirtualClock()
    with pytest.raises(TimeoutError, match=r"10\.0 virtual seconds"):
        await clock.run_until(lambda: False, within=10.0)
