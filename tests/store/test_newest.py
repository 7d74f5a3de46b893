"""Several processes on one history: it holds what was asked for last, and nothing that was not."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.model import EventKind, Fault, FaultKind
from smsmon.recipients import Recipient, Status
from tests.store.places import MONTH, QUICK, Place, Process, changes, kinds, load, passing, sound
from tests.store.reports import START, row
from tests.support.clock import VirtualClock

W, D, N = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED


class Writer(Process):
    """A process that watches 300."""

    def __init__(self, place: Place, now: float = START + MONTH) -> None:
        super().__init__(place, VirtualClock(now))
        self.watch("300")


async def test_an_answer_that_was_asked_for_earlier_and_comes_later_changes_nothing(
    place: Place,
) -> None:
    async with Writer(place) as slow, Writer(place) as fast:
        await slow.says([row(1)], asked=0)
        await fast.says([row(1)], asked=1)
        await fast.says([row(1, "Delivered")], asked=12, came=13)
        await slow.says([row(1)], asked=10, came=17)
        assert slow.outdated == [("300", "default")]
        assert fast.outdated == []
        await slow.says([row(1, "Delivered")], asked=20)
    known = load(place)
    assert known.recipients.statuses == bytes([D])
    assert (known.summary.asked_at, known.summary.read_at) == (START + 20, START + 20)
    assert changes(place) == [("300", 0, W, D, False, 13.0)]
    assert kinds(place) == ["first read", "completed"]
    assert sound(place)


async def test_an_old_answer_that_only_repeats_what_is_known_moves_no_moment_back(
    place: Place,
) -> None:
    async with Writer(place) as slow, Writer(place) as fast:
        await slow.says([row(1)], asked=0)
        await fast.says([row(1)], asked=5, came=6)
        await slow.says([row(1)], asked=4, came=9)
    assert (load(place).summary.asked_at, load(place).summary.read_at) == (START + 5, START + 6)


async def test_the_same_answer_again_is_newer_than_another_process_found_between(
    place: Place,
) -> None:
    """It says "as before" of what it knew: the history has to go back to that."""
    async with Writer(place) as one, Writer(place) as other:
        await one.says([row(1)], asked=0)
        await other.says([row(1, "Delivered")], asked=5)
        await one.says([row(1)], asked=9)
    assert load(place).recipients.statuses == bytes([W])
    assert [each[2:4] for each in changes(place)] == [(W, D), (D, W)]
    assert kinds(place)[:2] == ["first read", "completed"]


async def test_a_fault_of_a_request_that_left_earlier_is_not_told(place: Place) -> None:
    async with Writer(place) as slow, Writer(place) as fast:
        await slow.says([row(1)], asked=0)
        await fast.says([row(1)], asked=5)
        fault = Fault(FaultKind.TIMEOUT, "too slow")
        failed = slow.board.fail("300", fault, START + 12, START + 2)
        slow.history.record(failed, slow.board["300"])
        await slow.history.flush()
    assert kinds(place) == ["first read"]


async def test_a_moment_ahead_of_the_clock_bars_nobody(place: Place) -> None:
    async with Writer(place, START + MONTH) as wrong:
        await wrong.says([row(1)], asked=MONTH)
    async with Writer(place, START + 100) as right:
        await right.says([row(1, "Delivered")], asked=99)
    known = load(place).summary
    assert (known.counts.delivered, known.asked_at) == (1, START + 99)


async def test_what_every_process_sees_happen_is_told_once(place: Place) -> None:
    async with Writer(place) as one, Writer(place) as other:
        for at, rows in enumerate(([row(1), row(2)], [row(1)], [row(1, "Delivered"), row(2)])):
            await one.says(rows, asked=10 * at)
            await other.says(rows, asked=10 * at + 1)
        await one.says([row(1, "Delivered"), row(2, "Delivered")], asked=40)
        await other.says([row(1, "Delivered"), row(2, "Delivered")], asked=41)
        await one.says([row(1), row(2, "Delivered")], asked=50)
        await other.says([row(1), row(2, "Delivered")], asked=51)
    assert kinds(place) == ["first read", "absent", "listed again", "completed", "reopened"]


async def test_a_stop_that_one_process_saw_is_not_withdrawn_by_one_that_was_not_told(
    place: Place,
) -> None:
    async with Writer(place) as one:
        await one.says([row(1, "Delivered", stop=True)], asked=0)
    async with Writer(place) as other:
        await other.says([row(1, "Delivered", stop=None)], asked=5)
    assert load(place).recipients[0].stop is True
    assert changes(place) == []


async def test_one_number_twice_is_the_same_for_two_processes_in_any_order(place: Place) -> None:
    rows = [row(1, "Not delivered"), row(1, "Delivered")]
    async with Writer(place) as one, Writer(place) as other:
        for at in range(0, 40, 10):
            await one.says(rows, asked=at)
            await other.says(rows[::-1], asked=at + 5)
    assert changes(place) == []
    assert len(load(place).recipients) == 2


ANSWERS = st.lists(
    st.sampled_from(
        [
            [row(1), row(2), row(2)],
            [row(2, "Delivered"), row(1), row(2)],
            [row(2), row(1, "Delivered"), row(2, "Delivered")],
            [row(1, "Delivered"), row(2, "Not delivered"), row(2, "Delivered")],
            [row(2, "Delivered"), row(3)],
            [row(1, "Not delivered", stop=True)],
            [],
        ]
    ),
    min_size=1,
    max_size=7,
)


@pytest.mark.parametrize("kind", QUICK)
@settings(max_examples=40, deadline=None)
@given(answers=ANSWERS, data=st.data())
def test_any_order_of_arrival_leaves_the_answer_asked_for_last(
    kind: str, answers: list[list[Recipient]], data: st.DataObject
) -> None:
    """The answers, in the order of their being asked for, come to two processes in any order."""
    leaves_the_answer_asked_for_last(kind, answers, data)


@settings(max_examples=8, deadline=None)
@given(answers=ANSWERS, data=st.data())
def test_any_order_of_arrival_does_at_a_server(
    answers: list[list[Recipient]], data: st.DataObject
) -> None:
    leaves_the_answer_asked_for_last("team", answers, data)


def leaves_the_answer_asked_for_last(
    kind: str, answers: list[list[Recipient]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(answers))), "arrival")
    who = [data.draw(st.booleans(), "who") for _ in order]

    async def come(place: Place) -> None:
        async with Writer(place) as one, Writer(place) as other:
            for came, asked in enumerate(order):
                writer = one if who[came] else other
                await writer.says(answers[asked], asked=asked, came=100 + came)

    with passing(kind) as place:
        asyncio.run(come(place))
        newest, known = answers[-1], load(place)
        listed = [
            (each.phone, each.status)
            for slot, each in enumerate(known.recipients)
            if slot not in known.absent
        ]
        assert sorted(listed) == sorted((each.phone, each.status) for each in newest)
        assert known.summary.asked_at == START + len(answers) - 1
        counts = known.summary.counts
        assert (counts.total, counts.absent) == (len(known.recipients), len(known.absent))
        chains: dict[object, object] = {}
        for _, slot, before, after, stopped, _ in changes(place):
            assert chains.get(slot, before) == before, "a change begins where the last one ended"
            assert before != after or stopped is not None
            chains[slot] = after
        for slot, after in chains.items():
            assert isinstance(slot, int)
            assert known.recipients.statuses[slot] == after
        told = kinds(place)
        assert told.count(str(EventKind.FIRST_READ)) == 1
        assert sound(place)
