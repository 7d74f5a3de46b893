"""A watch that runs: all of its jobs, until a signal, the time or a failure ends them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smsmon import exit_codes
from smsmon.known import Condition
from smsmon.leaving import in_loop
from smsmon.times import counted

if TYPE_CHECKING:
    from smsmon.clock import Clock
    from smsmon.model import Event
    from smsmon.monitor.alerts import Alert
    from smsmon.monitor.state import Applied
    from smsmon.service.life import Service
    from smsmon.session import Session
    from smsmon.who_polls import WhoPolls

LOOK_EVERY = 1.0
"""Seconds between two looks at the watchlist file."""
GONE = "The store does not answer: nothing is polled until it does."


@dataclass(slots=True)
class Ending:
    """Set when the command is to end, with its exit code."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = exit_codes.OK

    def end(self, code: int) -> None:
        """End with this code, unless it was ended before."""
        if not self.over.is_set():
            self.code = code
            self.over.set()


@contextlib.asynccontextmanager
async def until_signal(clock: Clock, seconds: float | None) -> AsyncIterator[Ending]:
    """What ends when a signal asks for it, or after some seconds."""
    ending = Ending()

    async def time_out() -> None:
        if not await clock.wait(ending.over, seconds):
            ending.end(exit_codes.OK)

    timer = asyncio.create_task(time_out())
    try:
        with in_loop(ending.end):
            yield ending
    finally:
        timer.cancel()


async def run(
    session: Session,
    ending: Ending,
    tell: Callable[[Applied | Event], None],
    alerted: Callable[[Sequence[Alert]], None],
    say: Callable[[str], None],
    follow_settings: Callable[[], Coroutine[Any, Any, None]],
    service: Service,
) -> int:
    """Watch until ``ending``, and close ``session``; gives the exit code.

    ``tell`` hears everything that happens, ``alerted`` the alerts that begin or end; what they
    raise (a reader that went away) ends the watch and is raised here, once all is recorded.
    ``say`` is given a sentence whenever it changes who polls, or whether the store answers.
    """
    engine, sharing = session.engine, session.sharing
    failed: list[BaseException] = []
    said = ""

    def hear(news: Applied | Event) -> None:
        if failed:
            return
        try:
            tell(news)
        except BaseException as error:
            failed.append(error)
            ending.end(exit_codes.TROUBLE)
        conditions = [engine.account(each).condition for each in engine.profiles]
        if engine.polls and all(each is Condition.STOPPED for each in conditions):
            ending.end(exit_codes.ACCOUNT)

    def say_who_polls() -> None:
        nonlocal said
        before, said = said, _who_polls(sharing.polling)
        if before == GONE != said:
            say(f"The store answers again. {said}")
        elif said != before:
            say(said)

    sharing.turned = say_who_polls
    await session.start(alerted)
    await session.fill()
    engine.subscribe(hear)
    jobs = [
        asyncio.create_task(engine.run()),
        asyncio.create_task(sharing.run()),
        asyncio.create_task(session.look_at_watchlist(LOOK_EVERY)),
        asyncio.create_task(session.keep_learned()),
        asyncio.create_task(session.alerts.run()),
        asyncio.create_task(session.incoming.run()),
        asyncio.create_task(follow_settings()),
        asyncio.create_task(service.run()),
        asyncio.create_task(ending.over.wait()),
    ]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        service.systemd.stopping()
        for job in jobs:
            job.cancel()
        ended = await asyncio.gather(*jobs, return_exceptions=True)
        await session.close()
    for each in ended:
        if isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError):
            failed += _raised(each)
    if failed:
        raise failed[0]
    return ending.code


def _raised(error: BaseException) -> Iterator[BaseException]:
    """What the tasks of a group raised, which wraps it, and so do groups of groups."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _raised(each)
    else:
        yield error


def _who_polls(polling: WhoPolls) -> str:
    if polling.unreachable_since is not None:
        return GONE
    others = polling.pollers - polling.here
    if polling.here and others:
        return f"This process and {counted(others, 'other')} ask the API, each for its part."
    if polling.here:
        return "This process asks the API."
    if others > 1:
        return f"{others} processes ask the API; this one follows what they record."
    if polling.holder is not None:
        return f"{polling.holder} asks the API; this process follows what it records."
    return "Nobody asks the API at present; this process shows what is recorded."
