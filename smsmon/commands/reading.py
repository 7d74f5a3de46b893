"""Reads messages from the API, each once: what ``status`` is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from smsmon import exit_codes
from smsmon.clock import Clock
from smsmon.model import Counts, Fault, FaultKind, ReadError, Report, Unchanged
from smsmon.monitor.budget import Budget, Window
from smsmon.monitor.source import Source
from smsmon.monitor.state import Watched
from smsmon.recipients import Recipients
from smsmon.window import LeftAlone, ask, left_alone

if TYPE_CHECKING:
    from smsmon.accounts import Accounts
    from smsmon.settings import Settings


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
        return exit_codes.of_kind(self.fault.kind) if self.fault else exit_codes.OK


def report_of(watched: Watched) -> Report | None:
    """What the last report of a message said; None while none came."""
    if watched.read_at is None:
        return None
    present = watched.recipients
    if watched.absent:
        kept = (each for slot, each in enumerate(present) if slot not in watched.absent)
        present = Recipients.of(kept)
    asked_at = watched.asked_at or watched.read_at
    return Report(watched.id, present, watched.digest or b"", asked_at, watched.read_at)


PATIENCE = 60.0
"""Seconds that the server may ask to be left alone before ``status`` gives up."""
TRIES = 3
"""Times that a message is asked for which the server refuses as one too many; and times that it
refuses in a row before the rest is not asked for at all."""


class _Line:
    """How it stands with one address."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.refusals = 0
        """"Too many" in a row."""
        self.singly = asyncio.Lock()
        """While the server refuses, one request goes out at a time."""
        self.given_up: Fault | None = None


class ReportReader:
    """Reads with at most ``concurrency`` requests at once and ``per_minute`` in any minute.

    ``windows`` (profile → window of its address) are where requests are counted, with those of
    other processes; profiles without one have one of their own. ``told`` is given one sentence
    when the server asks for a pause that is waited for.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        clock: Clock,
        *,
        concurrency: int,
        per_minute: int,
        windows: Mapping[str, Window] | None = None,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._gate = asyncio.Semaphore(concurrency)
        self._told = told
        self._refused: dict[str, Fault] = {}
        lines: dict[Window, _Line] = {}
        common = Window()
        self._lines: dict[str, _Line] = {}
        for profile in sources:
            window = (windows or {}).get(profile, common)
            line = lines.setdefault(window, _Line(Budget(per_minute, window)))
            self._lines[profile] = line
            sources[profile].ask_before_repeating(partial(self._may_repeat, line.budget))

    async def read_each(
        self, wanted: Sequence[tuple[str, str]], done: Callable[[Reading], None] = lambda _: None
    ) -> list[Reading]:
        """Read ``wanted`` (message id, profile); the results stand in that order.

        Once an account is refused, the rest of its messages are not asked for: the answer would
        be the same, and an address that keeps knocking with a bad key gets barred. The same
        once the server asks to be left alone for long.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read(*each, done)) for each in wanted]
        return [task.result() for task in tasks]

    def _may_repeat(self, budget: Budget) -> bool:
        return budget.repeat(self._clock.monotonic())

    async def _read(
        self, message_id: str, profile: str, done: Callable[[Reading], None]
    ) -> Reading:
        line = self._lines[profile]
        async with self._gate:
            for _ in range(TRIES):
                if line.refusals:
                    async with line.singly:
                        reading = await self._ask(message_id, profile, line)
                else:
                    reading = await self._ask(message_id, profile, line)
                if reading.fault is None or reading.fault.kind is not FaultKind.RATE_LIMITED:
                    break
        done(reading)
        return reading

    async def _ask(self, message_id: str, profile: str, line: _Line) -> Reading:
        if fault := self._refused.get(profile) or line.given_up:
            return Reading(message_id, fault=fault)
        budget, refusals = line.budget, line.refusals
        if refusals and budget.held_until > self._clock.monotonic():
            self._told(left_alone(budget, self._clock).message)
        try:
            report = await ask(
                lambda: _ask(message_id, self._sources[profile]),
                budget,
                self._clock,
                patience=PATIENCE,
            )
        except LeftAlone as error:
            line.given_up = error.fault
            return Reading(message_id, fault=error.fault)
        except ReadError as error:
            fault = error.fault
            if fault.kind is FaultKind.AUTH:
                self._refused[profile] = fault
            if fault.kind is not FaultKind.RATE_LIMITED:
                line.refusals = 0
            elif line.refusals == refusals:  # not one more of a burst
                line.refusals += 1
                if line.refusals >= TRIES:
                    line.given_up = fault
            return Reading(message_id, fault=fault)
        line.refusals = 0
        return Reading(message_id, report=report)


async def read_now(
    wanted: Sequence[tuple[str, str]],
    accounts: Accounts,
    settings: Settings,
    clock: Clock,
    told: Callable[[str], None],
    done: Callable[[Reading], None] = lambda _: None,
) -> list[Reading]:
    """Read ``wanted`` (message id, profile) by these accounts, as fast as the settings allow."""
    reader = ReportReader(
        accounts.sources,
        clock,
        concurrency=settings.polling.concurrency,
        per_minute=settings.polling.budget,
        windows=accounts.windows,
        told=told,
    )
    return await reader.read_each(wanted, done)


async def _ask(message_id: str, source: Source) -> Report:
    report = await source.bulk_status(message_id)
    if isinstance(report, Unchanged):
        raise TypeError("an answer was called unchanged, and nothing was known before")
    return report
