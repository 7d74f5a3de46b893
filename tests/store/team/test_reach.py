"""A database that does not answer is tried now and then, by one for all."""

from __future__ import annotations

from random import Random

import pytest

from smsmon.store.errors import Unreachable
from smsmon.store.team.reach import Reach
from tests.support.clock import VirtualClock

GONE = Unreachable("db.example", "no answer", "Wait.")


@pytest.mark.parametrize("seed", range(5))
async def test_it_is_tried_from_one_second_to_thirty_apart(seed: int) -> None:
    clock = VirtualClock()
    reach = Reach(clock.monotonic, Random(seed))
    pauses = []
    for _ in range(50):
        reach.check()
        reach.failed(GONE)
        reach.failed(GONE)  # two at the same time are one try
        with pytest.raises(Unreachable, match="no answer"):
            reach.check()
        pauses.append(reach.pause)
        await clock.advance(reach.pause)
    assert all(1.0 <= each <= 30.0 for each in pauses)
    assert max(pauses[:2]) <= 4.0
    assert max(pauses) > 15.0
    assert len(set(pauses)) == len(pauses), "many processes do not all come at once"


async def test_whoever_reaches_it_tells_all_and_the_next_outage_begins_anew() -> None:
    clock = VirtualClock()
    reach = Reach(clock.monotonic, Random(1))
    told: list[str] = []
    reach.listen(lambda: told.append("again"))
    reach.worked()
    assert not told
    for _ in range(9):
        reach.failed(GONE)
        await clock.advance(reach.pause)
    reach.worked()
    assert told == ["again"]
    assert reach.error is None
    reach.check()
    reach.failed(GONE)
    assert reach.pause <= 2.0
