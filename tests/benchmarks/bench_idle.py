"""What a console costs that is left open: bytes to the terminal and processor time a minute.

A thousand messages are watched and polled, at the API's own limit of requests, and nothing
changes. Beside it, in the same seconds: ``smsmon watch`` on the same list (the polls without a
screen), htop, and a bare Textual app with a clock. Then what one changed row costs.
Run it with ``python -m tests.benchmarks.bench_idle``; it takes two minutes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.pty.console import PROGRAM, environment, furnish
from tests.pty.standing import SENT, read_all_once, still_world
from tests.pty.terminal import Terminal

WATCHED = 1_000
SETTLE = 20.0
"""Seconds until everything was asked about once more, and nothing is new."""
WINDOW = 30.0
"""Seconds measured; what is printed is scaled to a minute."""
_END_OF_FRAME = b"\x1b[1;2H"
"""Where Textual leaves the cursor after each frame of this screen."""
LEARN = 45
"""Seconds in which the history learns of every message, so that no first read is news."""
BYTES_GOAL, CPU_GOAL, ROW_GOAL, FRAMES_GOAL = 9_000, 0.3, 1_000, 10.0

BARE = """
from datetime import datetime
from textual.app import App
from textual.widgets import DataTable, Footer, Header
class Bare(App):
    def compose(self):
        yield Header(show_clock=True)
        yield DataTable()
        yield Footer()
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("id", "label", "state")
        for number in range(1000):
            table.add_row(str(number), f"Message {number}", "live")
Bare().run()
"""


class Contender:
    """A program under measure."""

    def __init__(self, name: str, terminal: Terminal, server: ServerThread | None = None) -> None:
        self.name = name
        self.terminal = terminal
        self.server = server
        self.cpu = 0.0
        self.bytes = 0
        self.requests = 0

    def count(self) -> None:
        """Add up, from the start of the program."""
        self.cpu = self.terminal.cpu()
        self.bytes = len(self.terminal.painted)
        self.requests = self.server.server.requests.count if self.server else 0

    def count_window(self) -> None:
        """What came since ``count``, scaled to a minute."""
        cpu, painted, requests = self.cpu, self.bytes, self.requests
        self.count()
        self.cpu = (self.cpu - cpu) * 60 / WINDOW
        self.bytes = round((self.bytes - painted) * 60 / WINDOW)
        self.requests = round((self.requests - requests) * 60 / WINDOW)


def main() -> int:
    """Print the tables; 1 if a goal is missed."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        return _idle(Path(folder), stack) | _one_row(Path(folder), stack)


def _idle(folder: Path, stack: ExitStack) -> int:
    world = still_world(WATCHED)
    environ, _ = _desk(folder / "first", world, stack)
    read_all_once(environ, LEARN)

    def again(name: str, argv: Sequence[str] = PROGRAM, **more: str) -> Contender:
        home = folder / name.replace(" ", "-")
        shutil.copytree(folder / "first", home)
        own, server = _desk(home, world, stack)
        return Contender(name, stack.enter_context(Terminal(argv, own | more)), server)

    other = environment(folder / "none")
    contenders = [
        again("console"),
        again("console, clock off", SMSMON_DISPLAY_CLOCK="false"),
        again("smsmon watch", [*PROGRAM, "watch"]),
        Contender(
            "bare Textual", stack.enter_context(Terminal([sys.executable, "-c", BARE], other))
        ),
    ]
    if htop := shutil.which("htop"):
        contenders.append(Contender("htop", stack.enter_context(Terminal([htop], other))))
    _watch(contenders, SETTLE)
    for each in contenders:
        each.count()
    _watch(contenders, WINDOW)
    for each in contenders:
        each.count_window()
        each.terminal.close()
    print(f"standing still, {WATCHED:,} messages watched, 140 × 40; {WINDOW:.0f} s, scaled to 60")
    for each in contenders:
        polled = f"  {each.requests:,} polls/min" if each.requests else ""
        print(f"  {each.name:<20} {each.bytes:9,} bytes/min  {each.cpu:6.2f} s CPU/min{polled}")
    ticking, still, polls = contenders[:3]
    beyond = max(each.cpu - polls.cpu * each.requests / polls.requests for each in (ticking, still))
    print(f"  goals: {BYTES_GOAL:,} bytes with the clock, 0 without it;")
    print(f"  CPU beyond the polls {beyond:.2f} s/min, goal {CPU_GOAL}")
    return int(ticking.bytes > BYTES_GOAL or still.bytes > 0 or beyond > CPU_GOAL)


def _one_row(folder: Path, stack: ExitStack) -> int:
    """What a single changed row, and then a burst of changes, sends over the line."""
    world = still_world(20, first_id=100)
    environ, _ = _desk(folder / "row", world, stack)
    environ["SMSMON_DISPLAY_CLOCK"] = "false"
    terminal = stack.enter_context(Terminal(PROGRAM, environ))
    terminal.wait_for("20 watched · 20 live")
    terminal.wait_quiet(5)
    start = len(terminal.painted)
    _deliver(world, ["105"])
    terminal.press(b"R")
    terminal.wait_until(lambda: len(terminal.painted) > start)
    terminal.watch(0.4)
    at_once = len(terminal.painted) - start
    terminal.wait_quiet(6)
    calm = len(terminal.painted) - start - at_once
    _deliver(world, [str(100 + each) for each in range(20)])
    terminal.press(b"R")
    start, until = len(terminal.painted), time.monotonic() + 10
    moments: list[float] = []
    while time.monotonic() < until:
        moments += [time.monotonic()] * terminal.read(0.2).count(_END_OF_FRAME)
    frames = max((sum(0 <= other - each < 1 for other in moments) for each in moments), default=0)
    print(f"one changed row: {at_once:,} bytes, and {calm:,} when its tint ends; goal {ROW_GOAL:,}")
    print(
        f"20 changed messages: {len(terminal.painted) - start:,} bytes, at most {frames} frames in"
    )
    print(f"  a second; goal {FRAMES_GOAL:.0f}")
    terminal.close()
    return int(at_once > ROW_GOAL or frames > FRAMES_GOAL)


def _deliver(world: World, ids: Sequence[str]) -> None:
    """Let the first waiting recipient of each message turn out delivered."""
    now = time.time()
    for id in ids:
        people, waiting = [], True
        for phone, look, since in world.rows(id):
            changes = [Change(since, look.status)]
            if waiting and look.status == "Waiting":
                waiting = False
                changes.append(Change(now, "Delivered"))
            people.append(SimRecipient(phone, tuple(changes)))
        world.add(SimMessage(id, people, appears_at=now - SENT))


def _desk(home: Path, world: World, stack: ExitStack) -> tuple[dict[str, str], ServerThread]:
    server = stack.enter_context(ServerThread(world))
    return furnish(home, server, world.messages) | {"SMSMON_POLLING_BUDGET": "2000"}, server


def _watch(contenders: Sequence[Contender], seconds: float) -> None:
    """Read all terminals for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for each in contenders:
            each.terminal.read(0.01)


if __name__ == "__main__":
    sys.exit(main())
