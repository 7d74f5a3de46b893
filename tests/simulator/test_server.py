"""The server: HTTP as clients rely on it, loopback only, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from smsmon.simulator import http1
from smsmon.simulator import server as server_module
from smsmon.simulator.server import Server, loopback, serve
from smsmon.simulator.world import World
from tests.simulator.support import add_random_messages, at, connect, two_recipients, until
from tests.support.clock import VirtualClock


@pytest.fixture
def world() -> World:
    world = World(clock=VirtualClock(), messages=[two_recipients()])
    add_random_messages(world, 20, recipients=100, over=0)
    return world


@pytest.fixture
async def server(world: World) -> AsyncIterator[Server]:
    async with serve(world) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.base_url, params={"apiKey": server.key}) as client:
        yield client


LAST = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def talk(server: Server, request: bytes) -> bytes:
    """What the server says to these bytes until it closes."""
    async with connect(server) as (reader, writer):
        writer.write(request)
        await writer.drain()
        return await reader.read()


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.10", "example.org", "", "127.0.0.1.nip"]
)
def test_nothing_but_loopback_is_bound(world: World, host: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        Server(world, host=host)


@pytest.mark.parametrize(
    ("host", "bound"), [("localhost", "127.0.0.1"), ("127.0.0.9", "127.0.0.9"), ("::1", "::1")]
)
def test_every_loopback_address_will_do(host: str, bound: str) -> None:
    assert loopback(host) == bound


async def test_report_comes_over_http(client: httpx.AsyncClient, world: World) -> None:
    response = await client.get("bulk-status", params={"messageId": "300"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["date"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert response.content == world.answer("300", at(0)).body


async def test_report_comes_as_xml_when_asked(client: httpx.AsyncClient, world: World) -> None:
    response = await client.get("bulk-status", params={"messageId": "300", "_format": "xml"})
    assert response.headers["content-type"] == "text/xml; charset=UTF-8"
    assert response.content == world.answer("300", at(0), "xml").body


async def test_connection_is_kept_for_the_next_request(
    client: httpx.AsyncClient, server: Server
) -> None:
    for _ in range(5):
        await client.get("me")
    assert server.connections == 1
    assert server.requests.count == 5


async def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    request = b"GET /v1/%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
    said = await talk(
        server,
        request % (b"me", b"")
        + request % (b"nothing", b"")
        + request % (b"me", b"Connection: close\r\n"),
    )
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"404", b"200"]


@pytest.mark.parametrize(
    ("accepts", "packed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
    ],
)
async def test_body_is_gzipped_for_those_who_take_it(
    client: httpx.AsyncClient, world: World, accepts: str, packed: bool
) -> None:
    request = client.build_request(
        "GET", "bulk-status", params={"messageId": "3000000"}, headers={"Accept-Encoding": accepts}
    )
    response = await client.send(request, stream=True)
    raw = b"".join([piece async for piece in response.aiter_raw()])
    assert (response.headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(raw) if packed else raw) == world.answer("3000000", at(0)).body


async def test_unchanged_answer_is_the_same_bytes_on_the_wire(client: httpx.AsyncClient) -> None:
    answers = [await client.get("bulk-status", params={"messageId": "3000001"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[0].headers == answers[1].headers


async def test_head_has_the_headers_and_no_body(client: httpx.AsyncClient) -> None:
    head, got = await client.head("me"), await client.get("me")
    assert head.headers == got.headers
    assert int(head.headers["content-length"]) > 0 == len(head.content)


async def test_only_reading_is_allowed(client: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        response = await client.request(method, "bulk-status", content=b"{}")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert (await client.get("me")).status_code == 200


async def test_unknown_path_is_a_page_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get("message-cancel", params={"messageId": "300"})
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /v1/me HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /v1/me?" + b"a=1&" * 60 + LAST, b"400"),
        (b"GET /" + b"x" * 9_000 + LAST, b"414"),
        (b"GET /" + b"x" * 100_000, b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n" + b"x" * 200_000, b"413"),
    ],
)
async def test_request_that_cannot_be_taken_is_told_why(
    server: Server, request_bytes: bytes, status: bytes
) -> None:
    assert (await talk(server, request_bytes))[9:12] == status


async def test_client_that_goes_in_the_middle_of_a_request_is_forgotten(server: Server) -> None:
    async with connect(server) as (_, writer):
        writer.write(b"GET /v1/me HT")
        await until(lambda: server.connections == 1)
    await until(lambda: server.connections == 0)


async def test_client_that_never_finishes_its_request_is_let_go(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "HEAD_TIMEOUT", 0.0)
    assert await talk(server, b"GET /v1/me HT") == b""


async def test_resting_connection_is_let_go_after_a_while(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "IDLE_TIMEOUT", 0.0)
    assert await talk(server, b"") == b""


async def test_many_clients_at_once_each_get_their_own_report(server: Server, world: World) -> None:
    async with httpx.AsyncClient(base_url=server.base_url, params={"apiKey": server.key}) as client:
        ids = [str(3_000_000 + n % 20) for n in range(120)]
        responses = await asyncio.gather(
            *(client.get("bulk-status", params={"messageId": message_id}) for message_id in ids)
        )
    for message_id, response in zip(ids, responses, strict=True):
        assert response.content == world.answer(message_id, at(0)).body
    assert server.requests.by_id["3000003"] == 6


async def test_one_connection_too_many_is_closed_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "CONNECTION_LIMIT", 1)
    async with httpx.AsyncClient(base_url=server.base_url) as client:
        await client.get("me")
        assert await talk(server, b"") == b""
        assert (await client.get("me")).status_code == 200


async def test_limit_per_minute_is_a_sliding_window(world: World) -> None:
    clock = world.clock
    assert isinstance(clock, VirtualClock)
    async with (
        serve(world, per_minute=3) as server,
        httpx.AsyncClient(base_url=server.base_url) as client,
    ):
        assert [(await client.get("me")).status_code for _ in range(4)] == [200, 200, 200, 429]
        await clock.advance(59.9)
        assert (await client.get("me")).json()["code"] == 429
        await clock.advance(0.1)
        assert [(await client.get("me")).status_code for _ in range(4)] == [200, 200, 200, 429]


async def test_log_knows_what_was_asked_and_when_but_no_key(
    client: httpx.AsyncClient, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="smsmon")
    caplog.set_level(logging.DEBUG, logger="asyncio")
    await client.get("me")
    await client.get("bulk-status", params={"messageId": "300"})
    assert [(request.path, request.message_id, request.at) for request in server.requests] == [
        ("/v1/me", "", at(0)),
        ("/v1/bulk-status", "300", at(0)),
    ]
    assert len(server.requests) == 2
    assert server.requests.by_path["/v1/me"] == 1
    assert server.key not in repr(server.requests) + caplog.text


async def test_given_key_takes_the_place_of_the_worlds(world: World) -> None:
    async with serve(world, key="a" * 40) as server, httpx.AsyncClient() as client:
        for key, code in ((world.key, 10), ("a" * 40, 200)):
            response = await client.get(f"{server.base_url}/me", params={"apiKey": key})
            assert response.json()["code"] == code


async def test_taken_port_is_an_error_at_the_start(server: Server, world: World) -> None:
    with pytest.raises(OSError, match="in use"):
        async with serve(world, port=server.port):
            pass


async def test_stop_cuts_every_connection_and_frees_the_port(world: World) -> None:
    async with serve(world) as server, connect(server) as (reader, writer):
        writer.write(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"}")
        await server.stop()
        assert server.connections == 0
        assert await reader.read() == b""
        with pytest.raises(ConnectionRefusedError):
            await talk(server, b"")
        async with serve(world, port=server.port) as again:
            assert again.base_url == server.base_url
            await again.stop()


async def test_server_vanishes_and_comes_back_on_its_port(
    client: httpx.AsyncClient, server: Server
) -> None:
    url = server.base_url
    for _ in range(3):
        assert (await client.get("me")).status_code == 200
        await server.stop_listening()
        with pytest.raises(httpx.TransportError):
            await client.get("me")
        await server.resume()
    assert server.base_url == url
    assert (await client.get("me")).status_code == 200
