"""Leases in rows of a real PostgreSQL: five processes, and what can become of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf

import psycopg
import pytest

from smsmon.known import CHIEF, account_part
from smsmon.store.errors import NotWritable, Unreachable
from smsmon.store.parts import AGAIN, LASTS, SURE, PartialLease
from smsmon.store.shared import Rank, Work
from smsmon.store.team import TeamStore
from smsmon.store.team.address import Address
from smsmon.store.team.database import Access
from smsmon.store.team.lease import TeamRows
from tests.support.clock import VirtualClock
from tests.support.postgres import Server, make_store
from tests.support.waiting import PATIENCE

RATES = (1 / 10, 1 / 20, 1 / 120, 1 / 900)
WANTED = {
    CHIEF: Work(),
    account_part("a"): Work("a"),
    **{str(n): Work("a", RATES[n % 7 % 4]) for n in range(200)},
}


class Group:
    """Processes on one store, whose clocks and the database's go on together."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clocks: dict[PartialLease, VirtualClock] = {}
        self.stores: dict[PartialLease, TeamStore] = {}
        self.admin = psycopg.connect(url, autocommit=True)

    def join(self, name: str = "watch", ahead: float = 0.0) -> PartialLease:
        """One more; its wall clock is so many seconds ahead."""
        clock = VirtualClock(1_795_341_600.0 + ahead)
        store = TeamStore(Access(Address.parse(self.url)))
        store.clock(clock)
        lease = store.lease(clock, name, "office")
        self.clocks[lease], self.stores[lease] = clock, store
        return lease

    def pass_time(self, seconds: float) -> None:
        """For the database, and for all processes."""
        for clock in self.clocks.values():
            clock._monotonic += seconds
            clock._wall += seconds
        self.admin.execute("UPDATE member SET seen_until = seen_until - make_interval(secs => %s)",
                           [seconds])  # fmt: skip

    def live(self, seconds: float, *leases: PartialLease) -> None:
        for _ in range(round(seconds)):
            self.pass_time(1.1)
            for each in leases:
                each.claim(WANTED, Rank.ALWAYS)

    def until_even(self, *leases: PartialLease, within: float = 60.0) -> None:
        """Until each has its part, by `even`."""
        for _ in range(round(within / 1.1)):
            if self.even(*leases):
                return
            self.live(1, *leases)
        raise AssertionError("it never was even")

    def owners(self, *leases: PartialLease) -> dict[str, list[PartialLease]]:
        return {name: [each for each in leases if name in each] for name in WANTED}

    def even(self, *leases: PartialLease) -> bool:
        """Each part is one's, and what they are to read differs by no more than a tenth."""
        loads = [sum(WANTED[name].rate for name in WANTED if name in each) for each in leases]
        level = sum(loads) / len(loads)
        alone = all(len(of) == 1 for of in self.owners(*leases).values())
        return alone and all(abs(load - level) <= 0.1 * level for load in loads)

    def close(self) -> None:
        self.admin.close()
        for each in self.stores.values():
            each.close()


@pytest.fixture
def group(team_store: str) -> Iterator[Group]:
    group = Group(team_store)
    yield group
    group.close()


def rows(group: Group, query: str) -> list[tuple[object, ...]]:
    return group.admin.execute(query.encode()).fetchall()


def test_no_long_answer_to_something_else_holds_it_up(group: Group) -> None:
    lease = group.join()
    with ThreadPoolExecutor(1) as pool, group.stores[lease].work.working():
        pool.submit(lease.claim, WANTED, Rank.ALWAYS).result(PATIENCE)
    assert CHIEF in lease


def test_the_first_has_all_at_once_and_who_comes_gets_its_part_in_seconds(group: Group) -> None:
    first = group.join()
    assert set(first.claim(WANTED, Rank.ALWAYS)) == set(WANTED)
    others = [group.join() for _ in range(4)]
    group.until_even(first, *others)
    assert CHIEF in first, "what is common stays where it is"
    assert {each.pollers for each in (first, *others)} == {5}
    assert first.attended()
    assert others[0].holder is not None
    assert others[0].holder.name == "watch"
    group.live(60, first, *others)
    before = rows(group, "SELECT * FROM message_lease ORDER BY 1")
    group.live(30, first, *others)
    assert rows(group, "SELECT * FROM message_lease ORDER BY 1") == before, "and then rests"


def test_processes_that_begin_together_have_no_part_twice(group: Group) -> None:
    leases = [group.join() for _ in range(5)]
    with ThreadPoolExecutor(5) as threads:
        for _ in range(3):
            list(threads.map(lambda each: each.claim(WANTED, Rank.ALWAYS), leases))
            assert all(len(of) <= 1 for of in group.owners(*leases).values())
            group.pass_time(1.0)
    group.until_even(*leases)


def test_the_parts_of_one_that_is_killed_are_taken_when_its_time_is_over(group: Group) -> None:
    first, second, third = leases = [group.join() for _ in range(3)]
    group.live(15, *leases)
    epochs = dict(first._epochs)
    group.live(LASTS - 6, second, third)
    assert not any(name in second or name in third for name in epochs), "not before"
    group.until_even(second, third)
    for name, epoch in epochs.items():
        now = second.epoch(name) or third.epoch(name)
        assert now > epoch, "each taking is an epoch of its own"


def test_one_that_was_stopped_for_a_minute_has_nothing_until_it_asks_anew(group: Group) -> None:
    stopped, other = leases = [group.join() for _ in range(2)]
    group.live(12, *leases)
    theirs = [name for name in WANTED if name in stopped]
    group.live(60, other)
    assert all(name in other for name in WANTED)
    assert not any(name in stopped for name in theirs)
    assert not stopped.held
    assert not stopped.claim(WANTED, Rank.ALWAYS), "what it had is gone, though it asks again"
    group.until_even(*leases)


def test_one_that_was_stopped_alone_has_all_again_by_new_epochs(group: Group) -> None:
    alone = group.join()
    alone.claim(WANTED, Rank.ALWAYS)
    before = dict(alone._epochs)
    group.pass_time(60)
    assert not alone.claim(WANTED, Rank.ALWAYS)
    group.live(6, alone)
    assert all(alone.epoch(name) > before[name] for name in WANTED)


def test_what_is_let_go_can_be_had_at_once(group: Group) -> None:
    first, second = group.join(), group.join()
    first.claim(WANTED, Rank.ALWAYS)
    second.claim(WANTED, Rank.ALWAYS)
    first.release()
    assert not first.held
    group.live(AGAIN, second)
    assert all(name in second for name in WANTED)
    assert rows(group, "SELECT count(*) FROM member") == [(1,)]


def test_a_clock_an_hour_off_is_no_matter_and_sets_itself_by_the_database(group: Group) -> None:
    wrong, right = group.join(ahead=3_600.0), group.join()
    group.until_even(wrong, right)
    clocks = [store.clock(group.clocks[lease]) for lease, store in group.stores.items()]
    ((theirs,),) = rows(group, "SELECT extract(epoch FROM clock_timestamp())::float8")
    assert isinstance(theirs, float)
    assert [clock.now() for clock in clocks] == pytest.approx([theirs] * 2, abs=90.0)
    assert abs(clocks[0].now() - clocks[1].now()) < 1.0


def test_what_is_being_recorded_is_not_taken_before_that_is_over(group: Group) -> None:
    first, second = group.join(), group.join()
    first.claim(WANTED, Rank.ALWAYS)
    with psycopg.connect(group.url) as writer:
        writer.execute("SELECT 1 FROM message_lease WHERE message_id = '7' FOR SHARE")
        group.live(LASTS + 8, second)
        assert "7" not in second
        assert "8" in second
    group.live(2, second)
    assert "7" in second


def test_who_may_only_look_is_seen_and_takes_nothing(group: Group) -> None:
    group.admin.execute("DROP ROLE IF EXISTS looker; CREATE ROLE looker LOGIN")
    group.admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    group.admin.execute("GRANT INSERT, UPDATE, DELETE ON member TO looker")
    first = group.join()
    first.claim(WANTED, Rank.ALWAYS)
    looker = Group(group.url.replace("postgres@", "looker@"))
    lease = looker.join("console")
    with pytest.raises(NotWritable):
        lease.claim(WANTED)
    assert not lease.claim(WANTED)
    assert lease.pollers == 1
    assert lease.holder is not None
    group.live(AGAIN, first)
    assert first.attended()
    lease.release()
    looker.close()
    group.admin.execute("DROP OWNED BY looker; DROP ROLE looker")


def test_parts_that_nobody_wants_any_more_leave_no_rows(group: Group) -> None:
    lease = group.join()
    lease.claim(WANTED, Rank.ALWAYS)
    left = {name: work for name, work in WANTED.items() if name not in ("1", "2")}
    for _ in range(16):
        group.pass_time(60.0 if _ > 1 else 6.0)
        lease.claim(left, Rank.ALWAYS)
    names = {name for (name,) in rows(group, "SELECT message_id FROM message_lease")}
    assert names == set(left)
    group.live(6, lease)
    assert {"1", "2"} <= set(lease.claim(WANTED, Rank.ALWAYS)), "and can be had again"


def test_a_connection_that_breaks_loses_nothing_that_is_not_over(group: Group) -> None:
    lease = group.join()
    lease.claim(WANTED, Rank.ALWAYS)
    group.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'smsmon' AND datname = current_database()"
    )
    group.stores[lease].access.reach.failed(Unreachable("db.example", "it does not answer", ""))
    group.pass_time(AGAIN)
    with pytest.raises(Unreachable):
        lease.claim(WANTED, Rank.ALWAYS)
    assert all(name in lease for name in WANTED), "for as long as we are sure of it"
    group.pass_time(SURE - AGAIN + 0.1)
    assert not any(name in lease for name in WANTED)


def test_a_server_that_is_gone_takes_all_with_it_and_it_comes_back(own_server: Server) -> None:
    make_store(own_server.url())
    group = Group(own_server.url())
    lease = group.join()
    lease.claim(WANTED, Rank.ALWAYS)
    group.admin.close()
    own_server.stop("immediate")
    for clock in group.clocks.values():
        clock._monotonic += SURE + 1
    assert not lease.claim(WANTED, Rank.ALWAYS)
    with pytest.raises(Unreachable):
        lease.claim(WANTED, Rank.ALWAYS)
    own_server.start()
    group.admin = psycopg.connect(group.url, autocommit=True)
    group.stores[lease].access.reach.worked()
    group.pass_time(1.0)
    assert set(lease.claim(WANTED, Rank.ALWAYS)) == set(WANTED)
    group.close()


def test_what_comes_newly_is_one_process_s_at_once(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = group.join(), group.join()
    group.until_even(first, second)
    group.live(10, first, second)
    new = {str(n): Work("a", RATES[0]) for n in range(1000, 1040)}
    with monkeypatch.context() as patched:
        patched.setattr(TeamRows, "visit", pytest.fail)
        for each in (first, second):
            each._due = inf
            each.claim({**WANTED, **new}, Rank.ALWAYS)
    parts = [{name for name in new if name in each} for each in (first, second)]
    assert parts[0] ^ parts[1] == {*new}, "each is one's"
    assert all(len(part) > 8 for part in parts), "and about as many"
    for each in (first, second):
        each._due = 0.0
    group.live(3, first, second)  # whom they were not in the list of lets go
    assert not any(name in each for name in new for each in (first, second))
