"""A message is a time line: its report is a function of the moment, however it is asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smsmon.simulator.messages import Change, Replay, SimMessage, SimRecipient
from smsmon.simulator.wire import Row
from tests.simulator.support import ALICE, BOB, at, two_recipients

words = st.sampled_from(["Waiting", "Delivered", "Not delivered", "ENROUTE", None])
moments = st.integers(0, 50).map(float)
changes = st.lists(st.builds(Change, moments, words, st.booleans()), max_size=6).map(
    lambda drawn: tuple(sorted(drawn, key=lambda change: change.at))
)
people = st.lists(changes, max_size=8).map(
    lambda all_changes: [
        SimRecipient(f"+3363998{place:04}", line) for place, line in enumerate(all_changes)
    ]
)


def naive_rows(recipients: list[SimRecipient], now: float) -> list[tuple[str, str, bool, float]]:
    """The report as one would work it out by hand, recipient by recipient."""
    rows = []
    for phone, line in recipients:
        status, stop, since = None, False, 0.0
        for change in line:
            if change.at <= now:
                if change.status != status:
                    since = change.at
                status, stop = change.status, change.stop
        if status is not None:
            rows.append((phone, status, stop, since))
    return rows


def as_tuple(row: Row) -> tuple[str, str, bool, float]:
    return row.phone, row.look.status, row.look.stop, row.since


@given(people, moments)
def test_report_follows_from_the_changes_up_to_its_moment(
    recipients: list[SimRecipient], now: float
) -> None:
    message = SimMessage("1", recipients)
    assert [as_tuple(row) for row in message.rows(now)] == naive_rows(recipients, now)


@given(people, st.lists(moments, max_size=6).map(sorted))
def test_report_does_not_depend_on_what_was_asked_before(
    recipients: list[SimRecipient], asked: list[float]
) -> None:
    message = SimMessage("1", recipients)
    replay = Replay(message)
    for now in asked:
        replay.advance(message.position(now))
        assert list(replay.rows()) == list(message.rows(now))


@given(people, moments)
def test_nothing_changes_before_the_next_change(recipients: list[SimRecipient], now: float) -> None:
    message = SimMessage("1", recipients)
    following = message.next_change(now)
    before = 1e9 if following is None else following - 1e-6
    assert list(message.rows(before)) == list(message.rows(now))
    assert following is None or following > now


def test_stop_keeps_the_date_of_the_status() -> None:
    rows = list(two_recipients().rows(at(100)))
    assert [as_tuple(row) for row in rows] == [
        (ALICE, "Delivered", True, at(5)),
        (BOB, "Not delivered", False, at(10)),
    ]


def test_recipient_is_in_no_report_before_its_first_change_nor_while_absent() -> None:
    message = SimMessage(
        "1",
        [SimRecipient(ALICE, (Change(1, "Waiting"), Change(2, None), Change(3, "Delivered")))],
    )
    assert [len(list(message.rows(now))) for now in (0, 1, 2, 3)] == [0, 1, 0, 1]


def test_message_exists_from_its_appearance_until_it_vanishes() -> None:
    message = two_recipients(appears_at=at(1), vanishes_at=at(7))
    assert [message.exists(at(now)) for now in (0, 1, 6.9, 7)] == [False, True, True, False]
    assert message.next_change(at(0)) == at(1)
    assert message.next_change(at(5)) == at(7)
    assert message.next_change(at(100)) is None


def test_changes_are_told_in_the_order_of_time() -> None:
    told = [
        (when - at(0), phone, look and look.status)
        for when, phone, look in two_recipients().changes()
    ]
    assert told == [
        (0, ALICE, "Waiting"),
        (0, BOB, "Waiting"),
        (5, ALICE, "Delivered"),
        (10, BOB, "Not delivered"),
        (60, ALICE, "Delivered"),
    ]
