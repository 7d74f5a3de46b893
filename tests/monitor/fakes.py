"""Sources, reports and an engine on virtual time, for the tests of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from hashlib import blake2b
from random import Random

from smsmon.batch import BatchAnswer, BatchRow, Outcome, Pair
from smsmon.model import (
    Entry,
    Event,
    EventKind,
    Fault,
    FaultKind,
    ReadError,
    Report,
    Transition,
    Unchanged,
)
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Source
from smsmon.monitor.state import Applied
from smsmon.recipients import Recipient, Recipients, Status
from tests.support.clock import START, VirtualClock

WORDS = {
    Status.UNKNOWN: "Odd",
    Status.WAITING: "Waiting",
    Status.DELIVERED: "Delivered",
    Status.NOT_DELIVERED: "Not delivered",
}


def phone(number: int) -> str:
    return f"+336{number:08d}"


def row(
    number: int,
    status: Status = Status.WAITING,
    *,
    stop: bool | None = False,
    date: float | None = None,
    word: str | None = None,
    reason: str = "",
) -> Recipient:
    when = None if date is None else int(date)
    return Recipient(phone(number), status, word or WORDS[status], stop, when, reason)


def report(
    rows: Iterable[Recipient],
    message_id: str = "300",
    at: float = START,
    raw: bytes = b"",
    asked_at: float | None = None,
) -> Report:
    """The answer that came at ``at`` and was asked for at ``asked_at``, or in the same moment."""
    rows = list(rows)
    asked = at if asked_at is None else asked_at
    digest = blake2b(repr(rows).encode(), digest_size=16).digest()
    return Report(message_id, Recipients.of(rows), digest, asked, at, raw)


def fault(kind: FaultKind = FaultKind.SERVER, retry_after: float | None = None) -> Fault:
    return Fault(kind, f"a {kind} fault", retry_after=retry_after)


class FakeSource(Source):
    """Answers what ``answers`` says at the time, after ``latency`` virtual seconds.

    Counts what the engine must never do: two requests at once for one message.
    """

    def __init__(self, clock: VirtualClock, latency: float = 0.1) -> None:
        self.clock = clock
        self.latency = latency
        self.rows: dict[str, list[Recipient]] = {}
        self.trouble: dict[str | None, Fault | Exception | None] = {}
        """Message (None: every one) → what is raised instead of an answer."""
        self.asked: list[tuple[float, str]] = []
        """Monotonic time and message of each request."""
        self.served_at: Callable[[], float | None] = lambda: None
        """What the server's clock says when it answers."""
        self.flying: set[str] = set()
        self.most_flying = 0
        self.doubled = 0

    def times(self, message_id: str) -> list[float]:
        return [at for at, asked in self.asked if asked == message_id]

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        asked_at = self.clock.now()
        self.asked.append((self.clock.monotonic(), message_id))
        self.doubled += message_id in self.flying
        self.flying.add(message_id)
        self.most_flying = max(self.most_flying, len(self.flying))
        try:
            await self.clock.sleep(self.latency)
        finally:
            self.flying.discard(message_id)
        trouble = self.trouble.get(message_id) or self.trouble.get(None)
        if isinstance(trouble, Fault):
            raise ReadError(trouble)
        if trouble is not None:
            raise trouble
        rows = self.rows.get(message_id, [row(1)])
        answer = report(rows, message_id, self.clock.now(), asked_at=asked_at)
        if answer.digest == known:
            now = self.clock.now()
            return Unchanged(message_id, answer.digest, asked_at, now, self.served_at())
        return replace(answer, served_at=self.served_at())


class FakeBatches(FakeSource):
    """Reads many at once as well; ``say`` may change what it says of a recipient."""

    def __init__(self, clock: VirtualClock, latency: float = 0.1) -> None:
        super().__init__(clock, latency)
        self.batches: list[tuple[float, tuple[Pair, ...]]] = []
        """Monotonic time and pairs of each."""
        self.refuses: Fault | Exception | None = None
        self.say: Callable[[BatchRow], BatchRow] = lambda told: told
        self.landing: Callable[[], None] = lambda: None
        """Called when an answer has been made, and is on its way."""

    async def multi_status(self, pairs: Sequence[Pair]) -> BatchAnswer:
        asked_at = self.clock.now()
        self.batches.append((self.clock.monotonic(), tuple(pairs)))
        asked = {pair.message_id for pair in pairs}
        self.doubled += bool(asked & self.flying)
        self.flying |= asked
        rows = tuple(self.say(self._told(pair)) for pair in pairs)
        try:
            await self.clock.sleep(self.latency)
        finally:
            self.flying -= asked
        self.landing()
        if isinstance(self.refuses, Fault):
            raise ReadError(self.refuses)
        if self.refuses is not None:
            raise self.refuses
        return BatchAnswer(rows, asked_at, self.clock.now())

    def _told(self, pair: Pair) -> BatchRow:
        for each in self.rows.get(pair.message_id, [row(1)]):
            if each.phone == pair.phone:
                return BatchRow(pair, Outcome.READ, each)
        return BatchRow(pair, Outcome.NOT_FOUND, reason="no such number")


class Heard:
    """What an engine told, one after the other."""

    news: list[Applied | Event]

    @property
    def events(self) -> list[Event]:
        found: list[Event] = []
        for news in self.news:
            found.extend(news.events if isinstance(news, Applied) else [news])
        return found

    @property
    def transitions(self) -> list[Transition]:
        return [t for news in self.news if isinstance(news, Applied) for t in news.transitions]

    def kinds(self, message_id: str | None = None) -> list[EventKind]:
        return [e.kind for e in self.events if message_id is None or e.message_id == message_id]


class Rig(Heard):
    """An engine on a virtual clock, one source, and all that was told."""

    def __init__(
        self,
        limits: Limits | None = None,
        sources: Callable[[VirtualClock], dict[str, Source]] | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.source = FakeSource(self.clock)
        self.news = []
        given = sources(self.clock) if sources else {"default": self.source}
        self.engine = Engine(given, self.clock, limits=limits, rng=Random(1))
        self.engine.subscribe(self.news.append)

    def watch(self, *message_ids: str, profile: str = "default") -> None:
        now = self.clock.now()
        self.engine.watch_all(
            [(Entry(id, added_at=now, profile=profile), None) for id in message_ids]
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.engine.run())
        try:
            await self.clock.settle()
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def windows_passed(times: list[float], limit: int, width: float = 60.0) -> int:
    """How many windows of ``width`` seconds, ends included, hold more than ``limit`` times."""
    return sum(
        later - earlier <= width for earlier, later in zip(times, times[limit:], strict=False)
    )


def pause(engine: Engine, ids: Iterable[str], paused: bool = True) -> None:
    """Poll these no more, or again."""
    for id in ids:
        engine.amend(replace(engine.board[id].entry, paused=paused))
