"""Rules about tags, countries and all: what became final in a window, and what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.alerts import About
from smsmon.known import AccountState, Condition
from smsmon.model import DEFAULT_PROFILE, Arrival, Entry, Final
from smsmon.monitor.alerts import START_GRACE
from smsmon.monitor.alerts.groups import GROUPED
from smsmon.monitor.alerts.replay import why_not
from smsmon.monitor.alerts.windows import NAMES_LIMIT, SLOTS, Length, Rolling, Windows
from smsmon.recipients import Status
from tests.monitor.alerts.stage import Stage, rule
from tests.support.clock import START

D, N = Status.DELIVERED, Status.NOT_DELIVERED
HOUR, DAY = 3_600.0, 86_400.0


def final(
    at: float, status: Status | None = D, took: float | None = 5.0, *, tag: str = "otp",
    country: str = "FR", stop: bool = False,
) -> Final:  # fmt: skip
    return Final(at, "300", DEFAULT_PROFILE, (tag,), country, status, stop, took)


def seeded(stage: Stage, finals: Sequence[Final] = ()) -> Stage:
    """The past is known: these became final in it."""
    wanted = stage.alerts.past_wanted
    assert wanted is not None
    past = stage.alerts.empty_windows()
    past.add(each for each in finals if wanted[0] <= each.at < wanted[1])
    assert stage.alerts.seed(past, wanted[1])
    stage.look()
    return stage


def of_group(when: str, about: str = "tag", **more: object) -> Stage:
    stage = Stage((rule(when, about=about, **more),), ("300", "301"))  # type: ignore[arg-type]
    stage.look("300", "301")
    return stage


@pytest.mark.parametrize(
    ("about", "subject"), [("tag", "tag:otp"), ("country", "country:FR"), ("all", "all")]
)
def test_what_becomes_final_counts_for_its_tags_its_country_and_all(
    about: str, subject: str
) -> None:
    stage = seeded(of_group("failed_share>=50% final>=4", about, clear=0))
    stage.read(4, "300")
    stage.read(4, "301")
    stage.wait(10)
    stage.read(0, "300", failed=1)
    assert stage.told == []
    stage.read(0, "301", failed=4)
    (fired,) = stage.told
    assert (str(fired.subject), fired.facts) == (
        subject,
        "62% not delivered of 8 final within 1 h",
    )
    assert fired.badness == 0.625
    stage.wait(HOUR + 2 * HOUR / SLOTS)
    assert stage.ends == [True, False], "it left the window"
    stage.wait(3 * 86_400)
    assert stage.alerts.next_look == inf, "an empty window is not looked at"


def test_nothing_is_concluded_before_the_past_is_known() -> None:
    stage = of_group("final<5")
    stage.read(1)
    stage.wait(HOUR - 1)
    assert stage.told == [], "who knows what was before"
    stage.wait(2)
    assert stage.ends == [True], "all of the hour was seen by now"
    known = seeded(of_group("final<5"), [final(START - 60)] * 3)
    known.read(1)
    assert known.ends == [True]


def test_what_the_past_holds_already_is_no_news_and_what_comes_is() -> None:
    stage = of_group("failed>=2", clear=0)
    list(stage.alerts.meet(["300", "301"]))
    stage.read(4)
    seeded(stage, [final(START - HOUR / 2, N)] * 2)
    stage.wait(HOUR)
    stage.read(2, failed=2)
    assert [(each.firing, each.old) for each in stage.told] == [
        (True, True),
        (False, True),
        (True, False),
    ]


def test_a_group_of_which_an_account_does_not_answer_stands_still() -> None:
    stage = of_group("waiting>0", clear=0)
    stage.read(1)
    stage.read(0, "301")
    assert stage.ends == [True]
    stage.stand(AccountState("default", Condition.DOWN))
    stage.read(0)
    assert stage.ends == [True]
    stage.stand(AccountState("default"))
    stage.read(0)
    assert stage.ends == [True, False]


def test_a_message_not_read_for_too_long_keeps_rules_about_who_waits_from_concluding() -> None:
    stage = of_group("waiting<5", "all", clear=0)
    stage.read(4, "300")
    stage.read(4, "301")
    stage.board["301"].promise = 15.0
    stage.look("301")
    stage.wait(61)
    stage.read(0, "300")
    assert stage.told == []
    stage.read(1, "301")
    assert stage.ends == [True]


def test_time_alone_makes_the_oldest_of_a_group_wait_too_long() -> None:
    stage = of_group("waiting_oldest>10m", "country")
    stage.read(1)
    stage.read(0, "301")
    stage.wait(599)
    assert stage.told == []
    stage.wait(2)
    assert [str(each.subject) for each in stage.told] == ["country:FR"]
    assert stage.told[0].facts == "oldest waiting for 10 m"


def test_delivery_times_are_told_within_two_percent() -> None:
    took = [float(seconds) for seconds in range(1, 101)]
    past = [final(START - 60, took=each) for each in took]
    fast = seeded(of_group("p90>92s", "all"), past)
    slow = seeded(of_group("p90>88s p50:48..52", "all"), past)
    assert (fast.told, slow.ends) == ([], [True])
    assert slow.told[0].facts.startswith("90% delivered within 1 m 30 s")


@pytest.mark.parametrize(
    ("finals", "facts"),
    [
        ([(D, 5.0, True), (D, 70.0, True)], "50% delivered within 10 s"),
        ([(D, 5.0, True), (N, 5.0, True)], "50% delivered within 10 s"),
        ([(D, 5.0, True), (D, 70.0, True), (D, 70.0, False)], "50% delivered within 10 s"),
        ([(D, 5.0, True)] * 9, ""),
        ([(D, 70.0, False), (D, None, True)], ""),  # of nobody it is known
    ],
)
def test_a_rule_asks_how_many_had_it_in_time_of_those_of_whom_it_is_known(
    finals: list[tuple[Status, float | None, bool]], facts: str
) -> None:
    past = [final(START - 60, status, took)._replace(dated=dated) for status, took, dated in finals]
    stage = seeded(of_group("within_10s<90%"), past)
    for id in stage.ids:
        stage.read(0, id)
    assert [each.facts for each in stage.told] == [facts] * bool(facts)


def test_who_waits_for_longer_than_a_limit_has_missed_it() -> None:
    past = [final(START - 60, took=each) for each in (4.0, 5.0, 6.0)]
    stage = seeded(of_group("within_1m<80%", clear=0, window=HOUR / 2), past)
    stage.read(0, "301")
    stage.read(1, "300")
    stage.wait(59)
    assert stage.told == []
    stage.wait(2)
    assert [each.facts for each in stage.told] == ["75% delivered within 1 m"]
    stage.wait(HOUR / 2)
    assert stage.ends == [True, False], "it is as old as what left the window"


def usual(failed: int, of: int) -> list[Final]:
    """What became final three days ago."""
    return [final(START - 3 * DAY, N if each < failed else D) for each in range(of)]


@pytest.mark.parametrize(
    ("before", "fires"),
    [
        (usual(20, 1_000), True),  # 2 % before, 50 % now
        (usual(100, 1_000), True),  # 10 %
        (usual(200, 1_000), False),  # 20 %: not three times as much
        (usual(2, 199), False),  # too few to know
        (usual(0, 200), True),  # none of 200 counts as one
    ],
)
def test_a_share_is_compared_with_that_of_the_last_seven_days(
    before: list[Final], fires: bool
) -> None:
    lately = [final(START - 60, each) for each in [N, D] * 10]
    stage = seeded(of_group("failed_times>3", window=HOUR), [*before, *lately])
    assert stage.ends == [True] * fires
    if fires:
        assert "times the usual" in stage.told[0].facts
    few = seeded(of_group("failed_times>3"), [*before, *lately[:9]])
    assert few.told == [], "nine final reports tell nothing"


@pytest.mark.parametrize(
    ("before", "lately", "fires"),
    [
        (5.0, 50.0, True),
        (20.0, 50.0, False),  # not three times as long
        (None, 50.0, False),  # it is not known how long it took
        (5.0, None, False),
    ],
)
def test_delivery_times_are_compared_with_those_of_the_last_seven_days(
    before: float | None, lately: float | None, fires: bool
) -> None:
    past = [final(START - 3 * DAY, took=before)] * 200 + [final(START - 60, took=lately)] * 20
    stage = seeded(of_group("p90_times>3", window=HOUR), past)
    assert stage.ends == [True] * fires


def test_what_a_rule_asks_of_the_past_is_asked_for_again_when_it_changes() -> None:
    stage = seeded(of_group("final>0"))
    now = stage.now + 60
    wanted = [stage.alerts.past_wanted]
    for each in (rule("final>0", about="tag", window=2 * HOUR), rule("waiting>0", about="tag")):
        stage.alerts.use((each,), now)
        wanted.append(stage.alerts.past_wanted)
        assert not stage.alerts.seed(stage.alerts.empty_windows(), now - 1), "asked for before"
    assert wanted == [None, (now - 2 * HOUR, now), None]


def test_a_tag_that_nothing_has_any_more_is_over_once_all_was_looked_at() -> None:
    stage = of_group("waiting>0", clear=600)
    stage.read(1)
    stage.read(1, "301")
    for id in ("300", "301"):
        stage.board.forget(id, stage.now)
        stage.look(id)
    stage.wait(START_GRACE + 1)
    assert [(each.firing, each.why) for each in stage.told] == [
        (True, ""),
        (False, "no longer watched"),
    ]


@given(
    st.lists(
        st.tuples(st.floats(0, 400), st.sampled_from([D, N, None]), st.floats(0, 9e4)), max_size=80
    )
)
def test_a_window_holds_what_happened_within_it_and_a_slot_more_at_most(
    steps: list[tuple[float, Status | None, float]],
) -> None:
    rolling, now, kept = Rolling(Length(HOUR)), START, list[Final]()
    for later, status, took in steps:
        now += later
        kept.append(final(now, status, took, stop=status is None))
        rolling.add(kept[-1], took)
        rolling.pass_on(now)
        sums, slot = rolling.total, HOUR / SLOTS
        surely = [each for each in kept if each.at > now - HOUR]
        maybe = [each for each in kept if each.at > now - HOUR - slot]
        for count, status in ((sums.delivered, D), (sums.failed, N), (sums.stop, None)):
            least, most = (sum(each.status is status for each in of) for of in (surely, maybe))
            assert least <= count <= most
        assert sums.took.total() == sums.delivered
    rolling.pass_on(now + HOUR + HOUR / SLOTS)
    assert rolling.total.empty
    assert rolling.next_at == inf


def test_windows_are_moved_with_the_clock_and_a_group_is_empty_once_nothing_is_in_it() -> None:
    length, key = Length(HOUR), (About.TAG, "otp")
    for each in (final(START, D, 1.0), final(START, N), final(START, None, stop=True)):
        windows = Windows({About.TAG: {length}})
        windows.add([each])
        next_at = windows.of(key, length, START).next_at
        windows.shift(-9_000)
        rolling = windows.of(key, length, START - 9_000)
        assert rolling.next_at == next_at - 9_000
        assert not rolling.total.empty
        assert not windows.drop_empty(key, next_at - 9_000.1)
        assert windows.drop_empty(key, next_at - 9_000)
        assert rolling.total.empty


def test_what_was_added_up_apart_is_as_if_it_were_added_up_together() -> None:
    lengths = {About.ALL: {Length(HOUR)}, About.TAG: {Length(HOUR)}}
    finals = [final(START + each * 7, N if each % 3 else D, float(each)) for each in range(200)]
    whole, early, late = Windows(lengths), Windows(lengths), Windows(lengths)
    whole.add(finals)
    early.add(finals[:90])
    late.add(finals[90:])
    early.include(late)
    for key in ((About.ALL, ""), (About.TAG, "otp")):
        mine, its = (each.of(key, Length(HOUR), START + 1_400) for each in (early, whole))
        assert mine.total == its.total
        assert mine.next_at == its.next_at


def test_more_tags_than_are_kept_are_left_out_until_there_is_room() -> None:
    windows = Windows({About.TAG: {Length(HOUR)}})
    windows.add(final(START, tag=f"t{each}") for each in range(NAMES_LIMIT + 5))
    assert len([*windows.names(About.TAG)]) == NAMES_LIMIT
    assert windows.drop_empty((About.TAG, "t0"), START + 2 * HOUR)
    windows.add([final(START + 2 * HOUR, tag="new")])
    assert "new" in windows.names(About.TAG)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 4)),
        st.tuples(st.just("fail"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 4_000)),
        st.tuples(st.just("stand"), st.sampled_from([0, 1])),
        st.tuples(st.just("shift"), st.sampled_from([-9_000, 9_000])),
        st.tuples(st.just("seed"), st.integers(0, 3)),
        st.tuples(st.just("use"), st.sampled_from([1, 2])),
    ),
    max_size=25,
)


@given(STEPS, st.sampled_from([0, 90, 1_000]), st.sampled_from([0, 60]))
def test_whatever_happens_to_groups_firing_and_ending_take_turns(
    steps: list[tuple[str, int]], hold: int, clear: int
) -> None:
    def rules(bound: int) -> tuple:  # type: ignore[type-arg]
        return tuple(
            rule(f"{what}>={bound}", hold, clear, f"{what} {about}", about=about)
            for what in ("failed", "waiting")
            for about in ("tag", "country", "all")
        )

    stage = Stage(rules(1))
    stands = [AccountState("default"), AccountState("default", Condition.DOWN)]
    for what, number in steps:
        before, down = len(stage.told), stage.condition is not Condition.OK
        match what:
            case "read":
                stage.read(number, failed=4 - number)
            case "fail":
                stage.fail()
            case "wait":
                stage.wait(number)
            case "stand":
                stage.stand(stands[number])
            case "shift":
                stage.now += number
                stage.alerts.shift(number)
                stage.look()
            case "seed" if stage.alerts.past_wanted:
                seeded(stage, [final(stage.now - HOUR / 2, N)] * number)
            case "use":
                stage.alerts.use(rules(number), stage.now)
                stage.look()
        if down and stage.condition is not Condition.OK:
            assert len(stage.told) == before, "an account that is down tells nothing of its groups"
        for name, subject in {(told.rule.name, told.subject) for told in stage.told}:
            ends = [
                told.firing
                for told in stage.told
                if (told.rule.name, told.subject) == (name, subject)
            ]
            assert ends == [index % 2 == 0 for index in range(len(ends))]
            assert bool(ends[-1]) == ((name, subject) in stage.alerts.fired())


@pytest.mark.parametrize(
    ("about", "subject"),
    [("tag", "tag:otp"), ("source", "source:app"), ("label", "label:code"),
     ("profile", "profile:default")],
)  # fmt: skip
def test_codes_that_are_final_when_they_are_first_read_count_from_their_sending(
    about: str, subject: str
) -> None:
    name = subject.partition(":")[2]
    stage = seeded(of_group(f"group:{name} p90>20s waiting_oldest>60s", about))
    for each in stage.ids:
        stage.read(0, each)
    for number, took in enumerate([4, 5, 40, 50]):
        id, came = f"40{number}", Arrival("app", 3_600.0, sent_at=stage.now - took)
        entry = Entry(id, "code", ("otp",), added_at=stage.now, arrival=came)
        stage.board.watch(entry, stage.now)
        stage.read(0, id, of=1)
    assert stage.told == []
    entry = Entry("410", "code", ("otp",), added_at=stage.now, arrival=came)
    stage.board.watch(entry, stage.now)
    stage.read(1, "410", of=1)
    stage.wait(59)
    assert stage.told == []
    stage.wait(2)
    (alert,) = stage.told
    assert str(alert.subject) == subject
    assert alert.facts == "90% delivered within 50 s, oldest waiting for 1 m"


def test_a_group_is_tried_on_the_past_by_its_name_whatever_it_is_of() -> None:
    for about in GROUPED:
        assert why_not(rule("group:fr p90>20s", about=str(about))) == ""
