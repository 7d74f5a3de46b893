"""A team's store on a real PostgreSQL: how soon a change is everywhere, and what that costs.

The server is one of the system's own programs on a socket in a temporary folder; without one there
is nothing to measure. Five pollers against one are simulated, as in the benchmark of freshness.
"""

from __future__ import annotations

import asyncio
import compileall
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

import psycopg

import smsmon
from smsmon.clock import SystemClock
from smsmon.model import Entry, Report
from smsmon.monitor.budget import Budget
from smsmon.monitor.engine import Engine
from smsmon.monitor.habits import Habits
from smsmon.monitor.poller import EVERYTHING
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Source
from smsmon.monitor.state import Applied
from smsmon.recipients import Recipient, Recipients, Status
from smsmon.sharing import Sharing
from smsmon.store.shared import NOTHING_NEW, News
from smsmon.store.team import TeamStore
from smsmon.store.team.address import Address
from smsmon.store.team.bell import APART, CHANNEL
from smsmon.store.team.database import Access, Database
from smsmon.watching import Watching
from smsmon.who_polls import rank_of
from tests.benchmarks import bench_freshness as freshness
from tests.benchmarks.bare import bare_app
from tests.benchmarks.bench_first_paint import furnish
from tests.benchmarks.bench_start import LONG_WATCHLIST
from tests.benchmarks.delays import world
from tests.benchmarks.pairs import Promise, in_turns, ratio
from tests.benchmarks.programs import until_painted
from tests.pty.console import PROGRAM, environment
from tests.support.postgres import Pooler, Server, binaries, make_store, pooler

CHANGES, UNRUNG_CHANGES = 300, 40
"""How many changes are followed on a second console, with a bell that works and without."""
MESSAGES, RECIPIENTS = 40, 500
PER_HOUR = 100_000
"""Changes an hour; a full budget of 600 polls a minute brings them, some three each."""
POLLS_EVERY, LASTS = 0.1, 30.0
LISTENERS, WRITES = 20, 300
ROUNDS = 11


def run() -> Iterator[Promise]:
    yield five_pollers()
    if binaries() is None:
        print("  PostgreSQL is not installed here: nothing else to measure")
        return
    with _server() as url:
        yield from asyncio.run(_second_console(url, url, CHANGES, 0.25, "a bell that works"))
        if pooler() is not None:
            with Pooler(Server(_folder(url))) as between:
                slow = between.url()
                yield from asyncio.run(
                    _second_console(url, slow, UNRUNG_CHANGES, 2.5, "NOTIFY blocked")
                )
        yield asyncio.run(_cost(url))
        yield _listeners(url)
    with _server() as url:
        yield _first_frame(url)


# --- five pollers, simulated ---------------------------------------------------------------------


def five_pollers(count: int = 2_000) -> Promise:
    """Each has a budget of its own and a fifth of the messages, as they share them."""
    messages, limits = world(2, count), Limits()
    whole = freshness.follow(
        messages, freshness.Engine(messages, limits, Habits().curves), Budget(limits.per_minute)
    )
    minutes = freshness.END / 60
    scarce = replace(limits, per_minute=max(1, round(whole.requests / minutes / 10)))

    def delays(part: list[Any]) -> list[float]:
        habits = Habits()
        plan = freshness.Engine(part, scarce, habits.curves)
        return freshness.follow(part, plan, Budget(scarce.per_minute), habits).delays

    one = delays(messages)
    five = [each for nth in range(5) for each in delays(messages[nth::5])]
    late, soon = sum(one) / len(one), sum(five) / len(five)
    about = f"{soon:,.0f} s : {late:,.0f} s, at a tenth of the demand each"
    return Promise("mean delay, five pollers : one", soon / late, 1 / 4, about=about)


# --- a second console ----------------------------------------------------------------------------


class _Silent(Source):
    """An account that says all by itself, and nothing when it is asked."""

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report:
        await asyncio.Event().wait()
        raise AssertionError


class _Looks:
    """The lease of a console that only shows."""

    partial, held, holder, pollers = False, False, None, 0

    def __contains__(self, name: object) -> bool:
        return False

    def look(self) -> None:
        pass

    release = leave = attend = look

    def attended(self) -> bool:
        return False


class _Process:
    """An engine with its history in the store at ``url``."""

    def __init__(self, url: str) -> None:
        self.clock = SystemClock()
        self.store = TeamStore(Access(Address.parse(url)))
        self.engine = Engine({"default": _Silent()}, self.clock, limits=Limits())
        self.history = self.store.history(self.clock)
        self.engine._hearers.recorder = self.history
        self.watching = Watching(self.engine, self.store.watchlist(self.clock), self.history, print)
        self.jobs: list[asyncio.Task[None]] = []

    async def polls(self) -> None:
        """Be the one that polls."""
        self.history.record_alone()
        await self.watching.start(self.clock, 0)
        await self.watching.fill()
        self.engine.grant(EVERYTHING)
        self.history.followed(True)

    async def shows(self) -> None:
        """Be one that shows what others read."""
        sharing = Sharing(
            self.engine,
            self.history,
            self.watching,
            _Looks(),  # type: ignore[arg-type]
            self.clock,
            lambda: rank_of("never", usable=True),
            self._retry,
        )
        self.sharing = sharing
        await sharing.begin()
        await self.watching.start(self.clock, 0)
        await self.watching.fill()
        self.jobs = [asyncio.create_task(sharing.run())]

    async def _retry(self) -> None:
        pass

    async def end(self) -> None:
        for job in self.jobs:
            job.cancel()
        if self.jobs:
            await self.sharing.release()
        with suppress(Exception):
            await self.history.close()
        self.store.close()


class _World:
    """Messages of which one recipient after the other is delivered."""

    def __init__(self) -> None:
        self.delivered = [0] * MESSAGES
        self._phones = [f"+336{place:08d}" for place in range(RECIPIENTS)]

    def answer(self, message: int, more: int) -> Report:
        done = self.delivered[message] = self.delivered[message] + more
        now = time.time()
        rows = [
            Recipient(phone, Status.DELIVERED, "Delivered", stop=False, date=int(now))
            if place < done
            else Recipient(phone, Status.WAITING, "Waiting", stop=False)
            for place, phone in enumerate(self._phones)
        ]
        digest = b"%d %d" % (message, done)
        return Report(str(300 + message), Recipients.of(rows), digest.ljust(16), now, now)


async def _second_console(
    url: str, through: str, changes: int, bound: float, name: str
) -> list[Promise]:
    """Seconds from when one process took an answer in until another one tells its changes."""
    poller, other, world_, rng = _Process(url), _Process(through), _World(), Random(1)
    TeamStore(Access(Address.parse(url))).watchlist().add(
        Entry(str(300 + each)) for each in range(MESSAGES)
    )
    took: list[float] = []
    told = asyncio.Event()
    try:
        await poller.polls()
        for each in range(MESSAGES):
            poller.engine.receive("default", world_.answer(each, 0))
        await poller.history.flush()
        await other.shows()
        other.engine.subscribe(lambda news: told.set() if _changed(news) else None)
        await asyncio.sleep(3.0)  # the bell is tested meanwhile
        for _ in range(changes):
            await asyncio.sleep(rng.uniform(0.0, 0.3))
            message = rng.randrange(MESSAGES)
            told.clear()
            began = time.perf_counter()
            poller.engine.receive("default", world_.answer(message, 1))
            async with asyncio.timeout(60):
                await told.wait()
            took.append(time.perf_counter() - began)
    finally:
        for process in (other, poller):
            await process.end()
    cuts = quantiles(took, n=100, method="inclusive")
    about = f"median {cuts[49] * 1e3:.0f} ms, longest {max(took) * 1e3:.0f} ms, of {changes}"
    return [Promise(f"a change on a second console, 99 %, {name}", cuts[98], bound, "s", about)]


def _changed(news: object) -> bool:
    return isinstance(news, Applied) and bool(news.transitions)


# --- what it costs -------------------------------------------------------------------------------


async def _cost(url: str) -> Promise:
    """The processor time of the server while a budget's worth of polls brings changes that a
    second console follows."""
    poller, other, world_, rng = _Process(url), _Process(url), _World(), Random(2)
    each_poll = PER_HOUR / 3600 * POLLS_EVERY
    written = 0
    try:
        await poller.polls()
        for each in range(MESSAGES):
            poller.engine.receive("default", world_.answer(each, 0))
        await poller.history.flush()
        await other.shows()
        await asyncio.sleep(3.0)
        began, spent = time.monotonic(), _spent(url)
        while (passed := time.monotonic() - began) < LASTS:
            due = int(passed / POLLS_EVERY * each_poll)
            if more := due - written:
                poller.engine.receive("default", world_.answer(rng.randrange(MESSAGES), more))
                written = due
            await asyncio.sleep(POLLS_EVERY)
        await poller.history.flush()
        passed, spent = time.monotonic() - began, _spent(url) - spent
    finally:
        for process in (other, poller):
            await process.end()
    about = f"{spent:.2f} s of processor time in {passed:.0f} s, {written:,} changes"
    name = f"{PER_HOUR:,} changes an hour: share of one core"
    return Promise(name, 100 * spent / passed, 2.0, "%", about)


def _spent(url: str) -> float:
    """Seconds of processor time that the server took so far, with all of its processes."""
    postmaster = int((Path(_folder(url)) / "data" / "postmaster.pid").read_text().split()[0])
    tick = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = stat.read_text().partition(" ")
            found = rest.rpartition(")")[2].split()
            if int(pid) == postmaster:
                total += sum(map(int, found[11:15]))  # with those of its processes that ended
            elif int(found[1]) == postmaster:
                total += sum(map(int, found[11:13]))
    return total / tick


def _listeners(url: str) -> Promise:
    """What transactions that ring take, while many listen and while none does. Those who listen are
    on other machines: here they take what comes, and do nothing with it."""
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(Access(Address.parse(url)))))
        ears = [
            stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(LISTENERS)
        ]

        def writing(said: str) -> Callable[[], float]:
            def write() -> float:
                for each in ears:
                    each.execute(f"{said} {CHANNEL}".encode())
                return _write(database)

            return write

        theirs, ours = in_turns(ROUNDS, writing("UNLISTEN"), writing("LISTEN"))
    return ratio(f"writing with {LISTENERS} listeners : with none", ours, theirs, 1.05)


def _write(database: Database) -> float:
    """Seconds that a number of transactions takes, which ring as often as a process may."""
    began, rung = time.perf_counter(), -inf
    for _ in range(WRITES):
        due = time.perf_counter() - rung >= APART
        rung = time.perf_counter() if due else rung
        with database.writing(News.POLLS if due else NOTHING_NEW) as connection:
            for _ in range(10):
                connection.execute(_EVENT)
    return time.perf_counter() - began


_EVENT = "INSERT INTO event (at, kind, profile, detail) VALUES (0, 'account up', 'default', '')"


# --- the first frame -----------------------------------------------------------------------------


def _first_frame(url: str) -> Promise:
    """Whole programs in a terminal of their own; the last line of both is the keys'."""
    compileall.compile_dir(str(Path(smsmon.__file__).parent), quiet=2)
    frame = {"first": ["Messages 0", "what happened", "quit"]}
    TeamStore(Access(Address.parse(url))).watchlist().add(
        Entry(str(3_000_000 + each), f"Message {each}") for each in range(1, LONG_WATCHLIST + 1)
    )
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        furnish(home)
        environ = environment(home, SMSMON_STORE=url)
        bare = bare_app(20)
        ours, theirs = in_turns(
            ROUNDS,
            lambda: until_painted(PROGRAM, environ, frame)["first"],
            lambda: until_painted(bare, environ, {"": ["Row 20.", "quit"]})[""],
        )
    what = f"first frame on a team's store, {LONG_WATCHLIST:,} messages"
    return ratio(f"{what} : bare Textual", ours, theirs, 1.3)


@contextmanager
def _server() -> Iterator[str]:
    """The address of a server that has a store with nothing in it."""
    server = Server.made()
    try:
        make_store(server.url())
        yield server.url()
    finally:
        server.close()


def _folder(url: str) -> Path:
    return Path(url.partition("?host=")[2])
