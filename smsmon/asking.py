"""Single requests of commands and dialogs: each waits for the window of its address.

The engine has a schedule of its own; this is for what is asked once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from smsmon.clock import Clock
from smsmon.model import Fault, FaultKind, ReadError
from smsmon.monitor.account import nothing_before
from smsmon.monitor.budget import Budget

T = TypeVar("T")


class LeftAlone(ReadError):
    """The server asked to be left alone for longer than the caller waits: nothing was sent."""


async def ask(
    call: Callable[[], Awaitable[T]], budget: Budget, clock: Clock, *, patience: float = 0.0
) -> T:
    """What ``call`` brings, once the window lets one more request out.

    Raises what it raises, and `LeftAlone` where the server asked for a pause that lasts longer
    than ``patience`` seconds from now. For a window that is only full it waits as long as it
    takes: a minute, and more where others share it.
    """
    while wait := budget.window.take(clock.monotonic(), budget.limit, urgent=False):
        now = clock.monotonic()
        if budget.held_until - now > patience:
            raise LeftAlone(left_alone(budget, clock))
        await clock.wait(asyncio.Event(), wait)
    left = clock.monotonic()
    try:
        answer = await call()
    except ReadError as error:
        if error.fault.kind is FaultKind.NOT_FOUND:
            budget.answered(clock.monotonic(), left)
        budget.refused(clock.monotonic(), error.fault)
        raise
    finally:
        budget.over(clock.monotonic())
    budget.answered(clock.monotonic(), left)
    return answer


def left_alone(budget: Budget, clock: Clock) -> Fault:
    """Why nothing is sent at present, and until when."""
    until = budget.held_until - clock.monotonic() + clock.now()
    return Fault(
        FaultKind.RATE_LIMITED,
        f"The API has had too many requests from this address. {nothing_before(until)}",
        code=429,
    )
