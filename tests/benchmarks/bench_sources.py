"""A million lines of a log at once: how long it takes, what it keeps in memory, who has to wait.

One line in twenty tells of a message. Ours beside the plain loop that does it once: ``re`` over the
lines of the file, and one ``executemany`` into a table of SQLite. While ours reads, a task of the
same loop wants to run every 5 ms, as a screen does when keys are typed: how late it is.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import quantiles

from smsmon.clock import SystemClock
from smsmon.locations import Locations
from smsmon.settings.sources import Source
from smsmon.sources.feeds import position_text
from smsmon.sources.followed import NOWHERE
from smsmon.sources.running import Sources, Surroundings, reader_key
from smsmon.store import ThisMachine, open_store
from tests.benchmarks.pairs import Promise, in_turns, ratio

LINES = 1_000_000
EVERY = 20
MATCH = r"sent id=(?P<id>\d+) to=(?P<phone>\+\d+)"
ROUNDS = 3
TICK = 0.005


def written(path: Path, lines: int) -> None:
    """A log of so many lines."""
    with path.open("w") as file:
        for number in range(lines):
            what = (
                f"sent id={6_000_000 + number} to=+3363998{number % 10_000:04}"
                if number % EVERY == 0
                else "GET /orders/17 200 in 12 ms, cached, nothing to be said of it at all"
            )
            file.write(f"2026-11-27T10:00:00.000Z shop[7]: {what}\n")


def read_by_us(log: Path, lines: int) -> tuple[float, list[float]]:
    """Seconds it takes, and how late in seconds a task was each time."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(time.perf_counter() - began - TICK)

    async def read() -> float:
        with tempfile.TemporaryDirectory() as folder:
            locations = Locations.under(Path(folder))
            arrivals = open_store(locations, ThisMachine()).arrivals()
            source = Source(file=str(log), match=MATCH)
            key = reader_key("shop", source)
            arrivals.take((), key, position_text(NOWHERE))
            all_taken = asyncio.Event()

            def took_some() -> None:
                if sum(each.taken for each in sources.standings.values()) == lines // EVERY:
                    all_taken.set()

            sources = Sources(
                Surroundings(lambda: arrivals, locations.sources, SystemClock(), print,
                             took_some, lambda: True, dict, "bench")
            )  # fmt: skip
            sources.use({"shop": source})
            running = [asyncio.create_task(each) for each in (sources.run(), tick())]
            began = time.perf_counter()
            await all_taken.wait()
            took = time.perf_counter() - began
            for each in running:
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each
            return took

    return asyncio.run(read()), late


def read_plainly(log: Path) -> float:
    """Seconds."""
    began = time.perf_counter()
    pattern = re.compile(MATCH)
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(f"{folder}/x.db") as database:
        database.execute("CREATE TABLE arrival (id TEXT PRIMARY KEY, phone TEXT)")
        with log.open() as file:
            found = (pattern.search(line) for line in file)
            rows = ((each["id"], each["phone"]) for each in found if each)
            database.executemany("INSERT OR IGNORE INTO arrival VALUES (?, ?)", rows)
        database.commit()
    return time.perf_counter() - began


def run() -> Iterator[Promise]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "sms.log"
        written(log, LINES)
        late: list[float] = []

        def ours() -> float:
            took, some = read_by_us(log, LINES)
            late.extend(some)
            return took

        mine, plain = in_turns(ROUNDS, ours, lambda: read_plainly(log))
        yield ratio("a million lines, against a plain loop over them", mine, plain, 20)
        cuts = quantiles(late, n=100)
        told = f"{len(late):,} times; at worst {1_000 * max(late):.0f} ms"
        yield Promise(
            "a task of the loop is late meanwhile, 99 %", 1_000 * cuts[98], 30, "ms", told
        )
        tracemalloc.start()
        read_by_us(log, LINES)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        yield Promise("memory meanwhile, at most", peak / 2**20, 40, "MB")
