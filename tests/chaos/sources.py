"""Processes that read a log, killed at any moment, while it is written to and rotated."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from tests.chaos.crowd import PATIENCE, Member
from tests.store.reports import rows_of

READS_ALONE = """
import asyncio, sys
from pathlib import Path
from smsmon.clock import SystemClock
from smsmon.locations import Locations
from smsmon.settings import load_settings
from smsmon.sources.running import Sources, Surroundings
from smsmon.store import open_store

locations = Locations.under(Path(sys.argv[1]))
settings = load_settings(locations, {})
arrivals = open_store(locations, settings).arrivals()
around = Surroundings(lambda: arrivals, locations.sources, SystemClock(), print, lambda: None,
                      lambda: True, dict, "alone")
sources = Sources(around)
sources.use(settings.sources)
asyncio.run(sources.run())
"""
"""A process that reads the sources and does nothing else: it is there sooner than a watch."""
CONFIG = """
[sources.codes]
file = "{log}"
match = 'sent (?P<id>[0-9]+) to'
"""


class Writer:
    """Writes sends to a log as an application does: many at once, halves of lines, a new file."""

    def __init__(self, log: Path, draw: Random, pause: float, rotates: float) -> None:
        """``rotates`` is how likely it is that a new file is begun with what is written."""
        self._log = log
        self._draw = draw
        self._pause = pause
        self._rotates = rotates
        self._stop = threading.Event()
        self._rotated = 0
        self.ids: list[str] = []

    @contextmanager
    def writing(self) -> Iterator[None]:
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _write(self) -> None:
        draw, number = self._draw, 5_000_000
        while not self._stop.wait(draw.uniform(0, self._pause)):
            if draw.random() < self._rotates:
                self._rotate()
            with self._log.open("ab", buffering=0) as file:
                for _ in range(draw.choice((1, 1, 2, 40))):
                    number += 1
                    line = f"10:00:00 sent {number} to 06\xe9\nnothing\n".encode("latin-1")
                    half = draw.randrange(len(line))
                    file.write(line[:half])
                    file.write(line[half:])
                    self.ids.append(str(number))

    def _rotate(self) -> None:
        """Keep all, as long as it may take: a reader may be killed before it read anything."""
        self._rotated += 1
        self._log.rename(self._log.with_name(f"{self._log.name}-{self._rotated:05}"))
        self._log.touch()


def arrived(home: Path) -> dict[str, int]:
    """Each message that came by itself, with its place: one that comes again has another."""
    try:
        rows = rows_of(home / "history.db", "SELECT message_id, place FROM arrival ORDER BY place")
    except sqlite3.OperationalError:  # it is being made
        return {}
    return {str(id): int(str(place)) for id, place in rows}


def killed_often(reader: Member, arguments: list[str], kills: int, lives: float, seed: int) -> str:
    """Kill ``reader`` so many times, each after ``lives`` seconds at most; gives what to say of it.

    Nothing that was written while it read is lost, and nothing comes twice.
    """
    draw, log = Random(seed), reader.home / "sms.log"
    (reader.home / "config.toml").write_text(CONFIG.format(log=log))
    log.write_text("10:00:00 sent 1 to 06, before anybody read\n")
    writer = Writer(log, draw, min(0.1, lives / 20), rotates=2 / kills)
    seen: dict[str, int] = {}
    reader.run(*arguments)
    try:
        # From here on somebody has begun to read: what is written now is not to be lost.
        wait_until(lambda: has_begun(reader.home), reader)
        with writer.writing():
            for number in range(kills):
                if number % 2:  # else it may be killed before it read anything
                    wait_until(partial(has_more, reader.home, len(seen)), reader)
                time.sleep(draw.uniform(0, lives))
                reader.end(9)
                now = arrived(reader.home)
                assert seen.items() <= now.items(), "what came stays where it stands"
                seen = now
                reader.run(*arguments)
        wait_until(lambda: len(arrived(reader.home)) >= len(writer.ids), reader)
    finally:
        reader.end()
    came = [*arrived(reader.home)]
    assert sorted(came) == writer.ids
    assert came == writer.ids, "in the order in which they were written"
    return f"{kills} kills, {len(came):,} ids, {len(seen):,} of them before the last kill"


def has_begun(home: Path) -> bool:
    try:
        return bool(rows_of(home / "history.db", "SELECT position FROM arrival_position"))
    except sqlite3.OperationalError:  # it is being made
        return False


def has_more(home: Path, than: int) -> bool:
    return len(arrived(home)) > than


def wait_until(done: object, reader: Member) -> None:
    assert callable(done)
    deadline = time.monotonic() + PATIENCE
    while not done():
        said = (reader.home / f"{reader.name}.out").read_text()
        assert time.monotonic() < deadline, said[-1_000:]
        time.sleep(0.02)
