"""Each line of the head, in every form that a width leaves of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.alerts import Severity
from smsmon.console import head_lines
from smsmon.console.alert_standing import Raised
from smsmon.console.formats import Formats
from smsmon.console.head import Head, balance_text, trouble, truth
from smsmon.console.head_lines import States
from smsmon.console.reasons import limit_used_up, why_not_asked
from smsmon.console.tables import rows as table_rows
from smsmon.console.totals import totals
from smsmon.known import AccountState, Condition
from smsmon.model import Balance, Counts, Entry, Fault, FaultKind
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import MessageState
from smsmon.store.shared import Holder
from smsmon.who_polls import WhoPolls
from tests.monitor.fakes import FakeSource
from tests.support.clock import START, VirtualClock

FORMATS = Formats(VirtualClock(), zone=UTC)
BROKEN = Fault(FaultKind.NETWORK, "The connection was refused.")
REFUSED = Fault(FaultKind.AUTH, "SMS Partner refuses the API key: check it, then retry.", 10)
LONG = Fault(FaultKind.SERVER, "It was " + "really " * 20 + "bad.")
WELL = AccountState("default", heard=True)
FAILING = replace(WELL, fault=BROKEN, failing_since=START - 20)
DOWN = AccountState("default", Condition.DOWN, BROKEN, START - 60, START + 90)
STOPPED = AccountState("default", Condition.STOPPED, REFUSED, START - 60)
HELD = replace(DOWN, held_until=START + 85)
NO_STATES: Counter[MessageState] = Counter()


NONE = "! 0 stale   ∅ 0 not found"


def rule(name: str, severity: Severity) -> Raised:
    return Raised(name, severity)


def line(head: Head, width: int = 400) -> str:
    return truth(head, FORMATS, width).plain


def of(account: AccountState, width: int = 400) -> str:
    """What the line says of one account, whose messages it does not tell."""
    return line(Head((account,), NO_STATES), width).removesuffix(f"   {NONE}")


@pytest.mark.parametrize(
    ("account", "told"),
    [
        (WELL, "● ok"),
        (replace(WELL, heard=False), "~ no answer yet"),
        (FAILING, "○ failing since 09:59:40: The connection was refused."),
        (
            DOWN,
            "○ down since 09:59:00, next try 10:01:30: The connection was refused.",
        ),
        (
            replace(DOWN, retry_at=None),
            "○ down since 09:59:00: The connection was refused.",
        ),
        (
            replace(DOWN, retry_at=START),
            "○ down since 09:59:00, trying now: The connection was refused.",
        ),
        (
            STOPPED,
            f"○ stopped since 09:59:00, t tries again: {REFUSED.message}",
        ),
        (
            HELD,
            "○ held until 10:01:25, since 09:59:00: The connection was refused.",
        ),
    ],
)
def test_an_account_is_told_whole_where_there_is_room(account: AccountState, told: str) -> None:
    assert of(account).removeprefix("smsmon   ") == f"API {told}"
    two = line(Head((account, replace(WELL, profile="b")), NO_STATES))
    together = f"default, b {told}"  # those of whom the same is told
    assert (together if account == WELL else f"default {told}   b ● ok") in two
    assert "API ●" not in two


def forms(head: Head) -> list[str]:
    """The different lines of ``head``, from the widest to the narrowest; none is too wide."""
    lines = [line(head, width) for width in range(300, 5, -1)]
    for width, each in zip(range(300, 20, -1), lines, strict=False):
        assert len(each) <= max(width, len("API ○ down, next try 10:01:30")), width
    return list(dict.fromkeys(lines))


@pytest.mark.parametrize(
    ("account", "least"),
    [
        (WELL, "API ● ok"),
        (replace(FAILING, fault=LONG), "API ○ failing"),
        (replace(DOWN, fault=LONG), "API ○ down"),
        (replace(STOPPED, fault=LONG), "API ○ stopped"),
        (replace(HELD, fault=LONG), "API ○ held"),
    ],
)
def test_how_it_stands_outlives_all_else_and_gives_way_step_by_step(
    account: AccountState, least: str
) -> None:
    states = Counter({MessageState.LIVE: 3, MessageState.STALE: 2})
    seen = forms(Head((account,), states, "demo", "12 credits", used=5, allowed=600))
    assert seen[-1] == least
    assert len({len(each) for each in seen}) == len(seen)


def test_a_long_reason_is_cut_with_a_sign_before_it_is_left_out() -> None:
    seen = forms(Head((replace(DOWN, fault=LONG),), NO_STATES))
    (cut,) = {each[each.index("○") :].split("   ")[0] for each in seen if "…" in each}
    assert len(cut) == 60
    assert cut.startswith("○ down, next try 10:01:30: It was really")
    whole = Fault(FaultKind.SERVER, "x" * (60 - len("○ down, next try 10:01:30: ")))
    assert not any("…" in each for each in forms(Head((replace(DOWN, fault=whole),), NO_STATES)))


ALL = Head(
    (WELL,),
    Counter({MessageState.LIVE: 1_200, MessageState.STALE: 3, MessageState.NOT_FOUND: 1}),
    name="demo",
    balance="12 credits",
    used=1_005,
    allowed=2_000,
    stretch=1.27,
    frozen_since=START - 5,
    held_back=1_234,
    masked=True,
    read_only="It is broken.",
    alerts=(rule("lost", Severity.CRITICAL), rule("late", Severity.INFO)),
    acknowledged=3,
    silenced=1,
    polling=WhoPolls(here=True, followed=True),
)


def test_with_room_enough_everything_is_told_in_its_order() -> None:
    assert line(ALL).split("   ") == [
        "smsmon  demo",
        "API ● ok",
        "polls for others too",
        "◆ 2 alerts: lost, late",
        "◇ 3 acknowledged, ◦ 1 silenced",
        "FROZEN since 09:59:55, 1,234 new",
        "numbers masked",
        "watchlist read-only",
        "! 3 stale",
        "∅ 1 not found",
        "» 1,200 live",
        "1,005/2,000 requests/min, stretched ×1.3",
        "12 credits",
    ]
    assert line(Head((WELL,), NO_STATES)) == f"smsmon   API ● ok   {NONE}"


def test_a_source_from_which_nothing_comes_stands_in_the_head_while_that_is_so() -> None:
    one = Head((WELL,), NO_STATES, silent=("shop",))
    assert "source shop not read" in line(one)
    assert "2 sources not read" in line(replace(one, silent=("shop", "tool")))
    long = replace(one, silent=("a-source-with-a-long-name",))
    assert any("1 source not read" in each for each in forms(long))


def test_what_is_worth_most_stays_longest() -> None:
    """Each part with the narrowest line on which something of it is told."""
    parts = {
        "API": "API ●",
        "alerts": "2 alerts",
        "frozen": "FROZEN",
        "read-only": "read-only",
        "states": "! 3",
        "name": "smsmon",
        "masked": "masked",
        "balance": "credits",
        "requests": "1,005/2,000",
        "follow": "polls for",
    }
    narrowest = {
        name: min(width for width in range(5, 300) if told in line(ALL, width))
        for name, told in parts.items()
    }
    order = sorted(parts, key=lambda name: narrowest[name])
    assert set(order[:4]) == {"alerts", "frozen", "masked", "API"}
    assert narrowest["masked"] <= narrowest["states"] <= narrowest["requests"]
    assert narrowest["requests"] <= narrowest["balance"]


@pytest.mark.parametrize(
    ("polling", "told"),
    [
        (None, ""),
        (WhoPolls(here=True), ""),
        (WhoPolls(here=True, followed=True), "polls for others too"),
        (WhoPolls(), "nobody polls"),
        (WhoPolls(holder=Holder(7, "watch")), "polled by watch 7"),
    ],
)
def test_who_polls_is_told_where_it_is_not_this_one_alone(
    polling: WhoPolls | None, told: str
) -> None:
    parts = line(Head((WELL,), NO_STATES, polling=polling)).split("   ")
    assert parts == ["smsmon", "API ● ok", *filter(None, [told]), *NONE.split("   ")]


@pytest.mark.parametrize(
    ("stretch", "told"),
    [(1.0, ""), (1.05, ""), (1.06, ", stretched ×1.1"), (3, ", stretched ×3.0")],
)
def test_a_schedule_that_is_stretched_is_told_beyond_a_twentieth(stretch: float, told: str) -> None:
    head = Head((WELL,), NO_STATES, used=7, allowed=600, stretch=stretch)
    assert line(head).endswith(f"   7/600 requests/min{told}")
    assert any(each.endswith(f"7/600 req/min{told}") for each in forms(head))


def test_alerts_are_as_grave_as_the_gravest_and_named_once() -> None:
    def style(*alerts: Raised) -> list[str]:
        told = truth(Head((WELL,), NO_STATES, alerts=alerts), FORMATS, 200)
        start = told.plain.index("◆")
        return [str(span.style) for span in told.spans if span.start <= start < span.end]

    grave, mild = rule("lost", Severity.CRITICAL), rule("late", Severity.WARNING)
    assert style(grave, mild) == style(grave) == ["$error"]
    assert style(mild) == ["$warning"]
    assert style(rule("fyi", Severity.INFO)) == []
    assert "◆ 1 alert: late   " in line(Head((WELL,), NO_STATES, alerts=(mild,)))
    assert "◆ 3 alerts: lost, late   " in line(Head((WELL,), NO_STATES, alerts=(grave, mild, mild)))


def test_that_nothing_is_polled_is_told_first_and_colours_the_line() -> None:
    halted = Head((WELL,), NO_STATES, halted="a fault")
    assert line(halted).startswith("smsmon   NOT POLLING: a fault   API ● ok")
    assert forms(halted)[-1] == "NOT POLLING"
    assert trouble(halted)
    for account, is_trouble in ((WELL, False), (FAILING, False), (DOWN, True), (STOPPED, True)):
        assert trouble(Head((WELL, account), NO_STATES)) is is_trouble


def test_a_try_is_under_way_from_its_moment_on() -> None:
    for ahead, now in ((0.001, False), (0.0, True), (-9.0, True)):
        assert replace(DOWN, retry_at=START + ahead).tried_at(START) is now
    assert not replace(DOWN, retry_at=None).tried_at(START)


@pytest.mark.parametrize(
    ("account", "told"),
    [
        (WELL, ""),
        (FAILING, ""),
        (
            STOPPED,
            "is stopped since 09:59:00: SMS Partner refuses the API key: check it, then retry."
            " Nothing is asked; t tries again.",
        ),
        (replace(DOWN, retry_at=None), "is down since 09:59:00: {} It is being tried now."),
        (replace(DOWN, retry_at=START), "is down since 09:59:00: {} It is being tried now."),
        (replace(DOWN, since=None), "is down: {} The next try is at 10:01:30."),
        (
            HELD,
            "is down since 09:59:00: {} The next try is at 10:01:30:"
            " the API asked for a pause until 10:01:25.",
        ),
    ],
)
def test_why_an_account_is_not_asked(account: AccountState, told: str) -> None:
    told = told.format(BROKEN.message)
    for named, who in ((False, "The account "), (True, "The account default ")):
        assert why_not_asked(account, FORMATS, "t", named=named) == (told and who + told)


def test_when_the_next_request_goes_out_is_told_where_the_limit_is_used_up() -> None:
    assert limit_used_up(START + 5, 2_000, FORMATS) == (
        "All 2,000 requests a minute are used up, by all smsmon programs that share them."
        " The next goes out at 10:00:05."
    )


MANY = Counts(
    total=2_000, delivered=1_500, not_delivered=300, waiting=150, unknown=50, stop=7, absent=9
)


def test_the_totals_tell_every_count_with_its_share() -> None:
    assert totals(MANY, 400).plain.split("   ") == [
        "2,000 recipients",
        "✓ 1,500 delivered 75.0%",
        "… 150 waiting 7.5%",
        "✗ 300 not delivered 15.0%",
        "? 50 unknown 2.5%",
        "- 9 no longer listed",
        "STOP 7",
        "delivery rate 83.3%",
    ]
    few = totals(Counts(total=1, waiting=1), 400, of_filtered=True).plain
    assert few.startswith("1 filtered recipient   ")
    assert not {"?", "-"} & set(few.split())
    for width in range(20, 140):
        assert totals(MANY, width).cell_length <= width


def test_deliveries_of_late_stand_at_the_right_end_of_a_wide_line_only() -> None:
    for width in (138, 139, 200):
        told = totals(MANY, width, lately="▁▂▃").plain
        assert told.endswith("   delivered/min ▁▂▃")
        assert len(told) == width
    assert "delivered/min" not in totals(MANY, 137, lately="▁▂▃").plain
    assert "delivered/min" not in totals(MANY, 200).plain


def test_the_balance_is_credits_or_else_money() -> None:
    money = Balance("u", "12.50", "EUR", None, None, None, None, START)
    assert balance_text(money) == "12.50 EUR"
    assert balance_text(replace(money, currency="")) == "12.50"
    assert balance_text(replace(money, credits=1_234)) == "1,234 credits"
    assert balance_text(replace(money, credits=0)) == "0 credits"
    assert balance_text(None) == ""


def troubled(number: int, condition: AccountState, name: str = "") -> AccountState:
    return replace(condition, profile=name or f"account-{number}")


TWO = (troubled(1, DOWN, "production"), troubled(2, STOPPED, "marketing"))
ROOM = range(46, 241)
"""Columns of the line on screens from 60 columns, the clock beside it."""


def test_all_accounts_in_trouble_are_named_or_counted_at_every_width() -> None:
    for width in ROOM:
        alerts = tuple(rule(f"rule-{number}", Severity.CRITICAL) for number in range(12))
        for accounts in (TWO, (*TWO, troubled(3, HELD), WELL), (*TWO, troubled(3, DOWN))):
            head = replace(ALL, accounts=accounts, alerts=alerts)
            told = line(head, width)
            bad = [each for each in accounts if each.condition is not Condition.OK]
            named = all(each.profile in told for each in bad)
            assert (
                named
                or f"{len(bad)} accounts" in told
                or all(word in told for word in ("down", "stopped"))
            )
            assert len(told) <= width
        if width >= 68:
            told = line(Head(TWO, NO_STATES, alerts=alerts), width)
            assert "production ○ down" in told
            assert "marketing ○ stopped" in told


@given(
    st.lists(
        st.tuples(st.sampled_from([WELL, FAILING, DOWN, STOPPED, HELD]),
                  st.sampled_from([BROKEN, REFUSED, LONG])),
        min_size=1, max_size=5,
    ),
    st.sampled_from(["", "K"]),
    st.integers(46, 240),
)  # fmt: skip
def test_any_accounts_can_be_told_whether_or_not_the_current_one_has_a_key(
    accounts: list[tuple[AccountState, Fault]], setup_key: str, width: int
) -> None:
    several = [
        replace(each, profile=f"account-{number}", fault=each.fault and fault)
        for number, (each, fault) in enumerate(accounts)
    ]
    head = replace(ALL, accounts=tuple(several), name="account-0", setup_key=setup_key)
    assert len(line(head, width)) <= width


def test_no_width_leaves_out_a_badge_or_the_count_of_alerts() -> None:
    for width in ROOM:
        for account in (WELL, DOWN, replace(HELD, fault=LONG)):
            told = line(replace(ALL, accounts=(account,)), width)
            assert "FROZEN" in told
            assert "masked" in told
            assert "◆ 2 alerts" in told
            assert "+1,234" in told or "1,234 new" in told or width < 66


def test_the_name_of_the_account_is_for_the_width_to_say() -> None:
    for width in ROOM:
        every = [
            line(Head((account,), states, "production", used=used, allowed=600), width)
            for account in (WELL, DOWN, replace(STOPPED, fault=LONG))
            for states in (NO_STATES, ALL.states)
            for used in (0, 555)
        ]
        assert {told.startswith("smsmon  production") for told in every} == {width >= 116}


def test_what_needs_eyes_is_counted_while_all_is_well() -> None:
    for width in ROOM:
        told = line(Head((WELL,), ALL.states, "production", used=41, allowed=600), width)
        assert "! 3" in told
        assert "∅ 1" in told
        assert "41/600 req" in told or width < 54


@pytest.mark.parametrize("many", [False, True])
def test_what_time_alone_makes_stale_is_found_of_many_some_at_each_look(
    many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (head_lines, table_rows):
        monkeypatch.setattr(module, "AT_ONCE", 2 if many else 10)
    clock = VirtualClock()
    engine = Engine({"default": FakeSource(clock)}, clock)
    for number in range(5):
        engine.watch(Entry(str(number)))
        engine.board[str(number)].read_at, engine.board[str(number)].promise = START, 60.0
    states = States(engine, clock.now)
    states.look_at_all()
    clock.jump(1_000.0)
    found = []
    for in_turn in (False, False, True):
        states.look_at_the_clock(in_turn=in_turn)
        found.append(states.counts[MessageState.STALE])
    assert found == ([2, 4, 5] if many else [0, 0, 5])
