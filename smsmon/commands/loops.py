"""Runs a command's event loop: to the end, and with nothing failing unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from smsmon import leaving
from smsmon.commands.output import no_room, not_written, say, without_waiting
from smsmon.failures import Failed, Failures

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], gap: Callable[[int], str] = no_room) -> T:
    """The result of ``work``. Raises what it raises, and else what a task of it died of.

    asyncio would print the latter as a traceback, and go on. A fault that ``work`` survives is
    told on stderr, and a note about it is left. What is printed meanwhile waits for no reader;
    ``gap`` makes the line for stdout that says how many lines found no room. Told to stop, or
    without a reader, ``work`` is cancelled; then `ToldToStop` or BrokenPipeError is raised.
    """
    unseen: list[BaseException] = []
    unwritten: list[OSError] = []
    told: list[int] = []
    stop: Callable[[], object] = lambda: None  # noqa: E731 - until there is something to stop

    def cannot_write(error: OSError) -> None:
        unwritten.append(error)
        stop()

    async def watched() -> T:
        nonlocal stop
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - this one

        def keep(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            unseen.append(context.get("exception") or RuntimeError(str(context.get("message"))))

        def stop_here() -> None:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(task.cancel)

        def end(code: int) -> None:
            told.append(code)
            task.cancel()

        loop.set_exception_handler(keep)
        stop = stop_here
        with leaving.in_loop(end):
            return await work

    with Failures(_told).catching(), without_waiting(gap, cannot_write):
        try:
            result = asyncio.run(watched())
        except asyncio.CancelledError:
            if told:
                raise leaving.ToldToStop(told[0]) from None
            if not unwritten:
                raise
    if unwritten:
        not_written(unwritten[0])
    if unseen:
        raise unseen[0]
    return result


def _told(failed: Failed) -> None:
    if failed.first:
        say(f"smsmon: {failed.sentence}", "error")
