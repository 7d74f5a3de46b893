"""The world: one account whose state at a moment follows from the seed, the start, the moment."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.simulator import world as world_module
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.world import Truth, World
from tests.simulator.support import ALICE, BOB, add_random_messages, at, two_recipients
from tests.support.clock import START, VirtualClock


def small_world(**settings: Any) -> World:
    return World(clock=VirtualClock(), messages=[two_recipients()], **settings)


def rows_of(body: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = msgspec.json.decode(body)["StatutResponse_List"]
    return rows


def test_truth_is_told_row_by_row() -> None:
    assert small_world().truth("300", at(7)) == [
        Truth(ALICE, "Delivered", False, int(at(5))),
        Truth(BOB, "Waiting", False, int(at(0))),
    ]


def test_without_a_moment_the_clock_tells_it() -> None:
    clock = VirtualClock()
    world = World(clock=clock, messages=[two_recipients()])
    clock.jump(7)
    assert world.truth("300") == world.truth("300", at(7))
    assert world.answer("300").body == world.answer("300", at(7)).body


@pytest.mark.parametrize("seconds", [0, 4.9, 5, 12, 60, 1e6])
def test_answer_tells_the_truth(seconds: float) -> None:
    world = small_world()
    told = [
        Truth(row["phoneNumber"], row["status"], row["stopSMS"], int(row["date"]))
        for row in rows_of(world.answer("300", at(seconds)).body)
    ]
    assert told == world.truth("300", at(seconds))


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_answer_is_the_very_same_until_something_changes(fmt: Any) -> None:
    world = World(clock=VirtualClock(), seed=3)
    (message_id,) = add_random_messages(world, 1, recipients=200, over=60)
    now = START
    for _ in range(20):
        following = world.next_change(message_id, now)
        assert following is not None
        answer = world.answer(message_id, now, fmt)
        assert world.answer(message_id, following - 1e-5, fmt) is answer
        assert world.answer(message_id, following, fmt).body != answer.body
        now = following


def test_equal_seeds_give_equal_worlds_and_others_do_not() -> None:
    def body(seed: int) -> bytes:
        world = World(clock=VirtualClock(), seed=seed)
        (message_id,) = add_random_messages(world, 1, recipients=50)
        return world.answer(message_id, at(30)).body

    assert body(1) == body(1) != body(2)
    assert World(seed=1).key == World(seed=1).key != World(seed=2).key


@given(st.lists(st.floats(-100, 5_000), max_size=8))
def test_answers_do_not_depend_on_the_order_of_the_questions(seconds: list[float]) -> None:
    asked = World(clock=VirtualClock(), messages=[two_recipients(vanishes_at=at(4_000))])
    for moment in seconds:
        fresh = World(clock=VirtualClock(), messages=[two_recipients(vanishes_at=at(4_000))])
        assert asked.answer("300", at(moment)).body == fresh.answer("300", at(moment)).body


def test_forgotten_answers_are_rebuilt_to_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(clock=VirtualClock())
    ids = add_random_messages(world, 5, recipients=40)
    first = {message_id: world.answer(message_id, at(9)).body for message_id in ids}
    monkeypatch.setattr(world_module, "CACHE_BYTES", 5_000)
    for _ in range(3):
        for message_id in ids:
            world.answer(message_id, at(9), "xml")
            assert world.answer(message_id, at(9)).body == first[message_id]
    assert sum(len(answer.body) for _, answer in world._ready.values()) <= 5_000


def test_unknown_vanished_and_removed_messages_are_code_4() -> None:
    world = World(clock=VirtualClock(), messages=[two_recipients(vanishes_at=at(100))])
    known = world.answer("300", at(50)).body
    world.add(two_recipients("301"))
    world.remove("301")
    for message_id, moment in (("300", at(100)), ("301", at(50)), ("302", at(50))):
        answer = msgspec.json.decode(world.answer(message_id, moment).body)
        assert (answer["success"], answer["code"]) == (False, 4)
        assert not world.exists(message_id, moment)
        with pytest.raises(KeyError):
            world.truth(message_id, moment)
    assert world.answer("300", at(99)).body != known  # the STOP of second 60
    assert world.answer("300", at(50)).body == known


def test_replaced_message_is_answered_at_once() -> None:
    world = small_world()
    world.answer("300", at(50))
    world.add(SimMessage("300", [SimRecipient(BOB, (Change(at(0), "Delivered"),))]))
    assert [row["phoneNumber"] for row in rows_of(world.answer("300", at(50)).body)] == [BOB]


@pytest.mark.parametrize("speed", [0.5, 7.3, 60.0, 86_400.0])
def test_speed_shortens_what_is_to_come_and_dates_nothing_in_the_future(speed: float) -> None:
    world = World(clock=VirtualClock(), speed=speed, messages=[two_recipients()])
    assert world.truth("300", at(4.5 / speed))[0].status == "Waiting"
    assert world.truth("300", at(5.5 / speed))[0] == Truth(
        ALICE, "Delivered", False, int(at(5 / speed))
    )
    for when, _, status, _ in world.changes("300"):
        told = [row.status for row in world.truth("300", when)]
        assert status in told
        assert all((row.date or 0) <= when for row in world.truth("300", when))


def test_speed_leaves_the_past_as_it_was() -> None:
    world = World(clock=VirtualClock(wall=at(30)), speed=100, messages=[two_recipients()])
    assert world.truth("300")[1] == Truth(BOB, "Not delivered", False, int(at(10)))


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_speed_that_cannot_be_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        World(speed=speed)


def test_random_messages_are_spread_over_the_time_before_the_start() -> None:
    world = World(clock=VirtualClock())
    ids = add_random_messages(world, 60, recipients=(1, 30), over=3_600)
    sent = [world.messages[message_id].appears_at for message_id in ids]
    assert all(START - 3_600 <= moment <= START for moment in sent)
    assert len({round(moment, -2) for moment in sent}) > 15
    assert all(1 <= len(message) <= 30 for message in world.messages.values())


def test_message_that_is_new_appears_when_it_was_sent() -> None:
    world = World(clock=VirtualClock())
    (message_id,) = add_random_messages(world, 1, recipients=3, over=-600)
    sent = world.messages[message_id].appears_at
    assert START < sent <= at(600)
    assert not world.exists(message_id, sent - 1)
    assert {row.status for row in world.truth(message_id, sent)} == {"Waiting"}


def test_rows_without_a_date_or_with_an_error_have_none_in_truth() -> None:
    message = SimMessage(
        "5",
        [
            SimRecipient(ALICE, (Change(at(0), "Waiting", dated=False),)),
            SimRecipient(BOB, (Change(at(0), "Numéro introuvable", error=4),)),
        ],
    )
    world = World(clock=VirtualClock(), messages=[message])
    assert [row.date for row in world.truth("5")] == [None, None]
    assert rows_of(world.answer("5").body) == [
        {"phoneNumber": ALICE, "status": "Waiting", "stopSMS": False},
        {"success": False, "code": 4, "phoneNumber": BOB, "status": "Numéro introuvable"},
    ]
