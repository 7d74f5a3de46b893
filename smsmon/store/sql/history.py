"""The history beside a running engine: recording that never waits, questions that never block.

One thread writes, another one reads; the event loop does neither.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

from smsmon.clock import Clock
from smsmon.known import Key, Remembered, Summary
from smsmon.store.archive import Archive
from smsmon.store.base import Listener, Outdated
from smsmon.store.sql.database import Asked, Keeper
from smsmon.store.sql.fence import WholeFence
from smsmon.store.sql.queue import FOLLOWING
from smsmon.store.sql.writer import HistoryWriter

T = TypeVar("T")

LOADED_AT_ONCE = 20_000
"""Recipients read in one visit to the reader's thread: some 20 ms, then others have their turn."""


class Interruptible(Archive, Asked, Protocol):
    """An archive whose answers may turn out not to be wanted any more."""

    unwanted: Callable[[], bool] | None
    """Asked now and then, while a question is answered; the answer is then not given."""

    def interrupt(self) -> None:
        """See at once whether it is ``unwanted``. In any thread but that of the question; it may
        take a while.
        """


class TableHistory(HistoryWriter):
    """A ``HistoryStore`` in tables, but for by what it leads, and how it follows.

    ``listener`` hears of trouble with writing, in the writer's thread: see ``HistoryWriter``.
    """

    def __init__(
        self,
        keeper: Keeper,
        archive: Interruptible,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        super().__init__(keeper, WholeFence(), clock, listener)
        self._archive = archive
        self._threads = ThreadPoolExecutor(1, "history-reader")
        self._left = threading.Event()

    def start(
        self, anew: Callable[[], None] | None = None, outdated: Outdated | None = None
    ) -> None:
        """Begin to write; the database is opened, or made, in the writer's thread."""
        self.begin(
            (lambda: None) if anew is None else _in_loop(anew),
            (lambda _: None) if outdated is None else _in_loop(outdated),
        )

    def record_alone(self) -> None:
        self.record_by(WholeFence())

    def follow(self) -> None:
        self.record_by(FOLLOWING)

    async def flush(self) -> None:
        await asyncio.to_thread(self.write_out)

    async def close(self) -> None:
        self._left.set()
        self._interrupt()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._archive.close)
            await loop.run_in_executor(self._threads, self.end)
        finally:
            self._threads.shutdown(wait=False)

    async def summaries(self, wanted: Sequence[Key]) -> list[Summary]:
        known = await self.ask(lambda archive: archive.summaries(wanted))
        found = [each for each in known if each.read_at is not None]
        self.note_known(found)
        return found

    async def load(self, wanted: Sequence[str | Key]) -> AsyncIterator[list[Remembered]]:
        left = list(wanted)
        while left:
            portion, left = await self.ask(partial(_portion, wanted=left))
            for each in portion:
                self.adopt(each)
            if portion:
                yield portion

    async def ask(self, question: Callable[[Archive], T]) -> T:
        """The answer, from the reader's thread. A cancelled one is interrupted, or never begun."""
        cancelled = threading.Event()

        def work() -> T:
            self._archive.unwanted = lambda: cancelled.is_set() or self._left.is_set()
            return question(self._archive)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except asyncio.CancelledError:
            cancelled.set()
            self._interrupt()
            raise

    def _interrupt(self) -> None:
        threading.Thread(target=self._archive.interrupt, daemon=True).start()


def _in_loop(called: Callable[..., object]) -> Callable[..., object]:
    """What calls ``called`` in the running loop, from any thread."""
    return partial(asyncio.get_running_loop().call_soon_threadsafe, called)


def _portion(
    archive: Interruptible, wanted: Sequence[str | Key]
) -> tuple[list[Remembered], list[str | Key]]:
    """The first of ``wanted`` as last seen, and those that are left for next time."""
    portion: list[Remembered] = []
    weight = 0
    for each in archive.load(wanted):
        portion.append(each)
        weight += len(each.recipients)
        if weight >= LOADED_AT_ONCE:
            told = each.summary
            place = next(i for i, one in enumerate(wanted) if one in (told.message_id, told.key))
            return portion, list(wanted[place + 1 :])
    return portion, []
