"""Of all processes on one home one polls; the others follow what it records, and ask it.

The store is asked for leave to poll. Whoever has it polls and records; everybody else looks
whether something new was recorded, and takes it to the board. When the one that polls ends,
is killed or stands still, another one takes over from what was recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from math import inf

from smsmon.clock import Clock, sleep
from smsmon.following import Following, Wishes
from smsmon.known import AccountState, Condition
from smsmon.model import Event
from smsmon.monitor.engine import Engine
from smsmon.monitor.poller import EVERYTHING, NOTHING
from smsmon.monitor.state import Applied
from smsmon.store.base import HistoryStore
from smsmon.store.errors import StoreError, Unreachable
from smsmon.store.shared import (
    HEARTBEAT,
    LASTING,
    NOTHING_NEW,
    Holder,
    Lease,
    Newer,
    News,
    Wish,
)
from smsmon.watching import Watching

LOOK_EVERY = 0.4
"""Seconds between two looks at what others record: a change shows everywhere in a second."""
APART = 0.1
"""Seconds between two looks at the least, however often a store rings."""
YIELD = 3.0
"""Seconds for which one that was asked to let another poll does not poll again."""


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


@dataclass(frozen=True, slots=True)
class WhoPolls:
    """Who polls, for people."""

    here: bool = False
    holder: Holder | None = None
    """The other process that does; None: nobody, or it is not known."""
    followed: bool = False
    """Others follow what we read."""
    unreachable_since: float | None = None
    """Since when the store does not answer; None while it does. Nothing is polled then, and what
    is shown is what was known."""


@dataclass(slots=True)
class _Look:
    """What one look at the disk found."""

    held: bool
    """It is for us to poll."""
    alone: bool = False
    """There is no lease to be had here: nobody is in the way, and nothing can be shared."""
    holder: Holder | None = None
    followed: bool = False
    reached: bool = True
    """The store answered."""
    news: News = NOTHING_NEW
    """What somebody wrote of since the last look, another process or we."""
    newer: Newer | None = None
    wishes: Sequence[Wish] = ()


class Sharing:
    """Lets ``engine`` poll when the lease is ours, and follow when it is another's."""

    def __init__(
        self,
        engine: Engine,
        history: HistoryStore,
        watching: Watching,
        lease: Lease,
        clock: Clock,
        rank: Callable[[], Rank],
        retry: Callable[[], Awaitable[None]],
        *,
        whole: bool = True,
    ) -> None:
        """``rank`` tells how we stand to others that want to poll; ``retry`` tries the accounts
        again on behalf of another process. One that does not watch the ``whole`` list leaves
        the lease to others: it polls what it watches while nobody has it.
        """
        self._whole = whole
        self._engine = engine
        self._history = history
        self._watching = watching
        self._lease = lease
        self._clock = clock
        self._rank = rank
        self._follower = history.follower()
        self._thread = ThreadPoolExecutor(1, "sharing")
        self._following = Following(engine, history, clock)
        self.our_wishes = Wishes(engine, history, clock)
        """What is asked of another process that polls."""
        self._granting = Granting(engine, history, clock, retry, self.our_wishes.who)
        self._stirred = asyncio.Event()
        self._follows = True
        self._behind = News.POLLS | News.WISHES
        """What may have been written that was not read yet."""
        self._alone = False
        self._asked = False
        """We have asked another process to let us poll."""
        self._yields_until = -inf
        self._wishes: Sequence[Wish] = ()
        """Those of others, as read last."""
        self._accounts: dict[str, AccountState] = {}
        """How it stands with the accounts, as recorded last."""
        self.polling = WhoPolls()
        self.looked_at = clock.monotonic()
        """When it last looked who polls, and did what follows from it."""
        self.turned: Callable[[], None] = lambda: None
        """Called when it changes who polls."""
        self.took_over: Callable[[], None] = lambda: None
        """Called when we begin to poll."""
        self.wrote: Callable[[News], None] = lambda _: None
        """Called when it was seen that anybody wrote, and of what."""
        engine.grant(NOTHING)
        engine.others = self.our_wishes
        engine.subscribe(self._hear)
        history.follow()

    async def begin(self) -> None:
        """Find out who polls, before the history is loaded."""
        self._follower.ring(partial(_in_loop, asyncio.get_running_loop(), self.look_now))
        self._turn(await self._look_at_disk(first=True))

    async def run(self) -> None:
        """Poll or follow, whichever it is, until cancelled."""
        while True:
            await self.step()
            self.looked_at = self._clock.monotonic()
            calm = self.polling.here and not self.polling.followed
            if await self._clock.wait(self._stirred, HEARTBEAT if calm else LOOK_EVERY):
                await sleep(self._clock, self.looked_at + APART - self._clock.monotonic())
            self._stirred.clear()

    def look_now(self) -> None:
        """Look at once: something was written, or how we stand to others may have changed."""
        self._stirred.set()

    async def step(self) -> None:
        """Look once, and do what follows from it."""
        look = await self._look_at_disk()
        if look.news:
            self.wrote(look.news)
        if look.newer is not None and not self._engine.leads:
            self._following.take(look.newer)
        self._turn(look)
        self._following.tell_early()
        if not self._engine.leads:
            wanted = self._wanted_rank()
            self._asked = wanted is not None
            self.our_wishes.say_again(wanted)
            return
        self._note_accounts()
        if look.followed:
            highest = await self._granting.grant(look.wishes)
            if highest > self._rank() and not self._alone:
                await self._hand_over()

    def close(self) -> None:
        """Poll no more; what was found can still be written, until ``release``."""
        self.our_wishes.end()
        self._engine.grant(NOTHING)

    def release(self) -> None:
        """Let another one poll: the last that is done, when all is written."""
        self._lease.release()
        self._lease.leave()
        self._thread.submit(self._follower.close)
        self._thread.shutdown(wait=False)

    # --- the disk, in a thread -----------------------------------------------------------

    async def _look_at_disk(self, *, first: bool = False) -> _Look:
        wants = self._rank() > Rank.NEVER and self._clock.monotonic() >= self._yields_until
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._look, wants, first)

    def _look(self, wants: bool, first: bool) -> _Look:
        look = _Look(self._ask_lease(wants))
        look.alone = look.held and not self._lease.held
        look.holder = self._lease.holder
        if not look.held:
            self._lease.attend()
        elif not look.alone:
            self._lease.leave()
            look.followed = self._lease.attended()
        try:
            self._look_for_news(look, first)
        except Unreachable:
            look.reached = False
        except StoreError:  # whoever writes, or asks, says so; and it is tried again soon
            pass
        return look

    def _look_for_news(self, look: _Look, first: bool) -> None:
        look.news = self._follower.changed()
        self._behind |= look.news
        if first:
            self._following.cursor = self._follower.end()
        elif self._follows and (News.POLLS in self._behind or look.held):
            look.newer = self._follower.newer(self._following.cursor)
            self._behind &= ~News.POLLS
        elif look.followed:
            if News.WISHES in self._behind:
                self._wishes = self._follower.wishes()
                self._behind &= ~News.WISHES
            look.wishes = self._wishes

    def _ask_lease(self, wants: bool) -> bool:
        """True when it is for us to poll."""
        if self._lease.held:
            return self._lease.renew()
        if not (wants and self._whole):
            self._lease.look()
            return wants and self._lease.holder is None
        try:
            self._lease.claim(())
        except Unreachable:
            return False
        except StoreError:
            return True
        return self._lease.held

    # --- whose turn it is ----------------------------------------------------------------

    def _turn(self, look: _Look) -> None:
        """Poll from now on, or follow."""
        leads = self._engine.leads
        if look.held and (not leads or look.alone != self._alone):
            self._lead(alone=look.alone)
        elif not look.held and leads:
            self._follow()
            return  # who has it by now is seen at once
        if self._engine.leads:
            self._history.followed(look.followed)
            if not look.followed:
                self._engine.focus_elsewhere(())
        since = None if look.reached else self.polling.unreachable_since or self._clock.now()
        polling = WhoPolls(look.held, look.holder, look.followed, since)
        if polling != self.polling:
            self.polling = polling
            self.turned()

    def _lead(self, *, alone: bool) -> None:
        history, loop = self._history, asyncio.get_running_loop()
        self._follows, self._alone = False, alone
        self._accounts.clear()

        if alone:
            history.record_alone()
        else:
            history.lead(self._lease.ours_still, partial(_in_loop, loop, self._superseded))
        self._watching.note_watched()
        refused = self._asked and [
            name
            for name in self._engine.profiles
            if self._engine.account(name).condition is Condition.STOPPED
        ]
        self._engine.grant(EVERYTHING if alone else self._lease)
        for name in refused or ():
            self._engine.retry_account(name)  # refused to one who could not use it
        self._asked = False
        self.took_over()

    def _follow(self) -> None:
        self._engine.grant(NOTHING)
        self._history.follow()
        self._following.begin()
        self.our_wishes.begin()
        self._follows = True
        self._behind |= News.POLLS
        self._stirred.set()

    def _superseded(self) -> None:
        """Another process records: the database itself says so."""
        if self._engine.leads and not self._alone:
            self._lease.release()
            self._follow()

    async def _hand_over(self) -> None:
        """Another process is to poll: it claims within a second."""
        self._yields_until = self._clock.monotonic() + YIELD
        self._engine.grant(NOTHING)
        with contextlib.suppress(StoreError):  # what is not written is read again by the other
            await self._history.flush()
        self._lease.release()
        self._follow()

    def _wanted_rank(self) -> Rank | None:
        """The rank to ask with for leave to poll; None: whoever polls does it well."""
        rank = self._rank()
        conditions = [self._engine.account(name).condition for name in self._engine.profiles]
        asks = rank is Rank.AUTO and Condition.STOPPED in conditions
        return rank if rank is Rank.ALWAYS or asks else None

    # --- polling for others --------------------------------------------------------------

    def _hear(self, news: Applied | Event) -> None:
        if isinstance(news, Event) and news.message_id is None and self._engine.leads:
            self._note_accounts()

    def _note_accounts(self) -> None:
        """Record how it stands with the accounts, where that changed."""
        changed = []
        for name in self._engine.profiles:
            state = self._engine.account(name)
            # The next try is told to the second: it is reckoned anew each time.
            retry_at = None if state.retry_at is None else float(round(state.retry_at))
            state = replace(state, retry_at=retry_at, held_until=None)
            if self._accounts.get(name) != state:
                self._accounts[name] = state
                changed.append(state)
        if changed:
            self._history.record_accounts(changed)


def _in_loop(loop: asyncio.AbstractEventLoop, called: Callable[[], None]) -> None:
    """Call it in ``loop``, from any thread; it is not when the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(called)


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
