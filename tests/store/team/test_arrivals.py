"""Messages that came by themselves, in a team's database: who listens hears of them, and who may
only look changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smsmon.model import Arrival, Entry
from smsmon.store.shared import News
from smsmon.store.team.address import Address
from smsmon.store.team.database import Access, Database
from smsmon.store.team.watchlist import TeamArrivals
from tests.store.reports import START
from tests.support.clock import VirtualClock
from tests.support.postgres import Server, make_store

CAME = Entry("1", added_at=START, arrival=Arrival("otp", 60.0))


def arrivals(url: str) -> TeamArrivals:
    return TeamArrivals(Database(Access(Address.parse(url))), VirtualClock(START))


def test_only_what_changed_rings(team_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[News] = []
    monkeypatch.setattr(Database, "ring", lambda self, db, news: rung.append(news))
    taking = arrivals(team_store)
    taking.take([CAME], "otp", "1")
    assert News.ARRIVALS in rung
    rung.clear()
    taking.take([CAME], "otp", "2")
    taking.leave(["nobody"])
    assert not any(rung)


def test_a_promoted_replica_gets_back_what_came_last(own_server: Server) -> None:
    make_store(own_server.url())
    arrivals(own_server.url()).take([CAME])
    replica = own_server.replica()
    try:
        both = f"{own_server.folder},{replica.folder}"
        watching = arrivals(own_server.url().replace(str(own_server.folder), both))
        replica.stop()
        watching.take([replace(CAME, id="2")], "otp", "20")
        watching.load()
        own_server.stop("immediate")
        replica.start()
        replica.promote()
        arrivals(replica.url()).take([replace(CAME, id="3")])
        found = watching.newer()
        assert found is not None
        assert not found.left
        assert [each.id for each in arrivals(replica.url()).load()] == ["1", "3", "2"]
        assert arrivals(replica.url()).position("otp") == "20"
        assert watching.newer() is None
    finally:
        replica.close()
