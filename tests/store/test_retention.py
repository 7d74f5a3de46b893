"""What left the watchlist is dropped in time, and never because a clock was wrong once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from smsmon.alerts import About, Edge, Silence, Subject, Telling, What
from smsmon.model import Balance, Entry
from smsmon.store.alerts import Over
from tests.store.places import PLACES, Place, Process, ids
from tests.store.reports import START, row
from tests.store.test_alerts import episode
from tests.support.clock import VirtualClock

DAY = 86_400.0
WATCHED = [Entry("301")]


@pytest.fixture
async def place(place: Place) -> Place:
    """Two messages; 300 left the watchlist a minute after the start."""
    async with Process(place, VirtualClock(START + 60)) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(1)], START)
        console.history.watching(WATCHED)
    return place


async def agree(place: Place, at: float, served_at: float | None = None) -> None:
    """An answer came, in which the server told its time: ours, unless another is given."""
    async with Process(place, VirtualClock(at)) as console:
        console.watch("301")
        applied = console.poll("301", [row(1)], at)
        told = structs.replace(applied, served_at=at if served_at is None else served_at, events=())
        console.history.record(told, console.board["301"])


def retire(place: Place, days: float, *watched: Entry) -> int:
    """A start of the program so many days later."""
    with place().archive() as archive:
        return archive.retire(watched or WATCHED, START + days * DAY, 90).messages


def prune(place: Place, at: float, days: float) -> int:
    with place().archive() as archive:
        return archive.prune(WATCHED, at, days).messages


def doubt(place: Place, at: float, days: float) -> str:
    with place().archive() as archive:
        return archive.doubt(at, days)


async def test_starts_with_a_clock_far_ahead_drop_nothing(place: Place) -> None:
    await agree(place, START + DAY)
    for days in (100, 100, 200, 100):
        assert retire(place, days) == 0
    assert retire(place, 2) == 0
    await agree(place, START + 3 * DAY)
    assert retire(place, 4) == 0
    assert ids(place) == ["300", "301"]


async def test_what_is_due_is_dropped_once_the_server_has_confirmed_the_time(place: Place) -> None:
    assert retire(place, 91) == 0
    await agree(place, START + 91 * DAY + 60)
    assert retire(place, 92) == 1
    assert ids(place) == ["301"]


@pytest.mark.parametrize("days", [1, 90])
async def test_by_hand_it_is_dropped_at_its_days_exactly(place: Place, days: int) -> None:
    due = START + 60 + days * DAY
    assert prune(place, due - 0.001, days) == 0
    assert prune(place, due, days) == 1
    assert ids(place) == ["301"]


async def test_by_itself_it_is_dropped_when_the_server_agreed_after_it_was_found_due(
    place: Place,
) -> None:
    due = START + 60 + 90 * DAY
    await agree(place, due - 0.001)
    assert retire(place, 90 + 60 / DAY) == 0
    await agree(place, due)
    assert retire(place, 91) == 0, "that is the moment at which it was found due"
    await agree(place, due + 1)
    assert retire(place, 91) == 1


async def test_a_server_that_contradicts_confirms_nothing(place: Place) -> None:
    retire(place, 100)
    await agree(place, START + 100 * DAY + 60, served_at=START + DAY)
    assert retire(place, 101) == 0


async def test_one_that_was_removed_by_a_clock_behind_stays_its_time(place: Place) -> None:
    await agree(place, START + 200 * DAY)
    retire(place, 1, Entry("9"))  # 301 leaves, at what the clock takes for day 1
    await agree(place, START + 200 * DAY + 60)
    retire(place, 201)
    assert "301" in ids(place)


async def test_one_that_comes_back_is_due_no_more(place: Place) -> None:
    retire(place, 91)
    retire(place, 91, Entry("300"), *WATCHED)
    await agree(place, START + 92 * DAY)
    assert retire(place, 93, Entry("300"), *WATCHED) == 0


@pytest.mark.parametrize(
    ("days", "kept_for", "is_doubted"),
    [(1, 90, False), (20, 90, False), (100, 90, True), (2, 1, True), (-3, 90, False)],
)
async def test_by_hand_a_clock_far_ahead_is_doubted(
    place: Place, days: float, kept_for: float, is_doubted: bool
) -> None:
    assert bool(doubt(place, START + days * DAY, kept_for)) is is_doubted


def test_a_history_of_nothing_doubts_no_clock(tmp_path: Path) -> None:
    for each in PLACES.values():
        assert doubt(each(tmp_path), START + 1e9, 90) == ""


async def test_alerts_of_then_go_with_all_that_was_told_of_them(place: Place) -> None:
    history = place().history()
    history.start()
    alerts, tag = history.alerts, Subject(About.TAG, "otp")
    of_kept = Subject(About.MESSAGE, "301", "default")
    subjects = [tag, of_kept, of_kept._replace(name="299"), Subject(About.ALL), tag]
    rules = ["old", "kept", "gone", "fires", "new"]
    numbers = alerts.fire(
        [replace(episode(rule), subject=each) for rule, each in zip(rules, subjects, strict=True)]
    )
    alerts.end([Over(number, START + DAY) for number in numbers[:3]])
    alerts.end([Over(numbers[4], START + 50 * DAY)])
    tellings = [Telling(number, "chat", Edge.FIRED) for number in numbers]
    alerts.claim(tellings, START)
    alerts.silence(Silence(What.RULE, "old", START, START + DAY))
    lasting = alerts.silence(Silence(What.RULE, "new", START, START + 50 * DAY))
    for at in (0.0, DAY, 50 * DAY):
        held = Balance("", str(at), "EUR", None, None, None, None, START + at)
        history.record_balance("default", held)
        history.record_balance("other", replace(held, amount="1"))
    await history.close()
    with place().archive() as archive:
        assert archive.prune(WATCHED, START + 100 * DAY, 90).alerts == 2
        told = place().alerts().told(numbers)
        assert [bool(told[number]) for number in numbers] == [False, True, False, True, True]
        assert [each.rule for each in reversed(place().alerts().episodes())] == [
            "kept",
            "fires",
            "new",
        ]
        assert place().alerts().silences(0.0) == [lasting]
        assert [each.at - START for each in archive.balances("default")] == [50 * DAY]
        assert [each.at - START for each in archive.balances("other")] == [0], "it holds that yet"
        info = archive.info()
        assert (info.alerts, info.balances) == (3, 2)
        archive.vacuum()
        assert archive.info().alerts == 3


async def test_what_was_first_read_since_the_list_was_looked_at_stays_on_it(place: Place) -> None:
    async with Process(place, VirtualClock(START + 2 * DAY)) as console:
        for message_id, at in (("302", DAY - 1), ("303", DAY + 1)):
            console.watch(message_id)
            console.poll(message_id, [row(1)], START + at)
    retire(place, 1)
    with place().archive() as archive:
        removed = {each.summary.message_id for each in archive.load(["301", "302", "303"])
                   if each.summary.removed_at is not None}  # fmt: skip
    assert removed == {"302"}


async def test_much_that_is_old_goes_in_several_goes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsmon.store.sql.care.RETIRED_AT_ONCE", 1)
    monkeypatch.setattr("tests.store.memory.RETIRED_AT_ONCE", 1)
    retire(place, 1, Entry("9"))
    retire(place, 99, Entry("9"))  # both are found to be old
    await agree(place, START + 200 * DAY)
    assert [retire(place, 200, Entry("9")) for _ in range(3)] == [1, 1, 0]
    assert not ids(place)
