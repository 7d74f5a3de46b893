"""What the overview costs: figures of 1,000 messages of 500 recipients, and their plots.

Figures against the sums that SQL gives of the same recipients, in processor time; plots against
the same points given to plotext. The delay that a key would suffer meanwhile is the longest that
the event loop is held up while a thread reckons, against asking SQL on the event loop.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from array import array
from collections.abc import Iterator, Sequence

from textual_plotext import Plot

from smsmon.clock import SystemClock
from smsmon.console.formats import Formats
from smsmon.console.overview.activity import Activity
from smsmon.console.overview.charts import Chart, Trace
from smsmon.console.overview.figures import Captured, FigureCache, Figures, capture
from smsmon.console.overview.panel import PERIODS, PanelData, Requests
from smsmon.console.overview.panels import panels
from smsmon.console.overview.plotting import draw
from smsmon.model import Entry, Report
from smsmon.monitor.board import Board
from smsmon.recipients import Phones, Recipients
from tests.benchmarks.pairs import Promise, cpu, in_turns, ratio, wall

MESSAGES, RECIPIENTS = 1_000, 500
NOW = 1_795_341_600.0
ROUNDS = 9
SUMS = (
    "SELECT status, stop, count(*) FROM recipient GROUP BY status, stop",
    "SELECT substr(phone, 1, 4) AS country, count(*), sum(status = 2) FROM recipient"
    " GROUP BY country",
    "SELECT date / 600 AS step, count(*) FROM recipient GROUP BY step",
    "SELECT date - sent AS took, count(*) FROM recipient WHERE status = 2 GROUP BY took",
    "SELECT message, sum(stop) AS stops, sum(status = 2) FROM recipient GROUP BY message"
    " ORDER BY stops DESC LIMIT 20",
)
"""How many are how, where, when, how fast, and which messages brought STOPs."""


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


def run() -> Iterator[Promise]:
    board = filled_board()
    axis = PERIODS[0].axis
    sources = capture(board)
    cache = FigureCache()
    figures, _ = cache.reckon(sources, NOW, axis)
    database = in_sql(sources)

    def sums() -> None:
        for question in SUMS:
            database.execute(question).fetchall()

    taken, first, again, held_up, bare, bare_wait = in_turns(
        ROUNDS,
        cpu(lambda: capture(board)),
        cpu(lambda: FigureCache().reckon(sources, NOW, axis)),
        cpu(lambda: cache.reckon(sources, NOW, axis)),
        lambda: asyncio.run(longest_stop(sources)),
        cpu(sums),
        wall(sums),
    )
    yield ratio("take what the board knows, on the event loop : SQL (CPU)", taken, bare, 0.005)
    yield ratio("figures of everything, the first time : SQL (CPU)", first, bare, 0.4)
    yield ratio("figures once more : SQL (CPU)", again, bare, 0.1)
    yield ratio("event loop held up while a thread reckons : SQL on it", held_up, bare_wait, 0.1)
    charts = charts_of(figures)

    def drawn() -> None:
        for chart in charts:
            draw(chart, 198, 56)

    def bare_plots() -> None:
        for chart in charts:
            bare_plot(chart, 198, 56)

    ours, theirs = in_turns(ROUNDS, cpu(drawn), cpu(bare_plots))
    yield ratio(f"{len(charts)} plots, 200×60 : plotext (CPU)", ours, theirs, 3)


def in_sql(sources: Sequence[Captured]) -> sqlite3.Connection:
    """The same recipients in a table of SQLite, in memory."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE recipient (message, phone, status, stop, sent, date)")
    for number, source in enumerate(sources):
        column = source.recipients
        rows = zip(column.phones, column.statuses, column.stops, column.dates, strict=True)
        sent = min(column.dates)
        database.executemany(f"INSERT INTO recipient VALUES ({number}, ?, ?, ?, {sent}, ?)", rows)
    return database


def charts_of(figures: Figures) -> list[Chart]:
    clock = SystemClock()
    what = PanelData(
        figures, None, None, PERIODS[0], Activity(clock), Requests(0, 1500), NOW, Formats(clock)
    )
    return [panel.drawing for panel in panels(what) if isinstance(panel.drawing, Chart)]


def bare_plot(chart: Chart, width: int, height: int) -> str:
    """The points of a chart given to plotext, axes and all else left to it."""
    plot = Plot()
    plot.plot_size(width, height)
    for layer in chart.layers:
        if isinstance(layer, Trace):
            plot.plot(*zip(*layer.points, strict=True), marker="braille")
        else:
            plot.bar(list(layer.edges[:-1]), list(layer.heights))
    return str(plot.build())


async def longest_stop(sources: Sequence[Captured]) -> float:
    """Seconds for which nobody else is heard by the event loop, while a thread reckons."""
    reckoning = asyncio.ensure_future(
        asyncio.to_thread(FigureCache().reckon, sources, NOW, PERIODS[0].axis)
    )
    longest = 0.0
    while not reckoning.done():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - before - 0.001)
    return longest
