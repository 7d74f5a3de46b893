"""Who is told, on loopback: a web server and a mail server that keep what they get."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

Behave = Callable[[str], str | None]
"""Gives the status line and the body of the answer to a request of a path; None: none at all."""


@dataclass
class FarEnd:
    """One server."""

    port: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Who was given no answer has closed the connection."""


@asynccontextmanager
async def _serving(
    serve: Callable[[FarEnd, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[FarEnd]:
    far = FarEnd()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(far, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        far.port = server.sockets[0].getsockname()[1]
        yield far


def webhook(behave: Behave = lambda _: "200 OK\r\n\r\n") -> Any:
    """A server of HTTP, as ``async with webhook() as far``."""

    async def serve(
        far: FarEnd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        far.bodies.append({"path": path, **json.loads(body)})
        far.asked.set()
        answer = behave(path)
        if answer is None:
            await reader.read()
            far.gone.set()
            return
        status, _, text = answer.partition("\r\n\r\n")
        told = f"Content-Length: {len(text)}\r\nConnection: close"
        writer.write(f"HTTP/1.1 {status}\r\n{told}\r\n\r\n{text}".encode())
        await writer.drain()

    return _serving(serve)


def mail_server() -> Any:
    """A server of SMTP, as ``async with mail_server() as far``."""

    async def serve(
        far: FarEnd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                mail = email.message_from_bytes(text[:-3], policy=email.policy.default)
                assert isinstance(mail, EmailMessage)
                far.mails.append(mail)
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 fine\r\n")
            await writer.drain()

    return _serving(serve)
