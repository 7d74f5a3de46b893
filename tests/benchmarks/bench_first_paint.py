"""How soon the console paints with a large history, against an empty one, in one run.

Whole programs in a terminal of their own, started in turns; of each the least time, which other
work on the machine moves less than the median. The account's server is not there: what is seen
comes from the files. Besides the first frame it tells, without a goal, when the first message
and when all of them are on the screen.
Run it with ``python -m tests.benchmarks.bench_first_paint``; it takes a minute and some
100 MB in the temporary folder.
"""

from __future__ import annotations

import compileall
import random
import sys
import tempfile
from pathlib import Path

import smsmon
from smsmon.commands.demo import write_account
from smsmon.model import Entry
from smsmon.recipients import Phones
from smsmon.store.local.watchlist import Watchlist
from smsmon.store.local.writer import HistoryWriter
from tests.benchmarks.bench_history import RECIPIENTS, polls, some_phones
from tests.benchmarks.painting import until_painted
from tests.pty.console import PROGRAM, environment

MESSAGES = 1_000
ROUNDS = 11
GOAL = 1.2
FIRST_FRAME = {"first frame": ["quit"]}
"""What is measured → what is on the screen then; the key line is painted with the rest."""
WITH_HISTORY = {
    **FIRST_FRAME,
    "first message": ["Message 1"],
    "all messages": [f"{MESSAGES * RECIPIENTS:,}"],
}


def main() -> int:
    """Print the times; 1 if the goal is missed."""
    compileall.compile_dir(str(Path(smsmon.__file__).parent), quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder) / "empty", Path(folder) / "full"
        for home in (empty, full):
            home.mkdir()
            # The port of the discard service, which nobody runs.
            write_account(home, "http://127.0.0.1:9/v1", "0" * 40)
        fill(full)
        took: dict[str, list[float]] = {}
        for round_ in range(ROUNDS + 1):
            measured = {
                f"{name}, empty": at
                for name, at in until_painted(PROGRAM, environment(empty), FIRST_FRAME).items()
            }
            measured |= until_painted(PROGRAM, environment(full), WITH_HISTORY)
            if round_:  # the first warms the disk's cache
                for name, at in measured.items():
                    took.setdefault(name, []).append(at)
    least = {name: min(times) for name, times in took.items()}
    ratio = least["first frame"] / least["first frame, empty"]
    print(
        f"start to what is seen with {MESSAGES:,} messages and {MESSAGES * RECIPIENTS:,}"
        f" recipients, least of {ROUNDS}"
    )
    for name, at in least.items():
        print(f"  {name:<20} {at * 1000:6.0f} ms")
    verdict = "ok" if ratio <= GOAL else "MISSED"
    print(f"  first frame, full to empty  {ratio:.2f} ×   goal {GOAL} ×   {verdict}")
    return int(ratio > GOAL)


def fill(home: Path) -> None:
    """Watch all messages, and let the history know each: half of its recipients delivered."""
    dice = random.Random(4)
    ids = [str(3_000_000 + number) for number in range(MESSAGES)]
    writer = HistoryWriter(home / "history.db")
    writer.begin()
    for number, message_id in enumerate(ids):
        phones = Phones([f"+{each}" for each in some_phones(RECIPIENTS, dice)])
        for poll in polls(message_id, phones, 2, RECIPIENTS // 2):
            writer.record(poll, poll)
        if number % 20 == 0:
            writer.write_out(60)
    writer.end(60)
    Watchlist(home / "watchlist.toml").add(
        Entry(message_id, f"Message {number}") for number, message_id in enumerate(ids, 1)
    )


if __name__ == "__main__":
    sys.exit(main())
