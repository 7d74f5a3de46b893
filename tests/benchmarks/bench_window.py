"""What it costs to share the window of requests, against SQLite and against not sharing it.

One request is let out and comes back: two changes. The shared file, a table of SQLite that does
the same (WAL, no syncs: the cheapest it can be asked for), and the window of one process are
measured in turns within one run, on this process's CPU time. Eight processes have seats.
Run alone with ``python -m tests.benchmarks.bench_window``.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from smsmon.monitor.ledger import Window
from smsmon.window import SharedWindow

LIMIT = 600
ROUNDS, REQUESTS = 15, 400
SEATS = 8
GOAL = 1.5
"""The shared window's cost as a part of SQLite's, at most."""
POLL = 1e-3
"""Seconds of CPU that one poll over HTTP costs at least (``bench_decode`` measures it)."""
OF_A_POLL = 0.25
"""The shared window's cost as a part of that, at most."""

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


def measure(folder: Path) -> dict[str, float]:
    """Seconds of CPU for one request, by way."""
    shared = SharedWindow(folder / "window")
    for _ in range(SEATS - 1):
        through(SharedWindow(folder / "window"))(1.0)
    ways = {
        "shared": through(shared),
        "SQLite": through_sqlite(folder / "window.db"),
        "alone": through(Window()),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, send in ways.items():
            began = time.process_time()
            for number in range(REQUESTS):
                send(100.0 + turn * 50 + number * 0.12)
            spent[name].append((time.process_time() - began) / REQUESTS)
    return {name: median(each) for name, each in spent.items()}


def main() -> int:
    """Print what was measured; 1 if a goal is missed."""
    with tempfile.TemporaryDirectory() as folder:
        cost = measure(Path(folder))
    part, of_poll = cost["shared"] / cost["SQLite"], cost["shared"] / POLL
    for name, seconds in cost.items():
        print(f"  {name:<7} {seconds * 1e6:7.1f} µs a request")
    print(f"  shared ÷ SQLite {part:.2f} (at most {GOAL:g})")
    print(f"  shared ÷ alone  {cost['shared'] / cost['alone']:.2f}")
    print(f"  shared ÷ a poll {of_poll:.2f} (at most {OF_A_POLL:g})")
    return int(part > GOAL or of_poll > OF_A_POLL)


if __name__ == "__main__":
    sys.exit(main())
