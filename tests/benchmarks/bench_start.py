"""How long commands take from a shell, side by side with the least that could do the same.

Whole processes, started in turns so that a busy moment hits all alike; of each the least
time, which other work on the machine moves less than the median.
Run it with ``python -m tests.benchmarks.bench_start``.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import smsmon
from smsmon.model import Entry
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from smsmon.store.watchlist import Watchlist

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


def main() -> int:
    """Print the table; 1 if a goal is missed."""
    compileall.compile_dir(str(Path(smsmon.__file__).parent), quiet=2)
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
