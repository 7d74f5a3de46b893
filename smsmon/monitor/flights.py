"""What one account has under way: requests, each with the messages that it will tell of.

A message is in one request at a time at most, whichever way it is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from math import inf

from msgspec import Struct

from smsmon.clock import Clock
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget, Gate
from smsmon.monitor.source import Source


class Reading(Struct, eq=False, gc=False):
    """How one message was read, lately."""

    missing: int = 0
    """"Not found" answers in a row."""
    failures: int = 0
    """Other faults in a row that were its own."""
    alone_at: float = -inf
    """Monotonic time at which a request left that read it alone, and was answered."""
    left_out: int = 0
    """Batches in a row that did not tell all of it."""
    by_batch: bool = False
    """What is known of it a batch told, and no report of its own since."""


@dataclass(slots=True, eq=False)
class Flight:
    """One request under way."""

    readings: Mapping[str, Reading]
    """The messages that it asks for, as they were when it left."""
    source: Source
    probe: bool
    """It went out while the account was down."""
    left: float
    """Monotonic time at which it went out."""
    asked_at: float
    """The same moment on the wall clock."""
    task: asyncio.Task[None] | None = None
    is_over: bool = False


class Flights:
    """The requests of one account that are under way, within the budget and the gate.

    ``messages`` are those of the account; ``granted`` tells which are ours to poll. ``landed`` is
    called when a request is over, however it ended.
    """

    def __init__(
        self,
        board: Board,
        clock: Clock,
        budget: Budget,
        gate: Gate,
        *,
        messages: Mapping[str, Reading],
        granted: Callable[[str], bool],
        landed: Callable[[Flight], None],
    ) -> None:
        self._board = board
        self._clock = clock
        self._budget = budget
        self._gate = gate
        self._messages = messages
        self.granted = granted
        self._landed = landed
        self._by_message: dict[str, Flight] = {}

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._by_message

    def alone(self, message_id: str) -> bool:
        """Whether a request that asks for this message, and no other, is under way."""
        flight = self._by_message.get(message_id)
        return flight is not None and len(flight.readings) == 1

    def __len__(self) -> int:
        """How many messages are asked for at this moment."""
        return len(self._by_message)

    def launch(
        self, flight: Flight, fly: Callable[[Flight], Coroutine[object, object, None]]
    ) -> None:
        """Send a request, by ``fly``; the budget has counted it already."""
        self._gate.enter()
        for message_id in flight.readings:
            self._by_message[message_id] = flight
            self._board[message_id].in_flight = True
        name = f"poll {next(iter(flight.readings))}"
        flight.task = asyncio.create_task(fly(flight), name=name)
        # Also for a task that is cancelled before it began: nothing of it ever runs.
        flight.task.add_done_callback(lambda _: self.over(flight))

    def leave(self, flight: Flight, message_id: str) -> None:
        """What a request says of a message is taken in: from now on it may be in another one."""
        if self._by_message.get(message_id) is flight:
            del self._by_message[message_id]
            watched = self._board.get(message_id)
            if watched is not None:
                watched.in_flight = False

    def over(self, flight: Flight) -> None:
        """A request is over; told a second time, nothing is left to do."""
        if flight.is_over:
            return
        flight.is_over = True
        for message_id in flight.readings:
            self.leave(flight, message_id)
        self._budget.over(self._clock.monotonic())
        self._gate.leave()
        self._landed(flight)

    def concerns_us(self, flight: Flight, message_id: str) -> bool:
        """Whether what a request says of a message still counts: it is not taken in yet, the
        message was not let go meanwhile, and nobody else polls it by now, who knows better."""
        ours = self._messages.get(message_id) is flight.readings[message_id]
        awaited = self._by_message.get(message_id) is flight
        return ours and awaited and self.granted(message_id)

    def give_up(self, message_id: str) -> None:
        """The message is let go: its request is cancelled, unless it asks for others as well."""
        flight = self._by_message.get(message_id)
        if flight is None or flight.task is None:
            return
        if not any(self.concerns_us(flight, id) for id in flight.readings if id != message_id):
            flight.task.cancel()

    async def cancel(self) -> None:
        """Cancel every request, and wait until all are over."""
        tasks = {flight.task for flight in self._by_message.values() if flight.task is not None}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
