"""Five hosts, one watch: whatever befalls them, nothing is lost, doubled or false, and no more is
asked than all of them may together.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg
import pytest

from smsmon.simulator.messages import SimMessage, SimRecipient
from smsmon.simulator.world import World
from tests.chaos.crowd import Asked, busiest, interleaved, listening, recipients
from tests.chaos.team.crowd import BUDGET, Team, by_message, spread, truth
from tests.chaos.team.cutter import Cutter
from tests.support.postgres import Server, make_store
from tests.support.waiting import PATIENCE

STEADY = 2.0
"""Seconds: a message that one let go to another one is not back with it before."""
SEEN_WITHIN = 300.0
"""Seconds from a change at the API to the moment that it is recorded with, at the most: a poller
may have to be replaced, the database come back, and the turn of the message come."""
CALM = 120.0
"""Seconds for which it is looked at who polls how much, at least: what one minute lets out may all
go out at its beginning."""
TURNS = 2.5
"""How many times as long as all need on average it is looked at, at least. A message of one
recipient has its turn 1.8 times as rarely, for those of six have it the more often."""
SLACK = 3.0
"""Seconds by which the clocks of the database and of the API may differ."""


@dataclass
class Stage:
    """What there is: a database that can be lost, what lies before it, an API, five pollers."""

    team: Team
    cutter: Cutter
    database: Server
    world: World
    asked: list[Asked]
    draw: Random
    stopped: list[tuple[str, float, float]] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def until(self, what: str, done: object, patience: float = 5 * PATIENCE) -> None:
        assert callable(done)
        end = time.monotonic() + patience
        while True:
            try:
                if done():
                    return
            except psycopg.OperationalError:
                pass  # the database is being replaced
            assert time.monotonic() < end, f"{what} never came"
            time.sleep(0.5)

    # --- what happens --------------------------------------------------------------------

    def kill(self, times: int, pause: float) -> None:
        for _ in range(times):
            self.team.kill_one(self.draw)
            self.wait(self.draw.uniform(0.5, 1.5) * pause)

    def stand_still(self, seconds: float) -> None:
        host = self.draw.choice(self.team.hosts)
        host.send(signal.SIGSTOP)
        began = time.time()
        self.wait(seconds)
        self.stopped.append((host.name, began, time.time()))
        host.send(signal.SIGCONT)

    def restart_database(self) -> None:
        self.database.restart("immediate")

    def promote(self, replica: Server) -> None:
        self.database.stop("immediate")
        replica.promote()
        self.cutter.lead_to(replica)
        self.team.direct = replica.url("postgres")


def play(folder: Path, *, messages: int, seconds: float, kills: int, still: float) -> str:
    """All of it once; gives what there is to say of it."""
    draw = Random(7)
    ids = [str(5_000_000 + each) for each in range(messages)]
    began = time.time()
    quiet = max(CALM, TURNS * messages * 60 / BUDGET)
    sent = recipients(ids, began + 60.0 + quiet, seconds, draw)
    world = World(messages=[SimMessage(id, each, appears_at=began) for id, each in sent.items()])
    with ExitStack() as stack:
        first = Server.made()
        stack.callback(first.close)
        make_store(first.url())
        replica = first.replica()
        stack.callback(replica.close)
        with psycopg.connect(first.url(), autocommit=True) as connection:
            # What is committed is on both: else a promotion loses it, whoever waits for what.
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        thread, server = stack.enter_context(listening(world))
        cutter = stack.enter_context(Cutter(first, seed=7))
        team = Team(folder, thread, cutter.url("postgres"), first.url(), ids, "abcde")
        stage = Stage(team, cutter, first, world, server.asked, draw)
        for host in team.hosts:
            stack.callback(host.end)
            host.start()
        stage.until("the first reads", lambda: len(team.statuses()) == len(truth(world)) > 0)
        said = [calm(stage, quiet)]
        cutter.share = 0.1
        stage.kill(kills, seconds / 4 / max(1, kills))
        stage.stand_still(still)
        stage.restart_database()
        stage.wait(10.0)
        stage.promote(replica)
        cutter.share = 0.0
        stage.until("what is true", lambda: team.statuses() == truth(world), seconds + 5 * PATIENCE)
        delivered = {id for (id, _), word in truth(world).items() if word == "Delivered"}
        stage.until("the last alert", lambda: team.told() >= delivered)
        stage.wait(2.0)
        assert [host.end() for host in team.hosts] == [143] * 5
        said.append(judged(stage, sent, delivered))
        said.append(f"{cutter.cut} of {cutter.connections} connections cut")
        return "; ".join(said)


def calm(stage: Stage, seconds: float) -> str:
    """While nothing happens all have the same to do, and each message its turn."""
    stage.wait(60.0)  # whoever came first lets go of what is too much
    since = time.time()
    stage.wait(seconds)
    until = time.time()
    sent = spread(stage.asked, since, until)
    even = sum(sent.values()) / 5
    assert sorted(sent) == [*"abcde"]
    assert all(0.9 * even <= each <= 1.1 * even for each in sent.values()), sent
    asked = by_message([each for each in stage.asked if since <= each.at < until])
    assert len(asked) == len(stage.world.messages), "none is starved"
    return f"in {seconds:.0f} s {dict(sent)}, {len(asked)} messages"


def judged(stage: Stage, sent: Mapping[str, Sequence[SimRecipient]], delivered: set[str]) -> str:
    """What the API heard and what the database says, against what was true."""
    team, asked = stage.team, stage.asked
    assert busiest(asked) <= BUDGET
    for requests in by_message(asked).values():
        assert not interleaved(requests, STEADY)
    happened = {
        (id, each.phone): each.changes[-1] for id, people in sent.items() for each in people
    }
    latest = 0.0
    for subject, seen in team.changes().items():
        change = happened[subject]
        assert [word for _, word in seen] == [change.status], subject
        late = seen[0][0] - change.at
        latest = max(latest, late)
        assert -SLACK <= late <= SEEN_WITHIN, (subject, late)
    assert set(team.events().values()) <= {1}
    assert set(team.episodes().values()) <= {1}
    told: set[str] = set()
    twice = 0
    for run in team.commands():
        twice += not told.isdisjoint(run)
        told |= run
    assert told >= delivered
    # Between the run and the note that it ran a kill costs a second run: better than none.
    assert twice <= team.killed + len(stage.stopped) + 2
    return (
        f"{len(asked)} requests, at most {busiest(asked)} of {BUDGET} in 60 s,"
        f" a change after {latest:.0f} s at most, {twice} commands run again"
    )


@pytest.mark.long
def test_five_hosts_through_kills_stops_cuts_and_another_database(tmp_path: Path) -> None:
    scale = float(os.environ.get("TESTS_TEAM", "1"))
    print(
        play(
            tmp_path,
            messages=int(2000 * scale),
            seconds=720 * scale,
            kills=int(50 * scale),
            still=60.0,
        )
    )
