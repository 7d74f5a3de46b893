"""A session as a service sees it, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from math import inf
from types import SimpleNamespace
from typing import Any, cast

from smsmon.grouping import Grouping
from smsmon.model import Entry
from smsmon.monitor.engine import Engine
from smsmon.service.health import Vitals
from smsmon.settings import Settings
from smsmon.who_polls import WhoPolls
from tests.monitor.fakes import FakeSource
from tests.support.clock import VirtualClock


class Scene:
    """An engine that runs, and stand-ins for the rest of a session."""

    def __init__(self, settings: Settings) -> None:
        self.clock = VirtualClock()
        self.source = FakeSource(self.clock)
        self.engine = Engine({"default": self.source}, self.clock)
        self.engine.watch(Entry("300"))
        self.unwritten: BaseException | None = None
        self.sharing = SimpleNamespace(polling=WhoPolls(here=True), looked_at=inf)
        session = SimpleNamespace(
            engine=self.engine,
            sharing=self.sharing,
            polling=self.sharing.polling,
            looked_at=inf,
            history=SimpleNamespace(flush=self._flush, ask=self._ask),
            accounts=SimpleNamespace(settings=settings),
            alerts=SimpleNamespace(alerting=None, busy_since=None, fired=dict),
            incoming=SimpleNamespace(standings={}),
            grouping=Grouping(self.engine, cast("Any", SimpleNamespace(ask=self._ask)), self.clock),
        )
        self.session = cast("Any", session)
        self.vitals = Vitals(self.session, self.clock)

    async def _flush(self) -> None:
        if self.unwritten is not None:
            raise self.unwritten

    async def _ask(self, question: object) -> dict[str, Any]:
        return {}

    async def after(self, seconds: float) -> str:
        await self.clock.advance(seconds)
        return self.vitals.trouble

    @property
    def poller(self) -> Any:
        return self.engine._pollers["default"]


@asynccontextmanager
async def running() -> AsyncIterator[Scene]:
    """A scene whose engine and vitals run."""
    scene = Scene(Settings())
    async with doing(scene.engine.run(), scene.vitals.run()):
        yield scene


@asynccontextmanager
async def doing(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """All of it, until the end of the block."""
    jobs = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
