"""How much memory the whole program takes, as it is started by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smsmon.clock import SystemClock
from smsmon.model import Entry
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from smsmon.store.local.watchlist import Watchlist
from tests.cli.program import Program
from tests.pty.terminal import Terminal
from tests.simulator.support import add_random_messages
from tests.support.memory import resident

MESSAGES, RECIPIENTS = 1_000, 500
MOST = 120e6
"""Bytes."""


@pytest.mark.long
def test_a_thousand_messages_of_five_hundred_fit_in_120_megabytes(tmp_path: Path) -> None:
    world = World()
    ids = add_random_messages(world, MESSAGES, RECIPIENTS)
    clock = SystemClock()
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text("[polling]\nbudget = 2000\n")
    Watchlist(home / "watchlist.toml", clock).add(Entry(id, f"Campaign {id}") for id in ids)
    with ServerThread(world) as api:
        program = Program(home, {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key})
        with Terminal(program.argv(), program.env(), (140, 40)) as terminal:
            terminal.wait_for(f"{MESSAGES * RECIPIENTS:,}", within=300)
            read = resident(terminal.process.pid)
            terminal.watch(30.0)
            later = resident(terminal.process.pid)
            status = Path(f"/proc/{terminal.process.pid}/status").read_text()
            terminal.press(b"q")
            assert terminal.ended() == 0
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    print(
        f"{MESSAGES} messages of {RECIPIENTS}: {read / 1e6:.1f} MB when all were read,"
        f" {later / 1e6:.1f} MB later, {int(peak[1]) * 1024 / 1e6:.1f} MB at most"
    )
    assert later < MOST
