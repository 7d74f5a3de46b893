"""Reads messages from the API, each once: what ``status`` is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from smsmon.commands import exits
from smsmon.model import Counts, Fault, FaultKind, ReadError, Report, Unchanged


class Source(Protocol):
    """What answers: `smsmon.api.client.SmsPartner`, or a test's stand-in."""

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        """The message's report. Raises `ReadError`."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of asking for one message: a report or a fault."""

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


async def read_each(
    wanted: Sequence[tuple[str, str]],
    sources: Mapping[str, Source],
    concurrency: int,
    done: Callable[[Reading], None] = lambda _: None,
) -> list[Reading]:
    """Read ``wanted`` (message id, profile), at most ``concurrency`` at once, in that order.

    Once an account is refused, the rest of its messages are not asked for: the answer would be
    the same, and a refused key that keeps knocking gets an address barred.
    """
    refused: dict[str, Fault] = {}
    gate = asyncio.Semaphore(concurrency)

    async def read_one(message_id: str, profile: str) -> Reading:
        async with gate:
            if fault := refused.get(profile):
                reading = Reading(message_id, fault=fault)
            else:
                reading = await _ask(message_id, sources[profile])
                if reading.fault and reading.fault.kind is FaultKind.AUTH:
                    refused[profile] = reading.fault
        done(reading)
        return reading

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(read_one(*each)) for each in wanted]
    return [task.result() for task in tasks]


async def _ask(message_id: str, source: Source) -> Reading:
    try:
        report = await source.bulk_status(message_id)
    except ReadError as error:
        return Reading(message_id, fault=error.fault)
    if isinstance(report, Unchanged):
        raise TypeError("an answer was called unchanged, and nothing was known before")
    return Reading(message_id, report=report)
