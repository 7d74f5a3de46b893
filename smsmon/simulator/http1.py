"""One HTTP/1.1 exchange on asyncio streams: reading a request, writing a response. By h11."""

from __future__ import annotations

import asyncio
import http
import socket
import struct
from contextlib import suppress

import h11

from smsmon.simulator.faults import Delivery
from smsmon.simulator.wire import HTML_TYPE, Answer

HEAD_LIMIT = 16 * 1024
"""Unfinished request line and headers held, in bytes: more is answered 431."""
BODY_LIMIT = 64 * 1024
"""The longest request body read, in bytes: longer is answered 413."""
HEAD_TIMEOUT = 30.0
"""Seconds a client may take to send a request once it has begun."""
IDLE_TIMEOUT = 3600.0
"""Seconds a kept-alive connection may rest: longer than the longest poll interval."""
LINGER = 2.0
"""Seconds in which a client that was refused half-way may read why."""


def plain(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """A refusal below the API: what any web server says to a request it cannot take."""
    title = f"{status} {_phrase(status).decode()}"
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head></html>"
    return Answer(page.encode(), HTML_TYPE, status, headers)


def gzipped(request: h11.Request) -> bool:
    """Whether the client takes a gzipped body."""
    accepted = b",".join(value for name, value in request.headers if name == b"accept-encoding")
    for coding in accepted.decode("latin-1").lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def read_request(
    connection: h11.Connection, reader: asyncio.StreamReader
) -> tuple[h11.Request, bytes] | None:
    """The next request and its body; None when the client has closed.

    Raises h11.RemoteProtocolError for what cannot be taken, with the HTTP status to say so, and
    TimeoutError.
    """
    request: h11.Request | None = None
    body = bytearray()
    now = asyncio.get_running_loop().time
    deadline = now() + IDLE_TIMEOUT
    resting = True
    while True:
        match connection.next_event():
            case h11.NEED_DATA:
                async with asyncio.timeout_at(deadline):
                    connection.receive_data(await reader.read(HEAD_LIMIT))
                if resting:
                    deadline, resting = now() + HEAD_TIMEOUT, False
            case h11.Request() as request:
                pass
            case h11.Data(data=data):
                body += data
                if len(body) > BODY_LIMIT:
                    raise h11.RemoteProtocolError("body too long", error_status_hint=413)
            case h11.EndOfMessage():
                return (request, bytes(body)) if request is not None else None
            case _:
                return None


def build_response(
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
    parts = [
        connection.send(
            h11.Response(status_code=answer.status, headers=headers, reason=_phrase(answer.status))
        ),
        None if method == b"HEAD" else connection.send(h11.Data(data=body)),
        connection.send(h11.EndOfMessage()),
    ]
    return b"".join(part for part in parts if part)


async def deliver(
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


async def linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Swallow what the client still sends: closing on it would reset our answer away."""
    if writer.can_write_eof():
        writer.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while await reader.read(HEAD_LIMIT):
                pass


def _phrase(status: int) -> bytes:
    """The reason phrase; empty for a number nobody registered, as gateways use (520 …)."""
    try:
        return http.HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
