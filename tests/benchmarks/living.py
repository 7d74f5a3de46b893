"""The world of the freshness benchmark behind the real engine: board, poller, virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from random import Random

from smsmon.model import Entry, Event, Report, Unchanged
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Source
from smsmon.monitor.state import Applied
from smsmon.recipients import Recipient, Recipients, Status
from tests.benchmarks.delays import Sent
from tests.support.clock import START, VirtualClock


class Living(Source):
    """Answers for each message what is true of it at the moment; counts and times what shows."""

    def __init__(self, messages: list[Sent], clock: VirtualClock) -> None:
        self.messages = messages
        self.clock = clock
        self.requests = 0
        self.shown = [0] * len(messages)
        """How many of a message's changes have appeared."""
        self.delays: list[float] = []

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        self.requests += 1
        now = self.clock.now()
        message = self.messages[int(message_id)]
        happened = [change for change in message.changes if START + change[0] <= now]
        digest = blake2b(b"%d %d" % (int(message_id), len(happened))).digest()
        if digest == known:
            return Unchanged(message_id, digest, now, now)
        return Report(message_id, Recipients.of(rows_of(message, happened)), digest, now, now)

    def hear(self, news: Applied | Event) -> None:
        """Note how late each change appears."""
        if not isinstance(news, Applied) or not news.changed:
            return
        index = int(news.message_id)
        message = self.messages[index]
        while self.shown[index] < len(message.changes):
            at = START + max(message.changes[self.shown[index]][0], message.added)
            if START + message.changes[self.shown[index]][0] > news.at:
                break
            self.shown[index] += 1
            self.delays.append(news.at - at)


def rows_of(message: Sent, happened: list[tuple[float, bool]]) -> Iterator[Recipient]:
    """Recipients in an order that lasts: the n-th to turn final is the n-th row."""
    finals = [at for at, stop in happened if not stop]
    stops = len(happened) - len(finals)
    for place in range(message.recipients):
        phone = f"+336{place:08d}"
        if place < len(finals):
            date = int(START + finals[place])
            yield Recipient(phone, Status.DELIVERED, "Delivered", place < stops, date)
        else:
            yield Recipient(phone, Status.WAITING, "Waiting", False)


async def live(messages: list[Sent], limits: Limits, seconds: float) -> Living:
    """Let the real engine watch ``messages`` for so many virtual seconds."""
    clock = VirtualClock()
    living = Living(messages, clock)
    engine = Engine({"default": living}, clock, limits=limits, rng=Random(1))
    engine.subscribe(living.hear)
    polling = asyncio.create_task(engine.run())
    order = sorted(range(len(messages)), key=lambda index: messages[index].added)
    for index in order:
        added = START + messages[index].added
        if messages[index].added > seconds:
            break
        await clock.advance(added - clock.now())
        engine.watch(Entry(str(index), added_at=clock.now()))
    await clock.advance(START + seconds - clock.now())
    polling.cancel()
    with suppress(asyncio.CancelledError):
        await polling
    return living
