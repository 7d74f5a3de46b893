"""A storm: engine, client and server over real sockets, on a clock that rests while they talk.

Sockets know real time only. So the virtual clock moves only while no request is under way: an
hour passes in as long as its requests take, every moment of it is exact, and what an answer
said can be compared with what was true when it was asked for. And of real time only that counts in
which nothing was to be done: how busy the machine is with other things makes no request late.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from smsmon.api.client import AnswerFormat, SmsPartner
from smsmon.batch import BatchAnswer, Pair
from smsmon.known import Condition
from smsmon.model import Entry, Event, EventKind, ReadError, Report, Unchanged
from smsmon.monitor.engine import Engine
from smsmon.monitor.intake import Recorder
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import BatchSource
from smsmon.monitor.standing import standing
from smsmon.monitor.state import Applied, MessageState, Watched
from smsmon.secret import ApiKey
from smsmon.simulator.faults import Trouble, TroubleWindow
from smsmon.simulator.server import Server, serve
from smsmon.simulator.world import World
from tests.chaos.oracle import Oracle
from tests.monitor.fakes import pause
from tests.support.clock import VirtualClock

TIMEOUT = 0.1
"""Seconds in which nothing comes until the client gives an answer up."""
PROFILES: dict[str, AnswerFormat] = {"json": "json", "xml": "xml"}
"""Two accounts on one server: each reads in a format of its own."""
ACCOUNT_TROUBLE = frozenset({EventKind.ACCOUNT_DOWN, EventKind.ACCOUNT_STOPPED})


@dataclass(frozen=True, slots=True)
class Spell:
    """One stretch of bad weather."""

    name: str
    troubles: tuple[tuple[Trouble, float], ...] = ()
    """What goes wrong, and the share of the requests left over by those before that it hits."""
    total: bool = False
    """No request can get a report."""
    vanished: bool = False
    """Nothing listens at all."""
    path: str | None = None
    """The only endpoint that it is about."""


class Tracked(BatchSource):
    """A source that tells when nothing is under way, and how each poll ended."""

    def __init__(self, client: SmsPartner, storm: Storm) -> None:
        self._client = client
        self._storm = storm

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        storm = self._storm
        watched = storm.engine.board[message_id]
        storm.departs()
        try:
            answer = await self._client.bulk_status(message_id, known)
        except ReadError as error:
            storm.oracle.ended(watched, error.fault.kind)
            raise
        else:
            storm.oracle.ended(watched, None)
            return answer
        finally:
            storm.arrives()

    async def multi_status(self, pairs: Sequence[Pair]) -> BatchAnswer:
        self._storm.departs()
        self._storm.batches += 1
        try:
            return await self._client.multi_status(pairs)
        finally:
            self._storm.arrives()


class Storm:
    """The engine in bad weather, watched by an oracle that knows the truth."""

    def __init__(
        self,
        clock: VirtualClock,
        world: World,
        server: Server,
        limits: Limits,
        seed: int,
        recorder: Recorder | None,
    ) -> None:
        self.clock = clock
        self.server = server
        self.clients = {
            name: SmsPartner(
                ApiKey(server.key),
                base_url=server.base_url,
                answer_format=answer_format,
                timeout=TIMEOUT,
                clock=clock,
            )
            for name, answer_format in PROFILES.items()
        }
        sources = {name: Tracked(client, self) for name, client in self.clients.items()}
        self.engine = Engine(sources, clock, limits=limits, recorder=recorder, rng=Random(seed))
        self.oracle = Oracle(world, self.engine.board)
        self.meddling = 0.0
        """How often, per request, the operator changes the watchlist while it is under way."""
        self.requests = self.batches = 0
        self.busiest = 0
        """The most requests in any 60 s."""
        self.events: list[Event] = []
        self._rng = Random(f"operator {seed}")
        self.coming: list[Entry] = []
        """What is watched once it is there, the first to come last."""
        self._let_go: list[Entry] = []
        self._minute: deque[float] = deque()
        self._touched: set[str] = set()
        self._flying = 0
        self._idle = asyncio.Event()
        self._broken: list[AssertionError] = []
        """Promises broken where the engine would swallow it: no listener may stop it."""
        self.engine.subscribe(self._hear)

    # --- requests under way --------------------------------------------------------------

    def departs(self) -> None:
        """A request goes out."""
        now = self.clock.monotonic()
        self._minute.append(now)
        while self._minute[0] <= now - 60:
            self._minute.popleft()
        self.busiest = max(self.busiest, len(self._minute))
        self.requests += 1
        self._flying += 1
        self._idle.clear()
        if self._rng.random() < self.meddling:
            asyncio.get_running_loop().call_soon(self._meddle)

    def arrives(self) -> None:
        """A request has ended, well or not."""
        self._flying -= 1
        if not self._flying:
            self._idle.set()

    # --- time ----------------------------------------------------------------------------

    async def quiet(self) -> None:
        """Until no request is under way and nothing is left to run."""
        await self.clock.settle()
        while self._flying:
            await self._idle.wait()
            await self.clock.settle()

    async def pass_time(self, seconds: float, done: Callable[[], bool] = lambda: False) -> float:
        """Let so many seconds pass, or fewer when ``done()``; whatever was read is compared.

        Gives the seconds that passed.
        """
        start = self.clock.monotonic()
        await self.quiet()
        while not done():
            left = start + seconds - self.clock.monotonic()
            ahead = self.clock.next_timer
            if left <= 0:
                break
            await self.clock.advance(left if ahead is None else min(ahead, left))
            while self.coming and self.coming[-1].added_at <= self.clock.now():
                self.engine.watch(self.coming.pop())
            await self.quiet()
            for watched in map(self.engine.board.get, self._touched):
                if watched is not None:
                    self.oracle.compare(watched)
            self._touched.clear()
            if self._broken:
                raise self._broken[0]
        return self.clock.monotonic() - start

    async def endure(self, spell: Spell, lasts: float) -> None:
        """That bad weather for so many seconds; at its end everything is compared."""
        opens, first = self.clock.now(), len(self.events)
        self.oracle.failing.clear()
        if spell.vanished:
            await self.server.stop_listening()
        self.server.faults.windows = tuple(
            TroubleWindow(trouble, opens, share=share, path=spell.path)
            for trouble, share in spell.troubles
        )
        await self.pass_time(lasts)
        if spell.total:
            self._expect_one_outage(self.events[first:])
        self.oracle.compare_all(self.state_of)
        self.server.faults.clear()
        if spell.vanished:
            await self.server.resume()
        for name in self.engine.profiles:
            if self.engine.account(name).condition is Condition.STOPPED:
                self.engine.retry_account(name)  # nobody else may end that

    def connect_anew(self) -> None:
        """Read every account through a new source: nothing of the one before holds for it."""
        for name, client in self.clients.items():
            self.engine.set_source(name, Tracked(client, self))

    async def clear_up(self, within: float) -> float:
        """The end of all faults: seconds until every message has been read again."""
        self.server.faults.clear()
        self.meddling = 0.0
        while self._let_go:
            self.engine.watch(self._let_go.pop())
        pause(self.engine, list(self.engine.board.messages), False)
        ended = self.clock.now()

        def well() -> bool:
            return all(
                each.fault is None and (each.read_at or 0.0) > ended for each in self.engine.board
            )

        took = await self.pass_time(within, well)
        self.oracle.compare_all(self.state_of)
        return took

    # --- what is shown -------------------------------------------------------------------

    def state_of(self, watched: Watched) -> MessageState:
        """What the message's row says, its account considered."""
        return standing(self.engine, watched, self.clock.now()).state

    def told(self, *kinds: EventKind) -> list[Event]:
        """The events of these kinds so far."""
        return [event for event in self.events if event.kind in kinds]

    def _expect_one_outage(self, events: list[Event]) -> None:
        """Nothing true came: told once for each account, and nothing old is shown as new."""
        board = self.engine.board
        for name in PROFILES:
            told = [
                event.kind for event in events if event.profile == name and not event.message_id
            ]
            assert EventKind.ACCOUNT_UP not in told
            assert len(told) == len(set(told))
            mine = [each for each in board if each.entry.profile == name]
            not_found = sum(self.state_of(each) is MessageState.NOT_FOUND for each in mine)
            failing = [each for each in mine if each.id in self.oracle.failing]
            if len(failing) - not_found >= 3:
                assert self.engine.account(name).condition is not Condition.OK
                shown = {self.state_of(each) for each in mine}
                assert not shown & {MessageState.LIVE, MessageState.COMPLETE, MessageState.NEW}

    def _hear(self, news: Applied | Event) -> None:
        if isinstance(news, Event):
            self.events.append(news)
            return
        self.events.extend(news.events)
        self._touched.add(news.message_id)
        try:
            self.oracle.hear(news)
        except AssertionError as broken:
            self._broken.append(broken)

    def _meddle(self) -> None:
        """The operator does something to the watchlist while requests are under way."""
        engine, rng = self.engine, self._rng
        entry = engine.board[rng.choice(list(engine.board.messages))].entry
        match rng.randrange(7):
            case 0 | 1:
                engine.forget(entry.id)
                self.oracle.forget(entry.id)
                self._let_go.append(entry)
            case 2 | 3 if self._let_go:
                engine.watch(self._let_go.pop(rng.randrange(len(self._let_go))))
            case 4:
                pause(engine, list(engine.board.messages), False)
                pause(engine, [entry.id])
            case 5:
                engine.focus(entry.id)
            case _:
                engine.refresh([entry.id])


@contextmanager
def only_idle_time() -> Iterator[None]:
    """Have the loop's time go on only while it waits for nothing but time."""
    loop: Any = asyncio.get_running_loop()
    select, now = loop._selector.select, loop.time()

    def wait(timeout: float | None = None) -> Any:
        nonlocal now
        found = select(timeout)
        now += 0.0 if found else timeout or 0.0
        return found

    loop._selector.select, loop.time = wait, lambda: now
    try:
        yield
    finally:
        del loop._selector.select, loop.time


@asynccontextmanager
async def storm(
    world: World,
    clock: VirtualClock,
    limits: Limits,
    ids: Iterable[str],
    seed: int = 1,
    recorder: Recorder | None = None,
) -> AsyncIterator[Storm]:
    """A storm under way: the messages are watched, in two accounts by turns."""
    with only_idle_time():
        async with serve(world, per_minute=limits.per_minute) as server:
            weather = Storm(clock, world, server, limits, seed, recorder)
            profiles = list(PROFILES)
            entries = [Entry(id, profile=profiles[n % 2]) for n, id in enumerate(ids)]
            weather.engine.watch_all([(entry, None) for entry in entries])
            running = asyncio.create_task(weather.engine.run())
            try:
                yield weather
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
                for client in weather.clients.values():
                    await client.aclose()
