"""How long a keystroke takes to show, through a real terminal, against a bare app at rest.

All the reports that the API allows come in, 33 a second, a message of 20,000 recipients is open,
whose report changes as well; a key moves the cursor, and the time runs until its row is painted
as the cursor's. Beside it a bare Textual app with a plain table, in which nothing else happens.
It takes two minutes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from statistics import quantiles

from smsmon import phones
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.world import World
from tests.benchmarks.apart import account
from tests.benchmarks.bare import bare_app
from tests.benchmarks.pairs import Measure, Promise, in_turns, ratio
from tests.benchmarks.programs import watch
from tests.pty.console import environment, furnish
from tests.pty.terminal import WITHIN, Terminal

KEYS = 200
LARGE, OTHERS = 20_000, 600
OPEN = "900000"
ALLOWED = 2_000 / 60
"""Requests a second."""
UNRESERVED = """
from smsmon.monitor import budget
budget.HEADROOM, budget.PACE_SHARE = 1.0, 0.1
from smsmon.__main__ import main
main()
"""
"""The program, which takes all of the API's limit evenly and leaves none for the operator."""


def run() -> Iterator[Promise]:
    people = [each.phone for each in _people(Random(2), LARGE, 0)]
    with tempfile.TemporaryDirectory() as folder, account(_busy_world) as busy:
        home = Path(folder) / "home"
        environ = furnish(home, busy, busy.ids) | {"SMSMON_POLLING_BUDGET": "2000"}
        with (
            Terminal((sys.executable, "-c", UNRESERVED), environ) as console,
            Terminal(bare_app(KEYS + 20), environment(Path(folder) / "none")) as bare,
        ):
            console.wait_for(f"{LARGE:,} recipients")
            console.press(b"\r")
            bare.wait_for("Row 20.")
            watch((console, bare), 30)
            asked, since = busy.requests, time.monotonic()
            draw = Random(4)

            def pause() -> None:
                watch((console, bare), draw.uniform(0.02, 0.2))

            ours, theirs = in_turns(
                KEYS,
                keystroke(console, b"j", lambda row: phones.pretty(people[row]), pause),
                keystroke(bare, b"\x1b[B", lambda row: f"Row {row + 1}.", pause),
            )
            rate = (busy.requests - asked) / (time.monotonic() - since)
    yield ratio("keystroke to paint, all reports coming in : bare at rest", ours, theirs, 1.5)
    at_99 = [quantiles(times, n=100)[98] for times in (ours, theirs)]
    about = " : ".join(f"{seconds * 1e3:.0f} ms" for seconds in at_99)
    yield Promise("the same, 99 of 100 keystrokes", at_99[0] / at_99[1], about=about)
    # Told, not promised: a slow machine brings fewer, the simulator's work included.
    about = f"{rate:.1f} a second"
    yield Promise("reports that the API allows : that came", ALLOWED / rate, about=about)


def keystroke(
    terminal: Terminal, key: bytes, row: Callable[[int], str], pause: Callable[[], None]
) -> Measure:
    """Seconds from the key to the row it leads to, painted anew as the cursor's."""
    rows = count(1)

    def measure() -> float:
        pause()
        wanted = row(next(rows)).encode()
        seen = len(terminal.painted)
        start = time.perf_counter()
        terminal.press(key)
        while wanted not in terminal.painted[seen:]:
            if time.perf_counter() - start > WITHIN:
                raise TimeoutError(f"the cursor never reached {wanted!r}")
            terminal.read(0.2)
        return time.perf_counter() - start

    return measure


def _busy_world() -> World:
    """One large message and many small ones, all of which change all the time."""
    draw, now = Random(2), time.time()
    messages = [SimMessage(OPEN, _people(draw, LARGE, now))]
    messages += [
        SimMessage(str(int(OPEN) + 1 + each), _people(draw, 200, now)) for each in range(OTHERS)
    ]
    return World(messages=messages)


def _people(draw: Random, count: int, now: float) -> list[SimRecipient]:
    """Who turns out delivered some time in the minutes after ``now``."""
    return [
        SimRecipient(
            f"+336{draw.randrange(10**8):08}",
            (Change(now, "Waiting"), Change(now + draw.uniform(0, 400), "Delivered")),
        )
        for _ in range(count)
    ]
