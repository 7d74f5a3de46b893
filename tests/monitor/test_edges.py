"""Where a judgement turns round: just before, at, and just after its moment."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from smsmon.clock import CLOCK_SLACK
from smsmon.filters.recipients import took_column, took_of
from smsmon.known import STALE_GRACE
from smsmon.model import Entry, EventKind, FaultKind
from smsmon.monitor.board import Board
from smsmon.monitor.ledger import (
    BURST,
    EASED_FOR,
    FIRST_HOLD,
    GUARD,
    HEADROOM,
    LAST_HOLD,
    LONGEST_HOLD,
    WINDOW,
    Ledger,
    blank,
)
from smsmon.monitor.schedule import Limits, not_found_interval
from smsmon.monitor.state import SETTLED_AFTER, MessageState, Watched
from smsmon.recipients import Status
from tests.monitor.fakes import fault, report, row
from tests.support.clock import START

D, N, W = Status.DELIVERED, Status.NOT_DELIVERED, Status.WAITING


def board_with(*statuses: Status, date: float = START) -> tuple[Board, Watched]:
    board = Board()
    board.watch(Entry("300", added_at=START), START)
    rows = [row(number, status, date=date) for number, status in enumerate(statuses)]
    board.apply(report(rows, at=START), START)
    return board, board["300"]


# Stale


@pytest.mark.parametrize("promise", [0.0, 5.0, 900.0])
@pytest.mark.parametrize(("statuses", "well"), [([W], "live"), ([D], "complete")])
def test_a_message_is_stale_just_after_twice_its_promise_and_half_a_minute(
    promise: float, statuses: list[Status], well: str
) -> None:
    board, watched = board_with(*statuses)
    watched.promise = promise
    edge = START + 2 * promise + 30.0
    assert STALE_GRACE == 30.0
    assert watched.overdue_at == edge
    told = [board.state_of(watched, at).value for at in (edge - 0.001, edge, edge + 0.001)]
    assert told == [well, well, "stale"]
    assert [bool(board.reason_of(watched, edge + late)) for late in (0, 0.001)] == [False, True]


def test_what_nobody_promised_or_was_never_read_is_never_overdue() -> None:
    board, watched = board_with(W)
    assert watched.overdue_at is None
    assert not watched.overdue(inf)
    board.watch(Entry("301", added_at=START), START)
    board["301"].promise = 5.0
    assert board["301"].overdue_at is None
    assert board.state_of(board["301"], START + 1e9) is MessageState.NEW


# Settled


def test_a_complete_message_has_settled_at_48_hours_and_not_a_moment_before() -> None:
    assert SETTLED_AFTER == 48 * 3600
    board, watched = board_with(D, N)
    edge = START + SETTLED_AFTER
    early = board.apply(report([row(0, D), row(1, N)], at=edge - 0.01), edge - 0.01)
    assert EventKind.SETTLED not in [each.kind for each in early.events]
    told = board.unchanged("300", edge)
    assert [each.kind for each in told.events] == [EventKind.SETTLED]
    assert board.state_of(watched, edge) is MessageState.SETTLED
    assert board.unchanged("300", edge + 1).events == (), "told once"


def test_what_settled_is_taken_back_by_a_clock_that_was_set_back_by_more_than_its_slack() -> None:
    _, watched = board_with(D)
    settled_at = START + 3 * SETTLED_AFTER
    for back, holds in ((0.0, True), (CLOCK_SLACK, True), (CLOCK_SLACK + 0.01, False)):
        assert watched.has_settled(settled_at, settled_at - back) is holds


def test_what_still_waits_never_settles() -> None:
    board, _ = board_with(D, W)
    assert board.unchanged("300", START + 10 * SETTLED_AFTER).events == ()


# Not found


def test_a_message_not_found_is_tried_less_and_less_often() -> None:
    limits = Limits(max_interval=900.0)
    waits = [not_found_interval(times, limits) for times in range(6)]
    assert waits == [10, 10, 30, 120, 900, 900]
    few = replace(limits, max_interval=60.0)
    assert [not_found_interval(times, few) for times in (1, 2, 3, 4)] == [10, 30, 60, 60]


def test_a_trouble_that_changes_its_kind_is_told_again_and_began_when_it_began() -> None:
    board, watched = board_with(W)
    kinds = [FaultKind.NETWORK, FaultKind.NETWORK, FaultKind.NOT_FOUND, FaultKind.SERVER]
    told = [
        [each.kind for each in board.fail("300", fault(kind), START + 1 + nth).events]
        for nth, kind in enumerate(kinds)
    ]
    assert told == [[EventKind.STALE], [], [EventKind.NOT_FOUND], [EventKind.STALE]]
    assert watched.fault_since == START + 1


# The window of requests


@pytest.mark.parametrize("limit", [1, 2, 20, 600])
@pytest.mark.parametrize("at", [0.0, 1_000.0])
def test_a_place_in_the_window_is_free_60_and_a_quarter_seconds_after_its_request_came_back(
    limit: int, at: float
) -> None:
    ledger = Ledger(blank())
    seat = ledger.seat(1.0, at)
    for _ in range(limit):
        assert not ledger.take(seat, at, limit, urgent=True)
        ledger.landed(seat, at)
    edge = at + 60.25
    assert WINDOW + GUARD == 60.25
    assert ledger.take(seat, at, limit, urgent=True) == 60.25
    assert ledger.full_until(at, limit) == edge
    assert ledger.take(seat, edge - 0.125, limit, urgent=True) == 0.125
    assert not ledger.take(seat, edge, limit, urgent=True)


def test_used_counts_what_flies_and_what_came_back_within_the_minute() -> None:
    ledger = Ledger(blank())
    seat = ledger.seat(1.0, 100.0)
    for _ in range(3):
        ledger.take(seat, 100.0, 9, urgent=True)
    ledger.landed(seat, 100.0)
    ledger.landed(seat, 130.0)
    looks = (100.0, 159.9, 160.0, 189.9, 190.0)
    assert [ledger.used(at) for at in looks] == [3, 3, 2, 2, 1]


def test_what_is_planned_leaves_a_reserve_and_what_is_urgent_does_not() -> None:
    ledger = Ledger(blank())
    ours, theirs = ledger.seat(1.0, 0.0), ledger.seat(2.0, 0.0)
    sent = 0
    while not ledger.take(ours, 0.0, 100, urgent=False):
        sent += 1
    assert sent == 100 * HEADROOM
    while not ledger.take(ours, 0.0, 100, urgent=True):
        sent += 1
    assert sent == 100
    assert ledger.take(theirs, 0.0, 100, urgent=True) > 0


def test_a_hold_ends_when_it_was_said_to_and_never_an_hour_later() -> None:
    for said, lasts in ((0.5, 0.5), (600.0, 600.0), (3_600.0, 3_600.0), (3_601.0, 3_600.0)):
        ledger = Ledger(blank())
        seat = ledger.seat(1.0, 0.0)
        ledger.hold(0.0, 600, said, too_many=False)
        assert ledger.held_until() == lasts <= LONGEST_HOLD
        assert ledger.take(seat, lasts - 0.25, 600, urgent=True) == 0.25
        assert not ledger.take(seat, lasts, 600, urgent=True)
        assert ledger.allowed(0.0, 600) == 600, "nobody said that it was too many"


def test_holds_without_an_end_double_up_to_two_minutes_until_an_answer_is_true() -> None:
    ledger = Ledger(blank())
    now, lasted = 0.0, []
    for _ in range(9):
        ledger.hold(now, 600, None, too_many=True)
        lasted.append(ledger.held_until() - now)
        ledger.hold(now + 0.5, 600, None, too_many=True)  # it left before: it is the same one
        assert ledger.held_until() == now + lasted[-1]
        now = ledger.held_until()
    assert lasted == [min(FIRST_HOLD * 2**nth, LAST_HOLD) for nth in range(9)]
    ledger.well(ledger.head().told_at - 0.001)  # it left before we were told: it proves nothing
    ledger.hold(now, 600, None, too_many=True)
    assert ledger.held_until() - now == LAST_HOLD
    now = ledger.held_until()
    ledger.well(now)
    assert ledger.head().well_at == now
    ledger.hold(now, 600, None, too_many=True)
    assert ledger.held_until() - now == FIRST_HOLD


def test_too_many_halves_the_limit_once_a_burst_and_it_grows_back_evenly() -> None:
    ledger = Ledger(blank())
    ledger.hold(100.0, 600, 1.0, too_many=True)
    ledger.hold(99.99 + BURST, 600, 1.0, too_many=True)
    assert ledger.allowed(100.0, 600) == 300
    assert ledger.allowed(100.0 + EASED_FOR / 4, 600) == 450
    assert ledger.allowed(100.0 + EASED_FOR / 2 - 1, 600) == 599
    assert ledger.allowed(100.0 + EASED_FOR / 2, 600) == 600
    assert ledger.allowed(100.0 + 9 * EASED_FOR, 600) == 600
    ledger.hold(100.0 + BURST, 600, 1.0, too_many=True)
    assert ledger.allowed(100.0 + BURST, 600) == (300 + BURST) / 2
    for nth in range(9):
        ledger.hold(200.0 + nth * BURST, 600, 1.0, too_many=True)
    assert ledger.allowed(200.0 + 8 * BURST, 600) == 60, "never less than a tenth"
    tiny = Ledger(blank())
    tiny.hold(0.0, 1, 1.0, too_many=True)
    assert tiny.allowed(0.0, 1) == 1


# Second occurrences


def test_how_long_a_recipient_took_counts_to_its_first_final_report() -> None:
    """Whatever became of it later: a STOP, another end, delivered a second time."""
    board, watched = board_with(W, W, D)
    steps: list[tuple[Status, bool]] = [(D, False), (D, True), (N, True), (D, True)]
    for nth, (status, stop) in enumerate(steps, 1):
        rows = [row(0, status, stop=stop), row(1, W), row(2, D, stop=stop)]
        board.apply(report(rows, at=START + 10 * nth), START + 10 * nth)
        assert took_column(watched) == [10.0, None, None]
        assert [took_of(watched, slot) for slot in range(3)] == [10.0, None, None]
    assert watched.final_at == {0: START + 10, 2: 0.0}
