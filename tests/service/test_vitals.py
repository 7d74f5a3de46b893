"""The signs of a session that runs, on virtual time: what is wrong shows, what is not does not."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from smsmon.model import Entry, FaultKind
from smsmon.monitor.poller import NOTHING
from smsmon.service.health import NOBODY, ROUND, UNASKED, UNREACHABLE, UNWRITTEN, WRITTEN_EVERY
from smsmon.store.errors import Busy, Unreachable
from smsmon.store.shared import Holder
from smsmon.who_polls import WhoPolls
from tests.monitor.fakes import fault
from tests.service.scene import running

HOUR = 3600.0


@pytest.mark.parametrize("kind", [None, FaultKind.SERVER, FaultKind.AUTH, FaultKind.RATE_LIMITED])
async def test_all_is_well_whatever_the_api_says(kind: FaultKind | None) -> None:
    async with running() as scene:
        scene.source.trouble[None] = fault(kind) if kind else None
        for _ in range(20):
            assert await scene.after(HOUR / 10) == ""


async def test_what_is_settled_is_not_asked_and_all_is_well() -> None:
    async with running() as scene:
        scene.engine.amend(Entry("300", paused=True))
        assert await scene.after(HOUR) == ""


async def test_a_dead_poller_shows() -> None:
    async with running() as scene:
        assert await scene.after(5) == ""
        scene.engine._open._tasks["default"].cancel()
        assert "Polling account default has stood still" in await scene.after(ROUND + 20)


async def test_a_poller_that_fails_each_time_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as scene:
        monkeypatch.setattr(scene.poller, "_launch", lambda: 1 // 0)
        scene.engine.refresh(["300"])
        assert "Polling account default" in await scene.after(ROUND + 20)


async def test_a_poller_that_comes_round_and_asks_nothing_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as scene:
        await scene.after(5)
        monkeypatch.setattr(scene.poller, "_launch", lambda: inf)
        assert await scene.after(UNASKED / 2) == ""
        assert "What is due of account default has waited" in await scene.after(2 * UNASKED)


@pytest.mark.parametrize("place", ["session", "sharing"])
async def test_a_loop_that_does_not_come_round_shows(place: str) -> None:
    async with running() as scene:
        assert await scene.after(5) == ""
        getattr(scene, place).looked_at = scene.clock.monotonic()
        assert "has stood still" in await scene.after(ROUND + 1)


async def test_looking_after_the_alerts_may_rest_and_must_not_hang() -> None:
    async with running() as scene:
        alerts = scene.session.alerts
        assert await scene.after(HOUR) == ""
        alerts.busy_since = scene.clock.monotonic()
        assert await scene.after(ROUND) == ""
        assert "Looking after the alerts has stood still" in await scene.after(1)
        alerts.busy_since = None
        assert await scene.after(1) == ""


async def test_a_history_that_is_not_written_for_long_shows_until_it_is(
    tmp_path: Any,
) -> None:
    async with running() as scene:
        scene.unwritten = Busy(tmp_path, "locked", "Wait.")
        assert await scene.after(UNWRITTEN - WRITTEN_EVERY) == ""
        assert "The history could not be written" in await scene.after(3 * WRITTEN_EVERY)
        scene.unwritten = None
        assert await scene.after(WRITTEN_EVERY) == ""


async def test_a_store_that_does_not_answer_shows_until_it_does(tmp_path: Any) -> None:
    async with running() as scene:
        polling, scene.unwritten = scene.sharing.polling, Unreachable("db", "gone", "Wait.")
        scene.sharing.polling = WhoPolls(unreachable_since=scene.clock.now())
        assert await scene.after(UNREACHABLE / 2) == ""
        assert "The store has not answered" in await scene.after(2 * UNWRITTEN)
        assert not scene.vitals.stuck
        scene.sharing.polling, scene.unwritten = polling, None
        assert await scene.after(1) == ""


async def test_one_that_follows_is_well_while_somebody_asks() -> None:
    async with running() as scene:
        scene.engine.grant(NOTHING)
        scene.sharing.polling = WhoPolls(holder=Holder(1, "console"))
        assert await scene.after(HOUR) == ""
        scene.sharing.polling = WhoPolls()
        assert await scene.after(NOBODY / 2) == ""
        assert "Nobody has asked the API" in await scene.after(NOBODY)
