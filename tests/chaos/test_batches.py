"""Whatever batches do for an hour: no false status, nothing lost, and the history has it so.

What the simulator says of each recipient, and from when on, is its log; the history is held
against it change by change. One thing nobody can see in an answer: that a recipient waits still,
from an account whose batches were right until then. That ends with the batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import pytest

from smsmon.model import Arrival, Entry, EventKind
from smsmon.monitor.schedule import Limits
from smsmon.recipients import Status, status_of
from smsmon.simulator.faults import (
    Cut,
    Echo,
    Garbage,
    Hang,
    HtmlPage,
    Queued,
    Refuse,
    Reset,
    Rows,
    ServerError,
    TooMany,
    Trouble,
    WrongId,
)
from smsmon.simulator.routes import BATCH_PATH
from smsmon.simulator.world import World
from smsmon.store.local.history import LocalHistory
from tests.chaos.storm import PROFILES, Spell, Storm, storm
from tests.chaos.test_chaos import SPELLINGS, expect_all_well
from tests.simulator.support import add_random_messages
from tests.store.reports import rows_of
from tests.support.clock import VirtualClock

LIES = Rows("lies", share=0.5)
SWITCHES = (EventKind.BATCHES_ON, EventKind.BATCHES_OFF)
HOUR = (
    LIES,
    Rows("other ids", share=0.5),
    Rows("swapped", share=0.5),
    Rows("missing", share=0.5),
    Rows("refused", share=0.5),
    Rows("more", share=0.5),
    Rows("words", share=1.0),
    Rows("other ids", share=1.0),
    Cut(0.6),
    Garbage(),
    HtmlPage(),
    Queued(),
    WrongId(),
    Echo(),
    Refuse(9),
    Refuse(4),
    ServerError(404),
    ServerError(502),
    TooMany("1"),
    Hang(),
    Reset(after=100),
)


async def test_batches_that_go_wrong_leave_no_false_status(tmp_path: Path) -> None:
    troubles = (LIES, Rows("other ids"), Rows("swapped"), Cut(0.6))
    limits = Limits(per_minute=120)
    await endured(tmp_path, troubles, limits=limits, there=60, a_minute=20, lasts=20, every=90)


@pytest.mark.long
async def test_hour_of_batches_that_go_wrong_leaves_no_false_status(tmp_path: Path) -> None:
    began = perf_counter()
    told = await endured(
        tmp_path, HOUR, limits=Limits(), there=300, a_minute=60, lasts=60, every=150
    )
    print(f"{told}; {perf_counter() - began:.0f} s in all")


async def endured(
    folder: Path,
    troubles: Sequence[Trouble],
    *,
    limits: Limits,
    there: int,
    a_minute: int,
    lasts: float,
    every: float,
) -> str:
    """Each trouble twice, for ``lasts`` seconds: from the first batch on, and once they are used.

    ``there`` codes are watched from the beginning, and ``a_minute`` come, for ``every`` seconds
    of each trouble. Gives what happened, to read.
    """
    clock = VirtualClock()
    world, known, coming = codes(clock, there, a_minute, len(troubles) * every)
    file = folder / "history.db"
    history = LocalHistory(file, clock)
    history.record_alone()
    history.start()
    waited, connections = [], []
    async with storm(world, clock, limits, known, recorder=history) as weather:
        weather.coming = coming
        for trouble in troubles:
            spell = Spell(str(trouble), ((trouble, 1.0),), path=BATCH_PATH)
            await begin_anew(weather)
            await weather.endure(spell, lasts)
            waited.append(await until_used(weather, True))
            weather.oracle.deceived = trouble is LIES
            await weather.endure(spell, lasts)
            weather.oracle.deceived = False
            connections.append(weather.server.connections)
        took = await weather.clear_up(within=3600)
        read = {each.id: each.read_at for each in weather.engine.board}
        assert read.keys() == world.messages.keys()
        assert not weather.oracle.false, "what was false is read again"
        expect_all_well(weather)
        await history.close()
    assert false_changes(world, file) == 0
    assert statuses(file) == {
        (id, each.phone): status_of(each.status)
        for id, at in read.items()
        for each in world.truth(id, at)
    }, "nothing is lost"
    kinds = Counter(each.kind.value for each in weather.events)
    return (
        f"{len(read)} messages, {weather.requests} requests, {weather.batches} of them batches,"
        f" used {sum(waited) / len(waited):.0f} s after a trouble; all read {took:.0f} s after the"
        f" end; {dict(kinds.most_common())}; {max(connections)} connections"
    )


def codes(
    clock: VirtualClock, there: int, a_minute: int, seconds: float
) -> tuple[World, list[str], list[Entry]]:
    """A world of one-time codes and some larger messages: the ids of those that are there, and
    those that a source tells of when they are sent, every second with its number; the last first.
    """
    world = World(clock=clock, seed=11)
    known = add_random_messages(world, there, recipients=1, over=600)
    known += add_random_messages(world, there // 10, (2, 8), first_id=4_000_000, over=600)
    count = int(a_minute * seconds / 60)
    later = add_random_messages(world, count, recipients=1, first_id=5_000_000, over=-seconds)
    for place, id in enumerate([*known, *later]):
        world.messages[id].spelling = SPELLINGS[place // 2 % len(SPELLINGS)]
    coming = []
    for place, id in enumerate(later):
        at, phone, *_ = next(world.changes(id))
        arrival = Arrival("log", 3600.0, phone if place % 2 else "")
        profile = [*PROFILES][place // 2 % 2]
        coming.append(Entry(id, added_at=at, profile=profile, arrival=arrival))
    return world, known, sorted(coming, key=lambda each: -each.added_at)


async def until_used(weather: Storm, wanted: bool) -> float:
    """Seconds until both accounts use batches, or none."""

    def so() -> bool:
        events = [each for each in weather.events if each.kind in SWITCHES]
        last = {each.profile: each.kind is EventKind.BATCHES_ON for each in events}
        return [*last.values()].count(wanted) == len(PROFILES)

    took = 0.0
    for _ in range(10):
        if wanted:
            weather.connect_anew()  # what was said in the trouble may speak against them still
        took += await weather.pass_time(90, so)
        if so():
            return took
    raise AssertionError(f"batches are never {'used' if wanted else 'given up'}")


async def begin_anew(weather: Storm) -> None:
    """Have nothing known of batches: they are refused to a source that is then replaced."""
    weather.server.faults.only(Refuse(9), path=BATCH_PATH)
    weather.connect_anew()
    await until_used(weather, False)
    weather.server.faults.clear()
    weather.connect_anew()


def false_changes(world: World, file: Path) -> int:
    """How many changes the history has that were none at that moment."""
    query = (
        "SELECT m.message_id, r.phone, c.observed_at, c.after, c.stop_after FROM change c"
        " JOIN message m ON m.id = c.message"
        " JOIN recipient r ON r.message = c.message AND r.slot = c.slot"
    )
    found = 0
    for id, phone, at, after, stop in rows_of(file, query):
        said = Status(int(str(after))), bool(stop)
        moments = (int(str(at)) / 1000 + part for part in (-0.001, 0.001))  # kept in milliseconds
        rows = [row for moment in moments for row in world.truth(str(id), moment)]
        true = {(status_of(row.status), row.stop) for row in rows if row.phone == f"+{phone}"}
        found += said not in true
    return found


def statuses(file: Path) -> dict[tuple[str, str], int]:
    """Message and phone → its status, as the history has it."""
    query = "SELECT message_id, phone, status FROM recipient JOIN message ON id = message"
    return {(str(id), f"+{phone}"): int(str(status)) for id, phone, status in rows_of(file, query)}
