"""What is kept besides the state stays within its bounds, the newest first."""

from __future__ import annotations

from smsmon.model import Transition
from smsmon.monitor.changes import RawAnswers, SeenTransitions
from smsmon.recipients import Status


def _change(message_id: str, slot: int, at: float) -> Transition:
    return Transition(
        message_id, slot, "", Status.WAITING, Status.DELIVERED, "", False, False, None, at
    )


def test_the_oldest_changes_make_room_for_new_ones() -> None:
    seen = SeenTransitions(limit=10)
    seen.add(_change("300", number % 3, float(number)) for number in range(25))
    assert len(seen) == 10
    assert [t.observed_at for t in seen.of("300", 0)] == [15.0, 18.0, 21.0, 24.0]
    assert seen.of("300", 7) == ()
    seen.add(_change("301", number, 99.0) for number in range(10))
    assert list(seen._by_message) == ["301"]


def test_forgetting_a_message_leaves_the_others_their_changes() -> None:
    seen = SeenTransitions(limit=10)
    seen.add([_change("300", 0, 1.0), _change("301", 0, 2.0), _change("300", 1, 3.0)])
    seen.forget("300")
    assert len(seen) == 1
    assert len(seen.of("301", 0)) == 1
    seen.add(_change("302", 0, float(number)) for number in range(20))
    assert len(seen) == 10


def test_messages_that_come_and_go_leave_nothing_behind() -> None:
    seen = SeenTransitions(limit=10)
    for number in range(100):
        seen.add(_change("300", slot, float(number)) for slot in range(5))
        assert [t.observed_at for t in seen.of("300", 4)] == [float(number)]
        seen.forget("300")
    assert len(seen) == 0
    assert not seen._order
    assert not seen._by_message


def test_of_all_raw_answers_the_longest_unread_goes_first() -> None:
    answers = RawAnswers(total=60)
    for message_id in ("1", "2", "1", "3"):
        answers.keep(message_id, message_id.encode() * 20)
    answers.keep("4", bytes(range(40)))
    assert answers.size <= 60
    assert answers.of("2") is None
    assert answers.of("4") == (bytes(range(40)), 40)
    answers.keep("4", b"")
    assert answers.of("4") is None
