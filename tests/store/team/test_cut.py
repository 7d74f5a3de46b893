"""Connections break, at the worst moments: what was recorded is there once, all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, cycle

import pytest

from smsmon.model import Event, EventKind
from smsmon.store.errors import StoreError
from smsmon.store.team import TeamStore, keeper, reach
from smsmon.store.team.address import Address
from smsmon.store.team.database import Access
from tests.store.places import Place, Process, changes
from tests.store.reports import START, row
from tests.support.cutting import Cut, Way
from tests.support.postgres import Pooler, Server, make_store, shared
from tests.support.waiting import PATIENCE

STATUSES = ("Waiting", "Delivered", "Not delivered")


def place_at(url: str) -> Place:
    return lambda: TeamStore(Access(Address.parse(url)))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits seconds until the next try."""
    for module, name in [
        (keeper, "RETRY_FIRST"), (keeper, "RETRY_MOST"), (reach, "PAUSE_FIRST"),
        (reach, "PAUSE_MOST"), (reach, "PAUSE_LEAST"),
    ]:  # fmt: skip
        monkeypatch.setattr(module, name, 0.01)


async def kept(console: Process) -> None:
    """Wait until all is written, however often that fails before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await console.history.flush()
            except StoreError:
                continue
            return


async def record(console: Process, *moments: int) -> None:
    """A message whose three recipients change with every poll, and an event beside each."""
    if "300" not in console.board:
        console.watch("300")
    for n in moments:
        console.poll("300", [row(i, STATUSES[(n + i) % 3]) for i in range(3)], START + n)
        console.history.record_event(Event(EventKind.ACCOUNT_UP, START + n, None, "default"))
        await kept(console)


def check(place: Place, times: int) -> None:
    """Each change and each event once, in its order."""
    assert [(slot, at) for _, slot, *_, at in changes(place)] == [
        (slot, n) for n in range(1, times) for slot in range(3)
    ]
    with place().archive() as archive:
        events = [each.at - START for each in archive.account_events(0.0)]
        assert events == list(range(times))
        assert len(archive.timeline("300").events) == 1, "it was read first, once"


async def test_around_every_commit(team_store: str) -> None:
    fates = cycle([Cut.AFTER, Cut.NOT, Cut.BEFORE, Cut.AFTER, Cut.AFTER, Cut.NOT, Cut.NOT])
    met: list[Cut] = []

    def cut() -> Cut:
        met.append(next(fates))
        return met[-1]

    with Way(shared().folder, cut) as way:
        async with Process(place_at(way.url(team_store))) as console:
            await record(console, *range(8))
            fates = cycle([Cut.NOT])
    assert met.count(Cut.AFTER) >= 4
    check(place_at(team_store), 8)


async def test_around_a_commit_of_what_is_written_without_a_part(team_store: str) -> None:
    fates: Iterator[Cut] = cycle([Cut.NOT])
    with Way(shared().folder, lambda: next(fates)) as way:
        async with Process(place_at(way.url(team_store))) as console:
            await kept(console)
            fates = chain([Cut.AFTER], cycle([Cut.NOT]))
            for n, detail in enumerate(["kept", "no text \0", "kept"]):
                event = Event(EventKind.ACCOUNT_UP, START + n, None, "default", detail)
                console.history.record_event(event)
            await kept(console)
    with place_at(team_store)().archive() as archive:
        assert [each.at - START for each in archive.account_events(0.0)] == [0, 2]


async def test_between_two_writes(team_store: str) -> None:
    with Way(shared().folder) as way:
        async with Process(place_at(way.url(team_store))) as console:
            for n in range(3):
                await record(console, n)
                way.break_all()
    check(place_at(team_store), 3)


async def test_a_server_that_begins_anew_and_one_that_takes_over(own_server: Server) -> None:
    make_store(own_server.url())
    replica = own_server.replica()
    folders = f"{own_server.folder},{replica.folder}"
    both = own_server.url().replace(str(own_server.folder), folders)
    try:
        async with Process(place_at(both)) as console:
            await record(console, 0, 1)
            own_server.restart("immediate")
            await record(console, 2)
            await replicated(own_server, replica)
            own_server.stop("immediate")
            replica.promote()
            await record(console, 3, 4)
        check(place_at(replica.url()), 5)
    finally:
        replica.close()


async def replicated(server: Server, replica: Server) -> None:
    """Wait until a replica has all that its server has."""
    import psycopg

    with (
        psycopg.connect(server.url(), autocommit=True) as first,
        psycopg.connect(replica.url(), autocommit=True) as second,
    ):
        (end,) = first.execute("SELECT pg_current_wal_lsn()::text").fetchone() or ("",)
        async with asyncio.timeout(PATIENCE):
            while True:
                row = second.execute("SELECT pg_last_wal_replay_lsn() >= %s", [end]).fetchone()
                if row and row[0]:
                    return
                await asyncio.sleep(0.01)


async def test_a_pooler_that_lends_connections_by_the_transaction(team_store: str) -> None:
    name = team_store.partition("?")[0].rpartition("/")[2]
    with Pooler(shared()) as pooler:
        place = place_at(pooler.url(name))
        async with Process(place) as console, Process(place) as other:
            await record(console, *range(8))
            follower = other.history.follower()
            assert [each.key for each in follower.newer(follower.end()).messages] == [
                ("300", "default")
            ]
            follower.close()
        check(place, 8)
