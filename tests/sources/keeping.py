"""What keeps arrivals in a test, and sources that run against it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from smsmon.model import Entry
from smsmon.settings.sources import Source
from smsmon.sources.running import Sources, Surroundings
from smsmon.store.arrivals import ArrivalStore
from smsmon.store.errors import StoreError
from tests.store import memory_arrivals
from tests.store.memory_arrivals import MemoryArrivals
from tests.support.clock import VirtualClock
from tests.support.waiting import PATIENCE

MATCH = r"sent (?P<id>\d+)(?: to (?P<phone>\S+))?"


class Kept(MemoryArrivals):
    """Arrivals in memory, that may be refused."""

    def __init__(self) -> None:
        self.all = memory_arrivals.Kept()
        super().__init__(lambda: self.all, lambda: (), None)
        self.refuses: StoreError | None = None
        self.asked = 0
        self.twice: list[str] = []
        """Ids that were given again."""

    @property
    def entries(self) -> dict[str, Entry]:
        return self.all.entries()

    @property
    def positions(self) -> dict[str, str]:
        return self.all.positions

    def take(self, entries: Iterable[Entry], reader: str = "", position: str = "") -> int:
        self.asked += 1
        if self.refuses is not None:
            raise self.refuses
        entries = [*entries]
        self.twice += [each.id for each in entries if each.id in self.all.there]
        return super().take(entries, reader, position)


class Running:
    """Sources of one process."""

    def __init__(
        self, folder: Path, clock: VirtualClock, kept: ArrivalStore, stdin: int | None = None
    ) -> None:
        self.clock = clock
        self.said: list[str] = []
        self.took = 0
        self.looks_only = False
        self.sources = Sources(
            Surroundings(
                lambda: kept,
                folder,
                clock,
                self.said.append,
                self._took,
                lambda: not self.looks_only,
                lambda: os.environ,
                "watch",
                stdin=stdin,
            )
        )

    def _took(self) -> None:
        self.took += 1

    async def until(self, done: Callable[[], object], what: str = "") -> None:
        """Let time go on until ``done()``: threads and programs take theirs."""
        deadline = monotonic() + PATIENCE
        while not done():
            assert monotonic() < deadline, what or f"it is not so: {self.said}"
            await self.clock.advance(0.25)
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(
    folder: Path,
    kept: ArrivalStore,
    sources: Mapping[str, Source],
    clock: VirtualClock | None = None,
    stdin: int | None = None,
) -> AsyncIterator[Running]:
    """Sources that are read until the end of the block."""
    here = Running(folder / "state", clock or VirtualClock(), kept, stdin)
    here.sources.use(sources)
    task = asyncio.create_task(here.sources.run())
    try:
        yield here
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def log_of(folder: Path, **more: object) -> tuple[Path, Source]:
    """A log that is empty, and the source that reads it."""
    path = folder / "sms.log"
    path.touch()
    return path, Source(file=str(path), match=MATCH, **more)  # type: ignore[arg-type]
