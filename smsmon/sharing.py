"""Who polls what, of all processes on one store; what others poll is followed, and asked for.

The store is asked for leave to poll. Whoever has it polls and records; what is not for us to poll
we look for in what others record, and take it to the board. When one that polls ends, is killed or
stands still, another one takes over from what was recorded. A store may give all to one process,
or to each a part: then a process polls its messages and follows the others at the same time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import inf

from smsmon.clock import Clock, sleep
from smsmon.following import Following
from smsmon.known import CHIEF, Condition
from smsmon.monitor.engine import Engine
from smsmon.monitor.poller import EVERYTHING, NOTHING
from smsmon.store.base import HistoryStore
from smsmon.store.errors import StoreError, Unreachable
from smsmon.store.shared import HEARTBEAT, NOTHING_NEW, Holder, Lease, Newer, News, Rank, Wish, Work
from smsmon.watching import Watching
from smsmon.who_polls import AccountNotes, OurWork, WhoPolls
from smsmon.wishes import Granting, Wishes

LOOK_EVERY = 0.4
"""Seconds between two looks at what others record: a change shows everywhere in a second."""
APART = 0.1
"""Seconds between two looks at the least, however often a store rings."""
YIELD = 3.0
"""Seconds for which one that was asked to let another poll does not poll again."""
WRITTEN_WITHIN = 2.0
"""Seconds that what was read of messages may take to be written before they are let go."""


@dataclass(slots=True)
class _Look:
    """What one look at the disk found."""

    ours: frozenset[str] = frozenset()
    """The names of what is ours, where others have a part."""
    held: bool = False
    """It is for us to poll: all, or a part."""
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
        usable: Callable[[str], bool] = lambda _: True,
        whole: bool = True,
    ) -> None:
        """``rank`` tells how we stand to others that want to poll; ``retry`` tries the accounts
        again on behalf of another process; ``usable`` says of an account whether we can ask it.
        One that does not watch the ``whole`` list leaves what is common to others, and a lease
        that cannot be divided: it polls what it watches while nobody has it.
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
        self._following = Following(engine, history, clock, partial=lease.partial)
        self.our_wishes = Wishes(engine, history, clock)
        """What is asked of another process that polls."""
        self._granting = Granting(
            engine, history, clock, retry, self.our_wishes.who, partial=lease.partial
        )
        self._stirred = asyncio.Event()
        self._follows = True
        """What others record is looked for."""
        self._ours: frozenset[str] = frozenset()
        """The names of what is ours, where others have a part."""
        self._work = OurWork(engine, clock, usable, whole=whole)
        self._lost = False
        """The store refused what we recorded: what it calls ours, it gives to others."""
        self._placed = False
        """It is known from where on the record is read."""
        self._paused = False
        """What is ours is not polled: the store does not answer, and it could not be recorded."""
        self._behind = News.POLLS | News.WISHES
        """What may have been written that was not read yet."""
        self._alone = False
        self._asked = False
        """We have asked another process to let us poll."""
        self._yields_until = -inf
        self._wishes: Sequence[Wish] = ()
        """Those of others, as read last."""
        self._accounts = AccountNotes(engine, history)
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
        engine.subscribe(self._accounts.hear)
        history.follow()

    async def begin(self) -> None:
        """Find out who polls, before the history is loaded."""
        self._follower.ring(partial(_in_loop, asyncio.get_running_loop(), self.look_now))
        self._turn(await self._look_at_disk())

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
        before = self._ours
        if look.newer is not None:
            # Of what came to us since the last look, those know better who polled it until then.
            self._following.take(look.newer, before & look.ours)
        self._turn(look)
        self._following.tell_early()
        if before - self._ours:
            await self._write_out()
        wanted = None if self._lease.partial else self._wanted_rank()
        self.our_wishes.say_again(wanted)
        if not self._engine.polls:
            self._asked = wanted is not None
            return
        self._accounts.note()
        if look.followed:
            highest = await self._granting.grant(look.wishes, self._ours - before)
            if highest > self._rank() and not (self._alone or self._lease.partial):
                await self._hand_over()

    def close(self) -> None:
        """Poll no more; what was found can still be written, until ``release``."""
        self.our_wishes.end()
        self._engine.grant(NOTHING)

    async def release(self) -> None:
        """Let another one poll: the last that is done, when all is written."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WRITTEN_WITHIN):
                for let_go in (self._lease.release, self._lease.leave, self._follower.close):
                    await loop.run_in_executor(self._thread, let_go)
        self._thread.shutdown(wait=False)

    # --- the disk, in a thread -----------------------------------------------------------

    async def _look_at_disk(self) -> _Look:
        loop, now = asyncio.get_running_loop(), self._clock.monotonic()
        rank = self._rank() if now >= self._yields_until else Rank.NEVER
        wanted = self._work.known() if self._lease.partial else {}
        return await loop.run_in_executor(self._thread, self._look, rank, wanted)

    def _look(self, rank: Rank, wanted: Mapping[str, Work]) -> _Look:
        look = _Look()
        if self._lease.partial:
            self._share(look, rank, wanted)
        else:
            look.held = self._ask_lease(rank > Rank.NEVER)
            look.alone = look.held and not self._lease.held
        look.holder = self._lease.holder
        if self._lease.partial:
            look.followed = self._lease.attended()
        elif not look.held:
            self._lease.attend()
        elif not look.alone:
            self._lease.leave()
            look.followed = self._lease.attended()
        try:
            self._look_for_news(look)
        except Unreachable:
            look.reached = False
        except StoreError:  # whoever writes, or asks, says so; and it is tried again soon
            pass
        if self._lease.partial:
            look.held = bool(look.ours)
        return look

    def _look_for_news(self, look: _Look) -> None:
        look.news = self._follower.changed()
        self._behind |= look.news
        if not self._placed:
            self._following.cursor = self._follower.end()
            self._placed = True
            return
        # What comes to us is brought to what was recorded last before it is polled.
        comes = look.ours - self._ours if self._lease.partial else look.held
        if self._follows and (News.POLLS in self._behind or comes):
            ours, look.ours = look.ours, look.ours & self._ours  # should this not be told
            look.newer = self._follower.newer(self._following.cursor)
            look.ours = ours
            self._behind &= ~News.POLLS
        if look.held and look.followed:
            if News.WISHES in self._behind:
                self._wishes = self._follower.wishes()
                self._behind &= ~News.WISHES
            look.wishes = self._wishes

    def _share(self, look: _Look, rank: Rank, wanted: Mapping[str, Work]) -> None:
        """Keep our part of the work, as it is by now."""
        if self._lost:
            self._lease.release()
            self._lost = False
        try:
            look.ours = frozenset(self._lease.claim(wanted if rank > Rank.UNFIT else {}, rank))
        except StoreError as error:
            look.reached = not isinstance(error, Unreachable)
            look.ours = self._ours if self._lease.held else look.ours
        look.held = bool(look.ours)

    def _ask_lease(self, wants: bool) -> bool:
        """True when it is for us to poll."""
        if self._lease.held:
            return self._lease.renew()
        if not (wants and self._whole):
            self._lease.look()
            return wants and self._lease.holder is None
        try:
            self._lease.claim({})
        except Unreachable:
            return False
        except StoreError:
            return True
        return self._lease.held

    # --- whose turn it is ----------------------------------------------------------------

    def _turn(self, look: _Look) -> None:
        """Poll from now on, or follow; or another part than before."""
        polls = self._engine.polls or self._paused
        self.our_wishes.others_poll = look.held and self._lease.partial and self._lease.pollers > 1
        if look.held and look.reached and (not polls or look.alone != self._alone):
            self._poll(look)
        elif not look.held and polls:
            self._follow()
            return  # who has it by now is seen at once
        elif polls and (look.ours != self._ours or look.reached is self._paused):
            self._grant(look)
        if self._engine.polls:
            self._history.followed(look.followed)
            if not look.followed:
                self._engine.focus_elsewhere(())
        since = None if look.reached else self.polling.unreachable_since or self._clock.now()
        shares = self._lease.partial and self._lease.pollers > 1
        ours = len(self._engine.board.messages.keys() & look.ours) if shares else None
        polling = WhoPolls(
            look.held,
            look.holder,
            look.followed,
            self._lease.pollers or int(look.alone),
            ours,
            since,
        )
        if polling != self.polling:
            self.polling = polling
            self.turned()

    def _poll(self, look: _Look) -> None:
        history, loop = self._history, asyncio.get_running_loop()
        self._follows, self._alone = self._lease.partial, look.alone
        self._accounts.begin()
        if look.alone:
            history.record_alone()
        else:
            history.lead(self._lease.ours_still, partial(_in_loop, loop, self._superseded))
        refused = self._asked and [
            name
            for name in self._engine.profiles
            if self._engine.account(name).condition is Condition.STOPPED
        ]
        self._grant(look)
        for name in refused or ():
            self._engine.retry_account(name)  # refused to one who could not use it
        self._asked = False

    def _grant(self, look: _Look) -> None:
        """Poll what is ours by now, and do what comes with it."""
        led, engine = self._engine.polls and CHIEF in self._ours, self._engine
        changed = self._ours ^ look.ours
        self._following.leave(self._ours - look.ours)
        self._ours = look.ours
        self._paused = not look.reached
        granted = EVERYTHING if look.alone else self._lease
        engine.grant(
            NOTHING if self._paused else granted, in_parts=self._lease.partial, changed=changed
        )
        self._accounts.leave()
        if engine.leads and not led:
            self._watching.note_watched()
            self.took_over()

    def _follow(self) -> None:
        self._paused = False
        self._engine.grant(NOTHING)
        self._history.follow()
        if self._lease.partial:
            self._following.leave(self._ours)
        else:
            self._following.begin()
        self._ours = frozenset()
        self.our_wishes.begin()
        self._follows = True
        self._behind |= News.POLLS
        self._stirred.set()

    def _superseded(self) -> None:
        """Another process records: the database itself says so."""
        if self._lease.partial:
            self._lost = True
            self._stirred.set()
        elif self._engine.polls and not self._alone:
            self._lease.release()
            self._follow()

    async def _write_out(self) -> None:
        """Have it written what was read of messages that others are to poll: they get them by the
        next look."""
        with contextlib.suppress(StoreError, TimeoutError):  # else they read it again
            async with asyncio.timeout(WRITTEN_WITHIN):
                await self._history.flush()

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


def _in_loop(loop: asyncio.AbstractEventLoop, called: Callable[[], None]) -> None:
    """Call it in ``loop``, from any thread; it is not when the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(called)
