"""How late one-time codes appear: messages of one recipient, so many a minute, within a limit.

The real engine on virtual time, its batches proved on the way, beside the same engine with
`polling.batch = false`. Delays are those of the freshness benchmark.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import log
from random import Random

from smsmon.batch import BatchAnswer, BatchRow, Outcome, Pair
from smsmon.model import Arrival, Entry, Event, Fault, FaultKind, ReadError, Report, Unchanged
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.monitor.state import Applied
from tests.benchmarks.delays import STOPS, Sent, one_delay
from tests.benchmarks.living import Living, rows_of
from tests.benchmarks.pairs import Promise
from tests.support.clock import START, VirtualClock

PHONE = "+33600000000"
"""The only recipient of every code, as `rows_of` has it."""
INVENTED = 10_000
"""Ids that come besides, all at once, of which none is there."""


@dataclass(frozen=True, slots=True)
class Case:
    """So many codes a minute within so many requests, and how late they may appear."""

    per_minute: int
    limit: int
    mean: float
    latest: float
    """Seconds within which 99 % appear."""


CASES = (Case(300, 600, 2.0, 25.0), Case(60, 230, 1.3, 12.0))


def codes(seed: int, per_minute: int, minutes: float) -> list[Sent]:
    """Messages of one recipient, in the order in which they come on the watchlist."""
    rng = Random(seed)
    found = []
    for _ in range(int(per_minute * minutes)):
        sent = rng.uniform(0, 60 * minutes)
        delay = one_delay(rng)
        changes = [] if delay is None else [(sent + delay, False)]
        share, median, spread = STOPS
        if delay is not None and rng.random() < share:
            stop = sent + delay + rng.lognormvariate(log(median), spread)
            changes.append((stop, True))
        found.append(Sent(sent, sent + rng.uniform(0, 10), 1, changes))
    return sorted(found, key=lambda message: message.added)


class Codes(Living):
    """Answers for many at once as well; what has a higher number than its messages is not there."""

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        if int(message_id) >= len(self.messages):
            self.requests += 1
            raise ReadError(Fault(FaultKind.NOT_FOUND, "no such message"))
        return await super().bulk_status(message_id, known)

    async def multi_status(self, pairs: Sequence[Pair]) -> BatchAnswer:
        self.requests += 1
        now = self.clock.now()
        return BatchAnswer(tuple(self._row(pair, now) for pair in pairs), now, now)

    def _row(self, pair: Pair, now: float) -> BatchRow:
        if int(pair.message_id) >= len(self.messages):
            return BatchRow(pair, Outcome.NOT_FOUND, reason="no such message")
        message = self.messages[int(pair.message_id)]
        happened = [change for change in message.changes if START + change[0] <= now]
        (recipient,) = rows_of(message, happened)
        return BatchRow(pair, Outcome.READ, recipient)


@dataclass(frozen=True, slots=True)
class Seen:
    """How late what happened appeared, in seconds, ascending."""

    delays: list[float]
    requests: float
    """A minute."""

    @property
    def mean(self) -> float:
        return sum(self.delays) / len(self.delays)

    @property
    def latest(self) -> float:
        return self.delays[int(0.99 * len(self.delays))]


async def follow(
    case: Case,
    minutes: float,
    *,
    batch: bool,
    told: bool = False,
    invented: int = 0,
    seed: int = 1,
) -> Seen:
    """Let codes come for so many minutes; what never appeared counts as late until the end.

    ``told``: the source tells the number with each; ``invented``: so many ids that are not there
    come with numbers after a third of the time.
    """
    messages, clock = codes(seed, case.per_minute, minutes), VirtualClock()
    living = Codes(messages, clock)
    limits = replace(Limits(per_minute=case.limit), batch=batch)
    engine = Engine({"default": living}, clock, limits=limits, rng=Random(seed))
    engine.subscribe(lambda news: living.hear(news) if _is_real(news, messages) else None)
    arrival = Arrival("codes", 3600.0, PHONE if told else "")
    polling = asyncio.create_task(engine.run())
    third = next(index for index, each in enumerate(messages) if each.added > 20 * minutes)
    for index, message in enumerate(messages):
        await clock.advance(START + message.added - clock.now())
        for number in range(invented if index == third else 0):
            more = Arrival("codes", 3600.0, PHONE)
            id = str(len(messages) + number)
            engine.watch(Entry(id, added_at=clock.now(), arrival=more))
        engine.watch(Entry(str(index), added_at=clock.now(), arrival=arrival))
    end = 60 * minutes
    await clock.advance(START + end - clock.now())
    polling.cancel()
    with suppress(asyncio.CancelledError):
        await polling
    delays = list(living.delays)
    for index, message in enumerate(messages):
        unseen = message.changes[living.shown[index] :]
        delays += [end - max(at, message.added) for at, _ in unseen if at < end]
    return Seen(sorted(delays), living.requests / minutes)


def _is_real(news: Applied | Event, messages: Sequence[Sent]) -> bool:
    return not isinstance(news, Applied) or int(news.message_id) < len(messages)


def report(case: Case, minutes: float) -> Iterator[Promise]:
    alone = asyncio.run(follow(case, minutes, batch=False))
    kinds = (
        (False, 0, ""),
        (True, 0, ", numbers told"),
        (True, INVENTED, f", {INVENTED:,} invented"),
    )
    for told, invented, how in kinds:
        seen = asyncio.run(follow(case, minutes, batch=True, told=told, invented=invented))
        name = f"{case.per_minute} codes a minute{how}"
        beside = f"alone {alone.mean:.1f} s"
        yield Promise(f"mean delay of {name}", seen.mean, case.mean, "s", beside)
        beside = f"alone {alone.latest:.1f} s"
        yield Promise(f"delay of 99 % of {name}", seen.latest, case.latest, "s", beside)
        beside = f"alone {alone.requests:.0f}"
        yield Promise(f"requests a minute for {name}", seen.requests, case.limit, "", beside)


def run(minutes: float = 20.0) -> Iterator[Promise]:
    for case in CASES:
        yield from report(case, minutes)
