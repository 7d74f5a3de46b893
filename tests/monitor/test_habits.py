"""What an account's own reports teach, and what they must not."""

from __future__ import annotations

import pytest

from smsmon.model import Transition
from smsmon.monitor.habits import HELD_AGE, Habits, Past
from smsmon.monitor.learning import LearnedCurve
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
    reports, _ = habits.curves(1)
    before = list(reports.rates)
    for _ in range(200):
        habits.observe(_past(130.0), ORIGIN + 290.0)
    lowered = [i for i, rate in enumerate(reports.rates) if rate < before[i]]
    assert lowered == [reports.bin_of(200.0)]


def test_reports_count_at_the_age_their_date_gives() -> None:
    habits = Habits()
    before = habits.curves(1)[0].rate(8.0)
    for _ in range(50):
        habits.observe(_past(6.0), ORIGIN + 500.0, [_final(ORIGIN + 8, ORIGIN + 500)])
    assert habits.curves(1)[0].rate(8.0) > 2 * before


def test_the_first_answer_teaches_nothing() -> None:
    habits = Habits()
    past = Past(None, ORIGIN, 0, 0, 0, 0)
    assert habits.observe(past, ORIGIN + 10, [_final(None, ORIGIN + 10)]) is None
    assert habits.export() == Habits().export()


@pytest.mark.parametrize("late", [0.0, 1.0])
def test_the_silence_of_several_counts_for_an_hour_and_no_longer(late: float) -> None:
    """They may not have been sent yet."""
    end = ORIGIN + HELD_AGE + late
    met, read, reported = Habits(), Habits(), Habits()
    met.meet(ORIGIN, end, 50, [])
    read.observe(_past(100.0, total=50, waiting=50), end)
    past = Past(end, ORIGIN, 50, 50, 0, 0, since=ORIGIN)
    reported.observe(past, end + 1, [_final(end + 1, end + 1)])
    for habits in (met, read, reported):
        assert (_seconds(habits, 50) > 1000) is (late == 0.0)


def test_a_held_message_starts_anew_when_its_reports_begin_to_flow() -> None:
    habits = Habits()
    morning = ORIGIN + 10 * 3600
    burst = [_final(morning + n, morning + 300) for n in range(30)]
    origin = habits.observe(_past(10 * 3600 - 600, total=50, waiting=50), morning + 300, burst)
    assert origin == morning
    assert habits.export() == Habits().export()


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
    assert habits.curves(1)[1].rate(650.0) > Habits().curves(1)[1].rate(650.0)
    assert habits.export()["reports"] == Habits().export()["reports"]


def test_a_wall_clock_set_back_teaches_nothing() -> None:
    habits = Habits()
    habits.observe(_past(600.0), ORIGIN + 10.0)
    assert habits.export() == Habits().export()


def test_one_campaign_weighs_no_more_than_twenty_messages() -> None:
    many, few = Habits(), Habits()
    many.observe(_past(130.0, total=10_000, waiting=9_999), ORIGIN + 290.0)
    few.observe(_past(130.0, total=20, waiting=19), ORIGIN + 290.0)
    ratio = many.curves(10_000)[0].rate(200.0) / few.curves(20)[0].rate(200.0)
    assert 0.9 < ratio < 1.1


def test_habits_survive_being_put_away() -> None:
    habits = Habits()
    habits.observe(_past(6.0), ORIGIN + 500.0, [_final(ORIGIN + 8, ORIGIN + 500)])
    again = Habits(habits.export())
    for kind in (0, 1):
        kept = again.curves(1)[kind].rates
        assert kept == pytest.approx(habits.curves(1)[kind].rates)


def _events(habits: Habits, size: int = 1, *, of_stops: bool = False) -> dict[float, float]:
    """How many events were learnt, by the age where their bin begins."""
    curve = habits.curves(size)[of_stops]
    assert isinstance(curve, LearnedCurve)
    return {edge: events for edge, events, _ in curve.export() if events}


def _seconds(habits: Habits, size: int, *, of_stops: bool = False) -> float:
    """How many seconds of recipients were watched."""
    curve = habits.curves(size)[of_stops]
    assert isinstance(curve, LearnedCurve)
    return sum(row[2] for row in curve.export())


BETWEEN = {60.0, 120.0, 300.0, 600.0}


@pytest.mark.parametrize(
    ("dated", "ages"),
    [
        # Unseen from the age of 100 s to that of 700 s: anywhere there, unless its date is there.
        (None, BETWEEN),
        (99.0, {60.0}),
        (98.0, BETWEEN),
        (100.0, {60.0}),
        (130.0, {120.0}),
        (700.0, {600.0}),
        (701.0, BETWEEN),
    ],
)
def test_a_report_counts_at_its_date_where_that_lies_in_the_time_unseen(
    dated: float | None, ages: set[float]
) -> None:
    """A date is a whole second: it may lie one before the answer that did not have it yet."""
    habits = Habits()
    date = None if dated is None else ORIGIN + dated
    habits.observe(_past(100.0), ORIGIN + 700.0, [_final(date, ORIGIN + 700)])
    assert _events(habits).keys() == ages
    assert sum(_events(habits).values()) == pytest.approx(1.0)
    habits.observe(_past(100.0, waiting=0), ORIGIN + 700.0, [_final(date, ORIGIN, stop=True)])
    assert _events(habits, of_stops=True).keys() == ages


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
    expected = Habits().curves(500)[0].expected(600.0, 900.0)
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
    assert _events(habits, 20) == pytest.approx({10.0: 8.0}, rel=0.1)
    assert _events(habits, 20, of_stops=True) == pytest.approx({10.0: 16.0}, rel=0.1)


@pytest.mark.parametrize(
    ("past", "seconds", "of_stops"),
    [
        (_past(100.0, total=1, waiting=1), 10.0, 0.0),
        (_past(100.0, total=20, waiting=19), 190.0, 10.0),
        (_past(100.0, total=40, waiting=30), 150.0, 50.0),
        (_past(100.0, total=2, waiting=2), 10.0, 0.0),  # perhaps not sent yet: as one
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
    assert _seconds(habits, past.total) == pytest.approx(seconds, rel=0.01)
    assert _seconds(habits, past.total, of_stops=True) == pytest.approx(of_stops, rel=0.01)


def test_an_answer_in_the_same_moment_teaches_nothing() -> None:
    habits = Habits()
    burst = [_final(ORIGIN + 100, ORIGIN + 100)]
    habits.observe(_past(100.0), ORIGIN + 100.0, burst)
    assert (_events(habits), habits.export()) == ({}, Habits().export())


def test_a_message_that_came_by_itself_teaches_from_its_beginning() -> None:
    """Else nothing would ever be learnt of the ages before a first answer."""
    habits = Habits()
    before = habits.curves(1)[0].rate(1.0)
    for _ in range(100):
        habits.meet(ORIGIN, ORIGIN + 8.0, 1, [])
    assert _seconds(habits, 1) == pytest.approx(800.0, rel=0.5)
    assert habits.curves(1)[0].rate(1.0) < 0.1 * before
    for date in (ORIGIN + 4.0, None):
        habits = Habits()
        habits.meet(ORIGIN, ORIGIN + 8.0, 3, [date, date])
        assert sum(_events(habits, 3).values()) == pytest.approx(2.0)


def test_sizes_are_learnt_apart() -> None:
    """A code is no campaign."""
    habits = Habits()
    for size in (1, 60, 61):
        before = {other: habits.curves(other)[0].rate(40.0) for other in (1, 2, 60, 61, 10_000)}
        habits.meet(ORIGIN, ORIGIN + 50.0, size, [ORIGIN + 40.0] * size)
        after = {other: habits.curves(other)[0].rate(40.0) for other in before}
        alike = {1: {1}, 60: {2, 60}, 61: {61, 10_000}}
        assert {other for other in before if after[other] != before[other]} == alike[size]


def test_how_long_several_were_silent_counts_in_full_once_one_was_reported() -> None:
    """Until then they count as one: it may be that they are held back."""
    habits = Habits()
    for read in (0.0, 50.0):
        habits.observe(_past(read, total=10, waiting=10), ORIGIN + read + 50.0)
    assert _seconds(habits, 10) == pytest.approx(100.0, rel=0.01)
    past = Past(ORIGIN + 100.0, ORIGIN, 10, 10, 0, 0, since=ORIGIN)
    habits.observe(past, ORIGIN + 110.0, [_final(ORIGIN + 110.0, ORIGIN + 110.0)])
    assert _seconds(habits, 10) == pytest.approx(1100.0, rel=0.05)


def test_what_an_older_version_learnt_of_all_is_taken_for_every_size() -> None:
    old = {"reports": [[60.0, 50.0, 1000.0]], "stops": []}
    assert len({Habits(old).curves(size)[0].rate(70.0) for size in (1, 30, 500)}) == 1
    assert Habits(old).curves(1)[0].rate(70.0) > Habits().curves(1)[0].rate(70.0)
    assert {"reports", "stops"} <= Habits(old).export().keys()


def test_recipients_of_a_message_share_its_pace() -> None:
    """A campaign that goes out slower than others is asked about less often, and the reverse."""
    habits = Habits()
    expected = habits.curves(500)[0].expected(100.0, 110.0)
    for came, slow in ((0, True), (round(1000 * expected), None), (round(4000 * expected), False)):
        past = _past(100.0, total=1500, waiting=1000)
        news = [_final(None, ORIGIN + 110.0)] * came
        factor = habits.pace(past, ORIGIN + 110.0, news).factor
        assert (factor < 0.7) is (slow is True), came
        assert (factor > 1.5) is (slow is False), came


@pytest.mark.parametrize(
    "past",
    [
        _past(100.0),  # over with its report: those that still wait are as those still wait
        _past(100.0, total=50, waiting=50),  # perhaps not sent yet
        _past(100.0, total=50, waiting=0),
        _past(120.0, total=50, waiting=10),  # the clock was set back
        Past(None, ORIGIN, 0, 0, 0, 0),
    ],
)
def test_the_pace_of_what_tells_nothing_stays(past: Past) -> None:
    assert Habits().pace(past, ORIGIN + 110.0, []) is past.pace
