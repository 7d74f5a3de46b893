"""A clock that only moves when the test says so, and lets everything run before it moves on."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any, cast

START = 1_795_341_600.0
"""2026-11-22 10:00:00 UTC: where a virtual clock's wall starts unless told otherwise."""

_QUIET_PASSES = 3
"""Passes of the loop without anything to run that count as quiescence. The second and third
let loopback sockets of this process be noticed: the kernel hands those over at once."""


class VirtualClock:
    """``smsmon.clock.Clock`` on virtual time: days pass in milliseconds, always the same way.

    ``advance`` fires what is due in the order of its time, first come first served within one
    moment, and between two moments lets every task run until nothing is ready any more. It
    waits neither for threads nor for other processes.
    """

    def __init__(self, wall: float = START, monotonic: float = 1_000.0) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._order = count()
        self._timers: list[tuple[float, int, asyncio.Future[bool]]] = []

    def now(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        if event.is_set():
            return True
        if seconds is not None and seconds <= 0:
            await asyncio.sleep(0)
            return event.is_set()
        over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if seconds is not None:
            heapq.heappush(self._timers, (self._monotonic + seconds, next(self._order), over))
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((waiting, over), return_when=asyncio.FIRST_COMPLETED)
            return waiting.done()
        finally:
            over.cancel()
            waiting.cancel()

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` of this clock."""
        await self.wait(asyncio.Event(), seconds)

    @staticmethod
    async def settle() -> None:
        """Let every task run until none is ready, without moving the time."""
        ready = cast("Any", asyncio.get_running_loop())._ready  # the one place that tells
        quiet = 0
        while quiet < _QUIET_PASSES:
            await asyncio.sleep(0)
            quiet = 0 if ready else quiet + 1

    async def advance(self, seconds: float) -> None:
        """Move both clocks on by ``seconds``, firing all that falls due on the way."""
        until = self._monotonic + seconds
        await self.settle()
        while await self._step(until):
            pass
        self._move(until)
        await self.settle()

    async def run_until(self, done: Callable[[], bool], within: float = 86_400.0) -> float:
        """Move on, moment by moment, until ``done()``; gives the seconds it took.

        Raises ``TimeoutError`` when it is not done ``within`` that many virtual seconds.
        """
        start = self._monotonic
        await self.settle()
        while not done():
            if not await self._step(start + within):
                raise TimeoutError(f"not done within {within} virtual seconds")
        return self._monotonic - start

    def jump(self, seconds: float) -> None:
        """Move the wall clock only, either way: what NTP or an operator does to it.

        With positive seconds also what a suspended machine sees when it wakes.
        """
        self._wall += seconds

    @property
    def next_timer(self) -> float | None:
        """Seconds until something falls due; None when nothing waits for a time."""
        while self._timers and self._timers[0][2].done():
            heapq.heappop(self._timers)
        return self._timers[0][0] - self._monotonic if self._timers else None

    async def _step(self, until: float) -> bool:
        """Fire the next moment up to ``until``; False when there is none."""
        ahead = self.next_timer
        if ahead is None or self._timers[0][0] > until:
            return False
        moment = self._timers[0][0]
        self._move(moment)
        while self._timers and self._timers[0][0] <= moment:
            over = heapq.heappop(self._timers)[2]
            if not over.done():
                over.set_result(True)
        await self.settle()
        return True

    def _move(self, moment: float) -> None:
        self._wall += moment - self._monotonic
        self._monotonic = moment
