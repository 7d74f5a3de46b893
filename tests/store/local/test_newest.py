"""Several processes on one history: it holds what was asked for last, and nothing that was not."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.model import EventKind, Fault, FaultKind
from smsmon.recipients import Recipient, Status
from smsmon.store.local import queries
from smsmon.store.local.reader import Reader
from smsmon.store.past import Key, Remembered
from tests.store.reports import START, Console, changes, row, rows_of, sound
from tests.support.clock import VirtualClock

W, D, N = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED
MONTH = 30 * 86_400.0


def load(path: Path) -> Remembered:
    with Reader(path) as reader:
        return next(reader.each(lambda connection: queries.load(connection, ["300"])))


def kinds(path: Path) -> list[str]:
    return [str(kind) for (kind,) in rows_of(path, "SELECT kind FROM event ORDER BY at, id")]


class Writer(Console):
    """A process whose clock stands far behind all moments of these tests."""

    def __init__(self, path: Path, now: float = START + MONTH) -> None:
        self.told: list[Key] = []
        super().__init__(path, clock=VirtualClock(now), outdated=self.told.extend)
        self.watch("300")

    def says(self, rows: Sequence[Recipient], asked: float, came: float | None = None) -> None:
        """An answer that was asked for and came so many seconds after ``START``."""
        self.poll("300", rows, START + (asked if came is None else came), START + asked)
        self.writer.write_out()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_an_answer_that_was_asked_for_earlier_and_comes_later_changes_nothing(path: Path) -> None:
    with Writer(path) as slow, Writer(path) as fast:
        slow.says([row(1)], asked=0)
        fast.says([row(1)], asked=1)
        fast.says([row(1, "Delivered")], asked=12, came=13)
        slow.says([row(1)], asked=10, came=17)
        assert slow.told == [("300", "default")]
        assert fast.told == []
        slow.says([row(1, "Delivered")], asked=20)
    known = load(path)
    assert known.recipients.statuses == bytes([D])
    assert (known.summary.asked_at, known.summary.read_at) == (START + 20, START + 20)
    assert changes(path) == [("300", 0, W, D, False, 13.0)]
    assert kinds(path) == ["first read", "completed"]
    assert sound(path)


def test_an_old_answer_that_only_repeats_what_is_known_moves_no_moment_back(path: Path) -> None:
    with Writer(path) as slow, Writer(path) as fast:
        slow.says([row(1)], asked=0)
        fast.says([row(1)], asked=5, came=6)
        slow.says([row(1)], asked=4, came=9)
    assert (load(path).summary.asked_at, load(path).summary.read_at) == (START + 5, START + 6)


def test_the_same_answer_again_is_newer_than_another_process_found_between(path: Path) -> None:
    """It says "as before" of what it knew: the history has to go back to that."""
    with Writer(path) as one, Writer(path) as other:
        one.says([row(1)], asked=0)
        other.says([row(1, "Delivered")], asked=5)
        one.says([row(1)], asked=9)
    assert load(path).recipients.statuses == bytes([W])
    assert [each[2:4] for each in changes(path)] == [(W, D), (D, W)]
    assert kinds(path)[:2] == ["first read", "completed"]


def test_a_fault_of_a_request_that_left_earlier_is_not_told(path: Path) -> None:
    with Writer(path) as slow, Writer(path) as fast:
        slow.says([row(1)], asked=0)
        fast.says([row(1)], asked=5)
        fault = Fault(FaultKind.TIMEOUT, "too slow")
        failed = slow.board.fail("300", fault, START + 12, START + 2)
        slow.writer.record(failed, slow.board["300"])
        slow.writer.write_out()
    assert kinds(path) == ["first read"]


def test_a_moment_ahead_of_the_clock_bars_nobody(path: Path) -> None:
    with Writer(path, START + MONTH) as wrong:
        wrong.says([row(1)], asked=MONTH)
    with Writer(path, START + 100) as right:
        right.says([row(1, "Delivered")], asked=99)
    known = load(path).summary
    assert (known.counts.delivered, known.asked_at) == (1, START + 99)


def test_what_every_process_sees_happen_is_told_once(path: Path) -> None:
    with Writer(path) as one, Writer(path) as other:
        for at, rows in enumerate(([row(1), row(2)], [row(1)], [row(1, "Delivered"), row(2)])):
            one.says(rows, asked=10 * at)
            other.says(rows, asked=10 * at + 1)
        one.says([row(1, "Delivered"), row(2, "Delivered")], asked=40)
        other.says([row(1, "Delivered"), row(2, "Delivered")], asked=41)
        one.says([row(1), row(2, "Delivered")], asked=50)
        other.says([row(1), row(2, "Delivered")], asked=51)
    assert kinds(path) == ["first read", "absent", "listed again", "completed", "reopened"]


def test_a_stop_that_one_process_saw_is_not_withdrawn_by_one_that_was_not_told(path: Path) -> None:
    with Writer(path) as one:
        one.says([row(1, "Delivered", stop=True)], asked=0)
    with Writer(path) as other:
        other.says([row(1, "Delivered", stop=None)], asked=5)
    assert load(path).recipients[0].stop is True
    assert changes(path) == []


def test_one_number_twice_is_the_same_for_two_processes_in_any_order(path: Path) -> None:
    rows = [row(1, "Not delivered"), row(1, "Delivered")]
    with Writer(path) as one, Writer(path) as other:
        for at in range(0, 40, 10):
            one.says(rows, asked=at)
            other.says(rows[::-1], asked=at + 5)
    assert changes(path) == []
    assert len(load(path).recipients) == 2


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


@settings(max_examples=50, deadline=None)
@given(ANSWERS, st.data())
def test_any_order_of_arrival_leaves_the_answer_asked_for_last(
    answers: list[list[Recipient]], data: st.DataObject
) -> None:
    """The answers, in the order of their being asked for, come to two processes in any order."""
    order = data.draw(st.permutations(range(len(answers))), "arrival")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "history.db")
        with Writer(path) as one, Writer(path) as other:
            for came, asked in enumerate(order):
                writer = data.draw(st.sampled_from([one, other]), "who")
                writer.says(answers[asked], asked=asked, came=100 + came)
        newest, known = answers[-1], load(path)
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
        for _, slot, before, after, stopped, _ in changes(path):
            assert chains.get(slot, before) == before, "a change begins where the last one ended"
            assert before != after or stopped is not None
            chains[slot] = after
        for slot, after in chains.items():
            assert isinstance(slot, int)
            assert known.recipients.statuses[slot] == after
        told = kinds(path)
        assert told.count(str(EventKind.FIRST_READ)) == 1
        assert sound(path)
