"""What is kept besides the state stays within its bounds, the newest first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Counts, Transition
from smsmon.monitor.changes import RawAnswers, SeenTransitions, counted
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


steps = st.one_of(
    st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 2), max_size=6)),
    st.tuples(st.sampled_from("abc"), st.none()),
)


@given(st.lists(steps, max_size=25), st.integers(1, 9))
def test_whatever_comes_and_goes_the_newest_changes_of_all_are_kept(
    series: list[tuple[str, list[int] | None]], limit: int
) -> None:
    """Against one plain list, the oldest first."""
    seen, kept = SeenTransitions(limit), list[Transition]()
    for number, (id, slots) in enumerate(series):
        if slots is None:
            seen.forget(id)
            kept = [each for each in kept if each.message_id != id]
        else:
            new = [_change(id, slot, float(number)) for slot in slots]
            seen.add(new)
            kept = [*kept, *new][-limit:]
        assert len(seen) == len(kept)
        for each in "abc":
            for slot in range(3):
                of = [one for one in kept if (one.message_id, one.slot) == (each, slot)]
                assert seen.of(each, slot) == tuple(of)
        assert len(seen._order) <= limit * 5 // 4 + 1


def test_an_answer_is_kept_up_to_its_limit_and_its_length_told() -> None:
    answers = RawAnswers(limit=10)
    for length in (1, 9, 10, 11, 500):
        raw = bytes(range(97, 107)) * 50
        answers.keep("1", raw[:length])
        assert answers.of("1") == (raw[: min(10, length)], length)
    answers.forget("1")
    answers.forget("1")
    assert (answers.of("1"), answers.size) == (None, 0)


def test_as_many_bytes_as_the_total_are_kept_and_no_more() -> None:
    one = RawAnswers()
    one.keep("1", b"x")
    size = one.size
    answers = RawAnswers(total=3 * size)
    for number in range(3):
        answers.keep(str(number), b"x")
    assert answers.size == 3 * size
    answers.keep("0", b"x")  # the newest now, not one more
    assert answers.size == 3 * size
    answers.keep("3", b"x")
    assert [answers.of(str(number)) is None for number in range(4)] == [False, True, False, False]
    assert answers.size == 3 * size


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(), "no recipients"),
        (Counts(total=1, delivered=1), "1 delivered"),
        (
            Counts(total=6002, delivered=1000, not_delivered=2000, waiting=1, unknown=3001, stop=5),
            "1,000 delivered, 2,000 not delivered, 1 waiting, 3,001 unknown, 5 STOP",
        ),
        (Counts(total=2, waiting=2, stop=1), "2 waiting, 1 STOP"),
    ],
)
def test_counts_are_said_without_what_is_zero(counts: Counts, said: str) -> None:
    assert counted(counts) == said
