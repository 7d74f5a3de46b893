"""Takes the signs of life of a running session, for `health.trouble` to judge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from smsmon.clock import Clock, sleep
from smsmon.known import Condition
from smsmon.model import Origin
from smsmon.monitor.state import Applied
from smsmon.service.health import UNASKED, Signs, stuck, trouble
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.model import Event
    from smsmon.session import Session

WRITTEN_EVERY = 30.0
"""Seconds between two looks whether what was recorded arrives in the history; it writes as often
by itself."""
_WRITTEN_WITHIN = 20.0
"""Seconds that may take."""


class Vitals:
    """What can be seen of ``session`` from inside, while `run` runs."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._began = self._written_at = self._tried_at = self._asked_at = clock.monotonic()
        self._reached_at = self._began
        """When the store was last seen to answer."""
        self._heard: dict[str, float] = {}
        """Account → when anything was heard of it last."""

    async def run(self) -> None:
        """Look whether the history is written, until cancelled."""
        self._began = self._written_at = self._asked_at = self._clock.monotonic()
        leave = self._session.engine.subscribe(self._hear)
        try:
            while True:
                await self._look_at_history()
                await sleep(self._clock, WRITTEN_EVERY)
        finally:
            leave()

    @property
    def trouble(self) -> str:
        """Why not all is well at this moment, in one sentence; empty when it is."""
        return trouble(self.signs())

    @property
    def stuck(self) -> str:
        """The part of it that a new start may mend."""
        return stuck(self.signs())

    def signs(self) -> Signs:
        """How things stand now."""
        session, now = self._session, self._clock.monotonic()
        polling = session.sharing.polling
        gone = polling.unreachable_since is not None
        if not gone:
            self._reached_at = now
        if polling.here or polling.holder is not None or gone:
            self._asked_at = now
        rounds = {
            **{f"Polling account {name}": at for name, at in session.engine.turns.items()},
            "Looking who polls": session.sharing.looked_at,
            "Looking at the watchlist": session.looked_at,
            "Looking at the history": self._tried_at,
        }
        if session.alerting is not None and (busy := session.alerting.busy_since) is not None:
            rounds["Looking after the alerts"] = busy
        return Signs(
            {name: now - max(at, self._began) for name, at in rounds.items()},
            self._tried_at - self._written_at,
            now - self._asked_at,
            dict(self._unasked(now)),
            now - self._reached_at if gone else 0.0,
        )

    def _unasked(self, now: float) -> Iterator[tuple[str, float]]:
        engine, wall = self._session.engine, self._clock.now()
        for profile in filter(engine.asks, engine.profiles):
            quiet = now - self._heard.get(profile, self._began)
            if quiet > UNASKED and engine.account(profile).condition is Condition.OK:
                ours = (each for each in engine.board if engine.is_ours(each.id))
                due = [each.next_due for each in ours if each.profile == profile]
                first = min((at for at in due if at is not None), default=wall)
                yield profile, min(quiet, wall - first)

    def _hear(self, news: Applied | Event) -> None:
        if isinstance(news, Applied) and news.origin is not Origin.RECORDED:
            watched = self._session.engine.board.get(news.message_id)
            if watched is not None:
                self._heard[watched.profile] = self._clock.monotonic()

    async def _look_at_history(self) -> None:
        """Whatever the disk does, this ends."""
        written = True
        try:
            async with asyncio.timeout(_WRITTEN_WITHIN):
                await self._session.history.flush()
        except (StoreError, TimeoutError):
            written = False
        self._tried_at = self._clock.monotonic()
        if written or self._session.sharing.polling.unreachable_since is not None:
            self._written_at = self._tried_at
