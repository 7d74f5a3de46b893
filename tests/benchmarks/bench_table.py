"""The live table beside Textual's ``DataTable`` and ``textual-fastdatatable``, in one run.

Every table of every size has a process of its own and shows the same seven columns at 140×50.
What is measured is CPU time from the call until the escape sequences for the terminal are made;
the live table makes its texts within that time, the others get theirs ready-made. Memory is the
growth of the resident set by loading, sorting and filtering, without the data that a program
has anyway. It takes two minutes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

from tests.benchmarks.pairs import Promise
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

LARGEST = (
    ("load and paint", "DataTable", 0.01),
    ("load and paint", "fastdatatable", 0.5),
    ("update 1%", "DataTable", 0.01),
    ("update 1%, sorted", "DataTable", 0.02),
)
"""With the most rows: what is done, beside which other table, and the bound of the ratio."""
NOTHING = 0.1
"""Milliseconds, megabytes or bytes below which all are as good as nothing."""
LOADED, AFTER_ALL = "MB when loaded", "MB after all this"
ONE_ROW = "bytes for a changed row"


def run() -> Iterator[Promise]:
    for size in SIZES:
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for _ in range(ROUNDS):
            for name, rounds in taken.items():
                rounds.append(_in_a_process(name, size))
        for operation in (*OPERATIONS, LOADED, AFTER_ALL, ONE_ROW):
            yield _compared(f"{size:,} rows, {operation} : the better", operation, taken, 1.05)
    for operation, rival, bound in LARGEST:
        name = f"{SIZES[-1]:,} rows, {operation} : {rival}"
        yield _compared(
            name, operation, {each: taken[each] for each in ("LiveTable", rival)}, bound
        )
    ours = max(median(one[what] for one in taken["LiveTable"]) for what in (LOADED, AFTER_ALL))
    yield Promise(f"{SIZES[-1]:,} rows, memory above the data", ours, 8, "MB")


def _compared(
    name: str, operation: str, taken: dict[str, list[dict[str, float]]], bound: float
) -> Promise:
    """The first side to the better of the others; what is as good as nothing is nothing."""
    ours, *others = [
        [one[operation] for one in side if operation in one] for side in taken.values()
    ]
    better = [min(each) for each in zip(*filter(None, others), strict=True)]
    value = median(
        max(0.0, one - NOTHING) / max(other, NOTHING)
        for one, other in zip(ours, better, strict=True)
    )
    about = " : ".join(f"{median(side):,.1f}" if side else "–" for side in (ours, *others))
    return Promise(name, value, bound, about=about)


def _in_a_process(name: str, size: int) -> dict[str, float]:
    code = "import json; from tests.benchmarks.bench_table import measure"
    argv = [sys.executable, "-c", f"{code}; print(json.dumps(measure({name!r}, {size})))"]
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
