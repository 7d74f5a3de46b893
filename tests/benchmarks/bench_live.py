"""20,000 one-time codes in the console, as they are sent: on real HTTP to the simulator.

Each is a message of one recipient; 300 new ones a minute come by themselves, by a source that
follows the log of who sends them. Memory, processor time, how long a key takes to show, how soon
the first frame stands, and how often the groups are painted. It takes four minutes.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles

from smsmon import files
from smsmon.api.client import SmsPartner
from smsmon.batch import MOST_PAIRS, Pair
from smsmon.clock import SystemClock
from smsmon.commands.demo import write_account
from smsmon.model import Arrival, Entry, Report
from smsmon.monitor.board import Board
from smsmon.recipients import Recipients
from smsmon.secret import ApiKey
from smsmon.simulator.scenario import FIRST_ID, MATCH, Codes
from smsmon.simulator.world import World
from smsmon.store.local import LocalStore
from tests.benchmarks.apart import Account, account
from tests.benchmarks.bare import bare_app
from tests.benchmarks.bench_idle import END_OF_FRAME
from tests.benchmarks.bench_keys import keystroke
from tests.benchmarks.pairs import Promise, in_turns, ratio
from tests.benchmarks.programs import until_painted, watch
from tests.pty.console import PROGRAM, environment
from tests.pty.terminal import Terminal

CODES, A_MINUTE = 20_000, 300
"""On the watchlist at the start; new ones."""
BEFORE = 60.0 * CODES / A_MINUTE
"""Seconds ago that the first of them was sent."""
SETTLE, WINDOWS, WINDOW = 40.0, 6, 10.0
"""Seconds until all that was sent before is read once more; so many times, so many seconds."""
STARTS, KEYS = 5, 150
SOURCE = """
[sources.shop]
file = "{log}"
match = '{match}'
leave = "2h"
"""


def run() -> Iterator[Promise]:
    with tempfile.TemporaryDirectory() as folder:
        log, home = Path(folder) / "shop.log", Path(folder) / "home"
        with account(partial(_sending, str(log))) as server:
            _begin(home, log, server)
            environ = environment(home) | {"SMSMON_POLLING_BUDGET": "600"}
            yield from _start(environ, Path(folder))
            with (
                Terminal(PROGRAM, environ) as console,
                Terminal(bare_app(KEYS + 20), environment(Path(folder) / "none")) as bare,
            ):
                yield from _live(console, bare)


def _start(environ: dict[str, str], folder: Path) -> Iterator[Promise]:
    bare = bare_app(20)
    ours, theirs = in_turns(
        STARTS,
        lambda: until_painted(PROGRAM, environ, {"": ["Messages ", "quit"]})[""],
        lambda: until_painted(bare, environment(folder / "none"), {"": ["Row 20.", "quit"]})[""],
    )
    yield ratio(f"first frame, {CODES:,} codes : bare Textual", ours, theirs, 1.3)


def _live(console: Terminal, bare: Terminal) -> Iterator[Promise]:
    console.wait_for(f"{CODES // 1000},")
    bare.wait_for("Row 20.")
    watch((console, bare), SETTLE)
    spent = []
    for _ in range(WINDOWS):
        before = console.cpu()
        watch((console, bare), WINDOW)
        spent.append((console.cpu() - before) / WINDOW)
    yield Promise("processor time of one core", 100 * median(spent), 25, "%")
    yield Promise("memory, the most", _most_memory(console), 150, "MB")
    yield from _keys(console, bare)
    console.press(b"g")
    watch((console, bare), 5)
    seen = len(console.painted)
    watch((console, bare), WINDOW)
    frames = console.painted[seen:].count(END_OF_FRAME) / WINDOW
    yield Promise("groups painted", frames, 4, "frames a second")


def _most_memory(terminal: Terminal) -> float:
    """The most that it held at any moment, in MB."""
    status = Path(f"/proc/{terminal.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return 0.0 if found is None else int(found[1]) * 1024 / 1e6


# --- what there is at the start ------------------------------------------------------------


def _sending(log: str) -> World:
    """A world in which codes are sent and logged, from long ago on."""
    world = World(seed=7)
    path = Path(log)
    codes = Codes(world, partial(files.append, path), a_minute=A_MINUTE, before=BEFORE)
    codes.send_due()
    codes.__enter__()
    return world


def _begin(home: Path, log: Path, server: Account) -> None:
    """A home that knows of all that was sent so far, as one that was open all the time."""
    home.mkdir()
    source = SOURCE.format(log=log, match=MATCH)
    write_account(home, server.base_url, server.key, source)
    store = LocalStore(home / "watchlist.toml", home / "history.db")
    entries = [_entry(line) for line in log.read_text().splitlines()]
    store.arrivals().take(entries)
    asyncio.run(_read_all(store, entries, server))


def _entry(line: str) -> Entry:
    found = re.match(MATCH, line)
    assert found is not None
    told = found.groupdict()
    sent_at = datetime.fromisoformat(told["time"]).timestamp()
    came = Arrival("shop", 7_200.0, told["phone"], sent_at)
    return Entry(told["id"], told["label"], (told["tag"],), added_at=sent_at, arrival=came)


async def _read_all(store: LocalStore, entries: Sequence[Entry], server: Account) -> None:
    """Record how all stand now."""
    board, history = Board(), store.history()
    history.start()
    key, clock = ApiKey.parse(server.key), SystemClock()
    async with SmsPartner(key, base_url=server.base_url, clock=clock) as client:
        for start in range(0, len(entries), MOST_PAIRS):
            some = entries[start : start + MOST_PAIRS]
            pairs = [Pair(each.id, each.arrival.phone) for each in some if each.arrival]
            answer = await client.multi_status(pairs)
            for entry, row in zip(some, answer.rows, strict=True):
                if row.recipient is not None:
                    at = answer.fetched_at
                    board.watch(entry, entry.added_at)
                    report = Report(
                        entry.id, Recipients.of([row.recipient]), b"", answer.asked_at, at
                    )
                    history.record(board.apply(report, at), board[entry.id])
            await history.flush()
    await history.close()


def _keys(console: Terminal, bare: Terminal) -> Iterator[Promise]:
    """How long a key takes to show, all the while."""
    draw = Random(4)

    def pause() -> None:
        watch((console, bare), draw.uniform(0.02, 0.2))

    ours, theirs = in_turns(
        KEYS,
        keystroke(console, b"j", lambda row: str(FIRST_ID + row), pause),
        keystroke(bare, b"\x1b[B", lambda row: f"Row {row + 1}.", pause),
    )
    at_99 = [1e3 * quantiles(times, n=100)[98] for times in (ours, theirs)]
    about = f"a bare app {at_99[1]:.0f} ms"
    yield Promise("keystroke to paint, 99 of 100", at_99[0], 50, "ms", about)
    yield ratio("keystroke to paint : bare at rest", ours, theirs)
