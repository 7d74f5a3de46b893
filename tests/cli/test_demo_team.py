"""``smsmon demo --team``: what it starts is gone with it, whatever way it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smsmon.commands.demo import team
from smsmon.commands.output import Failure
from tests.cli.program import Program
from tests.pty.terminal import Terminal
from tests.support.keeper import wait_until
from tests.support.postgres import MISSING, binaries, needed
from tests.support.waiting import PATIENCE

STARTS = """
import sys
from smsmon.commands.demo.team import keeping, start
with keeping() as (kept, folder):
    address = start(kept, folder)
    sleeps = kept.run([sys.executable, "-c", "import time; time.sleep(600)"], 15, {})
    print(folder, sleeps, flush=True)
    sys.stdin.readline()
"""


def test_when_it_is_killed_all_of_it_is_gone(offline: Program) -> None:
    needed(binaries(), MISSING)
    with subprocess.Popen(
        [sys.executable, "-c", STARTS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=offline.env(),
        text=True,
    ) as started:
        assert started.stdout is not None
        folder, sleeps = started.stdout.readline().split()
        (served,) = Path(folder).glob("pg-*/data/postmaster.pid")
        server = int(served.read_text().split()[0])
        started.send_signal(signal.SIGKILL)
        started.wait(PATIENCE)
    wait_until(lambda: not Path(folder).exists(), "its folder goes", PATIENCE)
    for number in (server, int(sleeps)):
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_where_no_server_is_installed_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "_PLACES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Failure, match="apt-get install postgresql"):
        team.programs()


def test_a_console_shows_what_two_others_find(offline: Program) -> None:
    needed(binaries(), MISSING)
    with Terminal(offline.argv("demo", "--team"), offline.env()) as terminal:
        for what in ("by 2", "shop", "completed: 1 delivered"):
            terminal.wait_for(what)
        terminal.press(b"q")
        assert terminal.ended() == 0
