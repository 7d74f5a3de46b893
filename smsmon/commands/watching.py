"""What ``smsmon watch`` runs: engine, history and watchlist, kept together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from smsmon.assemble import profile_of
from smsmon.clock import Clock
from smsmon.commands import exits
from smsmon.commands.reading import Source
from smsmon.commands.waiting import limits_of
from smsmon.locations import Locations
from smsmon.model import Entry, Event
from smsmon.monitor.account import Condition
from smsmon.monitor.board import Restored
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied
from smsmon.settings import Settings
from smsmon.store.errors import StoreError
from smsmon.store.history import History
from smsmon.store.maintenance import prune
from smsmon.store.watchlist import Watchlist

LOOK_EVERY = 1.0
"""Seconds between two looks at the watchlist file."""

News = Applied | Event


@dataclass(slots=True)
class Ending:
    """Set when the command is to end, with its exit code."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = exits.OK

    def end(self, code: int) -> None:
        """End with this code, unless it was ended before."""
        if not self.over.is_set():
            self.code = code
            self.over.set()


@contextlib.asynccontextmanager
async def until_signal(clock: Clock, seconds: float | None) -> AsyncIterator[Ending]:
    """What ends when a signal asks for it, or after some seconds."""
    ending = Ending()
    loop = asyncio.get_running_loop()
    codes = {
        signal.SIGINT: exits.INTERRUPTED,
        signal.SIGTERM: exits.TERMINATED,
        signal.SIGHUP: exits.TERMINATED,
    }
    for number, code in codes.items():
        loop.add_signal_handler(number, ending.end, code)

    async def time_out() -> None:
        if not await clock.wait(ending.over, seconds):
            ending.end(exits.OK)

    timer = asyncio.create_task(time_out())
    try:
        yield ending
    finally:
        timer.cancel()
        for number in codes:
            loop.remove_signal_handler(number)


class Watching:
    """The watchlist, polled and recorded until it is to end."""

    def __init__(
        self,
        settings: Settings,
        locations: Locations,
        sources: Mapping[str, Source],
        clock: Clock,
        complain: Callable[[str], None],
        only: set[str] | None = None,
    ) -> None:
        """``complain`` gets one sentence a trouble; ``only`` are the ids watched, None for all."""
        self._settings = settings
        self._clock = clock
        self._only = only
        self._watchlist = Watchlist(locations.watchlist, clock)
        self._complain = complain
        self._history = History(locations.history, clock, self._trouble)
        self._engine = Engine(sources, clock, limits=limits_of(settings), recorder=self._history)

    async def run(self, tell: Callable[[News], None], ending: Ending) -> int:
        """Watch until ``ending``; gives the exit code.

        ``tell`` hears everything that happens; what it raises (a reader that went away) ends
        the watch and is raised here, once all is recorded.
        """
        failed: list[BaseException] = []

        def hear(news: News) -> None:
            if isinstance(news, Event):
                self._history.record_event(news)
            if failed:
                return
            try:
                tell(news)
            except BaseException as error:
                failed.append(error)
                ending.end(exits.TROUBLE)
            if self._all_refused():
                ending.end(exits.ACCOUNT)

        entries = self._mine(await asyncio.to_thread(self._watchlist.load))
        await asyncio.to_thread(self._drop_the_old)
        self._history.start()
        self._engine.watch_all(await self._remembered(entries), announce=False)
        self._history.watching(self._watchlist.entries)
        self._engine.subscribe(hear)
        jobs = [
            asyncio.create_task(self._engine.run()),
            asyncio.create_task(self._follow()),
            asyncio.create_task(ending.over.wait()),
        ]
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            ended = await asyncio.gather(*jobs, return_exceptions=True)
            await self._history.close()
        failed += [
            each
            for each in ended
            if isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError)
        ]
        if failed:
            raise failed[0]
        return ending.code

    async def _follow(self) -> None:
        """Take over what others do to the watchlist file."""
        last = ""
        while True:
            await self._clock.wait(asyncio.Event(), LOOK_EVERY)
            try:
                entries = await asyncio.to_thread(self._watchlist.poll_changes)
            except StoreError as error:
                if str(error) != last:
                    last = str(error)
                    self._complain(f"smsmon: {error}")
                continue
            if entries is not None:
                self._take_over(self._mine(entries))
                self._history.watching(entries)

    def _trouble(self, error: StoreError | None) -> None:
        """Called in the history's thread when writing begins to fail, and when it works again."""
        self._complain(f"smsmon: {error}" if error else "smsmon: The history is written again.")

    def _take_over(self, entries: Iterable[Entry]) -> None:
        """Make the engine watch ``entries`` and nothing else."""
        wanted = {entry.id: entry for entry in entries}
        known = self._engine.board.messages
        for gone in [each for each in known if each not in wanted]:
            self._engine.forget(gone)
        self._engine.watch_all(
            [(entry, None) for entry in wanted.values() if entry.id not in known]
        )
        for entry in wanted.values():
            if self._engine.board[entry.id].entry != entry:
                self._engine.amend(entry)

    def _drop_the_old(self) -> None:
        """Keep the history as long as the settings say, and no longer. Blocks on the disk."""
        days = self._settings.history.retention_days
        path = self._history.path
        if days and path.exists():
            try:
                prune(path, self._watchlist.entries, self._clock.now(), days)
            except StoreError as error:
                self._complain(f"smsmon: {error}")

    async def _remembered(self, entries: Iterable[Entry]) -> list[tuple[Entry, Restored | None]]:
        """Each entry with what the history knows of it: a change while nobody looked is news."""
        by_id = {entry.id: entry for entry in entries}
        known: dict[str, Restored] = {}
        async for portion in self._history.load(list(by_id)):
            for each in portion:
                summary = each.summary
                known[summary.message_id] = Restored(
                    recipients=each.recipients,
                    first_seen=each.first_seen,
                    changed_at=each.changed_at,
                    read_at=summary.read_at,
                    digest=summary.digest,
                    first_read_at=summary.first_read_at,
                    last_change_at=summary.last_change_at,
                    completed_at=summary.completed_at,
                    absent=each.absent,
                )
        return [(entry, known.get(entry.id)) for entry in by_id.values()]

    def _mine(self, entries: Iterable[Entry]) -> list[Entry]:
        return [
            replace(entry, profile=profile_of(entry.profile, self._settings))
            for entry in entries
            if self._only is None or entry.id in self._only
        ]

    def _all_refused(self) -> bool:
        conditions = [self._engine.account(each).condition for each in self._engine.profiles]
        return all(each is Condition.STOPPED for each in conditions)
