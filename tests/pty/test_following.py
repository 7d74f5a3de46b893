"""A console that follows: it shows the same, costs nothing, and takes over."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from tests.pty.console import PROGRAM, furnish
from tests.pty.standing import SENT, still_world
from tests.pty.terminal import WITHIN, Terminal

TAKEN_OVER = 5.0
"""Seconds within which another one polls."""


def poll_apart(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """A ``watch`` that polls."""
    return subprocess.Popen(
        [*PROGRAM, "watch"],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )


def wait_for_requests(server: ServerThread, more: int) -> None:
    wanted, deadline = server.server.requests.count + more, time.monotonic() + WITHIN
    while server.server.requests.count < wanted:
        assert time.monotonic() < deadline, "nobody asks"
        time.sleep(0.02)


def test_it_sends_nothing_while_nothing_changes_shows_changes_and_takes_over(
    tmp_path: Path,
) -> None:
    world = still_world(5, recipients=2)
    with ServerThread(world) as server:
        environ = furnish(tmp_path / "home", server, world.messages)
        environ |= {"SMSMON_DISPLAY_CLOCK": "false"}
        watch = poll_apart(environ)
        try:
            wait_for_requests(server, 5)
            with Terminal(PROGRAM, environ) as terminal:
                terminal.wait_for(f"polled by watch {watch.pid}")
                terminal.wait_for("» 5 live")
                terminal.wait_quiet(3)
                assert terminal.watch(5) == b""
                config = tmp_path / "home" / "config.toml"
                text = config.read_text()
                config.write_text(f"{text}# nothing new\n")
                assert terminal.watch(3) == b""
                config.write_text(f"{text}[display]\nframe_rate = 9\n")
                terminal.wait_for("config.toml was read anew: display.frame_rate.")
                now, id = time.time(), next(iter(world.messages))
                people = [
                    SimRecipient(phone, (Change(since, "Waiting"), Change(now, "Delivered")))
                    for phone, _, since in world.rows(id)
                ]
                world.add(SimMessage(id, people, appears_at=now - SENT))
                terminal.press(b"R")  # asked of the one that polls
                terminal.wait_for("complete")
                watch.send_signal(signal.SIGSTOP)
                stopped, start = time.monotonic(), len(terminal.painted)
                wait_for_requests(server, 1)
                assert time.monotonic() - stopped < TAKEN_OVER + 5.0  # and a busy machine's share
                watch.send_signal(signal.SIGCONT)
                assert b"nobody polls" not in terminal.painted[start:]
        finally:
            watch.kill()
            watch.wait()
