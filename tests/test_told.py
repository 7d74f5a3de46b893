"""The command of an alert runs once a home, whoever polls, and however that one ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from smsmon.alerting.looking import AGAIN, Alerting
from smsmon.locations import Locations
from smsmon.monitor.alerts import Alert
from smsmon.recipients import Status
from smsmon.settings import load_settings
from tests.monitor.fakes import row
from tests.sharing import Home, Member
from tests.store.reports import rows_of

CONFIG = """
[alerts.waits]
when = "waiting>0"
clear = "0s"
command = ["page-someone"]
"""
WAITS, DONE = row(1), row(1, Status.DELIVERED)


class Alerted:
    """A member of the home with alerts."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.told: list[Alert] = []
        settings = load_settings(Locations.under(member.history.path.parent), {})
        self.alerting = Alerting(
            settings,
            member.engine,
            member.clock,
            self.told.extend,
            member.said.append,
            {},
            member.history,
        )
        member.sharing.took_over = self.alerting.take_over
        self.job = asyncio.create_task(self.alerting.run())

    async def stop(self) -> None:
        self.job.cancel()
        with suppress(asyncio.CancelledError):
            await self.job

    async def killed(self) -> None:
        """End as one that had no time for anything."""
        await self.stop()
        await self.member.end()


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each run of the command: which ends of which messages."""
    runs: list[str] = []

    async def run(command: Sequence[str], facts: dict[str, Any], _: object) -> str:
        runs.extend(f"{each['state']} {each['id']}" for each in facts["alerts"])
        return ""

    monkeypatch.setattr("smsmon.alerting.looking.run_hook", run)
    return runs


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    (tmp_path / "config.toml").write_text(CONFIG)
    home = Home(tmp_path, ["300"])
    yield home
    for each in home.members:
        await each.end()


async def join(home: Home) -> Alerted:
    rows = home.members[0].source.rows.get("300", [DONE]) if home.members else [DONE]
    alerted = Alerted(await home.join())
    alerted.member.source.rows["300"] = rows
    await home.until(lambda: alerted.member["300"].read_at)
    return alerted


def told(home: Home) -> list[tuple[object, ...]]:
    return rows_of(home.database, "SELECT rule, message_id FROM told")


async def test_all_tell_it_and_one_runs_the_command(home: Home, ran: list[str]) -> None:
    everyone = [await join(home) for _ in range(3)]
    await home.pass_time(2)
    home.answer(WAITS)
    await home.until(lambda: ran and all(each.told for each in everyone), "the alert")
    assert told(home) == [("waits", "300")]
    home.answer(DONE)
    await home.until(lambda: len(ran) == 2 and all(len(each.told) == 2 for each in everyone))
    await home.pass_time(AGAIN + 2)
    assert ran == ["firing 300", "over 300"]
    assert told(home) == []
    for each in everyone:
        assert [alert.firing for alert in each.told] == [True, False]
        await each.stop()


async def test_it_runs_once_where_the_one_that_polls_is_killed(home: Home, ran: list[str]) -> None:
    first, second = await join(home), await join(home)
    await home.pass_time(2)
    home.answer(WAITS)
    await home.until(lambda: ran and second.told, "the alert")
    await first.killed()
    await home.until(lambda: second.member.polls)
    await home.pass_time(AGAIN + 2)
    assert ran == ["firing 300"]
    home.answer(DONE)
    await home.until(lambda: len(ran) == 2, "its end")
    assert ran == ["firing 300", "over 300"]
    await second.stop()


async def test_what_a_killed_one_did_not_run_any_more_the_next_one_runs(
    home: Home, ran: list[str]
) -> None:
    first, second = await join(home), await join(home)
    await home.pass_time(2)
    await first.stop()  # it polls on, and runs nothing
    home.answer(WAITS)
    await home.until(lambda: second.told, "the alert")
    await home.pass_time(2)
    assert not ran
    await first.killed()
    await home.until(lambda: ran, "the run that was due")
    await home.pass_time(5)
    assert ran == ["firing 300"]
    await second.stop()


async def test_an_end_that_a_killed_one_did_not_run_is_run(home: Home, ran: list[str]) -> None:
    first, second = await join(home), await join(home)
    await home.pass_time(2)
    home.answer(WAITS)
    await home.until(lambda: ran and second.told, "the alert")
    await first.stop()
    home.answer(DONE)
    await home.until(lambda: len(second.told) == 2, "its end")
    await first.killed()
    await home.until(lambda: len(ran) == 2, "the run that was due")
    assert ran == ["firing 300", "over 300"]
    await second.stop()


@pytest.mark.parametrize("meanwhile", ["it held on", "it ended"])
async def test_a_restart_runs_nothing_twice_and_tells_the_end(
    home: Home, ran: list[str], meanwhile: str
) -> None:
    first = await join(home)
    await home.pass_time(2)
    home.answer(WAITS)
    await home.until(lambda: ran, "the alert")
    await first.killed()
    again = Alerted(await home.join())
    rows = [WAITS] if meanwhile == "it held on" else [DONE]
    again.member.source.rows["300"] = rows
    await home.until(lambda: (again.member["300"].read_at or 0.0) > home.clock.now() - 1)
    await home.pass_time(AGAIN + 5)
    if meanwhile == "it held on":
        assert ran == ["firing 300"]
        assert [(each.firing, each.old) for each in again.told] == [(True, True)]
        home.answer(DONE)
    await home.until(lambda: len(ran) == 2, "its end")
    assert ran == ["firing 300", "over 300"]
    assert told(home) == []
    await again.stop()


async def test_what_held_when_the_first_one_came_runs_only_its_end(
    home: Home, ran: list[str]
) -> None:
    first = Alerted(await home.join())
    home.answer(WAITS)
    await home.written()
    await home.until(lambda: told(home), "it counts as told")
    assert not ran
    home.answer(DONE)
    await home.until(lambda: ran, "its end")
    await home.pass_time(AGAIN + 5)
    assert ran == ["over 300"]
    assert told(home) == []
    home.answer(WAITS)
    await home.until(lambda: len(ran) == 2, "it fires anew")
    await first.stop()


async def test_a_history_that_cannot_be_written_keeps_no_command_from_running(
    tmp_path: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    home = Home(tmp_path, ["300"])
    only = await join(home)
    await home.pass_time(2)

    async def fails() -> None:
        from smsmon.store.errors import StoreError

        raise StoreError(home.database, "the disk is full", "Free some room.")

    monkeypatch.setattr(only.member.history, "flush", fails)
    home.answer(WAITS)
    await home.until(lambda: ran, "the command")
    await only.stop()
    await only.member.end()
