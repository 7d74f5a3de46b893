"""Reads messages from the API, each once: what ``status`` is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from smsmon.clock import Clock
from smsmon.commands import exits
from smsmon.model import Counts, Fault, FaultKind, ReadError, Report, Unchanged
from smsmon.monitor.budget import Budget


class Source(Protocol):
    """What answers: `smsmon.api.client.SmsPartner`, or a test's stand-in."""

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        """The message's report. Raises `ReadError`."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of asking for one message: a report or a fault.

    Of a message that was watched for a while, and failed at the end, both.
    """

    message_id: str
    report: Report | None = None
    fault: Fault | None = None

    @property
    def state(self) -> str:
        """``ok``, ``not_found`` or ``error``."""
        if self.fault is None:
            return "ok"
        return "not_found" if self.fault.kind is FaultKind.NOT_FOUND else "error"

    @property
    def counts(self) -> Counts | None:
        """The report's counts; None when the message was not read."""
        return Counts.of(self.report.recipients) if self.report else None

    @property
    def exit_code(self) -> int:
        """What this one result alone would end the command with."""
        return exits.of_kind(self.fault.kind) if self.fault else exits.OK


class Reader:
    """Reads with at most ``concurrency`` requests at once and ``per_minute`` in any minute."""

    def __init__(
        self, sources: Mapping[str, Source], clock: Clock, *, concurrency: int, per_minute: int
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._gate = asyncio.Semaphore(concurrency)
        self._budget = Budget(per_minute)
        self._refused: dict[str, Fault] = {}

    async def read_each(
        self, wanted: Sequence[tuple[str, str]], done: Callable[[Reading], None] = lambda _: None
    ) -> list[Reading]:
        """Read ``wanted`` (message id, profile); the results stand in that order.

        Once an account is refused, the rest of its messages are not asked for: the answer would
        be the same, and an address that keeps knocking with a bad key gets barred.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read(*each, done)) for each in wanted]
        return [task.result() for task in tasks]

    async def _read(
        self, message_id: str, profile: str, done: Callable[[Reading], None]
    ) -> Reading:
        async with self._gate:
            if profile not in self._refused:
                await self._turn()
            if fault := self._refused.get(profile):
                reading = Reading(message_id, fault=fault)
            else:
                reading = await _ask(message_id, self._sources[profile])
                if reading.fault and reading.fault.kind is FaultKind.AUTH:
                    self._refused[profile] = reading.fault
        done(reading)
        return reading

    async def _turn(self) -> None:
        """Wait until one more request may go out, and count it."""
        while wait := self._budget.wait(self._clock.monotonic(), urgent=True):
            await self._clock.wait(asyncio.Event(), wait)
        self._budget.take(self._clock.monotonic())


async def _ask(message_id: str, source: Source) -> Reading:
    try:
        report = await source.bulk_status(message_id)
    except ReadError as error:
        return Reading(message_id, fault=error.fault)
    if isinstance(report, Unchanged):
        raise TypeError("an answer was called unchanged, and nothing was known before")
    return Reading(message_id, report=report)
