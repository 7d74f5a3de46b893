"""What is to be told, to whom and when: quiet hours, escalation, who is told at first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import inf
from zoneinfo import ZoneInfo

import pytest

from smsmon.alerting.telling import LATE, Case, missed, plan
from smsmon.alerting.ways import Way, Ways, quiet_of, ways_of
from smsmon.alerts import Acknowledgement, Edge, Severity, Silence, What
from smsmon.settings.telling import Alert, Target
from smsmon.store.alerts import Told
from tests.alerting.fakes import episode

PARIS = ZoneInfo("Europe/Paris")
NIGHT = quiet_of("22:00-07:00", PARIS)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


@pytest.mark.parametrize(
    ("hours", "moment", "end"),
    [
        ("22:00-07:00", "2026-11-26 21:59:59", None),
        ("22:00-07:00", "2026-11-26 22:00", "2026-11-27 07:00"),
        ("22:00-07:00", "2026-11-27 06:59:59", "2026-11-27 07:00"),
        ("22:00-07:00", "2026-11-27 07:00", None),
        ("12:00-14:00", "2026-11-27 13:00", "2026-11-27 14:00"),
        ("22:00-07:00", "2026-03-28 23:00", "2026-03-29 07:00"),  # an hour is missing
        ("22:00-07:00", "2026-10-24 23:00", "2026-10-25 07:00"),  # an hour comes twice
        ("22:00-02:30", "2026-03-29 01:00", "2026-03-29 03:30"),  # there is no 02:30
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(hours: str, moment: str, end: str | None) -> None:
    quiet = quiet_of(hours, PARIS)
    assert quiet is not None
    assert quiet.end(at(moment)) == (None if end is None else at(end))
    assert quiet_of("07:00-07:00", PARIS) is None
    assert quiet_of("29:00-07:00", PARIS) is None


def ways(targets: dict[str, Target], **rules: Alert) -> Ways:
    return ways_of(targets, rules, PARIS)


def test_who_is_told_at_first() -> None:
    """All whose severity fits, but not who comes after another one; whom the rule names, all."""
    found = ways(
        {
            "log": Target(severity="info"),
            "chat": Target(escalate_to="pager"),
            "pager": Target(severity="critical", escalate_to="boss"),
            "boss": Target(severity="critical", escalate_to="chat"),
        },
        losses=Alert(when="x", command=["page"]),
        late=Alert(when="x", targets=["boss", "log", "gone", "boss"]),
    )
    assert found.first(episode()) == ["log", "chat", "command:losses"]
    assert found.first(episode(rule="late")) == ["boss", "log"]
    assert found.first(episode(rule="other", severity=Severity.INFO)) == ["log"]
    assert list(found.chain("chat", Severity.WARNING)) == []
    assert list(found.chain("chat", Severity.CRITICAL)) == ["pager", "boss"]
    grave = episode(rule="other", severity=Severity.CRITICAL)
    assert found.first(grave) == ["log", "chat", "pager", "boss"], "all of them form a circle"


def test_at_night_only_what_is_critical_is_told_and_the_rest_in_one_message_at_its_end() -> None:
    night = Ways({"chat": Way(digest=10, quiet=NIGHT)}, {})
    began = at("2026-11-27 02:00")
    calm, grave = episode("1", fired_at=began), episode("2", severity=Severity.CRITICAL)
    cases = [
        Case(replace(calm, number=1)),
        Case(replace(grave, fired_at=began, number=2)),
        Case(replace(calm, number=3, over_at=began + 600), missed={"chat"}),
    ]
    found = plan(cases, night, (), began + 10)
    assert [case.episode.number for case, _ in found.take] == [2]
    assert found.next == at("2026-11-27 07:00") + 10
    morning = plan([cases[0], cases[2]], night, (), at("2026-11-27 07:00") + 10)
    assert [case.episode.number for case, _ in morning.take] == [1, 3, 3]
    for case, part in morning.take:
        case.told[part] = Told(*part, morning.next, None)
        case.ours.add(part)
    (message,) = plan([cases[0], cases[2]], night, (), at("2026-11-27 07:00") + 10).messages
    assert (message.edge, len(message.items)) == (Edge.FIRED, 2)


@pytest.mark.parametrize(
    ("digest", "over", "now", "told"),
    [
        (600, 660, 43_800, True),  # half a day after its time
        (600, 660, 43_801, False),
        (600, 600 + LATE, 700, True),
        (600, 601 + LATE, 700, False),  # who was there had time to tell it
        (0, LATE, 70, True),
    ],
)
def test_what_nobody_told_in_time_is_told_for_half_a_day(
    digest: float, over: float, now: float, told: bool
) -> None:
    began = at("2026-11-27 12:00")
    case = Case(replace(episode(fired_at=began), over_at=began + over))
    one = Ways({"chat": Way(digest=digest)}, {})
    assert missed(case, one, (), began + now, known=False) == ({"chat"} if told else set())
    assert missed(case, one, (), began + now, known=True) == {"chat"}


def test_nobody_is_told_of_what_held_already_or_was_answered_before() -> None:
    one = Ways({"chat": Way(digest=10)}, {})
    calm = replace(episode(fired_at=1_000.0), number=1)
    for untold in (
        replace(calm, old=True),
        replace(calm, acknowledged=Acknowledgement("anna", 1_001.0)),
    ):
        found = plan([Case(untold)], one, (), 5_000.0)
        assert (found.take, found.messages, found.next) == ((), (), inf)
    silence = Silence(What.RULE, "losses", 900.0, 6_000.0)
    assert plan([Case(calm)], one, [silence], 5_000.0).next == 6_010.0
    assert plan([Case(calm)], one, [silence], 6_010.0).take


def test_the_next_one_is_told_when_nobody_answered_in_time() -> None:
    chain = Ways(
        {"a": Way(escalate_to="b", escalate_after=60), "b": Way(digest=10), "c": Way()},
        {"losses": ("a",)},
    )
    fired = ("a", Edge.FIRED)
    told = {fired: Told(*fired, 1_000.0, 1_002.0)}
    case = Case(replace(episode(fired_at=990.0), number=1), told)
    assert plan([case], chain, (), 1_061.0).next == 1_062.0
    assert plan([case], chain, (), 1_062.0).take == ((case, ("b", Edge.ESCALATED)),)
    answered = replace(case.episode, acknowledged=Acknowledgement("x", 1_010.0, "", 2_000.0))
    assert plan([Case(answered, told)], chain, (), 1_500.0).next == 2_060.0
    hangs = Case(case.episode, {fired: Told(*fired, 1_000.0, None)}, {fired})
    assert ("b", Edge.ESCALATED) in [part for _, part in plan([hangs], chain, (), 1_060.0).take]


@pytest.mark.parametrize("after", [0, 5, 29, 59])
def test_however_soon_the_next_one_is_told_the_first_one_comes_first(after: float) -> None:
    """It is taken on at once, but rests between two messages, and takes its time."""
    chain = Ways({"a": Way(escalate_to="b", escalate_after=after), "b": Way()}, {"losses": ("a",)})
    fired = ("a", Edge.FIRED)
    case = Case(replace(episode(fired_at=990.0), number=1))
    case.told, case.ours = {fired: Told(*fired, 1_000.0, None)}, {fired}
    waits = plan([case], chain, (), 1_059.0)
    assert (waits.take, waits.next) == ((), 1_060.0)
    case.told = {fired: Told(*fired, 1_000.0, 1_031.0)}
    taken = ((case, ("b", Edge.ESCALATED)),)
    assert plan([case], chain, (), 1_031.0 + after).take == taken, "told, it counts from then on"


def test_silences_of_others_are_not_gone_through_for_each_alert(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Silence, "covers", lambda self, _: pytest.fail(str(self)))
    now = at("2026-11-27 12:00")
    cases = [Case(replace(episode(str(n), fired_at=now), number=n + 1)) for n in range(20)]
    others = [Silence(What.RULE, f"rule-{n}", now - 9, now + 9, number=n) for n in range(20)]
    found = plan(cases, Ways({"one": Way()}, {}), others, now)
    assert len(found.take) == len(cases)
