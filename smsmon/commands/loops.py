"""Runs a command's event loop: to the end, and with nothing failing unseen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from traceback import extract_tb
from typing import Any, TypeVar

from smsmon.commands.output import say

T = TypeVar("T")
_OURS = "smsmon"
"""The logger of all of ours."""


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

    with _faults_noted():
        result = asyncio.run(watched())
    if unseen:
        raise unseen[0]
    return result


@contextmanager
def _faults_noted() -> Iterator[None]:
    """Note the exceptions that are logged; Python would print their messages and tracebacks."""
    logger, notes = logging.getLogger(_OURS), _Notes()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(notes)
    try:
        yield
    finally:
        logger.removeHandler(notes)
        logger.propagate = propagate


class _Notes(logging.Handler):
    """Leaves a note for each kind and place of a logged exception, however often it happens."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._known: set[tuple[type[BaseException], str]] = set()

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        frames = extract_tb(error.__traceback__)
        fault = type(error), f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        if fault in self._known:
            return
        self._known.add(fault)
        from smsmon.crash import write_crash_note

        note = write_crash_note(error)
        where = f" A note about it is in {note}." if note else ""
        say(
            f"smsmon: {record.getMessage()}: a fault of smsmon itself"
            f" ({type(error).__name__}).{where}"
        )
