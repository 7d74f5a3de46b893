"""Names are looked up without holding anybody up: few threads, no waiting at the end."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from smsmon.api import backend
from smsmon.model import FaultKind, ReadError, Report
from tests.api.bodies import report, rows
from tests.api.support import client, fault
from tests.api.wire import answer, wire

GOOD = report(rows(3))
URL = "https://api.example/v1"


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "")


@pytest.fixture
def silent_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A name server that says nothing until the event is set; then, that there is no such name."""
    ended = threading.Event()

    def wait(*_: object, **__: object) -> object:
        ended.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield ended
    ended.set()


@pytest.mark.usefixtures("silent_name_server")
async def test_deadline_holds_before_a_silent_name_server() -> None:
    start = time.monotonic()
    _, told = await fault(URL, timeout=0.2)
    assert time.monotonic() - start < 2
    assert told.kind is FaultKind.TIMEOUT
    assert told.message == "After 0.2 s api.example was not found by name: no name server answered."


@pytest.mark.usefixtures("silent_name_server")
async def test_silent_name_server_holds_few_threads_and_none_of_the_event_loops() -> None:
    before = threading.active_count()
    async with client(URL, timeout=0.2) as partner:
        for _ in range(3):
            found = await asyncio.gather(
                *(partner.bulk_status("111") for _ in range(20)), return_exceptions=True
            )
            assert all(isinstance(one, ReadError) for one in found)
    assert threading.active_count() <= before + 1
    assert await asyncio.wait_for(asyncio.to_thread(lambda: 1), 2) == 1
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "lookup")


async def test_lookups_are_bounded_and_the_room_comes_back(
    silent_name_server: threading.Event,
) -> None:
    found = [backend.look_up(f"{each}.example", 1) for each in range(backend.THREADS + 5)]
    assert sum(one.done() for one in found) == 5
    with pytest.raises(OSError, match="Too many lookups"):
        found[-1].result()
    silent_name_server.set()
    for one in found[: backend.THREADS]:
        with pytest.raises(socket.gaierror):
            one.result(5)
    assert backend.look_up("again.example", 1).result is not None


def test_program_ends_at_once_before_a_silent_name_server(
    silent_name_server: threading.Event,
) -> None:
    start = time.monotonic()

    async def read() -> None:
        async with client(URL, timeout=0.1) as partner:
            with pytest.raises(ReadError):
                await partner.bulk_status("111")

    asyncio.run(read())
    assert time.monotonic() - start < 2
    silent_name_server.set()


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a..example"])
async def test_name_that_is_none_is_told_like_one_that_is_unknown(host: str) -> None:
    _, told = await fault(f"https://{host}/v1", timeout=10.0)
    assert "could not be resolved" in told.message


async def test_second_address_of_a_name_is_tried_when_the_first_is_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with wire(answer(GOOD)) as server:
        v4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        v6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 1, 0, 0))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [v6, v4])
        server.host = "localhost"
        async with client(server) as partner:
            assert isinstance(await partner.bulk_status("111"), Report)
