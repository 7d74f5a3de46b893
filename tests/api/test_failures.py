"""Every way an exchange can fail, and the typed error that tells it apart."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
import tracemalloc
import zlib

import pytest

from smsmon.api.errors import (
    KeyRefused,
    NetworkTrouble,
    NotAReport,
    RateLimited,
    ServerTrouble,
    TimedOut,
)
from smsmon.model import FaultKind
from tests.api.bodies import report, rows
from tests.api.support import client, fault, read
from tests.api.test_client import CERTIFICATE
from tests.api.wire import answer, cut, drip, flood, hang, reset, wire

GOOD = report(rows(3))
MIB = 2**20


async def test_silent_server_ends_at_the_deadline() -> None:
    async with wire(hang) as server:
        error, told = await fault(server, timeout=0.1)
    assert isinstance(error, TimedOut)
    assert (told.kind, told.message) == (FaultKind.TIMEOUT, "After 0.1 s there was no answer.")


@pytest.mark.parametrize("part", ["head", "body"])
async def test_dripping_server_ends_at_the_deadline(part: str) -> None:
    whole = answer(GOOD)
    head, _, _ = whole.partition(b"{")

    async def body_drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await drip(whole[len(head) :], 0.01)(reader, writer)

    async with wire(drip(whole, 0.01) if part == "head" else body_drips) as server:
        start = time.monotonic()
        error, told = await fault(server, timeout=0.2)
        assert time.monotonic() - start < 2
    assert isinstance(error, TimedOut)
    assert ("not complete" in told.message) == (part == "body")


async def test_connection_that_nobody_takes_is_refused() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error, told = await fault(f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
    assert isinstance(error, NetworkTrouble)
    assert told.message == "127.0.0.1 refused the connection: nothing listens there."


async def test_reset_connection_is_told() -> None:
    async with wire(reset) as server:
        _, told = await fault(server)
    assert told.kind is FaultKind.NETWORK
    assert "127.0.0.1 reset the connection" in told.message or "closed" in told.message


async def test_name_that_does_not_resolve_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    _, told = await fault("https://no-such-host.invalid/v1")
    assert told.kind is FaultKind.NETWORK
    assert told.message.startswith("The name no-such-host.invalid could not be resolved")


async def test_certificate_of_nobody_we_trust_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with wire(answer(GOOD), tls=context) as server:
        _, told = await fault(server)
        assert server.heads == []
    assert told.kind is FaultKind.NETWORK
    assert "the certificate of localhost is not valid" in told.message


async def test_certificate_for_another_name_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with wire(answer(GOOD), tls=context) as server:
        _, told = await fault(f"https://127.0.0.1:{server.port}/v1", ca_file=CERTIFICATE)
        assert server.heads == []
    assert "the certificate of 127.0.0.1 is not valid" in told.message


async def test_server_that_speaks_no_tls_is_told() -> None:
    async with wire(answer(GOOD)) as server:
        server.scheme = "https"
        server.host = "localhost"

        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()

        other = await asyncio.start_server(plain, "127.0.0.1", 0)
        async with other:
            port = other.sockets[0].getsockname()[1]
            _, told = await fault(f"https://127.0.0.1:{port}/v1")
    assert told.kind is FaultKind.NETWORK
    assert told.message.startswith("TLS with 127.0.0.1 failed")


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        answer(GOOD)[:-10],
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x00" * 200,
    ],
)
async def test_answer_that_is_cut_or_no_http_is_network_trouble(bytes_sent: bytes) -> None:
    async with wire(cut(bytes_sent)) as server:
        error, told = await fault(server)
    assert isinstance(error, NetworkTrouble)
    assert "before its answer was complete" in told.message


async def test_endless_headers_end() -> None:
    async with wire(flood(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"a" * 1000 + b"\r\n")) as server:
        error, _ = await fault(server)
    assert isinstance(error, NetworkTrouble)


async def test_body_is_read_up_to_the_bound_and_no_further() -> None:
    endless = flood(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" " * 65536)
    async with wire(endless) as server:
        error, told = await fault(server, body_limit=MIB)
    assert isinstance(error, NotAReport)
    assert told.message == "The answer is larger than 1 MiB: not read further."


async def test_body_announced_too_large_is_not_read_at_all() -> None:
    async with wire(cut(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")) as server:
        error, _ = await fault(server, body_limit=MIB)
    assert isinstance(error, NotAReport)


async def test_body_as_large_as_the_bound_is_read() -> None:
    async with wire(answer(GOOD)) as server:
        assert len((await read(server, body_limit=len(GOOD))).recipients) == 3
        error, _ = await fault(server, body_limit=len(GOOD) - 1)
    assert isinstance(error, NotAReport)


async def test_gzip_bomb_is_noticed_before_it_is_held() -> None:
    bomb = answer(gzip.compress(b" " * (256 * MIB), 9), headers="Content-Encoding: gzip")
    async with wire(bomb) as server:
        tracemalloc.start()
        try:
            error, told = await fault(server, body_limit=4 * MIB)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert isinstance(error, NotAReport)
    assert "larger than 4 MiB" in told.message
    assert peak < 16 * MIB


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (gzip.compress(GOOD)[:-9], "gzip", "was cut short"),
        (GOOD, "gzip", "says it is gzip data and is not"),
        (gzip.compress(GOOD) + b"more", "gzip", "goes on after the end"),
        (GOOD, "deflate", "says it is deflate data and is not"),
        (zlib.compress(GOOD)[:-9], "deflate", "was cut short"),
        (GOOD, "br", "packed in a way not asked for: br"),
        (gzip.compress(gzip.compress(GOOD)), "gzip, gzip", "packed in a way not asked for"),
    ],
    ids=[
        "cut",
        "not gzip",
        "more behind",
        "not deflate",
        "cut deflate",
        "brotli",
        "twice",
    ],  # packed bytes hold a time
)
async def test_packing_that_does_not_hold_is_no_report(
    body: bytes, encoding: str, reason: str
) -> None:
    async with wire(answer(body, headers=f"Content-Encoding: {encoding}")) as server:
        error, told = await fault(server)
    assert isinstance(error, NotAReport)
    assert reason in told.message


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://login.example/portal?back=secret-path", "login.example"),
        ("//cdn.example:8443/x", "cdn.example"),
        ("/v2/bulk-status", "127.0.0.1"),
        ("http://user:password@evil.example/", "evil.example"),
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_redirect_is_not_followed_and_only_its_host_is_named(
    location: str, host: str, status: str
) -> None:
    async with wire(answer(GOOD, status=status, headers=f"Location: {location}")) as server:
        error, told = await fault(server)
        assert len(server.heads) == 1
    assert isinstance(error, NotAReport)
    assert f"redirects to the host {host} (HTTP {status[:3]})" in told.message
    for word in ("secret-path", "password", "portal", "://"):
        assert word not in told.message


async def test_redirect_to_nowhere_is_no_report() -> None:
    async with wire(answer(b"", status="304 Not Modified")) as server:
        _, told = await fault(server)
    assert told.message == "The server answered HTTP 304, and no report."


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 17", 17.0),
        ("Retry-After: 0", 0.0),
        ("Retry-After: 99999999", 86_400.0),
        ("Retry-After: 99999999999999999999", 86_400.0),
        ("Retry-After: 1.5", 1.5),
        ("Retry-After: 60\nRetry-After: 120", 120.0),
        ("Retry-After: 1795341630\nDate: Sun, 22 Nov 2026 10:00:00 GMT", 30.0),
        ("Retry-After: 1795341630000\nDate: Sun, 22 Nov 2026 10:00:00 GMT", 30.0),
        (
            "Retry-After: 60\nRetry-After: Sun, 22 Nov 2026 10:00:30 GMT\n"
            "Date: Sun, 22 Nov 2026 10:00:00 GMT",
            60.0,
        ),
        ("Retry-After: 17,", 17.0),
        ("Retry-After: Sun Nov 22 10:00:30 2026\nDate: Sunday, 22-Nov-26 10:00:00 GMT", 30.0),
        ("Retry-After: Sun, 22 Nov 2026 10:00:30 GMT\nDate: Sun, 22 Nov 2026 10:00:00 GMT", 30.0),
        ("Retry-After: Sun, 22 Nov 2020 10:00:30 GMT", 0.0),
        ("Retry-After: -5", None),
        ("Retry-After: soon", None),
        ("Retry-After: Sun, 99 Nov 2026 10:00:30 GMT", None),
        ("X-Other: 1", None),
    ],
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(
    header: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as here:
        here.setenv("TZ", "Asia/Tokyo")  # a date without a zone is not of here
        time.tzset()
        slow = answer(b"slow down", status="429 Too Many Requests", headers=header)
        async with wire(slow) as server:
            error, told = await fault(server)
    time.tzset()
    assert isinstance(error, RateLimited)
    assert (told.kind, told.code, told.retry_after) == (FaultKind.RATE_LIMITED, 429, seconds)


async def test_code_429_in_the_body_is_rate_limiting_with_any_status() -> None:
    body = b'{"success": false, "code": 429, "message": "Trop de requ\\u00eates"}'
    async with wire(answer(body, headers="Retry-After: 5")) as server:
        error, told = await fault(server)
    assert isinstance(error, RateLimited)
    assert told.retry_after == 5
    assert "Trop de requêtes" in told.message


@pytest.mark.parametrize(
    "status", ["200 OK", "400 Bad", "401 No", "403 No", "404 Gone", "500 Oops"]
)
async def test_error_in_the_body_is_read_whatever_the_status(status: str) -> None:
    body = '{"success": false, "code": 10, "message": "Clé API incorrecte"}'.encode()
    async with wire(answer(body, status=status, content_type="text/html")) as server:
        error, told = await fault(server)
    assert isinstance(error, KeyRefused)
    assert (told.kind, told.code) == (FaultKind.AUTH, 10)
    assert "Clé API incorrecte" in told.message


async def test_bad_gateway_is_server_trouble_with_an_excerpt() -> None:
    page = b"<html>\n<h1>502  Bad Gateway</h1></html>"
    gone = answer(page, status="503 Away", content_type="text/html", headers="Retry-After: 9")
    async with wire(gone) as server:
        error, told = await fault(server)
    assert isinstance(error, ServerTrouble)
    assert told.message == "The server is in trouble: HTTP 503."
    assert told.excerpt == "<html> <h1>502 Bad Gateway</h1></html>"
    assert told.retry_after == 9


async def test_page_of_a_gateway_with_403_is_no_word_of_the_apis() -> None:
    page = answer(b"<html>blocked</html>", status="403 Forbidden", content_type="text/html")
    async with wire(page) as server:
        error, told = await fault(server)
    assert isinstance(error, NotAReport)
    assert "HTTP 403" in told.message


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        (None, True),
        ("text/html", False),
        ("text/plain", False),
        ("application/xml", False),
        ("image/png", False),
        ("", False),
    ],
)
async def test_right_body_under_a_wrong_content_type_is_no_report(
    content_type: str | None, accepted: bool
) -> None:
    async with wire(answer(GOOD, content_type=content_type)) as server:
        if accepted:
            assert len((await read(server)).recipients) == 3
        else:
            error, told = await fault(server)
            assert isinstance(error, NotAReport)
            assert "is labelled" in told.message
            assert told.excerpt.startswith('{"success":true')


async def test_right_body_under_a_status_that_asks_for_patience_is_asked_so() -> None:
    """Also where it is the answer that is known already."""
    busy = [
        answer(GOOD, status=status, headers="Retry-After: 9")
        for status in ("429 Slow Down", "503 Away")
    ]
    async with wire(answer(GOOD), *busy) as server, client(server) as partner:
        known = (await partner.bulk_status("111")).digest
        for kind in (RateLimited, ServerTrouble):
            with pytest.raises(kind) as told:
                await partner.bulk_status("111", known)
            assert told.value.fault.retry_after == 9


async def test_right_body_under_a_failing_status_is_no_report() -> None:
    async with wire(answer(GOOD, status="404 Not Found")) as server:
        error, told = await fault(server)
    assert isinstance(error, NotAReport)
    assert "HTTP 404" in told.message


async def test_cancelled_read_leaves_the_client_usable() -> None:
    asked = asyncio.Event()

    async def hang_once_asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await hang(reader, writer)

    async with wire(hang_once_asked, answer(GOOD)) as server, client(server) as partner:
        reading = asyncio.create_task(partner.bulk_status("111"))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await partner.bulk_status("111")


async def test_bad_header_values_do_not_escape_as_other_errors() -> None:
    odd = "Retry-After: \x80\xff\nDate: \xe9\nContent-Type: \xff/\xff"
    async with wire(answer(b"\xff", status="429 \xe9", headers=odd)) as server:
        error, _ = await fault(server)
    assert isinstance(error, RateLimited)
