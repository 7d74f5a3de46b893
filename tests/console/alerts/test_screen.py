"""The screen of the alerts: what stands there, and what its keys do, with others at work too."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

import pytest

from smsmon.alerts import Acknowledgement, State
from smsmon.console.alerts.rows import Cause
from smsmon.console.alerts.screen import AlertsScreen
from smsmon.store.alerts import Over
from tests.console.alerts.stage import DAY, HOUR, LOSSES, OVER, Desk, a_desk, opened, press
from tests.console.dialogs.stage import NARROW, SMALL, WIDE
from tests.support.clock import START


def states(desk: Desk) -> dict[str, State]:
    return {each.rule: desk.book.state_of(each) for each in desk.book.episodes}


@pytest.mark.parametrize("size", [NARROW, SMALL, WIDE])
async def test_the_worst_that_nobody_answered_stands_first(size: tuple[int, int]) -> None:
    async with opened(a_desk(), size) as (app, _):
        rows = [line for line in app.lines if any(sign in line for sign in "◆◇◦")]
        assert [line.split()[1] for line in rows] == ["◆", "◆", "◇"]
        assert "tag otp" in rows[0]
        assert "2270138" in rows[1]
        assert "night@ops2" in rows[2]
        assert "firing 2 · acknowledged 1 · silenced 0" in app.text
        assert "90% delivered within 4 m 10 s" in app.text, "the row under the cursor, whole"
        assert app.line_with("esc close")
        if size == WIDE:
            assert "what is so" in app.text
            assert "60% not delivered of 138 final at 09:55 " in rows[1], "whole"


async def test_an_answer_is_given_shown_and_taken_back() -> None:
    desk = a_desk()
    async with opened(desk) as (app, pilot):
        await press(app, pilot, "down", "a", *"on", "tab", *"mon")
        assert "until Wed" not in app.text
        assert "By anna@ops1, until Mon 00:00, if not over before." in app.text
        await press(app, pilot, "enter")
        assert states(desk)["losses"] is State.ACKNOWLEDGED
        assert "anna@ops1 until Mon" in app.line_with("2270138")
        assert "anna@ops1 until Mon 00:00: “on”" in app.text
        assert desk.said[-1] == (
            "losses 2270138 Win-back 2019 list is acknowledged until Mon 00:00. u takes it back."
        )
        await press(app, pilot, "u")
        assert desk.said[-1] == "Took back: acknowledging losses 2270138 Win-back 2019 list."
        assert states(desk)["losses"] is State.FIRING


@pytest.mark.parametrize("size", [NARROW, SMALL])
@pytest.mark.parametrize("key", ["a", "s"])
async def test_why_a_moment_cannot_be_read_is_told_whole(size: tuple[int, int], key: str) -> None:
    async with opened(a_desk(), size) as (app, pilot):
        await press(app, pilot, key, *(["tab", "tab"] if key == "s" else ["tab"]), *"zz")
        told = " ".join(line.strip("│ ") for line in app.lines)
        assert "is no time that can be read. Say 2h, 18:00, tomorrow 9:00, monday" in told
        assert re.search(r"or \d{4}-\d\d-\d\dT14:00\.", told)
        assert app.line_with("esc cancel")


async def test_why_a_rule_cannot_be_tried_is_told() -> None:
    desk = a_desk()
    async with opened(desk) as (app, pilot):
        assert "The rule cannot be tried. It is late." in await press(app, pilot, "t")


async def test_where_nothing_stands_there_is_nothing_to_end() -> None:
    desk = a_desk(())
    async with opened(desk) as (app, pilot):
        await press(app, pilot, "e")
        assert desk.said == []


async def test_several_marked_rows_are_answered_at_once_and_given_back_by_one_key() -> None:
    desk = a_desk()
    async with opened(desk) as (app, pilot):
        await press(app, pilot, "space", "space", "a", "enter")
        assert set(states(desk).values()) == {State.ACKNOWLEDGED}
        assert desk.said[-1].startswith("2 alerts are acknowledged until they are over.")
        assert "marked" not in app.text
        await press(app, pilot, "asterisk", "e")
        assert set(states(desk).values()) == {State.FIRING}
        assert desk.said[-1] == "3 alerts are not acknowledged any more. u takes it back."
        await press(app, pilot, "u")
        assert set(states(desk).values()) == {State.ACKNOWLEDGED}


async def test_a_silence_begins_is_seen_alone_ends_and_comes_back() -> None:
    desk = a_desk()
    async with opened(desk) as (app, pilot):
        await press(app, pilot, "s")
        assert "No word of the tag otp until 12:00." in app.text
        await press(app, pilot, "right", "tab", "tab", *["backspace"] * 3, "9")
        assert "no unit" in app.text
        await press(app, pilot, "enter")
        assert "no unit" in app.text, "what cannot be read is not taken"
        await press(app, pilot, "0", *"min", "enter")
        assert states(desk)["late"] is State.SILENCED
        assert desk.said[-1] == "Rule late is silenced until 11:30. u takes it back."
        await press(app, pilot, "shift+tab", "shift+tab")
        assert "rule late, 1 now" in app.text
        await press(app, pilot, "e")
        assert states(desk)["late"] is State.FIRING
        await press(app, pilot, "u")
        assert states(desk)["late"] is State.SILENCED
        await press(app, pilot, "u")
        assert states(desk)["late"] is State.FIRING
        assert desk.said[-1] == "Took back: silencing rule late."


async def test_what_is_over_is_past_and_a_filter_finds_it() -> None:
    desk = a_desk()
    numbers = desk.store.fire([OVER])
    desk.store.end([Over(numbers[0], START - HOUR)])
    async with opened(desk) as (app, pilot):
        await press(app, pilot, "shift+tab")
        assert "over 09:00" in app.line_with("France")
        desk.store.end([Over(1, START)])
        await desk.book.read()
        await press(app, pilot)
        assert "past 2" in app.text
        await press(app, pilot, "slash", *"about:france", "enter")
        assert "2270138" not in app.text
        await press(app, pilot, "enter")
        assert app.answers[-1:] == [
            Cause(messages="failed>0", recipients="country=fr status:not_delivered")
        ]


async def test_another_console_that_answers_meanwhile_is_seen_and_told() -> None:
    desk = a_desk()
    other = Desk(desk.clock, desk.kept, "ben@ops3")
    async with opened(desk) as (app, pilot):
        await press(app, pilot, "down", "a")
        await other.book.acknowledge([1], "mine")
        await desk.book.read()
        await press(app, pilot, "enter")
        assert "ben@ops3 had done so before: your words stand now." in desk.said[-1]
        await other.book.acknowledge([1], "mine again")
        await press(app, pilot, "u")
        assert "answered elsewhere since, or is over" in desk.said[-1]
        await desk.book.read()
        await press(app, pilot)
        assert "ben@ops3: “mine again”" in app.line_with("2270138")
        desk.store.end([Over(1, START)])
        await press(app, pilot, "up", "down", "down", "e", "a", "escape")


async def test_what_cannot_be_written_says_why_and_keeps_the_words() -> None:
    desk = a_desk()
    async with opened(desk) as (app, pilot):
        desk.book._record.fails = True  # type: ignore[attr-defined]
        await press(app, pilot, "a", *"called", "tab", *"2h", "enter")
        assert desk.said[-1].startswith("Nothing was acknowledged.")
        assert "disk is full" in desk.said[-1]
        assert desk.said[-1].endswith("Your words are kept.")
        desk.book._record.fails = False  # type: ignore[attr-defined]
        await press(app, pilot, "a")
        assert "called" in app.text
        assert "until 12:00" in app.text
        await press(app, pilot, "enter")
        assert states(desk)["late"] is State.ACKNOWLEDGED


async def test_what_was_acknowledged_long_ago_is_shown_as_old() -> None:
    desk = a_desk((replace(LOSSES, began_at=START - 4 * DAY, fired_at=START - 4 * DAY),))
    desk.store.acknowledge([1], Acknowledgement("ben@ops3", START - 3 * DAY))
    async with opened(desk) as (app, _):
        assert "acknowledged 3 d ago" in app.line_with("2270138")


async def test_nothing_is_painted_while_nothing_changes_and_no_clock_is_shown() -> None:
    desk = a_desk()
    desk.formats.still = True
    async with opened(desk) as (app, pilot):
        table = app.screen.query_one("#alerts-rows LiveTable")
        await desk.clock.advance(HOUR)
        painted: list[object] = []
        setattr(table, "refresh", lambda *areas, **_: painted.append(areas))  # noqa: B010
        await desk.book.read()
        await press(app, pilot)
        assert not painted


async def test_news_that_comes_while_it_is_left_is_no_fault() -> None:
    async with opened(a_desk()) as (app, _):
        screen = cast(AlertsScreen, app.screen)
        await screen.query("*").remove()  # its parts go first
        screen.look()
        assert not screen.query("*")
