"""What happened, the worst first, and how its stretches are said."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import pytest

from smsmon.alerts import About, Acknowledgement, Episode, Severity, Subject
from smsmon.in_short import alerts as said_alerts
from smsmon.in_short import besides, is_trouble, stretches, worst_first
from smsmon.model import Event, EventKind, Transition
from smsmon.monitor import ledger
from smsmon.recipients import Recipient, Status
from smsmon.store.past import InShort, Pruned, Sighting, Unread, of_accounts, with_alerts
from smsmon.store.sql.batch import Batch

W, D, N, U = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED, Status.UNKNOWN
GRAVE = Episode("losses", Subject(About.MESSAGE, "9"), Severity.CRITICAL, "", 1.0, 1.0)
WORST_FIRST = [
    InShort(None, "default", unread=(Unread(1.0, 2.0),)),
    InShort("9", delivered=3, alerts=(GRAVE,)),
    InShort(None, "", group="tag:otp", alerts=(replace(GRAVE, severity=Severity.WARNING),)),
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
    InShort(None, "other", events=((EventKind.BATCHES_ON, 1),)),
]


def test_the_worst_stand_first_and_the_rest_is_added_up() -> None:
    told = worst_first(WORST_FIRST[::-1])
    assert [*told.troubled, *told.calm] == WORST_FIRST
    assert [is_trouble(row) for row in WORST_FIRST] == [True] * 8 + [False] * 7
    assert told.rest == "6 more without trouble: 10 ✓"
    assert worst_first(WORST_FIRST[10:]).rest == "4 messages without trouble: 10 ✓"
    assert worst_first(WORST_FIRST[13:]).rest == "1 message without trouble"
    assert worst_first(WORST_FIRST[14:]).rest == ""
    assert worst_first([]).rest == ""


def test_trouble_is_what_it_is_of_messages_and_what_failed_of_the_rest_is_told() -> None:
    few, enough = (
        InShort("1", delivered=7, not_delivered=2),
        InShort("1", delivered=8, not_delivered=2),
    )
    assert not is_trouble(few)
    assert is_trouble(enough)
    assert not is_trouble(enough, below=0.8)
    assert worst_first([few, InShort("2", delivered=1)]).rest == (
        "2 messages without trouble: 8 ✓, 2 ✗"
    )


def test_that_it_was_not_read_is_trouble_from_five_minutes_on_or_while_it_lasts() -> None:
    stretches = [(Unread(0.0, 299.0), False), (Unread(0.0, 300.0), True), (Unread(0.0, None), True)]
    for stretch, is_so in stretches:
        assert is_trouble(InShort("1", unread=(stretch,))) is is_so


def episode(rule: str, subject: Subject, at: float, **more: object) -> Episode:
    known = Episode(rule, subject, Severity.WARNING, "", at, at + 1, "Win-back")
    return replace(known, **more)  # type: ignore[arg-type]


def test_each_row_has_its_alerts_and_what_has_none_gets_one() -> None:
    message = Subject(About.MESSAGE, "9", "second")
    account, tag = Subject(About.ACCOUNT, "default", "default"), Subject(About.TAG, "otp")
    rows = [InShort("9", "second", delivered=3), InShort("8", "second")]
    told = with_alerts(
        rows,
        [
            episode("late", message, 50.0),
            episode("losses", message, 10.0),
            episode("late", message._replace(name="7", profile="first"), 1.0),
            episode("late", message._replace(name="8", profile=""), 2.0),  # whose nobody noted
            episode("balance", account, 3.0),
            episode("share", tag, 4.0),
            episode("late", tag, 5.0),
        ],
    )
    found = {(each.name, each.profile, each.label): [it.rule for it in each.alerts]
             for each in told}  # fmt: skip
    assert found == {
        ("9", "second", ""): ["losses", "late"],
        ("8", "second", ""): ["late"],
        ("7", "first", "Win-back"): ["late"],
        ("account default", "default", ""): ["balance"],
        ("tag:otp", "", ""): ["share", "late"],
    }
    assert told[0].delivered == 3


def test_alerts_are_said_with_who_acknowledged_them() -> None:
    def said(*alerts: Episode) -> str:
        return said_alerts(InShort("9", alerts=alerts), lambda at: f"{at / 60:.0f}")

    subject = Subject(About.MESSAGE, "9")
    over = episode("losses", subject, 600.0, over_at=1_860.0)
    taken = episode("late", subject, 600.0, acknowledged=Acknowledgement("anna@ops1", 700.0))
    assert said() == ""
    assert said(over, taken) == "losses 10–31, late 10–, ack. by anna@ops1"
    assert said(over, replace(over, began_at=3_000.0, over_at=3_600.0)) == "losses 2 × 10–60"


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


def test_an_account_was_unread_from_each_end_of_well_to_the_next_begin() -> None:
    down, stopped, up = EventKind.ACCOUNT_DOWN, EventKind.ACCOUNT_STOPPED, EventKind.ACCOUNT_UP
    happened = [(up, 5), (down, 10), (down, 11), (up, 20), (up, 21), (stopped, 30), (up, 40),
                (down, 50)]  # fmt: skip
    events = [Event(kind, at, None, "shop") for kind, at in happened]
    stretches = (Unread(10, 20), Unread(30, 40), Unread(50, None))
    for since, kept in ((0, stretches), (20, stretches[1:]), (40, stretches[2:])):
        (row,) = of_accounts(events, since, {"shop"})
        assert (row.unread, row.last_at) == (kept, 50)


@pytest.mark.parametrize("nothing", [InShort(None, ""), Pruned(), Batch()], ids=type)
def test_what_nothing_was_said_of_is_nothing(nothing: InShort | Pruned | Batch) -> None:
    assert not any(getattr(nothing, each.name) for each in fields(nothing))
    assert not any(ledger.Head())


@pytest.mark.parametrize(
    ("path", "took"),
    [
        ((W, D), 7.0),
        ((U, N), 7.0),
        ((W, U, D), 8.0),
        ((W, D, N), 7.0),  # the first time it was final
        ((W, D, W), None),  # it is not any more
        ((None, D), None),  # it was so when it was seen first
        ((D, N), None),
        ((W,), None),
    ],
)
def test_how_long_it_took_is_from_first_seen_to_first_seen_final(
    path: tuple[Status | None, ...], took: float | None
) -> None:
    steps = enumerate(pairwise(path))
    changes = tuple(
        Transition("1", 0, "", before, after, "", False, False, None, 7.0 + at)
        for at, (before, after) in steps
        if after is not None
    )
    last = Recipient("", path[-1] or U, "")
    assert Sighting("1", "", 0, last, 0.0, None, 9.0, changes).took == took
