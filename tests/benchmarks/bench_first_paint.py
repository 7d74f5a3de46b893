"""How soon the console paints with a large history, against an empty one.

Whole programs in a terminal of their own. The account's server is not there: what is seen
comes from the files. Every row shows its counts soon after the first frame, whatever the number of
recipients; those are loaded afterwards.
"""

from __future__ import annotations

import compileall
import tempfile
from collections.abc import Iterator
from pathlib import Path

import smsmon
from smsmon.commands.demo import write_account
from smsmon.model import Entry
from smsmon.store.local.watchlist import Watchlist
from tests.benchmarks.bench_history import RECIPIENTS, fill
from tests.benchmarks.pairs import Measure, Promise, in_turns, ratio
from tests.benchmarks.programs import until_painted
from tests.pty.console import PROGRAM, environment

MESSAGES = 1_000
ROUNDS = 11
ON_SCREEN = {
    "first frame": ["quit"],
    "first message": ["Message 1"],
    "counts of all messages": [f"{MESSAGES * RECIPIENTS:,}"],
}
"""What is measured → what is on the screen then; the key line is painted with the rest."""


def run() -> Iterator[Promise]:
    compileall.compile_dir(str(Path(smsmon.__file__).parent), quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder) / "empty", Path(folder) / "full"
        for home in (empty, full):
            furnish(home)
        fill(full / "history.db", MESSAGES, reports=2)
        ids = [str(number) for number in range(MESSAGES)]
        Watchlist(full / "watchlist.toml").add(
            Entry(id, f"Message {number}") for number, id in enumerate(ids, 1)
        )
        seen: dict[str, list[float]] = {name: [] for name in ON_SCREEN}

        def with_history() -> float:
            for name, at in until_painted(PROGRAM, environment(full), ON_SCREEN).items():
                seen[name].append(at)
            return seen["first frame"][-1]

        ours, theirs = in_turns(ROUNDS, with_history, first_frame(empty))
    what = f"{MESSAGES:,} messages, {MESSAGES * RECIPIENTS:,} recipients"
    yield ratio(f"first frame with {what} : with none", ours, theirs, 1.2)
    for name, bound in (("first message", None), ("counts of all messages", 1.5)):
        yield ratio(f"{name} : first frame", seen[name], seen["first frame"], bound)


def furnish(home: Path) -> None:
    """An account whose server is not there: the port of the discard service, which nobody runs."""
    home.mkdir()
    write_account(home, "http://127.0.0.1:9/v1", "0" * 40)


def first_frame(home: Path) -> Measure:
    """Seconds until the key line of a console on these files is painted."""
    wanted = {"first frame": ON_SCREEN["first frame"]}
    return lambda: until_painted(PROGRAM, environment(home), wanted)["first frame"]
