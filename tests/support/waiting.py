"""Waiting that ends: what does not come fails a test, with what the screen shows instead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

import textual.app
import textual.pilot
from textual.app import App
from textual.pilot import Pilot

from tests.support.clock import VirtualClock

PATIENCE = 90.0
"""Seconds that anything may take on a machine busy with other tests."""
_LOOK_EVERY = 0.01
_FRAME, _FRAMES = 1 / 25, 200
"""Seconds within which what is to be painted is: Textual paints 60 times a second, and lets one
time go by when it is late. How many at most, where each leads to another: a page that rolls takes
about a hundred, and only what never rests takes all of them."""

Result = TypeVar("Result")


async def idle(min_sleep: float = 0.0, max_sleep: float = 0.0) -> None:
    """Until nothing can run any more, nor will within a frame, whatever sleep is asked for.

    Textual itself sleeps 20 ms and more, and twice for each key: more than all that a key does.
    """
    loop: Any = asyncio.get_running_loop()
    for _ in range(_FRAMES):
        await VirtualClock.settle()
        due = [each.when() for each in loop._scheduled if not each.cancelled()]
        ahead = min(due, default=loop.time() + 1) - loop.time()
        if ahead > _FRAME:
            return
        await asyncio.sleep(ahead)


setattr(textual.app, "wait_for_idle", idle)  # noqa: B010
setattr(textual.pilot, "wait_for_idle", idle)  # noqa: B010


def screen_text(app: App[Any]) -> str:
    """Everything the screen shows now."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(
    pilot: Pilot[Any],
    done: Callable[[], object],
    what: str,
    each: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Let the console run until ``done()``; fails when it is not within ``PATIENCE``.

    For what threads and other processes do, which the held clock knows nothing of. ``each`` is
    done between two looks: a step of that clock, for one.
    """
    deadline = monotonic() + PATIENCE
    while not done():
        if monotonic() > deadline:
            raise AssertionError(_missed(pilot.app, what))
        if each is not None:
            await each()
        await pilot.pause(_LOOK_EVERY)


async def within(app: App[Any], awaited: Awaitable[Result], what: str) -> Result:
    """What ``awaited`` gives; fails when that does not come within ``PATIENCE``."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await awaited
    except TimeoutError:
        raise AssertionError(_missed(app, what)) from None


def _missed(app: App[Any], what: str) -> str:
    workers = ", ".join(f"{each.group} ({each.state.name.lower()})" for each in app.workers)
    return f"{what}: not within {PATIENCE:.0f} s.\nWorkers: {workers}\n{screen_text(app)}"
