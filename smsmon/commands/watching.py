"""What ``smsmon watch`` runs: engine, history and watchlist, kept together."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from smsmon import exit_codes, learned
from smsmon.accounts import limits_of, profile_of, windows_of
from smsmon.clock import Clock
from smsmon.leaving import in_loop
from smsmon.locations import Locations
from smsmon.model import Entry, Event
from smsmon.monitor.account import Condition
from smsmon.monitor.engine import Engine
from smsmon.monitor.source import Source
from smsmon.monitor.state import Applied
from smsmon.settings import Settings
from smsmon.sharing import Sharing
from smsmon.store import open_store
from smsmon.store.errors import StoreError
from smsmon.watching import Watching
from smsmon.wishing import rank_of

if TYPE_CHECKING:
    from smsmon.alerting import Alerting
    from smsmon.monitor.alerts import Alert

LOOK_EVERY = 1.0
"""Seconds between two looks at the watchlist file."""

News = Applied | Event


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


class Watch:
    """The watchlist, polled and recorded until it is to end."""

    def __init__(
        self,
        settings: Settings,
        locations: Locations,
        sources: Mapping[str, Source],
        clock: Clock,
        complain: Callable[[str], None],
        only: set[str] | None = None,
        alerted: Callable[[Sequence[Alert]], None] = lambda _: None,
    ) -> None:
        """``complain`` gets one sentence a trouble; ``only`` are the ids watched, None for all.

        ``alerted`` gets the alerts that began or ended; what it raises is raised by ``run``.
        """
        self._settings = settings
        self._clock = clock
        self._only = only
        store = open_store(locations)
        self._watchlist = store.watchlist(clock)
        self._complain = complain
        self._history = store.history(clock, self._trouble)
        self._state = locations.state
        self._engine = Engine(
            sources,
            clock,
            limits=limits_of(settings),
            recorder=self._history,
            learned=learned.load(locations.state),
            windows=windows_of(sources, settings, self._say),
        )
        self._watching = Watching(
            self._engine, self._watchlist, self._history, self._say, self._mine
        )
        self._sharing = Sharing(
            self._engine,
            self._history,
            self._watching,
            store.lease(clock, "watch"),
            clock,
            lambda: rank_of(settings.polling.role, usable=True),
            self._retry,
            whole=only is None,
        )
        self._sharing.turned = self._say_who_polls
        self._said = ""
        self._alerting: Alerting | None = None
        if settings.alerts:
            from smsmon.alerting import Alerting

            self._alerting = Alerting(
                settings,
                self._engine,
                clock,
                alerted,
                self._say,
                os.environ,
                self._history,
                whole=only is None,
            )
            self._watching.amended = self._alerting.look_again
            self._sharing.took_over = self._alerting.take_over

    async def run(self, tell: Callable[[News], None], ending: Ending) -> int:
        """Watch until ``ending``; gives the exit code.

        ``tell`` hears everything that happens; what it raises (a reader that went away) ends
        the watch and is raised here, once all is recorded.
        """
        failed: list[BaseException] = []

        def hear(news: News) -> None:
            if failed:
                return
            try:
                tell(news)
            except BaseException as error:
                failed.append(error)
                ending.end(exit_codes.TROUBLE)
            if self._engine.leads and self._all_refused():
                ending.end(exit_codes.ACCOUNT)

        await self._sharing.begin()
        await self._watching.start(self._clock, self._settings.history.retention_days)
        self._engine.subscribe(hear)
        jobs = [
            asyncio.create_task(self._engine.run()),
            asyncio.create_task(self._sharing.run()),
            asyncio.create_task(self._follow()),
            asyncio.create_task(learned.keep(self._state, self._engine, self._clock)),
            asyncio.create_task(ending.over.wait()),
        ]
        if self._alerting is not None:
            jobs.append(asyncio.create_task(self._alerting.run()))
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            ended = await asyncio.gather(*jobs, return_exceptions=True)
            await learned.save(self._state, self._engine)
            self._sharing.close()
            self._engine.close()
            await self._history.close()
            self._sharing.release()
        for each in ended:
            if isinstance(each, BaseExceptionGroup):
                failed += each.exceptions  # of a task group, which wraps what its tasks raise
            elif isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError):
                failed.append(each)
        if failed:
            raise failed[0]
        return ending.code

    async def _follow(self) -> None:
        """Take over what others do to the watchlist file."""
        while True:
            await self._clock.wait(asyncio.Event(), LOOK_EVERY)
            await self._watching.look()

    def _say_who_polls(self) -> None:
        """Say it when it changes: at the start, and when another one takes over."""
        polling = self._sharing.polling
        if polling.here:
            said = "This process asks the API."
        elif polling.holder is not None:
            said = f"{polling.holder} asks the API; this process follows what it records."
        else:
            said = "Nobody asks the API at present; this process shows what is recorded."
        if said != self._said:
            self._said = said
            self._say(said)

    async def _retry(self) -> None:
        """Try the accounts again that are not well: an operator of another process asks."""
        for name in self._engine.profiles:
            if self._engine.account(name).condition is not Condition.OK:
                self._engine.retry_account(name)

    def _say(self, sentence: str) -> None:
        self._complain(f"smsmon: {sentence}")

    def _trouble(self, error: StoreError | None) -> None:
        """Called in the history's thread when writing begins to fail, and when it works again."""
        self._say(str(error) if error else "The history is written again.")

    def _mine(self, entries: Iterable[Entry]) -> list[Entry]:
        return [
            replace(entry, profile=profile_of(entry.profile, self._settings))
            for entry in entries
            if self._only is None or entry.id in self._only
        ]

    def _all_refused(self) -> bool:
        conditions = [self._engine.account(each).condition for each in self._engine.profiles]
        return all(each is Condition.STOPPED for each in conditions)
