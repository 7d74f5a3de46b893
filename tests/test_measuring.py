"""What rules need to know is asked for in the background, and only if a rule asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from smsmon.measuring import AGAIN, LOOK_EVERY, STRETCH, Measuring
from smsmon.model import Balance, Fault, FaultKind, Final, ReadError
from smsmon.monitor.alerts import BALANCE_EVERY, Alerts, Rule
from smsmon.monitor.engine import Engine
from smsmon.monitor.poller import NOTHING
from smsmon.store.archive import Archive
from smsmon.store.base import HistoryStore
from smsmon.store.errors import StoreError
from smsmon.store.past import BalanceSeen
from tests.monitor.alerts.stage import rule
from tests.monitor.alerts.test_groups import D, N, final
from tests.monitor.fakes import FakeSource
from tests.support.clock import START, VirtualClock

HOUR, DAY = 3_600.0, 86_400.0


@dataclass
class Recorded:
    """A history: what became final, what accounts held, and what it was asked."""

    past: Sequence[Final] = ()
    balances_seen: list[BalanceSeen] = field(default_factory=list)
    stretches: list[tuple[float, float]] = field(default_factory=list)
    broken: bool = False

    async def ask(self, question: Callable[[Archive], Any]) -> Any:
        if self.broken:
            raise StoreError("history.db", "cannot be read", "look at the disk")
        return question(cast("Archive", self))

    def finals(self, since: float, until: float) -> list[Final]:
        self.stretches.append((since, until))
        return [each for each in self.past if since <= each.at < until]

    def balances(self, profile: str, since: float) -> list[BalanceSeen]:
        before = [each for each in self.balances_seen if each.at <= since][-1:]
        return [*before, *(each for each in self.balances_seen if each.at > since)]

    def record_balance(self, profile: str, balance: Balance) -> None:
        self.balances_seen.append(BalanceSeen.of(balance))


class Running:
    """Rules that are looked at when they are told something."""

    def __init__(self, rules: Sequence[Rule], history: Recorded, *, leads: bool = True) -> None:
        self.clock, self.history = VirtualClock(), history
        self.engine = Engine({"default": FakeSource(self.clock)}, self.clock)
        self.engine.answered("default")
        if not leads:
            self.engine.grant(NOTHING)
        self.alerts = Alerts(rules, self.engine, self.clock.now())
        self.asked: list[float] = []
        self.amounts: list[str | None] = []
        self.fired: list[str] = []

    def look_now(self) -> None:
        while self.alerts.step(self.clock.now()):
            pass
        self.fired += [each.facts for each in self.alerts.to_tell.take() if each.firing]

    async def balance(self, profile: str) -> Balance:
        self.asked.append(self.clock.now() - START)
        amount = self.amounts.pop(0) if self.amounts else "80"
        if amount is None:
            raise ReadError(Fault(FaultKind.TIMEOUT, "It took too long."))
        return Balance("user", amount, "EUR", None, None, None, None, self.clock.now())


@asynccontextmanager
async def running(
    rules: Sequence[Rule], history: Recorded | None = None, *, leads: bool = True
) -> AsyncIterator[tuple[Running, Measuring]]:
    stage = Running(rules, history or Recorded(), leads=leads)
    known = cast("HistoryStore", stage.history)
    measuring = Measuring(stage, stage.engine, known, stage.clock, stage.balance)
    task = asyncio.create_task(measuring.run())
    await stage.clock.settle()
    yield stage, measuring
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


LOW = rule("balance<50", about="account")


async def test_without_a_rule_that_asks_nothing_is_asked() -> None:
    rules = (rule("waiting>0"), rule("condition:down", about="account", name="down"))
    async with running(rules) as (stage, measuring):
        await stage.clock.advance(DAY)
        assert (stage.asked, stage.history.stretches) == ([], [])
        stage.alerts.use((*rules, LOW), stage.clock.now())
        measuring.look_now()
        await stage.clock.settle()
        assert stage.asked == [DAY]


async def test_a_balance_is_asked_for_every_ten_minutes_and_a_failure_is_no_alert() -> None:
    async with running((LOW,)) as (stage, _):
        stage.amounts = ["60", None, "49"]
        await stage.clock.advance(4 * BALANCE_EVERY)
        assert stage.asked == [each * BALANCE_EVERY for each in range(5)]
        assert stage.fired == ["49.00 EUR left"]
        assert [each.amount for each in stage.history.balances_seen] == ["80", "60", "49", "80"]


async def test_who_follows_looks_at_what_was_recorded_and_asks_nobody() -> None:
    low = BalanceSeen(START - DAY, "20", "EUR", None, None, None, None)
    history = Recorded(balances_seen=[low._replace(amount="90")])
    async with running((LOW,), history, leads=False) as (stage, _):
        await stage.clock.advance(LOOK_EVERY)
        assert stage.fired == []
        history.balances_seen.append(low._replace(at=START + 61))
        await stage.clock.advance(2 * LOOK_EVERY)
        assert stage.fired == ["20.00 EUR left"]
        assert stage.asked == []


async def test_spending_knows_what_was_recorded_before_the_start() -> None:
    def seen(hours: float, amount: str) -> BalanceSeen:
        return BalanceSeen(START - hours * HOUR, amount, "EUR", None, None, None, None)

    history = Recorded(balances_seen=[seen(30, "500"), seen(20, "200"), seen(3, "100")])
    asked = rule("spent>=320", about="account", window=DAY)
    async with running((asked,), history) as (stage, _):
        assert stage.fired == ["420.00 EUR spent within 24 h"]


async def test_the_past_of_groups_is_asked_for_in_stretches() -> None:
    past = [final(START - 3 * DAY, D)] * 300 + [final(START - 60, N)] * 20
    asked = rule("failed_times>10", about="tag")
    async with running((asked,), Recorded(past)) as (stage, _):
        await stage.clock.advance(60)
        stretches = stage.history.stretches
        assert len(stretches) == 7 * DAY / STRETCH
        assert (stretches[0][0], stretches[-1][1]) == (START - 7 * DAY, START)
        assert all(before[1] == after[0] for before, after in pairwise(stretches))
        assert len(stage.fired) == 1
        await stage.clock.advance(DAY)
        assert len(stretches) == 7 * DAY / STRETCH, "once is enough"


async def test_a_history_that_cannot_be_read_is_asked_again() -> None:
    asked = rule("failed>=2", about="all")
    history = Recorded([final(START - 60, N)] * 2, broken=True)
    async with running((asked,), history) as (stage, _):
        await stage.clock.advance(AGAIN / 2)
        history.broken = False
        assert stage.fired == []
        await stage.clock.advance(AGAIN)
        assert stage.fired == ["100% not delivered of 2 final within 1 h"]
