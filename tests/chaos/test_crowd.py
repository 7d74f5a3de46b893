"""Whoever ends or stands still: one polls, and nothing is told, run or recorded twice."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random

import pytest

from smsmon.simulator.faults import Cut, HtmlPage, Queued, Reset, ServerError
from smsmon.simulator.world import World
from tests.chaos.crowd import (
    BUDGET,
    PATIENCE,
    Crowd,
    busiest,
    deliveries,
    interleaved,
    listening,
    truth,
    weather,
)
from tests.support.keeper import wait_until

TROUBLES = (ServerError(502), Reset(), Cut(), HtmlPage(), Queued())
STEADY = 2.5
"""Seconds: whoever lost the lease to one that stood still does not have it back before."""

until = partial(wait_until, patience=PATIENCE, every=0.05)


def live_through(folder: Path, seconds: float, disturbances: int | None, seed: int) -> str:
    """Three processes on one home and one on another; gives what there is to say of it."""
    ids = [str(4_000_000 + each) for each in range(8)]
    sent = time.time() - 60
    world = World(messages=deliveries(ids, sent, sent + 86_400, seconds, Random(seed)))
    done: list[str] = []
    with listening(world) as (thread, server), ExitStack() as stack:
        crowds = [Crowd(folder / "a", thread, ids, "xyz"), Crowd(folder / "b", thread, ids, "o")]
        for crowd in crowds:
            for member in crowd.members:
                stack.callback(member.end)
                member.start()
        shared, _ = crowds
        for crowd in crowds:  # what was delivered before nobody would be told of
            until(lambda crowd=crowd: crowd.statuses() == truth(world), "the first reads")  # type: ignore[misc]
        draw, start = Random(seed), time.time()
        for message in deliveries(ids, sent, start, seconds, draw):
            world.add(message)
        server.faults.windows = weather(TROUBLES, 0.03)
        while time.time() < start + seconds and (disturbances is None or len(done) < disturbances):
            done.append(shared.disturb(draw, time.sleep))
            time.sleep(draw.uniform(3.0, 6.0) if disturbances is None else 1.0)
        server.faults.clear()
        until(lambda: time.time() > start + seconds, "the last delivery")
        for crowd in crowds:
            until(lambda crowd=crowd: crowd.statuses() == truth(world), "what is true")  # type: ignore[misc]
        delivered = {id for (id, _), word in truth(world).items() if word == "Delivered"}
        until(lambda: all(each.told() >= delivered for each in crowds), "the last alert")
        time.sleep(1.0)
        codes = [member.end() for crowd in crowds for member in crowd.members]
        assert codes == [143] * 4
        ours = [each for each in server.asked if each.who in "xyz" and each.about]
        # It is judged by when a request came: of a process that was stopped, or lost the lease, one
        # may have been under way, and on a machine that does much else it comes late.
        assert len(interleaved(ours, STEADY)) <= len(done)
        assert busiest(server.asked) <= BUDGET
        for crowd in crowds:
            assert set(crowd.changes().values()) <= {1}
            assert set(crowd.events().values()) <= {1}
            runs = crowd.commands()
            assert not delivered - runs.keys()
            # Between the run and the note that it ran a kill costs a second run: better than none.
            assert sum(runs.values()) - len(runs) <= crowd.killed * len(runs)
        return f"{len(server.asked)} requests, {done}, at most {busiest(server.asked)} in 60 s"


@pytest.mark.timeout(3 * PATIENCE)
def test_three_on_one_home_and_one_on_another_agree_whatever_befalls_them(tmp_path: Path) -> None:
    live_through(tmp_path, 12.0, 2, seed=6)


@pytest.mark.long
def test_ten_minutes_of_ends_and_stops(tmp_path: Path) -> None:
    print(live_through(tmp_path, 600.0, None, seed=2))
