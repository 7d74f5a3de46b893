"""Sources and a team's database that goes away: nothing is read on, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.sources.running import reader_key
from smsmon.store.team.address import Address
from smsmon.store.team.database import Access, Database
from smsmon.store.team.watchlist import TeamArrivals
from tests.sources.keeping import log_of, running
from tests.support.clock import VirtualClock
from tests.support.postgres import Server, make_store


@pytest.mark.long
async def test_what_is_sent_while_the_database_is_gone_comes_when_it_is_back(
    own_server: Server, tmp_path: Path
) -> None:
    make_store(own_server.url())
    clock = VirtualClock()
    path, source = log_of(tmp_path)
    kept = TeamArrivals(Database(Access(Address.parse(own_server.url()))), clock)

    def write(*ids: str) -> None:
        with path.open("a") as file:
            file.writelines(f"sent {id}\n" for id in ids)

    async with running(tmp_path, kept, {"shop": source}, clock) as here:
        await here.until(lambda: kept.position(reader_key("shop", source)))
        write("1")
        await here.until(lambda: here.sources.standings["shop"].taken == 1)
        own_server.stop("immediate")
        write("2", "3")
        await here.until(lambda: here.sources.troubles)
        write("4")
        assert here.said == [], "who polls tells that"
        own_server.start()
        await here.until(lambda: here.sources.standings["shop"].taken == 4)
        await here.until(lambda: not here.sources.troubles)
    assert [each.id for each in kept.load()] == ["1", "2", "3", "4"]
