"""Whether polling keeps its rhythm while the targets of alerts hang: two `watch` beside each other,
in which alerts begin all the time.

One of them tells a command that never ends and hears no signal, and a webhook that takes each
request and never answers. It takes a minute and a half.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from smsmon.simulator.thread import ServerThread
from tests.benchmarks.bench_idle import SETTLE, WATCHED, Contender, deliver, desk
from tests.benchmarks.pairs import Promise
from tests.benchmarks.programs import watch
from tests.pty.console import PROGRAM
from tests.pty.standing import still_world
from tests.pty.terminal import Terminal

WINDOWS, WINDOW = 6, 5.0
"""So many times, so many seconds are measured."""
AT_ONCE = 10
"""Messages in which something is delivered in each window: as many alerts begin."""
OFTEN = {"SMSMON_POLLING_MAX_INTERVAL": "30"}
RULE = """[alerts.arrived]
when = "changed<5s"
for = "0s"
clear = "0s"
"""
HANGING = """
[targets.program]
command = ["{program}"]
digest = "0s"
[targets.chat]
url_file = "{address}"
digest = "0s"
"""


def run() -> Iterator[Promise]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        program, told = folder / "never-ends", folder / "told"
        program.write_text(f"#!/bin/sh\ntrap '' TERM INT HUP\necho >> {told}\nexec sleep 1000\n")
        program.chmod(0o700)
        port = stack.enter_context(_silent_server())
        (folder / "address").write_text(f"json://127.0.0.1:{port}/\n")
        (folder / "address").chmod(0o600)
        contenders, worlds = [], []
        for which, targets in (
            ("hanging", HANGING.format(program=program, address=folder / "address")),
            ("none", ""),
        ):
            world = still_world(WATCHED)
            environ, server = desk(folder / which, world, stack)
            with (folder / which / "config.toml").open("a") as config:
                config.write(RULE + targets)
            terminal = stack.enter_context(Terminal([*PROGRAM, "watch"], environ | OFTEN))
            contenders.append(Contender(terminal, partial(_asked, server)))
            worlds.append(world)
        hanging, none = contenders
        terminals = [each.terminal for each in contenders]
        watch(terminals, 2 * SETTLE)  # every message was read, and the rules have met it
        for each in contenders:
            each.begin()
        for window in range(WINDOWS):
            for world in worlds:
                first = 3_000_000 + window * AT_ONCE
                deliver(world, [str(first + place) for place in range(AT_ONCE)])
            watch(terminals, WINDOW)
            for each in contenders:
                each.count()
        tries = told.read_text().count("\n") if told.exists() else 0
    polled = sum(hanging.polls), sum(none.polls)
    about = "{} : {} requests".format(*polled)
    yield Promise("polls, no target : two that hang", polled[1] / polled[0], 1.02, about=about)
    # Without one that was told, nothing hung.
    yield Promise("a target told : times told", 1 / tries if tries else 2.0, 1, about=f"{tries}")


def _asked(server: ServerThread) -> int:
    return server.server.requests.count


@contextmanager
def _silent_server() -> Iterator[int]:
    """A server that takes every connection and never says a word; gives its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]
