"""What every store keeps of alerts: episodes, answers, silences, and who was told what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from math import inf

import pytest

from smsmon.alerts import (
    About,
    Acknowledgement,
    Edge,
    Episode,
    Severity,
    Silence,
    Subject,
    Telling,
    What,
    Worst,
)
from smsmon.store.alerts import AlertStore, Over, Told
from smsmon.store.base import HistoryStore
from tests.store.places import Place
from tests.store.reports import START

MESSAGE = Subject(About.MESSAGE, "300", "default")
ACCOUNT = Subject(About.ACCOUNT, "default", "default")
ANNA = Acknowledgement("anna@ops1", START + 60, "ordered more\nof them", START + 3_600)
BEN = Acknowledgement("ben@ops2", START + 61)


def episode(rule: str = "losses", subject: Subject = MESSAGE, at: float = 0.0) -> Episode:
    """One that fires ``at`` seconds after the start."""
    return Episode(
        rule,
        subject,
        Severity.CRITICAL,
        "rate<50%",
        START + at - 120,
        START + at,
        label="Win-back “2019”",
        tags=("promo", "fr"),
        facts="60% not delivered of 138 final",
        worst=Worst(60.0, START + at, "60% not delivered"),
    )


@pytest.fixture
def alerts(place: Place) -> AlertStore:
    """Of a process that polls, where nobody else does."""
    return place().history().alerts


@pytest.fixture
def command(place: Place) -> AlertStore:
    """Of a command: it never polls."""
    return place().alerts()


def fired(alerts: AlertStore, *rules: str) -> list[int]:
    return alerts.fire([episode(rule) for rule in rules or ("losses",)])


# --- episodes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        episode(),
        episode(subject=Subject(About.ALL)),
        episode(subject=Subject(About.TAG, "otp")),
        replace(episode(), label="", tags=(), facts="", worst=None, old=True),
        replace(episode(), acknowledged=ANNA, severity=Severity.INFO),
    ],
)
def test_an_episode_is_given_back_as_it_was_recorded(
    alerts: AlertStore, command: AlertStore, given: Episode
) -> None:
    (number,) = alerts.fire([given])
    assert command.firing() == command.episodes() == [replace(given, number=number)]


def test_of_one_rule_and_subject_one_fires_at_a_time(alerts: AlertStore) -> None:
    first, again, *others = alerts.fire(
        [episode(), episode(at=9), episode("balance"), episode(subject=ACCOUNT)]
    )
    assert again == first
    assert len({first, *others}) == 3
    assert alerts.fire([episode(at=9)]) == [first]
    assert [each.fired_at for each in alerts.firing()] == [START] * 3
    assert alerts.end([Over(first, START + 10)]) == [True]
    (next_one,) = alerts.fire([episode(at=20)])
    assert next_one not in (first, *others)


def test_one_that_fired_at_the_same_moment_is_the_same(alerts: AlertStore) -> None:
    (number,) = alerts.fire([episode()])
    alerts.end([Over(number, START + 10)])
    (later,) = alerts.fire([episode(at=20)])
    assert alerts.fire([episode(), episode(at=20)]) == [number, later]
    assert len(alerts.episodes()) == 2


def test_it_ends_once_and_says_why(alerts: AlertStore) -> None:
    (number,) = fired(alerts)
    over = Over(number, START + 10, "no longer watched")
    assert alerts.end([over, Over(number, START + 11), Over(999, START)]) == [True, False, False]
    assert alerts.end([Over(number, START + 12)]) == [False]
    assert alerts.firing() == []
    (past,) = alerts.episodes()
    assert (past.over_at, past.why_over, past.firing) == (START + 10, "no longer watched", False)


def test_only_what_is_worse_is_kept_as_the_worst(alerts: AlertStore) -> None:
    one, other = alerts.fire([episode(), replace(episode("balance"), worst=None)])
    less, more = Worst(59.0, START + 1, "less"), Worst(61.5, START + 2, "more")
    for found in (less, more, less, more._replace(at=START + 3)):
        alerts.worsen({one: found, other: found, 999: found})
    assert [each.worst for each in alerts.firing()] == [more, more]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"since": START + 10}, [4, 3]),  # what was over by then is not meant
        ({"since": START + 9.999}, [4, 3, 2, 1]),
        ({"until": START + 2}, [2, 1]),
        ({"until": START}, []),
        ({"since": START + 11, "until": START + 3}, [3]),
        ({"rule": "losses"}, [3, 1]),
        ({"subject": ACCOUNT}, [4, 3]),
        ({"subject": ACCOUNT, "rule": "losses"}, [3]),
        ({"subject": ACCOUNT._replace(profile="")}, []),
        ({"limit": 2}, [4, 3]),
    ],
)
def test_the_past_is_asked_by_time_rule_and_subject(
    alerts: AlertStore, asked: dict[str, object], found: list[int]
) -> None:
    numbers = alerts.fire(
        [
            episode("losses", MESSAGE, at=1),
            episode("late", MESSAGE, at=1),
            episode("losses", ACCOUNT, at=2),
            episode("late", ACCOUNT, at=3),
        ]
    )
    alerts.end([Over(number, START + 10) for number in numbers[:2]])
    told = alerts.episodes(**asked)  # type: ignore[arg-type]
    assert [numbers.index(each.number) + 1 for each in told] == found


# --- answering -----------------------------------------------------------------------------------


def test_an_answer_is_seen_by_all_and_can_be_taken_back(
    alerts: AlertStore, command: AlertStore
) -> None:
    one, other, over = fired(alerts, "losses", "late", "balance")
    alerts.end([Over(over, START + 1)])
    first = command.acknowledge([one, over, 999], ANNA)
    assert [(each.number, each.before, each.after) for each in first] == [(one, None, ANNA)]
    second = alerts.acknowledge([one, other], BEN)
    assert [each.acknowledged for each in alerts.firing()] == [BEN, BEN]
    assert command.take_back(first) == 0, "another one stands by now"
    assert command.take_back(second) == 2
    assert [each.acknowledged for each in command.firing()] == [ANNA, None]
    gone = command.withdraw([one])
    assert [(each.before, each.after) for each in gone] == [(ANNA, None)]
    assert command.take_back([*gone, *gone]) == 1
    assert alerts.firing()[0].acknowledged == ANNA


def test_what_is_over_keeps_the_last_answer(alerts: AlertStore) -> None:
    (number,) = fired(alerts)
    answered = alerts.acknowledge([number], ANNA)
    alerts.end([Over(number, START + 100)])
    assert alerts.withdraw([number]) == []
    assert alerts.episodes()[0].acknowledged == ANNA
    assert alerts.take_back(answered) == 1


def test_silences_are_kept_until_they_end_and_one_of_a_kind_lasts(command: AlertStore) -> None:
    rule = Silence(What.RULE, "losses", START, START + 60, "anna@ops1", "we know")
    tag = Silence(What.TAG, "losses", START, inf)
    later = Silence(What.RULE, "late", START + 500, START + 600)
    first, second, third = (command.silence(each) for each in (rule, tag, later))
    assert [replace(each, number=0) for each in (first, second, third)] == [rule, tag, later]
    assert command.silences(START + 1) == [first, third, second]
    longer = command.silence(replace(rule, since=START + 30, until=START + 900))
    assert command.silences(START + 30) == [third, longer, second]
    assert command.silences(START + 29) == [replace(first, until=START + 30), third, longer, second]
    ended = command.unsilence([longer.number, second.number, longer.number, 999], START + 40)
    assert ended == [second, longer]
    assert command.unsilence([longer.number], START + 40) == []
    assert command.silences(START + 40) == [third]


# --- telling -------------------------------------------------------------------------------------


def test_each_is_told_once_to_each_target(alerts: AlertStore) -> None:
    (number,) = fired(alerts)
    fires = Telling(number, "chat", Edge.FIRED)
    others = [fires._replace(target="pager"), fires._replace(edge=Edge.OVER)]
    assert alerts.claim([fires, *others], START) == [True, True, True]
    alerts.done([fires], START + 1)
    alerts.release([fires, others[0]])
    assert alerts.claim([fires, *others], START + 2) == [False, True, True], "ours still"
    told = alerts.told([number, 999])
    assert told[999] == []
    assert sorted(told[number]) == [
        Told("chat", Edge.FIRED, START, START + 1),
        Told("chat", Edge.OVER, START, None),
        Told("pager", Edge.FIRED, START + 2, None),
    ]


async def test_what_a_process_left_undone_is_given_to_the_next_that_polls(place: Place) -> None:
    async with polling(place) as dying:
        (number,) = fired(dying.alerts)
        left, done = Telling(number, "chat", Edge.FIRED), Telling(number, "pager", Edge.FIRED)
        assert dying.alerts.claim([left, done], START) == [True, True]
        dying.alerts.done([done], START)
        assert dying.alerts.holds([left, done]) == [True, False]
        async with polling(place) as other:
            assert dying.alerts.holds([left]) == other.alerts.holds([left]) == [False]
            assert other.alerts.claim([left, done], START + 1) == [True, False]
            assert dying.alerts.holds([left]) != other.alerts.holds([left]) == [True]
            dying.alerts.done([left], START + 2)
            dying.alerts.release([left])
            assert done_at(other.alerts, left) is None, "it is another's by now"
            other.alerts.done([left], START + 3)
            assert done_at(other.alerts, left) == START + 3


def done_at(alerts: AlertStore, telling: Telling) -> float | None:
    told = alerts.told([telling.number])[telling.number]
    return next(each.done_at for each in told if each.target == telling.target)


# --- who may write -------------------------------------------------------------------------------


@asynccontextmanager
async def polling(place: Place) -> AsyncIterator[HistoryStore]:
    """A process that has taken the lease."""
    history = place().history()
    history.start()
    history.lead(lambda: True, lambda: None)
    await history.flush()
    yield history
    await history.close()


def refused(alerts: AlertStore, number: int) -> None:
    """Nothing that only the one that polls may write is written."""
    assert alerts.fire([episode("new"), episode()]) == [0, 0]
    assert alerts.end([Over(number, START)]) == [False]
    alerts.worsen({number: Worst(1e9, START, "much worse")})
    assert alerts.claim([Telling(number, "chat", Edge.FIRED)], START) == [False]
    assert alerts.holds([Telling(number, "chat", Edge.FIRED)]) == [False]


async def test_one_that_does_not_poll_answers_and_silences_only(
    place: Place, command: AlertStore
) -> None:
    async with polling(place) as poller, polling(place) as later:
        (number,) = fired(later.alerts)
        follower = place().history()
        follower.follow()
        for each in (command, follower.alerts, poller.alerts):
            refused(each, number)
            assert each.acknowledge([number], ANNA)
            assert each.silence(Silence(What.RULE, "losses", START, START + 1)).number
        assert later.alerts.claim([Telling(number, "chat", Edge.FIRED)], START) == [True]
    assert command.firing() == [replace(episode(), number=number, acknowledged=ANNA)]
