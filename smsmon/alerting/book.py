"""How it stands with the alerts, as recorded: what fires, who answered, what is silenced.

Every console and command may answer. What one of them writes shows in all within about a second:
here at once, elsewhere as soon as it is seen that something was written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf
from typing import NamedTuple, TypeVar

from smsmon.alerts import (
    NOTE_LIMIT,
    Acknowledgement,
    Episode,
    Silence,
    State,
    Subject,
    What,
    state_of,
)
from smsmon.clock import Clock
from smsmon.store.alerts import AlertStore, Answered
from smsmon.store.errors import StoreError
from smsmon.text import typed

T = TypeVar("T")


class AlertRecord:
    """One thread that asks the store: one question after the other, in their order."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "alerts")
        self._closed = False

    async def ask(self, question: Callable[[AlertStore], T]) -> T:
        """What ``question`` gives of the store. Raises ``StoreError``.

        A question that was put is asked to its end, even if nobody waits for it any more.
        """
        if self._closed:
            raise StoreError("alerts", "this program is ending", "Start it again.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, question, self._store)

    def close(self) -> None:
        """Ask nothing more; what is being asked is not waited for."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)


TRY_AGAIN = 5.0
"""Seconds after which what could not be read is read again."""
_REMEMBERED = 2_000
"""Episodes that are over of which the last is still known."""


class _Page(NamedTuple):
    """What stands in the record at one moment."""

    episodes: Sequence[Episode] = ()
    silences: Sequence[Silence] = ()


class AlertBook:
    """What is recorded of alerts, for whoever shows them, and the way to answer.

    What is shown is the last that was read, and no method of showing waits. Answers are written
    at once and are shown here when they are; they raise ``StoreError`` when they cannot be.
    """

    def __init__(self, record: AlertRecord, clock: Clock, by: str) -> None:
        """``by`` is who answers here."""
        self.by = by
        self._record = record
        self._clock = clock
        self._page = _Page()
        self._last: dict[tuple[str, Subject], Episode] = {}
        self._states: Mapping[int, State] = {}
        self._listeners: list[Callable[[], None]] = []
        self._stirred = asyncio.Event()

    # --- how it stands -------------------------------------------------------------------

    @property
    def episodes(self) -> Sequence[Episode]:
        """Those that are not over, the earliest fired first."""
        return self._page.episodes

    @property
    def silences(self) -> Sequence[Silence]:
        """Those in force, and those to come; the earliest end first."""
        return self._page.silences

    @property
    def unanswered(self) -> list[Episode]:
        """What fires, and nobody acknowledged or silenced it; the worst first."""
        left = [each for each in self.episodes if self.state_of(each) is State.FIRING]
        return sorted(left, key=lambda each: (-each.severity, each.old, each.fired_at))

    def state_of(self, episode: Episode) -> State:
        """How it stands with an episode now."""
        return state_of(episode, self.silences, self._clock.now())

    def episode_of(self, rule: str, subject: Subject, *, firing: bool) -> Episode | None:
        """The episode of a rule and a subject that is not over, or where it is not ``firing`` the
        last one; None: none is known.
        """
        last = self._last.get((rule, subject))
        # What fires anew, and was not recorded yet, is no longer the last one.
        return None if last is not None and firing and last.number not in self._states else last

    def changed(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called whenever it stands otherwise, also by time alone."""
        self._listeners.append(listener)

    async def past(self, since: float, limit: int = 1_000) -> list[Episode]:
        """The episodes of the time from ``since`` on, over or not; the latest fired first."""
        return await self._record.ask(lambda store: store.episodes(since, limit=limit))

    # --- answering -----------------------------------------------------------------------

    async def acknowledge(
        self, numbers: Collection[int], note: str = "", until: float | None = None
    ) -> list[Answered]:
        """Take on these episodes; gives what stood before, for ``take_back``."""
        told = Acknowledgement(self.by, self._clock.now(), _said(note), until)
        return await self._write(lambda store: store.acknowledge(numbers, told))

    async def withdraw(self, numbers: Collection[int]) -> list[Answered]:
        """Give back these episodes: nobody has taken them on any more."""
        return await self._write(lambda store: store.withdraw(numbers))

    async def take_back(self, answered: Sequence[Answered]) -> int:
        """Undo an answer where it still stands; gives for how many episodes."""
        return await self._write(lambda store: store.take_back(answered))

    async def silence(self, what: What, name: str, seconds: float, note: str = "") -> Silence:
        """Let nobody hear of a rule, a tag or a message for a while."""
        now = self._clock.now()
        silence = Silence(what, name, now, now + seconds, self.by, _said(note))
        return await self._write(lambda store: store.silence(silence))

    async def unsilence(self, numbers: Collection[int]) -> list[Silence]:
        """End these silences now; gives those that had lasted longer, as they were."""
        now = self._clock.now()
        return await self._write(lambda store: store.unsilence(numbers, now))

    # --- kept up to date -----------------------------------------------------------------

    async def run(self) -> None:
        """Read what is recorded whenever something was written, until cancelled."""
        while True:
            self._stirred.clear()
            try:
                await self.read()
            except StoreError:  # whoever writes says so; what was read stands until then
                pause = TRY_AGAIN
            else:
                pause = self._next_turn() - self._clock.now()
            await self._clock.wait(self._stirred, None if pause == inf else max(0.0, pause))

    def look_again(self) -> None:
        """Something was written, here or elsewhere."""
        self._stirred.set()

    async def read(self) -> None:
        """Read what is recorded, and tell when it stands otherwise. Raises ``StoreError``."""
        self._turn(await self._record.ask(partial(_read, now=self._clock.now())))

    async def _write(self, answer: Callable[[AlertStore], T]) -> T:
        now = self._clock.now()

        def write(store: AlertStore) -> tuple[T, _Page | None]:
            given = answer(store)
            try:
                return given, _read(store, now)
            except StoreError:
                return given, None

        given, page = await self._record.ask(write)
        if page is None:
            self.look_again()
        else:
            self._turn(page)
        return given

    def _turn(self, page: _Page) -> None:
        before = self._page, self._states
        self._page = page
        if len(self._last) > _REMEMBERED + len(page.episodes):
            self._last.clear()
        self._last |= {(each.rule, each.subject): each for each in page.episodes}
        self._states = {each.number: self.state_of(each) for each in page.episodes}
        if (self._page, self._states) != before:
            for listener in self._listeners:
                listener()

    def _next_turn(self) -> float:
        """When time alone changes how it stands; inf when it does not."""
        now = self._clock.now()
        moments = [each for one in self.silences for each in (one.since, one.until)]
        moments += [
            each.acknowledged.until
            for each in self.episodes
            if each.acknowledged is not None and each.acknowledged.until is not None
        ]
        return min((each for each in moments if each > now), default=inf)


def _said(note: str) -> str:
    """What somebody wrote, as it is kept."""
    return typed(" ".join(note.split()), NOTE_LIMIT)


def _read(store: AlertStore, now: float) -> _Page:
    return _Page(tuple(store.firing()), tuple(store.silences(now)))
