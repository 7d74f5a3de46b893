"""A line: one stream of bytes to a server, which knows whether it may be used again.

What a server says when nothing was asked is nobody's answer. A resting line goes on listening,
and the first byte that comes, or the end, closes it: no later request can take such bytes for
its own answer.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from typing import Any

_BUFFER = 1 << 18
"""Bytes taken in before the server must wait for us to read."""

_KEEP_ALIVE = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPALIVE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
)
"""Seconds of silence before the system asks whether the other side is there, seconds between
two such questions, and how many go unanswered. Sixty keeps the line known to boxes in between
that forget what was quiet for some minutes; macOS has another name for the first."""


def keep_alive(sock: socket.socket) -> None:
    """Have the system look after ``sock`` while nothing is said."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if (option := getattr(socket, name, None)) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


class Line(asyncio.Protocol):
    """A connected stream. ``read`` and ``wait`` are for one reader at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._lost: Exception | None = None
        self._paused = False
        self._expiry: asyncio.TimerHandle | None = None
        self._resting = False
        self.silent = True
        """No byte has come since the last ``write``."""

    # --- what the event loop calls --------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.silent = False
        if self._resting:
            self.close()
            return
        self._buffer += data
        if len(self._buffer) > _BUFFER and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self._lost = self._lost or error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- what its user calls --------------------------------------------------------------

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on, with a server that proves to be ``host``.

        Raises ``OSError`` (``ssl.SSLError`` is one), also when the server spoke before.
        """
        if self._buffer or self._transport is None:
            raise ssl.SSLError("unasked bytes before TLS")
        # `start_tls` answers the end of the line with None, its types do not know.
        encrypted: Any = await asyncio.get_running_loop().start_tls(
            self._transport, self, context, server_hostname=host
        )
        if encrypted is None:
            raise ConnectionResetError
        self._transport = encrypted

    def write(self, data: bytes) -> None:
        """Send ``data``, a request: what comes after it is its answer."""
        self.silent = True
        if self._transport is not None:
            self._transport.write(data)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for a byte or the end, ``seconds`` at most; whether one of them came."""
        if self._buffer or self._ended:
            return True
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()
        return bool(self._buffer) or self._ended

    async def read(self) -> bytes:
        """The bytes that came, waiting for the first; empty at the end. Raises ``OSError``."""
        while not await self.wait():
            pass
        data = bytes(self._buffer)
        self._buffer.clear()
        if not data and self._lost is not None:
            raise self._lost
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    def rest(self, seconds: float) -> None:
        """Keep the line for ``seconds``, or until the server says anything. Closed after that."""
        if self._buffer or self._ended:
            self.close()
            return
        self._resting = True
        self._expiry = asyncio.get_running_loop().call_later(seconds, self.close)

    def resume(self) -> bool:
        """End the rest; False, and the line is closed, if it cannot be used any more."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self._ended or self._transport is None or self._transport.is_closing():
            return False
        # What the system has and the event loop has not seen yet came unasked, too.
        waiting = select.poll()
        waiting.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        if waiting.poll(0):
            self.close()
            return False
        self._resting = False
        return True

    def close(self) -> None:
        """Let go of the connection at once, saying no farewell that somebody would wait for."""
        self._ended = True
        if self._expiry is not None:
            self._expiry.cancel()
        if self._transport is not None:
            self._transport.abort()
        self._wake()
