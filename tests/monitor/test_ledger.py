"""Several who share one window: never over the limit, and nobody starves."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.monitor import ledger
from smsmon.monitor.budget import Window
from smsmon.monitor.ledger import (
    AHEAD,
    CAPACITY,
    FIRST_HOLD,
    GUARD,
    LONGEST_HOLD,
    LOST,
    SEATS,
    WINDOW,
    Ledger,
    blank,
)
from tests.monitor.fakes import windows_passed


@dataclass
class Shared:
    """``count`` processes at one window, and when the server saw their requests."""

    count: int
    limit: int
    seen: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        cells = blank()
        self.windows = [Window(cells, who + 1.0) for who in range(self.count)]

    def ask(self, who: int, now: float, *, urgent: bool = False) -> float:
        """One request that is seen and answered at once; gives the seconds to wait instead."""
        wait = self.windows[who].take(now, self.limit, urgent=urgent)
        if not wait:
            self.seen.append((now, who))
            self.windows[who].landed(now)
        return wait

    def of(self, who: int, since: float, until: float) -> int:
        return sum(each == who and since <= at < until for at, each in self.seen)


@given(
    st.integers(1, 12),
    st.integers(1, 5),
    st.lists(
        st.tuples(
            st.floats(0, 15), st.integers(0, 4), st.booleans(), st.floats(0, 20), st.floats(0, 1)
        ),
        max_size=120,
    ),
)
def test_the_server_never_counts_more_than_the_limit_however_processes_interleave(
    limit: int, count: int, wishes: list[tuple[float, int, bool, float, float]]
) -> None:
    """Whenever within its flight a request reaches the server."""
    shared = Shared(count, limit)
    now = 0.0
    flying: list[tuple[float, int]] = []
    seen: list[float] = []
    for pause, who, urgent, takes, where in wishes:
        now += pause
        for landing in [each for each in sorted(flying) if each[0] <= now]:
            flying.remove(landing)
            shared.windows[landing[1]].landed(landing[0])
        window = shared.windows[who % count]
        if not window.take(now, limit, urgent=urgent):
            flying.append((now + takes, who % count))
            seen.append(now + takes * where)
    assert windows_passed(sorted(seen), limit) == 0


def test_a_flood_leaves_a_busy_neighbour_what_it_needs() -> None:
    """One polls five a second; another comes with thousands of urgent requests."""
    shared = Shared(2, 600)
    now = 0.0
    for tick in range(3000):
        now = tick * 0.1
        if tick % 2:
            shared.ask(0, now)
        if now >= 60:
            while not shared.ask(1, now, urgent=True):
                pass
    assert windows_passed([at for at, _ in shared.seen], 600) == 0
    for minute in (1, 2, 3, 4):
        assert shared.of(0, 60.0 * minute, 60.0 * minute + 60) >= 275, minute
    assert shared.of(1, 120, 180) >= 275


def test_a_newcomer_gets_its_first_requests_at_once_and_its_part_within_a_minute() -> None:
    shared = Shared(2, 600)
    first: list[float] = []
    for tick in range(2000):
        now = tick * 0.1
        for _ in range(2):  # planned ones, at twice the even pace: a reserve is left
            shared.ask(1, now)
        if now >= 30.0 and not shared.ask(0, now):
            first.append(now)
    assert first[0] == 30.0
    assert len([at for at in first if at < 31.0]) > 5
    assert shared.of(0, 90, 150) >= 270


def test_many_light_ones_do_not_starve_a_heavy_one() -> None:
    shared = Shared(11, 600)
    for tick in range(3000):
        now = tick * 0.1
        if tick % 100 < 10:
            shared.ask(1 + tick % 10, now)
        while not shared.ask(0, now):
            pass
    for light in range(1, 11):
        assert shared.of(light, 120, 180) >= 5
    assert shared.of(0, 120, 240) >= 2 * 450


@pytest.mark.parametrize("under_way", [1, 2, 5])
def test_what_is_under_way_when_its_process_ends_counts_from_then_on(under_way: int) -> None:
    shared = Shared(2, 60)
    for _ in range(under_way):
        assert shared.windows[0].take(100.0, 60, urgent=True) == 0.0
    shared.windows[0].close(101.0)
    assert shared.windows[1].used(100.9 + WINDOW) == under_way
    assert shared.windows[1].used(101.0 + WINDOW) == 0


def test_who_ends_leaves_its_part_to_others_but_what_it_sent_still_counts() -> None:
    shared = Shared(2, 60)
    while not shared.ask(0, 100.0, urgent=True):
        pass
    shared.windows[0].close(101.0)
    assert shared.ask(1, 102.0, urgent=True) > 57
    assert sum(not shared.ask(1, 161.0, urgent=True) for _ in range(60)) == 60


def test_a_hold_that_one_is_told_holds_for_all() -> None:
    shared = Shared(3, 600)
    shared.windows[0].hold(100.0, 600, 30.0, too_many=True)
    assert [shared.ask(who, 110.0, urgent=True) for who in range(3)] == [20.0] * 3
    assert shared.windows[2].ledger.allowed(100.0, 600) == 300
    assert not shared.ask(1, 130.0)
    shared.windows[1].hold(131.0, 600, None, too_many=True)
    assert shared.ask(2, 131.0) == FIRST_HOLD


def test_requests_of_a_process_that_was_killed_are_given_up_at_last() -> None:
    shared = Shared(2, 4)
    for _ in range(4):
        assert not shared.windows[0].take(100.0, 4, urgent=True)
    assert shared.windows[1].take(200.0, 4, urgent=True)
    assert shared.windows[1].take(101.0 + LOST, 4, urgent=True) > 50
    assert not shared.windows[1].take(162.0 + LOST, 4, urgent=True)


def test_more_processes_than_seats_share_the_last_one_and_the_limit_still_holds() -> None:
    shared = Shared(SEATS + 9, 200)
    for tick in range(1200):
        shared.ask(tick % shared.count, tick * 0.1, urgent=True)
    assert windows_passed([at for at, _ in shared.seen], 200) == 0
    assert len(shared.seen) >= 380


def _kept() -> array[float]:
    """The floats of a ledger in which one process asked three times, at 100, and one flies."""
    cells = blank()
    window = Window(cells, 7.0)
    for _ in range(3):
        window.take(100.0, 9, urgent=True)
    window.landed(100.0)
    window.landed(100.0)
    window.hold(100.0, 9, LONGEST_HOLD, too_many=True)
    return cells


SEAT = ledger._FIRST_SEAT
NEWEST = ledger._RING + 2


@pytest.mark.parametrize(
    ("place", "good", "bad"),
    [
        (ledger._OLDEST, (0, 1, 2), (-1, 0.5, 3, 2.0**53, nan)),
        (ledger._NEXT, (2, CAPACITY), (-1, 1.5, CAPACITY + 1, nan)),
        (ledger._TOP, (SEAT + 7,), (SEAT - 1, ledger._RING + 1, nan)),
        (NEWEST, (100.0 + AHEAD,), (100.01 + AHEAD, nan)),
        (ledger._TOLD, (0, 100.0 + AHEAD), (100.01 + AHEAD, nan)),
        (ledger._HELD, (0, 100.0 + LONGEST_HOLD), (100.01 + LONGEST_HOLD, nan)),
        (SEAT + ledger._SEEN, (0, 100.0 + AHEAD), (100.01 + AHEAD, nan)),
        (SEAT + ledger._WHO, (0, 2.0**53 - 1), (-1, 2.0**53, nan)),
        (SEAT + ledger._USED, (0, 1, CAPACITY), (-1, 0.5, CAPACITY + 1, nan)),
        (SEAT + ledger._FLYING, (0, 1, CAPACITY), (-1, 0.5, CAPACITY + 1, nan)),
    ],
)
def test_floats_that_are_no_ledger_are_told(
    place: int, good: tuple[float, ...], bad: tuple[float, ...]
) -> None:
    for value in (*good, *bad):
        cells = _kept()
        cells[place] = value
        assert Ledger(cells).sound(100.0) is (value in good), value
    assert Ledger(blank()).sound(0.0)


def test_a_thousand_requests_are_counted_and_forgotten_round_the_ring() -> None:
    """Each by the process that sent it, however often the ring was gone round."""
    shared = Shared(2, 1_500)
    now = 0.0
    for turn in range(5):
        for who, count in ((0, 700), (1, 700)):
            sent = sum(not shared.ask(who, now, urgent=True) for _ in range(count))
            assert sent == count
        ledger_ = shared.windows[0].ledger
        assert ledger_.used(now) == 1_400, turn
        assert ledger_.used(now + 59.9) == 1_400
        assert ledger_.used(now + 60.0) == 0
        now += 60.25


def test_a_late_report_of_an_end_counts_from_the_newest_known() -> None:
    """So that the ring stays in the order of time."""
    window = Window()
    for _ in range(2):
        window.take(90.0, 9, urgent=True)
    window.landed(130.0)
    window.landed(100.0)
    assert window.ledger.full_until(140.0, 1) == 130.0 + WINDOW + GUARD
    assert [window.ledger.used(at) for at in (189.9, 190.0)] == [2, 0]


def _sent(window: Window, count: int, now: float, limit: int) -> None:
    for _ in range(count):
        assert window.take(now, limit, urgent=True) == 0.0
        window.landed(now)


@pytest.mark.parametrize(
    ("limit", "room", "urgent"),
    [
        *((limit, limit, True) for limit in (1, 2, 10, 100, 600)),
        *((20, 19, False), (100, 95, False), (600, 570, False)),
    ],
)
def test_so_many_go_out_in_a_minute_and_the_next_when_the_first_is_forgotten(
    limit: int, room: int, urgent: bool
) -> None:
    """Alone, each may have the whole window, but for a reserve that is kept for the urgent."""
    window = Window()
    for place in range(room):
        assert window.take(100.0 + place / 100, limit, urgent=urgent) == 0.0
        window.landed(100.0 + place / 100)
    assert window.take(110.0, limit, urgent=urgent) == 50.0 + GUARD
    assert window.ledger.full_until(110.0, limit) == (160.0 + GUARD if room == limit else 0.0)
    _sent(window, limit - room, 110.0, limit)
    assert window.take(110.0, limit, urgent=True) == 50.0 + GUARD
    # Above what is planned for, the next one waits for as many more to be forgotten.
    wait = window.take(160.0 + GUARD, limit, urgent=urgent)
    assert wait == pytest.approx((limit - room) / 100)


@pytest.mark.parametrize("limit", [1, 2, 10, 19])
def test_of_a_small_limit_no_request_is_held_back(limit: int) -> None:
    window = Window()
    assert [window.take(100.0, limit, urgent=False) for _ in range(limit)] == [0.0] * limit
    assert window.take(100.0, limit, urgent=False) > 0


def test_what_is_under_way_counts_until_a_minute_after_it_came_back() -> None:
    window = Window()
    for _ in range(2):
        assert window.take(100.0, 2, urgent=True) == 0.0
    assert (window.ledger.used(100.0), window.ledger.used(300.0)) == (2, 2)
    assert window.ledger.full_until(150.0, 2) == 150.0 + WINDOW + GUARD
    assert window.take(150.0, 2, urgent=True) == WINDOW + GUARD
    window.landed(200.0)
    assert window.ledger.full_until(201.0, 2) == 200.0 + WINDOW + GUARD
    assert window.take(260.0, 2, urgent=True) == GUARD
    assert window.take(260.0 + GUARD, 2, urgent=True) == 0.0
    window.landed(261.0)
    window.landed(262.0)
    window.landed(263.0)  # of none that is under way
    assert [window.ledger.used(at) for at in (263.0, 320.9, 321.0, 322.0)] == [2, 2, 1, 0]


@pytest.mark.parametrize(
    ("limit", "now", "allowed"),
    [
        (600, 100.0, 300),
        (600, 100.9, 300),
        (600, 101.0, 301),
        (600, 399.0, 599),
        (600, 400.0, 600),
        (600, 9999.0, 600),
        (10, 100.0, 5),
        (10, 159.0, 5),
        (10, 160.0, 6),
        (1, 100.0, 1),
        (1, 399.0, 1),
    ],
)
def test_a_limit_that_was_halved_grows_by_its_whole_self_in_ten_minutes(
    limit: int, now: float, allowed: int
) -> None:
    window = Window()
    assert window.ledger.allowed(100.0, limit) == limit
    window.hold(100.0, limit, None, too_many=True)
    assert window.ledger.allowed(now, limit) == allowed


def test_further_too_many_of_one_burst_halve_nothing_and_never_below_a_tenth() -> None:
    window = Window()
    for now, allowed in ((100.0, 300), (105.9, 305), (106.0, 153), (112.0, 79), (118.0, 60)):
        window.hold(now, 600, 1.0, too_many=True)
        assert window.ledger.allowed(now, 600) == allowed, now
    window.hold(130.0, 600, 1.0, too_many=True)
    assert window.ledger.allowed(130.0, 600) == 60
    before = window.ledger.allowed(200.0, 600)
    window.hold(200.0, 600, 1.0, too_many=False)
    assert window.ledger.allowed(200.0, 600) == before, "it was not for too many"


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ([(100.0, 30.0)], 130.0),
        ([(100.0, LONGEST_HOLD + 1)], 100.0 + LONGEST_HOLD),
        ([(100.0, 30.0), (110.0, 5.0)], 130.0),
        ([(100.0, 30.0), (110.0, 25.0)], 135.0),
        ([(100.0, None)], 102.0),
        ([(100.0, 0.0)], 102.0),
        ([(100.0, None), (101.9, None)], 102.0),  # of the same burst
        ([(100.0, None), (102.0, None)], 106.0),
        ([(100.0, None), (102.0, None), (106.0, None)], 114.0),
        ([(100.0, None), (102.0, 1.0), (106.0, None)], 110.0),
    ],
)
def test_a_hold_lasts_as_long_as_was_said_or_ever_longer(
    said: list[tuple[float, float | None]], until: float
) -> None:
    window = Window()
    for now, retry_after in said:
        window.hold(now, 600, retry_after, too_many=False)
    assert window.ledger.held_until() == until
    assert window.ledger.head().told_at == said[-1][0]
    assert window.take(until - 0.5, 600, urgent=True) == 0.5
    assert window.take(until, 600, urgent=True) == 0.0


@pytest.mark.parametrize(("left", "second"), [(99.0, 4.0), (99.9, 4.0), (100.0, 2.0), (101.0, 2.0)])
def test_only_an_answer_to_what_left_after_it_ends_a_row_of_too_many(
    left: float, second: float
) -> None:
    window = Window()
    window.hold(100.0, 600, None, too_many=True)
    window.well(105.0, left)
    window.hold(110.0, 600, None, too_many=True)
    assert window.ledger.held_until() == 110.0 + second
    assert window.ledger.head().well_at == left
    window.well(111.0, 50.0)
    assert window.ledger.head().well_at == left, "an older answer is no news"


def test_a_seat_is_given_on_when_it_was_left_for_two_minutes_and_nothing_counts_any_more() -> None:
    ledger_ = Ledger(blank())
    first, second = ledger_.seat(1.0, 100.0), ledger_.seat(2.0, 100.0)
    assert first != second
    assert ledger_.seats() == [(first, 1.0), (second, 2.0)]
    assert ledger_.seat(1.0, 5000.0) == first
    assert ledger_.seat(3.0, 100.0 + 2 * WINDOW) not in (first, second)
    assert ledger_.seat(4.0, 100.1 + 2 * WINDOW) == first
    assert ledger_.seat(5.0, 100.1 + 2 * WINDOW) == second
    busy = Ledger(blank())
    seat = busy.seat(1.0, 100.0)
    assert busy.take(seat, 100.0, 9, urgent=True) == 0.0
    assert busy.seat(2.0, 100.1 + 2 * WINDOW) != seat, "its request is still under way"
    busy.landed(seat, 300.0)
    assert busy.seat(3.0, 301.0) != seat, "it still counts"


def test_who_must_wait_has_its_turn_kept_for_a_second_and_the_other_looks_again_soon() -> None:
    """Of ten, each of two may have five: who has them leaves the rest to the other."""
    cells = blank()
    one, other = Window(cells, 1.0), Window(cells, 2.0)
    _sent(one, 10, 100.0, 10)
    wait = other.take(110.0, 10, urgent=True)
    assert wait == 50.0 + GUARD
    free = 110.0 + wait
    assert one.take(free, 10, urgent=True) == 0.0, "all ten are free again"
    one.landed(free)
    _sent(one, 4, free, 10)
    assert one.take(free, 10, urgent=True) == ledger.RETRY
    assert [other.take(free + 0.1, 10, urgent=True) for _ in range(5)] == [0.0] * 5


def test_a_seat_that_was_left_needs_nothing() -> None:
    cells = blank()
    one, other = Window(cells, 1.0), Window(cells, 2.0)
    _sent(one, 3, 100.0, 6)
    _sent(other, 3, 100.0, 6)
    one.close(100.0)
    assert other.take(100.0, 6, urgent=True) == 60.0 + GUARD, "what it sent still counts"
    assert [other.take(160.0 + GUARD, 6, urgent=True) for _ in range(6)] == [0.0] * 6
