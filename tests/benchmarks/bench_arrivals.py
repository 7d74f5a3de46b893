"""What messages cost that come by themselves and leave: with 20,000 on the list, against 200.

One process watches them on a store of its own; nothing is polled, what reports say is given by
hand. A look that finds nothing, one that finds five new ones and lets five go, and how many objects
are left when as many came and left as are on the list, ten times over. It takes a minute or two.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from smsmon.model import Arrival, Entry
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.store.base import Store
from smsmon.watching import Watching
from tests.benchmarks.pairs import Promise, in_turns, ratio
from tests.store.places import PLACES
from tests.store.reports import report, row
from tests.support.clock import VirtualClock
from tests.support.postgres import binaries, databases

MANY, FEW = 20_000, 200
AT_ONCE = 5
LOOKS = 10
TURNS = 10
"""How often as many come and leave as are on the list."""
LEAVE = 1.0


class _Silent:
    def ask_before_repeating(self, may_repeat: object) -> None:
        pass


class Home:
    """One process that watches so many, all of them read once."""

    def __init__(self, store: Store, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self.clock = VirtualClock()
        self._loop = loop
        self._numbers = count(10_000_000)
        self.store = store
        self.history = store.history(self.clock)
        source: Any = _Silent()
        self.engine = Engine(
            {"default": source}, self.clock, limits=Limits(), recorder=self.history
        )
        self.watching = Watching(self.engine, store.watchlist(self.clock), self.history, print)
        self.arrivals = store.arrivals(self.clock)
        self.come(number)
        began = time.perf_counter()
        self.run(self.watching.start(self.clock, 0))
        self.run(self.watching.fill())
        self.started = time.perf_counter() - began
        self.read(list(self.engine.board.messages))

    def run(self, work: Coroutine[Any, Any, object]) -> None:
        self._loop.run_until_complete(work)

    def come(self, number: int) -> list[str]:
        now = self.clock.now()
        ids = [str(next(self._numbers)) for _ in range(number)]
        came = [
            Entry(id, "a code", ("otp",), added_at=now,
                  arrival=Arrival("otp", LEAVE, f"+336{id}", now))
            for id in ids
        ]  # fmt: skip
        self.arrivals.take(came, "otp", ids[-1])
        return ids

    def read(self, ids: list[str]) -> None:
        for place, id in enumerate(ids, 1):
            self.engine.receive("default", report(id, [row(int(id))], self.clock.now()))
            if place % 2_000 == 0 or place == len(ids):
                self.run(self.history.flush())

    def complete(self, ids: list[str]) -> None:
        self.clock.jump(1.0)
        for id in ids:
            self.engine.receive(
                "default", report(id, [row(int(id), "Delivered")], self.clock.now())
            )

    def look(self) -> None:
        self.run(self.watching.look())

    def turn_over(self, number: int) -> None:
        """The oldest so many are complete, and leave; as many come."""
        oldest = list(self.engine.board.messages)[:number]
        self.complete(oldest)
        self.clock.jump(LEAVE)
        self.come(number)
        self.look()
        self.look()  # what the first let go is seen by the second
        assert oldest[0] not in self.engine.board
        self.read(list(self.engine.board.messages)[-number:])

    def close(self) -> None:
        self.run(self.history.close())


def run() -> Iterator[Promise]:
    for kind in ("local", "team") if binaries() else ("local",):
        with tempfile.TemporaryDirectory() as folder:
            yield from _on(kind, lambda name: PLACES[kind](Path(folder, name)))  # noqa: B023


def _on(kind: str, place: Callable[[str], Callable[[], Store]]) -> Iterator[Promise]:
    loop = asyncio.new_event_loop()
    homes = []
    for name, number in (("many", MANY), ("few", FEW)):
        homes.append(Home(place(name)(), number, loop))
    many, few = homes
    yield Promise(f"{kind}: start with {MANY:,} that came", many.started, unit="s")
    for what, work in (
        ("finds nothing", _look),
        (f"brings {AT_ONCE} and lets {AT_ONCE} go", _turn),
    ):
        ours, theirs = in_turns(5, *(_cpu(work, each) for each in homes))
        yield ratio(f"{kind}: a look that {what}, of {MANY:,} : {FEW}", ours, theirs, 1.5)
    if kind == "local":
        yield from _grows(few)
    for each in homes:
        each.close()
    loop.close()
    databases.give_back()


def _look(home: Home) -> None:
    home.look()


def _turn(home: Home) -> None:
    home.turn_over(AT_ONCE)


def _cpu(work: Callable[[Home], None], home: Home) -> Callable[[], float]:
    def measure() -> float:
        began = time.process_time()
        for _ in range(LOOKS):
            work(home)
        return (time.process_time() - began) / LOOKS

    return measure


def _grows(home: Home) -> Iterator[Promise]:
    """What is left of those that left."""
    blocks = []
    for _ in range(TURNS):
        home.turn_over(FEW)
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    yield Promise(
        f"local: objects after {TURNS} times {FEW} came and left, to after 2",
        blocks[-1] / blocks[1],
        1.02,
    )
