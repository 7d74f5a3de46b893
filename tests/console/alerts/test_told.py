"""Alerts on the screen: in the head, in a notice, in the log, at their messages. Once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from smsmon.alerts import About, Severity, State, Subject
from smsmon.console.alert_standing import Raised
from smsmon.console.alerts.told import in_short, lines, news, noteworthy, notice
from smsmon.console.cells import Span, Tone, plain
from smsmon.console.tables.messages import mark
from smsmon.filters import parse
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.model import Fault, FaultKind
from smsmon.monitor.alerts import Alert, Rule
from tests.support.clock import START
from tests.support.scene import DAY, WIDE, Scene
from tests.support.waiting import screen_text, until

NETWORK = Fault(FaultKind.NETWORK, "The connection was refused")
CONFIG = """
[alerts.unread]
when = "state:stale tag:otp"
for = "30s"
severity = "critical"
bell = true
[alerts.slow]
when = "waiting>0 oldest>1m"
"""
LATE = Rule("late", parse("oldest>60s", MESSAGE_FIELDS), severity=Severity.WARNING)
GRAVE = Rule("grave", parse("state:stale", MESSAGE_FIELDS), severity=Severity.CRITICAL)


@asynccontextmanager
async def opened(home: Path, seconds: float = 60) -> AsyncIterator[tuple[Scene, Pilot[Any]]]:
    (home / "config.toml").write_text(CONFIG)
    scene = Scene(home, DAY)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, seconds)
        yield scene, pilot


def logged(scene: Scene) -> list[str]:
    journal = scene.screen.picture.journal
    return [journal[number].text for number in journal.numbers if "alert" in journal[number].text]


async def test_what_held_at_the_start_is_told_in_one_go(tmp_path: Path) -> None:
    async with opened(tmp_path) as (scene, _):
        slow = [line for line in logged(scene) if "held already" in line]
        assert len(slow) == 1
        assert "◆ alert slow held already: " in slow[0]
        shown = screen_text(scene.app)
        firing = len(scene.screen.session.alerts.rules_firing)
        assert firing > 3
        assert f"◆ {firing} alerts: slow" in shown
        assert re.search(r"^ +◆ \d{7}", shown, re.MULTILINE), "its messages are marked"


async def test_an_alert_rings_and_is_told_once_and_so_is_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (scene, pilot):
        rung: list[bool] = []
        said: list[str] = []
        monkeypatch.setattr(scene.app, "bell", lambda: rung.append(True))
        monkeypatch.setattr(scene.screen.notices, "add", lambda notice: said.append(notice.text))
        scene.client.fault = NETWORK
        await scene.pass_time_until(pilot, lambda: bool(rung))
        await scene.pass_time(pilot, 180)
        # One message is the first that cannot be read; the account, and so all others, follow.
        assert 1 <= len(rung) <= 2
        begun = [text for text in said if "◆ alert unread" in text]
        assert len(begun) == len(rung)
        assert "unread" in screen_text(scene.app)

        scene.client.fault = None
        session = scene.screen.session
        await scene.pass_time_until(
            pilot, lambda: "unread" not in {rule.name for rule in session.alerts.rules_firing}, 1200
        )
        assert len(rung) == len(begun), "an end rings nothing"
        assert [line for line in logged(scene) if "unread is over" in line]


async def test_the_filter_finds_the_messages_of_an_alert(tmp_path: Path) -> None:
    async with opened(tmp_path) as (scene, pilot):
        await pilot.press("slash", *"alert:slow")
        table = scene.screen.picture.messages.table
        firing = [id for id in table.view.keys if scene.screen.session.alerts.firing(id)]
        await until(pilot, lambda: len(table.view) == len(firing), "the filter in force")
        assert set(table.view.shown_keys()) == set(firing)


async def test_a_label_given_later_is_asked_about_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as (scene, pilot):
        session = scene.screen.session
        (id, *_) = [id for id in session.engine.board.messages if session.alerts.firing(id)]
        await session.watching.amend([id], paused=True)
        await scene.pass_time(pilot, 2)
        assert not session.alerts.firing(id)


def alert(number: int, rule: Rule = LATE, **more: Any) -> Alert:
    return Alert(
        rule, Subject(About.MESSAGE, str(number)), firing=True, at=START, began=START - 60, **more
    )


def test_many_alerts_are_one_line_and_one_notice() -> None:
    many = [alert(number) for number in range(500)]
    (line,) = lines(many)
    assert line.where == "alerts"
    assert line.text == "◆ alert late: 500 messages: 0, 1, 2 and 497 more"
    assert len(lines(many[:3])) == 3, "a few have a line each, with the message in it"
    text, urgency = notice([*many, alert(7, GRAVE)])
    assert len(text.splitlines()) == 2
    assert urgency == "error"


def test_a_message_is_marked_with_its_first_alert_which_stands_back_when_answered() -> None:
    assert plain(mark(())) == ""
    grave = Raised("grave", Severity.CRITICAL)
    assert mark((grave, Raised("late", Severity.WARNING))) == Span("◆", Tone.BAD)
    assert mark((grave._replace(state=State.ACKNOWLEDGED),)) == Span("◇", Tone.DIM)
    assert mark((grave._replace(state=State.SILENCED),)) == Span("◦", Tone.DIM)


def test_what_is_old_or_answered_is_no_news() -> None:
    taken = Subject(About.MESSAGE, "3")
    told = [alert(1), alert(2, old=True), alert(3), replace(alert(4), firing=False)]
    states = {taken: State.ACKNOWLEDGED}
    fresh = news(told, lambda _, subject: states.get(subject, State.FIRING))
    assert [each.message_id for each in fresh] == ["1"]


def test_what_was_answered_before_we_looked_is_no_notice() -> None:
    taken = {Subject(About.MESSAGE, each): State.ACKNOWLEDGED for each in "234"}
    told = [alert(1, old=True), alert(2, old=True), alert(3), replace(alert(4), firing=False)]
    left = noteworthy(told, lambda _, subject: taken.get(subject, State.FIRING))
    assert [each.message_id for each in left] == ["1", "3", "4"]


def test_a_notification_tells_the_gravest_first_and_what_is_so() -> None:
    bad = replace(alert(1, GRAVE, label="Sale"), facts="not read for 4 m")
    assert in_short([bad]) == ("smsmon: grave", "grave 1 Sale: not read for 4 m")
    assert in_short([alert(2), bad]) == (
        "smsmon: 2 alerts",
        "grave 1 Sale: not read for 4 m, late 2",
    )
