"""Asks for what rules need to know besides what the engine hears: the past of groups, and money.

It asks in the background, and only what a rule asks for: without such a rule it does nothing. The
past comes from the history in stretches, so that others who ask it need not wait for long. A
balance is asked of the API by the process that polls the account, or of several by the one that
keeps it; the others look what that one recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from math import inf
from typing import Protocol

from smsmon.clock import Clock, sleep
from smsmon.model import Balance, ReadError
from smsmon.monitor.alerts import BALANCE_EVERY, Alerts, Money, Windows
from smsmon.monitor.engine import Engine
from smsmon.store.archive import Archive
from smsmon.store.base import HistoryStore
from smsmon.store.errors import StoreError
from smsmon.store.past import BalanceSeen

STRETCH = 6 * 3_600.0
"""Seconds of the past that are asked for at once."""
PAUSE = 0.2
"""Seconds between two such questions: what an operator asks of the history comes between."""
AGAIN = 60.0
"""Seconds after which what the history could not tell is asked for again."""
LOOK_EVERY = 60.0
"""Seconds between two looks at the balances that another process records."""

AskBalance = Callable[[str], Awaitable[Balance | None]]


class Looking(Protocol):
    """Who looks at the rules, and is told what was found."""

    @property
    def alerts(self) -> Alerts: ...
    def look_now(self) -> None: ...


class Measuring:
    """Keeps the rules of one program in the know. ``ask_balance`` asks the API what an account
    has; None: it cannot be asked now."""

    def __init__(
        self,
        looking: Looking,
        engine: Engine,
        history: HistoryStore,
        clock: Clock,
        ask_balance: AskBalance,
    ) -> None:
        self._looking = looking
        self._engine = engine
        self._history = history
        self._clock = clock
        self._ask_balance = ask_balance
        self._stirred = asyncio.Event()
        self._asked: dict[str, float] = {}
        """Account → the steady time at which its balance was asked for last."""
        self._recalled: dict[str, float] = {}
        """Account → how far back its balances were read, in seconds."""

    def look_now(self) -> None:
        """The rules may ask for something else by now, or this process polls from now on."""
        self._stirred.set()

    async def run(self) -> None:
        """Ask for whatever is needed, until cancelled."""
        while True:
            self._stirred.clear()
            pause = min(await self._recall(), await self._look_at_money())
            await self._clock.wait(self._stirred, None if pause == inf else pause)

    # --- what became final ---------------------------------------------------------------

    async def _recall(self) -> float:
        """Tell the rules the past that they want; gives the seconds until it is tried again."""
        wanted = self._looking.alerts.past_wanted
        if wanted is None:
            return inf
        since, until = wanted
        windows, begins = self._looking.alerts.empty_windows(), since
        while begins < until:
            ends = min(begins + STRETCH, until)
            try:
                await self._history.ask(_adds_up(windows, begins, ends))
            except StoreError:
                return AGAIN  # rules that need it stand still until their window has passed
            if self._looking.alerts.past_wanted != wanted:
                return 0.0
            begins = ends
            if begins < until:
                await sleep(self._clock, PAUSE)
        if self._looking.alerts.seed(windows, until):
            self._looking.look_now()
            return inf
        return 0.0

    # --- money ---------------------------------------------------------------------------

    async def _look_at_money(self) -> float:
        """Ask for the balances that are due; gives the seconds until the next one is."""
        reach = self._looking.alerts.money_wanted
        if reach is None:
            return inf
        for profile in self._engine.profiles:
            if self._recalled.get(profile, -1.0) < reach:
                await self._recall_money(profile, reach)
            if self._engine.keeps(profile):
                await self._ask_if_due(profile)
            else:
                await self._follow_money(profile)
        now = self._clock.monotonic()
        if not all(map(self._engine.keeps, self._engine.profiles)):
            return LOOK_EVERY
        moments = (self._asked[profile] + BALANCE_EVERY for profile in self._engine.profiles
                   if profile in self._asked)  # fmt: skip
        return max(0.0, min(moments, default=now + BALANCE_EVERY) - now)

    async def _recall_money(self, profile: str, reach: float) -> None:
        since = self._clock.now() - reach
        with suppress(StoreError):
            past = await self._history.ask(lambda archive: archive.balances(profile, since))
            self._recalled[profile] = reach
            self._looking.alerts.recall_balances(profile, map(money_of, past))

    async def _ask_if_due(self, profile: str) -> None:
        now = self._clock.monotonic()
        if now < self._asked.get(profile, -inf) + BALANCE_EVERY:
            return
        self._asked[profile] = now
        with suppress(ReadError):  # nobody knows then, and it is told of the account itself
            balance = await self._ask_balance(profile)
            if balance is not None and self._engine.keeps(profile):
                self._history.record_balance(profile, balance)
                self._note(profile, money_of(BalanceSeen.of(balance)))

    async def _follow_money(self, profile: str) -> None:
        """What the process that polls recorded last holds until it records something else."""
        now = self._clock.now()
        with suppress(StoreError):
            found = await self._history.ask(lambda archive: archive.balances(profile, now))
            if found:
                self._note(profile, money_of(found[-1])._replace(at=now))

    def _note(self, profile: str, money: Money) -> None:
        self._looking.alerts.note_balance(profile, money)
        self._looking.look_now()


def money_of(seen: BalanceSeen) -> Money:
    """What an account had, as rules know it."""
    try:
        amount: float | None = float(Decimal(seen.amount))
    except InvalidOperation:
        amount = None
    return Money(seen.at, amount, seen.credits, seen.currency)


def _adds_up(windows: Windows, since: float, until: float) -> Callable[[Archive], None]:
    """What adds to ``windows`` what became final in a stretch of time, in the history's thread."""

    def add(archive: Archive) -> None:
        windows.add(archive.finals(since, until))

    return add
