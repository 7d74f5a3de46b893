"""The server: many conversations on loopback, each answered from one world and one fault plan."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import h11

from smsmon.leaving import in_loop
from smsmon.simulator.faults import BATCHES, WHOLE, Delivery, FaultPlan, delivery, spoil
from smsmon.simulator.http1 import (
    HEAD_LIMIT,
    build_response,
    deliver,
    gzipped,
    linger,
    plain,
    read_request,
)
from smsmon.simulator.routes import BASE_PATH, BATCH_PATH, AskedRow, Question, respond
from smsmon.simulator.scenario import demo_world
from smsmon.simulator.wire import Answer, refusal
from smsmon.simulator.world import World

TARGET_LIMIT = 8 * 1024
"""The longest request target, in bytes: longer is answered 414."""
PER_MINUTE = 2000
"""What the API grants an address: requests in any 60 s."""
CONNECTION_LIMIT = 1000
"""Connections at a time; one more is closed at once."""
LOG_LENGTH = 100_000
"""Requests remembered one by one."""
BATCHES_KEPT = 1_000
"""Of those, the batches whose rows are remembered as well."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the log keeps it: without its key."""

    path: str
    message_id: str
    at: float
    """The world's ``Clock``: seconds since the epoch."""
    rows: int = 0
    """How many a batch asked for."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the log keeps it."""

    at: float
    rows: Sequence[AskedRow]


@dataclass(slots=True)
class RequestLog:
    """What was asked, in order; the counts go back to the beginning, the list is bounded."""

    count: int = 0
    by_id: Counter[str] = field(default_factory=Counter)
    by_path: Counter[str] = field(default_factory=Counter)
    last: deque[Request] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    batches: deque[Batch] = field(default_factory=lambda: deque(maxlen=BATCHES_KEPT))

    def __iter__(self) -> Iterator[Request]:
        return iter(tuple(self.last))

    def __len__(self) -> int:
        return self.count

    def add(self, question: Question, at: float) -> None:
        """Note a request, less its key."""
        request = Request(question.path, question.message_id, at, len(question.rows))
        if question.rows:
            self.batches.append(Batch(at, question.rows))
        self.count += 1
        self.by_id[request.message_id] += 1
        self.by_path[request.path] += 1
        self.last.append(request)


class Server:
    """A running simulator. ``serve`` makes one; ``base_url`` and ``key`` are how to reach it."""

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str | None = None,
        faults: FaultPlan | None = None,
        per_minute: int | None = None,
    ) -> None:
        self.world = world
        self.key = world.key if key is None else key
        self.faults = faults or FaultPlan(seed=world.seed)
        self.requests = RequestLog()
        self._host = loopback(host)
        self._port = port
        self._per_minute = per_minute
        self._served: deque[float] = deque()
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL; stays the same over a restart."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}{BASE_PATH}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def connections(self) -> int:
        """Connections open at the moment."""
        return len(self._conversations)

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        self._listener = await asyncio.start_server(
            self._accept, self._host, self._port, limit=HEAD_LIMIT
        )
        self._port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection. Harmless when stopped."""
        if self._listener is not None:
            self._listener.close()
        conversations = list(self._conversations)
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        if self._listener is not None:
            await self._listener.wait_closed()
            self._listener = None
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    async def stop_listening(self) -> None:
        """Vanish as a killed server does, keeping the port for ``resume``."""
        await self.stop()
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        self._reserved = socket.socket(family, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((self._host, self._port))

    async def resume(self) -> None:
        """Come back on the same port after ``stop_listening``."""
        await self.start()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stopping = self._listener is None or not self._listener.is_serving()
        if stopping or len(self._conversations) >= CONNECTION_LIMIT:
            writer.transport.abort()
            return
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        try:
            while await self._exchange(connection, reader, writer):
                connection.start_next_cycle()
            writer.close()
            await writer.wait_closed()
        except (OSError, TimeoutError):
            pass  # the client is gone, or never said what it wanted
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """One request and its answer; False when the connection is to be closed."""
        try:
            received = await read_request(connection, reader)
        except h11.RemoteProtocolError as error:
            refused = plain(error.error_status_hint, (("Connection", "close"),))
            response = build_response(connection, refused, b"", self._date())
            await deliver(response, WHOLE, reader, writer)
            await linger(reader, writer)
            return False
        if received is None:
            return False
        request, body = received
        answer, way = self._answer(request, body)
        response = build_response(
            connection, answer, request.method, self._date(), gzipped(request)
        )
        sent = await deliver(response, way, reader, writer)
        return sent and connection.our_state is h11.DONE and connection.their_state is h11.DONE

    def _answer(self, request: h11.Request, body: bytes) -> tuple[Answer, Delivery]:
        target = request.target.decode("latin-1")
        posts = target.partition("?")[0] == BASE_PATH + BATCH_PATH
        if request.method not in ((b"POST",) if posts else (b"GET", b"HEAD")):
            return plain(405, (("Allow", "POST" if posts else "GET, HEAD"),)), WHOLE
        if len(target) > TARGET_LIMIT:
            return plain(414), WHOLE
        try:
            question = Question.posted(target, body) if posts else Question.parse(target)
        except ValueError:
            return plain(400), WHOLE
        at = self.world.clock.now()
        self.requests.add(question, at)
        fmt = question.answer_format
        if self._over_limit():
            return refusal(429, fmt), WHOLE
        answer = respond(self.world, self.key, question, at)
        batch = [str(row.message_id) for row in question.rows]
        window = self.faults.strike(question.message_id, at, question.endpoint, batch)
        if window is None:
            return answer, WHOLE
        since = at - window.opens if math.isfinite(window.opens) else 0.0
        asked = body.decode("utf-8", "replace") if posts else target
        return spoil(window.trouble, answer, fmt, asked), delivery(window.trouble, since)

    def _over_limit(self) -> bool:
        """Whether the last 60 s (of the clock that never jumps) have used the limit up."""
        if self._per_minute is None:
            return False
        now = self.world.clock.monotonic()
        while self._served and self._served[0] <= now - 60.0:
            self._served.popleft()
        if len(self._served) >= self._per_minute:
            return True
        self._served.append(now)
        return False

    def _date(self) -> str:
        return formatdate(self.world.clock.now(), usegmt=True)


@asynccontextmanager
async def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    key: str | None = None,
    faults: FaultPlan | None = None,
    per_minute: int | None = None,
) -> AsyncIterator[Server]:
    """A running server of that world, stopped at the end of the block.

    Port 0 takes a free one; without a ``key`` it is the world's own; ``per_minute`` requests are
    answered in any 60 s and the others refused with 429 (None: no limit). Raises ValueError for a
    ``host`` that is not loopback, OSError when the port is taken.
    """
    server = Server(world, host=host, port=port, key=key, faults=faults, per_minute=per_minute)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def loopback(host: str) -> str:
    """``host`` as a loopback address. Raises ValueError, in a sentence, for anything else."""
    if host == "localhost":
        return "127.0.0.1"  # whatever a resolver would say
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return host
    raise ValueError(
        "The simulator serves this machine only: "
        f"it binds 127.0.0.1, ::1 or localhost, not {host!r}."
    )


def simulate(
    port: int = 0,
    seed: int = 1,
    speed: float = 1.0,
    host: str = "127.0.0.1",
    batches: str = "true",
    echo: Callable[[str], None] = print,
    run: Callable[[Coroutine[Any, Any, int]], int] = asyncio.run,
) -> int:
    """Serve the demo's world until SIGINT, SIGTERM or SIGHUP; gives the exit code that tells which.

    ``batches`` is one of ``BATCHES``. ``echo`` gets lines to paste into a shell: the base URL, the
    key, some ids. ``run`` runs the event loop. Raises ValueError for a host that is not loopback
    or a speed of 0 or less, OSError when the port is taken.
    """
    world = demo_world(seed=seed, speed=speed)

    def introduce(server: Server) -> None:
        if (trouble := BATCHES[batches]) is not None:
            server.faults.only(trouble, path=BATCH_PATH)
        echo(f"export SMSMON_BASE_URL={server.base_url}")
        echo(f"export SMSMON_API_KEY={server.key}")
        echo(f"# Messages: {' '.join(world.messages)}")
        echo("# Serving until Ctrl-C.")

    return run(run_forever(world, host=host, port=port, per_minute=PER_MINUTE, started=introduce))


async def run_forever(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    per_minute: int | None = None,
    started: Callable[[Server], None],
) -> int:
    """Serve until a signal says stop; gives the exit code that tells which.

    ``started`` is called once requests are taken.
    """
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def leave(code: int) -> None:
        if not told.done():
            told.set_result(code)

    with in_loop(leave):
        async with serve(world, host=host, port=port, per_minute=per_minute) as server:
            started(server)
            return await told
