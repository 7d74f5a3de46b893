"""What happened in a stretch of time, a row for each message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from smsmon.known import AccountState, Condition
from smsmon.model import Entry, Event, EventKind, Fault, FaultKind
from smsmon.store.archive import Archive
from smsmon.store.past import InShort, Unread
from tests.store.places import PLACES, Place, Process, lasting
from tests.store.reports import START, row

FAULT = Fault(FaultKind.TIMEOUT, "no answer")


async def polled(console: Process, message_id: str, rows: object, at: float) -> None:
    """An answer, kept before the next one comes; the next is promised in ten seconds."""
    console.poll(message_id, rows, START + at)  # type: ignore[arg-type]
    console.board[message_id].promise = 10.0
    console.poll(message_id, rows, START + at)  # type: ignore[arg-type]
    await console.history.flush()


async def failed(console: Process, message_id: str, at: float, kind: FaultKind) -> None:
    applied = console.board.fail(message_id, Fault(kind, "no answer"), START + at)
    console.history.record(applied, console.board[message_id])
    await console.history.flush()


def told(place: Place, since: float, until: float) -> dict[tuple[str | None, str], InShort]:
    with place().archive() as archive:
        rows = archive.in_short(START + since, START + until)
    assert len({(each.message_id, each.profile) for each in rows}) == len(rows)
    return {(each.message_id, each.profile): each for each in rows}


def unread(place: Place, message_id: str, since: float, until: float) -> list[tuple[float, object]]:
    row = told(place, since, until).get((message_id, "default"))
    return [
        (each.since - START, each.until and each.until - START)
        for each in (row.unread if row else ())
    ]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return lasting(request.param, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module", params=PLACES)
def past(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    place = lasting(request.param, tmp_path_factory.mktemp("store"))

    async def fill() -> None:
        async with Process(place) as console:
            console.watch("300", label="Sale")
            console.watch("301", profile="other")
            console.poll("300", [row(n) for n in range(4)], START)
            console.poll("301", [row(9)], START + 5)
            rows = [row(0, "Delivered"), row(1, "Not delivered"), row(2, "Perhaps", True), row(3)]
            console.poll("300", rows, START + 10)
            rows[2:] = [row(2, "Delivered"), row(3, "Delivered")]
            console.poll("300", rows, START + 20)
            console.history.record_event(Event(EventKind.ADDED, START + 21, "302"))

    asyncio.run(fill())
    with place().archive() as archive:
        yield archive


@pytest.mark.parametrize(
    ("since", "until", "row"),
    [
        (0, 1, InShort("300", label="Sale", events=((EventKind.FIRST_READ, 1),), last_at=START)),
        (1, 20, InShort("300", label="Sale", delivered=1, not_delivered=1, unknown=1, stop=1,
                        last_at=START + 10)),
        (11, 60, InShort("300", label="Sale", delivered=2, stop_withdrawn=1,
                         events=((EventKind.COMPLETED, 1),), last_at=START + 20)),
        (0, 60, InShort("300", label="Sale", delivered=3, not_delivered=1, unknown=1, stop=1,
                        stop_withdrawn=1,
                        events=((EventKind.FIRST_READ, 1), (EventKind.COMPLETED, 1)),
                        last_at=START + 20)),
        (11, 20, None),
    ],
)  # fmt: skip
def test_changes_are_added_up_from_the_beginning_on_and_before_the_end(
    past: Archive, since: float, until: float, row: InShort | None
) -> None:
    rows = {each.message_id: each for each in past.in_short(START + since, START + until)}
    assert rows.get("300") == row


def test_each_message_has_a_row_with_its_account_and_one_never_read_too(past: Archive) -> None:
    rows = past.in_short(START, START + 60)
    assert {(each.message_id, each.profile) for each in rows} == {
        ("300", "default"), ("301", "other"), ("302", "default"),
    }  # fmt: skip


async def test_a_read_that_came_later_than_promised_tells_from_when_to_when(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        for at in (0, 40, 80, 200, 240):
            await polled(console, "300", [row(1)], at)
    assert unread(place, "300", 0, 290) == [(80, 200)]
    assert unread(place, "300", 0, 80) == []
    assert unread(place, "300", 100, 110) == [(80, 200)], "all through the time asked"
    assert unread(place, "300", 200, 290) == []


async def test_nobody_ran_for_an_hour_and_that_is_told(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        await polled(console, "300", [row(1)], 0)
    assert unread(place, "300", 0, 50) == []
    assert unread(place, "300", 0, 51) == [(0, None)], "it is not read yet"
    with place().archive() as archive:
        (known,) = archive.load(["300"])
    async with Process(place) as console:
        console.watch("300", known)
        await polled(console, "300", [row(1, "Delivered")], 3_600)
    assert unread(place, "300", 0, 3_640) == [(0, 3_600)]
    assert unread(place, "300", 0, 51) == [(0, 3_600)]


async def test_one_that_was_never_read_is_unread_since_that_failed(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        await failed(console, "300", 5, FaultKind.NOT_FOUND)
        await failed(console, "300", 60, FaultKind.NOT_FOUND)
        assert unread(place, "300", 0, 70) == [(5, None)]
        assert unread(place, "300", 0, 5) == []
        await polled(console, "300", [row(1)], 90)
    assert unread(place, "300", 0, 100) == [(5, 90)]


async def test_one_that_was_never_read_is_so_since_the_first_process_that_tried(
    place: Place,
) -> None:
    for at in (5, 500):
        async with Process(place) as console:
            console.watch("300")
            await failed(console, "300", at, FaultKind.NOT_FOUND)
    assert unread(place, "300", 0, 600) == [(5, None)]
    async with Process(place) as console:
        console.watch("300")
        await polled(console, "300", [row(1)], 700)
    assert unread(place, "300", 0, 710) == [(5, 700)]


@pytest.mark.parametrize("kind", [EventKind.PAUSED, EventKind.REMOVED])
async def test_what_nobody_asked_for_any_more_was_not_unread(place: Place, kind: EventKind) -> None:
    async with Process(place) as console:
        console.watch("300")
        await polled(console, "300", [row(1)], 0)
        console.history.record_event(Event(kind, START + 20, "300"))
        await console.history.flush()
        assert unread(place, "300", 0, 500) == []
        await polled(console, "300", [row(1)], 500)
    assert unread(place, "300", 0, 540) == []


async def test_what_nothing_was_promised_of_was_not_unread(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        await polled(console, "300", [row(1)], 0)
        console.board["300"].promise = None
        console.poll("300", [row(1)], START + 10)
        await console.history.flush()
        await polled(console, "300", [row(1)], 90_000)
    assert unread(place, "300", 0, 90_040) == []


async def test_an_account_has_a_row_of_its_own(place: Place) -> None:
    down, up, stopped = EventKind.ACCOUNT_DOWN, EventKind.ACCOUNT_UP, EventKind.ACCOUNT_STOPPED
    events = [(down, 10, "default"), (down, 12, "default"), (up, 40, "default"),
              (stopped, 50, "other"), (down, 60, "unseen"),
              (EventKind.BATCHES_OFF, 65, "alone")]  # fmt: skip
    async with Process(place) as console:
        for kind, at, profile in events:
            console.history.record_event(Event(kind, START + at, None, profile))
        console.history.record_accounts(
            [AccountState("default"), AccountState("other", Condition.STOPPED)]
        )
    rows = told(place, 0, 100)
    assert rows[None, "default"].unread == (Unread(START + 10, START + 40),)
    assert rows[None, "default"].events == ((down, 2), (up, 1))
    assert rows[None, "other"].unread == (Unread(START + 50, None),)
    assert rows[None, "unseen"].unread == (), "nobody saw it end, and it is not down now"
    assert rows[None, "unseen"].last_at == START + 60
    assert rows[None, "alone"].unread == (), "it was read all the same"
    assert rows[None, "alone"].events == ((EventKind.BATCHES_OFF, 1),)
    later = told(place, 70, 100)
    assert later.keys() == {(None, "other")}
    assert later[None, "other"].last_at is None


async def test_what_was_read_and_waits_for_a_disk_is_not_told_as_unread(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        await polled(console, "300", [row(1)], 0)
        for at in range(40, 400, 40):  # all of them are written together
            console.poll("300", [row(1)], START + at)
            console.board["300"].promise = 10.0
        console.poll("300", [row(1, "Delivered")], START + 400)
        await console.history.flush()
    assert unread(place, "300", 0, 400) == []


async def test_messages_that_are_dropped_take_their_stretches_along(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        await polled(console, "300", [row(1)], 0)
        await polled(console, "300", [row(1)], 500)
        console.history.watching([])
    with place().archive() as archive:
        assert archive.prune([Entry("301")], START + 10**8, 1).messages == 1
        assert not [each for each in archive.in_short(0.0, START + 10**8) if each.unread]
