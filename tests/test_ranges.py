"""Ranges as people say them: what each means, around midnight and when clocks are changed too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.ranges import FURTHEST_AHEAD, BadRange, Range, ahead, between, hour_beside, read, told
from smsmon.times import LocalZone

PARIS = ZoneInfo("Europe/Paris")
FRIDAY = "2026-11-27 08:02"
ZONES = [
    UTC,
    PARIS,
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),  # half an hour of summer time
    ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("America/Santiago"),  # clocks are changed at midnight
]


def at(text: str, fold: int = 0, zone: ZoneInfo = PARIS) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def shown(range: Range) -> tuple[str, str]:
    start, end = (
        f"{datetime.fromtimestamp(moment, PARIS):%Y-%m-%d %H:%M}"
        for moment in (range.start, range.end)
    )
    return start, "now" if range.open else end


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("22:00", "2026-11-26 22:00", "now"),
        ("8:00", "2026-11-27 08:00", "now"),
        ("08:02", "2026-11-26 08:02", "now"),
        ("yesterday", "2026-11-26 00:00", "2026-11-27 00:00"),
        ("Yesterday 22:00", "2026-11-26 22:00", "now"),
        ("yesterday at 22:00", "2026-11-26 22:00", "now"),
        ("last night", "2026-11-26 22:00", "2026-11-27 08:00"),
        ("yesterday evening", "2026-11-26 18:00", "2026-11-27 00:00"),
        ("today", "2026-11-27 00:00", "now"),
        ("this morning", "2026-11-27 06:00", "now"),
        ("monday", "2026-11-23 00:00", "2026-11-24 00:00"),
        ("last monday", "2026-11-23 00:00", "2026-11-24 00:00"),
        ("friday", "2026-11-20 00:00", "2026-11-21 00:00"),
        ("mon 9:00 to 17:00", "2026-11-23 09:00", "2026-11-23 17:00"),
        ("friday until sunday", "2026-11-20 00:00", "2026-11-23 00:00"),
        ("wednesday until friday", "2026-11-25 00:00", "now"),
        ("2 h", "2026-11-27 06:02", "now"),
        ("2h", "2026-11-27 06:02", "now"),
        ("90 min", "2026-11-27 06:32", "now"),
        ("2 hours 30 minutes ago", "2026-11-27 05:32", "now"),
        ("an hour ago", "2026-11-27 07:02", "now"),
        ("last 24 hours", "2026-11-26 08:02", "now"),
        ("the last day", "2026-11-26 08:02", "now"),
        ("2026-11-26", "2026-11-26 00:00", "2026-11-27 00:00"),
        ("2026-11-26 14:00", "2026-11-26 14:00", "now"),
        ("2026-11-26T14:00Z", "2026-11-26 15:00", "now"),
        ("2026-11-26t14:00+03:00", "2026-11-26 12:00", "now"),
        ("26 nov", "2026-11-26 00:00", "2026-11-27 00:00"),
        ("28 November, 14:00", "2025-11-28 14:00", "now"),
        ("29 feb", "2024-02-29 00:00", "2024-03-01 00:00"),
        ("26 Nov 2024 14:00:00", "2024-11-26 14:00", "now"),
        ("since 22:00", "2026-11-26 22:00", "now"),
        ("since last night", "2026-11-26 22:00", "now"),
        ("since yesterday", "2026-11-26 00:00", "now"),
        ("since 22:00 until 06:00", "2026-11-26 22:00", "2026-11-27 06:00"),
        ("between 22:00 and 6:00", "2026-11-26 22:00", "2026-11-27 06:00"),
        ("22:00-06:00", "2026-11-26 22:00", "2026-11-27 06:00"),
        ("22:00 - 06:00", "2026-11-26 22:00", "2026-11-27 06:00"),
        ("22:00–06:00", "2026-11-26 22:00", "2026-11-27 06:00"),
        ("22:00..06:00", "2026-11-26 22:00", "2026-11-27 06:00"),
        ("07:00 until 09:00", "2026-11-27 07:00", "now"),
        ("22:00 for 2 h", "2026-11-26 22:00", "2026-11-27 00:00"),
        ("20:00 until midnight", "2026-11-26 20:00", "2026-11-27 00:00"),
        ("20:00 until 24:00", "2026-11-26 20:00", "2026-11-27 00:00"),
        ("3 h until 1 h ago", "2026-11-27 05:02", "2026-11-27 07:02"),
        ("2026-11-26 14:00-15:00", "2026-11-26 14:00", "2026-11-26 15:00"),
        ("2026-11-26 14:00-05:00", "2026-11-26 20:00", "now"),
        ("2026-11-20 until 2026-11-22", "2026-11-20 00:00", "2026-11-23 00:00"),
        ("last week", "2026-11-16 00:00", "2026-11-23 00:00"),
        ("this week", "2026-11-23 00:00", "now"),
    ],
)
def test_what_people_say_and_what_it_means(text: str, start: str, end: str) -> None:
    assert shown(read(text, at(FRIDAY), PARIS)) == (start, end)


@pytest.mark.parametrize(
    ("now", "text", "start", "end"),
    [
        ("2026-11-27 00:00:30", "22:00", "2026-11-26 22:00", "now"),
        ("2026-11-27 00:00:30", "last night", "2026-11-26 22:00", "now"),
        ("2026-11-27 00:00:30", "today", "2026-11-27 00:00", "now"),
        ("2026-11-27 00:00:30", "midnight", "2026-11-27 00:00", "now"),
        ("2026-11-27 00:00:00", "midnight", "2026-11-26 00:00", "now"),
        ("2026-11-27 00:00:00", "00:00", "2026-11-26 00:00", "now"),
        ("2026-11-26 23:59:59", "last night", "2026-11-25 22:00", "2026-11-26 08:00"),
        ("2026-11-26 23:59:59", "tonight", "2026-11-26 22:00", "now"),
        ("2026-11-26 23:59:59", "22:00 until 06:00", "2026-11-26 22:00", "now"),
        ("2026-11-26 21:59:59", "22:00 until 06:00", "2026-11-25 22:00", "2026-11-26 06:00"),
        ("2026-11-30 00:00:01", "last week", "2026-11-23 00:00", "2026-11-30 00:00"),
        ("2027-01-01 00:10:00", "31 dec 23:00", "2026-12-31 23:00", "now"),
        ("2027-01-01 00:10:00", "yesterday", "2026-12-31 00:00", "2027-01-01 00:00"),
    ],
)
def test_around_midnight(now: str, text: str, start: str, end: str) -> None:
    assert shown(read(text, at(now), PARIS)) == (start, end)


def test_an_hour_that_comes_twice_is_left_out_neither_as_a_beginning_nor_as_an_end() -> None:
    now = at("2026-10-25 12:00")
    hour = read("02:15 until 02:45", now, PARIS)
    assert hour.start == at("2026-10-25 02:15", fold=0)
    assert hour.end == at("2026-10-25 02:45", fold=1)
    assert read("yesterday", at("2026-10-26 12:00"), PARIS).end - hour.start < 25 * 3600
    day = read("25 oct", at("2026-10-27 12:00"), PARIS)
    assert day.end - day.start == 25 * 3600
    for half in ("02:30", "2026-10-25 02:30", "25 oct 02:30", "today 02:30"):
        assert read(f"{half} until 02:45", now, PARIS).start == at("2026-10-25 02:30", fold=0)
        assert read(f"02:15 until {half}", now, PARIS).end == at("2026-10-25 02:30", fold=1)
    # While the hour runs for the first time, the second is still to come.
    early = at("2026-10-25 02:20", fold=0)
    assert read("02:15", early, PARIS) == Range(at("2026-10-25 02:15"), early, open=True)


def test_an_hour_that_is_missing_is_the_moment_at_which_clocks_were_put_forward() -> None:
    now, forward = at("2026-03-29 12:00"), at("2026-03-29 03:00")
    for text in ("02:00", "02:30", "2026-03-29 02:59"):
        assert read(text, now, PARIS).start == forward
    assert read("01:00 until 02:30", now, PARIS).end == forward
    assert read("02:30 until 03:15", now, PARIS) == Range(forward, at("2026-03-29 03:15"))
    night = read("last night", now, PARIS)
    assert (night.end - night.start) / 3600 == 9


def test_the_zone_of_the_machine_is_read_like_one_with_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        for now in ("2026-10-25 12:00", "2026-03-29 12:00", FRIDAY):
            for text in ("02:15 until 02:45", "02:30", "yesterday", "last night"):
                mine, named = (_or_error(text, at(now), zone) for zone in (LocalZone(), PARIS))
                assert mine == named, text
    finally:
        monkeypatch.undo()
        time.tzset()


def _or_error(text: str, now: float, zone: LocalZone | ZoneInfo) -> Range | str:
    try:
        return read(text, now, zone)
    except BadRange as error:
        return str(error)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Nothing is said."),
        ("soon", "'soon' is no time that can be read."),
        ("99:00", "'99:00' is no time that can be read."),
        ("31 feb", "'31 feb' is no time that can be read."),
        ("22:00 until", "is no time that can be read."),
        ("until 06:00", "'until 06:00' has no beginning."),
        ("0 h", "'0 h' is no time at all."),
        ("22", "'22' has no unit, and is no time of day."),
        ("now", "'now' has not come yet."),
        ("this evening", "'this evening' has not come yet."),
        ("2027-01-01", "'2027-01-01' has not come yet."),
        ("2026-11-26 until 2026-11-24", "ends before it begins."),
        ("9999-12-31", "lies outside of the calendar."),
        ("x" * 200, "too long"),
    ],
)
def test_what_cannot_be_read_says_what_can_be_said(text: str, said: str) -> None:
    with pytest.raises(BadRange) as error:
        read(text, at(FRIDAY), PARIS)
    assert said in str(error.value)
    if "no time" in said:
        assert "Say 22:00, yesterday 22:00, last night" in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("since", "until", "start", "end"),
    [
        (None, None, "2026-11-26 08:02", "now"),
        (None, "06:00", "2026-11-26 06:00", "2026-11-27 06:00"),
        ("yesterday", None, "2026-11-26 00:00", "now"),
        ("monday", None, "2026-11-23 00:00", "now"),
        ("2026-11-26", None, "2026-11-26 00:00", "now"),
        ("last night", None, "2026-11-26 22:00", "2026-11-27 08:00"),
        ("last week", None, "2026-11-16 00:00", "2026-11-23 00:00"),
        ("last night", "07:00", "2026-11-26 22:00", "2026-11-27 07:00"),
        ("22:00-06:00", None, "2026-11-26 22:00", "2026-11-27 06:00"),
        ("12h", "2h", "2026-11-26 20:02", "2026-11-27 06:02"),
        ("monday", "tuesday", "2026-11-23 00:00", "2026-11-25 00:00"),
        ("0001-01-01", None, "1970-01-01 01:00", "now"),
        ("999999999d", None, "1970-01-01 01:00", "now"),
    ],
)
def test_a_beginning_and_an_end_that_are_asked_for_apart(
    since: str | None, until: str | None, start: str, end: str
) -> None:
    assert shown(between(since, until, at(FRIDAY), PARIS)) == (start, end)


NOWS = st.integers(1_000_000_000, 2_200_000_000).map(float)
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 24), st.integers(0, 59))
DAYS = st.sampled_from(["today", "yesterday", "monday", "sun", "3 mar", "29 feb", "2020-10-25"])
MOMENTS = st.one_of(
    CLOCKS,
    DAYS,
    st.builds("{} {}".format, DAYS, CLOCKS),
    st.builds("{} {}".format, DAYS, st.sampled_from(["morning", "night"])),
    st.builds("{} h".format, st.integers(0, 200)),
    st.sampled_from(["last night", "this week", "last week", "now", "noon"]),
)
PHRASES = st.one_of(
    MOMENTS,
    st.builds("since {}".format, MOMENTS),
    st.builds("{} until {}".format, MOMENTS, MOMENTS),
    st.builds("{}-{}".format, CLOCKS, CLOCKS),
    st.builds("{} for {} min".format, MOMENTS, st.integers(0, 3000)),
)


@given(PHRASES, NOWS, st.sampled_from(ZONES))
def test_a_range_begins_before_it_ends_and_ends_by_now(
    text: str, now: float, zone: ZoneInfo
) -> None:
    try:
        range = read(text, now, zone)
    except BadRange:
        return
    assert 0 <= range.start < range.end <= now
    assert range.open == (range.end == now)


@given(st.text(max_size=30), NOWS)
def test_whatever_is_typed_is_read_or_refused(text: str, now: float) -> None:
    try:
        range = read(text, now, PARIS)
    except BadRange:
        return
    assert range.start < range.end <= now


@given(NOWS, st.integers(1, 10**8), st.integers(0, 10**8), st.sampled_from(ZONES))
def test_a_range_that_is_told_is_read_as_it_was(
    now: float, ago: int, length: int, zone: ZoneInfo
) -> None:
    end = min(now - ago + length + 1, now)
    range = Range(now - ago, end, open=end == now)
    assert read(told(range, now, zone), now, zone) == range


@given(st.integers(-3, 5), st.integers(1, 6), st.sampled_from(ZONES))
def test_ranges_at_a_change_of_clocks_are_told_without_doubt(
    quarter: int, length: int, zone: ZoneInfo
) -> None:
    now = at("2026-10-26 12:00")
    start = at("2026-10-25 02:00") + 900 * quarter
    range = Range(start, start + 900 * length)
    assert read(told(range, now, zone), now, zone) == range


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("22:00", "since yesterday 22:00"),
        ("today", "since 00:00"),
        ("last night", "last night"),
        ("last week", "last week"),
        ("yesterday", "yesterday"),
        ("monday", "23 Nov"),
        ("22:00 until 06:00", "yesterday 22:00 until 06:00"),
        ("monday 9:00 to 17:00", "23 Nov 09:00 until 17:00"),
        ("monday 9:00 until 04:00", "23 Nov 09:00 until 24 Nov 04:00"),
        ("monday until tuesday", "23 Nov 00:00 until 25 Nov 00:00"),
        ("2025-11-26 14:00", "since 2025-11-26 14:00"),
    ],
)
def test_a_range_is_told_in_few_words(text: str, words: str) -> None:
    now = at(FRIDAY)
    assert told(read(text, now, PARIS), now, PARIS) == words


@pytest.mark.parametrize(
    ("text", "step", "hour"),
    [
        ("22:00", -1, "08:00 now"),
        ("22:00", 1, "22:00 23:00"),
        ("22:00 until 06:30", -1, "06:00 07:00"),
        ("22:00 until 06:00", -1, "05:00 06:00"),
        ("07:00 until 08:00", -1, "06:00 07:00"),
        ("07:00 until 08:00", 1, "08:00 now"),
        ("08:00", -1, "07:00 08:00"),
        ("08:00", 1, None),
        ("07:10 until 07:20", -1, "07:00 08:00"),
        ("07:10 until 07:20", 1, "07:00 08:00"),
    ],
)
def test_hours_lie_beside_each_other(text: str, step: int, hour: str | None) -> None:
    now = at(FRIDAY)
    found = hour_beside(read(text, now, PARIS), step, now, PARIS)
    assert (found and " ".join(each.split()[-1] for each in shown(found))) == hour


@given(NOWS, st.integers(1, 10**7), st.integers(1, 10**6), st.sampled_from([-1, 1]))
def test_an_hour_is_never_longer_and_never_beyond_now(
    now: float, ago: int, length: int, step: int
) -> None:
    end = min(now - ago + length, now)
    found = hour_beside(Range(now - ago, end, open=end == now), step, now, PARIS)
    if found is not None:
        assert 0 < found.end - found.start <= 3600
        assert found.end <= now
        assert found.open == (found.end == now)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", "2026-11-27 10:02"),
        ("in 90 min", "2026-11-27 09:32"),
        ("a week", "2026-12-04 08:02"),
        ("18:00", "2026-11-27 18:00"),
        ("08:02", "2026-11-28 08:02"),
        ("noon", "2026-11-27 12:00"),
        ("24:00", "2026-11-28 00:00"),
        ("tonight", "2026-11-27 22:00"),
        ("tomorrow 9:00", "2026-11-28 09:00"),
        ("tomorrow morning", "2026-11-28 06:00"),
        ("monday", "2026-11-30 00:00"),
        ("until Mon 09:00", "2026-11-30 09:00"),
        ("on friday", "2026-12-04 00:00"),
        ("friday 8:00", "2026-12-04 08:00"),
        ("friday 9:00", "2026-11-27 09:00"),
        ("1 jan 14:00", "2027-01-01 14:00"),
        ("2026-11-30T14:00Z", "2026-11-30 15:00"),
        ("366d", "2027-11-28 08:02"),
    ],
)
def test_a_moment_to_come_is_the_next_of_its_kind(text: str, moment: str) -> None:
    assert ahead(text, at(FRIDAY), PARIS) == at(moment)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("yesterday", "is over already. Say 2h, 18:00"),
        ("2h ago", "is over already"),
        ("today", "is over already"),
        ("last night", "is over already"),
        ("2020-01-01", "is over already"),
        ("now", "is over already"),
        ("8784h 1s", "is more than a year ahead"),
        ("2030-01-01", "is more than a year ahead"),
        ("400d", "is more than a year ahead"),
        ("27", "has no unit"),
        ("soon", "is no time that can be read. Say 2h, 18:00"),
    ],
)
def test_what_is_no_moment_to_come_is_refused_with_what_can_be_said(
    text: str, sentence: str
) -> None:
    with pytest.raises(BadRange, match=sentence):
        ahead(text, at(FRIDAY), PARIS)


@given(st.sampled_from(ZONES), st.floats(0, 4e9), st.text(max_size=40))
def test_a_moment_to_come_lies_ahead_whatever_is_said(
    zone: ZoneInfo, now: float, text: str
) -> None:
    try:
        moment = ahead(text, now, zone)
    except BadRange:
        return
    assert now < moment <= now + FURTHEST_AHEAD
