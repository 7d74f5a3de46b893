"""The slices that PostgreSQL gives: as the model in memory does, and exact under contention."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from math import inf

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsmon.egress.slices import terms
from smsmon.store.shared import Call, Told, Use
from smsmon.store.team.address import Address
from smsmon.store.team.allowance import TeamAllowance
from smsmon.store.team.database import Access, Database
from tests.store.memory_allowance import Kept, MemoryAllowance
from tests.support.keeper import wait_until
from tests.support.waiting import PATIENCE

GIVEN_TIME = "current_setting('smsmon.now')"


def opened(url: str) -> Database:
    return Database(Access(Address.parse(url)))


@pytest.fixture
def database(team_store: str) -> Iterator[Database]:
    with opened(team_store) as database:
        yield database


ages = st.one_of(st.just(-inf), st.floats(-100, 100))
tolds = st.builds(
    Told,
    held=ages,
    at=st.one_of(st.just(-inf), st.floats(-100, 0)),
    strikes=st.sampled_from([0.0, 1.0, 5.0]),
    eased_at=st.one_of(st.just(-inf), st.floats(-100, 0)),
    eased_to=st.sampled_from([1.0, 20.0, 60.0]),
    well=st.one_of(st.just(-inf), st.floats(-100, 0)),
)
calls = st.builds(
    Call,
    number=st.integers(1, 30),
    out=st.integers(0, 9),
    landed=st.integers(0, 9),
    used=st.integers(0, 60),
    need=st.sampled_from([0.0, 0.5, 7.0, 60.0, inf]),
    want=st.integers(0, 40),
    urgent=st.booleans(),
    told=st.one_of(st.just(Told()), tolds),
)


def alike(one: Use, other: Use) -> None:
    for name, value in asdict(one).items():
        if name not in ("told", "room_in"):
            assert asdict(other)[name] == pytest.approx(value), name
    assert tuple(other.told) == pytest.approx(tuple(one.told), abs=1e-5)


@given(
    st.sampled_from([1, 7, 120]),
    st.lists(
        st.tuples(
            st.sampled_from([-3.0, 0.0, 0.2, 1.0, 7.3, 61.0, 500.0]), st.integers(0, 3), calls
        ),
        max_size=12,
    ),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_reckons_as_the_model_does(
    database: Database, limit: int, told: list[tuple[float, int, Call]]
) -> None:
    now = 1_800_000_000.0
    kept = Kept(lambda: now)
    of = terms(limit)
    with database.writing() as connection:
        connection.execute("DELETE FROM allowance")
        for passes, who, call in told:
            now += passes
            connection.execute("SELECT set_config('smsmon.now', ?, false)", (repr(now),))
            owner = f"owner {who}"
            real = TeamAllowance(lambda: database, "office", "api:443", owner, clock=GIVEN_TIME)
            alike(MemoryAllowance(kept, owner).take(call, of), real.take(call, of))
            alike(kept.use(None, of), real.look(of))


def test_takers_at_the_same_time_never_have_more_than_the_limit(team_store: str) -> None:
    """One statement waits for the other, and reckons with what that left."""

    def take_all(who: int) -> int:
        of, had = terms(120), 0
        with opened(team_store) as database:
            slices = TeamAllowance(lambda: database, "office", "api:443", f"owner {who}")
            for number in range(1, 60):
                had += slices.take(Call(number, had, 0, 0, inf, want=1, urgent=True), of).granted
        return had

    with ThreadPoolExecutor(5) as pool:
        had = list(pool.map(take_all, range(5)))
    assert sum(had) == 120
    assert min(had) >= 20


def test_a_call_that_comes_after_a_later_one_changes_nothing(database: Database) -> None:
    of, slices = terms(10), TeamAllowance(lambda: database, "office", "api:443", "one")
    slices.take(Call(2, 0, 0, 0, inf, want=7), of)
    assert slices.take(Call(1, 0, 0, 0, inf, want=3), of).granted == 0
    assert slices.look(of).counted == 7


def test_who_never_called_and_who_leaves_by_another_address_has_an_allowance_of_its_own(
    database: Database,
) -> None:
    of, call = terms(10), Call(1, 0, 0, 0, inf, want=10, urgent=True)
    assert TeamAllowance(lambda: database, "office", "api:443", "one").look(of).counted == 0
    for egress, address in (("office", "api:443"), ("home", "api:443"), ("office", "test:80")):
        assert TeamAllowance(lambda: database, egress, address, "one").take(call, of).granted == 10
        assert TeamAllowance(lambda: database, egress, address, "two").take(call, of).granted == 0


def test_who_waits_for_the_row_reckons_with_what_it_holds_then(team_store: str) -> None:
    of, change = terms(100), "UPDATE allowance SET landed[1] = 50, at = at + 0.001"
    waits = """SELECT count(*) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()"""
    with opened(team_store) as database, psycopg.connect(team_store) as other:
        slices = TeamAllowance(lambda: database, "office", "api:443", "one")
        slices.take(Call(1, 0, 0, 0, inf), of)
        other.execute(change)
        with ThreadPoolExecutor(1) as pool, psycopg.connect(team_store, autocommit=True) as seen:
            waiting = pool.submit(slices.take, Call(2, 0, 0, 0, inf, want=60), of)
            wait_until(lambda: seen.execute(waits).fetchone() == (1,), "it waits", PATIENCE)
            other.commit()
            assert waiting.result().granted == 50
