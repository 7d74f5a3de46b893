"""Keeps watchlist, engine and history in step: for the console and ``watch``.

What is done to the watchlist is done to the file first: an operation that cannot be kept (disk
full, broken file) raises ``StoreError`` and changes nothing. Whatever touches the disk does so
in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from smsmon.clock import Clock
from smsmon.known import Key, Remembered, key_of
from smsmon.model import Entry, Event
from smsmon.monitor.engine import Engine
from smsmon.monitor.source import Followed
from smsmon.monitor.state import Applied
from smsmon.store.base import HistoryStore, WatchlistStore
from smsmon.store.entries import Done, TakenBack
from smsmon.store.errors import StoreError, Unreachable
from smsmon.times import DAY

T = TypeVar("T")
Mine = Callable[[Iterable[Entry]], Iterable[Entry]]


class Watching:
    """Watches what the watchlist says, from what the history knows, and records what happens.

    ``mine`` picks, and may change, the entries that concern this program. ``complain`` is given
    one sentence for each trouble that is nobody's operation.
    """

    def __init__(
        self,
        engine: Engine,
        watchlist: WatchlistStore,
        history: HistoryStore,
        complain: Callable[[str], None],
        mine: Mine = iter,
    ) -> None:
        self._engine = engine
        self._watchlist = watchlist
        self._history = history
        self._complain = complain
        self._mine = mine
        self._learning: set[asyncio.Task[None]] = set()
        self._listed = False
        """All that the list says is watched, as it is recorded; False before it could be read."""
        self.listed = asyncio.Event()
        """Set when that was so for the first time."""
        self._drop: Callable[[], Awaitable[None]] = _nothing
        """Drops what is old, once there is an answer."""
        self._drop_due: Callable[[], bool] = lambda: False
        """True when a day has passed since."""
        self._shown: Callable[[], None] = lambda: None
        self._told = ""
        """The trouble with the watchlist file that was told last, while it lasts."""
        self.amended: Callable[[str], None] = lambda _: None
        """Called with the id of each message that was described anew."""
        self.recorded_anew: Callable[[], None] = lambda: None
        """Called when the history is another one, or may have lost something."""

    async def start(
        self, clock: Clock, retention_days: int, shown: Callable[[], None] = lambda: None
    ) -> None:
        """Watch what the file lists, each message from what the history knows of it.

        Drops what the history kept for ``retention_days`` (0: nothing), now and each day on
        which this program keeps what is common. ``shown`` is called
        when more messages are on the board. A watchlist that cannot be read raises
        ``StoreError`` when the rest is done, and is not complained of again; a history that
        cannot is only complained of. Where the store does not answer, it is begun with nothing:
        ``look`` does the rest when it does.
        """
        self._drop = partial(self._drop_the_old, clock, retention_days)
        self._shown = shown
        trouble, gone = None, False
        try:
            await asyncio.to_thread(self._watchlist.load)
            await self._drop()
        except Unreachable:
            gone = True
        except StoreError as error:
            trouble = error
        self._history.start(self._record_anew, self._learn)
        self._engine.subscribe(self._record)
        if not gone:
            await self._watch_the_list()
        shown()
        if trouble is not None:
            self._told = str(trouble)
            raise trouble

    async def _watch_the_list(self) -> None:
        """Watch all that the list says, each message from what the history knows of it."""
        board = self._engine.board
        left = {
            each.id: each for each in self._mine(self._watchlist.entries) if each.id not in board
        }
        try:
            async for portion in self._history.load([key_of(each) for each in left.values()]):
                known = {each.summary.message_id: each for each in portion}
                self._watch(left, known, until=portion[-1].summary.message_id)
                self._shown()
        except Unreachable:
            return
        except StoreError as error:
            self._complain(str(error))
        self._watch(left, {})
        board.arrange(each.id for each in self._mine(self._watchlist.entries))
        self._listed = True
        self.listed.set()
        self.note_watched()
        self._shown()

    async def add(self, entries: Iterable[Entry]) -> Done:
        """Watch these too. Raises ``StoreError``."""
        return await self._do(lambda: self._watchlist.add(list(entries)))

    async def remove(self, ids: Iterable[str]) -> Done:
        """Watch these no longer. Raises ``StoreError``."""
        return await self._do(lambda: self._watchlist.remove(list(ids)))

    async def amend(self, ids: Iterable[str], **fields: Any) -> Done:
        """Change fields of entries (see ``WatchlistStore.amend``). Raises ``StoreError``."""
        return await self._do(lambda: self._watchlist.amend(list(ids), **fields))

    async def take_back(self, done: Done) -> TakenBack:
        """Undo one of these. Raises ``StoreError``."""
        return await self._do(lambda: self._watchlist.take_back(done))

    async def _do(self, operation: Callable[[], T]) -> T:
        done = await asyncio.to_thread(operation)
        await self._follow(self._watchlist.entries)
        return done

    async def look(self) -> bool:
        """Take over what others did to the file; False where the store did not answer, so that
        it is to be done again.

        Trouble with it is complained of once, until it is over; the last good list goes on.
        """
        try:
            if not self._listed:
                await asyncio.to_thread(self._watchlist.load)
                await self._drop()
                await self._watch_the_list()
                return self._listed
            entries = await asyncio.to_thread(self._watchlist.poll_changes)
        except Unreachable:
            return False
        except StoreError as error:
            told, self._told = self._told, str(error)
            if told != self._told:
                self._complain(self._told)
            return True
        if not self._watchlist.broken:
            self._told = ""
        if entries is not None:
            await self._follow(entries)
        if self._engine.leads and self._drop_due():
            with contextlib.suppress(Unreachable):
                await self._drop()
        return self._listed

    async def follow_again(self) -> None:
        """Look at the list anew: which entries concern this program may have changed."""
        await self._follow(self._watchlist.entries)

    async def _follow(self, entries: Iterable[Entry]) -> None:
        """Make the engine watch ``entries`` and nothing else."""
        if not self._listed:
            await self._watch_the_list()
            return
        engine, known = self._engine, self._engine.board.messages
        wanted = {entry.id: entry for entry in self._mine(entries)}
        gone = [each for id, each in known.items() if id not in wanted]
        for each in gone:
            engine.forget(each.id)
        moved = [each for id, each in known.items() if each.entry.profile != wanted[id].profile]
        self._history.forget([key_of(each.entry) for each in (*gone, *moved)])
        new = {
            id: entry
            for id, entry in wanted.items()
            if id not in known or known[id].entry.profile != entry.profile
        }
        remembered: dict[str, Remembered] = {}
        try:
            async for portion in self._history.load([key_of(each) for each in new.values()]):
                remembered |= {each.summary.message_id: each for each in portion}
        except Unreachable:
            self._listed = False
            return
        except StoreError as error:
            self._complain(str(error))
        # Meanwhile another operation may have been here: the list on the board decides again.
        for id, entry in new.items():
            if id in known and known[id].entry.profile != entry.profile:
                engine.move(entry, remembered.get(id))
                self.amended(id)
        self._watch({id: new[id] for id in new if id not in known}, remembered, announce=True)
        for entry in wanted.values():
            if entry.id in known and known[entry.id].entry != entry:
                engine.amend(entry)
                self.amended(entry.id)
        engine.board.arrange(wanted)
        self.note_watched()

    def note_watched(self) -> None:
        """Have the history note what is on the watchlist, and how it is described there, where
        that is for us to do."""
        if self._engine.leads and self._listed:
            self._history.watching(self._watchlist.entries)

    def _watch(
        self,
        left: dict[str, Entry],
        known: dict[str, Remembered],
        *,
        until: str | None = None,
        announce: bool = False,
    ) -> None:
        """Watch the first of ``left``, up to the one named ``until``; they leave ``left``."""
        batch: list[tuple[Entry, Remembered | None]] = []
        for id in list(left):
            batch.append((left.pop(id), known.get(id)))
            if id == until:
                break
        self._engine.watch_all(batch, announce=announce)

    def _record(self, news: Applied | Event) -> None:
        if isinstance(news, Event):
            of_account, engine = news.message_id is None, self._engine
            if engine.keeps(news.profile) if of_account else engine.leads:
                self._history.record_event(news)

    def _record_anew(self) -> None:
        """Have the history record all that is known: it lost its database."""
        self._history.restate(self._engine.board.messages.values())
        self.note_watched()
        self.recorded_anew()

    def _learn(self, keys: Iterable[Key]) -> None:
        """Others recorded something newer of these than was read here: take it over."""
        learning = asyncio.create_task(self._take_over(list(keys)), name="learn")
        self._learning.add(learning)
        learning.add_done_callback(self._learning.discard)

    async def _take_over(self, keys: list[Key]) -> None:
        board = self._engine.board
        with contextlib.suppress(StoreError):  # the next poll learns it too
            async for portion in self._history.load(keys):
                for each in portion:
                    summary = each.summary
                    watched = board.get(summary.message_id)
                    newer = (
                        watched is not None
                        and watched.entry.profile == summary.profile
                        and (watched.asked_at or 0.0) < (summary.asked_at or 0.0)
                    )
                    if newer:
                        at = summary.read_at or 0.0
                        followed = Followed(summary.message_id, at, remembered=each)
                        self._engine.follow(followed)

    async def _drop_the_old(self, clock: Clock, days: int) -> None:
        if days:
            watched, now = self._watchlist.entries, clock.now()
            self._drop_due = lambda: abs(clock.now() - now) >= DAY
            try:
                await self._history.ask(lambda archive: archive.retire(watched, now, days))
            except Unreachable:
                raise
            except StoreError as error:
                self._complain(str(error))


async def _nothing() -> None:
    pass
