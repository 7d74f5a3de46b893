"""One message asked for alone: the request that tells all of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from smsmon.model import Answer, Fault, FaultKind, ReadError
from smsmon.monitor.board import Board
from smsmon.monitor.flights import Flight, Flights
from smsmon.monitor.intake import Intake
from smsmon.monitor.planner import Planner
from smsmon.monitor.sending.trust import Trust
from smsmon.monitor.source import Source

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
