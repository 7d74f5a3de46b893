"""Reads the sources of the settings, each in a task of its own, and keeps what they tell of.

One process of this user on a machine reads a source, another one reads on when that ends. What
fails is told once and tried again; until what was read is kept, nothing is read on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from math import inf
from pathlib import Path
from socket import gethostname
from typing import Any, TypeVar

from smsmon.clock import Clock, sleep
from smsmon.locations import expanded
from smsmon.model import Entry
from smsmon.settings.sources import Source
from smsmon.sources.arrived import NotTaken, Taking
from smsmon.sources.feeds import CommandFeed, Do, Feed, LogFeed, Portion, StdinFeed, Trouble
from smsmon.sources.standing import Standing, Turn, file_of, trouble_told
from smsmon.store.arrivals import ArrivalStore, told_again
from smsmon.store.errors import StoreError, Unreachable

T = TypeVar("T")
TURN_EVERY = 1.0
"""Seconds between two looks whose turn it is to read, and between two signs of life."""
KEPT_EVERY = 5.0
"""Seconds until it is kept how far was read where no line told of a message: what is read again
after a restart is taken once."""
_AT_ONCE = 250
"""Lines that a thread reads until the others have their turn, the screen above all."""
_LONG = 2.0
"""Seconds after which what was found is kept, though more lines of a portion are to be read."""
FIRST_RETRY, LAST_RETRY = 1.0, 60.0
"""Seconds until what failed is tried again: doubled each time."""
STORE_RETRY = 5.0
"""The most of these where the store is the trouble: the codes of all this time wait for it."""
WELL_AFTER = 60.0
"""Seconds without trouble after which the next one is tried again soon."""
TOLD_AGAIN = 600.0
"""Seconds for which the same trouble is not told twice, though it went away meanwhile."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sources of a process have in common."""

    arrivals: Callable[[], ArrivalStore]
    folder: Path
    """Where the file of each source is."""
    clock: Clock
    complain: Callable[[str], None]
    """Is given a sentence for each trouble, in any thread."""
    took: Callable[[], None]
    """Called when something new was taken."""
    allowed: Callable[[], bool]
    """False where this process only looks."""
    environ: Callable[[], Mapping[str, str]]
    """The environment for commands, without secrets of ours."""
    name: str
    """What this process is called."""
    turned: Callable[[], None] = lambda: None
    """Called when trouble with a source begins or ends."""
    stdin: int | None = None
    """Where standard input is read; None where it is no place for lines."""


class Sources:
    """All sources of the settings."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._wanted: Mapping[str, Source] = {}
        self._reading: dict[str, tuple[Source, _Reader, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()

    def use(self, sources: Mapping[str, Source]) -> None:
        """Read these from now on, and no others; what is not changed goes on."""
        here = self._around.stdin is not None
        self._wanted = {name: each for name, each in sources.items() if here or not each.stdin}
        self._changed.set()

    @property
    def standings(self) -> Mapping[str, Standing]:
        """How it stands with each that is read here."""
        return {name: each.standing for name, (_, each, _) in self._reading.items() if each.reads}

    @property
    def troubles(self) -> Mapping[str, str]:
        """Those from which nothing comes, here or where they are read, each with a sentence."""
        return {name: each.trouble for name, (_, each, _) in self._reading.items() if each.trouble}

    async def run(self) -> None:
        """Read them until cancelled."""
        try:
            while True:
                self._changed.clear()
                await self._arrange()
                await self._around.clock.wait(self._changed, None)
        finally:
            await self.close()

    async def _arrange(self) -> None:
        wanted = self._wanted
        await self._stop([n for n, (each, *_) in self._reading.items() if wanted.get(n) != each])
        for name, source in wanted.items():
            if name not in self._reading:
                reader = _Reader(name, source, self._around)
                task = asyncio.create_task(reader.run(), name=f"source {name}")
                self._reading[name] = source, reader, task

    async def _stop(self, names: list[str]) -> None:
        tasks = [self._reading.pop(name)[2] for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Read no more: commands are ended, and all is let go."""
        await self._stop([*self._reading])


class _Lost(Exception):
    """It is another process's turn, or we may only look by now."""


class _Reader:
    """Reads one source."""

    def __init__(self, name: str, source: Source, around: Surroundings) -> None:
        self._name = name
        self._source = source
        self._around = around
        self._clock = around.clock
        self._file = file_of(around.folder, name)
        self._turn = Turn(self._file, around.clock)
        self._thread = ThreadPoolExecutor(1, f"source {name}")
        """Its own: a disk that does not answer holds nobody else up."""
        self._feed = _feed_of(source, around, self._do)
        self._taking = Taking(name, source)
        self._key = reader_key(name, source)
        self._kept = ""
        """Up to where it is read, as it was kept last."""
        self._kept_at = -inf
        self._told: dict[str, float] = {}
        """What was complained of, and when."""
        self._complained = False
        """There is trouble, and it was said."""
        self._retry = FIRST_RETRY
        self._well_since: float | None = None
        self.standing = Standing()
        self.trouble = ""
        """Why nothing comes, here or where it is read, a sentence; empty while all is well."""

    @property
    def reads(self) -> bool:
        """True while it is read here."""
        return bool(self.standing.reader)

    def _do(self, work: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """What ``work`` gives, done in our thread."""
        done = asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        done.add_done_callback(lambda each: each.cancelled() or each.exception())  # seen, whatever
        return done

    async def run(self) -> None:
        """Read it, whenever it is our turn, until cancelled."""
        try:
            while True:
                await self._try_to_read()
        finally:
            self._thread.shutdown(wait=False)

    async def _try_to_read(self) -> None:
        try:
            await self._in_turn()
        except _Lost:
            await sleep(self._clock, TURN_EVERY)
        except Exception:
            what = f"Reading the source {self._name}"
            logging.getLogger(__name__).exception("%s failed", what)
            self._is_in_trouble(f"{what} failed: a fault of smsmon itself.")
            await sleep(self._clock, LAST_RETRY)

    async def _in_turn(self) -> None:
        around = self._around
        if not around.allowed():
            raise _Lost
        trouble = ""
        try:
            got = await asyncio.to_thread(self._turn.take)
        except OSError as error:
            trouble, got = f"{self._file} cannot be locked ({error.strerror}).", False
            self._complain(trouble)
        if self._feed.shared and not got:
            self._is_in_trouble(trouble or await asyncio.to_thread(trouble_told, self._file))
            raise _Lost
        self.standing = Standing(f"{around.name} {os.getpid()}", self._clock.now())
        try:
            await _first_of(self._go_on(), self._show_life())
        finally:
            self.standing = Standing()
            self._is_in_trouble("")
            self._turn.let_go()

    async def _show_life(self) -> None:
        """Say how it stands, as long as it is our turn."""
        while True:
            if not self._around.allowed():
                raise _Lost
            if self._turn.held:
                await asyncio.to_thread(self._tell)
            await sleep(self._clock, TURN_EVERY)

    def _tell(self) -> None:
        self._must_be_ours()
        with contextlib.suppress(OSError):  # a full disk: it is no matter
            self._turn.tell(self.standing)

    def _must_be_ours(self) -> None:
        if self._turn.held and not self._turn.ours_still():
            raise _Lost

    async def _go_on(self) -> None:
        """Read, and begin again after trouble, until there is no more."""
        while not self.standing.over:
            why = ""
            try:
                await self._read()
            except Trouble as trouble:
                why = str(trouble)
            finally:
                await self._feed.end()
            if why:
                await self._wait_after(why)
        await sleep(self._clock, None)

    async def _read(self) -> None:
        if self._key:
            self._kept = await self._from_store(lambda store: store.position(self._key))
        await self._feed.begin(self._kept)
        while not self.standing.over:
            portion = await self._feed.portion()
            await self._take(portion)
            if portion.trouble:
                self._in_trouble(portion.trouble)
            else:
                self._went_well()

    async def _take(self, portion: Portion) -> None:
        """Keep what the portion tells of, and up to where it was read: all or nothing."""
        standing, lines = self.standing, portion.lines
        standing.behind = portion.behind
        if lines:
            standing.last_line_at = self._clock.now()
        entries: dict[str, Entry] = {}
        began = self._clock.monotonic()
        for first in range(0, len(lines), _AT_ONCE):
            now, some = self._clock.now(), lines[first : first + _AT_ONCE]
            taken = await self._do(self._taking.read, some, now)
            self._left_out(taken.not_taken)
            for id, each in taken.entries.items():
                entries[id] = told_again(entries.get(id, each), each)
            if entries and self._clock.monotonic() - began > _LONG:
                await self._keep(entries, self._kept)
                entries, began = {}, self._clock.monotonic()
        position = (not self._taking.unended and portion.position) or self._kept
        moved = position != self._kept
        if entries or (moved and self._clock.monotonic() - self._kept_at >= KEPT_EVERY):
            await self._keep(entries, position)
        standing.over = portion.over

    async def _keep(self, entries: Mapping[str, Entry], position: str) -> None:
        def take(store: ArrivalStore) -> int:
            self._must_be_ours()
            return store.take(entries.values(), self._key, position)

        new = await self._from_store(take)
        self._kept, self._kept_at = position, self._clock.monotonic()
        standing = self.standing
        standing.taken += new
        standing.known += len(entries) - new
        if entries:
            standing.last_taken_at = self._clock.now()
        if new:
            self._around.took()

    async def _from_store(self, ask: Callable[[ArrivalStore], T]) -> T:
        """Ask the store, until it answers: nothing is read on before."""
        while True:
            try:
                return await self._do(lambda: ask(self._around.arrivals()))
            except StoreError as error:  # who polls tells when it does not answer
                aloud = not isinstance(error, Unreachable)
                await self._wait_after(str(error), aloud=aloud, most=STORE_RETRY)

    # --- trouble -------------------------------------------------------------------------

    async def _wait_after(
        self, trouble: str, *, aloud: bool = True, most: float = LAST_RETRY
    ) -> None:
        self._in_trouble(trouble, aloud=aloud)
        now = self._clock.monotonic()
        if self._well_since is not None and now - self._well_since >= WELL_AFTER:
            self._retry = FIRST_RETRY
        self._well_since = None
        wait = min(self._retry, most)
        self._retry = min(2 * wait, most)
        await sleep(self._clock, wait)

    def _in_trouble(self, trouble: str, *, aloud: bool = True) -> None:
        self._is_in_trouble(trouble)
        if aloud:
            self._complain(trouble)

    def _went_well(self) -> None:
        if self._well_since is None:
            self._well_since = self._clock.monotonic()
        if not self.trouble:
            return
        self._is_in_trouble("")
        if self._complained:
            self._complained = False
            self._around.complain(f"Source {self._name} is read again.")

    def _is_in_trouble(self, trouble: str) -> None:
        before, self.trouble = self.trouble, trouble
        if self.reads:
            self.standing.trouble = trouble
        if bool(before) != bool(trouble):
            self._around.turned()

    def _complain(self, trouble: str) -> None:
        """Say it once, and not again for a while where it comes and goes."""
        now = self._clock.monotonic()
        if now - self._told.get(trouble, -inf) >= TOLD_AGAIN:
            if len(self._told) > 20:
                self._told.clear()
            self._told[trouble] = now
            self._complained = True
            again = "" if trouble.endswith("tried again by itself.") else " It is tried again."
            self._around.complain(f"Source {self._name}: {trouble}{again}")

    def _left_out(self, not_taken: list[NotTaken]) -> None:
        standing = self.standing
        standing.not_taken += len(not_taken)
        meant = [each for each in not_taken if not each.refused]
        if not meant:
            return
        if not standing.left_out:
            self._around.complain(
                f"Source {self._name}: a line tells of no message, though it looks meant:"
                f" {meant[0].why}. `smsmon source try {self._name}` shows such lines."
            )
        standing.left_out = meant[-1].why


def reader_key(name: str, source: Source) -> str:
    """What the store knows a reader by: the source, the machine and the user, and the log that is
    read; of another log another position is kept.
    """
    if source.file is None:
        return ""
    log = blake2b(source.file.encode(errors="surrogateescape"), digest_size=8).hexdigest()
    return f"{gethostname()} {os.getuid()} {name} {log}"


def _feed_of(source: Source, around: Surroundings, do: Do) -> Feed:
    if source.file is not None:
        return LogFeed(expanded(source.file), around.clock, do)
    if source.command is not None:
        return CommandFeed(source.command, around.environ)
    assert around.stdin is not None  # noqa: S101 - else it is not read here
    return StdinFeed(around.stdin, do)


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do these beside each other until one raises; what it raised is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
