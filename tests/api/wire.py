"""A loopback server that says whatever bytes a test wants: hostile answers are the subject."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """A running server: where it is, and what was asked of it."""

    port: int
    scheme: str = "http"
    host: str = "127.0.0.1"
    heads: list[bytes] = field(default_factory=list, repr=False)
    """The head of every request, as it came; it has the key."""
    bodies: list[bytes] = field(default_factory=list, repr=False)
    """The body of every request, empty for those that have none; it may have the key."""
    connections: int = 0

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/v1"


def answer(
    body: bytes,
    *,
    status: str = "200 OK",
    content_type: str | None = "application/json",
    headers: str = "",
) -> bytes:
    """A whole HTTP answer around ``body``; ``headers`` are lines without their ends."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers.splitlines()]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@asynccontextmanager
async def wire(
    *answers: bytes | Behaviour, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Wire]:
    """Serve ``answers``, one for each request, the last one for all that follow.

    A behaviour is given the streams after a request was read; its connection then ends.
    """
    served = 0
    running: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        told.connections += 1
        task = asyncio.current_task()
        if task is not None:
            running.add(task)
        try:
            while True:
                told.heads.append(await reader.readuntil(b"\r\n\r\n"))
                length = _LENGTH.search(told.heads[-1])
                told.bodies.append(await reader.readexactly(int(length[1]) if length else 0))
                now = answers[min(served, len(answers) - 1)]
                served += 1
                if not isinstance(now, bytes):
                    await now(reader, writer)
                    break
                writer.write(now)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            if task is not None:
                running.discard(task)

    server = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=tls)
    told = Wire(server.sockets[0].getsockname()[1])
    if tls is not None:
        told.scheme, told.host = "https", "localhost"
    try:
        yield told
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never answer; end when the client leaves."""
    await reader.read()


def drip(answer: bytes, pause: float) -> Behaviour:
    """Send ``answer`` one byte at a time, ``pause`` seconds apart."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in answer:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(pause)

    return behaviour


def cut(answer: bytes) -> Behaviour:
    """Send ``answer`` and close the connection, whatever its headers promised."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return behaviour


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Drop the connection with a TCP reset."""
    transport = writer.transport
    transport.abort()


def flood(head: bytes, piece: bytes) -> Behaviour:
    """Send ``head``, then ``piece`` for as long as someone reads."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    return behaviour
