"""Finding a number: what is meant, what is found, and in which order."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.console.tables import found as finding
from smsmon.console.tables.found import Found, Place, as_now, merged, remembered, search, understood
from smsmon.model import Arrival, Entry
from smsmon.monitor.board import Board
from smsmon.recipients import Phones, Status
from smsmon.store.past import Sighting
from tests.console.dialogs.stage import put, recipient
from tests.monitor.fakes import report
from tests.support.clock import START

NUMBERS = st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True)
SPELLINGS = NUMBERS | st.text("+0123456789- x", min_size=1, max_size=12)


def board_of(*messages: tuple[str, list[str]]) -> Board:
    """A board of messages, each newer than the one before, with these phones."""
    board = Board()
    for at, (message_id, phones) in enumerate(messages):
        put(board, Entry(message_id), map(recipient, phones), START + at)
    return board


async def found_in(board: Board, text: str) -> list[Place]:
    return [each.place for each in await search(board, understood(text))]


@pytest.mark.parametrize(
    "typed",
    [
        "06 12 34 56 78",
        "0612345678",
        "06 12",
        "+33 6 12 34",
        "+33612345678",
        "0033612",
        "+33 (0)6 12",
        "33612",
        "345",
        "5678",
        "678",
        " 06.12-34/56 ",
    ],
)
def test_a_number_is_meant_however_it_is_written(typed: str) -> None:
    assert understood(typed).matches("+33612345678")


@pytest.mark.parametrize("typed", ["+33 7", "06 13", "+336 12 34 56 79", "0044", "9876", "0712"])
def test_another_number_is_not_meant(typed: str) -> None:
    assert not understood(typed).matches("+33612345678")


def test_a_national_number_is_sought_behind_every_calling_code() -> None:
    wanted = understood("0470 12 34")
    assert wanted.matches("+32470123456")
    assert wanted.matches("+1470123456")
    assert not wanted.matches("+33147012345")


def test_italian_numbers_keep_their_zero() -> None:
    assert understood("06 6982").matches("+390669821234")


@pytest.mark.parametrize("typed", ["", "  ", "0", "06", "+33", "ab12 345", "x"])
def test_nothing_is_sought_before_three_digits_or_with_letters(typed: str) -> None:
    assert not understood(typed)


def test_a_number_in_a_spelling_of_its_own_is_found_by_its_digits() -> None:
    assert understood("06 12").matches("06-12-34-56-78")
    assert understood("3615").matches("short 3615")
    assert understood("06 12").matches("+33 6-12-34")


@pytest.mark.parametrize("phone", ["", "+", "+0", "+-3", "+ x"])
def test_what_is_no_number_is_searched_and_not_found(phone: str) -> None:
    assert not any(understood(typed).matches(phone) for typed in ("010", "+336", "00336", "336"))


@given(
    st.lists(SPELLINGS, max_size=30),
    st.text("0123456789", min_size=1, max_size=6),
    st.integers(0, 31),
    st.integers(0, 31),
)
def test_a_column_tells_every_place_that_holds_some_digits(
    phones: list[str], digits: str, start: int, stop: int
) -> None:
    column = Phones(phones)
    others = set(column.others)
    assert column.holding(digits, start, stop) == [
        place
        for place in range(len(phones))[start:stop]
        if digits in phones[place] and phones[place] not in others
    ]


@given(
    st.lists(st.lists(SPELLINGS, max_size=8, unique=True), max_size=4),
    st.text("+0123456789", max_size=7),
)
def test_a_search_finds_exactly_what_is_meant(messages: list[list[str]], typed: str) -> None:
    board = board_of(*((str(index), phones) for index, phones in enumerate(messages)))
    wanted = understood(typed)
    found = asyncio.run(search(board, wanted)) if wanted else []
    assert {each.place for each in found} == {
        Place(watched.id, slot, phone)
        for watched in board
        for slot, phone in enumerate(watched.recipients.phones)
        if wanted.matches(phone)
    }


async def test_the_newest_message_comes_first() -> None:
    board = board_of(
        ("30", ["+33612345678"]), ("10", ["+33699999999", "+33612345678"]), ("20", ["+33612345678"])
    )
    assert await found_in(board, "06 12 34 56 78") == [
        Place("20", 0, "+33612345678"),
        Place("10", 1, "+33612345678"),
        Place("30", 0, "+33612345678"),
    ]


async def test_a_search_stops_when_it_has_enough() -> None:
    board = board_of(("1", [f"+336{n:08}" for n in range(500)]), ("2", ["+33600000001"]))
    places = await found_in(board, "+336")
    assert len(places) == finding.FOUND_LIMIT
    assert places[0].message_id == "2"


async def test_a_long_search_gives_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(finding, "monotonic", lambda: next(ticks) * finding._TURN)
    board = board_of(*((str(n), ["+33612345678"]) for n in range(50)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.ensure_future(others())
    await search(board, understood("9999"))
    waiting.cancel()
    assert turns >= 20


# What the history knows


def sighting(message_id: str, phone: str, at: float = START, slot: int = 0) -> Sighting:
    return Sighting(message_id, "Old one", slot, recipient(phone), at, None, at + 60, ())


def test_the_history_adds_what_is_not_watched_any_more() -> None:
    board = board_of(("1", ["+33612345678"]))
    older = remembered(
        board,
        understood("06 12"),
        [sighting("1", "+33612345678"), sighting("9", "+33612345678", START - 5)],
    )
    assert [each.place for each in older] == [Place("9", None, "+33612345678")]
    assert not older[0].watched


def test_what_the_history_takes_for_a_fragment_is_held_to_what_was_meant() -> None:
    noise = sighting("9", "+33761299999")
    assert remembered(Board(), understood("06 12"), [noise]) == []


async def test_both_together_stand_by_age() -> None:
    board = board_of(("1", ["+33612345678"]), ("2", ["+33612345678"]))
    wanted = understood("06 12")
    now = await search(board, wanted)
    before = remembered(board, wanted, [sighting("9", "+33612345678", START + 0.5)])
    assert [each.place.message_id for each in merged(now, before)] == ["2", "9", "1"]


async def test_what_was_found_is_shown_as_it_is_now() -> None:
    board = board_of(("1", ["+33612345678"]))
    (found,) = await search(board, understood("06 12"))
    failed = recipient("+33612345678", Status.NOT_DELIVERED)
    put(board, Entry("1"), [failed], START + 60)
    assert as_now(board, found).recipient.status is Status.NOT_DELIVERED
    board.forget("1", START + 61)
    last: Found = as_now(board, found)
    assert last.recipient.status is Status.DELIVERED
    assert not last.watched


async def test_whom_a_source_tells_of_is_found_before_the_message_is_read() -> None:
    board, number = board_of(("1", ["+33611111111"])), "+33612345678"
    arrival = Arrival("app", 3600.0, number)
    board.watch(Entry("2", "Login code", added_at=START + 5, arrival=arrival), START + 5)
    found, *more = await search(board, understood("0612345678"))
    assert (found.place, more) == (Place("2", None, number), [])
    assert (found.label, found.recipient.raw_status) == ("Login code", "not read yet")
    assert as_now(board, found) == found
    board.apply(report([recipient(number, Status.DELIVERED)], "2", START + 9), START + 9)
    assert as_now(board, found).recipient.status is Status.DELIVERED
    assert await found_in(board, "0612345678") == [Place("2", 0, number)]
