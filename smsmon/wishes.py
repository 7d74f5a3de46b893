"""What operators want of messages that another process polls: said there, and done here."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from math import inf
from secrets import token_hex

from smsmon.clock import Clock
from smsmon.monitor.engine import Engine
from smsmon.store.base import HistoryStore
from smsmon.store.shared import LASTING, Rank, Wish

_AGAIN = 20.0
"""Seconds after which a lasting wish is said again, that it may not become void."""


class Wishes:
    """Our own wishes, for whoever polls (the engine's ``Others``)."""

    def __init__(self, engine: Engine, history: HistoryStore, clock: Clock) -> None:
        self._engine = engine
        self._history = history
        self._clock = clock
        self.who = f"{os.getpid()}-{token_hex(4)}"
        """Tells our wishes from those of others."""
        self.others_poll = False
        """Others poll, while we do too."""
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
            if self._clock.monotonic() - self._said.get(kind, -inf) >= _AGAIN:
                self._say(kind, what)

    def _say(self, kind: str, what: str = "") -> None:
        if self.others_poll or not self._engine.polls:
            self._history.wish(Wish(self.who, self._clock.now(), kind, what))
            self._said[kind] = self._clock.monotonic()


class Granting:
    """Grants the wishes of others."""

    def __init__(
        self,
        engine: Engine,
        history: HistoryStore,
        clock: Clock,
        retry: Callable[[], Awaitable[None]],
        who: str,
        *,
        partial: bool,
    ) -> None:
        """``retry`` tries the accounts again; ``who`` tells our own wishes. Where the work is
        ``partial``, each process does its part of a wish, which stands until it is void.
        """
        self._engine = engine
        self._history = history
        self._clock = clock
        self._retry = retry
        self._who = who
        self._partial = partial
        self._done: set[int] = set()
        """Wishes granted that may still stand in the record."""
        self._dropped: set[int] = set()
        """Wishes taken off the record that may not be off it yet."""

    async def grant(self, wishes: Sequence[Wish], fresh: Collection[str] = ()) -> Rank:
        """Do what others ask for; gives the highest rank of those that want to poll. ``fresh``
        are messages that came to us since this was last asked: their wishes came with them, those
        that we have said as well.
        """
        standing = {wish.id for wish in wishes}
        self._done &= standing
        self._dropped &= standing
        now = self._clock.now()
        focused: list[str] = []
        highest, over = Rank.NEVER, []
        for wish in wishes:
            if wish.void(now):
                over.append(wish.id)
            elif wish.id in self._done or (self._partial and wish.who == self._who):
                if fresh and wish.kind == "refresh":
                    self._refresh(wish, fresh)
            elif wish.who == self._who and wish.kind in LASTING:
                over.append(wish.id)  # of before we polled
            elif wish.kind == "focus":
                focused.append(wish.what)
            elif wish.kind == "rank" and wish.what.isdigit():
                highest = max(highest, Rank(min(int(wish.what), Rank.ALWAYS)))
            else:
                self._done.add(wish.id)
                if not self._partial:
                    over.append(wish.id)
                await self._do(wish)
        self._engine.focus_elsewhere(focused)
        over = [id for id in over if id not in self._dropped]
        if over and self._engine.leads:
            self._dropped.update(over)
            self._history.granted(over)
        return highest

    async def _do(self, wish: Wish) -> None:
        match wish.kind:
            case "refresh":
                self._refresh(wish)
            case "refresh all":
                self._engine.refresh_all(pass_on=False)
            case "retry":
                await self._retry()

    def _refresh(self, wish: Wish, of: Collection[str] | None = None) -> None:
        """Poll those of ``wish`` that are ours (and in ``of``), unless they were read since."""
        wanted = []
        for id in wish.what.split():
            watched = self._engine.board.get(id)
            if watched is None or not self._engine.is_ours(id) or (of is not None and id not in of):
                continue
            if of is None or (watched.asked_at or 0.0) < wish.at:
                wanted.append(id)
        self._engine.refresh(wanted)
