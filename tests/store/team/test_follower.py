"""What a follower reads of a team's database: all that was committed, in whatever order, once."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsmon.store.errors import Busy, Unreachable
from smsmon.store.shared import NOTHING_NEW, Cursor, News
from smsmon.store.team.address import Address
from smsmon.store.team.bell import EVERYTHING, Bell
from smsmon.store.team.database import Access, Database
from smsmon.store.team.history import TeamFollower
from tests.support.keeper import wait_until
from tests.support.postgres import Server, make_store
from tests.support.waiting import PATIENCE

_EVENT = (
    "INSERT INTO event (at, kind, message_id, profile, detail)"
    " VALUES (0, 'added', %s, 'default', '')"
)
_POLL = (
    "INSERT INTO last_poll (message_id, profile, sequence, read_at, reason)"
    " VALUES (%s, 'default', 0, %s, '') ON CONFLICT (message_id) DO UPDATE SET"
    " read_at = excluded.read_at, xid = pg_current_xact_id()"
)
WRITERS = 3


class Writer:
    """A process that records, in transactions that last."""

    def __init__(self, url: str, number: int) -> None:
        self.connection = psycopg.connect(url)
        self.message_id = str(number)
        self.pending: list[str] = []
        self.read_at = 0

    def write(self, number: int) -> None:
        """One event, and a poll of its own message."""
        self.pending.append(f"event {number}")
        self.connection.execute(_EVENT, (self.pending[-1],))
        self.connection.execute(_POLL, (self.message_id, number * 1000))

    def end(self, *, kept: bool) -> list[str]:
        """The events that are there from now on."""
        done, self.pending = self.pending, []
        (self.connection.commit if kept else self.connection.rollback)()
        return done if kept else []


def follower_of(url: str) -> TeamFollower:
    return TeamFollower(Database(Access(Address.parse(url))), {})


# Each example begins at a cursor of its own, in the same store.
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["write", "commit", "roll back"]), st.integers(0, 2)),
            st.just(("look", 0)),
        ),
        max_size=40,
    )
)
def test_nothing_is_lost_or_read_twice_in_whatever_order_transactions_end(
    team_store: str, steps: list[tuple[str, int]]
) -> None:
    with ExitStack() as stack:
        writers = [Writer(team_store, number) for number in range(WRITERS)]
        for each in writers:
            stack.enter_context(closing(each.connection))
        follower = stack.enter_context(closing(follower_of(team_store)))
        cursor = follower.newer(follower.end()).cursor
        expected: list[str] = []
        told: list[str] = []
        polls: dict[str, float | None] = {}
        seen: Counter[tuple[str, float | None]] = Counter()

        def look() -> None:
            nonlocal cursor
            newer = follower.newer(cursor)
            cursor = newer.cursor
            told.extend(each.message_id or "" for each in newer.events)
            for each in newer.messages:
                polls[each.key[0]] = each.last_poll.read_at
                seen[each.key[0], each.last_poll.read_at] += 1
            assert sorted(told) == sorted(expected), "all that is committed, once"

        for number, (what, place) in enumerate(steps):
            if what == "look":
                look()
            elif what == "write":
                writers[place].write(number)
            else:
                expected += writers[place].end(kept=what == "commit")
        for each in reversed(writers):
            expected += each.end(kept=True)
            look()
        assert seen.total() == len(seen), "no poll is read again that did not change"
        with psycopg.connect(team_store) as connection:
            for message_id, read_at in connection.execute(
                "SELECT message_id, read_at FROM last_poll"
            ):
                assert polls.get(message_id, read_at / 1000) == read_at / 1000


def test_what_could_not_be_looked_at_is_looked_at_the_next_time(
    team_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bell, "begin", lambda _: None)  # what is rung for meanwhile is no help
    with closing(follower_of(team_store)) as follower, monkeypatch.context() as busy:
        busy.setattr(Database, "ask", lambda *_: (_ for _ in ()).throw(Busy("there", "x", "y")))
        with pytest.raises(Busy):
            follower.changed()
        busy.undo()
        assert follower.changed() == EVERYTHING
        assert follower.changed() == NOTHING_NEW


def test_one_that_may_only_look_reads_polls_from_the_end_on_all_and_of_events_new_ones(
    team_store: str,
) -> None:
    writer = Writer(team_store, 1)
    writer.connection.execute("DROP ROLE IF EXISTS looks")
    writer.connection.execute("CREATE ROLE looks LOGIN")
    writer.connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looks")
    writer.connection.commit()
    looking = team_store.replace("postgres@", "looks@", 1)
    with closing(writer.connection), closing(follower_of(looking)) as follower:
        writer.write(1)
        writer.end(kept=True)
        newer = follower.newer(follower.end())
        assert "1" in {each.key[0] for each in newer.messages}
        assert not newer.events
        again = follower.newer(newer.cursor)
        assert (again.messages, again.events) == ([], [])
        follower.wishes()
        writer.connection.execute("DROP OWNED BY looks; DROP ROLE looks")
        writer.connection.commit()


def test_a_replica_that_takes_over_is_followed_from_what_it_knows(own_server: Server) -> None:
    url = own_server.url()
    make_store(url)
    writer = Writer(url, 1)
    writer.write(1)
    writer.end(kept=True)
    replica = own_server.replica()
    try:
        with closing(follower_of(url)) as follower:
            before = follower.newer(follower.end()).cursor
        for asked in ("", "&target_session_attrs=primary"):
            with (
                closing(follower_of(replica.url() + asked)) as follower,
                pytest.raises(Unreachable, match="only a standby answers"),
            ):
                follower.end()
        writer.connection.close()
        own_server.stop("immediate")
        replica.promote()
        writer = Writer(replica.url(), 2)
        with closing(writer.connection), closing(follower_of(replica.url())) as follower:
            writer.write(2)
            writer.end(kept=True)
            # What the one before had numbered and lost, this one has given to others.
            lost = Cursor(1, before.event, _later(before.mark, 1_000))
            newer = follower.newer(lost)
            assert {each.key[0] for each in newer.messages} >= {"1", "2"}
            assert [each.message_id for each in newer.events] == ["event 2"]
            assert follower.newer(newer.cursor).events == []
    finally:
        replica.close()


def _later(mark: str, by: int) -> str:
    line, snapshot = mark.split(" ")
    xmin, xmax, _ = snapshot.split(":")
    return f"{line} {int(xmin) + by}:{int(xmax) + by}:"


def test_it_looks_when_it_is_rung_and_says_when_nobody_answers(own_server: Server) -> None:
    url = own_server.url()
    make_store(url)
    with closing(follower_of(url)) as follower, closing(follower_of(url)) as other:
        rung: list[str] = []
        follower.ring(lambda: rung.append("ring"))
        # A look that comes before it listens does not test the bell: the next one does.
        wait_until(lambda: [follower.changed()] and follower._bell.works, "it works", PATIENCE)
        wait_until(lambda: not follower.changed(), "it is calm", PATIENCE)
        rung.clear()
        with other._database.writing(News.POLLS):
            pass
        wait_until(lambda: rung, "it rings", PATIENCE)
        assert follower.changed() == News.POLLS
        own_server.stop()
        wait_until(lambda: _gone(follower), "it is gone", PATIENCE)
        assert _gone(follower), "at once, without a try"
        own_server.start()
        wait_until(lambda: not _gone(follower), "it is back", PATIENCE)
        assert follower.changed() in (EVERYTHING, News(0))
        follower.newer(follower.end())


def _gone(follower: TeamFollower) -> bool:
    try:
        follower.changed()
    except Unreachable:
        return True
    return False
