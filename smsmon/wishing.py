"""What operators want of the process that polls: said by the others, granted by that one."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import IntEnum
from math import inf
from secrets import token_hex

from smsmon.clock import Clock
from smsmon.monitor.engine import Engine
from smsmon.store.base import HistoryStore
from smsmon.store.shared import LASTING, Wish

AGAIN = 20.0
"""Seconds after which a lasting wish is said again, that it may not become void."""


class Rank(IntEnum):
    """Who lets whom poll: the higher one, when it asks."""

    NEVER = 0
    UNFIT = 1
    """No account of it can be used as it is set up."""
    AUTO = 2
    ALWAYS = 3


def rank_of(role: str, *, usable: bool) -> Rank:
    """How one with this ``polling.role`` stands to others; ``usable``: an account of it is."""
    if role == "never":
        return Rank.NEVER
    if role == "always":
        return Rank.ALWAYS
    return Rank.AUTO if usable else Rank.UNFIT


class Wishing:
    """The wishes of one that follows (the engine's ``Others``)."""

    def __init__(self, engine: Engine, history: HistoryStore, clock: Clock) -> None:
        self._engine = engine
        self._history = history
        self._clock = clock
        self.who = f"{os.getpid()}-{token_hex(4)}"
        """Tells our wishes from those of others."""
        self._focus = ""
        self._said: dict[str, float] = {}
        """Lasting wish → monotonic time at which it was said last."""

    def refresh(self, message_ids: Iterable[str]) -> None:
        self._say("refresh", " ".join(message_ids))

    def refresh_all(self) -> None:
        self._say("refresh all")

    def focus(self, message_id: str | None) -> None:
        self._focus = message_id or ""
        self._say("focus", self._focus)

    def retry_accounts(self) -> None:
        """Have the accounts tried again that are not well."""
        self._say("retry")

    def begin(self) -> None:
        """Another process polls from now on: it knows nothing of us."""
        self._said.clear()

    def end(self) -> None:
        """Want nothing any more."""
        if self._focus:
            self.focus(None)

    def say_again(self, rank: Rank | None) -> None:
        """Say what lasts again when it is time; ``rank``: that we want to poll in its place."""
        lasting = {"focus": self._focus} if self._focus else {}
        if rank is not None:
            lasting["rank"] = str(int(rank))
        for kind, what in lasting.items():
            if self._clock.monotonic() - self._said.get(kind, -inf) >= AGAIN:
                self._say(kind, what)

    def _say(self, kind: str, what: str = "") -> None:
        if not self._engine.leads:
            self._history.wish(Wish(self.who, self._clock.now(), kind, what))
            self._said[kind] = self._clock.monotonic()


class Granting:
    """Grants the wishes of those that follow."""

    def __init__(
        self,
        engine: Engine,
        history: HistoryStore,
        clock: Clock,
        retry: Callable[[], Awaitable[None]],
        who: str,
    ) -> None:
        """``retry`` tries the accounts again; ``who`` tells our own wishes, of before."""
        self._engine = engine
        self._history = history
        self._clock = clock
        self._retry = retry
        self._who = who
        self._done: set[int] = set()
        """Wishes granted that may still stand in the record."""

    async def grant(self, wishes: Sequence[Wish]) -> Rank:
        """Do what others ask for; gives the highest rank of those that want to poll."""
        self._done &= {wish.id for wish in wishes}
        now = self._clock.now()
        focused: list[str] = []
        highest, done = Rank.NEVER, []
        for wish in wishes:
            if wish.id in self._done:
                continue
            lasts = wish.kind in LASTING
            if wish.void(now) or (lasts and wish.who == self._who):
                done.append(wish.id)
                continue
            if wish.kind == "focus":
                focused.append(wish.what)
            elif wish.kind == "rank" and wish.what.isdigit():
                highest = max(highest, Rank(min(int(wish.what), Rank.ALWAYS)))
            else:
                done.append(wish.id)
                await self._do(wish)
        self._engine.focus_elsewhere(focused)
        if done:
            self._done.update(done)
            self._history.granted(done)
        return highest

    async def _do(self, wish: Wish) -> None:
        match wish.kind:
            case "refresh":
                self._engine.refresh(wish.what.split())
            case "refresh all":
                self._engine.refresh_all()
            case "retry":
                await self._retry()
