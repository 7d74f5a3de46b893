"""Connections that are kept: for how long, and what happens when one is dead and nobody said so."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from smsmon.api import stream as stream_module
from smsmon.api.backend import KEEP_ALIVE
from smsmon.api.client import CONNECTIONS, DEFAULT_KEEPALIVE, PATIENCE
from smsmon.model import ReadError, Report
from smsmon.outgoing import always, goes_out_while
from tests.api.bodies import report, rows
from tests.api.support import client
from tests.api.wire import Behaviour, answer, hang, reset, wire

GOOD = report(rows(3))


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without a byte."""


def after(seconds: float, body: bytes = GOOD) -> Behaviour:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(answer(body))
        await writer.drain()

    return slow


@pytest.mark.parametrize("dead", [hang, close, reset], ids=["silent", "closed", "reset"])
async def test_used_connection_that_brings_nothing_is_tried_again_on_a_new_one(
    dead: Behaviour,
) -> None:
    async with (
        wire(answer(GOOD), dead, answer(GOOD)) as server,
        client(server, timeout=1.5) as partner,
    ):
        await partner.bulk_status("111")
        start = time.monotonic()
        assert isinstance(await partner.bulk_status("111"), Report)
        assert time.monotonic() - start < 1.5
        assert len(server.heads) == 3
        assert server.heads[1] == server.heads[2]
        assert isinstance(await partner.bulk_status("111"), Report)
        assert server.connections == 2


@pytest.mark.parametrize("dead", [hang, close, reset], ids=["silent", "closed", "reset"])
async def test_new_connection_that_brings_nothing_is_told_and_asked_once(dead: Behaviour) -> None:
    async with wire(dead) as server, client(server, timeout=0.3) as partner:
        with pytest.raises(ReadError):
            await partner.bulk_status("111")
        assert len(server.heads) == 1


async def test_all_that_fails_fails_within_the_deadline_and_two_requests() -> None:
    async with wire(answer(GOOD), hang) as server, client(server, timeout=0.3) as partner:
        await partner.bulk_status("111")
        start = time.monotonic()
        with pytest.raises(ReadError, match=r"After 0.3 s there was no answer"):
            await partner.bulk_status("111")
        assert time.monotonic() - start < 1
        assert len(server.heads) == 3


async def test_answer_that_has_begun_is_not_asked_for_again() -> None:
    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(GOOD)[:30])
        await writer.drain()

    async with wire(answer(GOOD), begin) as server, client(server, timeout=0.5) as partner:
        await partner.bulk_status("111")
        with pytest.raises(ReadError, match="before its answer was complete"):
            await partner.bulk_status("111")
        assert len(server.heads) == 2


async def test_slow_server_is_waited_for_while_it_is_asked_again_and_not_asked_twice_next() -> None:
    timeout = 1.5

    async def keeps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await asyncio.sleep(timeout * PATIENCE * 1.4)
            writer.write(answer(GOOD))
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")

    async with (
        wire(answer(GOOD), keeps, hang) as server,
        client(server, timeout=timeout) as partner,
    ):
        await partner.bulk_status("111")
        assert isinstance(await partner.bulk_status("111"), Report)
        assert len(server.heads) == 3
        assert isinstance(await partner.bulk_status("111"), Report)
        assert len(server.heads) == 3  # `keeps` read the next one itself, and nobody else did


async def test_slow_server_that_takes_no_new_connection_is_waited_for() -> None:
    late = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await late.wait()
        writer.write(answer(GOOD))
        await writer.drain()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        late.set()
        writer.transport.abort()

    async with (
        wire(answer(GOOD), slow, refuse) as server,
        client(server, timeout=1.5) as partner,
    ):
        await partner.bulk_status("111")
        assert isinstance(await partner.bulk_status("111"), Report)
        assert len(server.heads) == 3


async def test_failure_of_the_second_try_is_told_when_the_first_brings_nothing() -> None:
    async with (
        wire(answer(GOOD), hang, reset) as server,
        client(server, timeout=0.6) as partner,
    ):
        await partner.bulk_status("111")
        with pytest.raises(ReadError, match=r"no answer; on a new connection: 127\.0\.0\.1 "):
            await partner.bulk_status("111")


async def test_read_that_is_cancelled_while_it_is_tried_again_leaves_nothing_open() -> None:
    asked: asyncio.Queue[None] = asyncio.Queue()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.put_nowait(None)
        await reader.read()
        asked.put_nowait(None)

    async with (
        wire(answer(GOOD), silent) as server,
        client(server, timeout=0.3) as partner,
    ):
        await partner.bulk_status("111")
        reading = asyncio.create_task(partner.bulk_status("111"))
        for _ in range(2):
            await asyncio.wait_for(asked.get(), 5)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        for _ in range(2):
            await asyncio.wait_for(asked.get(), 5)
        assert not partner._transport._pool.connections


async def test_second_request_asks_for_leave_and_none_is_sent_without() -> None:
    asked: list[bool] = []

    def leave() -> bool:
        asked.append(True)
        return False

    async with (
        wire(answer(GOOD), hang, answer(GOOD)) as server,
        client(server, timeout=0.3) as partner,
    ):
        partner.ask_before_repeating(leave)
        await partner.bulk_status("111")
        assert not asked
        with pytest.raises(ReadError, match="no answer"):
            await partner.bulk_status("111")
        assert asked == [True]
        assert len(server.heads) == 2


async def test_many_dead_connections_at_once_are_all_replaced() -> None:
    ready = asyncio.Barrier(CONNECTIONS)

    async def then_dead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ready.wait()
        writer.write(answer(GOOD))
        await writer.drain()
        await reader.read()  # takes the next request, and never answers

    served = 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await (then_dead if served <= CONNECTIONS else after(0))(reader, writer)

    async with wire(behaviour) as server, client(server, timeout=3.0) as partner:
        for _ in range(2):
            found = await asyncio.gather(*(partner.bulk_status("111") for _ in range(CONNECTIONS)))
            assert all(isinstance(one, Report) for one in found)


def test_idle_connections_are_kept_for_five_minutes_at_most() -> None:
    assert DEFAULT_KEEPALIVE <= 300


@pytest.mark.parametrize(
    ("header", "keepalive"),
    [
        ("X-None: 1", 0.1),
        ("Keep-Alive: timeout=0", 60.0),
        ("Keep-Alive: max=100, timeout=0", 60.0),
        ("Keep-Alive: timeout=1", 60.0),
        ("Keep-Alive: timeout=1000", 0.1),
        ("Connection: close", 60.0),
    ],
)
async def test_idle_connection_is_closed_when_its_time_is_over(
    header: str, keepalive: float
) -> None:
    closed = asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(GOOD, headers=header))
        await writer.drain()
        assert await reader.read() == b""
        closed.set()

    async with wire(watch) as server, client(server, keepalive=keepalive) as partner:
        await partner.bulk_status("111")
        await asyncio.wait_for(closed.wait(), 5)


def test_system_looks_after_quiet_connections() -> None:
    with socket.socket() as sock:
        for option in KEEP_ALIVE:
            sock.setsockopt(*option)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_KEEPIDLE"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 300


async def test_connections_of_a_client_have_it_on() -> None:
    async with wire(answer(GOOD)) as server, client(server) as partner:
        await partner.bulk_status("111")
        (idle,) = partner._transport._streams
        sock = idle.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_a_request_that_may_go_out_no_more_is_not_sent_or_asks_anew() -> None:
    """It was let out, and its process then stood still for so long that it no longer counts."""
    asked: list[bool] = []

    def leave() -> bool:
        asked.append(True)
        goes_out_while(always)
        return True

    async with wire(answer(GOOD), answer(GOOD)) as server, client(server) as partner:
        partner.ask_before_repeating(leave)
        goes_out_while(lambda: False)
        with pytest.raises(ReadError, match="stood still"):
            await partner.bulk_status("111")
        assert (server.heads, asked) == ([], [])
        goes_out_while(always)
        await partner.bulk_status("111")
        goes_out_while(lambda: False)
        await partner.bulk_status("111")
        assert asked == [True]
        assert len(server.heads) == 2


async def test_closing_ends_every_connection_also_those_that_the_pool_forgot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def forget() -> None:
        raise RuntimeError("cancelled meanwhile")

    async with wire(answer(GOOD)) as server, client(server) as partner:
        await asyncio.gather(*(partner.bulk_status("111") for _ in range(3)))
        streams = list(partner._transport._streams)
        assert [stream.spent for stream in streams] == [False] * 3
        monkeypatch.setattr(partner._transport._pool, "aclose", forget)
        await partner.aclose()
        await asyncio.sleep(0)
        assert [stream.get_extra_info("socket").fileno() for stream in streams] == [-1] * 3


async def test_a_connection_not_to_be_used_again_is_closed_though_the_pool_forgets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "SOON", 0.01)
    async with wire(answer(GOOD)) as server, client(server) as partner:
        await partner.bulk_status("111")
        (stream,) = partner._transport._streams
        stream.forget()
        closed = stream.get_extra_info("socket")
        async with asyncio.timeout(5):
            while closed.fileno() != -1:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.01)
