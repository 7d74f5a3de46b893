"""The live state: what a report, a fault and the passing of time make of a message."""

from __future__ import annotations

from array import array

import pytest

from smsmon.known import Remembered, Summary
from smsmon.model import Counts, Entry, EventKind, FaultKind
from smsmon.monitor.board import Board
from smsmon.monitor.source import Followed
from smsmon.monitor.state import Applied, MessageState
from smsmon.recipients import Recipients, Status
from tests.monitor.fakes import fault, report, row
from tests.support.clock import START

T = START
DELIVERED, WAITING, FAILED = Status.DELIVERED, Status.WAITING, Status.NOT_DELIVERED


@pytest.fixture
def board() -> Board:
    board = Board()
    board.watch(Entry("300", added_at=T), T)
    return board


def _kinds(applied: Applied) -> list[EventKind]:
    return [event.kind for event in applied.events]


def test_first_report_is_a_baseline_without_transitions(board: Board) -> None:
    applied = board.apply(report([row(1, DELIVERED), row(2)]), T)
    assert applied.first
    assert applied.transitions == ()
    assert _kinds(applied) == [EventKind.FIRST_READ]
    assert applied.events[0].detail == "1 delivered, 1 waiting"
    assert board.totals() == Counts(total=2, delivered=1, waiting=1)


def test_a_change_becomes_one_transition_with_its_dates(board: Board) -> None:
    board.apply(report([row(1), row(2)]), T)
    applied = board.apply(report([row(1), row(2, FAILED, date=T + 3)]), T + 5)
    assert not applied.first
    (one,) = applied.transitions
    assert (one.slot, one.before, one.after, one.date) == (1, WAITING, FAILED, int(T + 3))
    assert (one.raw_status, one.observed_at) == ("Not delivered", T + 5)
    watched = board["300"]
    assert list(watched.changed_at) == [0.0, T + 5]
    assert watched.last_change_at == T + 5
    assert board.transitions("300", 1) == (one,)
    assert board.totals() == Counts(total=2, not_delivered=1, waiting=1)


def test_the_same_answer_twice_changes_nothing_but_the_time_read(board: Board) -> None:
    board.apply(report([row(1)]), T)
    revision = board["300"].revision
    for applied in (board.apply(report([row(1)]), T + 5), board.unchanged("300", T + 9)):
        assert not applied.changed
    assert board["300"].read_at == T + 9
    assert board["300"].revision == revision


def test_recipients_keep_their_slots_when_the_api_reorders_them(board: Board) -> None:
    board.apply(report([row(1), row(2), row(3)]), T)
    applied = board.apply(report([row(3, DELIVERED), row(1), row(4), row(2)]), T + 5)
    assert [(t.slot, t.before) for t in applied.transitions] == [(2, WAITING), (3, None)]
    assert list(board["300"].recipients.phones) == [row(n).phone for n in (1, 2, 3, 4)]
    assert list(board["300"].first_seen) == [T, T, T, T + 5]


def test_the_same_number_twice_is_told_apart_by_occurrence(board: Board) -> None:
    board.apply(report([row(1), row(1), row(2)]), T)
    applied = board.apply(report([row(2), row(1), row(1, DELIVERED)]), T + 5)
    assert [(t.slot, t.after) for t in applied.transitions] == [(1, DELIVERED)]


def test_missing_recipients_stay_as_last_seen_and_are_told_once(board: Board) -> None:
    board.apply(report([row(1, DELIVERED), row(2)]), T)
    applied = board.apply(report([row(2)]), T + 5)
    assert _kinds(applied) == [EventKind.ABSENT]
    assert applied.transitions == ()
    assert board["300"].absent == {0: T + 5}
    assert board.totals().delivered == 1
    assert _kinds(board.apply(report([row(2, DELIVERED)]), T + 9)) == [EventKind.COMPLETED]
    board.apply(report([row(1, DELIVERED), row(2, DELIVERED)]), T + 12)
    assert board["300"].absent == {}


def test_all_recipients_can_go_missing_and_their_return_is_told(board: Board) -> None:
    board.apply(report([row(1), row(2), row(3)]), T)
    board.apply(report([row(2), row(3)]), T + 5)
    (gone,) = board.apply(report([]), T + 9).events
    assert gone.detail == "3 of 3 known recipients not in the answer"
    assert board["300"].absent == {0: T + 5, 1: T + 9, 2: T + 9}
    assert board.totals() == Counts(total=3, waiting=3, absent=3)
    assert board.totals().present == 0
    (back,) = board.apply(report([row(1), row(2)]), T + 12).events
    assert (back.kind, back.detail) == (EventKind.LISTED_AGAIN, "2 recipients are listed again")
    assert board["300"].counts.absent == 1
    (back,) = board.apply(report([row(3), row(1), row(2)]), T + 15).events
    assert back.detail == "1 recipient is listed again"
    assert board["300"].absent == {}
    board.forget("300", T + 20)
    assert board.totals() == Counts()


def test_an_empty_first_report_leaves_the_next_one_a_baseline(board: Board) -> None:
    assert _kinds(board.apply(report([]), T)) == [EventKind.FIRST_READ]
    applied = board.apply(report([row(1), row(2)]), T + 5)
    assert applied.first
    assert applied.transitions == ()
    assert applied.events == ()


def test_stop_is_a_change_of_its_own_and_silence_never_unsets_it(board: Board) -> None:
    board.apply(report([row(1, DELIVERED)]), T)
    (said,) = board.apply(report([row(1, DELIVERED, stop=True)]), T + 5).transitions
    assert (said.before, said.after) == (DELIVERED, DELIVERED)
    assert (said.stop_before, said.stop_after) == (False, True)
    assert not board.apply(report([row(1, DELIVERED, stop=None)]), T + 9).transitions
    assert board.totals().stop == 1
    (unsaid,) = board.apply(report([row(1, DELIVERED, stop=False)]), T + 12).transitions
    assert (unsaid.stop_before, unsaid.stop_after) == (True, False)


def test_a_row_that_could_not_be_understood_changes_no_status(board: Board) -> None:
    board.apply(report([row(1, DELIVERED)]), T)
    odd = row(1, Status.UNKNOWN, word="Numéro introuvable", reason="code 4")
    assert board.apply(report([odd]), T + 5).transitions == ()
    assert board["300"].recipients[0].status is DELIVERED
    assert board["300"].recipients[0].reason == "code 4"


def test_failed_poll_changes_no_status(board: Board) -> None:
    board.apply(report([row(1), row(2, DELIVERED)]), T)
    recipients = board["300"].recipients
    applied = board.fail("300", fault(), T + 5)
    assert _kinds(applied) == [EventKind.STALE]
    assert board["300"].recipients is recipients
    assert board["300"].read_at == T
    assert board.state_of(board["300"], T + 5) is MessageState.STALE
    assert board.reason_of(board["300"], T + 5) == "a server fault"


def test_trouble_is_told_once_for_each_kind_not_once_a_poll(board: Board) -> None:
    board.apply(report([row(1)]), T)
    told = [
        _kinds(board.fail("300", fault(kind), T + at))
        for at, kind in enumerate(
            [FaultKind.TIMEOUT, FaultKind.TIMEOUT, FaultKind.NETWORK, FaultKind.NETWORK]
        )
    ]
    assert told == [[EventKind.STALE], [], [EventKind.STALE], []]
    assert board["300"].fault_since == T
    assert _kinds(board.unchanged("300", T + 9)) == [EventKind.RECOVERED]
    assert board["300"].fault is None


def test_not_found_keeps_the_last_good_state(board: Board) -> None:
    board.apply(report([row(1, DELIVERED)]), T)
    assert _kinds(board.fail("300", fault(FaultKind.NOT_FOUND), T + 5)) == [EventKind.NOT_FOUND]
    assert board.state_of(board["300"], T + 5) is MessageState.NOT_FOUND
    assert board.totals().delivered == 1
    assert _kinds(board.unchanged("300", T + 9)) == [EventKind.FOUND]


def test_complete_reopened_and_settled_are_told_once_each(board: Board) -> None:
    board.apply(report([row(1)]), T)
    done = board.apply(report([row(1, DELIVERED)]), T + 60)
    assert _kinds(done) == [EventKind.COMPLETED]
    assert board.state_of(board["300"], T + 61) is MessageState.COMPLETE
    assert _kinds(board.apply(report([row(1)]), T + 120)) == [EventKind.REOPENED]
    assert _kinds(board.apply(report([row(1, FAILED)]), T + 180)) == [EventKind.COMPLETED]
    two_days = T + 180 + 48 * 3600
    assert _kinds(board.unchanged("300", two_days - 1)) == []
    assert _kinds(board.unchanged("300", two_days)) == [EventKind.SETTLED]
    assert _kinds(board.unchanged("300", two_days + 900)) == []
    assert board.state_of(board["300"], two_days + 9e6) is MessageState.SETTLED
    stopped = board.apply(report([row(1, FAILED, stop=True)], at=two_days + 1000), two_days + 1000)
    assert len(stopped.transitions) == 1
    assert board.state_of(board["300"], two_days + 1000) is MessageState.COMPLETE


def test_a_message_long_done_when_first_read_settles_at_once(board: Board) -> None:
    years_ago = T - 9e7
    applied = board.apply(report([row(1, DELIVERED, date=years_ago)]), T)
    assert _kinds(applied) == [EventKind.FIRST_READ, EventKind.COMPLETED, EventKind.SETTLED]
    assert board["300"].completed_at == int(years_ago)


def test_unknown_statuses_never_complete_a_message(board: Board) -> None:
    board.apply(report([row(1, DELIVERED), row(2, Status.UNKNOWN)]), T)
    assert board.state_of(board["300"], T + 1) is MessageState.LIVE


def test_nothing_read_for_longer_than_promised_is_stale_without_any_fault(board: Board) -> None:
    board.apply(report([row(1)]), T)
    watched = board["300"]
    watched.promise = 60.0
    assert board.state_of(watched, T + 100) is MessageState.LIVE
    assert board.state_of(watched, T + 200) is MessageState.STALE
    assert board.reason_of(watched, T + 200)


def test_paused_shows_over_all_else(board: Board) -> None:
    board.fail("300", fault(), T)
    event = board.amend(Entry("300", paused=True), T)
    assert event is not None
    assert event.kind is EventKind.PAUSED
    assert board.state_of(board["300"], T + 9e9) is MessageState.PAUSED
    assert board.amend(Entry("300", label="x", paused=True), T) is None


def test_age_counts_from_the_earliest_plausible_date(board: Board) -> None:
    rows = [row(1, DELIVERED, date=T - 500), row(2, date=5), row(3, date=T + 9e6), row(4)]
    board.apply(report(rows), T)
    assert board["300"].origin == int(T - 500)


def test_age_counts_from_being_added_until_there_is_a_date(board: Board) -> None:
    board.apply(report([row(1), row(2)]), T + 10)
    assert board["300"].origin == T
    board.apply(report([row(1, DELIVERED, date=T + 3600), row(2)]), T + 3700)
    assert board["300"].origin == int(T + 3600)


@pytest.mark.parametrize(
    ("read_at", "date", "origin"),
    [(T - 50, T - 500, int(T - 500)), (T - 50, None, T), (T - 50, 5, T), (None, None, T)],
)
def test_age_counts_from_the_dates_that_the_history_has(
    board: Board, read_at: float | None, date: float | None, origin: float
) -> None:
    known = Recipients.of([row(1, date=date)] if read_at else [])
    moments = array("d", [T - 60.0] * len(known))
    summary = Summary("301", read_at=read_at, counts=Counts.of(known))
    watched = board.restore(Entry("301"), Remembered(summary, known, moments, moments), T)
    assert watched.origin == origin
    assert watched.first_read_at == read_at


def test_oldest_waiting_is_its_date_or_when_it_was_first_seen(board: Board) -> None:
    def oldest() -> float | None:
        return board["300"].oldest_waiting

    assert oldest() is None
    board.apply(report([row(1, date=T - 50), row(2, DELIVERED, date=T - 99), row(3)]), T)
    assert oldest() == int(T - 50)
    board.apply(report([row(1, DELIVERED, date=T), row(2, DELIVERED, date=T - 99), row(3)]), T + 9)
    assert oldest() == T


def test_forgetting_takes_its_counts_and_its_changes_along(board: Board) -> None:
    board.watch(Entry("301"), T)
    board.apply(report([row(1)]), T)
    board.apply(report([row(1, DELIVERED)]), T + 1)
    board.apply(report([row(1)], "301"), T)
    assert board.forget("300", T).kind is EventKind.REMOVED
    assert board.totals() == Counts(total=1, waiting=1)
    assert board.transitions("300", 0) == ()
    with pytest.raises(KeyError):
        board.apply(report([row(1)]), T)


def test_watching_twice_is_refused(board: Board) -> None:
    with pytest.raises(ValueError, match="watched already"):
        board.watch(Entry("300"), T)


def test_restored_state_is_stale_by_age_and_compared_with_the_next_report() -> None:
    board = Board()
    known = Recipients.of([row(1), row(2, DELIVERED, date=T - 7000)])
    summary = Summary("300", read_at=T - 3600)
    columns = array("d", [T - 9000] * 2), array("d", [0.0, T - 7000])
    watched = board.restore(Entry("300"), Remembered(summary, known, *columns), T)
    assert board.totals() == Counts(total=2, delivered=1, waiting=1)
    assert board.state_of(watched, T) is MessageState.STALE
    now = report([row(1, DELIVERED, date=T - 60), row(2, DELIVERED, date=T - 7000)])
    applied = board.apply(now, T + 1)
    assert not applied.first
    assert [t.slot for t in applied.transitions] == [0]
    assert _kinds(applied) == [EventKind.COMPLETED]
    assert watched.first_seen[0] == T - 9000


def test_an_answer_that_another_process_has_read_since_is_not_the_last_one(board: Board) -> None:
    board.apply(report([row(1)], raw=b"old"), T)
    columns = array("d", [T]), array("d", [0.0])
    known = Remembered(Summary("300"), Recipients.of([row(1)]), *columns)
    board.follow(Followed("300", T + 5, remembered=known), T + 5)
    assert board.raw("300") is None


def test_raw_answer_is_kept_cut_and_bounded(board: Board) -> None:
    body = bytes(range(256)) * 4096
    board.apply(report([row(1)], raw=body), T)
    kept = board.raw("300")
    assert kept is not None
    head, length = kept
    assert body.startswith(head)
    assert len(head) == 256 * 1024
    assert length == len(body)
    assert board.raw("301") is None


def test_an_answer_asked_for_earlier_changes_nothing_however_late_it_comes(board: Board) -> None:
    board.apply(report([row(1)], asked_at=T, at=T), T)
    board.apply(report([row(1, DELIVERED)], asked_at=T + 2, at=T + 3), T + 3)
    before = board.totals()
    old = board.apply(report([row(1), row(2)], asked_at=T + 1, at=T + 9), T + 9)
    same = board.unchanged("300", T + 9, asked_at=T + 1)
    failed = board.fail("300", fault(), T + 9, asked_at=T + 1)
    for applied in (old, same, failed):
        assert applied.late
        assert not applied.changed
    watched = board["300"]
    assert (watched.read_at, watched.asked_at) == (T + 3, T + 2)
    assert board.totals() == before
    assert board.state_of(watched, T + 9) is MessageState.COMPLETE


def test_a_moment_that_a_wrong_clock_wrote_bars_no_answer(board: Board) -> None:
    ahead = T + 3 * 86_400
    board.apply(report([row(1)], at=ahead), ahead)
    applied = board.apply(report([row(1, DELIVERED)], at=T + 5), T + 5)
    assert len(applied.transitions) == 1
    assert board["300"].asked_at == T + 5
    assert not board.unchanged("300", T + 9, asked_at=T + 6).late


DAYS = 86_400.0


def test_a_clock_far_from_the_servers_settles_nothing(board: Board) -> None:
    board.apply(report([row(1, DELIVERED)]), T)
    ahead = T + 3 * DAYS
    assert _kinds(board.unchanged("300", ahead, served_at=T + 60)) == []
    assert _kinds(board.unchanged("300", ahead + 60, served_at=ahead + 59)) == [EventKind.SETTLED]


def test_what_a_jump_of_the_clock_settled_is_taken_back_when_it_comes_back(board: Board) -> None:
    board.apply(report([row(1, DELIVERED)]), T)
    board.unchanged("300", T + 3 * DAYS)
    watched = board["300"]
    assert watched.settled_at is not None
    assert not board.unsettle(watched, T + 3 * DAYS + 60)
    assert board.unsettle(watched, T + 120)
    assert board.state_of(watched, T + 120) is MessageState.COMPLETE


@pytest.mark.parametrize(
    ("now", "settled"), [(T + 3 * DAYS, True), (T + 60, False), (T + 2 * DAYS, False)]
)
def test_settled_is_told_once_over_restarts_unless_the_clock_was_wrong(
    board: Board, now: float, settled: bool
) -> None:
    board.apply(report([row(1, DELIVERED)]), T)
    board.unchanged("300", T + 3 * DAYS)
    before = board["300"]
    again = Board()
    summary = Summary(
        "300",
        read_at=before.read_at,
        digest=before.digest,
        last_change_at=before.last_change_at,
        completed_at=before.completed_at,
        settled_at=before.settled_at,
    )
    known = Remembered(summary, before.recipients, before.first_seen, before.changed_at)
    watched = again.restore(Entry("300"), known, now)
    assert (watched.settled_at is not None) is settled
    if settled:
        assert _kinds(again.unchanged("300", now + 9)) == []


def test_one_added_by_a_clock_ahead_is_not_young_for_ever(board: Board) -> None:
    board.watch(Entry("301", added_at=T + 100 * DAYS), T)
    assert board["301"].origin == T
