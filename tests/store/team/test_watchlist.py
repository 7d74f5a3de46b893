"""The team's watchlist in rows: several write at once, and each sees it in the next look."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsmon.model import Entry
from smsmon.store.errors import Unreachable
from smsmon.store.team.address import Address
from smsmon.store.team.database import Access, Database
from smsmon.store.team.watchlist import TeamWatchlist
from smsmon.tags import TagChange
from tests.support.postgres import Server, make_store


def watchlist(url: str, who: str = "") -> TeamWatchlist:
    return TeamWatchlist(Database(Access(Address.parse(url))), who=who)


def test_several_hosts_that_write_at_once_lose_nothing(team_store: str) -> None:
    watchlist(team_store).add([Entry("1")])

    def host(n: int) -> None:
        own = watchlist(team_store, f"host{n}")
        own.add([Entry(str(100 + n), f"of {n}"), Entry("9", tags=(f"t{n}",))])
        own.amend(["1"], tags=TagChange((f"t{n}",)))
        own.add([Entry(str(200 + n))])
        own.remove([str(200 + n)])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(host, range(4)))
    kept = {entry.id: entry for entry in watchlist(team_store).load()}
    assert sorted(kept) == ["1", "100", "101", "102", "103", "9"]
    assert all(sorted(kept[id].tags) == ["t0", "t1", "t2", "t3"] for id in ("1", "9"))
    assert next(iter(kept)) == "1", "in the order in which they came"


def test_to_ask_whether_it_changed_is_one_question_for_one_number(team_store: str) -> None:
    database = Database(Access(Address.parse(team_store)))
    asking, other = TeamWatchlist(database), watchlist(team_store)
    other.add([Entry(str(n)) for n in range(100)])
    assert len(asking.poll_changes() or ()) == 100
    count = "SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM pg_stat_xact_user_tables"
    with database.working() as connection, connection.snapshot():
        (before,) = connection.execute(count).fetchone() or (0,)
        assert asking.poll_changes() is None
        (after,) = connection.execute(count).fetchone() or (0,)
    assert after - before == 1
    other.remove(["7"])
    assert len(asking.poll_changes() or ()) == 99
    other.amend(["7"], label="gone")
    assert asking.poll_changes() is None, "nothing was changed by that"


_ENTRIES = st.builds(
    Entry,
    id=st.integers(1, 6).map(str),
    label=st.text(max_size=5),
    tags=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    note=st.text(max_size=5),
    paused=st.booleans(),
    added_at=st.integers(0, 2**33).map(float),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.lists(_ENTRIES, max_size=4), max_size=4), st.data())
def test_what_is_put_there_is_read_back(
    team_store: str, lists: list[list[Entry]], data: st.DataObject
) -> None:
    writes, reads = watchlist(team_store, "anna@ops"), watchlist(team_store)
    writes.remove(entry.id for entry in writes.load())
    for entries in lists:
        writes.add(entries)
        if data.draw(st.booleans()):
            writes.update(lambda known: list(reversed(known)))
        elsewhere = reads.load()
        assert elsewhere == list(writes.entries)
        assert [(e.note_by, e.note_at) for e in elsewhere] == [
            (e.note_by, e.note_at) for e in writes.entries
        ]


def test_a_replica_that_lacked_the_last_change_gives_its_number_to_another(
    own_server: Server,
) -> None:
    make_store(own_server.url())
    watchlist(own_server.url()).add([Entry("1")])
    replica = own_server.replica()
    try:
        both = f"{own_server.folder},{replica.folder}"
        asking = watchlist(own_server.url().replace(str(own_server.folder), both))
        replica.stop()
        asking.add([Entry("2")])
        own_server.stop("immediate")
        replica.start()
        replica.promote()
        watchlist(replica.url()).add([Entry("3")])
        assert [entry.id for entry in asking.poll_changes() or ()] == ["1", "3"]
        assert asking.poll_changes() is None
    finally:
        replica.close()


def test_the_last_list_stays_while_the_server_is_gone(own_server: Server) -> None:
    make_store(own_server.url())
    asking = watchlist(own_server.url())
    asking.add([Entry("1")])
    own_server.stop("immediate")
    for attempt in (asking.poll_changes, asking.load, lambda: asking.add([Entry("2")])):
        with pytest.raises(Unreachable):
            attempt()
    assert [entry.id for entry in asking.entries] == ["1"]
    assert isinstance(asking.broken, Unreachable)
