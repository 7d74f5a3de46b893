"""What commands take from a shell, and how soon the console paints, against the least that could.

Whole programs: the processor time of commands, and of the console the time until all of a first
frame is painted in a terminal of its own.
"""

from __future__ import annotations

import compileall
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import smsmon
from smsmon.model import Entry
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.world import World
from smsmon.store.local.watchlist import Watchlist
from tests.benchmarks.apart import account
from tests.benchmarks.bare import bare_app
from tests.benchmarks.bench_first_paint import furnish
from tests.benchmarks.pairs import Measure, Promise, in_turns, ratio
from tests.benchmarks.programs import spent, until_painted
from tests.pty.console import PROGRAM, environment

ROUNDS = 31
WATCHED = 24
"""Messages on the watchlist that ``ls`` prints: an ordinary day's."""
RECIPIENTS = 500
"""Recipients of the message that ``status`` reads."""
LONG_WATCHLIST = 1_000
"""Messages on the watchlist of the console that starts."""

BARE_CLICK = "import click"
BARE_HTTPX = """
import os, sys, httpx
answer = httpx.get(
    os.environ["SMSMON_BASE_URL"] + "/bulk-status",
    params={"apiKey": os.environ["SMSMON_API_KEY"], "messageId": "300"},
)
print(answer.json())
"""
SCRIPT = "from smsmon.__main__ import main; main()"
"""What the ``smsmon`` that is installed runs."""


def run() -> Iterator[Promise]:
    compileall.compile_dir(str(Path(smsmon.__file__).parent), quiet=2)
    with tempfile.TemporaryDirectory() as folder, account(_world) as server:
        keep(Path(folder), WATCHED)
        environ = environment(
            Path(folder), SMSMON_BASE_URL=server.base_url, SMSMON_API_KEY=server.key
        )

        def python(code: str, *arguments: str) -> Measure:
            return lambda: spent([sys.executable, "-c", code, *arguments], environ)[0]

        click, version, ls, httpx, status, as_json, oneline = in_turns(
            ROUNDS,
            python(BARE_CLICK),
            python(SCRIPT, "--version"),
            python(SCRIPT, "ls"),
            python(BARE_HTTPX),
            python(SCRIPT, "status", "300"),
            python(SCRIPT, "status", "300", "--json"),
            python(SCRIPT, "status", "--oneline"),
        )
    yield ratio("smsmon --version : import click (CPU)", version, click, 1.1)
    yield ratio("smsmon ls : import click (CPU)", ls, click, 1.6)
    yield ratio("smsmon status : a GET by httpx (CPU)", status, httpx, 1.3)
    yield ratio("smsmon status --json : a GET by httpx (CPU)", as_json, httpx, 1.3)
    yield ratio("smsmon status --oneline : a GET by httpx (CPU)", oneline, httpx, 0.9)
    yield from first_frame()


def first_frame() -> Iterator[Promise]:
    """The first frame of the console. The last line of both is the keys'."""
    frame = {"first": ["Messages 0", "what happened", "quit"], "message": ["Message 1 "]}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        furnish(home)
        keep(home, LONG_WATCHLIST)
        environ, bare = environment(home), bare_app(20)
        messages: list[float] = []

        def console() -> float:
            seen = until_painted(PROGRAM, environ, frame)
            messages.append(seen["message"])
            return seen["first"]

        ours, theirs = in_turns(
            ROUNDS, console, lambda: until_painted(bare, environ, {"": ["Row 20.", "quit"]})[""]
        )
    what = f"first frame, {LONG_WATCHLIST:,} messages watched"
    yield ratio(f"{what} : bare Textual", ours, theirs, 1.3)
    yield ratio("its first message : bare Textual", messages[1:], theirs)


def keep(home: Path, messages: int) -> None:
    """Put so many messages on the watchlist."""
    Watchlist(home / "watchlist.toml").add(
        Entry(str(3_000_000 + each), f"Message {each}") for each in range(1, messages + 1)
    )


def _world() -> World:
    people = [
        SimRecipient(f"+336{place:08}", (Change(1_517_989_111.0, "Delivered"),))
        for place in range(RECIPIENTS)
    ]
    return World(messages=[SimMessage("300", people)])
