"""The signs of a session that runs, on virtual time: what is wrong shows, what is not does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

from smsmon.model import Entry, FaultKind
from smsmon.monitor.engine import Engine
from smsmon.monitor.poller import NOTHING
from smsmon.service.health import NOBODY, ROUND, UNASKED, UNWRITTEN
from smsmon.service.vitals import WRITTEN_EVERY, Vitals
from smsmon.sharing import WhoPolls
from smsmon.store.errors import Busy
from smsmon.store.shared import Holder
from tests.monitor.fakes import FakeSource, fault
from tests.support.clock import VirtualClock

HOUR = 3600.0


class Scene:
    """An engine that runs, and stand-ins for the rest of a session."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.source = FakeSource(self.clock)
        self.engine = Engine({"default": self.source}, self.clock)
        self.engine.watch(Entry("300"))
        self.unwritten: BaseException | None = None
        self.sharing = SimpleNamespace(polling=WhoPolls(here=True), looked_at=inf)
        session = SimpleNamespace(
            engine=self.engine,
            sharing=self.sharing,
            looked_at=inf,
            history=SimpleNamespace(flush=self._flush),
        )
        self.session = session
        self.vitals = Vitals(session, self.clock)  # type: ignore[arg-type]

    async def _flush(self) -> None:
        if self.unwritten is not None:
            raise self.unwritten

    async def after(self, seconds: float) -> str:
        await self.clock.advance(seconds)
        return self.vitals.trouble

    @property
    def poller(self) -> Any:
        return self.engine._pollers["default"]


@asynccontextmanager
async def running() -> AsyncIterator[Scene]:
    scene = Scene()
    jobs = [asyncio.create_task(each) for each in (scene.engine.run(), scene.vitals.run())]
    try:
        yield scene
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


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
        assert "Account default has not been asked" in await scene.after(2 * UNASKED)


@pytest.mark.parametrize("place", ["session", "sharing"])
async def test_a_loop_that_does_not_come_round_shows(place: str) -> None:
    async with running() as scene:
        assert await scene.after(5) == ""
        getattr(scene, place).looked_at = scene.clock.monotonic()
        assert "has stood still" in await scene.after(ROUND + 1)


async def test_a_history_that_is_not_written_for_long_shows_until_it_is(
    tmp_path: Any,
) -> None:
    async with running() as scene:
        scene.unwritten = Busy(tmp_path, "locked", "Wait.")
        assert await scene.after(UNWRITTEN - WRITTEN_EVERY) == ""
        assert "The history could not be written" in await scene.after(3 * WRITTEN_EVERY)
        scene.unwritten = None
        assert await scene.after(WRITTEN_EVERY) == ""


async def test_one_that_follows_is_well_while_somebody_asks() -> None:
    async with running() as scene:
        scene.engine.grant(NOTHING)
        scene.sharing.polling = WhoPolls(holder=Holder(1, "console"))
        assert await scene.after(HOUR) == ""
        scene.sharing.polling = WhoPolls()
        assert await scene.after(NOBODY / 2) == ""
        assert "Nobody has asked the API" in await scene.after(NOBODY)
