"""How long commands take from a shell, side by side with the least that could do the same.

Whole processes, started in turns so that a busy moment hits all alike; of each the least
time, which other work on the machine moves less than the median. The console starts in a
terminal of its own, in turns with a bare Textual app, until all of a first frame is painted.
Run it with ``python -m tests.benchmarks.bench_start``.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import smsmon
from smsmon.commands.demo import write_account
from smsmon.model import Entry
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from smsmon.store.local.watchlist import Watchlist
from tests.benchmarks.painting import until_painted
from tests.pty.console import PROGRAM, environment

ROUNDS = 21
WATCHED = 24
"""Messages on the watchlist that ``ls`` prints: an ordinary day's."""
RECIPIENTS = 500
"""Recipients of the message that ``status`` reads."""

BARE_HTTPX = """
import os, sys, httpx
answer = httpx.get(
    os.environ["SMSMON_BASE_URL"] + "/bulk-status",
    params={"apiKey": os.environ["SMSMON_API_KEY"], "messageId": sys.argv[1]},
)
print(answer.json())
"""


LONG_WATCHLIST = 1_000
"""Messages on the watchlist of the console that starts."""
BARE_TEXTUAL = """
from textual.app import App
from textual.widgets import DataTable, Footer, Header

class Bare(App):
    BINDINGS = [("q", "quit", "quit")]

    def compose(self):
        yield Header()
        yield DataTable()
        yield Footer()

    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("id", "label", "recipients", "delivered", "waiting", "state")
        for number in range(1, 21):
            table.add_row(str(number), f"Row {number}.", "500", "480", "20", "live")

Bare().run()
"""
BARE_FRAME = {"bare": ["Row 20.", "quit"]}
FIRST_FRAME = {
    "console": ["Messages 0", "what happened", "quit"],
    "first message": ["Message 1 "],
}
"""What is measured → what is on the screen then. The last line of both is the keys'."""


def main() -> int:
    """Print the tables; 1 if a goal is missed."""
    compileall.compile_dir(str(Path(smsmon.__file__).parent), quiet=2)
    return max(commands(), first_frame())


def first_frame() -> int:
    """Measure the first frame of the console; 1 if the goal is missed."""
    took: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home, bare = Path(folder) / "home", Path(folder) / "bare.py"
        bare.write_text(BARE_TEXTUAL)
        home.mkdir()
        # The port of the discard service, which nobody runs.
        write_account(home, "http://127.0.0.1:9/v1", "0" * 40)
        ids = [str(3_000_000 + number) for number in range(1, LONG_WATCHLIST + 1)]
        Watchlist(home / "watchlist.toml").add(
            Entry(id, f"Message {number}") for number, id in enumerate(ids, 1)
        )
        environ = environment(home)
        for round_ in range(ROUNDS + 1):
            measured = until_painted((sys.executable, str(bare)), environ, BARE_FRAME)
            measured |= until_painted(PROGRAM, environ, FIRST_FRAME)
            if round_:  # the first warms the disk's cache
                for name, seconds in measured.items():
                    took.setdefault(name, []).append(seconds)
    least = {name: min(times) for name, times in took.items()}
    ratio = least["console"] / least["bare"]
    median = statistics.median(
        ours / theirs for ours, theirs in zip(took["console"], took["bare"], strict=True)
    )
    print(f"start to the first frame, least of {ROUNDS}; watchlist of {LONG_WATCHLIST:,} messages")
    print(f"  bare Textual app      {least['bare'] * 1000:5.0f} ms")
    print(
        f"  console               {least['console'] * 1000:5.0f} ms = {ratio:.2f} ×"
        f"   goal 1.3 ×   median of the pairs {median:.2f} ×"
    )
    print(f"  its first message     {least['first message'] * 1000:5.0f} ms")
    return int(ratio > 1.3)


def commands() -> int:
    """Measure the commands; 1 if a goal is missed."""
    with tempfile.TemporaryDirectory() as folder, ServerThread(_world()) as server:
        watchlist = Watchlist(Path(folder) / "watchlist.toml")
        watchlist.add(Entry(str(each), f"Message {each}") for each in range(1, WATCHED + 1))
        environ = {
            "PATH": os.environ.get("PATH", ""),
            "LANG": "C.UTF-8",
            "SMSMON_HOME": folder,
            "SMSMON_BASE_URL": server.base_url,
            "SMSMON_API_KEY": server.key,
        }
        program = [sys.executable, "-m", "smsmon"]
        took = _least(
            {
                "bare": [sys.executable, "-c", "pass"],
                "version": [*program, "--version"],
                "ls": [*program, "ls"],
                "httpx": [sys.executable, "-c", BARE_HTTPX, "300"],
                "status": [*program, "status", "300"],
                "status --json": [*program, "status", "300", "--json"],
            },
            environ,
        )
    bare = took["bare"]
    print(f"start of whole processes, least of {ROUNDS}; bare python {bare * 1000:.0f} ms")
    missed = 0
    for name, goal in (("version", 0.060), ("ls", 0.080)):
        above = took[name] - bare
        missed += above > goal
        print(f"  smsmon {name:<14} {above * 1000:5.0f} ms above it   goal {goal * 1000:.0f} ms")
    print(f"  bare httpx script     {took['httpx'] * 1000:5.0f} ms")
    for name in ("status", "status --json"):
        ratio = took[name] / took["httpx"]
        missed += ratio > 1.3
        print(f"  smsmon {name:<14} {took[name] * 1000:5.0f} ms = {ratio:.2f} ×   goal 1.3 ×")
    return int(missed > 0)


def _world() -> World:
    people = [
        SimRecipient(f"+336{place:08}", (Change(1_517_989_111.0, "Delivered"),))
        for place in range(RECIPIENTS)
    ]
    return World(messages=[SimMessage("300", people)])


def _least(commands: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> dict[str, float]:
    """Seconds of wall time each command takes at least."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    for round_ in range(ROUNDS + 1):
        for name, argv in commands.items():
            start = time.perf_counter()
            subprocess.run(argv, env=environ, check=True, stdout=subprocess.DEVNULL)
            if round_:  # the first warms the disk's cache
                took[name].append(time.perf_counter() - start)
    return {name: min(times) for name, times in took.items()}


if __name__ == "__main__":
    sys.exit(main())
