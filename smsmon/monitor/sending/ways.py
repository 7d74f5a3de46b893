"""The ways to ask for messages of one account, and what is under way by them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from math import inf
from random import Random

from msgspec import Struct

from smsmon.clock import Clock
from smsmon.known import Condition
from smsmon.model import Answer, Fault, FaultKind, ReadError
from smsmon.monitor.agenda import Turn
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget, Gate
from smsmon.monitor.flights import Flight, Flights
from smsmon.monitor.intake import Intake, News
from smsmon.monitor.ledger import WINDOW
from smsmon.monitor.planner import Planner
from smsmon.monitor.schedule import Limits
from smsmon.monitor.sending.batches import Batches
from smsmon.monitor.sending.trust import Trust
from smsmon.monitor.source import Source

MANY = ""
"""In the place of a message: many, in one request."""
CALM = 0.5
"""While less than this share of what is allowed is used, messages that were not found are read
like others …"""
RARE = 0.1
"""… and else within this share of it; what was not used of that within ``WINDOW`` may be later."""


class Choice(Struct, frozen=True):
    """What to poll now."""

    message_id: str
    """Or ``MANY``."""
    turn: Turn | None
    """Its place in the agenda, when that is why."""
    waited: float
    """Its bid for the budget: how long it has waited for its kind; inf when it is urgent."""


class Ways:
    """Sends requests of one account, by its budget and its gate.

    ``granted`` tells which messages are ours to poll; ``landed`` is called when a request is over.
    """

    def __init__(
        self,
        profile: str,
        board: Board,
        clock: Clock,
        planner: Planner,
        intake: Intake,
        limits: Limits,
        *,
        source: Source,
        budget: Budget,
        gate: Gate,
        rng: Random,
        tell: Callable[[News], None],
        granted: Callable[[str], bool],
        landed: Callable[[Flight], None],
    ) -> None:
        self._board = board
        self._clock = clock
        self._planner = planner
        self._intake = intake
        self._budget = budget
        self._source = source
        self._rare_from = clock.monotonic()
        """When one more that was not found may be read within their share."""
        self.flights = Flights(
            board,
            clock,
            budget,
            gate,
            messages=intake.messages,
            granted=granted,
            landed=landed,
        )
        self.trust = Trust(
            profile, board, clock, planner, intake, self.flights, limits, budget, rng, tell
        )
        self._batches = Batches(board, clock, planner, intake, self.flights, self.trust, rng)
        self._singles = Singles(
            board, planner, intake, self.flights, self.trust, lambda: self._source
        )

    def read_from(self, source: Source) -> None:
        """Read from another source from now on."""
        self._source = source
        self.trust.read_from(source)

    def choose(self, asked: Iterable[str], now: float) -> Choice | float | None:
        """What to poll now, or else when something will be due; None when nothing is planned.

        What the operator ``asked`` for goes first. A probe takes whoever is due earliest: the ones
        that failed stand behind, so no bad message can keep the account down.
        """
        for message_id in asked:
            if message_id not in self.flights and self._board[message_id].loaded:
                return Choice(message_id, None, inf)
        if self._intake.health.condition is Condition.DOWN:
            probe = self._planner.earliest()
            return None if probe is None else Choice(probe.message_id, None, inf)
        turn, urgent, next_due = self._planner.chosen(now, self._rare_at(now))
        if urgent and turn is not None:
            return Choice(turn.message_id, turn, inf)
        offer = self._batches.offer(now)
        waited = 0.0 if turn is None else turn.waited(now)
        if turn is not None and turn.together and self._batches.takes(turn.message_id, now):
            return Choice(MANY, None, max(offer.bid, waited))
        if offer.bid and offer.bid >= waited:
            return Choice(MANY, None, offer.bid)
        if turn is None:
            return min(next_due, offer.at)
        return Choice(turn.message_id, turn, waited)

    def _rare_at(self, now: float) -> float:
        """From when on what was not found may be read: few are enough to be right in the end, and
        ids that somebody invented by the thousand hold back none that is real."""
        calm = self._budget.used(now) < CALM * self._budget.allowed(now)
        return now if calm else self._rare_from

    def send(self, choice: Choice, now: float) -> None:
        """Send what was chosen; the budget has counted it already."""
        if choice.message_id == MANY:
            if not self._batches.launch(now):
                self._budget.over(now)  # nothing was left to ask for; it counts all the same
            return
        if choice.turn is not None:
            self._planner.started(choice.turn, now)
            if choice.turn.rare:
                each = 1 / (RARE * self._budget.planned(now))
                self._rare_from = max(self._rare_from, now - WINDOW) + each
        message_id = choice.message_id
        self._planner.drop(message_id)
        down = self._intake.health.condition is Condition.DOWN
        messages = {message_id: self._intake.messages[message_id]}
        flight = Flight(messages, self._source, down, now, self._clock.now())
        self.flights.launch(flight, self._singles.fly)


log = logging.getLogger(__name__)


class Singles:
    """Asks for single messages; ``source`` gives what the account is read from by now."""

    def __init__(
        self,
        board: Board,
        planner: Planner,
        intake: Intake,
        flights: Flights,
        trust: Trust,
        source: Callable[[], Source],
    ) -> None:
        self._board = board
        self._planner = planner
        self._intake = intake
        self._flights = flights
        self._trust = trust
        self._source = source

    async def fly(self, flight: Flight) -> None:
        """One request and, without a pause, all that follows from it."""
        (message_id,) = flight.readings
        try:
            answer = await self._ask(message_id, flight.source)
            self._intake.asked(answer if isinstance(answer, Fault) else None)
            if not self._flights.concerns_us(flight, message_id):
                return
            if not isinstance(answer, Fault):
                try:
                    self._intake.take(answer, flight.left)
                    self._trust.heard_alone(message_id, flight)
                    return
                except Exception as error:
                    log.exception("the answer for message %s could not be taken in", message_id)
                    answer = _bug(error)
            if answer.kind is FaultKind.AUTH and flight.source is not self._source():
                self._planner.again(message_id)  # the key refused was the old one
            else:
                self._intake.fail(message_id, answer, flight, len(self._flights))
                self._trust.failed_alone(message_id)
        finally:
            self._flights.over(flight)

    async def _ask(self, message_id: str, source: Source) -> Answer | Fault:
        try:
            return await source.bulk_status(message_id, self._board[message_id].digest)
        except ReadError as error:
            return error.fault
        except Exception as error:
            log.exception("reading message %s failed in an unforeseen way", message_id)
            return _bug(error)


def _bug(error: Exception) -> Fault:
    """An exception nobody foresaw, as a fault of the message; its text may hold anything."""
    return Fault(FaultKind.BAD_RESPONSE, f"a bug in smsmon ({type(error).__name__}): see the log")
