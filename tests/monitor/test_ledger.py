"""Several who share one window: never over the limit, and nobody starves."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.monitor import ledger
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
    Window,
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
