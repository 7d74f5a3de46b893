"""The server in a thread: there when start returns, gone when stop does, gone at exit anyway."""

from __future__ import annotations

import subprocess
import sys
import threading

import httpx
import pytest

from smsmon.simulator.faults import Queued
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.simulator.support import two_recipients
from tests.support.clock import VirtualClock


@pytest.fixture
def world() -> World:
    return World(clock=VirtualClock(), messages=[two_recipients()])


def code(thread: ServerThread) -> int:
    told = httpx.get(
        f"{thread.base_url}/bulk-status",
        params={"apiKey": thread.key, "messageId": "300"},
        trust_env=False,
    )
    return int(told.json()["code"])


def test_thread_serves_between_start_and_stop(world: World) -> None:
    before = set(threading.enumerate())
    thread = ServerThread(world)
    thread.start()
    assert thread.running
    assert code(thread) == 200
    thread.stop()
    assert not set(threading.enumerate()) - before
    with pytest.raises(httpx.ConnectError):
        code(thread)
    thread.stop()


def test_thread_can_be_started_again(world: World) -> None:
    thread = ServerThread(world)
    for _ in range(2):
        with thread:
            assert code(thread) == 200


def test_server_is_killed_and_restarted_on_its_port(world: World) -> None:
    with ServerThread(world) as thread:
        url = thread.base_url
        thread.stop_listening()
        with pytest.raises(httpx.ConnectError):
            code(thread)
        thread.resume()
        assert thread.base_url == url
        assert code(thread) == 200


def test_faults_are_switched_from_outside(world: World) -> None:
    with ServerThread(world) as thread:
        thread.faults.only(Queued())
        told = httpx.get(f"{thread.base_url}/me", trust_env=False).json()
        assert told["message"] == "Request queued for processing"
        thread.faults.clear()
        assert code(thread) == 200


def test_taken_port_fails_the_start_and_leaves_no_thread(world: World) -> None:
    with ServerThread(world) as first:
        second = ServerThread(world, port=first.server.port)
        with pytest.raises(OSError, match="in use"):
            second.start()
        assert not second.running


def test_orders_out_of_turn_are_refused(world: World) -> None:
    thread = ServerThread(world)
    with pytest.raises(RuntimeError, match="not running"):
        thread.stop_listening()
    with thread, pytest.raises(RuntimeError, match="running already"):
        thread.start()


def test_program_that_forgets_to_stop_ends_all_the_same() -> None:
    program = (
        "from smsmon.simulator.thread import ServerThread\n"
        "from smsmon.simulator.world import World\n"
        "print(ServerThread(World()).start().base_url)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", program], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0
    assert done.stdout.startswith("http://127.0.0.1:")
    assert done.stderr == ""
