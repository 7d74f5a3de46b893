"""The history as the console uses it: recording that never waits, questions that never block.

One thread writes (``HistoryWriter``), another one reads; the event loop does neither.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from smsmon.clock import Clock
from smsmon.model import Entry, Event, Transition
from smsmon.store.errors import StoreError
from smsmon.store.local import maintenance, queries, told
from smsmon.store.local.reader import Reader
from smsmon.store.local.told import Episode, Turn
from smsmon.store.local.update import AppliedPoll, Key, Known, WatchedMessage
from smsmon.store.local.writer import HistoryWriter, Listener, Outdated
from smsmon.store.remembered import DeliveryTimes, Happened, Info, NumberFound, Remembered, Summary

T = TypeVar("T")

LOADED_AT_ONCE = 20_000
"""Recipients read in one visit to the reader's thread: some 20 ms, then others have their turn."""


class History:
    """The history at ``path``. Questions raise ``StoreError``; recording never raises.

    ``listener`` hears of trouble with writing, in the writer's thread: see ``HistoryWriter``.
    """

    def __init__(
        self, path: Path, clock: Clock | None = None, listener: Listener | None = None
    ) -> None:
        self.path = path
        self.writer = HistoryWriter(path, clock, listener)
        """Who polls and what followers wish is told to it directly."""
        self._reader = Reader(path)
        self._threads = ThreadPoolExecutor(1, "history-reader")
        self._closing = threading.Event()

    def start(
        self, anew: Callable[[], None] | None = None, outdated: Outdated | None = None
    ) -> None:
        """Begin to write; the database is opened, or made, in the writer's thread.

        ``anew`` is called in the running loop when the database is another one by now, or may
        have lost something: have all that is known recorded, by ``restate`` and ``watching``.
        ``outdated`` is called there with messages of which the database knows something newer
        than was recorded here: ``load`` them.
        """
        if anew is not None:
            loop = asyncio.get_running_loop()
            self.writer.anew = partial(loop.call_soon_threadsafe, anew)
        if outdated is not None:
            loop = asyncio.get_running_loop()
            self.writer.outdated = lambda keys: loop.call_soon_threadsafe(outdated, keys)
        self.writer.start()

    async def close(self) -> None:
        """Write what waits, then let go. Raises ``StoreError`` when something stays unwritten."""
        self._closing.set()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._reader.close)
            await loop.run_in_executor(self._threads, self.writer.close)
        finally:
            self._threads.shutdown(wait=False)

    # --- recording -----------------------------------------------------------------------

    @property
    def trouble(self) -> StoreError | None:
        """Why nothing can be written now; None when all is well. It is tried again by itself."""
        return self.writer.trouble

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        """Record what one poll brought: the monitor's ``Recorder``. Returns at once."""
        self.writer.record(applied, watched)

    def record_event(self, event: Event) -> None:
        """Record what no poll brought. Returns at once."""
        self.writer.record_event(event)

    def watching(self, entries: Iterable[Entry]) -> None:
        """Tell what is on the watchlist, at the start and after each change. Returns at once."""
        self.writer.watching(entries)

    def restate(self, messages: Iterable[WatchedMessage]) -> None:
        """Record again all that is known of these messages. Returns at once."""
        self.writer.restate(messages)

    async def flush(self) -> None:
        """Wait until all recorded so far is on disk. Raises ``StoreError`` when it is not."""
        await asyncio.to_thread(self.writer.flush)

    def adopt(self, given: Remembered) -> None:
        """Take a message for known as ``given``: the board has its very columns."""
        summary = given.summary
        known = Known(
            given.row, summary.revision, given.recipients, given.absent, source=given.recipients
        )
        self.writer.adopt(summary.key, known, summary.digest)

    async def told(self) -> frozenset[Episode]:
        """The alerts whose command ran when they fired, and not yet when they were over."""
        return await self.ask(told.told)

    async def claim(self, turns: Sequence[Turn], now: float) -> Sequence[bool]:
        """Claim alerts before their commands run: see ``told.claim``. Raises ``StoreError``."""
        await self.flush()  # by then an epoch is begun, where there is a lease
        epoch = self.writer.epoch
        return await asyncio.to_thread(told.claim, self.path, turns, epoch, now)

    # --- questions -----------------------------------------------------------------------

    async def summaries(self, ids: Sequence[str] | None = None) -> dict[str, Summary]:
        """Counts and ages of messages, without recipients: a thousand in a few milliseconds."""
        return await self.ask(lambda connection: queries.summaries(connection, ids))

    async def load(self, wanted: Sequence[str | Key]) -> AsyncIterator[list[Remembered]]:
        """Messages as last seen, in portions, in the order asked; an id alone means the account
        that it belongs to now.

        Give their very ``recipients``, ``first_seen`` and ``changed_at`` to the board: the
        writer then knows that the first poll which finds nothing new needs no write.
        """
        left = list(wanted)
        while left:
            portion, left = await self.ask(partial(_portion, wanted=left))
            for each in portion:
                self.adopt(each)
            if portion:
                yield portion

    async def find_number(self, text: str, limit: int = 200) -> NumberFound:
        """Everything ever seen about one phone number; cancelling it ends the search."""
        return await self.ask(lambda connection: queries.find_number(connection, text, limit))

    async def recipient_changes(self, wanted: str | Key, slot: int) -> tuple[Transition, ...]:
        """Every change ever seen of one recipient, oldest first."""
        return await self.ask(
            lambda connection: queries.recipient_changes(connection, wanted, slot)
        )

    async def timeline(self, message_id: str, limit: int = 10_000) -> Happened:
        """What ever happened to one message."""
        return await self.ask(lambda connection: queries.timeline(connection, message_id, limit))

    async def happened_since(self, moment: float, limit: int = 10_000) -> Happened:
        """What changed from ``moment`` on, in all messages."""
        return await self.ask(lambda connection: queries.happened_since(connection, moment, limit))

    async def delivery_times(
        self, by: queries.Grouping, *, ids: Sequence[str] | None = None, since: float = 0.0
    ) -> list[DeliveryTimes]:
        """How long deliveries took: see ``queries.delivery_times``."""
        return await self.ask(
            lambda connection: queries.delivery_times(connection, by, ids=ids, since=since)
        )

    async def info(self) -> Info:
        """How large the history is, and what is in it."""
        return await self.ask(
            lambda connection: queries.info(connection, maintenance.size(self.path))
        )

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer to any question of ``queries``, from the reader's thread.

        One at a time, in order. A cancelled one is interrupted, or never begun.
        """
        cancelled = threading.Event()

        def unwanted() -> bool:
            return cancelled.is_set() or self._closing.is_set()

        def work() -> T:
            return self._reader.ask(question, unwanted)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except asyncio.CancelledError:
            cancelled.set()
            raise


def _portion(
    connection: sqlite3.Connection, wanted: Sequence[str | Key]
) -> tuple[list[Remembered], list[str | Key]]:
    """The first of ``wanted`` as last seen, and those that are left for next time."""
    portion: list[Remembered] = []
    weight = 0
    for place, message_id in enumerate(wanted):
        portion.extend(queries.load(connection, [message_id]))
        weight += len(portion[-1].recipients) if portion else 0
        if weight >= LOADED_AT_ONCE:
            return portion, list(wanted[place + 1 :])
    return portion, []
