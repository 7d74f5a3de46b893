"""Rules about accounts: refused, down, held, stale; and money, of which a failure says nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smsmon.known import AccountState, Condition
from smsmon.model import Fault, FaultKind
from smsmon.monitor.alerts import BALANCE_EVERY, START_GRACE, Alert
from tests.monitor.alerts.stage import Stage, rule
from tests.support.clock import START

REFUSED = AccountState(
    "default", Condition.STOPPED, Fault(FaultKind.AUTH, "The API key is not valid"), START
)
DOWN = AccountState("default", Condition.DOWN, Fault(FaultKind.NETWORK, "No way."), START)
HELD = AccountState("default", Condition.DOWN, None, START, held_until=START + 90)
OK = AccountState("default")
UNHEARD = AccountState("default", heard=False)


def of_account(when: str, **more: object) -> Stage:
    return Stage((rule(when, about="account", **more),), state=OK)  # type: ignore[arg-type]


def said(alerts: Sequence[Alert]) -> list[tuple[bool, str]]:
    return [(each.firing, each.facts) for each in alerts]


@pytest.mark.parametrize(
    ("when", "state", "facts"),
    [
        ("condition:refused", REFUSED, "refused: The API key is not valid"),
        ("condition:down", DOWN, "down: No way"),
        ("condition:down,refused", DOWN, "down: No way"),
        ("held:yes", HELD, "the API asked for a pause"),
        ("reason:key", REFUSED, "refused: The API key is not valid"),
    ],
)
def test_how_the_api_answers_an_account_fires_and_is_over(
    when: str, state: AccountState, facts: str
) -> None:
    stage = of_account(when)
    stage.stand(OK)
    assert stage.told == []
    stage.stand(state)
    assert said(stage.told) == [(True, facts)]
    assert str(stage.told[0].subject) == "account:default"
    assert [each.name for each in stage.alerts.rules_firing] == ["late"], "not of messages alone"
    stage.stand(OK)
    stage.wait(61)
    assert stage.ends == [True, False]


def test_an_account_nobody_has_heard_of_yet_is_neither_well_nor_down() -> None:
    stage = of_account("condition:ok")
    stage.stand(UNHEARD)
    stage.wait(3_600)
    assert stage.told == []
    stage.stand(OK)
    assert stage.ends == [True]


def test_time_alone_makes_failing_hold_and_a_pause_end() -> None:
    stage = of_account("failing>5m")
    stage.stand(DOWN)
    stage.wait(299)
    assert stage.told == []
    stage.wait(2)
    assert said(stage.told) == [(True, "nothing answered for 5 m")]
    held = of_account("held:yes", clear=0)
    held.stand(HELD)
    held.wait(91)
    assert held.ends == [True, False]


def test_the_share_of_stale_messages_is_known_once_all_had_their_turn() -> None:
    ids = ("300", "301", "302", "303")
    stage = Stage((rule("stale_share>=50%", about="account"),), ids, state=OK)
    for id in ids:
        stage.read(1, id)
    stage.fail("300")
    stage.fail("301")
    stage.wait(START_GRACE - 1)
    assert stage.told == []
    stage.wait(2)
    assert said(stage.told) == [(True, "2 of 4 messages stale")]
    stage.read(1, "300")
    stage.wait(61)
    assert stage.ends == [True, False]


def test_a_balance_fires_below_one_bound_and_is_over_above_another() -> None:
    stage = of_account("balance<50", until="balance>75", clear=0)
    for amount in (80, 49.5, 60, 74, 40, 74):
        stage.hold(amount)
    assert said(stage.told) == [(True, "49.50 EUR left")]
    stage.hold(75.01)
    stage.hold(60)
    assert stage.ends == [True, False]
    (worse,) = of_account_worse()
    assert (worse.facts, worse.badness) == ("12.00 EUR left", -12.0)


def of_account_worse() -> list[Alert]:
    stage = of_account("balance<50")
    for amount in (40, 45, 12, 30):
        stage.hold(amount)
    assert stage.ends == [True]
    return stage.alerts.to_tell.worsened()


def test_what_could_not_be_asked_for_begins_nothing_and_ends_nothing() -> None:
    stage = of_account("balance<50", hold=3_000, clear=0)
    stage.hold(40)
    stage.wait(3 * BALANCE_EVERY)
    stage.hold(40)
    stage.wait(2_999)
    assert stage.told == [], "it was not known in between"
    for _ in range(6):
        stage.wait(BALANCE_EVERY)
        stage.hold(40)
    assert stage.ends == [True]
    stage.stand(DOWN)
    stage.wait(86_400)
    stage.stand(OK)
    stage.wait(3_600)
    assert stage.ends == [True], "nobody knows whether it was topped up"
    stage.hold(None)
    assert stage.ends == [True], "an answer without an amount tells nothing"
    stage.hold(90)
    assert stage.ends == [True, False]


def test_spending_adds_up_drops_and_leaves_out_top_ups() -> None:
    stage = of_account("spent>=100", window=3_600, clear=0)
    for amount in (500, 460, 900, 850):  # spent: 40, then 50 after a top-up
        stage.hold(amount)
        stage.wait(BALANCE_EVERY)
    assert stage.told == []
    stage.hold(840)
    assert said(stage.told) == [(True, "100.00 EUR spent within 1 h")]
    for _ in range(6):
        stage.wait(BALANCE_EVERY)
        stage.hold(840)
    assert stage.ends == [True, False], "it lies more than an hour back"


def test_little_spending_is_not_concluded_before_the_whole_window_is_known() -> None:
    stage = of_account("spent<10", window=3_600)
    stage.hold(500)
    while stage.now < START + 1_700:
        stage.wait(BALANCE_EVERY)
        stage.hold(499)
    assert stage.told == []
    while stage.now < START + 3_700:
        stage.wait(BALANCE_EVERY)
        stage.hold(499)
    assert stage.ends == [True]


def test_what_an_account_holds_at_the_first_answer_is_no_news() -> None:
    stage = of_account("balance<50", clear=0)
    list(stage.alerts.meet(["300"]))
    stage.hold(40)
    stage.hold(90)
    stage.hold(40)
    assert [each.old for each in stage.told] == [True, True, False]


def test_an_account_that_is_gone_ends_its_alerts() -> None:
    stage = of_account("condition:refused")
    stage.stand(REFUSED)
    type(stage).profiles = property(lambda self: ())  # type: ignore[assignment,method-assign]
    try:
        stage.alerts.touch_profile("default")
        stage.look()
    finally:
        type(stage).profiles = property(lambda self: ("default",))  # type: ignore[assignment,method-assign]
    assert [(each.firing, each.why) for each in stage.told] == [
        (True, ""),
        (False, "no longer watched"),
    ]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.sampled_from([10, 60, 90, None])),
        st.tuples(st.just("stand"), st.sampled_from([OK, DOWN, REFUSED, UNHEARD])),
        st.tuples(st.just("wait"), st.integers(1, 2_000)),
        st.tuples(st.just("shift"), st.sampled_from([-9_000, 9_000])),
        st.tuples(st.just("use"), st.sampled_from([0, 1])),
    ),
    max_size=30,
)


@given(STEPS, st.integers(0, 900), st.integers(0, 900))
@example([("hold", 10), ("shift", -9_000), ("hold", 90), ("wait", 1)], 1, 0)  # told after the shift
def test_whatever_happens_to_an_account_firing_and_ending_take_turns(
    steps: list[tuple[str, object]], hold: int, clear: int
) -> None:
    def rules(bound: int) -> tuple:  # type: ignore[type-arg]
        return (
            rule(f"balance<{bound}", hold, clear, "low", about="account", until="balance>75"),
            rule("condition:down", hold, clear, "down", about="account"),
            rule("spent>0", hold, clear, "spent", about="account"),
        )

    stage = Stage(rules(50), state=OK)
    known = None
    for what, value in steps:
        before = len(stage.told)
        if what == "hold":
            stage.hold(value)  # type: ignore[arg-type]
            known = value
        elif what == "stand":
            stage.stand(value)  # type: ignore[arg-type]
        elif what == "wait":
            stage.wait(value)  # type: ignore[arg-type]
        elif what == "shift":
            stage.now += value  # type: ignore[operator]
            stage.alerts.shift(value)  # type: ignore[arg-type]
            stage.look()
        else:
            stage.alerts.use(rules(65 if value else 50), stage.now)
            stage.look()
        for each in stage.told[before:]:
            if each.rule.name == "low":
                assert known is not None
                assert each.firing == (known < 65), "between the bounds nothing is over"  # type: ignore[operator]
        for name in ("low", "down", "spent"):
            ends = [told.firing for told in stage.told if told.rule.name == name]
            assert ends == [index % 2 == 0 for index in range(len(ends))]
