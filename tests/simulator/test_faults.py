"""Misbehaviour strikes when, where and as often as its plan says, and looks as its name says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from smsmon.simulator.faults import (
    WHOLE,
    Cut,
    Delivery,
    Drip,
    FaultPlan,
    Garbage,
    Hang,
    HtmlPage,
    Queued,
    Raw,
    Refuse,
    Reset,
    ServerError,
    SlowStart,
    TooMany,
    TroubleWindow,
    WrongId,
    delivery,
    spoil,
)
from smsmon.simulator.server import Server, serve
from smsmon.simulator.wire import Answer
from smsmon.simulator.world import World
from tests.simulator.support import at, connect, two_recipients, until
from tests.support.clock import VirtualClock

GOOD = Answer(b'{"success":true,"code":200,"message_id":"300","StatutResponse_List":[]}')


def test_nothing_strikes_by_itself() -> None:
    assert FaultPlan().strike("300", at(0)) is None


def test_first_open_window_decides() -> None:
    first = TroubleWindow(ServerError(), opens=at(10), closes=at(20))
    rest = TroubleWindow(Queued())
    plan = FaultPlan((first, rest))
    assert [plan.strike("1", at(now)) for now in (9, 10, 19.9, 20)] == [rest, first, first, rest]


def test_only_the_named_messages_are_hit() -> None:
    plan = FaultPlan()
    plan.only(Refuse(4), ids=["300"])
    assert plan.strike("300", at(0)) is not None
    assert plan.strike("301", at(0)) is None
    assert plan.strike("", at(0)) is None
    plan.clear()
    assert plan.strike("300", at(0)) is None


def test_share_hits_about_that_many_and_always_the_same() -> None:
    def hits(seed: int) -> list[bool]:
        plan = FaultPlan((TroubleWindow(ServerError(), share=0.3),), seed)
        return [plan.strike(str(n % 50), at(0)) is not None for n in range(2_000)]

    assert 500 < sum(hits(1)) < 700
    assert hits(1) == hits(1) != hits(2)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@pytest.mark.parametrize("code", [4, 10, 20, 30, 40, 96])
def test_refusal_has_its_code_in_either_format(code: int, fmt: str) -> None:
    spoilt = spoil(Refuse(code), GOOD, "json" if fmt == "json" else "xml")
    assert str(code).encode() in spoilt.body
    assert b"true" not in spoilt.body


def test_each_wrong_answer_is_wrong_in_its_own_way() -> None:
    assert spoil(ServerError(503), GOOD, "json").status == 503
    assert spoil(HtmlPage(), GOOD, "json").body.startswith(b"<!DOCTYPE html>")
    assert GOOD.body.startswith(spoil(Cut(), GOOD, "json").body)
    assert msgspec.json.decode(spoil(WrongId(), GOOD, "json").body)["message_id"] == "999"
    assert "StatutResponse_List" not in msgspec.json.decode(spoil(Queued(), GOOD, "json").body)
    assert spoil(Raw(b"\x1b[31m"), GOOD, "json").body == b"\x1b[31m"
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(spoil(Garbage(), GOOD, "json").body)
    with pytest.raises(UnicodeDecodeError):
        spoil(Refuse(10, latin1=True), GOOD, "json").body.decode()


def test_storm_says_when_to_come_back_or_does_not() -> None:
    assert spoil(TooMany("7"), GOOD, "json").headers == (("Retry-After", "7"),)
    assert spoil(TooMany(None), GOOD, "json").headers == ()
    assert spoil(TooMany(None), GOOD, "json").status == 429


def test_slow_start_gets_quicker_until_it_is_over() -> None:
    slow = SlowStart(delay=2.0, lasts=60.0)
    assert [delivery(slow, since).delay for since in (0, 30, 60, 90)] == [2.0, 1.0, 0.0, 0.0]


def test_trouble_of_delivery_leaves_the_answer_right() -> None:
    for trouble, way in (
        (Reset(9), Delivery(stop_after=9, reset=True)),
        (Hang(9), Delivery(stop_after=9)),
        (Drip(0.5), Delivery(drip=0.5)),
    ):
        assert spoil(trouble, GOOD, "json") is GOOD
        assert delivery(trouble, 0) == way
    assert delivery(Queued(), 0) is WHOLE


# -- over the wire


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    world = World(clock=VirtualClock(), messages=[two_recipients(), two_recipients("301")])
    async with serve(world) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=server.base_url, params={"apiKey": server.key, "messageId": "300"}, timeout=5
    ) as client:
        yield client


@pytest.mark.parametrize("after", [0, 1, 100, 250])
async def test_reset_breaks_the_connection_wherever_it_was(
    client: httpx.AsyncClient, server: Server, after: int
) -> None:
    server.faults.only(Reset(after))
    with pytest.raises(httpx.ReadError):
        await client.get("bulk-status")
    server.faults.clear()
    assert (await client.get("bulk-status")).json()["code"] == 200


@pytest.mark.parametrize("after", [0, 40, 250])
async def test_hang_ends_when_the_client_gives_up(
    client: httpx.AsyncClient, server: Server, after: int
) -> None:
    server.faults.only(Hang(after))
    with pytest.raises(httpx.ReadTimeout):
        await client.get("bulk-status", timeout=0.05)
    await until(lambda: server.connections == 0)


async def test_hang_does_not_hold_the_others_up(client: httpx.AsyncClient, server: Server) -> None:
    server.faults.only(Hang(), ids=["301"])
    hung = asyncio.create_task(client.get("bulk-status", params={"messageId": "301"}))
    await until(lambda: server.requests.by_id["301"] == 1)
    assert (await client.get("bulk-status")).status_code == 200
    assert not hung.done()
    hung.cancel()
    await asyncio.gather(hung, return_exceptions=True)


async def test_hanging_connections_do_not_delay_the_stop(server: Server) -> None:
    server.faults.only(Hang())
    async with connect(server) as (reader, writer):
        writer.write(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: server.requests.count == 1)
        await server.stop()
        assert await reader.read() == b""


async def test_drip_brings_the_right_answer_in_the_end(
    client: httpx.AsyncClient, server: Server
) -> None:
    right = await client.get("bulk-status")
    server.faults.only(Drip(0.0))
    assert (await client.get("bulk-status")).content == right.content


async def test_slow_answer_is_the_right_one(client: httpx.AsyncClient, server: Server) -> None:
    right = await client.get("bulk-status")
    server.faults.only(SlowStart(delay=0.01))
    assert (await client.get("bulk-status")).content == right.content


async def test_storm_comes_as_http_429_with_its_header(
    client: httpx.AsyncClient, server: Server
) -> None:
    server.faults.only(TooMany("3"))
    response = await client.get("bulk-status")
    assert (response.status_code, response.headers["retry-after"]) == (429, "3")


@pytest.mark.parametrize("status", [500, 503, 520])
async def test_server_error_has_its_status(
    client: httpx.AsyncClient, server: Server, status: int
) -> None:
    server.faults.only(ServerError(status))
    assert (await client.get("bulk-status")).status_code == status


async def test_queued_answers_everything_even_unknown_paths(
    client: httpx.AsyncClient, server: Server
) -> None:
    server.faults.only(Queued())
    for path in ("bulk-status", "me", "no-such-path"):
        response = await client.get(path, params={"apiKey": "wrong"})
        assert response.json() == {
            "success": True,
            "code": 200,
            "message": "Request queued for processing",
        }


async def test_window_on_the_clock_opens_and_closes(
    client: httpx.AsyncClient, server: Server
) -> None:
    clock = server.world.clock
    assert isinstance(clock, VirtualClock)
    server.faults.windows = (TroubleWindow(ServerError(), opens=at(60), closes=at(120)),)
    statuses = []
    for _ in range(3):
        statuses.append((await client.get("bulk-status")).status_code)
        await clock.advance(60)
    assert statuses == [200, 502, 200]
