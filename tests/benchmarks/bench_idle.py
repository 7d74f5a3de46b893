"""What a console costs that is left open, against a bare Textual app with a clock.

A thousand messages are watched and polled, at the API's own limit of requests, and nothing
changes. Beside it, in the same seconds: ``smsmon watch`` on the same list (the polls without a
screen), a console that follows that one, and the bare app. Then what one changed row costs, and
how many frames a burst of reports gives. It takes five minutes.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from random import Random
from statistics import median

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.benchmarks.apart import account
from tests.benchmarks.bare import bare_app
from tests.benchmarks.pairs import Promise, ratio
from tests.benchmarks.programs import watch
from tests.pty.console import PROGRAM, environment, furnish
from tests.pty.standing import SENT, read_all_once, still_world
from tests.pty.terminal import Terminal

WATCHED = 1_000
SETTLE = 20.0
"""Seconds until everything was asked about once more, and nothing is new."""
WINDOWS, WINDOW = 6, 10.0
"""So many times, so many seconds are measured."""
END_OF_FRAME = b"\x1b[0m\x1b[1;1H"
"""How each frame of this screen ends: colours put down, the cursor where Textual keeps it."""
LEARN = 45
"""Seconds in which the history learns of every message, so that no first read is news."""
FRAMES, FEW_FRAMES = 10, 4
"""A second: what the setting allows at first, and over a line that stalled."""
BUSY = 200
"""Messages that all change during a burst."""
BURST = 12.0
WHILE = 3
"""Seconds of a burst of reports, and of that part of it that had the most frames."""
NO_CLOCK = {"SMSMON_DISPLAY_CLOCK": "false"}


class Contender:
    """A program under measure: seconds of CPU, bytes and polls of each window."""

    def __init__(self, terminal: Terminal, polls: Callable[[], int] = lambda: 0) -> None:
        self.terminal = terminal
        self._asked = polls
        self.begin()

    def _counts(self) -> tuple[float, int, int]:
        return self.terminal.cpu(), len(self.terminal.painted), self._asked()

    def begin(self) -> None:
        """Forget all that came so far."""
        self.cpu: list[float] = []
        self.bytes: list[int] = []
        self.polls: list[int] = []
        self._before = self._counts()

    def count(self) -> None:
        """Note what came since the last time."""
        now, before = self._counts(), self._before
        self.cpu.append(now[0] - before[0])
        self.bytes.append(now[1] - before[1])
        self.polls.append(now[2] - before[2])
        self._before = now


def run() -> Iterator[Promise]:
    with tempfile.TemporaryDirectory() as folder:
        for part in (_idle, _one_row, _bursts):
            with ExitStack() as stack:
                yield from part(Path(folder), stack)


def _idle(folder: Path, stack: ExitStack) -> Iterator[Promise]:
    world = still_world(WATCHED)
    environ, _ = desk(folder / "first", world, stack)
    read_all_once(environ, LEARN)

    def again(name: str, argv: Sequence[str] = PROGRAM, **more: str) -> Contender:
        home = folder / name
        shutil.copytree(folder / "first", home, ignore=shutil.ignore_patterns("key", "config.toml"))
        own, server = desk(home, world, stack)
        terminal = stack.enter_context(Terminal(argv, own | more))
        return Contender(terminal, lambda: server.server.requests.count)

    ticking, still = again("ticking"), again("still", **NO_CLOCK)
    polling = again("watch", [*PROGRAM, "watch"])
    wait_for_lease(folder / "watch")
    own = environment(folder / "watch", **NO_CLOCK)
    following = Contender(stack.enter_context(Terminal(PROGRAM, own)))
    bare = Contender(stack.enter_context(Terminal(bare_app(WATCHED), environment(folder / "none"))))
    contenders = (ticking, still, polling, following, bare)
    terminals = [each.terminal for each in contenders]
    watch(terminals, SETTLE)
    for each in contenders:
        each.begin()
    for _ in range(WINDOWS):
        watch(terminals, WINDOW)
        for each in contenders:
            each.count()
    a_poll = sum(polling.cpu) / sum(polling.polls)
    for name, each in (("with its clock", ticking), ("clock off", still)):
        beyond = [cpu - a_poll * polls for cpu, polls in zip(each.cpu, each.polls, strict=True)]
        yield ratio(f"left open, {name}, beyond its polls : bare (CPU)", beyond, bare.cpu, 1.8)
    yield ratio("left open, following another : bare (CPU)", following.cpu, bare.cpu, 2)
    yield Promise("bytes, the clock on : bare", sum(ticking.bytes) / sum(bare.bytes), 1)
    yield Promise("while nothing changes, the clock off", sum(still.bytes), 0, "bytes")
    yield Promise("while nothing changes, following another", sum(following.bytes), 0, "bytes")
    yield Promise("polled meanwhile by one console", sum(still.polls), unit="requests")


def _one_row(folder: Path, stack: ExitStack) -> Iterator[Promise]:
    """What a single changed row sends over the line, the log of what happened already full."""
    world = still_world(20, first_id=100)
    environ, _ = desk(folder / "row", world, stack)
    terminal = stack.enter_context(Terminal(PROGRAM, environ | NO_CLOCK))
    terminal.wait_for("» 20 live")
    terminal.wait_quiet(5)

    def sent(terminal: Terminal, key: bytes) -> int:
        start = len(terminal.painted)
        terminal.press(key)
        terminal.wait_until(lambda: len(terminal.painted) > start)
        terminal.watch(0.6)
        return len(terminal.painted) - start

    rows, calm = [], []
    for id in ("105", "106", "107", "100"):
        deliver(world, [id])
        rows.append(sent(terminal, b"R"))
        before = len(terminal.painted)
        terminal.wait_quiet(6)
        calm.append(len(terminal.painted) - before)
    bare = stack.enter_context(Terminal(bare_app(20), environment(folder / "none")))
    bare.wait_for("Row 20.")
    bare.watch(3)
    theirs = [sent(bare, b"u") for _ in rows]
    opened = rows.pop()  # the message whose recipients are shown
    most = median(theirs)
    yield Promise(
        "a changed row : bare", max(rows) / most, 0.5, about=f"{max(rows)} : {most} bytes"
    )
    yield Promise("when its tint ends : bare", max(calm) / most, about=f"{max(calm)} bytes")
    yield Promise("with its recipients beside it : bare", opened / most, about=f"{opened} bytes")


def _bursts(folder: Path, _: ExitStack) -> Iterator[Promise]:
    """Frames a second while everything changes: as set, and over a line that has stalled."""
    yield _frames("a burst", folder / "fast", FRAMES)
    yield _frames("a burst, 4 a second set", folder / "set", FEW_FRAMES, setting=FEW_FRAMES)
    yield _frames("a burst over a line that stalled", folder / "slow", FEW_FRAMES, stall=True)


def _frames(
    name: str, home: Path, bound: int, *, setting: int = FRAMES, stall: bool = False
) -> Promise:
    """The most frames a second in any part of a burst."""
    with account(busy_world) as busy:
        environ = furnish(home, busy, busy.ids) | NO_CLOCK
        environ |= {"SMSMON_POLLING_BUDGET": "2000", "SMSMON_DISPLAY_FRAME_RATE": str(setting)}
        with Terminal(PROGRAM, environ) as terminal:
            terminal.wait_for("Message 7000")
            terminal.watch(10)
            if stall:
                widths = cycle((139, 140))
                terminal.stall(lambda: terminal.resize(next(widths), 40))
                terminal.lives_for(1.0)
                terminal.watch(2)
            moments: list[float] = []
            until = time.monotonic() + BURST
            while time.monotonic() < until:
                moments += [time.monotonic()] * terminal.read(0.2).count(END_OF_FRAME)
    # Of n frames, n - 1 are apart. Over a while: one that is read late stands beside the next.
    counts = [sum(0 <= other - each < WHILE for other in moments) - 1 for each in moments]
    most = max(counts, default=0) // WHILE
    about = f"{len(moments) / BURST:.1f} on the average"
    return Promise(name, most, bound, "frames a second", about)


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


def deliver(world: World, ids: Sequence[str]) -> None:
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


def desk(home: Path, world: World, stack: ExitStack) -> tuple[dict[str, str], ServerThread]:
    server = stack.enter_context(ServerThread(world))
    return furnish(home, server, world.messages) | {"SMSMON_POLLING_BUDGET": "2000"}, server


def wait_for_lease(home: Path) -> None:
    """Until somebody polls there."""
    lease, deadline = home / "history.db.lease", time.monotonic() + SETTLE
    while not (lease.exists() and lease.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
