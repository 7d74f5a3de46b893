"""A rule over a recorded past fires when it would have fired live."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from smsmon.alerts import Episode
from smsmon.model import Counts, Entry, Event, EventKind
from smsmon.monitor.alerts import Money
from smsmon.monitor.alerts.replay import Past, PastMessage, Then, reach, replay, why_not
from smsmon.recipients import Status
from tests.monitor.alerts.stage import Stage, rule
from tests.monitor.alerts.test_groups import N, final
from tests.support.clock import START

DAY = 86_400.0


def past(**more: Any) -> Past:
    return Past(START, START + DAY, ("default",), **more)


def told(episodes: list[Episode]) -> list[tuple[str, float, float, float | None, str]]:
    return [
        (
            str(each.subject),
            each.began_at - START,
            each.fired_at - START,
            None if each.over_at is None else each.over_at - START,
            each.facts,
        )
        for each in episodes
    ]


def message(*then: Then, id: str = "300", events: tuple[Event, ...] = ()) -> PastMessage:
    return PastMessage(Entry(id, added_at=then[0].at), then[0].at, then, events)


def test_a_message_fires_after_its_hold_and_is_over_after_its_clear() -> None:
    counts = [Counts(10, delivered=10 - lost, not_delivered=lost) for lost in (0, 6, 0)]
    then = [Then(START + at, each) for at, each in zip((0, 100, 900), counts, strict=True)]
    found = replay(rule("failed_share>50%", 120, 60), past(messages=[message(*then)]))
    assert told(found) == [("300", 100, 220, 960, "60% not delivered of 10 final")]
    assert found[0].worst is not None
    assert found[0].worst.badness == 0.6


def test_time_alone_fires_and_what_held_already_is_old() -> None:
    for seconds, fired, old in ((30, 30, False), (90, 0, True)):
        waiting = Then(START, Counts(2, waiting=2), START - seconds)
        (found,) = replay(rule("oldest>60s"), past(messages=[message(waiting)]))
        assert (found.old, found.over_at, round(found.fired_at - START)) == (old, None, fired)


def test_an_account_is_refused_from_one_event_to_the_next() -> None:
    events = [
        Event(EventKind.ACCOUNT_STOPPED, START + 50, detail="The key is not valid."),
        Event(
            EventKind.BATCHES_OFF, START + 60, detail="they were refused"
        ),  # says nothing of that
        Event(EventKind.ACCOUNT_UP, START + 500),
    ]
    found = replay(rule("condition:refused", about="account"), past(events=events))
    assert told(found) == [("account:default", 50, 50, 560, "refused: The key is not valid")]
    down = [Event(EventKind.ACCOUNT_UP, START + 500)]
    (before,) = replay(rule("condition:down", about="account"), past(events=down))
    assert (before.old, before.over_at) == (True, START + 560)


def test_while_a_message_is_stale_nothing_is_concluded_of_it() -> None:
    then = [
        Then(START, Counts(4, waiting=4), START),
        Then(START + 1_000, Counts(4, delivered=4)),
    ]
    events = (
        Event(EventKind.STALE, START + 30, "300", detail="No answer."),
        Event(EventKind.RECOVERED, START + 1_000, "300"),
    )
    messages = [message(*then, events=events)]
    assert replay(rule("waiting>0", hold=60), past(messages=messages)) == []
    (stale,) = replay(rule("state:stale", hold=60), past(messages=messages))
    assert (stale.fired_at, stale.facts) == (START + 90, "stale, No answer")


def test_a_balance_holds_until_another_one_is_recorded() -> None:
    balances = {"default": [Money(START - 50, 80.0, None), Money(START + 7_000, 20.0, None)]}
    asked = rule("balance<50", about="account", until="balance>75")
    (found,) = replay(asked, past(balances=balances))
    assert (found.fired_at, found.over_at, found.old) == (START + 7_000, None, False)


def test_groups_know_what_was_before_the_past_begins() -> None:
    asked = rule("failed>=3", about="tag", clear=0)
    finals = [final(START - 60, N), final(START - 50, N), final(START + 100, N), final(START + 9e3)]
    assert reach(asked) == 3_600
    (found,) = replay(asked, past(finals=iter(finals)))
    assert (str(found.subject), found.fired_at) == ("tag:otp", START + 100)
    assert found.over_at is not None
    assert found.over_at <= START + 3_660


def test_what_was_not_recorded_cannot_be_tried_and_why_is_told() -> None:
    assert why_not(rule("waiting>0")) == ""
    assert "read" in why_not(rule("read>10m"))
    assert "stale_share" in why_not(rule("stale_share>5%", about="account"))
    assert "waiting" in why_not(rule("waiting>0", about="country"))


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(1, 400),
                st.integers(0, 4),
                st.sampled_from([None, EventKind.STALE, EventKind.RECOVERED, EventKind.PAUSED]),
            ),
            min_size=1,
            max_size=6,
        ),
        min_size=2,
        max_size=4,
    ),
    st.lists(st.integers(1, 1_500), max_size=3),
    st.sampled_from([0, 90]),
    st.sampled_from([0, 60]),
    st.sampled_from(["waiting>1", "oldest>200s", "failed>0", "state:stale"]),
)
def test_messages_fire_together_as_each_does_alone(
    messages: list[list[tuple[int, int, EventKind | None]]],
    turns: list[int],
    hold: int,
    clear: int,
    when: str,
) -> None:
    kinds = [EventKind.ACCOUNT_DOWN, EventKind.ACCOUNT_UP, EventKind.ACCOUNT_STOPPED]
    events = [Event(kind, START + at) for kind, at in zip(kinds, sorted(turns), strict=False)]
    made = []
    for place, steps in enumerate(messages):
        id, now = str(300 + place), START
        then, happened = list[Then](), list[Event]()
        for seconds, waiting, kind in steps:
            now += seconds
            counts = Counts(4, waiting=waiting, not_delivered=4 - waiting)
            then.append(Then(now, counts, now - 10 if waiting else None))
            happened += [Event(kind, now, id)] if kind else []
        made.append(message(*then, id=id, events=tuple(happened)))
    asked = rule(when, hold, clear)
    together = replay(asked, past(messages=made, events=events))
    alone = [e for each in made for e in replay(asked, past(messages=[each], events=events))]
    assert sorted(map(repr, together)) == sorted(map(repr, alone))


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 4)), min_size=1, max_size=20),
    st.sampled_from([0, 90]),
    st.sampled_from([0, 60]),
    st.sampled_from(["waiting>1", "oldest>200s", "failed>0"]),
)
@example([(1, 0), (1, 3), (60, 0)], 0, 60, "failed>0")  # it holds again as its end is due
def test_a_replay_fires_when_it_would_have_fired_live(
    steps: list[tuple[int, int]], hold: int, clear: int, when: str
) -> None:
    asked = rule(when, hold, clear)
    stage = Stage((asked,))
    then: list[Then] = []
    for seconds, waiting in steps:
        stage.wait(seconds)
        stage.read(waiting, failed=(4 - waiting) // 2)
        watched = stage.board["300"]
        statuses = watched.recipients.statuses
        first = [
            date
            for date, status in zip(watched.recipients.dates, statuses, strict=True)
            if status == Status.WAITING
        ]
        then.append(Then(stage.now, watched.counts, min(first, default=None)))
    end = stage.now + 1_000
    stage.wait(1_000)
    live = [(each.firing, each.at) for each in stage.told]
    found = replay(asked, Past(START, end, ("default",), [message(*then)]))
    again = []
    for each in found:
        again.append((True, each.fired_at))
        again += [(False, each.over_at)] if each.over_at is not None else []
    assert again == live
