"""Several ``smsmon watch`` on homes of one account, ended and stopped at random."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import h11

from smsmon.model import Entry
from smsmon.simulator.faults import Delivery, Trouble, TroubleWindow
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.server import Server
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.wire import Answer
from smsmon.simulator.world import World
from smsmon.store.local.watchlist import Watchlist
from smsmon.store.sql.alerts import CLAIM_LASTS
from tests.pty.console import environment
from tests.store.reports import rows_of
from tests.support import installed

BUDGET = 120
"""Requests a minute that all of them may make together."""
PATIENCE = CLAIM_LASTS + 60.0
"""Seconds anything may take on a machine that is busy with other tests: one of them may lose the
lease with an alert that it has taken on."""
_ALERT = """
[alerts.arrived]
when = "delivered>0"
command = ["sh", "-c", "cat >> {log}"]
"""


_WATCH = "import smsmon.alerting.sending as it, smsmon.run; it.AGAIN = 1; smsmon.run.main()"
"""``watch``, which tells a target more than twice a minute: nobody is to wait for it here."""
_ABOUT = re.compile(rb"\bmessageId(?:=|\W+)([0-9]+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server saw it."""

    at: float
    who: str
    """The process that sent it."""
    about: tuple[str, ...]
    """The messages it asked for: none for the balance, several in a batch."""


class Listening(Server):
    """Knows who asks: each process has the account's key, and its own name behind it."""

    asked: list[Asked]

    def _answer(self, request: h11.Request, body: bytes) -> tuple[Answer, Delivery]:
        named = re.compile(re.escape(self.key.encode()) + rb"-(\w+)")
        if who := named.search(request.target) or named.search(body):
            about = _ABOUT.findall(request.target) or _ABOUT.findall(body)
            ids = tuple(each.decode() for each in about)
            self.asked.append(Asked(time.time(), who[1].decode(), ids))
        target, body = (named.sub(self.key.encode(), text) for text in (request.target, body))
        same = SimpleNamespace(method=request.method, target=target, headers=request.headers)
        return super()._answer(cast("h11.Request", same), body)


@contextmanager
def listening(world: World) -> Iterator[tuple[ServerThread, Listening]]:
    """The account's server, and what it heard."""
    thread = ServerThread(world)
    server = thread.server = Listening(world)
    server.asked = []
    with thread:
        yield thread, server


def deliveries(
    ids: Sequence[str], sent: float, start: float, over: float, draw: Random
) -> list[SimMessage]:
    """Messages whose recipients all wait, and are delivered one by one in ``over`` seconds."""
    all_of_them = recipients(ids, start, over, draw, sent).items()
    return [SimMessage(id, people, appears_at=sent) for id, people in all_of_them]


def recipients(
    ids: Sequence[str], start: float, over: float, draw: Random, sent: float | None = None
) -> dict[str, list[SimRecipient]]:
    """The recipients of those messages."""
    found = {}
    for id in ids:
        people = []
        for _ in range(draw.randint(1, 6)):
            # Before anybody asks.
            changes = [Change(start - 60 - over if sent is None else sent, "Waiting")]
            arrives = start + draw.uniform(0.2, 1.0) * over
            changes.append(Change(arrives, "Delivered" if draw.random() < 0.8 else "Not delivered"))
            people.append(SimRecipient(f"+336{draw.randrange(10**8):08}", tuple(changes)))
        found[id] = people
    return found


@dataclass
class Member:
    """One process."""

    name: str
    home: Path
    environ: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.run("-c", _WATCH, "watch")

    def run(self, *arguments: str) -> None:
        """Run Python with these, and keep what is printed in a file."""
        installed.require()
        with (self.home / f"{self.name}.out").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environ,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def send(self, number: int) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; gives the exit code."""
        assert self.process is not None
        self.send(number)
        self.send(signal.SIGCONT)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()


class Crowd:
    """The processes of one home."""

    def __init__(self, home: Path, server: ServerThread, ids: Sequence[str], names: str) -> None:
        home.mkdir(parents=True)
        self.home = home
        self.database = home / "history.db"
        self.alerts = home / "alerts.log"
        (home / "config.toml").write_text(_ALERT.format(log=self.alerts))
        Watchlist(home / "watchlist.toml").add(Entry(id) for id in ids)
        self.members = [
            Member(
                name,
                home,
                environment(
                    home,
                    SMSMON_BASE_URL=server.base_url,
                    SMSMON_API_KEY=f"{server.key}-{name}",
                    SMSMON_POLLING_BUDGET=str(BUDGET),
                    SMSMON_POLLING_MIN_INTERVAL="1",
                    SMSMON_POLLING_MAX_INTERVAL="5",
                    TMPDIR=os.environ.get("TMPDIR", "/tmp"),
                ),
            )
            for name in names
        ]
        self.killed = 0

    @property
    def poller(self) -> Member | None:
        """The one that has the lease, as the file of it says."""
        with suppress(OSError, ValueError):
            pid = int((self.home / "history.db.lease").read_text().split()[0])
            for each in self.members:
                if each.process is not None and each.pid == pid and each.process.poll() is None:
                    return each
        return None

    def disturb(self, draw: Random, sleep: Callable[[float], object]) -> str:
        """Do something bad to the one that polls, or to one that follows."""
        poller = self.poller
        others = [each for each in self.members if each is not poller]
        what = draw.choice(["kill", "stop", "stop", "end", "kill a follower"])
        victim = draw.choice(others) if poller is None or what == "kill a follower" else poller
        match what:
            case "stop":
                victim.send(signal.SIGSTOP)
                sleep(draw.uniform(5.5, 8.0))
                victim.send(signal.SIGCONT)
            case "end":
                assert victim.end() == 143
                victim.start()
            case _:
                self.killed += 1
                victim.end(signal.SIGKILL)
                victim.start()
        return what

    # --- what came of it -----------------------------------------------------------------

    def statuses(self) -> dict[tuple[str, str], str]:
        """Message and phone → the word of its status, as the history has it."""
        query = (
            "SELECT m.message_id, r.phone, w.text FROM recipient r"
            " JOIN message m ON m.id = r.message JOIN word w ON w.id = r.word"
        )
        try:
            found = rows_of(self.database, query)
        except sqlite3.OperationalError:  # it is being made
            return {}
        return {(str(id), f"+{phone}"): str(word) for id, phone, word in found}

    def changes(self) -> Counter[Any]:
        """How often the history has each change."""
        query = (
            "SELECT m.message_id, c.slot, c.before, c.after FROM change c"
            " JOIN message m ON m.id = c.message"
        )
        return Counter(rows_of(self.database, query))

    def events(self) -> Counter[Any]:
        """How often the history has each event of a message that happens once."""
        query = (
            "SELECT message_id, kind FROM event WHERE kind IN ('first read', 'completed', 'added')"
        )
        return Counter(rows_of(self.database, query))

    def commands(self) -> Counter[str]:
        """How often the alert's command ran for each message."""
        if not self.alerts.exists():
            return Counter()
        runs: Counter[str] = Counter()
        for line in self.alerts.read_text().splitlines():
            runs.update(each["id"] for each in json.loads(line)["alerts"])
        return runs

    def told(self) -> set[str]:
        """The messages whose alert counts as told."""
        query = (
            "SELECT name FROM episode JOIN telling ON telling.episode = episode.id"
            " WHERE edge = 'fired' AND done_at IS NOT NULL"
        )
        return {str(id) for (id,) in rows_of(self.database, query)}


def truth(world: World) -> dict[tuple[str, str], str]:
    """What the history must say in the end."""
    return {(id, each.phone): each.status for id in world.messages for each in world.truth(id)}


def interleaved(asked: Sequence[Asked], within: float) -> list[tuple[Asked, Asked, Asked]]:
    """Where one process asked, then another, and then the first again, all ``within`` seconds."""
    found = []
    for first, second, third in _turns(asked):
        if first.who == third.who and third.at - first.at < within:
            found.append((first, second, third))
    return found


def _turns(asked: Sequence[Asked]) -> Iterator[tuple[Asked, Asked, Asked]]:
    """The last of one stretch, the first of the next, and the first after that."""
    stretches: list[list[Asked]] = []
    for each in asked:
        if stretches and stretches[-1][-1].who == each.who:
            stretches[-1].append(each)
        else:
            stretches.append([each])
    for before, now, after in zip(stretches, stretches[1:], stretches[2:], strict=False):
        yield before[-1], now[0], after[0]


def busiest(asked: Sequence[Asked], width: float = 60.0) -> int:
    """The most requests in any ``width`` seconds."""
    most, first = 0, 0
    moments = [each.at for each in asked]
    for last, at in enumerate(moments):
        while moments[first] <= at - width:
            first += 1
        most = max(most, last - first + 1)
    return most


def weather(troubles: Sequence[Trouble], share: float) -> tuple[TroubleWindow, ...]:
    """Each of these for a share of the requests."""
    return tuple(TroubleWindow(each, share=share) for each in troubles)
