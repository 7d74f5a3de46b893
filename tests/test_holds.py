"""When commercial messages are held back: nights, Sundays and holidays of France, Paris time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smsmon.holds import after, easter, held, holidays, is_working
from tests.monitor.alerts.stage import Stage, rule

PARIS = ZoneInfo("Europe/Paris")
HOUR = 3_600.0
MOMENTS = st.floats(datetime(2024, 1, 1, tzinfo=UTC).timestamp(), 1_900_000_000.0)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


@pytest.mark.parametrize(
    ("year", "day"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)),
     (2027, date(2027, 3, 28)), (2038, date(2038, 4, 25)), (2285, date(2285, 3, 22)),
     (2049, date(2049, 4, 18)), (2076, date(2076, 4, 19))],  # a week earlier than it would be
)  # fmt: skip
def test_easter_falls_on_its_day(year: int, day: date) -> None:
    assert easter(year) == day


def test_the_holidays_of_a_year_are_the_eleven_of_france() -> None:
    days = {(day.month, day.day) for day in holidays(2026)}
    assert days == {(1, 1), (4, 6), (5, 1), (5, 8), (5, 14), (5, 25), (7, 14), (8, 15), (11, 1),
                    (11, 11), (12, 25)}  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2026-11-25 10:00", "2026-11-25 12:00", 0),  # a Wednesday
        ("2026-11-25 19:00", "2026-11-25 21:00", 1),
        ("2026-11-25 19:00", "2026-11-26 09:00", 12),
        ("2026-11-28 19:00", "2026-11-30 09:00", 36),  # over a Sunday
        ("2026-03-28 19:00", "2026-03-30 09:00", 35),  # in which the clocks go on
        ("2026-10-24 19:00", "2026-10-26 09:00", 37),  # and back
        ("2026-05-13 19:00", "2026-05-15 09:00", 36),  # Ascension
        ("2026-12-24 19:00", "2026-12-28 09:00", 72),  # Christmas, a Saturday, a Sunday
        ("2026-11-25 12:00", "2026-11-25 10:00", 0),
    ],
)
def test_the_hours_of_a_hold_are_counted(since: str, until: str, hours: float) -> None:
    assert held(at(since), at(until)) / HOUR == hours


@given(MOMENTS, st.floats(0, 5e6), st.floats(0, 5e6))
def test_what_is_held_adds_up_and_never_exceeds_the_time(
    begin: float, first: float, second: float
) -> None:
    middle, end = begin + first, begin + first + second
    whole = held(begin, end)
    assert 0 <= whole <= end - begin + 1e-3
    assert whole == pytest.approx(held(begin, middle) + held(middle, end), abs=1e-3)


@example(at("2026-11-25 10:00"), 10 * HOUR).via("the end of a day is not the morning after it")
@given(MOMENTS, st.floats(0.001, 1e6))
def test_after_so_many_seconds_just_so_many_have_passed(begin: float, seconds: float) -> None:
    end = after(begin, seconds)
    assert end - begin - held(begin, end) == pytest.approx(seconds, abs=1e-3)
    assert end - 1 - begin - held(begin, end - 1) < seconds, "and no moment earlier"


@given(MOMENTS)
def test_a_moment_lies_in_a_hold_at_night_and_on_days_without_work(begin: float) -> None:
    here = datetime.fromtimestamp(begin, PARIS)
    open_now = is_working(here.date()) and 8 <= here.hour < 20
    assert (held(begin, begin + 0.01) > 0.005) is not open_now or here.minute == 59


@pytest.mark.parametrize("moment", [-1e12, -1e10, 0.0, 1e11, 1e14])
def test_no_calendar_holds_such_a_moment_and_nothing_breaks(moment: float) -> None:
    assert held(moment, moment + 60) == 0
    assert after(moment, 60) == moment + 60


@pytest.mark.parametrize("night_hold", [True, False])
def test_a_night_does_not_count_as_waiting_for_an_account_that_is_held(night_hold: bool) -> None:
    begins = at("2026-11-25 19:50")
    stage = Stage((rule("oldest>1h"),), now=begins)
    stage.alerts.use(stage.rules, begins, ("default",) if night_hold else ())
    stage.read(1)
    stage.wait(3 * 86_400)
    (fired,) = stage.told
    expected = "2026-11-26 08:50" if night_hold else "2026-11-25 20:50"
    assert fired.at == pytest.approx(at(expected), abs=0.01)
    assert fired.facts == "oldest waiting for 1 h"


@pytest.mark.parametrize("about", ["tag", "all", "country"])
def test_nor_does_it_for_a_group_or_for_how_long_a_rule_must_hold(about: str) -> None:
    begins = at("2026-11-25 18:55")
    stage = Stage((rule("waiting_oldest>1h", about=about, hold=600),), now=begins)
    stage.alerts.use(stage.rules, begins, ("default",))
    stage.read(1)
    stage.wait(3 * 86_400)
    (fired,) = stage.told
    assert fired.began == pytest.approx(at("2026-11-25 19:55"), abs=0.01)
    assert fired.at == pytest.approx(at("2026-11-26 08:05"), abs=0.01), "five minutes were left"
