"""A running smsmon, with a screen or without: accounts → engine, stores, alerts, others.

The engine is there from the start, for the first paint to look at. The stores and the HTTP
client, which take longer to load than all else of ours, wait until it has been.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from smsmon.accounts import Accounts, limits_of
from smsmon.alerting.running import RunningAlerts
from smsmon.clock import Clock
from smsmon.egress import egress_of, egress_windows
from smsmon.incoming import Incoming
from smsmon.known import AccountState, Condition
from smsmon.learned import Learning
from smsmon.model import Balance, Entry
from smsmon.monitor.engine import Engine
from smsmon.store import open_store

if TYPE_CHECKING:
    from smsmon.alerting.looking import Tell
    from smsmon.grouping import Grouping
    from smsmon.locations import Locations
    from smsmon.monitor.source import Source
    from smsmon.monitor.state import Applied, Watched
    from smsmon.settings import Settings
    from smsmon.sharing import Sharing
    from smsmon.store.base import HistoryStore, Store, WatchlistStore
    from smsmon.store.errors import StoreError
    from smsmon.store.shared import News, Rank
    from smsmon.watching import Watching
    from smsmon.who_polls import WhoPolls

LOOKS_ONLY = "this user of the store may only look"
TOLD_EVERY = 20.0
"""Seconds between two looks at a watchlist whose changes are told."""


class Session:
    """Watches, polls or follows, records and tells, until it is closed.

    ``complain`` is given one sentence for each trouble with the stores, in any thread. ``name``
    is what the processes of others call this one. ``only`` are the ids watched; None: all of
    the watchlist.
    """

    def __init__(
        self,
        accounts: Accounts,
        locations: Locations,
        clock: Clock,
        complain: Callable[[str], None],
        *,
        name: str,
        only: Collection[str] | None = None,
        rng: Random | None = None,
        store: Store | None = None,
        stdin: int | None = None,
    ) -> None:
        """``clock`` is the one that ``store`` gave, if it is given; ``stdin`` is where a source may
        read standard input.
        """
        self.accounts = accounts
        self.clock = clock
        self.halted = ""
        """Why nothing is polled at all, by a fault of our own; empty when all is well."""
        self._store = store or open_store(locations, accounts.settings)
        accounts.window_beyond = egress_windows(self._store, accounts.settings, clock)
        self._complain = complain
        self._name = name
        self.incoming = Incoming(accounts, locations, clock, complain, name, stdin)
        """What brings messages by itself."""
        self._only = only
        self._started = False
        self.looked_at = clock.monotonic()
        """When it last looked at the watchlist, once it does."""
        self._list_stirred = asyncio.Event()
        self._list_written = False
        """Somebody wrote to what people added, since it was looked at."""
        self._gone = False
        """The history cannot be written as the store does not answer."""
        self._using = asyncio.Lock()
        sources = accounts.sources.items()
        self.engine = Engine(
            {name: source for name, source in sources if name not in accounts.problems},
            clock,
            limits=limits_of(accounts.settings),
            recorder=self,
            rng=rng,
            windows=accounts.windows,
            trouble_below=accounts.settings.display.trouble_share,
        )
        whole = only is None
        self.alerts = RunningAlerts(
            accounts, self.engine, clock, complain, lambda: self.history, self.balance, whole=whole
        )
        self._learning = Learning(self._store, self.engine, clock)
        accounts.connected = self._connected

    @cached_property
    def history(self) -> HistoryStore:
        return self._store.history(self.clock, self._history_trouble)

    @cached_property
    def watchlist(self) -> WatchlistStore:
        return self._store.watchlist(self.clock)

    @cached_property
    def watching(self) -> Watching:
        from smsmon.watching import Watching

        return Watching(self.engine, self.watchlist, self.history, self._complain, self._mine)

    @cached_property
    def grouping(self) -> Grouping:
        """Many messages as one row, from when somebody asks for them."""
        from smsmon.grouping import Grouping

        return Grouping(self.engine, self.history, self.clock)

    @cached_property
    def sharing(self) -> Sharing:
        """Who polls, of all processes on this home."""
        from smsmon.sharing import Sharing

        return Sharing(
            self.engine,
            self.history,
            self.watching,
            self._store.lease(self.clock, self._name, egress_of(self.accounts.settings)),
            self.clock,
            self._rank,
            self._retry_here,
            usable=self.accounts.clients.__contains__,
            whole=self._only is None,
        )

    # --- its life ------------------------------------------------------------------------

    async def start(
        self,
        alerted: Tell,
        shown: Callable[[], None] = lambda: None,
        filled: Callable[[Collection[str]], object] = lambda _: None,
    ) -> None:
        """Watch what the watchlist says; ``shown`` is called when more is on the board. The
        recipients are there when ``fill`` is through, which has to follow: ``filled`` is called
        with the messages that have them.

        ``alerted`` is given the alerts that begin or end, once ``alerts`` runs.

        Raises ``StoreError`` when the watchlist cannot be read.
        """
        await asyncio.to_thread(lambda: self.watchlist)  # what it needs takes time to load
        self._started = True
        self.alerts.start(alerted, self.watching.filled)
        self._use_rules()
        self._use_sources()
        self.sharing.wrote = self._wrote
        self.watching.amended = self._amended
        await self.sharing.begin()
        days = self.accounts.settings.history.retention_days
        await self.watching.start(self.clock, days, shown, filled)

    async def fill(self) -> None:
        """Load the recipients of all that is watched; what has them is polled meanwhile."""
        await self.watching.fill()

    async def look_at_watchlist(
        self, every: float, looked: Callable[[], None] = lambda: None
    ) -> None:
        """Take over what others do to the watchlist every so many seconds, or as soon as the store
        tells of it, until cancelled.
        """
        calm = max(every, TOLD_EVERY) if self.watchlist.told else every
        looked_well, last = True, self.clock.monotonic()
        while True:
            wait = calm if looked_well else every
            await self.clock.wait(
                self._list_stirred, max(0.0, last + wait - self.clock.monotonic())
            )
            self._list_stirred.clear()
            now = self.clock.monotonic()
            whole, self._list_written = self._list_written or now - last >= wait, False
            last = now if whole else last
            newest = next(reversed(self.engine.board), None)
            looked_well = await self.watching.look(whole=whole)
            if next(reversed(self.engine.board), None) is not newest:
                self.sharing.look_now()  # who polls it is to be known as soon
            self.looked_at = self.clock.monotonic()
            looked()

    async def keep_learned(self) -> None:
        """Begin with what the schedule had learnt, and save that now and then, until cancelled."""
        await self._learning.run()

    async def close(self) -> None:
        """Write what is left to write, and close every connection.

        Raises ``StoreError``, once all is done, when something stays unwritten.
        """
        await self._learning.save()
        try:
            if "grouping" in self.__dict__:
                self.grouping.close()
            if self._started:
                self.sharing.close()
                await self.incoming.close()
                try:
                    await self.history.close()
                finally:
                    self.alerts.close()
                    await self.sharing.release()
        finally:
            await self.accounts.close()

    # --- the accounts --------------------------------------------------------------------

    def account(self, name: str) -> AccountState:
        """How it stands with an account; one that is not set up is stopped before it is asked."""
        engine = self.engine
        asked = engine.asks(name) if name in engine.profiles else engine.polls
        return self.accounts.judged(engine.account(name), asked=asked)

    async def balance(self, name: str) -> Balance | None:
        """What the account holds; None when it is not set up, or refused. Raises ``ReadError``."""
        stopped = self.account(name).condition is Condition.STOPPED
        if stopped or name not in self.accounts.clients:
            return None
        return await self.accounts.balance(name)

    async def open(self) -> None:
        """Connect the accounts; one that is not set up says so when it is asked."""
        for name in self.engine.profiles:
            await self.accounts.connect(name)

    async def retry(self) -> None:
        """Try every account that is not well again, with its key read anew, wherever it is read."""
        if self._started:
            self.sharing.our_wishes.retry_accounts()
        await self._retry_here()

    async def _retry_here(self) -> None:
        for name in self.engine.profiles:
            if self.account(name).condition is not Condition.OK:
                await self.accounts.connect(name)

    # --- settings that change ------------------------------------------------------------

    async def use(self, settings: Settings, *, answered: str | None = None) -> None:
        """Go by other settings from now on, without losing what runs.

        Accounts are opened, closed, or read with another key or at another address. What is in
        flight to the same address is taken in, alerts go on. What is read at the start alone
        (see ``NEXT_START``) changes nothing yet. ``answered`` is an account that has just
        answered by its key of these settings: it is connected again in any case.
        """
        async with self._using:
            before, engine, accounts = self.accounts.settings, self.engine, self.accounts
            changed, moved = accounts.use(settings)
            for name in moved & {*engine.profiles}:
                await engine.close_account(name)
            await accounts.leave()
            engine.trouble_below = settings.display.trouble_share
            if before.polling != settings.polling:
                engine.limit(limits_of(settings))
            if self._started:
                self._use_rules()
                self._use_sources()
            for name in settings.profiles:
                if name in changed or name == answered or name not in engine.profiles:
                    await accounts.connect(name)
                if name not in engine.profiles:
                    source, window = accounts.sources[name], accounts.windows.get(name)
                    engine.open_account(name, source, window)
            engine.arrange(settings.profiles)
            if answered in engine.profiles and answered not in accounts.problems:
                engine.answered(answered)
            if self._started:
                self.sharing.look_now()
                await self.watching.follow_again()

    def _connected(self, name: str, source: Source) -> None:
        if name in self.engine.profiles:
            self.engine.set_source(name, source)

    def _use_rules(self) -> None:
        if (begun := self.alerts.use()) is not None:
            self.watching.recorded_anew = begun.record_anew
            self.sharing.took_over = begun.take_over

    def _use_sources(self) -> None:
        self.incoming.use(
            lambda: self.watchlist.arrivals, self._list_stirred.set, self._may_read_sources
        )

    def _may_read_sources(self) -> bool:
        """False where this process only looks."""
        never = self.accounts.settings.polling.role == "never"
        return self._only is None and not never and not self.history.looks_only

    # --- looking -------------------------------------------------------------------------

    @property
    def polling(self) -> WhoPolls | None:
        """Who polls; None before that is known."""
        return self.sharing.polling if self._started else None

    @property
    def read_only(self) -> str:
        """Why the watchlist cannot be written; empty when it can, or nobody has looked yet."""
        if not self._started:
            return ""
        return LOOKS_ONLY if self.history.looks_only else str(self.watchlist.broken or "")

    # --- inside --------------------------------------------------------------------------

    def record(self, applied: Applied, watched: Watched) -> None:
        """Have the history keep what the engine applied."""
        self.history.record(applied, watched)

    def _wrote(self, news: News) -> None:
        """Somebody wrote to the store: what shows it looks at once."""
        from smsmon.store.shared import News

        if News.ALERTS in news:
            self.alerts.book.look_again()
        self._list_written = self._list_written or News.WATCHLIST in news
        if news & (News.WATCHLIST | News.ARRIVALS):
            self._list_stirred.set()

    def _amended(self, message_id: str) -> None:
        if self.alerts.alerting is not None:
            self.alerts.alerting.look_again(message_id)
        if "grouping" in self.__dict__:  # somebody asked for groups
            self.grouping.amended(message_id)

    def _rank(self) -> Rank:
        from smsmon.who_polls import rank_of

        settings = self.accounts.settings
        usable = len(self.accounts.problems) < len(settings.profiles)
        return rank_of(settings.polling.role, usable=usable)

    def _mine(self, entries: Iterable[Entry]) -> list[Entry]:
        settings, only, found = self.accounts.settings, self._only, list[Entry]()
        for entry in entries:
            if only is None or entry.id in only:
                profile = settings.profile_of(entry.profile)
                # Of many the same: what the list holds needs no second copy.
                same = profile == entry.profile
                found.append(entry if same else replace(entry, profile=profile))
        return found

    def _history_trouble(self, error: StoreError | None) -> None:
        """Called in the history's thread when writing begins to fail, and when it works again."""
        from smsmon.store.errors import Unreachable

        was_gone, self._gone = self._gone, isinstance(error, Unreachable)
        if self._gone or (was_gone and error is None):
            return  # that is told by who polls
        self._complain(str(error) if error else "The history is written again.")
