"""What reading a report costs, against the plainest way to do it: ``httpx`` and ``json.loads``.

Both sides of a ratio are measured in turns within one run, on this process's CPU time; the
server runs in a process of its own. A read goes through the same ``httpx``, and besides finds its
end a second time, is digested, and is searched for the key: that may cost half as much again.
Run alone with ``python -m tests.benchmarks.bench_decode``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

import httpx

from smsmon.api.client import SmsPartner
from smsmon.api.decode import decode
from smsmon.api.key import ApiKey
from smsmon.clock import SystemClock
from smsmon.model import Report, Unchanged
from tests.api.bodies import report, rows
from tests.api.wire import answer, wire

KEY = "0123456789abcdef0123456789abcdef01234567"
SMALL, LARGE = 500, 100_000
ROUNDS, READS = 15, 60
DECODES = 15


@dataclass(frozen=True)
class Result:
    """One measured promise."""

    name: str
    ours: float
    """Seconds."""
    theirs: float
    """Seconds; for a promise in seconds, the bound itself."""
    bound: float
    """How much ``ours / theirs`` may be."""

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    def __str__(self) -> str:
        verdict = "ok" if self.ratio <= self.bound else "MISSED"
        return (
            f"{self.name:<58} {self.ours * 1e3:9.3f} ms {self.theirs * 1e3:9.3f} ms "
            f"{self.ratio:6.2f} × (at most {self.bound:g}) {verdict}"
        )


def run() -> list[Result]:
    """Every benchmark of this room."""
    return [*asyncio.run(_fetching()), _decoding(), asyncio.run(_blocking())]


async def _fetching() -> list[Result]:
    """Fetch and decode, and fetch the unchanged, against a bare GET with ``json.loads``."""
    with _Server(SMALL) as base_url:
        bare = httpx.AsyncClient()
        ours = SmsPartner(ApiKey.parse(KEY), clock=SystemClock(), base_url=base_url)
        url = f"{base_url}/bulk-status"
        first = await ours.bulk_status("111")
        assert isinstance(first, Report)
        assert len(first.recipients) == SMALL

        async def plain_get() -> None:
            await bare.get(url, params={"apiKey": KEY, "messageId": "111"})

        async def plain_read() -> None:
            found = await bare.get(url, params={"apiKey": KEY, "messageId": "111"})
            assert json.loads(found.content)["success"]

        async def read() -> None:
            await ours.bulk_status("111")

        async def unchanged() -> None:
            assert isinstance(await ours.bulk_status("111", first.digest), Unchanged)

        costs = await _in_turns(plain_get, plain_read, read, unchanged)
        await bare.aclose()
        await ours.aclose()
    get_cost, plain_cost, read_cost, unchanged_cost = costs
    return [
        Result("fetch + decode of 500 : GET + json.loads (CPU)", read_cost, plain_cost, 1.5),
        Result("unchanged report of 500 : GET (CPU)", unchanged_cost, get_cost, 1.5),
    ]


async def _in_turns(*reads: Callable[[], Awaitable[None]]) -> list[float]:
    """Seconds of CPU that one call of each takes: the median over the rounds."""
    costs: list[list[float]] = [[] for _ in reads]
    for _ in range(ROUNDS):
        for read, cost in zip(reads, costs, strict=True):
            start = time.process_time()
            for _ in range(READS):
                await read()
            cost.append((time.process_time() - start) / READS)
    return [median(cost) for cost in costs]


def _decoding() -> Result:
    """Decode 100,000 recipients, against ``json.loads`` of the same bytes."""
    body = report(rows(LARGE))
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(DECODES):
        start = time.process_time()
        recipients = decode(body, "111")
        ours.append(time.process_time() - start)
        assert len(recipients) == LARGE
        start = time.process_time()
        found = json.loads(body)
        theirs.append(time.process_time() - start)
        del found, recipients
    # The least of each: work that only computes is never too fast by chance.
    return Result("decode of 100,000 : json.loads (CPU)", min(ours), min(theirs), 0.5)


async def _blocking() -> Result:
    """The longest the event loop stands still while 100,000 recipients are read."""
    longest = 0.0
    with _Server(LARGE) as base_url:
        async with SmsPartner(ApiKey.parse(KEY), clock=SystemClock(), base_url=base_url) as ours:
            await ours.bulk_status("111")
            gc.collect()
            reading = asyncio.create_task(_several(ours))
            while not reading.done():
                start = time.perf_counter()
                await asyncio.sleep(0)
                longest = max(longest, time.perf_counter() - start)
            await reading
    return Result("longest stop of the event loop, reading 100,000 : 50 ms", longest, 0.05, 1.0)


async def _several(ours: SmsPartner) -> None:
    for _ in range(5):
        await ours.bulk_status("111")


class _Server:
    """A process that answers with a report, so that its CPU time is not ours."""

    def __init__(self, recipients: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, recipients), daemon=True)

    def __enter__(self) -> str:
        self._process.start()
        return str(self._here.recv())

    def __exit__(self, *_: object) -> None:
        self._here.send("stop")
        self._process.join()


def _serve(pipe: Connection, recipients: int) -> None:
    async def serve() -> None:
        async with wire(answer(report(rows(recipients)))) as server:
            pipe.send(server.base_url)
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    asyncio.run(serve())


def main() -> int:
    """Print the table; 1 if a goal is missed."""
    results = run()
    for result in results:
        print(result)
    return int(any(result.ratio > result.bound for result in results))


if __name__ == "__main__":
    sys.exit(main())
