"""Alerts on their way to whom they are told: commands that fail are complained of, and calmly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from smsmon.alerting import AGAIN, Alerting
from smsmon.locations import Locations
from smsmon.model import Entry, Status
from smsmon.monitor.alerts import Alert
from smsmon.monitor.engine import Engine
from smsmon.settings import load_settings
from tests.monitor.fakes import FakeSource, report, row
from tests.support.clock import VirtualClock

CONFIG = """
[alerts.waits]
when = "waiting>0"
clear = "0s"
command = ["page-someone"]
"""


async def test_a_command_that_fails_is_complained_of_once_until_it_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = ["It failed.", "It failed.", "It failed in another way.", "", "It failed."]
    runs: list[str] = []

    async def run(command: Sequence[str], facts: dict[str, Any], _: object) -> str:
        assert command == ("page-someone",)
        runs.extend(each["state"] for each in facts["alerts"])
        return outcomes[len(runs) - 1]

    monkeypatch.setattr("smsmon.alerting.run_hook", run)
    (tmp_path / "config.toml").write_text(CONFIG)
    clock, told, said = VirtualClock(), list[Alert](), list[str]()
    engine = Engine({"default": FakeSource(clock)}, clock)
    engine.watch(Entry("300", added_at=clock.now()))
    settings = load_settings(Locations.under(tmp_path), {})
    alerting = Alerting(settings, engine, clock, told.extend, said.append, {})
    running = asyncio.create_task(alerting.run())

    async def read(status: Status) -> None:
        now = clock.now()
        engine.board.apply(report([row(1, status, date=now)], at=now), now)
        alerting.look_again("300")
        await clock.advance(AGAIN + 1)

    await clock.settle()
    await read(Status.DELIVERED)  # what does not hold at the start is news when it does
    complaints = []
    for status in (Status.WAITING, Status.DELIVERED) * 2 + (Status.WAITING,):
        await read(status)
        complaints.append(len(said))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert [each.firing for each in told] == [True, False, True, False, True]
    assert runs == ["firing", "over", "firing", "over", "firing"]
    assert complaints == [1, 1, 1, 1, 2]
    assert said == ["It failed."] * 2


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
    alerting = Alerting(settings, engine, clock, told.extend, lambda _: None, {})
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
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
