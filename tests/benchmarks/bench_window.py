"""What it costs to share the window of requests, against SQLite, a GET, and not sharing it.

One request is let out and comes back: two changes. The shared file, a table of SQLite that does
the same (WAL, no syncs: the cheapest it can be asked for), and the window of one process, on this
process's processor time. Eight processes have seats. What is let out is a GET.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from smsmon.monitor.budget import Window
from smsmon.window import SharedWindow
from tests.benchmarks.apart import answering
from tests.benchmarks.bench_decode import SMALL, readers
from tests.benchmarks.pairs import Measure, Promise, cpu, in_turns, ratio

LIMIT = 600
ROUNDS, REQUESTS = 15, 400
SEATS = 8

Send = Callable[[float], None]


def through(window: Window) -> Send:
    """One request by ``window``."""

    def send(now: float) -> None:
        window.take(now, LIMIT, urgent=True)
        window.landed(now)

    return send


def through_sqlite(path: Path) -> Send:
    """The same as plainly as SQL does it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
        " CREATE TABLE sent (at REAL, who INTEGER, over INTEGER); CREATE INDEX i ON sent (at)"
    )

    def send(now: float) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM sent WHERE at < ?", (now - 60,))
        (count,) = connection.execute("SELECT count(*) FROM sent").fetchone()
        if count < LIMIT:
            connection.execute("INSERT INTO sent VALUES (?, 1, 0)", (now,))
        connection.execute("COMMIT")
        connection.execute("UPDATE sent SET over = 1 WHERE at = ? AND who = 1", (now,))

    return send


def each(send: Send) -> Measure:
    """Seconds of one request, of 500 a minute."""
    moments = count(100.0, 0.12)
    return cpu(lambda: send(next(moments)), REQUESTS)


def run() -> Iterator[Promise]:
    with (
        tempfile.TemporaryDirectory() as folder,
        answering(SMALL) as base_url,
        asyncio.Runner() as runner,
    ):
        shared = SharedWindow(Path(folder) / "window")
        for _ in range(SEATS - 1):
            through(SharedWindow(Path(folder) / "window"))(1.0)
        get = readers(base_url)[0]
        ours, sqlite, alone, request = in_turns(
            ROUNDS,
            each(through(shared)),
            each(through_sqlite(Path(folder) / "window.db")),
            each(through(Window())),
            cpu(lambda: runner.run(get()), REQUESTS // 10),
        )
        yield ratio("a request, the window shared : SQLite (CPU)", ours, sqlite, 1.5)
        yield ratio("the same : the GET that is let out (CPU)", ours, request, 0.25)
        yield ratio("the same : the window of one process (CPU)", ours, alone)
