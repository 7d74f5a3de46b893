"""What a poll leaves in the history: what differs, once, whoever looks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.filters.recipients import Seen, took_column, took_of
from smsmon.model import Event, EventKind, Fault, FaultKind, Transition
from smsmon.recipients import Recipient, Status
from smsmon.store.local import queries
from smsmon.store.local.reader import Reader
from smsmon.store.past import Remembered
from tests.store.reports import START, WORDS, Console, changes, row, rows_of, sound

W, D, N, U = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED, Status.UNKNOWN


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "smsmon" / "history.db"


def load(path: Path, message_id: str = "300") -> Remembered:
    with Reader(path) as reader:
        return next(reader.each(lambda connection: queries.load(connection, [message_id])))


def test_a_first_report_is_kept_whole_and_is_no_change(path: Path) -> None:
    rows = [row(1), row(2, "DELIVRD", None, None), row("0611", "Perhaps", True)]
    with Console(path) as console:
        console.watch("300", label="Label", tags=("a", "b"))
        console.poll("300", rows, START)
    known = load(path)
    assert list(known.recipients) == rows
    assert list(known.first_seen) == [START] * 3
    assert list(known.changed_at) == [0.0] * 3
    assert known.summary.counts == console.board["300"].counts
    assert (known.summary.label, known.summary.tags) == ("Label", ("a", "b"))
    assert (known.summary.first_read_at, known.summary.read_at) == (START, START)
    assert known.summary.digest == console.board["300"].digest
    assert changes(path) == []


def test_a_change_is_kept_with_its_date_and_its_moment(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2)], START)
        console.poll("300", [row(1), row(2, "Delivered", True, int(START) + 5)], START + 7)
    known = load(path)
    assert changes(path) == [("300", 1, W, D, True, 7.0)]
    assert list(known.changed_at) == [0.0, START + 7]
    with Reader(path) as reader:
        assert reader.ask(lambda db: queries.recipient_changes(db, "300", 1)) == (
            Transition(
                "300", 1, "+33600000002", W, D, "Delivered", False, True, int(START) + 5, START + 7
            ),
        )


def test_only_what_changed_is_written(path: Path) -> None:
    rows = [row(n, "Delivered" if n else "Waiting") for n in range(500)]
    with Console(path) as console:
        console.watch("300")
        console.poll("300", rows, START)
        console.writer.write_out()
        assert console.writer._held is not None
        written = console.writer._held.connection
        assert written is not None
        before = written.total_changes
        rows[0] = row(0, "Delivered")
        console.poll("300", rows, START + 1)
        console.writer.write_out()
        # The recipient, its change, the message with its digest, and the log: all final. And for
        # those who follow: how its polls stand, and that there is something new.
        assert written.total_changes - before == 6


def test_an_equal_answer_moves_only_the_age(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        console.poll("300", [row(1)], START + 60)
    known = load(path)
    assert known.summary.read_at == START + 60
    assert known.summary.revision == 1


def test_a_failed_poll_changes_no_state_and_is_in_the_log(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        before = list(console.board["300"].recipients)
        applied = console.board.fail("300", Fault(FaultKind.TIMEOUT, "too slow"), START + 9)
        console.writer.record(applied, console.board["300"])
    known = load(path)
    assert list(known.recipients) == before
    assert known.summary.read_at == START
    with Reader(path) as reader:
        happened = reader.ask(lambda db: queries.timeline(db, "300"))
    assert [(each.kind, each.detail) for each in happened.events] == [
        (EventKind.FIRST_READ, "1 waiting"),
        (EventKind.STALE, "too slow"),
    ]


def test_flushing_waits_for_nothing_when_polls_only_failed(path: Path) -> None:
    fault = Fault(FaultKind.TIMEOUT, "no answer")
    with Console(path) as console:
        console.watch("300")
        for after in range(3):  # a failure that goes on is no news: there is nothing to write
            applied = console.board.fail("300", fault, START + after)
            console.writer.record(applied, console.board["300"])
            console.writer.write_out(timeout=10)


def test_a_date_that_moves_is_kept_but_is_no_change(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1, date=100)], START)
        console.poll("300", [row(1, "ENROUTE", date=200)], START + 1)
    known = load(path)
    assert known.recipients[0] == row(1, "ENROUTE", date=200)
    assert changes(path) == []


def test_an_unknown_word_that_changes_is_a_change(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1, "Perhaps")], START)
        console.poll("300", [row(1, "Perhaps not")], START + 1)
    assert changes(path) == [("300", 0, U, U, False, 1.0)]


def test_a_recipient_that_appears_later_is_a_change(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        console.poll("300", [row(2), row(1)], START + 1)
    assert [each.phone for each in load(path).recipients] == ["+33600000001", "+33600000002"]
    assert list(load(path).first_seen) == [START, START + 1]
    assert changes(path) == [("300", 1, None, W, False, 1.0)]


def test_recipients_left_out_stay_as_last_seen(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2), row(3)], START)
        console.poll("300", [row(3, "Delivered")], START + 1)
    known = load(path)
    assert known.absent == {0: START + 1, 1: START + 1}
    assert (known.summary.counts.absent, known.summary.counts.present) == (2, 1)
    assert [each.status for each in known.recipients] == [W, W, D]


def test_since_when_a_recipient_is_missing_survives_restarts_and_ends_with_its_return(
    path: Path,
) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2), row(3)], START)
        console.poll("300", [row(3)], START + 1)
        console.poll("300", [], START + 2)
    with Console(path) as console:
        console.watch("300", load(path))
        assert console.board["300"].absent == {0: START + 1, 1: START + 1, 2: START + 2}
        assert console.board["300"].counts.absent == 3
        console.poll("300", [row(2)], START + 9)
    assert load(path).absent == {0: START + 1, 2: START + 2}
    with Reader(path) as reader:
        found = reader.ask(lambda db: queries.find_number(db, "+33600000001")).sightings
        again = reader.ask(lambda db: queries.find_number(db, "+33600000002")).sightings
    assert [each.absent_since for each in (*found, *again)] == [START + 1, None]


def test_what_changed_while_the_program_was_down_is_recorded_once(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2)], START)
    with Console(path) as console:
        console.watch("300", load(path))
        applied = console.poll("300", [row(1, "Delivered"), row(2)], START + 3600)
        assert len(applied.transitions) == 1
    assert changes(path) == [("300", 0, W, D, False, 3600.0)]


def test_a_board_that_was_told_nothing_records_the_difference_all_the_same(path: Path) -> None:
    """Its slots may differ from those of the history: numbers find each other."""
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2), row(2), row(3)], START)
    with Console(path) as console:
        console.watch("300")
        rows = [row(4), row(3), row(2), row(1, "Delivered"), row(2, "Not delivered")]
        console.poll("300", rows, START + 9)
        rows[1] = row(3, "Delivered", True)
        console.poll("300", rows, START + 10)
    assert [(each.phone[-1], each.status) for each in load(path).recipients] == [
        ("1", D),
        ("2", W),
        ("2", N),
        ("3", D),
        ("4", W),
    ]
    assert changes(path) == [
        ("300", 0, W, D, False, 9.0),
        ("300", 2, W, N, False, 9.0),
        ("300", 4, None, W, False, 9.0),
        ("300", 3, W, D, True, 10.0),
    ]


def test_two_consoles_record_a_change_once(path: Path) -> None:
    with Console(path) as one, Console(path) as two:
        for console, at in ((one, START), (two, START + 1)):
            console.watch("300")
            console.poll("300", [row(1), row(2)], at)
            console.writer.write_out()
        for console, at in ((one, START + 5), (two, START + 6), (one, START + 7)):
            console.poll("300", [row(1, "Delivered"), row(2)], at)
            console.writer.write_out()
        two.poll("300", [row(1, "Delivered"), row(2, "Delivered")], START + 8)
        two.writer.write_out()
        one.poll("300", [row(1, "Delivered"), row(2, "Delivered")], START + 9)
    assert changes(path) == [("300", 0, W, D, False, 5.0), ("300", 1, W, D, False, 8.0)]
    assert sound(path)


def test_an_older_answer_of_a_slower_console_undoes_nothing(path: Path) -> None:
    with Console(path) as slow, Console(path) as fast:
        slow.watch("300")
        slow.poll("300", [row(1), row(2)], START)
        slow.writer.write_out()
        fast.watch("300")
        fast.poll("300", [row(1, "Delivered"), row(2, "Delivered")], START + 9)
        fast.writer.write_out()
        slow.poll("300", [row(1, "Delivered"), row(2)], START + 5)
        slow.writer.write_out()
    assert [each.status for each in load(path).recipients] == [D, D]
    assert len(changes(path)) == 2


def test_changes_in_the_same_instant_are_both_kept(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        for word in ("Waiting", "Delivered", "Waiting", "Not delivered"):
            console.poll("300", [row(1, word)], START)
    assert [each[2:4] for each in changes(path)] == [(W, D), (D, W), (W, N)]


def test_leaving_the_watchlist_is_noted_and_coming_back_too(path: Path) -> None:
    from smsmon.model import Entry

    with Console(path) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(1)], START)
        console.writer.watching([Entry("301", "New label", ("x",))])
        console.writer.write_out()
        assert console.writer._held is not None
        assert set(console.writer._held.recording._known) == {
            ("301", "default")
        }  # the other takes no memory
        first = load(path).summary
        other = load(path, "301").summary
        console.writer.watching([Entry("300"), Entry("301")])
        console.writer.write_out()
        back = load(path).summary
    assert first.removed_at is not None
    assert other.removed_at is None
    assert (other.label, other.tags, other.profile) == ("New label", ("x",), "default")
    assert back.removed_at is None


def test_events_of_the_account_are_kept(path: Path) -> None:
    stopped = Event(EventKind.ACCOUNT_STOPPED, START + 1, None, "prod", "key refused")
    with Console(path) as console:
        console.writer.record_event(stopped)
    with Reader(path) as reader:
        assert reader.ask(lambda db: queries.happened_since(db, START)).events == (stopped,)


ROW = st.builds(
    lambda number, status, stop, date: Recipient(
        f"+3361234567{number}", status, WORDS[status], stop, date
    ),
    st.integers(0, 4),
    st.sampled_from(Status),
    st.sampled_from([True, False, None]),
    st.sampled_from([None, 1_700_000_000, 1_700_000_100]),
)
REPORTS = st.lists(st.lists(ROW, min_size=1, max_size=6), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(REPORTS, st.data())
def test_the_history_ends_as_the_board_does_whatever_restarts_and_consoles(
    reports: list[list[Recipient]], data: st.DataObject
) -> None:
    """Random reports, restarts with and without restoring, and a second console that looks on.

    The changes of each recipient form a chain: each begins where the one before ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "history.db")
        console, other = Console(path), Console(path)
        with console, other:
            console.watch("300")
            other.watch("300")
            for at, rows in enumerate(reports, 1):
                console.poll("300", rows, START + at)
                console.writer.write_out()
                if data.draw(st.booleans(), "other looks"):
                    other.poll("300", rows, START + at + 0.5)
                    other.writer.write_out()
            final = {(each.phone, each.status) for each in console.board["300"].recipients}
        known = load(path)
        assert {(each.phone, each.status) for each in known.recipients} == final
        assert sound(path)
        chains: dict[object, object] = {}
        for _, slot, before, after, *_ in changes(path):
            assert chains.get(slot, before) == before
            chains[slot] = after
        for slot, after in chains.items():
            assert isinstance(slot, int)
            assert known.recipients.statuses[slot] == after
        assert rows_of(path, "SELECT count(*) FROM change") == [(len(changes(path)),)]


def test_how_long_it_took_is_the_same_after_a_restart(path: Path) -> None:
    """One recipient each: what its polls say, STOP as ``!``, and how long it took."""
    stories: dict[str, float | None] = {
        "W W W W": None,
        "W W D D": 20.0,
        "W D D! D!": 10.0,  # what it says after that takes no longer
        "W D N D": 10.0,
        "W D W D": 10.0,
        "W N N N": 10.0,
        "D D D D": None,  # it was delivered before anybody looked
        "D D! D! D!": None,
        "D W W D": None,
        "- - D D!": None,  # it appeared as delivered
        "- W W D": 20.0,
        "W W! D! D!": 20.0,
        "W D W W": None,
    }
    words = {"W": "Waiting", "D": "Delivered", "N": "Not delivered"}

    def polled(time: int) -> list[Recipient]:
        said = [story.split()[time] for story in stories]
        rows = [(n, each) for n, each in enumerate(said) if each != "-"]
        late = [(n, each) for n, each in rows if list(stories)[n].startswith("-")]
        return [
            row(n, words[each[0]], each.endswith("!"))
            for n, each in [pair for pair in rows if pair not in late] + late
        ]

    def took(seen: Seen) -> dict[str, float | None]:
        column = took_column(seen)
        assert column == [took_of(seen, slot) for slot in range(len(column))]
        numbers = [int(phone[-2:]) for phone in seen.recipients.phones]
        return {list(stories)[n]: column[slot] for slot, n in enumerate(numbers)}

    with Console(path) as console:
        console.watch("300")
        for time in range(4):
            console.poll("300", polled(time), START + 10 * time)
        assert took(console.board["300"]) == stories
    known = load(path)
    assert took(known) == stories
    with Console(path) as console:
        console.watch("300", known)
        assert took(console.board["300"]) == stories
        later = [row(n, "Delivered", stop=True) for n in range(len(stories))]
        console.poll("300", later, START + 99)
        still = took(console.board["300"])
        assert still["W D N D"] == 10.0
        assert still["W W W W"] == 99.0
        assert still["D D D D"] is None
