"""What an account's own reports teach, and what they must not."""

from __future__ import annotations

import pytest

from smsmon.model import Transition
from smsmon.monitor.habits import Habits, Past
from smsmon.recipients import Status

ORIGIN = 1_795_000_000.0


def _final(date: float | None, seen: float, *, stop: bool = False) -> Transition:
    before = Status.DELIVERED if stop else Status.WAITING
    when = None if date is None else int(date)
    return Transition("300", 0, "", before, Status.DELIVERED, "", False, stop, when, seen)


def _past(read: float, total: int = 1, waiting: int = 1, stopped: int = 0) -> Past:
    return Past(ORIGIN + read, ORIGIN, total, waiting, total - waiting, stopped)


def test_waiting_in_vain_lowers_the_hazard_of_that_age_only() -> None:
    habits = Habits()
    before = list(habits.reports.rates)
    for _ in range(200):
        habits.observe(_past(130.0), ORIGIN + 290.0)
    lowered = [i for i, rate in enumerate(habits.reports.rates) if rate < before[i]]
    assert lowered == [habits.reports.bin_of(200.0)]


def test_reports_count_at_the_age_their_date_gives() -> None:
    habits = Habits()
    before = habits.reports.rate(8.0)
    for _ in range(50):
        habits.observe(_past(6.0), ORIGIN + 500.0, [_final(ORIGIN + 8, ORIGIN + 500)])
    assert habits.reports.rate(8.0) > 2 * before


def test_the_first_answer_teaches_nothing() -> None:
    habits = Habits()
    past = Past(None, ORIGIN, 0, 0, 0, 0)
    assert habits.observe(past, ORIGIN + 10, [_final(None, ORIGIN + 10)]) is None
    assert habits.reports.rates == Habits().reports.rates


def test_a_message_not_sent_yet_teaches_nothing_about_delivery() -> None:
    habits = Habits()
    habits.observe(_past(100.0, total=50, waiting=50), ORIGIN + 9 * 3600)
    assert habits.reports.rates == Habits().reports.rates


def test_a_held_message_starts_anew_when_its_reports_begin_to_flow() -> None:
    habits = Habits()
    morning = ORIGIN + 10 * 3600
    burst = [_final(morning + n, morning + 300) for n in range(30)]
    origin = habits.observe(_past(10 * 3600 - 600, total=50, waiting=50), morning + 300, burst)
    assert origin == morning
    assert habits.reports.rates == Habits().reports.rates


@pytest.mark.parametrize(("total", "waiting"), [(20_000, 1_300), (500, 230), (60, 30)])
def test_late_reports_of_a_message_under_way_do_not_move_its_beginning(
    total: int, waiting: int
) -> None:
    """Else all that came before would have taken no time at all."""
    habits = Habits()
    late = [_final(ORIGIN + 36_000 + n, ORIGIN + 36_300) for n in range(30)]
    assert habits.observe(_past(36_000.0, total, waiting), ORIGIN + 36_300, late) is None


def test_a_held_message_starts_anew_although_a_few_numbers_failed_at_once() -> None:
    burst = [_final(ORIGIN + 36_000 + n, ORIGIN + 36_300) for n in range(30)]
    origin = Habits().observe(_past(36_000.0, total=50, waiting=48), ORIGIN + 36_300, burst)
    assert origin == ORIGIN + 36_000


def test_a_usual_start_is_no_surprise() -> None:
    habits = Habits()
    burst = [_final(ORIGIN + 4, ORIGIN + 8) for _ in range(20)]
    assert habits.observe(_past(3.0, total=50, waiting=50), ORIGIN + 8, burst) is None


def test_stops_are_learnt_apart_from_reports() -> None:
    habits = Habits()
    said = [_final(ORIGIN + 5, ORIGIN + 700, stop=True)]
    habits.observe(_past(600.0, total=1, waiting=0), ORIGIN + 700, said)
    assert habits.stops.rate(650.0) > Habits().stops.rate(650.0)
    assert habits.reports.rates == Habits().reports.rates


def test_a_wall_clock_set_back_teaches_nothing() -> None:
    habits = Habits()
    habits.observe(_past(600.0), ORIGIN + 10.0)
    assert habits.reports.rates == Habits().reports.rates


def test_one_campaign_weighs_no_more_than_twenty_messages() -> None:
    many, few = Habits(), Habits()
    many.observe(_past(130.0, total=10_000, waiting=9_999), ORIGIN + 290.0)
    few.observe(_past(130.0, total=20, waiting=19), ORIGIN + 290.0)
    ratio = many.reports.rate(200.0) / few.reports.rate(200.0)
    assert 0.9 < ratio < 1.1


def test_habits_survive_being_put_away() -> None:
    habits = Habits()
    habits.observe(_past(6.0), ORIGIN + 500.0, [_final(ORIGIN + 8, ORIGIN + 500)])
    again = Habits(habits.export())
    assert again.reports.rates == habits.reports.rates
    assert again.stops.rates == habits.stops.rates


def _events(habits: Habits, *, of_stops: bool = False) -> dict[float, float]:
    """How many events were learnt, by the age where their bin begins."""
    curve = habits.stops if of_stops else habits.reports
    return {edge: events for edge, events, _ in curve.export() if events}


@pytest.mark.parametrize(
    ("dated", "age"),
    [
        # Unseen from the age of 100 s to that of 700 s: in the middle, unless its date is there.
        (None, 300.0),
        (99.0, 60.0),
        (98.0, 300.0),
        (100.0, 60.0),
        (130.0, 120.0),
        (700.0, 600.0),
        (701.0, 300.0),
    ],
)
def test_a_report_counts_at_its_date_where_that_lies_in_the_time_unseen(
    dated: float | None, age: float
) -> None:
    """A date is a whole second: it may lie one before the answer that did not have it yet."""
    habits = Habits()
    date = None if dated is None else ORIGIN + dated
    habits.observe(_past(100.0), ORIGIN + 700.0, [_final(date, ORIGIN + 700)])
    assert _events(habits) == {age: 1.0}
    habits.observe(_past(100.0, waiting=0), ORIGIN + 700.0, [_final(date, ORIGIN, stop=True)])
    assert _events(habits, of_stops=True) == {age: 1.0}


@pytest.mark.parametrize(
    ("finals", "read", "origin"),
    [
        (5, 18.1, ORIGIN + 20),
        (4, 18.1, None),  # so few come together by chance
        (5, 18.0, None),  # so young a message says nothing by coming fast
        (5, 17.9, None),
    ],
)
def test_a_surprise_is_five_at_once_after_the_first_seconds(
    finals: int, read: float, origin: float | None
) -> None:
    habits = Habits()
    burst = [_final(ORIGIN + 20 + n, ORIGIN + 25) for n in range(finals)]
    rare = Past(ORIGIN + read, ORIGIN, 6, 6, 0, 0)
    assert habits.observe(rare, ORIGIN + 21, burst) == origin


def test_a_surprise_is_five_times_what_was_expected_and_more() -> None:
    expected = Habits().reports.expected(600.0, 900.0)
    for factor, surprised in ((4.9, False), (5.1, True)):
        waiting = round(1000 / (factor * expected))
        burst = [_final(None, ORIGIN + 900) for _ in range(1000)]
        past = _past(600.0, total=waiting, waiting=waiting)
        found = Habits().observe(past, ORIGIN + 900, burst)
        assert found == (ORIGIN + 600 if surprised else None), factor


@pytest.mark.parametrize(
    ("dates", "origin"),
    [
        ([700, 650, 690, 695, 699], 650),
        ([599, 650, 690, 695, 699], 650),  # before it was read last: that one was not held
        ([600, 650, 690, 695, 699], 600),
        ([500, 501, 502, 503, 504], 600),
    ],
)
def test_the_new_origin_is_the_first_date_since_it_was_read_last(
    dates: list[int], origin: int
) -> None:
    burst = [_final(ORIGIN + date, ORIGIN + 700) for date in dates]
    assert Habits().observe(_past(600.0, 6, 6), ORIGIN + 700, burst) == ORIGIN + origin


def test_only_who_turned_final_or_said_stop_since_the_last_answer_teaches() -> None:
    """Not who appeared with this answer, nor who was final before, nor who only said STOP again."""
    habits = Habits()
    ends = [Status.WAITING, Status.UNKNOWN, Status.DELIVERED, Status.NOT_DELIVERED]
    transitions = [
        Transition("300", slot, "", before, after, "", before is not None and stop, True, None, 0.0)
        for slot, (before, after, stop) in enumerate(
            (before, after, stop)
            for before in [None, *ends]
            for after in ends
            for stop in (True, False)
        )
    ]
    habits.observe(_past(10.0, total=20, waiting=10), ORIGIN + 11.0, transitions)
    assert _events(habits) == {10.0: 8.0}
    assert _events(habits, of_stops=True) == {10.0: 16.0}


@pytest.mark.parametrize(
    ("past", "seconds", "of_stops"),
    [
        (_past(100.0, total=1, waiting=1), 10.0, 0.0),
        (_past(100.0, total=20, waiting=19), 190.0, 10.0),
        (_past(100.0, total=40, waiting=30), 150.0, 50.0),
        (_past(100.0, total=2, waiting=2), 0.0, 0.0),  # likely not sent yet
        (_past(100.0, total=4, waiting=1, stopped=3), 10.0, 0.0),
        (_past(100.0, total=4, waiting=1, stopped=2), 10.0, 10.0),
        (_past(100.0, total=4, waiting=0, stopped=0), 0.0, 40.0),
        (_past(100.0, total=0, waiting=0), 0.0, 0.0),
    ],
)
def test_what_is_watched_in_vain_counts_by_recipient_and_second(
    past: Past, seconds: float, of_stops: float
) -> None:
    habits = Habits()
    habits.observe(past, ORIGIN + 110.0)
    assert sum(row[2] for row in habits.reports.export()) == pytest.approx(seconds)
    assert sum(row[2] for row in habits.stops.export()) == pytest.approx(of_stops)


def test_an_answer_in_the_same_moment_teaches_nothing() -> None:
    habits = Habits()
    burst = [_final(ORIGIN + 100, ORIGIN + 100)]
    habits.observe(_past(100.0), ORIGIN + 100.0, burst)
    assert (_events(habits), habits.export()) == ({}, Habits().export())
