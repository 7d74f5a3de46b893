"""The live table beside Textual's ``DataTable`` and ``textual-fastdatatable``, in one run.

Every table of every size has a process of its own and shows the same seven columns at 140×50.
What is measured is CPU time from the call until the escape sequences for the terminal are made,
so that a busy machine does not count; the live table makes its texts within that time, the
others get theirs ready-made. Memory is the growth of the resident set by loading, sorting and
filtering, without the data that a program has anyway. Each number is the median of three rounds.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from tests.benchmarks.tables import CONTENDERS, Contender, Live, People, Stage

SIZES = (500, 10_000, 100_000)
SCREEN = (140, 50)
ROUNDS = 3
PATIENCE = 7.0
"""Seconds of CPU after which an update is given up and its rest estimated from what was done."""
OPERATIONS = (
    "load and paint",
    "sort by status",
    "sort by took",
    "update 1%, sorted",
    "sort by phone",
    "update 1%",
    "ten pages down",
    "twenty cursor moves",
    "filter by status",
    "filter by digits",
)

LOADED, AFTER_ALL = "MB when loaded", "MB after all this"
ONE_ROW = "bytes for a changed row"


def main() -> int:
    """Print the tables; 1 if a goal is missed."""
    missed = 0
    for size in SIZES:
        rounds = [{name: _in_a_process(name, size) for name in CONTENDERS} for _ in range(ROUNDS)]
        taken = {
            name: {each: median(one[name][each] for one in rounds) for each in rounds[0][name]}
            for name in CONTENDERS
        }
        print(f"\n{size:,} rows: ms of CPU; MB of memory; kB to the terminal")
        print(f"  {'':22}" + "".join(f"{name:>16}" for name in taken) + "   times faster")
        for operation in (*OPERATIONS, LOADED, AFTER_ALL, ONE_ROW):
            values = [each.get(operation) for each in taken.values()]
            missed += _print_line(operation, values)
        if size == SIZES[-1]:
            missed += _print_goals(taken)
    return int(missed > 0)


def _print_line(operation: str, values: list[float | None]) -> int:
    ours, *others = values
    assert ours is not None
    texts = "".join(f"{'–' if value is None else f'{value:,.1f}':>16}" for value in values)
    ratios = " ".join(f"{other / ours:8.1f}" for other in others if other is not None and ours > 0)
    # Below a tenth of a millisecond or megabyte all are as good as nothing.
    slower = any(other is not None and ours > other * 1.05 + 0.1 for other in others)
    print(f"  {operation:22}{texts}   {ratios}{'   SLOWER' if slower else ''}")
    return int(slower)


def _print_goals(taken: dict[str, dict[str, float]]) -> int:
    ours = taken["LiveTable"]
    load = ours["load and paint"]
    goals = [
        ("load, × DataTable", taken["DataTable"]["load and paint"] / load, 100.0, True),
        ("load, × fastdatatable", taken["fastdatatable"]["load and paint"] / load, 2.0, True),
        ("update of 1%, ms", ours["update 1%"], 15.0, False),
        ("update of 1% sorted, ms", ours["update 1%, sorted"], 15.0, False),
        ("MB above the data", max(ours[LOADED], ours[AFTER_ALL]), 8.0, False),
    ]
    print("\n  goals at 100,000 rows")
    missed = 0
    for name, value, goal, at_least in goals:
        met = value >= goal if at_least else value <= goal
        missed += not met
        bound = "at least" if at_least else "at most"
        print(f"  {name:28}{value:10,.1f}   {bound} {goal:g}{'' if met else '   MISSED'}")
    return missed


def _in_a_process(name: str, size: int) -> dict[str, float]:
    argv = [sys.executable, "-m", "tests.benchmarks.bench_table", name, str(size)]
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, check=True, env={**os.environ, "TERM": "xterm"}
    )
    taken: dict[str, float] = json.loads(done.stdout)
    return taken


def measure(name: str, size: int) -> dict[str, float]:
    """One table of one size: operation → milliseconds of CPU, and the memory it took."""
    people = People(size)
    contender = CONTENDERS[name](people)
    taken: dict[str, float] = {}

    async def act(pilot: object) -> None:
        app = contender_stage
        await _painted(app)
        await _run(app, contender, people, taken)
        app.exit()

    contender_stage = Stage(contender)
    asyncio.run(contender_stage.run_async(size=SCREEN, auto_pilot=act))
    return taken


async def _run(app: Stage, contender: Contender, people: People, taken: dict[str, float]) -> None:
    idle = median([await _cpu(app, lambda: None) for _ in range(9)])

    async def timed(operation: str, action: Callable[[], object]) -> None:
        taken[operation] = max(0.0, 1000 * (await _cpu(app, action) - idle))

    async def update(operation: str) -> None:
        """Of what takes minutes, only as much as patience allows; the rest is estimated."""
        slots = people.change(100, seed=len(taken))
        done = 0

        def one_by_one() -> None:
            nonlocal done
            began = time.process_time()
            while done < len(slots) and time.process_time() - began < PATIENCE:
                contender.update(slots[done : done + bite])
                done += bite

        bite = len(slots) if isinstance(contender, Live) else max(1, len(slots) // 50)
        await timed(operation, one_by_one)
        taken[operation] *= max(1.0, len(slots) / done)

    people.texts(0)  # what the texts need is loaded: no table is charged for it
    gc.collect()
    before = _resident()
    await timed("load and paint", contender.load)
    gc.collect()
    taken[LOADED] = max(0.0, (_resident() - before) / 2**20)
    contender.widget.focus()
    await timed("sort by status", lambda: contender.sort("status"))
    await timed("sort by took", lambda: contender.sort("took"))
    await update("update 1%, sorted")
    if not isinstance(contender, Live):  # what was in order is no longer
        again = await _cpu(app, lambda: contender.sort("took"))
        taken["update 1%, sorted"] += 1000 * (again - idle)
    await timed("sort by phone", lambda: contender.sort("phone"))
    await update("update 1%")
    taken[ONE_ROW] = await _bytes_of_one_row(app, contender, people)
    taken["ten pages down"] = await _steps(app, 10, contender.page_down, idle)
    taken["twenty cursor moves"] = await _steps(app, 20, contender.cursor_down, idle)
    await timed("filter by status", lambda: contender.filter("status:waiting"))
    await timed("filter by digits", lambda: contender.filter("0612"))
    gc.collect()
    taken[AFTER_ALL] = max(0.0, (_resident() - before) / 2**20)


async def _bytes_of_one_row(app: Stage, contender: Contender, people: People) -> float:
    """What goes to the terminal when the first row on the screen changes."""
    slot = contender.first_slot()
    people.statuses[slot] = 1 + people.statuses[slot] % 3
    written = app.sink.written
    contender.update([slot])
    await _painted(app)
    return app.sink.written - written


async def _steps(app: Stage, count: int, action: Callable[[], object], idle: float) -> float:
    """Milliseconds for ``count`` steps, each of them painted."""
    return 1000 * sum([max(0.0, await _cpu(app, action) - idle) for _ in range(count)])


async def _cpu(app: Stage, action: Callable[[], object]) -> float:
    """Seconds of CPU until ``action`` is on the screen."""
    began = time.process_time()
    action()
    await _painted(app)
    return time.process_time() - began


async def _painted(app: Stage) -> None:
    """Return when nothing more is written."""
    quiet, written = 0, app.sink.written
    while quiet < 3:
        await asyncio.sleep(0.02)  # more than a frame
        quiet = quiet + 1 if app.sink.written == written else 0
        written = app.sink.written


def _resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    else:
        sys.exit(main())
