"""Reading many messages once: bounded, in order, and no knocking at a closed door."""

from __future__ import annotations

import asyncio

from smsmon import exit_codes
from smsmon.api.errors import KeyRefused, MessageNotFound
from smsmon.commands.reading import Reading, ReportReader
from smsmon.model import Report, Unchanged
from smsmon.monitor.source import Source
from smsmon.recipients import Recipients
from tests.support.clock import VirtualClock


class Account(Source):
    """An account that notes when it was asked for what, and how many waited at once."""

    def __init__(self, clock: VirtualClock, takes: float = 0.0) -> None:
        self._clock = clock
        self._takes = takes
        self.asked: list[tuple[str, float]] = []
        self.refuses = False
        self.at_once = 0
        self.most_at_once = 0

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        asked_at = self._clock.now()
        self.asked.append((message_id, self._clock.monotonic()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._clock.wait(asyncio.Event(), self._takes)
        finally:
            self.at_once -= 1
        if self.refuses:
            raise KeyRefused
        if message_id == "4":
            raise MessageNotFound
        return Report(message_id, Recipients(), b"digest", asked_at, self._clock.now())


async def test_no_minute_sees_more_requests_than_allowed() -> None:
    clock = VirtualClock()
    account = Account(clock)
    reader = ReportReader({"default": account}, clock, concurrency=8, per_minute=30)
    wanted = [(str(each), "default") for each in range(100)]
    reading = asyncio.create_task(reader.read_each(wanted))
    await clock.run_until(reading.done)
    moments = [moment for _, moment in account.asked]
    assert len(moments) == 100
    assert all(later - sooner >= 60 for sooner, later in zip(moments, moments[30:], strict=False))
    assert [each.message_id for each in reading.result()] == [each for each, _ in wanted]


async def test_no_more_are_in_flight_than_the_settings_say() -> None:
    clock = VirtualClock()
    account = Account(clock, takes=1.0)
    reader = ReportReader({"default": account}, clock, concurrency=3, per_minute=600)
    reading = asyncio.create_task(reader.read_each([(str(i), "default") for i in range(10)]))
    await clock.run_until(reading.done)
    assert account.most_at_once == 3


async def test_a_refused_account_is_asked_once_and_others_are_read() -> None:
    clock = VirtualClock()
    good, bad = Account(clock), Account(clock)
    bad.refuses = True
    reader = ReportReader({"good": good, "bad": bad}, clock, concurrency=1, per_minute=600)
    wanted = [("1", "bad"), ("2", "good"), ("3", "bad"), ("4", "good")]
    told: list[Reading] = []
    readings = await reader.read_each(wanted, told.append)
    assert [each.state for each in readings] == ["error", "ok", "error", "not_found"]
    assert len(bad.asked) == 1
    assert told == readings


def test_the_worst_result_decides_the_exit_code() -> None:
    assert exit_codes.worst([0, 4, 5, 3]) == 3
    assert exit_codes.worst([0, 4, 5]) == 5
    assert exit_codes.worst([6, 4]) == 4
    assert exit_codes.worst([0, 6]) == 6
    assert exit_codes.worst([]) == 0
