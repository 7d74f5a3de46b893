"""Several smsmon on one home, in one process: engines and stores on one folder and one clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from smsmon.model import Entry
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.monitor.state import Watched
from smsmon.recipients import Recipient
from smsmon.sharing import Sharing
from smsmon.store.base import Store
from smsmon.store.local import LocalStore
from smsmon.watching import Watching
from smsmon.who_polls import rank_of
from tests.monitor.fakes import FakeSource, Heard
from tests.support.clock import VirtualClock
from tests.support.waiting import PATIENCE

LIMITS = Limits(min_interval=2.0, max_interval=10.0)


class Member(Heard):
    """One console or watch of a home."""

    def __init__(
        self,
        store: Store,
        clock: VirtualClock,
        name: str = "console",
        role: str = "auto",
        only: str = "",
    ) -> None:
        """``only`` is the one message that it watches; empty for all."""
        self.clock = clock
        self.store = store
        self.source = FakeSource(clock)
        self.usable = True
        self.news = []
        self.said: list[str] = []
        self.retried = 0
        self.engine = Engine({"default": self.source}, clock, limits=LIMITS, rng=Random(1))
        self.lease: Any = store.lease(clock, name)
        self.history: Any = store.history(clock, lambda error: None)
        self.engine._hearers.recorder = self.history
        watchlist = store.watchlist(clock)
        self.watching = Watching(
            self.engine,
            watchlist,
            self.history,
            self.said.append,
            lambda entries: [each for each in entries if not only or each.id == only],
        )
        self.sharing = Sharing(
            self.engine,
            self.history,
            self.watching,
            self.lease,
            clock,
            lambda: rank_of(role, usable=self.usable),
            self._retry,
            whole=not only,
        )
        self.jobs: list[asyncio.Task[None]] = []
        self.looking = 0
        self.ended = False
        look = self.sharing._look_at_disk

        async def counted() -> Any:
            self.looking += 1
            try:
                return await look()
            finally:
                self.looking -= 1

        self.sharing._look_at_disk = counted  # type: ignore[method-assign]

    async def _retry(self) -> None:
        self.retried += 1

    async def start(self) -> None:
        await self.sharing.begin()
        await self.watching.start(self.clock, 0)
        await self.watching.fill()
        self.engine.subscribe(self.news.append)
        self.wake()

    def wake(self) -> None:
        """Run from now on."""
        self.jobs = [
            asyncio.create_task(self.engine.run()),
            asyncio.create_task(self.sharing.run()),
        ]

    async def stand_still(self) -> None:
        """Do nothing from now on, as a stopped process; nothing is let go."""
        for job in self.jobs:
            job.cancel()
        await asyncio.gather(*self.jobs, return_exceptions=True)

    async def end(self) -> None:
        """End as one does that is told to."""
        if self.ended:
            return
        self.ended = True
        await self.stand_still()
        self.sharing.close()
        with suppress(Exception):
            await self.history.close()
        await self.sharing.release()

    @property
    def polls(self) -> bool:
        return self.sharing.polling.here

    def __getitem__(self, message_id: str) -> Watched:
        return self.engine.board[message_id]


class Home:
    """A store, its watchlist, and all who are on it."""

    def __init__(
        self,
        folder: Path,
        ids: Iterable[str] = ("300", "301"),
        open_store: Callable[[], Store] | None = None,
    ) -> None:
        """The store is in ``folder`` unless another one is opened for each process."""
        self.folder = folder
        self.clock = VirtualClock()
        self.database = folder / "history.db"
        self.members: list[Member] = []
        self.open_store = open_store or (
            lambda: LocalStore(folder / "watchlist.toml", self.database)
        )
        self.open_store().watchlist(self.clock).add(Entry(id) for id in ids)

    async def join(self, name: str = "console", role: str = "auto", only: str = "") -> Member:
        """One more starts."""
        member = Member(self.open_store(), self.clock, name, role, only)
        self.members.append(member)
        await member.start()
        return member

    def answer(self, *rows: Recipient, id: str = "300") -> None:
        """What the API says of a message from now on, whoever asks."""
        for each in self.members:
            each.source.rows[id] = list(rows)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, no faster than threads look at the disk."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0.001:
            await self.clock.advance(min(left, 0.2))
            await self._looks()

    async def until(self, done: Callable[[], object], what: str = "it") -> float:
        """The same until ``done()``; gives the seconds it took."""
        began, deadline = self.clock.monotonic(), monotonic() + PATIENCE
        while not done():
            assert monotonic() < deadline, f"{what} never came"
            await self.clock.advance(0.1)
            await asyncio.sleep(0.003)
            await self._looks()
        return self.clock.monotonic() - began

    async def _looks(self) -> None:
        """Until nobody looks at the disk, and what was recorded is on it."""
        while any(each.looking for each in self.members):  # noqa: ASYNC110 - in threads
            await asyncio.sleep(0.001)
        await self.clock.settle()

    async def written(self) -> None:
        """Until all that was recorded is on the disk."""
        for each in self.members:
            if each.polls and each.jobs:
                await each.history.flush()
