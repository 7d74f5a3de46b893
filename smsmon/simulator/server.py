"""The HTTP of it: keep-alive HTTP/1.1 on loopback, by h11 on asyncio streams."""

from __future__ import annotations

import asyncio
import http
import ipaddress
import math
import socket
import struct
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate

import h11

from smsmon.simulator.faults import WHOLE, Delivery, FaultPlan, delivery, spoil
from smsmon.simulator.routes import BASE_PATH, Question, respond
from smsmon.simulator.wire import HTML_TYPE, Answer
from smsmon.simulator.world import World

HEAD_LIMIT = 16 * 1024
"""The longest request line and headers, in bytes: longer is answered 431."""
BODY_LIMIT = 64 * 1024
"""The longest request body read, in bytes: longer is answered 413."""
HEAD_TIMEOUT = 30.0
"""Seconds a client may take to send a request once it has begun."""
IDLE_TIMEOUT = 3600.0
"""Seconds a kept-alive connection may rest: longer than the longest poll interval."""
CONNECTION_LIMIT = 1000
"""Connections at a time; one more is closed at once."""
LOG_LENGTH = 100_000
"""Requests remembered one by one."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the log keeps it: without its key."""

    path: str
    message_id: str
    at: float
    """The world's ``Clock``: seconds since the epoch."""


@dataclass(slots=True)
class RequestLog:
    """What was asked, in order; the counts go back to the beginning, the list is bounded."""

    count: int = 0
    by_id: Counter[str] = field(default_factory=Counter)
    by_path: Counter[str] = field(default_factory=Counter)
    last: deque[Request] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))

    def __iter__(self) -> Iterator[Request]:
        return iter(tuple(self.last))

    def __len__(self) -> int:
        return self.count

    def add(self, request: Request) -> None:
        self.count += 1
        self.by_id[request.message_id] += 1
        self.by_path[request.path] += 1
        self.last.append(request)


class Server:
    """A running simulator. ``serve`` makes one; ``base_url`` and ``key`` are how to reach it."""

    def __init__(
        self, world: World, *, host: str, port: int, key: str | None, faults: FaultPlan | None
    ) -> None:
        self.world = world
        self.key = world.key if key is None else key
        self.faults = faults or FaultPlan(seed=world.seed)
        self.requests = RequestLog()
        self._host = loopback(host)
        self._port = port
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
        if len(self._conversations) >= CONNECTION_LIMIT:
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
            request = await _read_request(connection, reader)
        except h11.RemoteProtocolError as error:
            response = _response(connection, plain(error.error_status_hint), b"", self._date())
            return await _deliver(response, WHOLE, reader, writer) and False
        if request is None:
            return False
        answer, way = self._answer(request)
        response = _response(connection, answer, request.method, self._date(), gzipped(request))
        sent = await _deliver(response, way, reader, writer)
        return sent and connection.our_state is h11.DONE and connection.their_state is h11.DONE

    def _answer(self, request: h11.Request) -> tuple[Answer, Delivery]:
        if request.method not in (b"GET", b"HEAD"):
            return plain(405, (("Allow", "GET, HEAD"),)), WHOLE
        try:
            question = Question.parse(request.target.decode("latin-1"))
        except ValueError:
            return plain(400), WHOLE
        at = self.world.clock.now()
        self.requests.add(Request(question.path, question.message_id, at))
        answer = respond(self.world, self.key, question, at)
        window = self.faults.strike(question.message_id, at)
        if window is None:
            return answer, WHOLE
        since = at - window.opens if math.isfinite(window.opens) else 0.0
        spoilt = spoil(window.trouble, answer, question.answer_format)
        return spoilt, delivery(window.trouble, since)

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
) -> AsyncIterator[Server]:
    """A running server of that world, stopped at the end of the block.

    Port 0 takes a free one; without a ``key`` it is the world's own. Raises ValueError for a
    ``host`` that is not loopback, OSError when the port is taken.
    """
    server = Server(world, host=host, port=port, key=key, faults=faults)
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


def plain(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """A refusal below the API: what any web server says to a request it cannot take."""
    reason = http.HTTPStatus(status).phrase
    page = f"<!DOCTYPE html><html><head><title>{status} {reason}</title></head></html>"
    return Answer(page.encode(), HTML_TYPE, status, headers)


def gzipped(request: h11.Request) -> bool:
    """Whether the client takes a gzipped body."""
    accepted = b",".join(value for name, value in request.headers if name == b"accept-encoding")
    for coding in accepted.decode("latin-1").lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def _read_request(
    connection: h11.Connection, reader: asyncio.StreamReader
) -> h11.Request | None:
    """The next request, its body read and thrown away; None when the client has closed."""
    request: h11.Request | None = None
    body = 0
    patience = IDLE_TIMEOUT
    while True:
        match connection.next_event():
            case h11.NEED_DATA:
                async with asyncio.timeout(patience):
                    connection.receive_data(await reader.read(HEAD_LIMIT))
                patience = HEAD_TIMEOUT
            case h11.Request() as request:
                pass
            case h11.Data(data=data):
                body += len(data)
                if body > BODY_LIMIT:
                    raise h11.RemoteProtocolError("body too long", error_status_hint=413)
            case h11.EndOfMessage():
                return request
            case _:
                return None


def _response(
    connection: h11.Connection, answer: Answer, method: bytes, date: str, gzip: bool = False
) -> bytes:
    """The whole response as bytes."""
    packed = answer.packed if gzip else None
    body = answer.body if packed is None else packed
    headers = [
        ("Date", date),
        ("Server", "smsmon-simulator"),
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept-Encoding"),
        *answer.headers,
    ]
    if packed is not None:
        headers.append(("Content-Encoding", "gzip"))
    phrase = http.HTTPStatus(answer.status).phrase
    parts = [
        connection.send(
            h11.Response(status_code=answer.status, headers=headers, reason=phrase.encode())
        ),
        None if method == b"HEAD" else connection.send(h11.Data(data=body)),
        connection.send(h11.EndOfMessage()),
    ]
    return b"".join(part for part in parts if part)


async def _deliver(
    response: bytes,
    way: Delivery,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> bool:
    """Send the response as told; True when it was sent whole."""
    if way.delay:
        await asyncio.sleep(way.delay)
    if way.drip is not None:
        for place in range(len(response)):
            writer.write(response[place : place + 1])
            await writer.drain()
            await asyncio.sleep(way.drip)
        return True
    writer.write(response if way.stop_after is None else response[: way.stop_after])
    await writer.drain()
    if way.stop_after is None:
        return True
    if way.reset:
        # Closing with no time to linger is what sends RST in the place of FIN.
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        while await reader.read(HEAD_LIMIT):
            pass
    return False
