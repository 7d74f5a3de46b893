"""Alerts: each fires once and is over once, and nothing is concluded from what is not known."""

from __future__ import annotations

from array import array
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.alerts import About, Severity, Subject
from smsmon.known import Condition, Remembered, Summary
from smsmon.model import Entry, Event, EventKind
from smsmon.monitor.alerts import PORTION, START_GRACE
from smsmon.monitor.alerts.cases import Sight
from smsmon.monitor.alerts.looking import FOLLOWED_WITHIN
from smsmon.recipients import Recipients, Status
from tests.monitor.alerts.stage import Stage, rule
from tests.monitor.fakes import row
from tests.support.clock import START


def test_an_alert_fires_once_the_condition_has_held_and_is_over_once_it_has_not() -> None:
    stage = Stage((rule("waiting>0", hold=120, clear=60),))
    stage.read(1)
    stage.wait(119)
    assert stage.told == []
    stage.wait(2)
    (fired,) = stage.told
    assert fired.firing
    assert 120 <= fired.at - START <= 120.01
    assert fired.began == START
    stage.wait(3_600)
    stage.read(2)
    assert stage.ends == [True], "it is not told again"
    assert [each.name for each in stage.alerts.firing["300"]] == ["late"]

    stage.read(0)
    stage.wait(59)
    assert stage.ends == [True]
    stage.wait(2)
    assert stage.ends == [True, False]
    assert "300" not in stage.alerts.firing
    assert stage.alerts.next_look == inf


def test_an_alert_stays_as_it_was_when_a_regular_expression_is_given_up() -> None:
    stage = Stage((rule("waiting>0 tag:/otp/", hold=0, clear=0),))
    stage.read(1)
    assert stage.ends == [True]
    (pattern,) = stage.rules[0].patterns
    pattern.given_up = True
    stage.read(1)
    stage.wait(600)
    assert stage.ends == [True]


def test_what_flickers_neither_fires_nor_ends() -> None:
    stage = Stage((rule("waiting>0", hold=30, clear=30),))
    for _ in range(20):
        stage.read(1)
        stage.wait(20)
        stage.read(0)
        stage.wait(20)
    assert stage.told == [], "it never held for as long as it must"
    stage.read(1)
    stage.wait(40)
    for _ in range(20):
        stage.read(0)
        stage.wait(20)
        stage.read(1)
        stage.wait(20)
    assert stage.ends == [True]


def test_time_alone_makes_a_duration_hold() -> None:
    stage = Stage((rule("tag:otp oldest>60s"),))
    stage.read(1)
    stage.wait(59.9)
    assert stage.told == []
    stage.wait(0.2)
    assert stage.ends == [True]


def test_a_stale_message_neither_fires_nor_ends_anything() -> None:
    stage = Stage((rule("waiting>0 oldest>60s", hold=60),))
    stage.read(1)
    stage.wait(30)
    stage.fail()
    stage.wait(600)
    assert stage.told == [], "who knows whether it still waits"
    stage.read(1)
    stage.wait(59)
    assert stage.told == [], "what is not known does not count as having held"
    stage.wait(62)
    assert stage.ends == [True]
    stage.fail()
    stage.wait(3_600)
    assert stage.ends == [True], "nor is it over while nothing is known"
    assert "300" in stage.alerts.firing
    stage.read(0)
    stage.wait(61)
    assert stage.ends == [True, False]


@pytest.mark.parametrize("when", ["state:stale", "trouble:yes"])
def test_a_rule_about_staleness_fires_when_nothing_can_be_read(when: str) -> None:
    stage = Stage((rule(when, hold=60),))
    stage.read(1)
    stage.fail()
    stage.wait(61)
    assert stage.ends == [True]
    stage.read(1)
    stage.wait(61)
    assert stage.ends == [True, False]


def test_an_account_that_is_down_makes_its_messages_stale() -> None:
    stage = Stage((rule("state:stale"),), ids=("300", "301"))
    stage.read(1)
    stage.read(1, id="301")
    stage.condition = Condition.DOWN
    stage.alerts.touch_profile("default")
    stage.look()
    assert [each.message_id for each in stage.told] == ["300", "301"]


def test_what_the_history_knows_is_no_news_and_stale_only_when_nobody_reads_it() -> None:
    stage = Stage((rule("waiting>0"), rule("state:stale", name="stale")), ids=())
    old = Remembered(
        Summary("300", read_at=START - 3_600),
        Recipients.of([row(0, date=START - 7_200)]),
        first_seen=array("d", [START - 7_200]),
        changed_at=array("d", [0.0]),
    )
    stage.board.restore(Entry("300", added_at=START - 9_000), old, START)
    list(stage.alerts.meet(["300"]))
    stage.look()
    stage.wait(START_GRACE - 1)
    assert stage.told == []
    stage.wait(2)
    assert [each.rule.name for each in stage.told] == ["stale"], "now it is worth saying"
    stage.read(1)
    assert stage.told[-1].rule.name == "late"
    assert stage.told[-1].old, "it waited before the program was started"
    stage.read(0)
    stage.wait(61)
    stage.read(1)
    assert stage.told[-1].firing
    assert not stage.told[-1].old


@pytest.mark.parametrize(
    ("read", "changed", "waited", "old"),
    [
        (60, 3_600, True, True),  # it waited before, and whoever was there has told it
        (60, 30, True, False),  # who was there may have gone before it was told
        (60, 600, True, False),  # and others after it, one by one
        (60, 3_600, False, False),  # it came to wait between two that told
        (2_000, 3_600, False, True),  # nobody looked for long
        (-1, -1, True, False),  # another one read it since, before we first looked
    ],
)
def test_what_another_one_read_just_before_the_start_is_what_news_is_compared_with(
    read: float, changed: float, waited: bool, old: bool
) -> None:
    stage = Stage((rule("waiting>0"),), ids=())
    status = Status.WAITING if waited else Status.DELIVERED
    known = Remembered(
        Summary(
            "300",
            read_at=START - read,
            first_read_at=START - 7_200,
            last_change_at=START - changed,
        ),
        Recipients.of([row(0, status, date=START - 7_200)]),
        first_seen=array("d", [START - 7_200]),
        changed_at=array("d", [0.0]),
    )
    stage.board.restore(Entry("300", added_at=START - 9_000), known, START)
    list(stage.alerts.meet(["300", "301"]))  # the second one is removed by now
    stage.look()
    stage.read(1, of=1)
    assert [each.old for each in stage.told] == [old]


def test_a_message_that_is_removed_or_paused_ends_its_alerts() -> None:
    stage = Stage((rule("waiting>0"),), ids=("300", "301"))
    stage.read(1)
    stage.read(1, id="301")
    stage.board.forget("300", stage.now)
    stage.board.amend(replace(stage.board["301"].entry, paused=True), stage.now)
    stage.look("300", "301")
    assert [(each.message_id, each.firing, each.why) for each in stage.told[2:]] == [
        ("300", False, "no longer watched"),
        ("301", False, "paused"),
    ]
    assert not stage.alerts.firing


def test_the_most_severe_rule_of_a_message_stands_first() -> None:
    rules = (
        replace(rule("waiting>0", name="some"), severity=Severity.INFO),
        replace(rule("waiting>2", name="many"), severity=Severity.CRITICAL),
    )
    stage = Stage(rules)
    stage.read(3)
    assert [each.name for each in stage.alerts.firing["300"]] == ["many", "some"]


HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 2)),
        st.tuples(st.just("fail"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 200)),
        st.tuples(st.just("pause"), st.integers(0, 1)),
    ),
    max_size=40,
)


@given(HAPPENINGS, st.integers(0, 100), st.integers(0, 100))
def test_whatever_happens_firing_and_ending_take_turns(
    happenings: list[tuple[str, int]], hold: int, clear: int
) -> None:
    rules = (
        rule("waiting>0", hold, clear, "waits"),
        rule("oldest>90s", hold, clear, "old"),
        rule("state:stale", hold, clear, "stale"),
    )
    stage = Stage(rules)
    for what, number in happenings:
        if what == "read":
            stage.read(number)
        elif what == "fail":
            stage.fail()
        elif what == "pause":
            stage.board.amend(replace(stage.board["300"].entry, paused=bool(number)), stage.now)
            stage.look("300")
        else:
            stage.wait(number)
        for each in rules:
            ends = [told.firing for told in stage.told if told.rule is each]
            assert ends == [index % 2 == 0 for index in range(len(ends))]
            firing = each in stage.alerts.firing.get("300", ())
            assert firing == (len(ends) % 2 == 1)
    for told in stage.told:
        if told.firing:
            assert told.at - told.began >= told.rule.hold


def test_each_look_takes_in_only_what_was_touched_or_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = tuple(str(number) for number in range(10_000))
    stage = Stage((rule("oldest>60s"), rule("failed_share>5%", name="bad")), ids=ids)
    stage.look(*ids)
    seen: list[str] = []
    look = stage.alerts._look

    def counted(key: tuple[About, str], sight: Sight, now: float) -> None:
        seen.append(key[1])
        look(key, sight, now)

    monkeypatch.setattr(stage.alerts, "_look", counted)
    stage.read(1, id="77")
    stage.now += 30
    stage.look()
    stage.wait(60)
    stage.alerts.hear(Event(EventKind.NOT_FOUND, stage.now, "78"))
    stage.look()
    assert seen == ["77", "77", "78"], "when it was read, had waited for a minute, was not found"
    assert [each.message_id for each in stage.told] == ["77"]


@pytest.mark.parametrize("ends", ["read again", "never read again"])
def test_a_pending_alert_begins_anew_after_a_stale_spell(ends: str) -> None:
    """Also one of which only seconds were left; and its beginning is told as the new one."""
    stage = Stage((rule("waiting>0", hold=60),))
    stage.read(1)
    stage.wait(59)
    stage.fail()
    assert stage.alerts.next_look > stage.now + 1
    stage.wait(30)
    if ends == "never read again":
        stage.wait(3_600)
        assert stage.told == []
        return
    again = stage.now
    stage.read(1)
    stage.wait(59.9)
    assert stage.told == []
    stage.wait(0.2)
    (fired,) = stage.told
    assert fired.began == again
    assert fired.at == again + 60


def test_what_was_clearing_when_it_turned_stale_clears_anew() -> None:
    stage = Stage((rule("waiting>0", clear=60),))
    stage.read(1)
    stage.read(0)
    stage.wait(59)
    stage.fail()
    stage.wait(600)
    assert stage.ends == [True]
    stage.read(0)
    stage.wait(59.9)
    assert stage.ends == [True]
    stage.wait(0.2)
    assert stage.ends == [True, False]


@pytest.mark.parametrize("seconds", [0.0, 1.0, 60.0, 900.0])
def test_hold_and_clear_turn_at_their_seconds_exactly(seconds: float) -> None:
    stage = Stage((rule("waiting>0", hold=seconds, clear=seconds),))
    for waiting in (1, 0, 1, 0):
        began = stage.now
        stage.read(waiting)
        stage.wait(seconds)
        assert (stage.told[-1].firing, stage.told[-1].at) == (bool(waiting), began + seconds)
    assert len(stage.told) == 4


@pytest.mark.parametrize("of", ["the program", "the rule"])
def test_the_end_of_what_held_at_the_start_is_told_and_is_news(of: str) -> None:
    stage = Stage((rule("waiting>0", hold=10, clear=20),))
    if of == "the program":
        list(stage.alerts.meet(["300"]))
    else:
        stage.alerts.use((rule("waiting>0", hold=10, clear=20, name="new"),), stage.now)
    stage.read(1)
    stage.wait(10)
    (fired,) = stage.told
    assert (fired.firing, fired.old) == (True, True)
    stage.read(0)
    stage.wait(20)
    assert stage.ends == [True, False]
    stage.read(1)
    stage.wait(10)
    assert (stage.told[-1].firing, stage.told[-1].old) == (True, False)


def test_the_reading_of_a_message_is_not_judged_before_its_grace_is_over() -> None:
    stage = Stage((rule("state:new"),))
    stage.look("300")
    stage.wait(START_GRACE - 0.01)
    assert stage.told == []
    stage.wait(0.02)
    assert [each.at for each in stage.told] == [START + START_GRACE]


def test_what_fires_is_told_as_it_began_for_whoever_takes_over() -> None:
    rules = (rule("waiting>0", hold=30), rule("waiting>1", hold=90, name="many"))
    stage = Stage(rules, ids=("300", "301"))
    stage.read(2)
    stage.read(0, id="301")
    stage.wait(60)
    (fired,) = stage.told
    late = "late", Subject(About.MESSAGE, "300", "default")
    assert stage.alerts.fired() == {late: fired}
    stage.read(0)
    assert list(stage.alerts.fired()) == [late], "it is not over before it is told"
    stage.wait(61)
    assert stage.alerts.fired() == {}


@pytest.mark.parametrize("clear", [0.0, 60.0, 300.0])
@pytest.mark.parametrize("newer", [False, True])
def test_what_another_one_told_ends_by_what_is_known_of_later_or_after_a_while(
    newer: bool, clear: float
) -> None:
    """Who takes over may not have taken in yet what made it fire."""
    stage = Stage((rule("delivered>0", clear=clear),))
    stage.read(4)
    stage.wait(30)
    fired_at = stage.now - (60 if newer else 1)
    subject = Subject(About.MESSAGE, "300", "default")
    stage.alerts.resume([("late", subject, fired_at)], stage.now)
    stage.look()
    stage.wait(FOLLOWED_WITHIN - 1)
    assert stage.ends == ([False] if newer and not clear else [])
    stage.wait(2 + clear)
    assert stage.ends == [False]


def test_what_another_one_told_goes_on_once_what_made_it_fire_is_taken_in() -> None:
    stage = Stage((rule("delivered>0", clear=0),))
    stage.read(4)
    stage.wait(30)
    subject = Subject(About.MESSAGE, "300", "default")
    stage.alerts.resume([("late", subject, stage.now - 1)], stage.now)
    stage.look()
    stage.wait(2)
    stage.read(3)
    stage.wait(3_600)
    assert stage.ends == [True], "it is told as going on, and never as over"


def test_what_is_due_is_planned_once_however_often_it_is_looked_at() -> None:
    stage = Stage((rule("waiting>0 oldest>900s", hold=900),))
    for _ in range(5 * PORTION):
        stage.read(1)
        stage.now += 1
    assert stage.alerts._agenda._due[About.MESSAGE].held <= 2 + PORTION


def test_a_pause_ends_the_alerts_of_every_rule_but_of_those_about_the_pause() -> None:
    rules = [rule("waiting>0", name="one"), rule("waiting>1", name="two")]
    stage = Stage((*rules, rule("state:paused", name="paused"), rule("waiting>3", name="three")))
    stage.read(4)
    assert len(stage.told) == 3
    stage.board.amend(replace(stage.board["300"].entry, paused=True), stage.now)
    stage.look("300")
    assert {(each.rule.name, each.firing, each.why) for each in stage.told[3:]} == {
        ("one", False, "paused"),
        ("two", False, "paused"),
        ("paused", True, ""),
        ("three", False, "paused"),
    }


def test_rules_of_every_severity_stand_in_its_order_and_equals_in_their_own() -> None:
    grades = [Severity.WARNING, Severity.INFO, Severity.CRITICAL, Severity.WARNING, Severity.INFO]
    rules = [
        replace(rule("waiting>0", name=f"{grade.name} {place}"), severity=grade)
        for place, grade in enumerate(grades)
    ]
    stage = Stage(tuple(rules))
    stage.read(1)
    assert [each.name for each in stage.alerts.firing["300"]] == [
        "CRITICAL 2",
        "WARNING 0",
        "WARNING 3",
        "INFO 1",
        "INFO 4",
    ]
