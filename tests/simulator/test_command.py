"""``simulate``: prints what a shell can take over, serves, and leaves by the front door."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import click
import httpx
import pytest

from smsmon.commands.demo import simulate as simulate_command
from smsmon.simulator.faults import BATCHES
from smsmon.simulator.server import Server, run_forever, simulate
from smsmon.simulator.world import World
from tests.support.clock import VirtualClock
from tests.support.waiting import PATIENCE

PROGRAM = "from smsmon.simulator.server import simulate; simulate(seed=7, speed=60)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_simulate_prints_its_exports_serves_and_ends_on_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "always", "-u", "-c", PROGRAM],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(4)]
        exports = dict(
            line.removeprefix("export ").split("=") for line in lines if line.startswith("export ")
        )
        params = {"apiKey": exports["SMSMON_API_KEY"], "messageId": "2270131"}
        url = exports["SMSMON_BASE_URL"] + "/bulk-status"
        assert httpx.get(url, params=params, trust_env=False).json()["code"] == 200
        process.send_signal(number)
        _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert complaints == ""
    assert exports["SMSMON_API_KEY"] == World(seed=7).key
    assert all(line.startswith(("export ", "#")) for line in lines)


def test_simulate_refuses_other_hosts_before_it_prints_anything() -> None:
    said: list[str] = []
    with pytest.raises(ValueError, match="this machine only"):
        simulate(host="0.0.0.0", echo=said.append)
    assert said == []


async def test_signals_are_as_before_once_it_is_over() -> None:
    before = signal.getsignal(signal.SIGTERM)
    reached: list[int] = []

    def leave(server: Server) -> None:
        reached.append(server.port)
        os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(PATIENCE):
        await run_forever(World(clock=VirtualClock()), started=leave)
    assert len(reached) == 1
    assert signal.getsignal(signal.SIGTERM) == before


def test_every_way_of_batches_that_can_be_chosen_is_there() -> None:
    (option,) = [each for each in simulate_command.params if each.name == "batches"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(BATCHES)
