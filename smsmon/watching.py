"""Keeps watchlist, engine and history in step: for the console and ``watch``.

What is done to the watchlist is done to the file first: an operation that cannot be kept (disk
full, broken file) raises ``StoreError`` and changes nothing. Whatever touches the disk does so
in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from smsmon.clock import Clock
from smsmon.known import Key, Remembered, Summary, key_of
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

LOADED_AT_ONCE = 20_000
"""Recipients that are loaded before it is looked again what is needed first."""


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
        self._lacking: dict[str, None] = {}
        """The messages whose recipients are still to be loaded, in the order in which they are."""
        self._filling = False
        self.filled = asyncio.Event()
        """Set when all that the list says was watched whole for the first time."""
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
        """Watch what the file lists, each message with the counts that the history knows of it:
        ``fill`` has to follow.

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
        except Unreachable:
            gone = True
        except StoreError as error:
            trouble = error
        self._history.start(self._record_anew, self._learn)
        self._engine.subscribe(self._record)
        if not gone:
            await self._watch_the_list()
        shown()
        if self._listed and trouble is None:
            with contextlib.suppress(Unreachable):
                await self._drop()
        if trouble is not None:
            self._told = str(trouble)
            raise trouble

    async def _watch_the_list(self) -> None:
        """Watch all that the list says, each message with the counts that the history knows."""
        board, known = self._engine.board, list[Summary]()
        left = {
            each.id: each for each in self._mine(self._watchlist.entries) if each.id not in board
        }
        try:
            known = await self._history.summaries([key_of(each) for each in left.values()])
        except Unreachable:
            return
        except StoreError as error:
            self._complain(str(error))
        # Meanwhile an operation may have been here, and watched some of them.
        new = {id: entry for id, entry in left.items() if id not in board}
        self._watch(new, {each.id: Remembered(each) for each in known})
        self._lacking |= dict.fromkeys(
            each.id for each in sorted(known, key=_soonest) if each.id in board.lacking
        )
        board.arrange(each.id for each in self._mine(self._watchlist.entries))
        self._listed = True
        self.note_watched()
        self._shown()

    async def fill(self) -> None:
        """Give all that is watched the recipients that the history knows, in portions: first what
        operators look at, then what is read again soonest.

        A message is polled from when it has them: what an answer tells is compared with them.
        Where the store does not answer, ``look`` goes on when it does.
        """
        if self._filling:
            return
        self._filling = True
        try:
            while portion := self._portion():
                await self._load(portion)
                self._shown()
        except Unreachable:
            return
        except StoreError as error:
            self._complain(str(error))
            self._engine.fill((id, None) for id in self._lacking)
            self._lacking.clear()
            self._shown()
        finally:
            self._filling = False
        if self._listed:
            self.filled.set()

    def _portion(self) -> list[Key]:
        """The messages to be loaded next; those that operators look at come alone, to be soon."""
        board, found, weight = self._engine.board, list[Key](), 0
        for id in self._lacking.keys() - board.lacking:  # they are gone, or whole by now
            del self._lacking[id]
        looked_at = [id for id in self._engine.looked_at if id in self._lacking]
        for id in looked_at or self._lacking:
            watched = board[id]
            found.append(key_of(watched.entry))
            weight += watched.counts.total
            if weight >= LOADED_AT_ONCE:
                break
        return found

    async def _load(self, keys: Sequence[Key]) -> None:
        known: dict[Key, Remembered] = {}
        async for portion in self._history.load(keys):
            known |= {each.summary.key: each for each in portion}
        board = self._engine.board
        # Meanwhile one may have been moved to another account, where it is another message.
        there = [each for each in keys if each[0] in board and key_of(board[each[0]].entry) == each]
        self._engine.fill((each[0], known.get(each)) for each in there)
        for id, _ in keys:
            self._lacking.pop(id, None)

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
                await self.fill()
                return self._listed
            if self._lacking:
                await self.fill()
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
            await self.fill()
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
        unwatched = {id: entry for id, entry in new.items() if id not in known}
        self._watch(unwatched, remembered, announce=True)
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
        new: Mapping[str, Entry],
        known: Mapping[str, Remembered],
        *,
        announce: bool = False,
    ) -> None:
        self._engine.watch_all(
            [(entry, known.get(id)) for id, entry in new.items()], announce=announce
        )

    def _record(self, news: Applied | Event) -> None:
        if isinstance(news, Event):
            of_account, engine = news.message_id is None, self._engine
            if engine.keeps(news.profile) if of_account else engine.leads:
                self._history.record_event(news)

    def _record_anew(self) -> None:
        """Have the history record all that is known: it lost its database."""
        self._history.restate([each for each in self._engine.board if each.loaded])
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
                self._drop_due = lambda: True
                raise
            except StoreError as error:
                self._complain(str(error))


def _soonest(known: Summary) -> tuple[bool, bool, float]:
    """Sorts first what is read again soonest: what waits, and what changed last."""
    return (
        known.settled_at is not None,
        known.completed_at is not None,
        -(known.last_change_at or 0.0),
    )


async def _nothing() -> None:
    pass
