"""No answer is ever taken for another request's: what came unasked ends the connection."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

import pytest

from smsmon.model import ReadError, Report
from smsmon.recipients import Status
from tests.api.bodies import report, rows
from tests.api.support import client
from tests.api.test_client import CERTIFICATE
from tests.api.wire import answer, wire

GOOD = report(rows(3))
LIE = answer(
    b'{"success":true,"code":200,"StatutResponse_List":[{"phoneNumber":"+33699999999",'
    b'"status":"Not delivered","stopSMS":true,"date":"1517989999"}]}'
)
"""A whole second report that nobody asked for; without an id, it would fit any message."""


def chunked(body: bytes, behind: bytes, trailer: bytes = b"") -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return head + b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailer) + behind


def both(body: bytes, behind: bytes) -> bytes:
    """Two lengths in one head: a server that goes by the other one sees another end."""
    return chunked(body, behind).replace(
        b"Transfer-", b"Content-Length: %d\r\nTransfer-" % (len(body) + 1)
    )


def filling(size: int, headers: str = "") -> bytes:
    """An answer of ``size`` bytes in all: spaces behind JSON say nothing."""
    room = size - len(answer(GOOD, headers=headers))
    whole = answer(GOOD + b" " * room, headers=headers)
    return answer(GOOD + b" " * (room - (len(whole) - size)), headers=headers)


FIRST = {
    "second answer behind": answer(GOOD) + LIE,
    "beginning of a second answer": answer(GOOD) + LIE[:20],
    "two more answers": answer(GOOD) + LIE + LIE,
    "one byte": answer(GOOD) + b"\n",
    "line ends and an answer": answer(GOOD) + b"\r\n\r\n" + LIE,
    "chunks and an answer": chunked(GOOD, LIE),
    "chunks, a trailer and an answer": chunked(GOOD, LIE, b"X-Sum: 1\r\n"),
    "chunks and one more chunk": chunked(GOOD, b"0\r\n\r\n"),
    "length and chunks": both(GOOD, b""),
    "length, chunks and an answer": both(GOOD, LIE),
    "204 with a body": b"HTTP/1.1 204 No Content\r\n\r\n" + LIE,
    "304 with a body": b"HTTP/1.1 304 Not Modified\r\n\r\n" + LIE,
    "204 with a length": answer(LIE, status="204 No Content"),
    "length of zero": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + LIE,
    "two lengths": answer(GOOD, headers="Content-Length: 10") + LIE,
    "the same length twice": answer(GOOD, headers=f"Content-Length: {len(GOOD)}") + LIE,
    "length with a sign": answer(GOOD).replace(b"Length: ", b"Length: +") + LIE,
    "no length": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + GOOD + LIE,
    "http 1.0 kept alive": answer(GOOD, headers="Connection: keep-alive").replace(b"1.1", b"1.0")
    + LIE,
    "early hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(GOOD) + LIE,
    "error and an answer": answer(b'{"success":false,"code":4}') + LIE,
    "too large": answer(b" " * 70_000) + LIE,
    "end of a TLS record and an answer": filling(1 << 14) + LIE,
    "end of a read and an answer": filling(1 << 16) + LIE,
    "redirect": answer(b"", status="302 Found", headers="Location: /") + LIE,
    "packed in an unknown way": answer(GOOD, headers="Content-Encoding: br") + LIE,
}


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("name", FIRST)
async def test_bytes_behind_an_answer_are_nobodys_answer(name: str, encrypted: bool) -> None:
    tls = None
    settings: dict[str, object] = {"timeout": 0.5, "body_limit": 2**16}
    if encrypted:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATE)
        settings |= {"ca_file": CERTIFICATE, "timeout": 3.0}
        if name == "no length":
            settings["timeout"] = 0.5
    async with (
        wire(FIRST[name], answer(GOOD), tls=tls) as server,
        client(server, **settings) as partner,
    ):
        with suppress(ReadError):
            await partner.bulk_status("111")
        found = await partner.bulk_status("111")
        assert server.connections == 2
    assert isinstance(found, Report)
    assert [one.phone for one in found.recipients] == [row["phoneNumber"] for row in rows(3)]


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("seen", [False, True], ids=["just before the request", "long before"])
async def test_bytes_between_two_answers_end_the_connection(encrypted: bool, seen: bool) -> None:
    pushed = asyncio.Event()
    push = asyncio.Event()

    async def push_unasked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(GOOD))
        await writer.drain()
        await push.wait()
        writer.write(LIE)
        await writer.drain()
        pushed.set()
        await reader.read()

    tls = None
    if encrypted:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATE)
    async with (
        wire(push_unasked, answer(GOOD), tls=tls) as server,
        client(server, ca_file=CERTIFICATE) as partner,
    ):
        first = await partner.bulk_status("111")
        assert isinstance(first, Report)
        push.set()
        await pushed.wait()
        if seen:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        found = await partner.bulk_status("111")
        assert server.connections == 2
    assert isinstance(found, Report)
    assert found.recipients == first.recipients
    assert Status.DELIVERED in [one.status for one in found.recipients]


async def test_length_without_a_body_does_not_swallow_the_next_answer() -> None:
    """An answer as to HEAD: a length, and nothing behind it."""
    head, _, _ = answer(GOOD).partition(b"{")
    async with wire(head, answer(GOOD)) as server, client(server, timeout=0.2) as partner:
        with pytest.raises(ReadError, match="not complete"):
            await partner.bulk_status("111")
        assert isinstance(await partner.bulk_status("111"), Report)
        assert server.connections == 2


async def test_late_answer_of_a_read_that_was_given_up_is_nobodys_answer() -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await given_up.wait()
        with suppress(OSError):
            writer.write(LIE)
            await writer.drain()

    given_up = asyncio.Event()
    async with wire(late, answer(GOOD)) as server, client(server, timeout=0.2) as partner:
        with pytest.raises(ReadError, match="no answer"):
            await partner.bulk_status("111")
        given_up.set()
        found = await partner.bulk_status("111")
    assert isinstance(found, Report)
    assert len(found.recipients) == 3


async def test_answer_without_length_ends_with_its_connection() -> None:
    async def close_behind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + GOOD)
        await writer.drain()

    async with wire(close_behind) as server, client(server) as partner:
        for _ in range(2):
            assert isinstance(await partner.bulk_status("111"), Report)
        assert server.connections == 2


@pytest.mark.parametrize("name", ["plain", "chunked", "empty trailer"])
async def test_connection_after_a_clean_answer_is_kept(name: str) -> None:
    clean = answer(GOOD) if name == "plain" else chunked(GOOD, b"")
    async with wire(clean) as server, client(server) as partner:
        for _ in range(3):
            await partner.bulk_status("111")
        assert server.connections == 1
