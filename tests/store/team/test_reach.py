"""A database that does not answer is tried now and then, by one for all."""

from __future__ import annotations

from random import Random
from typing import Any

import psycopg
import pytest

from smsmon.store.errors import Unreachable
from smsmon.store.team.address import Address, NotMade
from smsmon.store.team.database import Access, Database
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


def test_a_store_that_does_not_fit_is_not_connected_to_again_and_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    connect = Access._connected

    def counted(self: Access, *given: Any) -> psycopg.Connection[Any]:
        tried.append("again")
        return connect(self, *given)

    monkeypatch.setattr(Access, "_connected", counted)
    now = 0.0
    access = Access(Address.parse(database))
    access.reach = Reach(lambda: now)
    for now in (0.0, 0.4, 0.8, 40.0):  # noqa: B007 - the clock's
        with pytest.raises(NotMade), Database(access) as empty:
            empty.ask(lambda _: None)
    assert len(tried) == 2
