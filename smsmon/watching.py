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
from smsmon.departures import Departures, why_it_left
from smsmon.filling import Filled, Filling
from smsmon.following import take_over
from smsmon.known import Key, LastPoll, Remembered, Summary, key_of
from smsmon.model import Entry, Event, EventKind
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied, Watched
from smsmon.store.arrivals import Changed
from smsmon.store.base import HistoryStore, WatchlistStore
from smsmon.store.entries import Done, TakenBack
from smsmon.store.errors import StoreError, Unreachable
from smsmon.store.past import RETIRED_AT_ONCE
from smsmon.times import DAY

T = TypeVar("T")
Mine = Callable[[Iterable[Entry]], Iterable[Entry]]

SUMMED_AT_ONCE = 1_000
"""Messages that are asked for at once: what comes of them is taken over before the next."""


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
        self._departures = Departures()
        self._now: Callable[[], float] = lambda: 0.0
        self._quiet = False
        """What comes and leaves just now is no line of the log."""
        self._one_by_one = asyncio.Lock()
        """Held by who brings the board to what the list says."""
        self._listed = False
        """All that the list says is watched, as it is recorded; False before it could be read."""
        self._filling = Filling(engine, history, complain)
        self.filled = asyncio.Event()
        """Set when all that the list says was watched whole for the first time."""
        self._drop: Callable[[], Awaitable[None]] = _nothing
        """Drops what is old, once there is an answer."""
        self._drop_due: Callable[[], bool] = lambda: False
        """True when a day has passed since."""
        self._shown: Callable[[], None] = lambda: None
        self._filled: Filled = lambda _: None
        self._told = ""
        """The trouble with the watchlist file that was told last, while it lasts."""
        self.amended: Callable[[str], None] = lambda _: None
        """Called with the id of each message that was described anew."""
        self.recorded_anew: Callable[[], None] = lambda: None
        """Called when the history is another one, or may have lost something."""

    async def start(
        self,
        clock: Clock,
        retention_days: int,
        shown: Callable[[], None] = lambda: None,
        filled: Filled = lambda _: None,
    ) -> None:
        """Watch what the file lists, each message with the counts that the history knows of it:
        ``fill`` has to follow.

        Drops what the history kept for longer than ``retention_days`` (0: nothing), now and on
        each day on which this program is the chief. ``shown`` is called when more messages are on
        the board, ``filled`` with those that have their recipients by now. A watchlist that cannot
        be read raises ``StoreError`` when the rest is done, and is not complained of again; a
        history that cannot be read is only complained of. Where the store does not answer, it is
        begun with nothing: ``look`` does the rest once it answers.
        """
        self._now = clock.now
        self._drop = partial(self._drop_the_old, clock, retention_days)
        self._shown, self._filled = shown, filled
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
            async with self._one_by_one:
                await self._watch_the_list()
        if not self._listed:
            shown()
        if self._listed and trouble is None:
            with contextlib.suppress(Unreachable):
                await self._drop()
        if trouble is not None:
            self._told = str(trouble)
            raise trouble

    async def _watch_the_list(self) -> None:
        """Watch all that the list says, each message with the counts that the history knows."""
        board = self._engine.board
        left = [each for each in self._mine(self._watchlist.entries) if each.id not in board]
        polls: Mapping[Key, LastPoll] | None = None
        for start in range(0, len(left), SUMMED_AT_ONCE):
            some, known = left[start : start + SUMMED_AT_ONCE], list[Summary]()
            try:
                if polls is None:
                    polls = await self._history.ask(lambda archive: archive.polls())
                known = await self._history.summaries([key_of(each) for each in some])
            except Unreachable:
                return
            except StoreError as error:
                self._complain(str(error))
            # Meanwhile an operation may have been here, and watched some of them.
            new = {each.id: each for each in some if each.id not in board}
            self._watch(new, {each.id: Remembered(each) for each in known})
            for each in known:
                if polls and each.id in new and (last := polls.get(each.key)) is not None:
                    board[each.id].note_last_read(last)
            self._filling.note(known)
        self._listed = True
        # What was watched before the store was gone may be gone too, or described anew.
        await self._follow(self._watchlist.entries)
        self.note_watched()
        self._shown()

    async def fill(self) -> None:
        """Give all that is watched the recipients that the history knows (see ``Filling``). Where
        the store does not answer, ``look`` goes on when it does.
        """
        await self._filling.run(self._filled)
        if self._listed and self._filling.over:
            self.filled.set()

    async def _fill_rest(self) -> None:
        if not self._filling.over or (self._listed and not self.filled.is_set()):
            await self.fill()

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
        await self.follow_again()
        return done

    async def look(self, *, whole: bool = True) -> bool:
        """Take over what others did to the list, and what came and left by itself; ``whole`` is
        False for the latter alone. Gives False where the store did not answer, so that it is to be
        done again.

        Trouble with it is complained of once, until it is over; the last good list goes on.
        """
        async with self._one_by_one:
            try:
                if not self._listed:
                    await asyncio.to_thread(self._watchlist.load)
                    await self._drop()
                    await self._watch_the_list()
                else:
                    poll = partial(self._watchlist.poll_changes, whole=whole)
                    if (changed := await asyncio.to_thread(poll)) is not None:
                        await self._take(changed)
                    await self._let_go()
            except Unreachable:
                return False
            except StoreError as error:
                told, self._told = self._told, str(error)
                if told != self._told:
                    self._complain(self._told)
                return True
        await self._fill_rest()
        if not self._watchlist.broken:
            self._told = ""
        if self._engine.leads and self._drop_due():
            with contextlib.suppress(Unreachable):
                await self._drop()
        return self._listed

    async def follow_again(self) -> None:
        """Look at the list anew: which entries concern this program may have changed."""
        async with self._one_by_one:
            if self._listed:
                await self._follow(self._watchlist.entries)
            else:
                await self._watch_the_list()
        await self._fill_rest()

    async def _let_go(self) -> None:
        """Have what came by itself leave when it is time, where that is for us to do."""
        if not self._engine.leads:
            return
        board, looked_at = self._engine.board.messages, self._engine.looked_at
        ids = [*self._departures.due(self._now(), board, looked_at), *self._watchlist.hidden]
        if ids:
            await asyncio.to_thread(self._watchlist.leave, ids)

    async def _take(self, changed: Changed) -> None:
        """Bring the board to what others changed; what came and left costs no more than that."""
        if changed.listed is not None:
            await self._follow(changed.listed)
            return
        known = self._engine.board.messages
        gone = [known[id] for id in changed.left if id in known]
        self._forget(gone)
        came = {entry.id: entry for entry in self._mine(changed.came)}
        await self._bring(gone, came)

    async def _follow(self, entries: Iterable[Entry]) -> None:
        """Make the engine watch ``entries`` and nothing else."""
        known = self._engine.board.messages
        wanted = {entry.id: entry for entry in self._mine(entries)}
        gone = [each for id, each in known.items() if id not in wanted]
        self._forget(gone)
        await self._bring(gone, wanted)
        self._engine.board.arrange(wanted)

    async def _bring(self, gone: Sequence[Watched], wanted: Mapping[str, Entry]) -> None:
        """Watch what is ``wanted``, as it is described there, besides what is watched already;
        those that are ``gone`` are not any more.
        """
        engine, known = self._engine, self._engine.board.messages
        differ = {
            id: entry
            for id, entry in wanted.items()
            if id not in known or (known[id].entry is not entry and known[id].entry != entry)
        }
        moved = {
            id: known[id].entry
            for id, entry in differ.items()
            if id in known and known[id].entry.profile != entry.profile
        }
        changes: dict[Key, Entry | None] = {key_of(each.entry): None for each in gone}
        changes |= {key_of(each): None for each in moved.values()}
        self._history.forget([*changes])
        new = [entry for id, entry in differ.items() if id not in known or id in moved]
        remembered: dict[str, Remembered] = {}
        try:
            async for portion in self._history.load([key_of(each) for each in new]):
                remembered |= {each.summary.message_id: each for each in portion}
        except Unreachable:
            self._listed = False
            return
        except StoreError as error:
            self._complain(str(error))
        for id in moved:
            engine.move(differ[id], remembered.get(id))
            self._departures.note(known[id])
            self.amended(id)
        unwatched = {entry.id: entry for entry in new if entry.id not in known}
        self._watch(unwatched, remembered, announce=True)
        for id, entry in differ.items():
            if known[id].entry is not entry and known[id].entry != entry:
                engine.amend(entry)
                self._departures.note(known[id])
                self.amended(id)
        changes |= {key_of(entry): entry for entry in differ.values()}
        if changes and engine.leads:
            self._history.came_and_left(changes)

    def _forget(self, gone: Iterable[Watched]) -> None:
        now = self._now()
        for each in gone:
            self._departures.drop(each.id)
            why = why_it_left(each, now)
            self._quiet = each.entry.arrival is not None and each.complete
            self._engine.forget(each.id, why)
        self._quiet = False

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
        for id in new:
            self._departures.note(self._engine.board[id])

    def _record(self, news: Applied | Event) -> None:
        if isinstance(news, Event):
            of_account, engine = news.message_id is None, self._engine
            if self._goes_without_saying(news):
                return
            if engine.keeps(news.profile) if of_account else engine.leads:
                self._history.record_event(news)
        elif news.changed and (watched := self._engine.board.get(news.message_id)) is not None:
            self._departures.note(watched)

    def _goes_without_saying(self, event: Event) -> bool:
        """True of what comes by itself, and leaves when it is complete: there are many, and when
        each was first read and when it was complete is recorded anyhow.
        """
        if event.kind is EventKind.ADDED:
            watched = self._engine.board.get(event.message_id or "")
            return watched is not None and watched.entry.arrival is not None
        return event.kind is EventKind.REMOVED and self._quiet

    def _record_anew(self) -> None:
        """Have the history record all that is known: it lost its database."""
        self._history.restate([each for each in self._engine.board if each.loaded])
        self.note_watched()
        self.recorded_anew()

    def _learn(self, keys: Iterable[Key]) -> None:
        """Others recorded something newer of these than was read here: take it over."""
        learning = asyncio.create_task(
            take_over(self._engine, self._history, list(keys)), name="learn"
        )
        self._learning.add(learning)
        learning.add_done_callback(self._learning.discard)

    async def _drop_the_old(self, clock: Clock, days: int) -> None:
        if days:
            watched, now = self._watchlist.entries, clock.now()
            self._drop_due = lambda: abs(clock.now() - now) >= DAY
            try:
                gone = await self._history.ask(lambda archive: archive.retire(watched, now, days))
                if gone and gone.messages >= RETIRED_AT_ONCE:
                    self._drop_due = lambda: True
            except Unreachable:
                self._drop_due = lambda: True
                raise
            except StoreError as error:
                self._complain(str(error))


async def _nothing() -> None:
    pass
