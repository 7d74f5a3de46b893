"""Runs a command's event loop: to the end, and with nothing failing unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from smsmon.commands.output import say
from smsmon.failures import Failed, Failures

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``. Raises what it raises, and else what a task of it died of.

    asyncio would print the latter as a traceback, and go on. A fault that ``work`` survives is
    told on stderr, and a note about it is left.
    """
    unseen: list[BaseException] = []

    async def watched() -> T:
        loop = asyncio.get_running_loop()

        def keep(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            unseen.append(context.get("exception") or RuntimeError(str(context.get("message"))))

        loop.set_exception_handler(keep)
        return await work

    with Failures(_told).catching():
        result = asyncio.run(watched())
    if unseen:
        raise unseen[0]
    return result


def _told(failed: Failed) -> None:
    if failed.first:
        say(f"smsmon: {failed.sentence}")
