"""What an account's own reports teach, and what they must not."""

from __future__ import annotations

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
