"""Alerts on their way to whom they are told: commands that fail are complained of, and calmly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest

from smsmon.alerting.ledger import TRY_AGAIN
from smsmon.alerting.looking import AGAIN, GATHER, GATHER_OLD, Alerting
from smsmon.clock import CLOCK_SLACK
from smsmon.locations import Locations
from smsmon.model import Entry
from smsmon.monitor.alerts import Alert, Alerts
from smsmon.monitor.engine import Engine
from smsmon.recipients import Status
from smsmon.settings import load_settings
from tests.alerting.fakes import InTurn, about, episode
from tests.monitor.fakes import FakeSource, report, row
from tests.store.memory_alerts import Kept, MemoryAlerts
from tests.support.clock import VirtualClock
from tests.targets.fakes import FakeTargets


@pytest.mark.parametrize("jump", [-3 * 86_400.0, 3_600.0, 100 * 86_400.0])
async def test_an_alert_holds_its_time_whatever_the_wall_clock_is_set_to(
    tmp_path: Path, jump: float
) -> None:
    (tmp_path / "config.toml").write_text(
        '[alerts.late]\nwhen = "waiting>0"\nfor = "120s"\nclear = "60s"\n'
    )
    clock, told = VirtualClock(), list[Alert]()
    engine = Engine({"default": FakeSource(clock)}, clock)
    engine.watch(Entry("300", added_at=clock.now()))
    settings = load_settings(Locations.under(tmp_path), {})
    alerting = Alerting(
        settings, engine, clock, told.extend, lambda _: None, {}, InTurn(MemoryAlerts())
    )
    running = asyncio.create_task(alerting.run())

    async def read(status: Status) -> None:
        engine.board.apply(report([row(1, status)], at=clock.now()), clock.now())
        alerting.look_again("300")
        await clock.settle()

    await clock.settle()
    await read(Status.DELIVERED)
    await read(Status.WAITING)
    await clock.advance(60)
    clock.jump(jump)
    await read(Status.WAITING)
    await clock.advance(55)
    assert told == []
    await clock.advance(20)
    assert [each.firing for each in told] == [True]
    await read(Status.DELIVERED)
    clock.jump(-jump)
    await clock.advance(50)
    assert [each.firing for each in told] == [True]
    await clock.advance(30)
    assert [each.firing for each in told] == [True, False]
    assert all(each.began <= each.at for each in told)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_a_record_that_cannot_be_read_is_asked_for_after_ever_longer_pauses(
    tmp_path: Path,
) -> None:
    clock, asked = VirtualClock(), set[float]()
    begun = clock.monotonic()

    class Broken(InTurn):
        async def ask(self, question: Any) -> Any:
            asked.add(clock.monotonic() - begun)
            self.fails = len(asked) < 5
            return await super().ask(question)

    engine = Engine({"default": FakeSource(clock)}, clock)
    settings = load_settings(Locations.under(tmp_path), {})
    record = Broken(MemoryAlerts())
    alerting = Alerting(settings, engine, clock, lambda _: None, lambda _: None, {}, record)
    running = asyncio.create_task(alerting.run())
    goes_on = []
    for seconds in (14, 1):
        await clock.advance(seconds)
        goes_on.append(alerting.ledger.kept)
    assert goes_on == [False, True], "better told twice than never"
    await clock.advance(200)
    assert asked == {0, *accumulate(TRY_AGAIN * n for n in range(1, 5))}
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


complaints: list[str] = []


@asynccontextmanager
async def telling(
    tmp_path: Path, config: str, ids: Sequence[str], *, waiting: Sequence[str] = ()
) -> AsyncIterator[tuple[VirtualClock, list[tuple[float, set[str]]], Any]]:
    """Messages of which ``waiting`` are behind when it begins; what is told, by the second."""
    (tmp_path / "config.toml").write_text(config)
    clock = VirtualClock()
    begun = clock.monotonic()
    told: list[tuple[float, set[str]]] = []
    engine = Engine({"default": FakeSource(clock)}, clock)

    def tell(alerts: Sequence[Alert]) -> None:
        names = {f"{each.rule.name} {each.message_id} {int(each.firing)}" for each in alerts}
        told.append((clock.monotonic() - begun, names))

    for id in ids:
        engine.watch(Entry(id, added_at=clock.now()))
    settings = load_settings(Locations.under(tmp_path), {})
    complaints.clear()
    complain = complaints.append
    alerting = Alerting(settings, engine, clock, tell, complain, {}, InTurn(MemoryAlerts()))
    running = asyncio.create_task(alerting.run())

    async def read(id: str, status: Status) -> None:
        engine.board.apply(report([row(1, status)], id, at=clock.now()), clock.now())
        alerting.look_again(id)
        await clock.settle()

    await clock.settle()
    for id in ids:
        await read(id, Status.WAITING if id in waiting else Status.DELIVERED)
    yield clock, told, read
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


RULES = """
[alerts.waits]
when = "waiting>0"
clear = "0s"
[alerts.unsure]
when = "waiting>0 recipients:1"
clear = "0s"
"""
ONE = RULES[: RULES.index("[alerts.unsure]")]


async def test_what_begins_within_a_second_is_told_together(tmp_path: Path) -> None:
    ids = ["300", "301", "302"]
    async with telling(tmp_path, ONE, ids) as (clock, told, read):
        await read("300", Status.WAITING)
        await clock.advance(GATHER - 0.1)
        await read("301", Status.WAITING)
        assert told == []
        await clock.advance(0.1)
        await read("302", Status.WAITING)
        assert told == [(GATHER, {"waits 300 1", "waits 301 1"})]
        await clock.advance(AGAIN - 0.1)
        assert len(told) == 1
        await clock.advance(0.1)
        assert told[1:] == [(GATHER + AGAIN, {"waits 302 1"})]


async def test_a_rule_says_once_that_its_regular_expression_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsmon.patterns.QUICK", -1.0)
    monkeypatch.setattr("smsmon.patterns.ALTOGETHER", -1.0)
    rules = '[alerts.named]\nwhen = "label:/x/"\n'
    async with telling(tmp_path, rules, ["300", "301"], waiting=["300", "301"]) as (clock, told, _):
        await clock.advance(60)
        assert told == []
        assert len(complaints) == 1
        assert complaints[0].startswith("Alert named: A regular expression takes too long")


async def test_a_rule_is_told_every_30_seconds_at_most_however_often_it_turns(
    tmp_path: Path,
) -> None:
    async with telling(tmp_path, ONE, ["300", "301"]) as (clock, told, read):
        for nth in range(100):
            await read(("300", "301")[nth % 2], (Status.WAITING, Status.DELIVERED)[nth // 2 % 2])
            await clock.advance(2)
        await clock.advance(AGAIN)
        moments = [at for at, _ in told]
        assert moments[0] == GATHER
        assert {later - earlier for earlier, later in pairwise(moments)} == {AGAIN}


async def test_what_is_about_to_be_told_goes_with_what_is(tmp_path: Path) -> None:
    """Two rules that begin within a second are one telling."""
    assert (GATHER, GATHER_OLD, AGAIN) == (1.0, 30.0, 30.0)
    async with telling(tmp_path, RULES, ["300"]) as (clock, told, read):
        await read("300", Status.WAITING)
        await clock.advance(GATHER)
        assert told == [(GATHER, {"waits 300 1", "unsure 300 1"})]


async def test_what_held_at_the_start_is_gathered_longer_and_its_end_is_told_at_once(
    tmp_path: Path,
) -> None:
    ids = ["300", "301"]
    async with telling(tmp_path, ONE, ids, waiting=ids) as (clock, told, read):
        await clock.advance(GATHER_OLD - 0.1)
        assert told == []
        await clock.advance(0.1)
        assert told == [(GATHER_OLD, {"waits 300 1", "waits 301 1"})]
        await read("300", Status.DELIVERED)
        await clock.advance(GATHER)
        assert told[1:] == [(GATHER_OLD + GATHER, {"waits 300 0"})]


async def test_all_is_looked_at_anew_only_when_the_clock_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shifts: list[float] = []
    monkeypatch.setattr(Alerts, "shift", lambda _, seconds: shifts.append(seconds))
    async with telling(tmp_path, ONE, ["300"]) as (clock, _, read):
        for jump in (0.0, CLOCK_SLACK, -CLOCK_SLACK, 3_600.0, 0.0, -9_000.0):
            clock.jump(jump)
            for _ in range(3):
                await read("300", Status.WAITING)
                await clock.advance(5)
    assert shifts == [3_600.0, -9_000.0]


@pytest.mark.parametrize("whole", [True, False])
async def test_what_fired_for_a_message_that_was_removed_meanwhile_is_over(
    tmp_path: Path, whole: bool
) -> None:
    """But not where only a part of the watchlist is watched."""
    (tmp_path / "config.toml").write_text(ONE)
    clock, told, kept = VirtualClock(), list[Alert](), Kept()
    MemoryAlerts(kept).fire([episode("999", "waits"), episode("999", "gone")])
    engine = Engine({"default": FakeSource(clock)}, clock)
    settings = load_settings(Locations.under(tmp_path), {})
    alerting = Alerting(
        settings,
        engine,
        clock,
        told.extend,
        lambda _: None,
        {},
        InTurn(MemoryAlerts(kept)),
        whole=whole,
        open_targets=FakeTargets(clock).open,
    )
    running = asyncio.create_task(alerting.run())
    await clock.advance(GATHER + AGAIN)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    expected = [("999", False, "no longer watched")] if whole else []
    assert [(each.message_id, each.firing, each.why) for each in told] == expected
    whys = {each.rule: each.why_over for each in MemoryAlerts(kept).episodes()}
    over = {"waits": "no longer watched", "gone": "its rule was removed"}
    assert whys == (over if whole else {"waits": "", "gone": ""})
    assert about("999") in {each.subject for each in MemoryAlerts(kept).episodes()}
