"""What waits for a disk is bounded: which side of it is dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.known import LastPoll
from smsmon.model import Entry, Event, EventKind
from smsmon.monitor.board import Board
from smsmon.store.shared import Wish
from smsmon.store.sql import batch
from smsmon.store.sql.batch import Batch, Told
from smsmon.store.sql.columns import Update, update_of
from tests.store.reports import START, report, row

FEW = 5


@pytest.fixture(autouse=True, scope="module")
def _small() -> object:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("EVENTS_LIMIT", "WISHES_LIMIT", "WAITING_LIMIT", "READS_LIMIT"):
            patch.setattr(batch, name, FEW)
        yield


def update(message_id: str, at: float, recipients: int) -> Update:
    board = Board()
    board.watch(Entry(message_id), START)
    board.apply(report(message_id, [row(n) for n in range(recipients)], at), at)
    return update_of(0, at, at, board[message_id], 0, None)


def queued(batches: list[Batch]) -> Batch:
    """All of them, as they come together while the disk takes nothing."""
    waiting = Batch()
    for each in batches:
        waiting = waiting.then(each)
    return waiting


@given(st.lists(st.integers(0, 4), max_size=8))
def test_of_events_and_wishes_the_newest_are_kept_in_their_order(sizes: list[int]) -> None:
    numbers = iter(range(100))
    batches = []
    for size in sizes:
        own = [next(numbers) for _ in range(size)]
        batches.append(
            Batch(
                events=[Told(Event(EventKind.STALE, float(n), "300"), 0) for n in own],
                wishes=[Wish("me", float(n), "poll") for n in own],
            )
        )
    waiting = queued(batches)
    kept = list(range(sum(sizes)))[-FEW:]
    assert [each.event.at for each in waiting.events] == kept
    assert [wish.at for wish in waiting.wishes] == kept


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), max_size=8))
def test_of_reports_the_last_of_each_message_is_kept_always(polls: list[tuple[str, int]]) -> None:
    batches = []
    for at, (message_id, recipients) in enumerate(polls):
        one = Batch()
        one.add(update(message_id, START + at, recipients))
        batches.append(one)
    waiting = queued(batches)
    last = {message_id: START + at for at, (message_id, _) in enumerate(polls)}
    kept = [(each.entry.id, each.at) for each in waiting.updates]
    assert set(last.items()) <= set(kept)
    assert waiting.weight == sum(len(each.recipients) for each in waiting.updates)
    if waiting.weight > FEW:
        assert len(kept) == len(last), "beyond the limit nothing else is"
    for message_id in last:
        own = [at for each, at in kept if each == message_id]
        assert own == sorted(own)


def test_within_the_limit_every_step_is_kept() -> None:
    batches = []
    for at in range(FEW):
        one = Batch()
        one.add(update("300", START + at, 1))
        batches.append(one)
    assert [each.at - START for each in queued(batches).updates] == list(range(FEW))


def test_when_messages_were_read_waits_until_that_is_much() -> None:
    waiting = Batch()
    for number in range(FEW):
        assert not waiting.pressing
        waiting.polls[str(number)] = (str(number), "default"), LastPoll(), 0
    assert waiting.pressing
