"""How durations and moments are said."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon import times
from smsmon.filters.questions import parse_duration

NOON = datetime(2026, 11, 22, 12, 4, 31, tzinfo=UTC).timestamp()
SHAPE = re.compile(r"<1 [sm]|\d+ (s|m( \d+ s)?|h( \d+ m)?|d( \d+ h)?)")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (-3, "<1 s"), (0, "<1 s"), (0.9, "<1 s"), (1, "1 s"), (9.6, "10 s"),
     (59.4, "59 s"), (59.6, "1 m"), (161, "2 m 41 s"), (266, "4 m 26 s"), (3599.9, "1 h"),
     (7500, "2 h 5 m"), (172_799, "47 h 59 m"), (273_600, "3 d 4 h"), (1e9, "11574 d 1 h")],
)  # fmt: skip
def test_a_duration_has_two_units_at_most(seconds: float | None, text: str) -> None:
    assert times.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "<1 m"), (59.9, "<1 m"), (60, "1 m"), (3599, "59 m"), (7500, "2 h 5 m"),
     (36_059, "10 h"), (172_800, "2 d")],
)  # fmt: skip
def test_an_age_is_in_whole_minutes_that_are_over(seconds: float, text: str) -> None:
    assert times.age(seconds) == text


@given(st.floats(-1e6, 1e9))
def test_what_is_said_can_be_typed_into_a_filter_and_is_true(seconds: float) -> None:
    for said, exact in ((times.duration(seconds), round(seconds)), (times.age(seconds), seconds)):
        assert SHAPE.fullmatch(said)
        typed = parse_duration(said.removeprefix("<"))
        if said.startswith("<"):
            assert seconds < typed
        else:
            assert typed <= exact < typed * 1.05 + 60


def test_a_moment_is_the_time_today_and_has_its_date_before() -> None:
    assert times.moment(NOON, NOON) == "12:04:31"
    assert times.moment(NOON - 86_400, NOON) == "21 Nov 12:04"
    assert times.moment(NOON - 400 * 86_400, NOON) == "2025-10-18"
    assert times.moment(None, NOON) == times.moment(0, NOON) == ""
    assert times.timestamp(None) == times.timestamp(0) == ""


def test_a_day_of_one_digit_stands_in_a_sentence_as_such_and_in_a_column_below_others() -> None:
    early = times.moment(NOON - 21 * 86_400, NOON)
    assert early == "1 Nov 12:04"
    assert times.aligned(early) == " 1 Nov 12:04"
    for told in ("12:04:31", "21 Nov 12:04", "2025-10-18", ""):
        assert times.aligned(told) == told


def test_moments_are_in_the_zone_asked_for() -> None:
    paris = ZoneInfo("Europe/Paris")
    assert times.moment(NOON, NOON, paris) == "13:04:31"
    late = NOON + 11 * 3600  # tomorrow in Paris already
    assert times.moment(NOON, late, paris) == "22 Nov 13:04"
    assert times.timestamp(NOON, paris) == "2026-11-22 13:04:31 CET"
    assert times.timestamp(NOON) == "2026-11-22 12:04:31 UTC"
    assert times.timestamp(NOON, timezone(timedelta(hours=2))).endswith("UTC+02:00")


@pytest.mark.parametrize("at", [1e18, -1e18, float(2**63)])
def test_a_date_no_calendar_holds_is_not_said(at: float) -> None:
    assert times.moment(at, NOON) == times.timestamp(at) == ""


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.0, "0%"),
        (0.0004, "0.0%"),
        (0.009, "0.9%"),
        (0.09, "9.0%"),
        (0.0994, "9.9%"),
        (0.0995, "10%"),
        (0.1, "10%"),
        (0.994, "99%"),
        (0.995, "99.5%"),
        (0.9994, "99.9%"),
        (0.99999, "99.9%"),
        (1.0, "100%"),
    ],
)
def test_a_share_has_a_digit_behind_the_point_where_it_is_small_or_not_quite_all(
    share: float, told: str
) -> None:
    assert times.percent(share) == told
