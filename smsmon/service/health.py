"""Is all well with a running watch? One pure answer: for systemd's watchdog, and the signs of life.

All is well while everything that must come round does, what is found is written, somebody asks
the API, and what is due is asked for. It says nothing about the API: one that is down, refuses
the key or asks for patience is what smsmon is there to tell of, by its alerts. Nor about who reads
the output: nothing waits for it.

A store that does not answer is told to those who look after it, as trouble; but no reason to start
this process again, which comes back by itself, and would lose the picture that it keeps.

A loop that stands still gives no answer at all, so nobody is told that all is well then, either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smsmon.clock import Clock, sleep
from smsmon.known import Condition
from smsmon.model import Origin
from smsmon.monitor.state import Applied
from smsmon.store.errors import StoreError
from smsmon.times import duration

if TYPE_CHECKING:
    from smsmon.model import Event
    from smsmon.session import Session

ROUND = 60.0
"""Seconds within which everything comes round: each does in 15 at most, and a machine is busy."""
UNWRITTEN = 300.0
"""Seconds for which the history may be unwritten: what waits is kept, and a disk is soon tidied."""
NOBODY = 60.0
"""Seconds for which nobody may ask the API: another process takes over in five."""
UNREACHABLE = 60.0
"""Seconds for which the store may give no answer: a server starts again, or one takes over."""
UNASKED = 900.0
"""Seconds that what is due may wait while the account brings nothing: longer than the smallest
budget lets it wait."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a running watch shows of itself. All in seconds until now."""

    rounds: Mapping[str, float] = field(default_factory=dict)
    """What must come round, as a sentence names it → since it last did."""
    unwritten: float = 0.0
    """Since what is recorded could not be written; 0 while it can."""
    nobody_asks: float = 0.0
    """Since neither this process nor another one asks the API; 0 while one does."""
    unasked: Mapping[str, float] = field(default_factory=dict)
    """Account that answers → since its most overdue message was due, where nothing was heard
    of the account for as long."""
    unreachable: float = 0.0
    """Since the store does not answer; 0 while it does. Nothing is asked and written then."""


def trouble(signs: Signs) -> str:
    """Why not all is well, in one sentence, the same while that lasts; empty when it is."""
    if not (told := stuck(signs)) and signs.unreachable > UNREACHABLE:
        return f"The store has not answered for more than {duration(UNREACHABLE)}."
    return told


def stuck(signs: Signs) -> str:
    """The trouble that lies in this process: to start it again may mend it; empty without any."""
    for name, since in signs.rounds.items():
        if since > ROUND:
            return f"{name} has stood still for more than {duration(ROUND)}."
    if signs.unreachable:
        return ""
    if signs.unwritten > UNWRITTEN:
        return f"The history could not be written for more than {duration(UNWRITTEN)}."
    if signs.nobody_asks > NOBODY:
        return f"Nobody has asked the API for more than {duration(NOBODY)}."
    for profile, since in signs.unasked.items():
        if since > UNASKED:
            return f"What is due of account {profile} has waited for more than {duration(UNASKED)}."
    return ""


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
        if (busy := session.alerts.busy_since) is not None:
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
