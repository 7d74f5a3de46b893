"""Pollers as on several hosts: each with a home of its own, all on one store of a team."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from smsmon.model import Entry
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from smsmon.store import ThisMachine
from smsmon.store.team import open_team
from tests.chaos.crowd import Asked, Member
from tests.pty.console import environment

BUDGET = 1200
"""Requests a minute of all together; the API allows 2,000."""
AHEAD = 3600.0
"""Seconds that the clock of the last host is ahead."""
_ALERT = """
[alerts.arrived]
when = "delivered>0"
command = ["sh", "-c", "cat >> {log}"]
"""
_AHEAD = (
    "import runpy, time; true = time.time; time.time = lambda: true() + {ahead};"
    " runpy.run_module('smsmon', run_name='__main__', alter_sys=True)"
)


class Named(ThisMachine):
    """A store that is meant by its address."""

    def __init__(self, store: str) -> None:
        self.store = store


@dataclass
class Host(Member):
    """A poller whose clock may be wrong."""

    ahead: float = 0.0

    def start(self) -> None:
        code = _AHEAD.format(ahead=self.ahead)
        self.run("-c", code, "watch") if self.ahead else self.run("-m", "smsmon", "watch")


class Team:
    """The pollers, and what they have done by what the database says."""

    def __init__(
        self,
        folder: Path,
        server: ServerThread,
        store: str,
        direct: str,
        ids: Sequence[str],
        names: str,
    ) -> None:
        """``direct`` is the database without anything in between."""
        self.direct = direct
        self.alerts = folder / "alerts.log"
        self.killed = 0
        team = open_team(Named(direct))
        team.watchlist().add(Entry(id) for id in ids)
        team.close()
        self.hosts = []
        for name in names:
            home = folder / name
            home.mkdir(parents=True)
            (home / "config.toml").write_text(_ALERT.format(log=self.alerts))
            environ = environment(
                home,
                SMSMON_STORE=store,
                SMSMON_BASE_URL=server.base_url,
                SMSMON_API_KEY=f"{server.key}-{name}",
                SMSMON_POLLING_ROLE="always",
                SMSMON_POLLING_EGRESS="office",
                SMSMON_POLLING_BUDGET=str(BUDGET),
                SMSMON_POLLING_MIN_INTERVAL="2",
                # More is always due than the budget lets out: all of it is shared.
                SMSMON_POLLING_MAX_INTERVAL=str(max(2, len(ids) // 60)),
                TMPDIR=os.environ.get("TMPDIR", "/tmp"),
            )
            self.hosts.append(Host(name, home, environ))
        self.hosts[-1].ahead = AHEAD

    def kill_one(self, draw: Random) -> None:
        """End a poller as a power cut does, and start it again."""
        victim = draw.choice(self.hosts)
        self.killed += 1
        victim.end(signal.SIGKILL)
        victim.start()

    # --- what came of it -----------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.direct, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def statuses(self) -> dict[tuple[str, str], str]:
        """Message and phone → the word of its status."""
        query = (
            "SELECT m.message_id, r.phone, w.text FROM recipient r"
            " JOIN message m ON m.id = r.message JOIN word w ON w.id = r.word"
        )
        return {(id, phone): word for id, phone, word in self.rows(query)}

    def changes(self) -> dict[tuple[str, str], list[tuple[float, str]]]:
        """Message and phone → each change that was seen of it, in order: when, and to what."""
        query = (
            "SELECT m.message_id, r.phone, c.observed_at, w.text FROM change c"
            " JOIN message m ON m.id = c.message JOIN word w ON w.id = c.word"
            " JOIN recipient r ON r.message = c.message AND r.slot = c.slot"
            " WHERE c.before <> c.after ORDER BY c.observed_at"
        )
        found = defaultdict(list)
        for id, phone, at, word in self.rows(query):
            found[id, phone].append((at / 1000, word))
        return found

    def events(self) -> Counter[Any]:
        """How often there is each event of a message that happens once."""
        query = (
            "SELECT message_id, kind FROM event WHERE kind IN ('first read', 'completed', 'added')"
        )
        return Counter(self.rows(query))

    def episodes(self) -> Counter[str]:
        """How many episodes of the alert there are of each message."""
        return Counter(str(name) for (name,) in self.rows("SELECT name FROM episode"))

    def told(self) -> set[str]:
        """The messages whose alert counts as told."""
        query = (
            "SELECT name FROM episode JOIN telling ON telling.episode = episode.id"
            " WHERE edge = 'fired' AND done_at IS NOT NULL"
        )
        return {str(name) for (name,) in self.rows(query)}

    def commands(self) -> list[set[str]]:
        """The messages whose alert each run of the command told."""
        lines = self.alerts.read_text().splitlines() if self.alerts.exists() else []
        return [{each["id"] for each in json.loads(line)["alerts"]} for line in lines]


def truth(world: World) -> dict[tuple[str, str], str]:
    """What the store must say in the end."""
    return {(id, each.phone): each.status for id in world.messages for each in world.truth(id)}


def by_message(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """The requests of each message, in order."""
    found = defaultdict(list)
    for each in asked:
        for message_id in each.about:
            found[message_id].append(each)
    return found


def spread(asked: Sequence[Asked], since: float, until: float) -> Counter[str]:
    """How many requests each poller sent in that time."""
    return Counter(each.who for each in asked if since <= each.at < until)
