"""The metrics given out: over HTTP, on this machine alone, and in a file for node_exporter.

HTTP is answered in the event loop, so that one that stands still serves no old numbers as new. One
request a connection; few connections at once, each bounded in time and in bytes, so that nobody who
connects holds anything up.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import h11

from smsmon.files import open_lock, replaced, why
from smsmon.programs import beside
from smsmon.text import SENTENCE_LIMIT, safe

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


MODE = 0o644
"""Of a new file: the collector runs as another user, and nothing in it is secret."""


class MetricsFile:
    """Writes one file, as long as no other smsmon does: of two, each would take the other's place.

    Whose it is tells a lock on a file beside it, which goes with its holder.
    """

    def __init__(self) -> None:
        self._lock: int | None = None
        self._written = False

    async def write(self, path: Path, text: bytes) -> str:
        """Write the file whole; gives why that failed, in a sentence, or nothing."""
        name = safe(str(path), SENTENCE_LIMIT)
        try:
            await beside(self._write, path, text)
        except BlockingIOError:
            return (
                f"Another smsmon writes its metrics to {name}, so this one does not: give it"
                " another watch.metrics_file."
            )
        except OSError as error:
            return f"The metrics cannot be written to {name}: {safe(why(error))}."
        return ""

    async def remove(self, path: Path) -> str:
        """Take the file away: what nobody writes any more is not to be read as new."""
        await beside(self._remove, path)
        return ""

    def _write(self, path: Path, text: bytes) -> None:
        self._make_it_ours(path)
        with replaced(path, mode=MODE) as file:
            file.write(text)
        self._written = True

    def _remove(self, path: Path) -> None:
        target = Path(os.path.realpath(path))  # a link stays one
        if self._written:
            with contextlib.suppress(OSError):
                target.unlink()
        if self._lock is not None:
            with contextlib.suppress(OSError):
                _lock_of(target).unlink()
            os.close(self._lock)
        self._lock, self._written = None, False

    def _make_it_ours(self, path: Path) -> None:
        """Raises ``BlockingIOError`` while another process has it.

        In a folder that takes no new file, and on a disk without locks, nobody can tell.
        """
        target = Path(os.path.realpath(path))
        lock = _lock_of(target)
        while self._lock is None:
            try:
                handle = open_lock(lock, target)
            except OSError:
                return
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(handle), os.stat(lock)):
                    self._lock = handle
            except FileNotFoundError:
                continue  # its holder took it away meanwhile
            except BlockingIOError:
                raise
            except OSError:
                return
            finally:
                if self._lock != handle:
                    os.close(handle)


def _lock_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")
