"""The loop of one account: what is due → ask → board → what is due next.

Polls re-arm themselves: the next one of a message is planned when the last one has ended,
however it ended. Nothing here outlives ``run``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Container, Iterable
from math import inf
from random import Random

from smsmon.clock import Clock
from smsmon.known import Condition
from smsmon.model import Answer
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget, Gate
from smsmon.monitor.flights import Flight, Reading
from smsmon.monitor.habits import Habits, Learned
from smsmon.monitor.intake import Intake, News
from smsmon.monitor.planner import Planner
from smsmon.monitor.schedule import Limits
from smsmon.monitor.sending.ways import MANY, Choice, Ways
from smsmon.monitor.source import Source


class Everything:
    """Holds every message: nobody else polls any."""

    def __contains__(self, message_id: object) -> bool:
        return True


EVERYTHING = Everything()
NOTHING: Container[str] = frozenset()
"""Holds no message: others poll."""


LOOK_ROUND = 1.0
"""Seconds between two looks at what others found out, while the account is down."""
HEARTBEAT = 15.0
"""Seconds between two looks at the clocks: a suspended machine shows as a wall clock that ran
ahead of the monotonic one."""


class Poller:
    """Polls the messages of one account until cancelled.

    ``tell`` is called synchronously with all that happens; it must not raise.
    """

    def __init__(
        self,
        profile: str,
        source: Source,
        board: Board,
        clock: Clock,
        *,
        budget: Budget,
        gate: Gate,
        limits: Limits,
        rng: Random,
        habits: Habits,
        tell: Callable[[News], None],
        granted: Container[str] = EVERYTHING,
    ) -> None:
        self.profile = profile
        self._board = board
        self._clock = clock
        self._budget = budget
        self._gate = gate
        self._limits = limits
        self._asked: dict[str, None] = {}
        """What the operator wants now, in the order he asked; kept while the account is down."""
        self._wake = asyncio.Event()
        self._planner = Planner(board, clock, limits, habits, self._wake.set)
        self.intake = Intake(
            profile,
            board,
            clock,
            budget=budget,
            planner=self._planner,
            habits=habits,
            rng=rng,
            tell=tell,
            spread_out=self._spread_out,
            wanted=lambda: bool(self._asked or len(self._planner)),
        )
        self._health = self.intake.health
        self._messages = self.intake.messages
        self._granted = granted
        """The messages that are ours to poll; what it holds may change at any moment."""
        self._ways = Ways(
            profile,
            board,
            clock,
            self._planner,
            self.intake,
            limits,
            source=source,
            budget=budget,
            gate=gate,
            rng=rng,
            tell=tell,
            granted=lambda message_id: message_id in self._granted,
            landed=self._landed,
        )
        self._flying = self._ways.flights
        self._trust = self._ways.trust
        self.asks = False
        """The account is judged by what it answers here: another process does not ask for us."""
        self.turned_at = clock.monotonic()
        """Monotonic time at which the loop last came round; for who asks whether it still runs."""
        self.read_from(source)

    # --- looking -------------------------------------------------------------------------

    @property
    def opens_at(self) -> float:
        """Monotonic time at which the limit lets an urgent request out; past when it does now."""
        return self._budget.opens_at(self._clock.monotonic())

    @property
    def found(self) -> Condition:
        """How the account answered here, and whether it is tried (again) before long."""
        health = self._health
        rests = health.retry_at - self._clock.monotonic() > LOOK_ROUND
        if health.condition is Condition.DOWN and rests and not self._flying:
            return Condition.STOPPED
        return health.condition

    @property
    def stretch(self) -> float:
        """The factor by which intervals are stretched at present; 1 is none."""
        return self._planner.stretch.factor

    @property
    def learned(self) -> Learned:
        """What the account's answers taught: of its reports, and whether batches are believed."""
        return {**self.intake.habits.export(), "batches": self._trust.export()}

    def teach(self, learned: Learned) -> None:
        """Go on from what was learnt once."""
        self.intake.habits.load(learned)
        self._trust.load(learned.get("batches", ()))

    # --- what others ask for -------------------------------------------------------------

    def add(self, message_ids: Iterable[str]) -> None:
        """Take messages over; they are spread over the time that the limit needs for them."""
        added = []
        for message_id in message_ids:
            self._messages[message_id] = Reading()
            if not self._board[message_id].entry.paused:
                added.append(message_id)
        self._see_whether_it_asks()
        self._spread_out(added)

    def remove(self, message_id: str) -> None:
        """Let a message go; a request in flight for it is cancelled."""
        del self._messages[message_id]
        self._health.forget(message_id)
        self._drop(message_id)
        self._planner.look_at(self._planner.focus - {message_id})
        self._flying.give_up(message_id)

    def pause(self, message_id: str) -> None:
        """Plan no more polls; one in flight may still end."""
        self._drop(message_id)

    def resume(self, message_ids: Iterable[str]) -> None:
        """Poll again, from now on."""
        self._spread_out(list(message_ids))

    def refresh(self, message_ids: Iterable[str]) -> None:
        """Poll these as soon as the limit allows, paused or settled ones once.

        One that is in flight alone is being refreshed already. While the account is down the next
        probe goes out at once.
        """
        for message_id in message_ids:
            if not self._flying.alone(message_id) and message_id in self._granted:
                self._asked[message_id] = None
        if self._asked and self._health.condition is Condition.DOWN:
            self._health.retry(self._clock.monotonic())
        self._wake.set()

    def refresh_all(self) -> None:
        """Poll all that are not paused, as fast as the even pace allows.

        While the account is down the next probe goes out at once.
        """
        if self._health.condition is Condition.DOWN:
            self._health.retry(self._clock.monotonic())
        self._spread_out([id for id in self._messages if not self._board[id].entry.paused])

    def focus(self, message_ids: frozenset[str]) -> None:
        """Poll these at the least interval, ahead of others."""
        self._planner.look_at(message_ids)

    def grant(
        self,
        granted: Container[str],
        *,
        in_parts: bool = False,
        changed: Collection[str] | None = None,
    ) -> None:
        """Poll only what ``granted`` holds: it is asked before each request and each answer.
        ``in_parts``: others poll the account at the same time. ``changed`` is what it holds newly,
        or no more; None: anything.

        What it holds newly is polled when whoever polled it before would have, or else spread
        over the time that the limit needs for it, as at the start; requests in flight for what
        it does not hold are cancelled.
        """
        self._granted = granted
        begun = []
        looked_at = self._messages if changed is None else self._messages.keys() & changed
        for message_id in looked_at:
            watched = self._board[message_id]
            if message_id not in granted:
                self._leave(message_id)
                continue
            if not (watched.entry.paused or watched.settled_at or self._planned(message_id)):
                begun.append(message_id)
        self._see_whether_it_asks()
        if self.asks and in_parts and self._health.condition is not Condition.OK:
            self.intake.follow_none()  # the way of others to the API is not ours
        elif self.asks:
            self.intake.lead()
        pace = self._budget.planned(self._clock.monotonic())
        self._spread_out(self._planner.go_on(begun, pace))
        self._wake.set()

    def _see_whether_it_asks(self) -> None:
        granted, messages = self._granted, self._messages
        some = not messages or (granted is not NOTHING and any(id in granted for id in messages))
        self.asks = some and granted is not NOTHING

    def _planned(self, message_id: str) -> bool:
        return message_id in self._flying or self._planner.turn(message_id) is not None

    def _leave(self, message_id: str) -> None:
        """Another process polls it by now, if any does."""
        if self._planned(message_id) or message_id in self._asked:
            self._drop(message_id)
            self._flying.give_up(message_id)

    def limit(self, limits: Limits) -> None:
        """Keep within other limits: what would be read too late by them is read soon."""
        self._limits = limits
        self._spread_out(self._planner.limit(limits))
        self._trust.limit(limits)
        self._wake.set()

    def leave(self) -> None:
        """Nothing is polled any more: no message has a next poll."""
        for message_id in self._messages:
            self._drop(message_id)
        self._messages.clear()

    def retry(self) -> None:
        """Try a stopped or silent account again at once."""
        if self._health.condition is not Condition.OK:
            self._health.retry(self._clock.monotonic())
            self._wake.set()

    def answered(self) -> None:
        """The account has just answered, to a request of somebody else."""
        self.intake.came_up(self._clock.now(), self._clock.monotonic())
        self._wake.set()

    def read_from(self, source: Source) -> None:
        """Read from another source from now on (the key changed), at once."""
        source.ask_before_repeating(self._may_repeat)
        self._ways.read_from(source)
        self.retry()

    def receive(self, answer: Answer) -> None:
        """Take in what a source says without having been asked."""
        if answer.message_id in self._messages and answer.message_id in self._granted:
            self.intake.take(answer)
            self._wake.set()

    def _may_repeat(self) -> bool:
        """Whether the source may send a request a second time; counted if so."""
        return self._budget.repeat(self._clock.monotonic())

    # --- the loop ------------------------------------------------------------------------

    async def run(self) -> None:
        """Poll until cancelled; all requests in flight are cancelled with it."""
        self._spread_out([id for id in self._messages if self._planner.turn(id) is not None])
        try:
            while True:
                self._wake.clear()
                missed = self._planner.missed(self._messages)
                if missed:
                    self._spread_out(missed)
                if self.asks:  # else whoever polls looks round
                    self.intake.look_round()
                pause = self._launch()
                self.turned_at = self._clock.monotonic()
                longest = LOOK_ROUND if self._health.condition is Condition.DOWN else HEARTBEAT
                await self._clock.wait(self._wake, min(max(pause, 0.001), longest))
        finally:
            self._withdraw()
            await self._flying.cancel()

    def _launch(self) -> float:
        """Send what may go out now; gives the seconds until that could be more."""
        while True:
            now = self._clock.monotonic()
            pause = self._blocked(now)
            choice = None if pause else self._ways.choose(self._asked, now)
            if not isinstance(choice, Choice):
                self._withdraw()
                return pause or (inf if choice is None else choice - now)
            if self._gate.closed(self, choice.waited, self._wake.set):
                self._budget.withdraw(self)
                return inf
            if choice.message_id != MANY and choice.message_id not in self._granted:
                self._withdraw()
                return inf  # just lost: whoever grants will say so
            wait = self._budget.take(now, self, choice.waited, self._wake.set)
            if wait:
                return wait
            self._asked.pop(choice.message_id, None)
            self._ways.send(choice, now)

    def _withdraw(self) -> None:
        self._gate.withdraw(self)
        self._budget.withdraw(self)

    def _blocked(self, now: float) -> float:
        """Seconds for which nothing may go out, gate and budget aside; 0 when something may."""
        condition = self._health.condition
        if condition is Condition.STOPPED:
            return inf
        if condition is Condition.DOWN:
            if self._flying:
                return inf  # one probe at a time
            if now < self._health.retry_at:
                return self._health.retry_at - now
        return 0.0

    def _landed(self, flight: Flight) -> None:
        """A request is over, however it ended: see to it that the next ones are planned."""
        self._wake.set()
        for message_id, reading in flight.readings.items():
            watched, ours = self._board.get(message_id), self._messages.get(message_id)
            if watched is None or ours is None or self._planned(message_id):
                continue
            if watched.entry.paused or watched.settled_at or message_id not in self._granted:
                continue
            # A bug swallowed the plan, or it was let go and taken back while this was out.
            self._planner.again(message_id, self._limits.max_interval if ours is reading else 0.0)

    # --- shared --------------------------------------------------------------------------

    def _drop(self, message_id: str) -> None:
        """Poll it no more, not even because the operator asked before."""
        self._asked.pop(message_id, None)
        self._trust.forget(message_id)
        self._planner.drop(message_id)

    def _spread_out(self, message_ids: list[str]) -> None:
        """Poll these soon, without a burst; what is in flight is read already."""
        wanted = [id for id in message_ids if id not in self._flying and id in self._granted]
        self._planner.spread_out(wanted, self._budget.planned(self._clock.monotonic()))
