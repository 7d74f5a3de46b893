"""The groups of a running smsmon: kept by what the engine tells, begun when somebody asks.

What left within the last hour before that is asked of the history, once, so a restart empties no
window. Whoever never asks pays for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence, Set
from contextvars import Context
from functools import partial
from itertools import chain, islice

from smsmon.clock import Clock, sleep
from smsmon.groups import HOUR, SLOT, Dimension, Figures, Groups
from smsmon.known import Condition, Key, Remembered
from smsmon.model import Event, EventKind
from smsmon.monitor.board import Board
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied, Watched
from smsmon.store.archive import Archive
from smsmon.store.base import HistoryStore
from smsmon.store.errors import StoreError

AT_ONCE = 500
"""Messages that are put into groups while somebody waits for them."""
STEP = 200
"""Messages that are put into groups at once otherwise: a key that is pressed comes between."""
PORTION = 100
"""Messages that the history is asked for at once: what an operator asks of it comes between."""
PAUSE = 0.05
"""Seconds between two portions."""
AGAIN = 60.0
"""Seconds after which what the history could not tell is asked for again."""


class Grouping:
    """The groups of what ``engine`` watches."""

    def __init__(self, engine: Engine, history: HistoryStore, clock: Clock) -> None:
        self._engine = engine
        self._history = history
        self._clock = clock
        self._groups: Groups | None = None
        self._lacking: set[str] = set()
        """Messages that had no recipients yet when they were noted: nobody tells when they do."""
        self._new: dict[str, None] = {}
        """Watched messages that are still to be noted, where they are many."""
        self._filled: dict[str, None] = {}
        """Messages that have their recipients by now, and are still to be noted so."""
        self._tasks: list[asyncio.Task[None]] = []
        self._stirred = asyncio.Event()
        self.recalled = asyncio.Event()
        """Set once what left before it began is in the windows as well."""
        self.brought_more: Callable[[], None] = lambda: None
        """Called when groups changed though nothing happened: more of them is known."""

    def close(self) -> None:
        """Nobody asks any more."""
        for task in self._tasks:
            task.cancel()

    # --- looking -------------------------------------------------------------------------

    @property
    def whole(self) -> bool:
        """True when all of it is known, and what left before it began is in the windows as well."""
        unbuilt = self._groups is None or self._groups.unbuilt
        return self.recalled.is_set() and not self._new and not self._filled and not unbuilt

    def rows(self, dimension: Dimension) -> dict[str, Figures]:
        """Each group that has messages, or had within the last hour, by name."""
        return self._with(dimension).rows(dimension, self._clock.now())

    def row(self, dimension: Dimension, name: str) -> Figures | None:
        """One of them; None where there is none of that name."""
        return self._with(dimension).row(dimension, name, self._clock.now())

    def alone(self, message_id: str) -> Figures | None:
        """One watched message, as if it were a group."""
        return self._begun().alone(message_id, self._clock.now())

    def members(self, dimension: Dimension, name: str) -> Set[str]:
        """The messages of a group that are watched now."""
        return self._begun().members(dimension, name)

    def changed(self, dimension: Dimension, since: int) -> list[str]:
        """The groups that changed after ``revision`` was ``since``."""
        return self._begun().changed(dimension, since)

    @property
    def revision(self) -> int:
        """Grows with each change of a group."""
        return self._begun().revision

    def let_go(self, dimension: Dimension) -> None:
        """Nobody asks for these groups any more."""
        if self._groups is not None:
            self._groups.let_go(dimension)

    # --- hearing -------------------------------------------------------------------------

    def amended(self, message_id: str) -> None:
        """A message was described anew."""
        if self._groups is not None:
            self._note(self._groups, [message_id])

    def _hear(self, news: Applied | Event) -> None:
        if self._groups is None or news.message_id is None:
            return
        if isinstance(news, Event) and news.kind is EventKind.REMOVED:
            self._new.pop(news.message_id, None)
            self._groups.leave(news.message_id, self._clock.now())
        else:
            self.amended(news.message_id)

    def _begun(self) -> Groups:
        engine, board = self._engine, self._engine.board
        if self._groups is None:
            self._groups = Groups(stepwise=True)
            self._engine.subscribe(self._hear)
            for work in (self._put_together(self._groups), self._recall(self._groups)):
                # Not in the context of who asks first: a screen would be held for good by it.
                self._tasks.append(asyncio.create_task(work, name="groups", context=Context()))
        groups = self._groups
        answering = (p for p in engine.profiles if engine.account(p).condition is Condition.OK)
        groups.hear_of_accounts(frozenset(answering))
        if len(board) != groups.watched + len(self._new):
            # Some are watched from the history: nobody told.
            self._new = dict.fromkeys(id for id in board.messages if not groups.watches(id))
        if len(self._lacking) > len(board.lacking) and not self._filled:
            self._filled = dict.fromkeys(self._lacking - board.lacking)
        if len(self._new) + len(self._filled) > AT_ONCE:
            self._stirred.set()
        elif self._new or self._filled:
            self._note(groups, [*self._new, *self._filled])
        return groups

    def _with(self, dimension: Dimension) -> Groups:
        """The groups, and those by ``dimension`` as far as they can be had at once."""
        groups = self._begun()
        groups.begin(dimension)
        if groups.unbuilt <= AT_ONCE:
            groups.build(AT_ONCE)
        else:
            self._stirred.set()
        return groups

    async def _put_together(self, groups: Groups) -> None:
        """Take in what is much, in steps."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while self._new or self._filled or groups.unbuilt:
                self._note(groups, list(islice(chain(self._new, self._filled), STEP)))
                groups.build(STEP)
                await asyncio.sleep(0)
            self.brought_more()

    def _note(self, groups: Groups, ids: Iterable[str]) -> None:
        board, now = self._engine.board, self._clock.now()
        for id in ids:
            watched = board.get(id)
            if watched is not None:
                groups.note(watched, now)
            self._new.pop(id, None)
            self._filled.pop(id, None)
            (self._lacking.add if id in board.lacking else self._lacking.discard)(id)

    # --- what was before -----------------------------------------------------------------

    async def _recall(self, groups: Groups) -> None:
        while not self.recalled.is_set():
            try:
                await self._recall_all(groups)
                self.recalled.set()
                self.brought_more()
            except StoreError:  # told by who writes it
                await sleep(self._clock, AGAIN)

    async def _recall_all(self, groups: Groups) -> None:
        since = self._clock.now() - HOUR
        keys = await self._history.ask(partial(left_since, since))
        for place in range(0, len(keys), PORTION):
            found = await self._history.ask(partial(_loaded, keys[place : place + PORTION]))
            now = self._clock.now()
            for each in found:
                if each.summary.id not in self._engine.board:
                    groups.recall(as_left(each, now), now)
            if place + PORTION < len(keys):
                await sleep(self._clock, PAUSE)


def left_since(since: float, archive: Archive) -> list[Key]:
    """What left since then and counts in a window that begins then: of codes that stay for an hour
    once they are complete hardly any does."""
    return archive.left(since, since - SLOT)


def _loaded(keys: Sequence[Key], archive: Archive) -> list[Remembered]:
    return [*archive.load(keys)]


def as_left(remembered: Remembered, now: float) -> Watched:
    """A message that is watched no longer, as it was last seen."""
    return Board().restore(remembered.summary.entry, remembered, now)
