"""What a console costs that is left open: bytes to the terminal and processor time a minute.

A thousand messages are watched and polled, at the API's own limit of requests, and nothing
changes. Beside it, in the same seconds: ``smsmon watch`` on the same list (the polls without a
screen), a console that follows that one, htop, and a bare Textual app with a clock. Then what
one changed row costs, and how many frames a burst of reports gives.
Run it with ``python -m tests.benchmarks.bench_idle``; it takes five minutes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from random import Random

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.benchmarks.apart import account
from tests.pty.console import PROGRAM, environment, furnish
from tests.pty.standing import SENT, read_all_once, still_world
from tests.pty.terminal import Terminal

WATCHED = 1_000
SETTLE = 20.0
"""Seconds until everything was asked about once more, and nothing is new."""
WINDOW = 60.0
"""Seconds measured; what is printed is scaled to a minute."""
_END_OF_FRAME = b"\x1b[0m\x1b[1;1H"
"""How each frame of this screen ends: colours put down, the cursor where Textual keeps it."""
LEARN = 45
"""Seconds in which the history learns of every message, so that no first read is news."""
BYTES_GOAL, CPU_GOAL, ROW_GOAL = 9_000, 0.3, 1_000
FOLLOWING_GOAL = 0.5
"""Seconds of CPU a minute that looking 150 times whether something is new may cost."""
FRAMES_GOAL, SLOW_GOAL = 10, 4
BUSY = 200
"""Messages that all change during a burst."""
BURST = 12.0
"""Seconds of a burst of reports."""

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
        missed = _idle(Path(folder), stack) | _one_row(Path(folder), stack)
        return missed | _bursts(Path(folder))


def _idle(folder: Path, stack: ExitStack) -> int:
    world = still_world(WATCHED)
    environ, _ = _desk(folder / "first", world, stack)
    read_all_once(environ, LEARN)

    def again(name: str, argv: Sequence[str] = PROGRAM, **more: str) -> Contender:
        home = folder / name.replace(" ", "-")
        shutil.copytree(folder / "first", home, ignore=shutil.ignore_patterns("key", "config.toml"))
        own, server = _desk(home, world, stack)
        return Contender(name, stack.enter_context(Terminal(argv, own | more)), server)

    def follower() -> Contender:
        """A console on the home of the watch, which polls."""
        home = folder / "smsmon-watch"
        wait_for_lease(home)
        own = environment(home) | {"SMSMON_DISPLAY_CLOCK": "false"}
        return Contender("console, following", stack.enter_context(Terminal(PROGRAM, own)))

    other = environment(folder / "none")
    contenders = [
        again("console"),
        again("console, clock off", SMSMON_DISPLAY_CLOCK="false"),
        again("smsmon watch", [*PROGRAM, "watch"]),
        follower(),
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
    ticking, still, polls, following = contenders[:4]
    beyond = max(each.cpu - polls.cpu * each.requests / polls.requests for each in (ticking, still))
    print(f"  goals: {BYTES_GOAL:,} bytes with the clock, 0 without it;")
    print(f"  CPU beyond the polls {beyond:.2f} s/min, goal {CPU_GOAL}")
    print(f"  following: {following.cpu / still.cpu:.2f} × the CPU of a console alone,")
    print(f"  goals: 0 bytes, {FOLLOWING_GOAL} s CPU/min")
    missed = following.bytes > 0 or following.cpu > FOLLOWING_GOAL
    return int(ticking.bytes > BYTES_GOAL or still.bytes > 0 or beyond > CPU_GOAL or missed)


def _one_row(folder: Path, stack: ExitStack) -> int:
    """What a single changed row sends over the line, the log of what happened already full."""
    world = still_world(20, first_id=100)
    environ, _ = _desk(folder / "row", world, stack)
    environ["SMSMON_DISPLAY_CLOCK"] = "false"
    terminal = stack.enter_context(Terminal(PROGRAM, environ))
    terminal.wait_for("20 watched · 20 live")
    terminal.wait_quiet(5)
    took = []
    for id in ("105", "106", "107", "100"):
        start = len(terminal.painted)
        _deliver(world, [id])
        terminal.press(b"R")
        terminal.wait_until(lambda start=start: len(terminal.painted) > start)  # type: ignore[misc]
        terminal.watch(0.6)
        at_once = len(terminal.painted) - start
        terminal.wait_quiet(6)
        took.append((at_once, len(terminal.painted) - start - at_once))
    terminal.close()
    *rows, opened = took
    most, calm = max(rows)
    print(
        f"one changed row: {most:,} bytes at most of {len(rows)}, and {calm:,} when its tint ends;"
    )
    print(f"  goal {ROW_GOAL:,}. With its recipients and the changed one in full beside it:")
    print(f"  {opened[0]:,} bytes, and {opened[1]:,}")
    return int(most > ROW_GOAL)


def _bursts(folder: Path) -> int:
    """Frames a second while everything changes: as set, and over a line that has stalled."""
    counted = {
        "a fast line": _frames(folder / "fast", FRAMES_GOAL),
        "a fast line, 4 a second set": _frames(folder / "set", SLOW_GOAL, setting=SLOW_GOAL),
        "a line that stalled": _frames(folder / "slow", SLOW_GOAL, stall=True),
    }
    for name, (most, mean, goal) in counted.items():
        print(f"burst over {name}: {mean:.1f} frames a second, at most {most}; goal {goal}")
    return int(any(most > goal for most, _, goal in counted.values()))


def _frames(
    home: Path, goal: int, *, setting: int = FRAMES_GOAL, stall: bool = False
) -> tuple[int, float, int]:
    """The most frames in any second of a burst, how many on the average, and the goal."""
    with account(busy_world) as busy:
        environ = furnish(home, busy, busy.ids)
        environ |= {"SMSMON_POLLING_BUDGET": "2000", "SMSMON_DISPLAY_CLOCK": "false"}
        environ["SMSMON_DISPLAY_FRAME_RATE"] = str(setting)
        with Terminal(PROGRAM, environ) as terminal:
            terminal.wait_for(f"{BUSY} watched")
            terminal.watch(10)
            if stall:
                widths = cycle((139, 140))
                terminal.stall(lambda: terminal.resize(next(widths), 40))
                terminal.lives_for(1.0)
                terminal.watch(2)
            moments: list[float] = []
            until = time.monotonic() + BURST
            while time.monotonic() < until:
                moments += [time.monotonic()] * terminal.read(0.2).count(_END_OF_FRAME)
    most = max((sum(0 <= other - each < 1 for other in moments) for each in moments), default=0)
    return most, len(moments) / BURST, goal


def busy_world() -> World:
    """Many messages, all of which change all the time, for a minute and a half."""
    draw, now = Random(5), time.time()
    return World(
        messages=[
            SimMessage(
                str(700_000 + each),
                [
                    SimRecipient(
                        f"+336{draw.randrange(10**8):08}",
                        (Change(now, "Waiting"), Change(now + draw.uniform(0, 90), "Delivered")),
                    )
                    for _ in range(200)
                ],
            )
            for each in range(BUSY)
        ]
    )


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


def wait_for_lease(home: Path) -> None:
    """Until somebody polls there."""
    lease, deadline = home / "history.db.lease", time.monotonic() + SETTLE
    while not (lease.exists() and lease.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)


def _watch(contenders: Sequence[Contender], seconds: float) -> None:
    """Read all terminals for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for each in contenders:
            each.terminal.read(0.01)


if __name__ == "__main__":
    sys.exit(main())
