"""When one request for many messages is worth sending."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.batch import MOST_PAIRS
from smsmon.monitor.pool import GAP, GATHER, LOOKED_AT, ROWS, SMALLEST, Pool

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("count", "interval", "recipients"),
    [(100, 2.0, 1), (4, 2.0, 1), (25, 30.0, 4), (1, 3.0, 5), (400, 2.0, 1)],
)
def test_it_is_sent_when_what_is_due_is_worth_a_request(
    count: int, interval: float, recipients: int
) -> None:
    pool = Pool()
    for number in range(count):
        pool.put(str(number), NOW, interval, recipients)
    # At its interval each row is worth its part, and that grows as the square of the wait.
    worth_at = NOW + interval * max(1.0, (ROWS / count / recipients) ** 0.5)
    assert pool.bid(worth_at - 0.01) == 0.0
    assert pool.bid(worth_at + 0.01) >= 1.0
    assert pool.worth_at(NOW + interval) == pytest.approx(max(worth_at, NOW + interval), abs=GATHER)
    assert len(pool.take(worth_at + 0.01).messages) == count
    assert not len(pool)


def test_it_takes_the_most_worth_first_and_no_more_recipients_than_fit() -> None:
    pool = Pool()
    for number in range(300):
        pool.put(f"slow {number}", NOW, 8.0, 2)
        pool.put(f"quick {number}", NOW, 1.0, 1)
    taken = pool.take(NOW + 10).messages
    assert set(taken[:300]) == {f"quick {number}" for number in range(300)}
    assert len(taken) == 300 + (MOST_PAIRS - 300) // 2
    assert len(pool) == 600 - len(taken)


@pytest.mark.parametrize(("rows", "share"), [(5, SMALLEST), (ROWS, 1.0), (MOST_PAIRS, 1.0)])
def test_rows_are_due_for_less_where_requests_read_few(rows: int, share: float) -> None:
    pool = Pool()
    for turn in range(200):
        now = NOW + 10 * turn
        for number in range(rows):
            pool.put(str(number), now, 1.0, 1)
        pool.take(now + 5)
    assert pool.share_of(1) == share / ROWS
    for number in range(MOST_PAIRS - 5 if rows == 5 else 5):  # one alone changes nothing
        pool.put(f"other {number}", NOW + 5_000, 1.0, 1)
    pool.take(NOW + 5_005)
    assert pool.share_of(1) == share / ROWS
    for turn in range(200):
        for number in range(MOST_PAIRS):
            pool.put(str(number), NOW + 10_000 + turn, 1.0, 1)
        pool.take(NOW + 10_005 + turn)
    assert pool.share_of(1) == 1.0 / ROWS


def test_two_requests_are_a_moment_apart_unless_one_is_full() -> None:
    pool = Pool()
    pool.put("first", NOW, 0.1, 5)
    pool.take(NOW + 1)
    for number in range(MOST_PAIRS - 1):
        pool.put(str(number), NOW, 0.1, 1)
    assert pool.bid(NOW + 1 + GAP / 2) == 0.0
    assert pool.worth_at(NOW + 1 + GAP / 2) == NOW + 1 + GAP
    assert pool.bid(NOW + 1 + GAP) > 1.0
    pool.put("one more", NOW, 0.1, 1)
    assert pool.bid(NOW + 1 + GAP / 2) > 1.0


def test_it_is_not_looked_at_again_at_once_where_all_that_fits_is_not_worth_a_request() -> None:
    pool = Pool()
    for turn in range(200):
        pool.put("few", NOW + 10 * turn, 1.0, 1)
        pool.take(NOW + 10 * turn + 5)
    now = NOW + 10_000
    for number in range(MOST_PAIRS):
        pool.put(str(number), now - 90.0, 90.0, 1)
    assert pool.bid(now) == 0.0
    assert pool.worth_at(now) > now + GATHER


def test_how_long_it_waited_is_told_beside_when_it_could_have_gone() -> None:
    pool = Pool()
    for number in range(ROWS):
        pool.put(str(number), NOW, 2.0, 1)
    assert pool.bid(NOW + 2.5) == pytest.approx(1.25)
    assert pool.take(NOW + 5).stretched == pytest.approx(2.0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.sampled_from(["put", "drop", "take", "wait"]),
            st.floats(0.02, 900.0),
            st.integers(1, 5),
        ),
        max_size=60,
    )
)
def test_its_sum_is_that_of_what_is_due_whatever_comes_and_goes(
    steps: list[tuple[str, str, float, int]],
) -> None:
    pool, now = Pool(), NOW
    kept: dict[str, tuple[float, float, float]] = {}
    for id, step, seconds, recipients in steps:
        now += seconds / 10
        if step == "put":
            pool.put(id, now, seconds, recipients)
            kept[id] = now, seconds, pool.share_of(recipients)
        elif step == "drop":
            pool.drop(id)
            kept.pop(id, None)
        elif step == "take":
            due = {id for id, (anchor, interval, _) in kept.items() if anchor + interval <= now}
            assert set(pool.take(now).messages) == due
            kept = {id: each for id, each in kept.items() if id not in due}
        later = now + GAP
        worth = sum(
            share * ((later - anchor) / interval) ** 2
            for anchor, interval, share in kept.values()
            if anchor + interval <= later
        )
        assert pool.bid(later) ** 2 == pytest.approx(
            worth if worth >= 1 else 0.0, rel=1e-6, abs=1e-6
        )
        at = pool.worth_at(later)
        if pool.bid(later) == 0.0 and at < pool._next_due() - 0.01:
            assert pool.bid(at - 0.01) == 0.0
            assert pool.bid(at + 0.01) >= 1.0
        assert pool.due(later) == sum(a + i <= later for a, i, _ in kept.values())
        now = later
    pool.clear()
    assert pool.worth_at(now) == inf


def test_of_thousands_that_are_due_at_once_each_is_read_once_and_the_sum_stays_true() -> None:
    pool, now, taken = Pool(), NOW + 10, list[str]()
    for number in range(2 * LOOKED_AT):
        pool.put(str(number), NOW, 1.0 + number % 7, 1)
    while len(pool):
        taken += pool.take(now).messages
        now += GAP
        worth = sum(each.worth(now) for each in pool._due.values())
        assert pool.bid(now) ** 2 == pytest.approx(worth if worth >= 1 else 0.0, rel=1e-6)
    assert len(taken) == len({*taken}) == 2 * LOOKED_AT


def test_messages_that_come_and_go_leave_nothing_behind() -> None:
    pool = Pool()
    for number in range(20_000):
        pool.put(str(number), NOW + number, 5.0, 1)
        if number % 3 == 0:
            pool.put(str(number), NOW + number, 900.0, 1)
        if number % 5 == 0:
            pool.due(NOW + number)
        pool.drop(str(number))
    assert len(pool) == 0
    assert len(pool._to_come) < 300
    assert not pool._due
