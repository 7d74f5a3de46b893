"""What the overview costs: figures of 1,000 messages of 500 recipients, and their plots.

Figures are measured in CPU time, against the stated bound. The delay that a key would suffer
meanwhile is the longest that the event loop is held up while a thread reckons; it is wall time,
the best of several rounds, so that a busy machine counts less. Run alone with
``python -m tests.benchmarks.bench_overview``.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from array import array

from smsmon.clock import SystemClock
from smsmon.console.lens import Lens
from smsmon.console.overview.charts import Chart
from smsmon.console.overview.figures import FigureCache, Figures, capture
from smsmon.console.overview.panel import PERIODS, Requests, Shown
from smsmon.console.overview.panels import panels
from smsmon.console.overview.plotting import draw
from smsmon.console.overview.tally import Tally
from smsmon.model import Entry, Report
from smsmon.monitor.board import Board
from smsmon.recipients import Phones, Recipients

MESSAGES, RECIPIENTS = 1_000, 500
NOW = 1_795_341_600.0
FIRST, AGAIN, CAPTURE, PICTURE, HELD_UP = 0.2, 0.1, 0.01, 0.03, 0.05
"""Seconds that each may take."""


def filled_board() -> Board:
    """A board of French numbers, most of them delivered within a minute."""
    rng = random.Random(1)
    board = Board()
    for place in range(MESSAGES):
        sent = int(NOW) - rng.randrange(40 * 3600)
        took = (int(rng.lognormvariate(1.6, 1.2)) for _ in range(RECIPIENTS - 1))
        column = Recipients(
            phones=Phones([f"+336{rng.randrange(10**8):08}" for _ in range(RECIPIENTS)]),
            statuses=bytes([1, *rng.choices([2, 3, 1], [95, 3, 2], k=RECIPIENTS - 1)]),
            words=array("B", bytes(RECIPIENTS)),
            vocabulary=("Delivered",),
            stops=bytes(rng.choices([0, 1], [99, 1], k=RECIPIENTS)),
            dates=array("q", [sent, *(min(int(NOW), sent + seconds) for seconds in took)]),
        )
        board.watch(Entry(str(place), added_at=NOW), NOW)
        board.apply(Report(str(place), column, str(place).encode(), NOW, NOW), NOW)
    return board


def main() -> int:
    """Print the table; 1 if a bound is missed."""
    board = filled_board()
    window = PERIODS[0].axis
    FigureCache().reckon(capture(board)[:50], NOW, window)  # loads the phone library, 15 ms once
    cache = FigureCache()
    start = time.process_time()
    sources = capture(board)
    captured = time.process_time()
    cache.reckon(sources, NOW, window)
    first = time.process_time()
    figures, _ = cache.reckon(sources, NOW, window)
    again = time.process_time()
    held_up = min(_held_up(board) for _ in range(3))
    results = [
        ("take what the board knows, on the event loop", captured - start, CAPTURE),
        ("figures of everything, the first time", first - captured, FIRST),
        ("figures once more", again - first, AGAIN),
        ("the largest plot, 200×60", _picture(figures), PICTURE),
        ("event loop held up while a thread reckons", held_up, HELD_UP),
    ]
    for name, seconds, bound in results:
        verdict = "ok" if seconds <= bound else "MISSED"
        print(f"{name:<46} {seconds * 1e3:7.1f} ms (at most {bound * 1e3:.0f}) {verdict}")
    return int(any(seconds > bound for _, seconds, bound in results))


def _picture(figures: Figures) -> float:
    clock = SystemClock()
    what = Shown(figures, None, None, PERIODS[0], Tally(clock), Requests(0, 1500), NOW, Lens(clock))
    most = 0.0
    for panel in panels(what):
        if isinstance(panel.drawing, Chart):
            start = time.process_time()
            draw(panel.drawing, 198, 56)
            most = max(most, time.process_time() - start)
    return most


def _held_up(board: Board) -> float:
    async def watch() -> float:
        sources = capture(board)
        reckoning = asyncio.ensure_future(
            asyncio.to_thread(FigureCache().reckon, sources, NOW, PERIODS[0].axis)
        )
        longest = 0.0
        while not reckoning.done():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)
        return longest

    return asyncio.run(watch())


if __name__ == "__main__":
    sys.exit(main())
