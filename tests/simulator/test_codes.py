"""A stream of codes: what the log tells is what the API knows."""

from __future__ import annotations

from smsmon.simulator.scenario import FIRST_ID, MATCH, Codes
from smsmon.simulator.world import World
from smsmon.sources.arrived import Arrived, Matching
from tests.support.clock import START, VirtualClock


async def test_each_code_is_logged_as_it_is_sent_and_the_api_knows_it() -> None:
    clock = VirtualClock()
    world = World(clock=clock, seed=3)
    log: list[bytes] = []
    codes = Codes(world, log.append, a_minute=60.0, before=60.0)
    until_next = codes.send_due()
    before = len(b"".join(log).splitlines())
    assert 30 < before < 90
    assert until_next > 0
    await clock.advance(300)
    codes.send_due()
    lines = b"".join(log).decode().splitlines()
    assert 280 < len(lines) < 440
    reading = Matching(MATCH)
    for number, line in enumerate(lines, FIRST_ID):
        (told,) = reading.read(line)
        assert isinstance(told, Arrived)
        assert told.id == str(number)
        assert told.label
        assert told.tags
        assert told.sent_at is not None
        assert START - 60 <= told.sent_at <= clock.now()
        (recipient,) = world.truth(told.id)
        assert recipient.phone == told.phone
