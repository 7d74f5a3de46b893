"""Kill a console at any moment, again and again: what it acknowledged is there, once.

    python -m tests.store.local.kill [ROUNDS]       200 unless said otherwise

Each round starts a real process that polls into the history, adds to and removes from the
watchlist, and edits the watchlist by hand, all at once; it writes down each operation when it
was acknowledged. After a random moment it gets SIGKILL. At the end of each round:

- every acknowledged add and remove shows in the watchlist, and the file is sound;
- the history passes ``PRAGMA integrity_check``;
- every message stands as the last poll on disk found it, and no acknowledged poll is missing;
- the changes are exactly those that the polls up to there saw: none lost, none twice.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from smsmon.model import Entry
from smsmon.recipients import Recipient
from smsmon.store.local.reader import Reader
from smsmon.store.local.watchlist import Watchlist
from smsmon.store.sql import queries
from tests.store.reports import START, Console, row, rows_of, sound

MESSAGES = 4
RECIPIENTS = 60
WORDS = ("Waiting", "Delivered", "Not delivered")


class Victim:
    """The process that is killed. Each thread does one thing as fast as it can."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number
        self._log = (folder / "acknowledged").open("a", buffering=1)
        self._write = threading.Lock()

    def run(self) -> None:
        """Work until killed; says ``ready`` when all of it is under way."""
        threads = [
            threading.Thread(target=self._forever, args=(work,), daemon=True)
            for work in (self._poll, self._watch, self._edit)
        ]
        for thread in threads:
            thread.start()
        print("ready", flush=True)
        for thread in threads:
            thread.join()

    def _forever(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._acknowledge("failed", repr(error))
            raise

    def _acknowledge(self, *words: object) -> None:
        with self._write:
            self._log.write(" ".join(map(str, words)) + "\n")

    def _poll(self) -> None:
        """Answers in which something changes every time, each acknowledged once flushed.

        The truth is a pure function of the step: what the API would say at that moment.
        """
        path = self._folder / "history.db"
        with Console(path) as console:
            with Reader(path) as reader:
                ids = [str(n) for n in range(MESSAGES)]
                known = {
                    each.summary.message_id: each
                    for each in reader.ask(lambda db: list(queries.load(db, ids)))
                }
            for message_id in ids:
                # Every other time the board was told nothing, as when the loading came late.
                told = known.get(message_id) if self._number % 2 else None
                console.watch(message_id, told)
            read = [each.summary.read_at or 0 for each in known.values()]
            step = round(max(read, default=START) - START)
            while True:
                step += 1
                message = step % MESSAGES
                console.poll(str(message), truth(message, step), START + step)
                if step % 3 == 0:
                    console.writer.write_out()
                    self._acknowledge("step", step)

    def _watch(self) -> None:
        """Adds, and now and then a remove, as two commands would do them."""
        watchlist = Watchlist(self._folder / "watchlist.toml")
        number = self._number * 100_000
        while True:
            number += 1
            watchlist.add([Entry(str(number), f"label {number}")])
            self._acknowledge("add", number)
            if number % 3:
                self._acknowledge("removing", number)
                watchlist.remove([str(number)])
                self._acknowledge("remove", number)

    def _edit(self) -> None:
        """A person who appends lines with an editor that knows no lock."""
        path = self._folder / "watchlist.toml"
        first = 90_000_000 + self._number * 100_000
        for number in range(first, first + 3):
            time.sleep(0.02)
            with path.open("a") as file:
                file.write(f'\n[[message]]\nid = "{number}"\n')


def truth(message: int, step: int) -> list[Recipient]:
    """What the API says of ``message`` at ``step``: at each step other recipients change."""
    return [
        row(message * 1_000 + n, WORDS[(step // (MESSAGES * (n + 1))) % len(WORDS)], False, None)
        for n in range(RECIPIENTS)
    ]


@dataclass(slots=True)
class Acknowledged:
    """What the killed processes said was done."""

    steps: int = 0
    added: set[str] = field(default_factory=set)
    removing: set[str] = field(default_factory=set)
    """A remove was begun: the id may be gone, acknowledged or not."""
    removed: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path) -> Acknowledged:
        found = cls()
        for line in path.read_text().splitlines(keepends=True):
            if not line.endswith("\n"):
                continue  # the kill came in the middle of writing it down
            what, _, value = line.strip().partition(" ")
            if what == "failed":
                raise AssertionError(f"the victim failed by itself: {value}")
            if what == "step":
                found.steps = max(found.steps, int(value))
            else:
                sets = {
                    "add": found.added,
                    "removing": found.removing,
                    "remove": found.removed,
                }
                sets[what].add(value)
        return found


class Verifier:
    """Compares what is on disk with what was acknowledged, round by round."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._step = 0
        self._said: dict[int, list[Recipient]] = {}
        self.changes = 0
        """Changes there must be up to the last round."""

    def verify(self) -> Acknowledged:
        """What was acknowledged so far, all of it found. Raises ``AssertionError`` if not."""
        done = Acknowledged.read(self._folder / "acknowledged")
        watched = {entry.id for entry in Watchlist(self._folder / "watchlist.toml").load()}
        lost = done.added - done.removing - watched
        assert not lost, f"adds lost: {sorted(lost)}"
        back = done.removed & watched
        assert not back, f"removed, and there: {sorted(back)}"
        history = self._folder / "history.db"
        # The console's own reader comes first: it must cope with what the kill left.
        with Reader(history) as reader:
            ids = [str(n) for n in range(MESSAGES)]
            known = reader.ask(lambda db: list(queries.load(db, ids)))
        assert sound(history)
        if rows_of(history, "SELECT count(*) FROM sqlite_master") == [(0,)]:
            assert not done.steps  # killed before there was a table
            return done
        steps = [round((each.summary.read_at or 0) - START) for each in known]
        last = max(steps, default=0)
        assert last >= done.steps, f"polls lost: {last} of {done.steps}"
        expected = self._expected(last)
        since = rows_of(
            history,
            "SELECT m.message_id, slot, before, after, observed_at / 1000.0 - ? AS step"
            " FROM change JOIN message m ON m.id = message WHERE step > ? ORDER BY step, slot",
            START,
            self._step,
        )
        assert since == expected
        self.changes += len(expected)
        assert rows_of(history, "SELECT count(*) FROM change") == [(self.changes,)]
        for each, step in zip(known, steps, strict=True):
            assert list(each.recipients) == truth(int(each.summary.message_id), step)
        self._step = last
        return done

    def _expected(self, last: int) -> list[tuple[object, ...]]:
        """The changes that the polls after those of the last round up to ``last`` saw."""
        found: list[tuple[object, ...]] = []
        for step in range(self._step + 1, last + 1):
            message = step % MESSAGES
            said, before = truth(message, step), self._said.get(message)
            self._said[message] = said
            if before is not None:
                found += [
                    (str(message), slot, old.status, new.status, float(step))
                    for slot, (old, new) in enumerate(zip(before, said, strict=True))
                    if old.status != new.status
                ]
        return found


def run(folder: Path, rounds: int, seed: int = 1) -> str:
    """Kill ``rounds`` processes and verify after each; one line about what went on."""
    dice = random.Random(seed)
    done, verifier = Acknowledged(), Verifier(folder)
    for number in range(1, rounds + 1):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.store.local.kill", "victim", str(folder), str(number)],
            stdout=subprocess.PIPE,
        ) as victim:
            assert victim.stdout is not None
            try:
                assert victim.stdout.readline() == b"ready\n"
                time.sleep(dice.uniform(0, 0.25))  # the one wait that is the test: a random moment
            finally:
                victim.kill()
        if (folder / "acknowledged").exists():
            done = verifier.verify()
    return (
        f"{rounds} kills: {done.steps} polls, {verifier.changes} changes, {len(done.added)} adds"
        f" and {len(done.removed)} removes acknowledged; all there, none twice"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["victim"]:
        Victim(Path(sys.argv[2]), int(sys.argv[3])).run()
    else:
        with tempfile.TemporaryDirectory() as temporary:
            print(run(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 200))
