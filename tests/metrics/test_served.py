"""The metrics over real loopback HTTP: only GET, and nobody who connects holds anything up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from smsmon.metrics import served as module
from smsmon.metrics.served import AT_ONCE, HOST, served

TEXT, OPEN = b"smsmon_healthy 1\n", b"smsmon_healthy 1\n# EOF\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def write(open_metrics: bool) -> bytes:
    return OPEN if open_metrics else TEXT


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with served(0, write) as server:
        yield server.sockets[0].getsockname()[1]


async def said(port: int, request: bytes) -> tuple[bytes, bytes]:
    """The head and the body of the answer, which ends the connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request)
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head, body


def get(target: str, *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (get("/metrics"), 200, TEXT),
        (get("/metrics?x=1", "Accept: text/html, */*"), 200, TEXT),
        (get("/metrics", "Accept: application/openmetrics-text; version=1.0.0"), 200, OPEN),
        (get("/metrics").replace(b"1.1", b"1.0"), 200, TEXT),
        (get("/"), 404, b"The metrics are at /metrics.\n"),
        (get("/metrics", method="POST"), 405, b"Only GET is answered.\n"),
        (get("/metrics", "Content-Length: 9", method="PUT") + b"123456789", 405, None),
        (get("/metrics", method="HEAD"), 405, b""),
        (get("*", method="OPTIONS"), 405, None),
        (b"nonsense\r\n\r\n", 400, None),
        (b"\x16\x03\x01\x02\x00 TLS\r\n\r\n", 400, None),
        (get("/metrics", "X: " + "x" * 40_000), 400, None),
    ],
)
async def test_what_is_asked_is_answered_and_no_more(
    request_: bytes, status: int, body: bytes | None, port: int
) -> None:
    head, given = await said(port, request_)
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"connection: close" in head.lower()
    assert body is None or given == body
    if status == 405:
        assert b"allow: get" in head.lower()


async def test_those_who_ask_nothing_hold_nobody_up(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WITHIN", 0.3)
    silent = [await asyncio.open_connection(HOST, port) for _ in range(AT_ONCE)]
    for _, writer in silent[: AT_ONCE // 2]:
        writer.write(b"GET /metrics HTT")
    with suppress(ConnectionError):  # one too many
        assert await said(port, get("/metrics")) == (b"", b"")
    async with asyncio.timeout(10):
        assert [await reader.read() for reader, _ in silent] == [b""] * AT_ONCE
    for _, writer in silent:
        writer.close()
    assert (await said(port, get("/metrics")))[1] == TEXT


async def test_who_reads_nothing_is_hung_up_on_at_the_end() -> None:
    async def endless(open_metrics: bool) -> bytes:
        return b"x" * 50_000_000

    async with served(0, endless) as server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(get("/metrics"))
        await asyncio.sleep(0)
    writer.transport.abort()


async def test_a_port_in_use_is_an_error_of_the_system() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with served(taken.getsockname()[1], write):
                pass
