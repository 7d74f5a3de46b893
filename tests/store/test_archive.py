"""What the history answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from smsmon.model import Arrival, EventKind
from smsmon.recipients import EARLIEST_DATE, Status
from smsmon.store.archive import Archive
from smsmon.store.past import DeliveryTimes, Grouping
from tests.store.places import PLACES, Place, Process, lasting
from tests.store.reports import START, row

BELGIAN, SWISS, ITALIAN = "+32470123456", "+41791234567", "+390612345678"


async def filled(place: Place) -> Place:
    """Three messages: 300 delivered in 5 to 50 s, 301 not, 302 abroad; two share a number."""
    async with Process(place) as console:
        console.watch("300", label="Sale", tags=("promo", "fr"))
        console.watch("301", label="Codes", tags=("otp",))
        console.watch("302", label="Abroad")
        ten = [row(n) for n in range(10)]
        console.poll("300", ten, START)
        for n in range(10):
            at = 5 * (n + 1)
            ten[n] = row(n, "Delivered", date=int(START) + at)
            console.poll("300", ten, START + at + 2)
        console.poll("301", [row(3), row(77, "Delivered")], START + 100)
        console.poll("301", [row(3, "Not delivered"), row(77, "Delivered", True)], START + 110)
        abroad = [row(BELGIAN, date=None), row(SWISS), row(ITALIAN), row("0612")]
        console.poll("302", abroad, START + 200)
        abroad[0] = row(BELGIAN, "Delivered", date=None)
        console.poll("302", abroad, START + 203)
    return place


@pytest.fixture(scope="module", params=PLACES)
def past(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    place = lasting(request.param, tmp_path_factory.mktemp("store"))
    with asyncio.run(filled(place))().archive() as archive:
        yield archive


def times(place: Place, by: Grouping) -> list[DeliveryTimes]:
    with place().archive() as archive:
        return archive.delivery_times(by)


@pytest.mark.parametrize(
    "spelling",
    [
        "+33600000003",
        "+33 6 00 00 00 03",
        "+33 (0)6 00 00 00 03",
        "0033 600000003",
        "33600000003",
        "0600000003",
        "06.00.00.00.03",
        "06 00 00 00 03",
    ],
)
def test_a_number_is_found_in_every_message_however_it_is_written(
    past: Archive, spelling: str
) -> None:
    found = past.find_number(spelling)
    assert found.exact
    assert [(each.message_id, each.recipient.date) for each in found.sightings] == [
        ("300", START + 20),
        ("301", START),
    ], "the newest first, whichever was read last"
    assert [each.label for each in found.sightings] == ["Sale", "Codes"]
    assert {each.recipient.phone for each in found.sightings} == {"+33600000003"}
    assert [each.recipient.status for each in found.sightings] == [
        Status.DELIVERED,
        Status.NOT_DELIVERED,
    ]
    (change,) = found.sightings[0].transitions
    assert (change.before, change.after) == (Status.WAITING, Status.DELIVERED)
    assert (change.date, change.observed_at) == (START + 20, START + 22)


@pytest.mark.parametrize(
    ("spelling", "phone"),
    [
        ("0470 12 34 56", BELGIAN),
        ("079 123 45 67", SWISS),
        ("06 1234 5678", ITALIAN),
        ("0612", "0612"),
    ],
)
def test_national_spellings_of_other_countries_are_found(
    past: Archive, spelling: str, phone: str
) -> None:
    found = past.find_number(spelling)
    assert found.exact
    assert [each.recipient.phone for each in found.sightings] == [phone]


def test_a_fragment_finds_every_number_that_holds_it(past: Archive) -> None:
    found = past.find_number("0000007")
    assert not found.exact
    assert {each.recipient.phone for each in found.sightings} == {"+33600000007", "+33600000077"}
    assert len(past.find_number("3360000").sightings) == 12
    assert {each.recipient.phone for each in past.find_number("1234").sightings} == {
        BELGIAN,
        SWISS,
        ITALIAN,
    }


def test_the_number_of_sightings_is_bounded_and_said(past: Archive) -> None:
    found = past.find_number("3360000", 5)
    assert (len(found.sightings), found.more) == (5, True)
    assert not past.find_number("3360000", 12).more


@pytest.mark.parametrize("text", ["", "0", "12", "+", "not a number", "'; DROP TABLE message; --"])
def test_what_is_no_number_finds_nothing(past: Archive, text: str) -> None:
    assert past.find_number(text).sightings == ()


def test_summaries_tell_counts_and_ages_without_recipients(past: Archive) -> None:
    assert past.messages() == [("300", "default"), ("301", "default"), ("302", "default")]
    first, last = past.summaries([("300", "default"), ("9", "default"), ("302", "default")])
    assert (first.counts.delivered, first.read_at) == (10, START + 52)
    assert first.completed_at == START + 52
    assert last.message_id == "302"


def test_thousands_of_ids_may_be_asked_at_once(past: Archive) -> None:
    ids = [str(n) for n in reversed(range(3_000))]
    assert [id for id, _ in past.messages(ids)] == ["302", "301", "300"]
    assert len(past.summaries([(each, "default") for each in ids])) == 3


def test_a_timeline_has_all_that_happened_in_order(past: Archive) -> None:
    happened = past.timeline("300")
    assert [each.slot for each in happened.transitions] == list(range(10))
    assert [each.kind for each in happened.events] == [EventKind.FIRST_READ, EventKind.COMPLETED]
    newest = past.timeline("300", 3)
    assert [each.slot for each in newest.transitions] == [7, 8, 9]
    assert newest.more


def test_all_that_happened_to_many_is_what_happened_to_each(past: Archive) -> None:
    ids = ["302", "999", "300", "301"]
    for stretch in ((0.0, inf), (START + 20, START + 52)):
        found = list(past.timelines(ids, *stretch))
        assert found == [(id, past.timeline(id, 100, *stretch)) for id in ids]


def test_what_happened_since_a_moment_spans_all_messages(past: Archive) -> None:
    happened = past.happened(START + 52)
    assert [(each.message_id, each.slot) for each in happened.transitions] == [
        ("300", 9),
        ("301", 0),
        ("301", 1),
        ("302", 0),
    ]
    assert [each.kind for each in happened.events] == [
        EventKind.COMPLETED,
        EventKind.FIRST_READ,
        EventKind.COMPLETED,
        EventKind.FIRST_READ,
    ]
    assert not happened.more
    assert past.happened(START, limit=2).more
    assert past.happened(START, START + 52).transitions[-1].slot == 8
    (last,) = past.timeline("300", 1, START + 20, START + 30).transitions
    assert (last.slot, last.observed_at) == (4, START + 27)
    assert past.happened(START + 1e6).transitions == ()


def test_delivery_times_count_from_waiting_to_the_date_of_delivery(past: Archive) -> None:
    by_message = past.delivery_times("message")
    assert [(each.key, each.measured) for each in by_message] == [("300", 10), ("302", 1)]
    of_300, of_302 = by_message
    assert (of_300.median, of_300.p90, of_300.p99) == pytest.approx((27.5, 45.5, 49.55))
    assert of_302.median == 3.0


WAITED, SEEN = int(START) - 100, START + 60
"""The API's date of the waiting, and when a delivery is seen; first read is at ``START``."""


@pytest.mark.parametrize(
    ("waiting", "delivered", "seconds"),
    [
        # From the date of the waiting or the first look, whichever is earlier.
        (WAITED, int(START) + 10, 110.0),
        (int(START), int(START) + 10, 10.0),
        (int(START) + 5, int(START) + 10, 10.0),
        (None, int(START) + 10, 10.0),
        (EARLIEST_DATE, EARLIEST_DATE + 7, 7.0),
        (EARLIEST_DATE - 1, int(START) + 10, 10.0),
        # A date is a whole second: it may seem to lie just before the moment, and is no less.
        (None, int(START), 0.0),
        # Before the waiting, or an hour ahead of our clock, it makes no sense.
        (None, int(START) - 1, 60.0),
        (WAITED, WAITED - 1, 160.0),
        (None, int(SEEN) + 3600, 3660.0),
        (None, int(SEEN) + 3601, 60.0),
        (None, None, 60.0),
    ],
)
async def test_a_delivery_took_from_its_waiting_to_its_date_where_that_makes_sense(
    place: Place, waiting: int | None, delivered: int | None, seconds: float
) -> None:
    async with Process(place) as console:
        console.watch("1")
        console.poll("1", [row(1, date=waiting)], START)
        console.poll("1", [row(1, "Delivered", date=delivered)], SEEN)
    (found,) = times(place, "message")
    assert (found.measured, found.median, found.p90, found.p99) == (1, *[seconds] * 3)


@pytest.mark.parametrize("ids", [None, ["1", "2"], ["2", "1", "3"]])
async def test_who_is_delivered_again_counts_once_and_others_count_each(
    place: Place, ids: list[str] | None
) -> None:
    """One is the same recipient of the same message: not the same place, nor the same number."""
    async with Process(place) as console:
        for id in ("1", "2"):
            console.watch(id)
            console.poll(id, [row(1, date=None), row(2, date=None), row(2, date=None)], START)
        for at, word in ((10, "Delivered"), (20, "Waiting"), (50, "Delivered")):
            first = [row(1, word, date=None), row(2, date=None), row(2, date=None)]
            console.poll("1", first, START + at)
        for id, at in (("2", 30), ("1", 60)):
            console.poll(id, [row(n, "Delivered", date=None) for n in (1, 2, 2)], START + at)
    with place().archive() as archive:
        found = archive.delivery_times("message", ids=ids)
        late = archive.delivery_times("message", since=START + 10.001)
    assert [(each.key, each.measured, each.median) for each in found] == [
        ("1", 3, 60.0),
        ("2", 3, 30.0),
    ]
    assert [(each.key, each.measured) for each in late] == [("1", 3), ("2", 3)]


@pytest.mark.parametrize("before", ["Delivered", "Not delivered"])
async def test_who_was_final_at_the_first_look_or_before_is_not_measured(
    place: Place, before: str
) -> None:
    async with Process(place) as console:
        console.watch("1")
        console.poll("1", [row(1, before), row(2, "Perhaps", date=None)], START)
        console.poll("1", [row(1, "Delivered"), row(2, "Delivered", date=None)], START + 10)
    assert [each.measured for each in times(place, "country")] == [1]


@pytest.mark.parametrize(
    ("took", "median", "p90", "p99"),
    [
        ([7], 7.0, 7.0, 7.0),
        ([10, 0], 5.0, 9.0, 9.9),
        ([0, 10, 100], 10.0, 82.0, 98.2),
        (list(range(101)), 50.0, 90.0, 99.0),
    ],
)
async def test_quantiles_lie_between_their_neighbours_in_proportion(
    place: Place, took: list[int], median: float, p90: float, p99: float
) -> None:
    async with Process(place) as console:
        console.watch("1")
        console.poll("1", [row(n, date=int(START)) for n in range(len(took))], START)
        done = [row(n, "Delivered", date=int(START) + each) for n, each in enumerate(took)]
        console.poll("1", done, START + 200)
    (found,) = times(place, "message")
    assert found.measured == len(took)
    assert (found.median, found.p90, found.p99) == pytest.approx((median, p90, p99))


def test_delivery_times_are_told_by_tag_and_by_country(past: Archive) -> None:
    by_tag = {each.key: each.measured for each in past.delivery_times("tag")}
    assert by_tag == {"promo": 10, "fr": 10, "": 1}
    by_country = {each.key: each.measured for each in past.delivery_times("country")}
    assert by_country == {"FR": 10, "BE": 1}


@pytest.mark.parametrize("kind", PLACES)
async def test_what_left_is_known_by_the_moment_and_how_it_came_is_kept(
    kind: str, tmp_path: Path
) -> None:
    place, came = PLACES[kind](tmp_path), Arrival("app", 60.0, "+33600000001", START - 2.5)
    async with Process(place) as console:
        console.watch("300")
        console.watch("301", tags=("otp",), arrival=came)
        for each in ("300", "301"):
            console.poll(each, [row(1)], START)
        await console.history.flush()
        console.history.watching([console.board["300"].entry])
    with place().archive() as archive:
        added, arrived = archive.summaries([("300", "default"), ("301", "default")])
        assert (added.added_at, added.arrival) == (START, None)
        assert arrived.arrival == replace(came, leave_after=0.0, phone="")
        left_at = arrived.removed_at or 0.0
        assert archive.left(left_at) == [("301", "default")]
        assert archive.left(left_at + 1) == []
        assert archive.left(left_at, START - 2.5) == [("301", "default")]
        assert archive.left(left_at, START - 2) == [], "it was sent before"
