"""What happened, the worst first, and how its stretches are said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smsmon.alerts import About, Acknowledgement, Episode, Severity, Subject
from smsmon.in_short import (
    Fired,
    alerted_by,
    beside_rows,
    besides,
    is_trouble,
    stretches,
    worst_first,
)
from smsmon.model import EventKind
from smsmon.store.past import InShort, Unread

WORST_FIRST = [
    InShort(None, "default", unread=(Unread(1.0, 2.0),)),
    InShort("9", delivered=3),
    InShort("8", unread=(Unread(1.0, None),)),
    InShort("7", not_delivered=19),
    InShort("6", not_delivered=12, stop=1),
    InShort("5", not_delivered=12),
    InShort("2", events=((EventKind.NOT_FOUND, 1),)),
    InShort("4", stop=2),
    InShort("3", unknown=1),
    InShort("11", delivered=8),
    InShort("10", delivered=2),
    InShort("12", events=((EventKind.COMPLETED, 1),)),
    InShort("13", unread=(Unread(1.0, 300.0),)),
]
ALERTED = {"9": (Fired("losses", 1.0, None, 2),)}


def test_the_worst_stand_first_and_the_rest_is_added_up() -> None:
    told = worst_first(WORST_FIRST[::-1], ALERTED)
    assert [*told.troubled, *told.calm] == WORST_FIRST
    assert [is_trouble(row, ALERTED) for row in WORST_FIRST] == [True] * 7 + [False] * 6
    assert told.rest == "6 more without trouble: 10 ✓"
    assert worst_first(WORST_FIRST[9:]).rest == "4 messages without trouble: 10 ✓"
    assert worst_first(WORST_FIRST[12:]).rest == "1 message without trouble"
    assert worst_first([]).rest == ""


def test_trouble_is_what_it_is_of_messages_and_what_failed_of_the_rest_is_told() -> None:
    few, enough = (
        InShort("1", delivered=7, not_delivered=2),
        InShort("1", delivered=8, not_delivered=2),
    )
    assert not is_trouble(few, {})
    assert is_trouble(enough, {})
    assert not is_trouble(enough, {}, below=0.8)
    assert worst_first([few, InShort("2", delivered=1)]).rest == (
        "2 messages without trouble: 8 ✓, 2 ✗"
    )


def test_that_it_was_not_read_is_trouble_from_five_minutes_on_or_while_it_lasts() -> None:
    stretches = [(Unread(0.0, 299.0), False), (Unread(0.0, 300.0), True), (Unread(0.0, None), True)]
    for stretch, is_so in stretches:
        assert is_trouble(InShort("1", unread=(stretch,)), {}) is is_so


def test_alerts_of_a_range_are_those_that_fired_in_it_with_who_acknowledged() -> None:
    first = Episode("losses", Subject(About.MESSAGE, "9"), Severity.WARNING, "", 10.0, 20.0)
    taken = replace(
        first, subject=Subject(About.TAG, "otp"), began_at=30.0,
        acknowledged=Acknowledgement("anna@ops1", 35.0), over_at=40.0,
    )  # fmt: skip
    assert alerted_by([taken, first], 0.0, 10.0) == {}
    told = alerted_by([taken, first], 0.0, 99.0)
    assert told == {
        "9": [Fired("losses", 10.0, None, 2, "9")],
        "tag:otp": [Fired("losses", 30.0, 40.0, 2, "tag:otp", "anna@ops1")],
    }
    assert alerted_by([taken, first], 40.0, 99.0).keys() == {"9"}
    assert [each.about for each in beside_rows([InShort("9")], told)] == ["tag:otp"]


@pytest.mark.parametrize(
    ("all", "said"),
    [
        ([], ""),
        ([Unread(600, 1860)], "10–31"),
        ([Unread(600, 640)], "10 for 40 s"),
        ([Unread(600, None)], "10–"),
        ([Unread(600, 1860), Unread(3_000, 3_600)], "2 × 10–60"),
        ([Unread(600, 1860), Unread(3_000, None)], "2 × 10–"),
    ],
)
def test_stretches_are_said_in_few_words(all: list[Unread], said: str) -> None:
    assert stretches(all, lambda at: f"{at / 60:.0f}") == said


def test_what_happened_besides_leaves_out_what_unread_tells() -> None:
    kinds = ((EventKind.FIRST_READ, 1), (EventKind.STALE, 4), (EventKind.RECOVERED, 4),
             (EventKind.NOT_FOUND, 2))  # fmt: skip
    assert besides(InShort("1", events=kinds)) == "first read, not found 2 ×"
    assert besides(InShort(None, events=((EventKind.ACCOUNT_DOWN, 1),))) == "down"
