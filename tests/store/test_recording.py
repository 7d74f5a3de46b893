"""What a poll leaves in the history: what differs, once, whoever looks."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.filters.recipients import Seen, took_column, took_of
from smsmon.model import Entry, Event, EventKind, Fault, FaultKind, Transition
from smsmon.recipients import Recipient, Status
from tests.store.places import QUICK, Place, Process, changes, load, passing, sound
from tests.store.reports import START, WORDS, row

W, D, N, U = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED, Status.UNKNOWN


async def test_a_first_report_is_kept_whole_and_is_no_change(place: Place) -> None:
    rows = [row(1), row(2, "DELIVRD", None, None), row("0611", "Perhaps", True)]
    async with Process(place) as console:
        console.watch("300", label="Label", tags=("a", "b"))
        console.poll("300", rows, START)
    known = load(place)
    assert list(known.recipients) == rows
    assert list(known.first_seen) == [START] * 3
    assert list(known.changed_at) == [0.0] * 3
    assert known.summary.counts == console.board["300"].counts
    assert (known.summary.label, known.summary.tags) == ("Label", ("a", "b"))
    assert (known.summary.first_read_at, known.summary.read_at) == (START, START)
    assert known.summary.digest == console.board["300"].digest
    assert changes(place) == []


async def test_a_change_is_kept_with_its_date_and_its_moment(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2)], START)
        console.poll("300", [row(1), row(2, "Delivered", True, int(START) + 5)], START + 7)
    known = load(place)
    assert changes(place) == [("300", 1, W, D, True, 7.0)]
    assert list(known.changed_at) == [0.0, START + 7]
    with place().archive() as archive:
        assert archive.recipient_changes("300", 1) == (
            Transition(
                "300", 1, "+33600000002", W, D, "Delivered", False, True, int(START) + 5, START + 7
            ),
        )


async def test_a_stop_that_no_report_tells_is_none_in_a_change(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(n, stop=None) for n in range(2)], START)
        said = [row(0, "Delivered", None), row(1, "Delivered", stop=True)]
        console.poll("300", said, START + 7)
    assert changes(place) == [("300", n, W, D, n == 1, 7.0) for n in range(2)]


async def test_an_equal_answer_moves_only_the_age(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        console.poll("300", [row(1)], START + 60)
    known = load(place)
    assert known.summary.read_at == START + 60
    assert known.summary.revision == 1


async def test_the_moment_of_the_last_change_is_kept_as_the_console_has_it(place: Place) -> None:
    """From the dates of a first report that is all final, through answers without a change."""
    first = [row(1, "Delivered", date=int(START) - 100)]
    answers = [first, first, [row(1, "Delivered", stop=True)], [row(1, "Delivered", stop=True)]]
    kept, shown = [], []
    async with Process(place) as console:
        console.watch("300")
        for after, rows in enumerate(answers):
            console.poll("300", rows, START + 60 * after)
            await console.history.flush()
            kept.append(load(place).summary.last_change_at)
            shown.append(console.board["300"].last_change_at)
    assert kept == shown
    assert kept == [START - 100, START - 100, START + 120, START + 120]


async def test_a_failed_poll_changes_no_state_and_is_in_the_log(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        before = list(console.board["300"].recipients)
        applied = console.board.fail("300", Fault(FaultKind.TIMEOUT, "too slow"), START + 9)
        console.history.record(applied, console.board["300"])
    known = load(place)
    assert list(known.recipients) == before
    assert known.summary.read_at == START
    with place().archive() as archive:
        happened = archive.timeline("300")
    assert [(each.kind, each.detail) for each in happened.events] == [
        (EventKind.FIRST_READ, "1 waiting"),
        (EventKind.STALE, "too slow"),
    ]


async def test_flushing_waits_for_nothing_when_polls_only_failed(place: Place) -> None:
    fault = Fault(FaultKind.TIMEOUT, "no answer")
    async with Process(place) as console:
        console.watch("300")
        for after in range(3):  # a failure that goes on is no news: there is nothing to write
            applied = console.board.fail("300", fault, START + after)
            console.history.record(applied, console.board["300"])
            await console.history.flush()


async def test_a_date_that_moves_is_kept_but_is_no_change(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1, date=100)], START)
        console.poll("300", [row(1, "ENROUTE", date=200)], START + 1)
    known = load(place)
    assert known.recipients[0] == row(1, "ENROUTE", date=200)
    assert changes(place) == []


async def test_an_unknown_word_that_changes_is_a_change(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1, "Perhaps")], START)
        console.poll("300", [row(1, "Perhaps not")], START + 1)
    assert changes(place) == [("300", 0, U, U, False, 1.0)]


async def test_a_recipient_that_appears_later_is_a_change(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        console.poll("300", [row(2), row(1)], START + 1)
    assert [each.phone for each in load(place).recipients] == ["+33600000001", "+33600000002"]
    assert list(load(place).first_seen) == [START, START + 1]
    assert changes(place) == [("300", 1, None, W, False, 1.0)]


async def test_recipients_left_out_stay_as_last_seen(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2), row(3)], START)
        console.poll("300", [row(3, "Delivered")], START + 1)
    known = load(place)
    assert known.absent == {0: START + 1, 1: START + 1}
    assert (known.summary.counts.absent, known.summary.counts.present) == (2, 1)
    assert [each.status for each in known.recipients] == [W, W, D]


async def test_since_when_a_recipient_is_missing_survives_restarts_and_ends_with_its_return(
    place: Place,
) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2), row(3)], START)
        console.poll("300", [row(3)], START + 1)
        console.poll("300", [], START + 2)
    async with Process(place) as console:
        console.watch("300", load(place))
        assert console.board["300"].absent == {0: START + 1, 1: START + 1, 2: START + 2}
        assert console.board["300"].counts.absent == 3
        console.poll("300", [row(2)], START + 9)
    assert load(place).absent == {0: START + 1, 2: START + 2}
    with place().archive() as archive:
        found = archive.find_number("+33600000001").sightings
        again = archive.find_number("+33600000002").sightings
        assert archive.absences("300", 1) == ((START + 1, START + 9),)
        assert archive.absences(("300", "default"), 0) == ()
        assert archive.absences("999", 0) == ()
    assert [each.absent_since for each in (*found, *again)] == [START + 1, None]


async def test_what_changed_while_the_program_was_down_is_recorded_once(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2)], START)
    async with Process(place) as console:
        console.watch("300", load(place))
        applied = console.poll("300", [row(1, "Delivered"), row(2)], START + 3600)
        assert len(applied.transitions) == 1
    assert changes(place) == [("300", 0, W, D, False, 3600.0)]


async def test_a_board_that_was_told_nothing_records_the_difference_all_the_same(
    place: Place,
) -> None:
    """Its slots may differ from those of the history: numbers find each other."""
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2), row(2), row(3)], START)
    async with Process(place) as console:
        console.watch("300")
        rows = [row(4), row(3), row(2), row(1, "Delivered"), row(2, "Not delivered")]
        console.poll("300", rows, START + 9)
        rows[1] = row(3, "Delivered", True)
        console.poll("300", rows, START + 10)
    assert [(each.phone[-1], each.status) for each in load(place).recipients] == [
        ("1", D),
        ("2", W),
        ("2", N),
        ("3", D),
        ("4", W),
    ]
    assert changes(place) == [
        ("300", 0, W, D, False, 9.0),
        ("300", 2, W, N, False, 9.0),
        ("300", 4, None, W, False, 9.0),
        ("300", 3, W, D, True, 10.0),
    ]


async def test_two_consoles_record_a_change_once(place: Place) -> None:
    async with Process(place) as one, Process(place) as two:
        for console, at in ((one, START), (two, START + 1)):
            console.watch("300")
            console.poll("300", [row(1), row(2)], at)
            await console.history.flush()
        for console, at in ((one, START + 5), (two, START + 6), (one, START + 7)):
            console.poll("300", [row(1, "Delivered"), row(2)], at)
            await console.history.flush()
        two.poll("300", [row(1, "Delivered"), row(2, "Delivered")], START + 8)
        await two.history.flush()
        one.poll("300", [row(1, "Delivered"), row(2, "Delivered")], START + 9)
    assert changes(place) == [("300", 0, W, D, False, 5.0), ("300", 1, W, D, False, 8.0)]
    assert sound(place)


async def test_an_older_answer_of_a_slower_console_undoes_nothing(place: Place) -> None:
    async with Process(place) as slow, Process(place) as fast:
        slow.watch("300")
        slow.poll("300", [row(1), row(2)], START)
        await slow.history.flush()
        fast.watch("300")
        fast.poll("300", [row(1, "Delivered"), row(2, "Delivered")], START + 9)
        await fast.history.flush()
        slow.poll("300", [row(1, "Delivered"), row(2)], START + 5)
        await slow.history.flush()
    assert [each.status for each in load(place).recipients] == [D, D]
    assert len(changes(place)) == 2


async def test_changes_in_the_same_instant_are_both_kept(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        for word in ("Waiting", "Delivered", "Waiting", "Not delivered"):
            console.poll("300", [row(1, word)], START)
    assert [each[2:4] for each in changes(place)] == [(W, D), (D, W), (W, N)]


async def test_leaving_the_watchlist_is_noted_and_coming_back_too(place: Place) -> None:
    async with Process(place) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(1)], START)
        console.history.watching([Entry("301", "New label", ("x",))])
        await console.history.flush()
        first = load(place).summary
        other = load(place, "301").summary
        console.history.watching([Entry("300"), Entry("301")])
        await console.history.flush()
        back = load(place).summary
    assert first.removed_at is not None
    assert other.removed_at is None
    assert (other.label, other.tags, other.profile) == ("New label", ("x",), "default")
    assert back.removed_at is None


async def test_events_of_the_account_are_kept(place: Place) -> None:
    stopped = Event(EventKind.ACCOUNT_STOPPED, START + 1, None, "prod", "key refused")
    async with Process(place) as console:
        console.history.record_event(stopped)
    with place().archive() as archive:
        assert archive.happened(START).events == (stopped,)


ROW = st.builds(
    lambda number, status, stop, date: Recipient(
        f"+3361234567{number}", status, WORDS[status], stop, date
    ),
    st.integers(0, 4),
    st.sampled_from(Status),
    st.sampled_from([True, False, None]),
    st.sampled_from([None, 1_700_000_000, 1_700_000_100]),
)
# Of a number that is listed twice, two processes that saw other reports may choose another row.
REPORTS = st.lists(
    st.lists(ROW, min_size=1, max_size=6, unique_by=lambda each: each.phone), min_size=1, max_size=6
)


@pytest.mark.parametrize("kind", QUICK)
@settings(max_examples=40, deadline=None)
@given(reports=REPORTS, data=st.data())
def test_the_history_ends_as_the_board_does_whatever_restarts_and_consoles(
    kind: str, reports: list[list[Recipient]], data: st.DataObject
) -> None:
    """Random reports, restarts with and without restoring, and a second console that looks on.

    The changes of each recipient form a chain: each begins where the one before ended.
    """
    ends_as_the_board_does(kind, reports, data)


@settings(max_examples=8, deadline=None)
@given(reports=REPORTS, data=st.data())
def test_the_history_of_a_server_ends_as_the_board_does(
    reports: list[list[Recipient]], data: st.DataObject
) -> None:
    ends_as_the_board_does("team", reports, data)


def ends_as_the_board_does(kind: str, reports: list[list[Recipient]], data: st.DataObject) -> None:
    looks = [data.draw(st.booleans(), "other looks") for _ in reports]

    async def read(place: Place) -> set[tuple[str, Status]]:
        async with Process(place) as console, Process(place) as other:
            console.watch("300")
            other.watch("300")
            for at, rows in enumerate(reports, 1):
                await console.says(rows, asked=at)
                if looks[at - 1]:
                    await other.says(rows, asked=at + 0.5)
            return {(each.phone, each.status) for each in console.board["300"].recipients}

    with passing(kind) as place:
        final = asyncio.run(read(place))
        known = load(place)
        assert {(each.phone, each.status) for each in known.recipients} == final
        assert sound(place)
        chains: dict[object, object] = {}
        for _, slot, before, after, *_ in changes(place):
            assert chains.get(slot, before) == before
            chains[slot] = after
        for slot, after in chains.items():
            assert isinstance(slot, int)
            assert known.recipients.statuses[slot] == after


async def test_how_long_it_took_is_the_same_after_a_restart(place: Place) -> None:
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

    async with Process(place) as console:
        console.watch("300")
        for time in range(4):
            console.poll("300", polled(time), START + 10 * time)
        assert took(console.board["300"]) == stories
    known = load(place)
    assert took(known) == stories
    async with Process(place) as console:
        console.watch("300", known)
        assert took(console.board["300"]) == stories
        later = [row(n, "Delivered", stop=True) for n in range(len(stories))]
        console.poll("300", later, START + 99)
        still = took(console.board["300"])
        assert still["W D N D"] == 10.0
        assert still["W W W W"] == 99.0
        assert still["D D D D"] is None
