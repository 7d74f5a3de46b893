"""What the activity promises: every minute counted once, in a size that never grows."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from smsmon.console.overview.activity import (
    MINUTES,
    STOPS_KEPT,
    Activity,
    PerMinute,
    delivered_lately,
)
from smsmon.console.totals import totals
from smsmon.model import Counts, Event, EventKind, Origin, Transition
from smsmon.monitor.state import Applied, Asked
from smsmon.recipients import Status
from tests.support.clock import START, VirtualClock

WAITED = Transition(
    message_id="300",
    slot=0,
    phone="+33612345678",
    before=Status.WAITING,
    after=Status.DELIVERED,
    raw_status="Delivered",
    stop_before=False,
    stop_after=False,
    date=None,
    observed_at=START,
)


@given(st.lists(st.floats(0, 60 * MINUTES - 60), min_size=1, max_size=40))
def test_every_minute_is_counted_in_whatever_order_the_moments_come(offsets: list[float]) -> None:
    counter = PerMinute()
    for offset in offsets:
        counter.add(START + offset)

    newest = START + max(offsets)
    expected = Counter(int((START + offset) // 60) for offset in offsets)
    end = int(newest // 60)
    assert counter.last(MINUTES, newest) == [
        expected[minute] for minute in range(end - MINUTES + 1, end + 1)
    ]


def test_what_is_older_than_48_hours_is_forgotten() -> None:
    counter = PerMinute()
    counter.add(START, 5)
    counter.add(START + 60 * MINUTES, 1)

    assert sum(counter.last(MINUTES, START + 60 * MINUTES)) == 1
    assert counter.last(1, START) == [0]


def test_minutes_to_come_and_minutes_nobody_counted_in_are_zero() -> None:
    counter = PerMinute()
    assert counter.last(3, START) == [0, 0, 0]

    counter.add(START)
    assert counter.last(3, START + 120) == [1, 0, 0]


def test_a_clock_set_back_by_days_starts_afresh_instead_of_counting_into_the_future() -> None:
    counter = PerMinute()
    counter.add(START, 7)
    back = START - 5 * 86_400

    counter.add(back)

    assert sum(counter.last(MINUTES, back)) == 1
    assert sum(counter.last(MINUTES, START)) == 0


def test_a_tally_of_days_is_no_larger_than_a_new_one() -> None:
    counter = PerMinute()
    before = sys.getsizeof(counter._counts)
    for minute in range(0, 10 * MINUTES, 7):
        counter.add(START + 60 * minute)
    assert sys.getsizeof(counter._counts) == before

    activity = Activity(VirtualClock())
    stopped = replace(WAITED, before=Status.DELIVERED, stop_after=True)
    activity.hear(Applied("300", START, transitions=(stopped,) * (STOPS_KEPT + 5)))
    assert len(activity.stops) == STOPS_KEPT


def test_deliveries_stops_and_requests_are_counted_as_they_are_seen() -> None:
    activity = Activity(VirtualClock())
    stopped = replace(WAITED, before=Status.DELIVERED, stop_after=True)
    failed = replace(WAITED, after=Status.NOT_DELIVERED)
    withdrawn = replace(stopped, stop_before=True, stop_after=False)

    activity.hear(Applied("300", START, transitions=(WAITED, stopped, failed, withdrawn)))
    activity.hear(Applied("301", START + 60))
    activity.hear(Applied("301", START + 60, origin=Origin.RECORDED))  # another one asked
    activity.count(Asked("default", START, "answered"))
    activity.hear(Event(EventKind.ADDED, START + 60, "302"))

    assert activity.delivered.last(2, START + 60) == [1, 0]
    assert activity.requests.last(2, START + 60) == [1, 1]
    assert [(stop.at, stop.message_id) for stop in activity.stops] == [(START, "300")]


def test_what_a_first_look_found_there_already_was_not_seen_to_come() -> None:
    activity = Activity(VirtualClock())
    activity.hear(Applied("300", START, first=True))

    assert activity.delivered.last(1, START) == [0]


def test_the_sparkline_has_a_column_for_each_minute_and_is_empty_without_deliveries() -> None:
    activity = Activity(VirtualClock())
    assert delivered_lately(activity, START) == ""

    activity.hear(Applied("300", START, transitions=(WAITED,) * 8))
    activity.hear(Applied("300", START + 120, transitions=(WAITED,)))

    assert delivered_lately(activity, START + 120, minutes=5) == "  █ ▂"


def test_the_sparkline_stands_at_the_right_end_of_a_line_wide_enough() -> None:
    counts = Counts(total=20_000, delivered=12_345, waiting=7_000, not_delivered=600, unknown=55)
    wide = totals(counts, 138, lately=" ▂▅█").plain
    assert len(wide) == 138
    assert wide.endswith("delivered/min  ▂▅█")
    assert "▂" not in totals(counts, 137, lately=" ▂▅█").plain
    assert "delivered/min" not in totals(counts, 138).plain
