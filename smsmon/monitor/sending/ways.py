"""The ways to ask for messages of one account, and what is under way by them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from smsmon.clock import Clock
from smsmon.known import Condition
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget, Gate
from smsmon.monitor.flights import Flight, Flights
from smsmon.monitor.intake import Intake, News
from smsmon.monitor.planner import Planner
from smsmon.monitor.schedule import Limits
from smsmon.monitor.sending.batches import Batches
from smsmon.monitor.sending.singles import Singles
from smsmon.monitor.sending.trust import Trust
from smsmon.monitor.source import Source


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
        self._clock = clock
        self._planner = planner
        self._intake = intake
        self._budget = budget
        self._source = source
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
        self.batches = Batches(board, clock, planner, intake, self.flights, self.trust, rng)
        self._singles = Singles(
            board, planner, intake, self.flights, self.trust, lambda: self._source
        )

    def read_from(self, source: Source) -> None:
        """Read from another source from now on."""
        self._source = source
        self.trust.read_from(source)

    def ask(self, message_id: str, now: float) -> None:
        """Ask for one message alone; the budget has counted it already."""
        self._planner.drop(message_id)
        down = self._intake.health.condition is Condition.DOWN
        messages = {message_id: self._intake.messages[message_id]}
        flight = Flight(messages, self._source, down, now, self._clock.now())
        self.flights.launch(flight, self._singles.fly)

    def ask_for_many(self, now: float) -> None:
        """Send the batch that was offered; the budget has counted it already."""
        if not self.batches.launch(now):
            self._budget.over(now)  # nothing was left to ask for; it counts all the same
