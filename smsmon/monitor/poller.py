"""The loop of one account: what is due → ask → board → what is due next.

Polls re-arm themselves: the next one of a message is planned when the last one has ended,
however it ended. Nothing here outlives ``run``.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from math import inf
from random import Random
from typing import Protocol

from smsmon.clock import Clock
from smsmon.model import (
    Event,
    EventKind,
    Fault,
    FaultKind,
    ReadError,
    Report,
    Unchanged,
)
from smsmon.monitor.account import AccountState, Condition, Health
from smsmon.monitor.board import Applied, Board
from smsmon.monitor.budget import WINDOW, Budget, back_off
from smsmon.monitor.hazard import Curve
from smsmon.monitor.schedule import Limits, next_interval, not_found_interval, spread

log = logging.getLogger(__name__)

HEARTBEAT = 15.0
"""Seconds between two looks at the clocks: a suspended machine shows as a wall clock that ran
ahead of the monotonic one."""
JUMP = 30.0
"""Seconds by which the wall clock must run ahead before the messages are caught up on."""


class StatusSource(Protocol):
    """Where reports come from: the API's client, or a fake."""

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        """One report; ``Unchanged`` when the answer's digest is ``known``. Raises ReadError."""
        ...


@dataclass(slots=True, eq=False)
class _Plan:
    """When one message is to be polled. Times are monotonic."""

    message_id: str
    due: float = inf
    """inf: not planned."""
    version: int = 0
    """Which of its entries in the heap counts; the others are leftovers."""
    rate: float = 0.0
    """Polls per second it would have without a limit: its part of the demand."""
    missing: int = 0
    """"Not found" answers in a row."""
    failures: int = 0
    """Other faults in a row."""
    asked: bool = False
    """The operator wants it now."""


class Poller:
    """Polls the messages of one account until cancelled."""

    def __init__(
        self,
        profile: str,
        source: StatusSource,
        board: Board,
        clock: Clock,
        budget: Budget,
        limits: Limits,
        rng: Random,
        tell: Callable[[Applied | Event], None],
        curves: tuple[Curve, Curve],
    ) -> None:
        self.profile = profile
        self.source = source
        self._board = board
        self._clock = clock
        self._budget = budget
        self._limits = limits
        self._rng = rng
        self._tell = tell
        self._reports, self._stops = curves
        self._health = Health(rng)
        self._plans: dict[str, _Plan] = {}
        self._heap: list[tuple[float, int, int, _Plan]] = []
        self._order = count()
        self._asked: dict[str, _Plan] = {}
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._focus: str | None = None
        self._demand = 0.0
        self._wake = asyncio.Event()
        self._ahead = clock.now() - clock.monotonic()

    # --- what others ask for -------------------------------------------------------------

    @property
    def state(self) -> AccountState:
        """The account as it stands."""
        health = self._health
        down = health.condition is Condition.DOWN
        shift = self._clock.now() - self._clock.monotonic()
        retry_at = health.retry_at + shift if down else None
        return AccountState(self.profile, health.condition, health.fault, health.since, retry_at)

    @property
    def in_flight(self) -> int:
        """Requests out at this moment."""
        return len(self._flying)

    def add(self, message_ids: Iterable[str]) -> None:
        """Take messages over; they are spread over the time that the limit needs for them."""
        added = []
        for message_id in message_ids:
            plan = self._plans[message_id] = _Plan(message_id)
            if not self._board[message_id].entry.paused:
                added.append(plan)
        self._spread_out(added)

    def remove(self, message_id: str) -> None:
        """Let a message go; a request in flight for it is cancelled."""
        plan = self._plans.pop(message_id)
        self._drop(plan)
        if self._focus == message_id:
            self._focus = None
        if message_id in self._flying:
            self._flying[message_id].cancel()

    def pause(self, message_id: str) -> None:
        """Plan no more polls; one in flight may still end."""
        self._drop(self._plans[message_id])

    def resume(self, message_ids: Iterable[str]) -> None:
        """Poll again, from now on."""
        self._spread_out([self._plans[message_id] for message_id in message_ids])

    def refresh(self, message_ids: Iterable[str]) -> None:
        """Poll these as soon as the limit allows, paused or settled ones once."""
        for message_id in message_ids:
            plan = self._plans[message_id]
            if message_id not in self._flying:
                plan.asked = True
                self._asked[message_id] = plan
        if self._asked and self._health.condition is Condition.DOWN:
            self._health.retry(self._clock.monotonic())
        self._wake.set()

    def refresh_all(self) -> None:
        """Poll all that are not paused, as fast as the even pace allows."""
        self._spread_out(
            [p for p in self._plans.values() if not self._board[p.message_id].entry.paused]
        )

    def focus(self, message_id: str | None) -> None:
        """Poll this one at the least interval, ahead of others; None: none."""
        self._focus = message_id
        if message_id is None:
            return
        plan = self._plans[message_id]
        if plan.due < inf:
            now = self._clock.monotonic()
            self._plan(plan, min(plan.due, now + self._limits.min_interval))
            self._wake.set()

    def retry(self) -> None:
        """Try a stopped or silent account again at once."""
        if self._health.condition is not Condition.OK:
            self._health.retry(self._clock.monotonic())
            self._wake.set()

    # --- the loop ------------------------------------------------------------------------

    async def run(self) -> None:
        """Poll until cancelled; all requests in flight are cancelled with it."""
        self._spread_out([plan for plan in self._plans.values() if plan.due < inf])
        try:
            while True:
                self._wake.clear()
                self._catch_up()
                pause = self._launch()
                await self._clock.wait(self._wake, min(max(pause, 0.001), HEARTBEAT))
        finally:
            flying = list(self._flying.values())
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)

    def _launch(self) -> float:
        """Send what may go out now; gives the seconds until that could be more."""
        while True:
            now = self._clock.monotonic()
            condition = self._health.condition
            if condition is Condition.STOPPED or len(self._flying) >= self._limits.concurrency:
                return inf
            if condition is Condition.DOWN:
                if self._flying:
                    return inf
                if now < self._health.retry_at:
                    return self._health.retry_at - now
            plan = self._next_plan()
            if plan is None:
                return inf
            urgent = plan.asked or plan.message_id == self._focus
            if not plan.asked and condition is Condition.OK and plan.due > now:
                return plan.due - now
            wait = self._budget.wait(now, urgent=urgent)
            if wait > 0:
                return wait
            self._start(plan, now)

    def _next_plan(self) -> _Plan | None:
        """The one to poll next: what the operator asked for, then the earliest due."""
        for plan in self._asked.values():
            if plan.message_id not in self._flying:
                return plan
        while self._heap:
            _, _, version, plan = self._heap[0]
            if version == plan.version and plan.due < inf:
                return plan
            heapq.heappop(self._heap)
        return None

    def _start(self, plan: _Plan, now: float) -> None:
        self._budget.take(now)
        self._asked.pop(plan.message_id, None)
        plan.asked = False
        plan.version += 1
        plan.due = inf
        watched = self._board[plan.message_id]
        watched.in_flight = True
        task = asyncio.create_task(self._poll(plan), name=f"poll {plan.message_id}")
        self._flying[plan.message_id] = task
        task.add_done_callback(lambda _: self._landed(plan))

    def _landed(self, plan: _Plan) -> None:
        del self._flying[plan.message_id]
        watched = self._board.get(plan.message_id)
        if watched is not None:
            watched.in_flight = False
        self._wake.set()

    async def _poll(self, plan: _Plan) -> None:
        """One request and what follows from it; never raises but when cancelled."""
        message_id = plan.message_id
        known = self._board[message_id].digest
        try:
            answer: Report | Unchanged | Fault = await self.source.bulk_status(message_id, known)
        except ReadError as error:
            answer = error.fault
        except Exception as error:
            log.exception("reading message %s failed in an unforeseen way", message_id)
            answer = Fault(FaultKind.BAD_RESPONSE, f"a bug in smsmon: {type(error).__name__}")
        if self._plans.get(message_id) is not plan:
            return
        now, wall = self._clock.monotonic(), self._clock.now()
        if isinstance(answer, Fault):
            self._failed(plan, answer, now, wall)
        else:
            self._answered(plan, answer, now, wall)

    def _answered(self, plan: _Plan, answer: Report | Unchanged, now: float, wall: float) -> None:
        plan.missing = plan.failures = 0
        if isinstance(answer, Report):
            applied = self._board.apply(answer, wall)
        else:
            applied = self._board.unchanged(plan.message_id, wall)
        self._came_up(now, wall)
        self._plan_next(plan, now)
        self._tell(applied)

    def _failed(self, plan: _Plan, fault: Fault, now: float, wall: float) -> None:
        applied = self._board.fail(plan.message_id, fault, wall)
        if fault.kind is FaultKind.NOT_FOUND:
            plan.missing += 1
            self._came_up(now, wall)
            self._plan(plan, now + not_found_interval(plan.missing, self._limits))
        else:
            plan.failures += 1
            if fault.kind is FaultKind.RATE_LIMITED and fault.retry_after:
                self._budget.hold(now + fault.retry_after)
            alone = len(self._plans) == 1
            if self._health.bad(plan.message_id, fault, now, wall, alone=alone):
                stopped = self._health.condition is Condition.STOPPED
                kind = EventKind.ACCOUNT_STOPPED if stopped else EventKind.ACCOUNT_DOWN
                self._tell(Event(kind, wall, None, self.profile, fault.message))
            pause = back_off(plan.failures, self._rng, 2 * self._limits.min_interval)
            self._plan(plan, now + max(self._limits.min_interval, pause))
        self._tell(applied)

    def _came_up(self, now: float, wall: float) -> None:
        if not self._health.good():
            return
        self._spread_out([plan for plan in self._plans.values() if plan.due <= now])
        self._tell(Event(EventKind.ACCOUNT_UP, wall, None, self.profile))

    # --- planning ------------------------------------------------------------------------

    def _plan_next(self, plan: _Plan, now: float) -> None:
        """Plan the poll after a true answer."""
        watched = self._board[plan.message_id]
        if watched.settled_at is not None or watched.entry.paused:
            self._drop(plan)
            return
        counts = watched.counts
        interval = next_interval(
            self._clock.now() - watched.origin,
            counts.waiting,
            counts.total - counts.waiting,
            self._reports,
            self._stops,
            self._limits,
        )
        if plan.message_id == self._focus:
            interval = self._limits.min_interval
        self._demand += 1 / interval - plan.rate
        plan.rate = 1 / interval
        self._budget.want(self.profile, self._demand)
        if plan.message_id != self._focus:
            interval *= self._budget.stretch
        watched.promise = interval
        self._plan(plan, now + interval)

    def _plan(self, plan: _Plan, due: float) -> None:
        plan.due = due
        plan.version += 1
        heapq.heappush(self._heap, (due, next(self._order), plan.version, plan))
        watched = self._board[plan.message_id]
        watched.next_due = self._clock.now() + due - self._clock.monotonic()

    def _drop(self, plan: _Plan) -> None:
        """Plan no poll."""
        self._asked.pop(plan.message_id, None)
        plan.asked = False
        plan.due = inf
        plan.version += 1
        self._demand -= plan.rate
        plan.rate = 0.0
        self._budget.want(self.profile, self._demand)
        watched = self._board.get(plan.message_id)
        if watched is not None:
            watched.next_due = None

    def _spread_out(self, plans: list[_Plan]) -> None:
        """Plan ``plans`` over the time that the limit needs for them, each at its own place."""
        now = self._clock.monotonic()
        flying = [plan for plan in plans if plan.message_id not in self._flying]
        width = (len(flying) - 1) * WINDOW / self._budget.limit
        for plan in flying:
            self._plan(plan, now + spread(plan.message_id) * width)
        self._wake.set()

    def _catch_up(self) -> None:
        """After a suspend the wall clock is ahead: what fell due meanwhile is due now."""
        ahead = self._clock.now() - self._clock.monotonic()
        slept, self._ahead = ahead - self._ahead, ahead
        if slept < JUMP:
            return
        now = self._clock.monotonic()
        self._spread_out([p for p in self._plans.values() if p.due < inf and p.due - slept <= now])
