"""Whatever the API does for an hour: no false status, every message recovers, said once."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from time import perf_counter
from typing import NamedTuple

import pytest

from smsmon.known import Condition
from smsmon.monitor.schedule import Limits
from smsmon.simulator.faults import (
    Cut,
    Drip,
    Garbage,
    Hang,
    HtmlPage,
    Queued,
    Raw,
    Refuse,
    Reset,
    ServerError,
    SlowStart,
    TooMany,
    WrongId,
)
from smsmon.simulator.wire import Spelling
from smsmon.simulator.world import World
from tests.chaos.storm import TIMEOUT, Spell, Storm, storm
from tests.simulator.support import add_random_messages
from tests.support.clock import VirtualClock
from tests.support.memory import resident

SPELLINGS = (
    Spelling(),
    Spelling(words="operator", stop="digit", date="number"),
    Spelling(words="other pages", stop="stopSms", date="paris", id_key="messageId"),
    Spelling(date="zero", phone_key="number", national=True, id_number=True),
)

_HOSTILE = b'{"success":true,"code":200,"message_id":"1","StatutResponse_List":"\x1b[2J"}'

ONE_BY_ONE = (
    Spell("bad gateway", ((ServerError(502), 1),), total=True),
    Spell("reset", ((Reset(), 1),), total=True),
    Spell("reset in the middle", ((Reset(after=100), 1),), total=True),
    Spell("hang", ((Hang(), 1),), total=True),
    Spell("hang in the middle", ((Hang(after=100), 1),), total=True),
    Spell("drip", ((Drip(TIMEOUT / 2), 1),), total=True),
    Spell("slow start", ((SlowStart(delay=2 * TIMEOUT, lasts=40), 1),)),
    Spell("garbage", ((Garbage(), 1),), total=True),
    Spell("captive portal", ((HtmlPage(), 1),), total=True),
    Spell("cut in half", ((Cut(0.5), 1),), total=True),
    Spell("cut near the end", ((Cut(0.97), 1),), total=True),
    Spell("wrong id", ((WrongId(), 1),), total=True),
    Spell("queued", ((Queued(), 1),), total=True),
    Spell("key refused", ((Refuse(10, latin1=True), 1),), total=True),
    Spell("account blocked", ((Refuse(30, http_errors=True), 1),), total=True),
    Spell("nothing found", ((Refuse(4), 1),), total=True),
    Spell("unknown code", ((Refuse(77), 1),), total=True),
    Spell("too many", ((TooMany("5"), 1),), total=True),
    Spell("too many, unexplained", ((TooMany(None), 1),), total=True),
    Spell("hostile", ((Raw(_HOSTILE), 1),), total=True),
    Spell("server gone", vanished=True, total=True),
)
ALL_AT_ONCE = Spell(
    "everything at once",
    (
        (ServerError(500), 0.05),
        (Reset(after=100), 0.05),
        (Hang(), 0.03),
        (Garbage(), 0.05),
        (HtmlPage(), 0.05),
        (Cut(0.7), 0.05),
        (WrongId(), 0.1),
        (Queued(), 0.1),
        (Refuse(4), 0.03),
        (TooMany("1"), 0.01),
    ),
)


def an_account(
    clock: VirtualClock, count: int, recipients: tuple[int, int]
) -> tuple[World, list[str]]:
    """A world whose messages leave from an hour ago until in ten minutes, in every spelling."""
    world = World(clock=clock, seed=7)
    ids = add_random_messages(world, count * 9 // 10, recipients, over=3600)
    ids += add_random_messages(world, count - len(ids), recipients, first_id=4_000_000, over=-600)
    # Profiles alternate by place: every spelling comes in either format.
    for place, id in enumerate(ids):
        world.messages[id].spelling = SPELLINGS[place // 2 % len(SPELLINGS)]
    return world, ids


async def test_minutes_of_every_trouble_leave_no_false_status() -> None:
    clock = VirtualClock()
    world, ids = an_account(clock, 60, (1, 12))
    async with storm(world, clock, Limits(per_minute=50), ids) as weather:
        await weather.pass_time(60)
        weather.meddling = 0.02
        for spell in ONE_BY_ONE:
            await weather.endure(spell, 20)
            await weather.pass_time(15)
        await weather.endure(ALL_AT_ONCE, 120)
        await weather.clear_up(within=1800)
        expect_all_well(weather)


@pytest.mark.long
async def test_hour_of_every_trouble_leaves_no_false_status() -> None:
    clock = VirtualClock()
    world, ids = an_account(clock, 500, (1, 120))
    began = perf_counter()
    sizes = []
    async with storm(world, clock, Limits(), ids) as weather:
        await weather.pass_time(120)
        weather.meddling = 0.005
        for spell in ONE_BY_ONE:
            await weather.endure(spell, 60)
            await weather.pass_time(45)
            sizes.append(Size.of(weather))
        await weather.endure(ALL_AT_ONCE, 1200)
        sizes.append(Size.of(weather))
        took = await weather.clear_up(within=3600)
        sizes.append(Size.of(weather))
        expect_all_well(weather)
    # Two clients hold open what they may; the server keeps a few more that they gave up, until
    # the clock it drips by moves on.
    assert max(each.connections for each in sizes) <= 3 * Limits().concurrency
    assert max(each.tasks for each in sizes) <= 4 * Limits().concurrency
    assert sizes[-1].resident - sizes[0].resident < 10 * 2**20  # what the bounded stores may fill
    print(summary(weather))
    print(f"last message read {took:.0f} s after the end; {perf_counter() - began:.0f} s in all")
    print(f"memory: {sizes[0].resident / 1e6:.1f} MB, then {sizes[-1].resident / 1e6:.1f} MB")


def expect_all_well(weather: Storm) -> None:
    """After the end of all faults: every message read, every account well, and no rule broken."""
    engine = weather.engine
    assert all(watched.fault is None for watched in engine.board)
    assert all(engine.account(name).condition is Condition.OK for name in engine.profiles)
    assert weather.busiest <= engine.allowed


class Size(NamedTuple):
    """How large everything is at a moment."""

    tasks: int
    connections: int
    resident: int
    """Bytes of the process, server and client and test together."""

    @classmethod
    def of(cls, weather: Storm) -> Size:
        gc.collect()
        return cls(len(asyncio.all_tasks()), weather.server.connections, resident())


def summary(weather: Storm) -> str:
    """The numbers of a storm, to read."""
    kinds = Counter(event.kind.value for event in weather.events)
    polls = {str(kind): count for kind, count in weather.oracle.outcomes.most_common()}
    return (
        f"{len(weather.engine.board)} messages, {weather.requests} requests, "
        f"at most {weather.busiest} in 60 s, {weather.oracle.compared} recipients compared\n"
        f"polls: {polls}\nevents: {dict(kinds.most_common())}"
    )
