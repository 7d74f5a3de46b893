"""The metrics over HTTP, on this machine alone: in the event loop, so that one that stands still
serves no old numbers as new.

HTTP is understood by h11. One request a connection; few connections at once, each bounded in time
and in bytes, so that nobody who connects holds anything up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import h11

HOST = "127.0.0.1"
WITHIN = 10.0
"""Seconds that one exchange may take."""
AT_ONCE = 8
"""Connections; more are closed at once."""
HEAD_LIMIT = 16_384
"""Bytes of the head of a request."""
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_OPEN_METRICS = "application/openmetrics-text"

Write = Callable[[bool], Awaitable[bytes]]
"""Gives the metrics: as OpenMetrics if True."""


@asynccontextmanager
async def served(port: int, write: Write) -> AsyncIterator[asyncio.Server]:
    """Serve what ``write`` gives, until the end of the block. Raises ``OSError`` for the port."""
    answering: set[asyncio.Task[None]] = set()

    def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(answering) >= AT_ONCE:
            writer.transport.abort()
            return
        task = asyncio.create_task(_exchange(reader, writer, write), name="metrics")
        answering.add(task)
        task.add_done_callback(answering.discard)

    server = await asyncio.start_server(taken, HOST, port, limit=HEAD_LIMIT)
    try:
        yield server
    finally:
        server.close()
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, write: Write
) -> None:
    """Answer one request, and hang up, whatever comes."""
    try:
        async with asyncio.timeout(WITHIN):
            connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
            answer = await _answer(connection, reader, write)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError):
        pass  # who asked is gone, or too slow
    finally:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            writer.transport.abort()


async def _answer(
    connection: h11.Connection, reader: asyncio.StreamReader, write: Write
) -> bytes | None:
    """The bytes to send; None when nothing was asked."""
    try:
        request = await _request(connection, reader)
    except h11.RemoteProtocolError:
        return _said(connection, 400, b"This is no HTTP that is understood here.\n")
    if request is None:
        return None
    if request.method != b"GET":
        body = b"" if request.method == b"HEAD" else b"Only GET is answered.\n"
        return _said(connection, 405, body, more=[("Allow", "GET")])
    if request.target.split(b"?", 1)[0] != b"/metrics":
        return _said(connection, 404, b"The metrics are at /metrics.\n")
    accepted = b",".join(value for name, value in request.headers if name == b"accept")
    if _OPEN_METRICS.encode() in accepted:
        kind = f"{_OPEN_METRICS}; version=1.0.0; charset=utf-8"
        return _said(connection, 200, await write(True), kind)
    return _said(connection, 200, await write(False))


async def _request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        connection.receive_data(await reader.read(HEAD_LIMIT))


def _said(
    connection: h11.Connection,
    status: int,
    body: bytes,
    kind: str = _TEXT,
    more: Sequence[tuple[str, str]] = (),
) -> bytes:
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")]
    parts = (
        connection.send(h11.Response(status_code=status, headers=[*headers, *more])),
        connection.send(h11.Data(data=body)),
        connection.send(h11.EndOfMessage()),
    )
    return b"".join(part for part in parts if part)
