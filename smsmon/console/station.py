"""What the console runs on: the clients of its accounts, the engine, the two stores.

The engine is there from the start, for the first paint to look at. The stores and the HTTP
client, which take longer to load than all else of ours, wait until it has been.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from random import Random
from typing import TYPE_CHECKING, Protocol

from smsmon import learned
from smsmon.accounts import (
    AccountProblem,
    limits_of,
    open_client,
    open_to_others,
    profile_of,
    windows_of,
)
from smsmon.asking import ask
from smsmon.clock import Clock
from smsmon.model import Balance, Entry, Fault, FaultKind
from smsmon.monitor.account import AccountState, Condition
from smsmon.monitor.budget import Budget
from smsmon.monitor.engine import Engine
from smsmon.monitor.source import Source, Unusable
from smsmon.programs import beside
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.alerting import Alerting
    from smsmon.locations import Locations
    from smsmon.monitor.alerts import Alert, Rule
    from smsmon.monitor.state import Applied, Watched
    from smsmon.settings import Settings
    from smsmon.sharing import Polling, Sharing
    from smsmon.store.base import HistoryStore, Store, WatchlistStore
    from smsmon.watching import Watching
    from smsmon.wishing import Rank


OpenClient = Callable[[str, "Settings", Clock], "Client"]


class Client(Source, Protocol):
    """What the console asks of an account: the API's client, or a stand-in."""

    async def me(self) -> Balance: ...

    async def aclose(self) -> None: ...


class Station:
    """The engine at once; the stores when it is started, the clients when it is opened.

    ``complain`` is given one sentence for each trouble with the stores, in any thread.
    """

    def __init__(
        self,
        settings: Settings,
        locations: Locations,
        clock: Clock,
        complain: Callable[[str], None],
        open_client: OpenClient = open_client,
        rng: Random | None = None,
    ) -> None:
        self._settings = settings
        self._open_client = open_client
        self.clock = clock
        self._clients: dict[str, Client] = {}
        self._opened = clock.now()
        self.problems: dict[str, str] = {}
        """Profile → why it cannot be used as it is set up."""
        self._warned: set[str] = set()
        """What was said already of key files that others can read."""
        self._answered: set[str] = set()
        """Profiles whose balance could be read."""
        self._complain = complain
        self._locations = locations
        self._started = False
        self.alerting: Alerting | None = None
        """What looks after the alerts, once started; None without rules."""
        self.halted = ""
        """Why nothing is polled at all, by a fault of our own; empty when all is well."""
        self._untold: list[str] = []
        self._windows = windows_of(settings.profiles, settings, self._untold.append)
        self.engine = Engine(
            {name: Unusable("Starting.") for name in settings.profiles},
            clock,
            limits=limits_of(settings),
            recorder=self,
            rng=rng,
            learned=learned.load(locations.state),
            windows=self._windows,
        )

    @cached_property
    def _store(self) -> Store:
        from smsmon.store import open_store

        return open_store(self._locations)

    @cached_property
    def history(self) -> HistoryStore:
        return self._store.history(self.clock, self._history_trouble)

    @cached_property
    def watchlist(self) -> WatchlistStore:
        return self._store.watchlist(self.clock)

    @cached_property
    def watching(self) -> Watching:
        from smsmon.watching import Watching

        return Watching(
            self.engine, self.watchlist, self.history, self._complain, self._with_profile
        )

    @cached_property
    def sharing(self) -> Sharing:
        """Who polls, of all processes on this home."""
        from smsmon.sharing import Sharing

        lease = self._store.lease(self.clock, "console")
        return Sharing(
            self.engine, self.history, self.watching, lease, self.clock, self._rank, self.retry
        )

    def _rank(self) -> Rank:
        from smsmon.wishing import rank_of

        usable = len(self.problems) < len(self._settings.profiles)
        return rank_of(self._settings.polling.role, usable=usable)

    @property
    def polling(self) -> Polling | None:
        """Who polls; None before that is known."""
        return self.sharing.polling if self._started else None

    @property
    def read_only(self) -> str:
        """Why the watchlist cannot be written; empty when it can, or nobody has looked yet."""
        return str(self.watchlist.broken or "") if self._started else ""

    def record(self, applied: Applied, watched: Watched) -> None:
        """Have the history keep what the engine applied."""
        self.history.record(applied, watched)

    @property
    def has_alerts(self) -> bool:
        """True when there are rules."""
        return bool(self._settings.alerts)

    @property
    def alerts(self) -> tuple[Rule, ...]:
        """The rule of each alert that fires."""
        firing = self.alerting.alerts.firing if self.alerting else {}
        return tuple(chain.from_iterable(firing.values()))

    def firing(self, message_id: str) -> Sequence[Rule]:
        """The rules of the alerts that fire for a message, the most severe first."""
        return self.alerting.alerts.firing.get(message_id, ()) if self.alerting else ()

    async def start(
        self, shown: Callable[[], None], alerted: Callable[[Sequence[Alert]], None]
    ) -> None:
        """Watch what the watchlist says; ``shown`` is called when more is on the board.

        ``alerted`` is given the alerts that begin or end, once ``alerting`` runs.

        Raises ``StoreError`` when the watchlist cannot be read.
        """
        self._started = True
        while self._untold:
            self._complain(self._untold.pop())
        if self._settings.alerts:
            from smsmon.alerting import Alerting

            self.alerting = Alerting(
                self._settings,
                self.engine,
                self.clock,
                alerted,
                self._complain,
                os.environ,
                self.history,
            )
            self.watching.amended = self.alerting.look_again
            self.sharing.took_over = self.alerting.take_over
        await self.sharing.begin()
        await self.watching.start(self.clock, self._settings.history.retention_days, shown)

    async def open(self) -> None:
        """Connect the accounts; one that is not set up says so when it is asked."""
        for name in self._settings.profiles:
            await self._connect(name)

    async def balance(self, profile: str) -> Balance | None:
        """What the account holds; None when it is not set up, or refused. Raises ``ReadError``."""
        client = self._clients.get(profile)
        if client is None or self.account(profile).condition is Condition.STOPPED:
            return None
        budget = Budget(self._settings.polling.budget, self._windows.get(profile))
        balance = await ask(client.me, budget, self.clock)
        self._answered.add(profile)
        return balance

    async def retry(self) -> None:
        """Try every account that is not well again, with its key read anew, wherever it is read."""
        if not self.engine.leads:
            self.sharing.wishing.retry_accounts()
        for name in self._settings.profiles:
            if self.account(name).condition is not Condition.OK:
                await self._connect(name)

    def account(self, name: str) -> AccountState:
        """How it stands with an account; one that is not set up is stopped before it is asked."""
        problem = self.problems.get(name) if self.engine.leads else None
        if problem is None:
            state = self.engine.account(name)
            return replace(state, heard=True) if name in self._answered else state
        fault = Fault(FaultKind.AUTH, problem)
        return AccountState(name, Condition.STOPPED, fault, since=self._opened)

    async def use(self, settings: Settings) -> list[str]:
        """Connect anew what may have another key now, by settings that have changed.

        Gives the profiles that are new: the engine was started without them.
        """
        before, self._settings = self._settings, settings
        for name, profile in settings.profiles.items():
            changed = name not in self._clients or before.profiles.get(name) != profile
            if name in self.engine.profiles and (changed or name == settings.profile):
                await self._connect(name)
        return [name for name in settings.profiles if name not in self.engine.profiles]

    async def keep_learned(self) -> None:
        """Save now and then what the schedule has learnt, until cancelled."""
        await learned.keep(self._locations.state, self.engine, self.clock)

    async def close(self) -> None:
        """Write what is left to write, and close every connection."""
        await learned.save(self._locations.state, self.engine)
        self.engine.close()
        if self._started:
            self.sharing.close()
            try:
                await self.history.close()
            except StoreError as error:
                self._complain(str(error))
            self.sharing.release()
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()

    def _with_profile(self, entries: Iterable[Entry]) -> list[Entry]:
        settings = self._settings
        return [replace(each, profile=profile_of(each.profile, settings)) for each in entries]

    def _history_trouble(self, error: StoreError | None) -> None:
        self._complain(str(error) if error else "The history is written again.")

    async def _connect(self, name: str) -> None:
        before = self._clients.pop(name, None)
        try:
            # Reads a key file or runs a key command, and loads the HTTP client: not on the loop.
            client = await beside(self._open_client, name, self._settings, self.clock)
        except AccountProblem as problem:
            self.problems[name] = str(problem)
            self.engine.set_source(name, Unusable(str(problem)))
        else:
            self.problems.pop(name, None)
            self._clients[name] = client
            self.engine.set_source(name, client)
            told = open_to_others(self._settings.profiles[name])
            if told and told not in self._warned:
                self._warned.add(told)
                self._complain(f"Profile {name}: {told}")
        if before is not None:
            await before.aclose()
