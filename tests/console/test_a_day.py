"""The tasks of a day, each with exactly the keys that CONTRIBUTING names, on 80 columns."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual import events
from textual.pilot import Pilot

from smsmon.alerts import State
from smsmon.commands.demo import ALERTS
from smsmon.recipients import Status
from tests.support.clock import START, VirtualClock
from tests.support.scene import DAY, SMALL, Scene
from tests.support.waiting import screen_text, until

TABLE = re.compile(r"^\| (?P<task>[^|`]+?) +\| (?P<keys>`[^|]*) \|$", re.MULTILINE)
PIECE = re.compile(r'`"(?P<text>[^`]*)"`|`(?P<key>[^`]+)`|(?P<paste>paste)')
NAMES = {"/": "slash", "*": "asterisk", ":": "colon", "esc": "escape", "+": "plus", "→": "right"}
"""The names that Textual gives to keys which are written otherwise."""
MAIL = """Hello,
here are the messages of this morning:

2280100 Spring sale, part 1
{rest}
Best regards, Anne, 06 12 34 56 78
"""
LARGE, LOST, NUMBER = "2270142", "2270138", "+33639982530"
"""A message to 500, one with many losses, and a number to which five messages went."""
HOUR = 3600
TWO_ACCOUNTS = """
[profiles.default]
api_key_env = "SMSMON_API_KEY"

[profiles.shop]
api_key_env = "SMSMON_API_KEY"
"""


class Day(NamedTuple):
    """One console, and the hands on it."""

    scene: Scene
    pilot: Pilot[Any]

    @property
    def text(self) -> str:
        return screen_text(self.scene.app)

    @property
    def watched(self) -> dict[str, Any]:
        return {each.id: each.entry for each in self.scene.screen.session.engine.board}

    def stand_on(self, id: str) -> None:
        """The row that somebody has gone to."""
        assert self.scene.screen.picture.messages.table.move_to_key(id)

    async def do(self, task: str) -> None:
        """Press the keys of a task, as a hand does that waits for what it sees."""
        for piece in PIECE.finditer(tasks()[task]):
            if piece["paste"]:
                rest = "\n".join(f"22801{n:02} Spring sale, part {n + 1}" for n in range(1, 30))
                self.scene.app.post_message(events.Paste(MAIL.format(rest=rest)))
            else:
                keys = piece["text"] or [NAMES.get(piece["key"], piece["key"])]
                await self.pilot.press(*(each if each != " " else "space" for each in keys))
            await self.pilot.pause()
            for group in ("find", "since", "past", "views", "alerts answered"):
                await self.scene.done(group)
        await self.scene.show(self.pilot)


def tasks() -> dict[str, str]:
    """Task → its keys, as they are written."""
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
    table = text.partition("## A day\n")[2].partition("\n## ")[0]
    return {row["task"]: row["keys"] for row in TABLE.finditer(table)}


@asynccontextmanager
async def a_day(home: Path, config: str = "", begun: float = START) -> AsyncIterator[Day]:
    if config:
        (home / "config.toml").write_text(config)
    clock = VirtualClock(begun)
    scene = Scene(home, DAY, clock=clock, environ={"SMSMON_DISPLAY_UTC": "true"})
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 90)
        yield Day(scene, pilot)


async def add_thirty(home: Path) -> None:
    async with a_day(home) as day:
        await day.do("add 30 messages from a mail")
        added = [entry for id, entry in day.watched.items() if id.startswith("22801")]
        assert len(added) == 30
        assert added[-1].label == "Spring sale, part 30"
        assert day.scene.screen.picture.messages.table.cursor_key in {each.id for each in added}


async def who_has_not_got_it(home: Path) -> None:
    async with a_day(home) as day:
        day.stand_on(LARGE)
        await day.do("who has not got it?")
        shown = day.scene.screen.picture.recipients.table.view.shown_keys()
        statuses = day.scene.screen.session.engine.board[LARGE].recipients.statuses
        assert {statuses[slot] for slot in shown} == {Status.WAITING, Status.NOT_DELIVERED}
        assert len(shown) == len(statuses) - statuses.count(Status.DELIVERED)


async def did_this_number_get_it(home: Path) -> None:
    async with a_day(home) as day:
        await day.do("did this number get it?")
        assert day.text.count("✓ Delivered") >= 2
        assert "+33 6 39 98 25 30" in day.text


async def what_happened_last_night(home: Path) -> None:
    async with a_day(home, begun=START - 2 * HOUR - 300) as day:
        await day.scene.pass_time(day.pilot, 600)
        await day.scene.screen.session.history.flush()
        await day.do("what happened last night?")
        assert "22:00" in day.text
        assert "08:00" in day.text
        assert "Price change notice" in day.text
        assert "Win-back 2019 list" in day.text


async def which_are_in_trouble(home: Path) -> None:
    async with a_day(home) as day:
        await day.do("which campaigns are in trouble?")
        shown = day.scene.screen.picture.messages.table.view.shown_keys()
        assert LOST in shown
        assert len(shown) < 5
        assert "trouble" in day.text


async def copy_all_failed(home: Path) -> None:
    async with a_day(home) as day:
        day.stand_on(LOST)
        await day.do("copy the numbers that did not get it")
        board = day.scene.screen.session.engine.board[LOST].recipients
        fine = Status.DELIVERED, Status.WAITING
        pairs = zip(board.phones, board.statuses, strict=True)
        lost = [phone for phone, status in pairs if status not in fine]
        copied = day.scene.locations.copied
        await until(day.pilot, copied.exists, "the copy is written")
        assert sorted(copied.read_text().split()) == sorted(lost)


async def tag_and_take_back(home: Path) -> None:
    async with a_day(home) as day:
        before = {id: entry.tags for id, entry in day.watched.items()}
        await day.do("tag all of them")
        assert all("autumn" in entry.tags for entry in day.watched.values())
        assert all({*before[id]} <= {*entry.tags} for id, entry in day.watched.items())
        await day.do("take back what was done last")
        assert {id: entry.tags for id, entry in day.watched.items()} == before


async def second_account(home: Path) -> None:
    async with a_day(home, TWO_ACCOUNTS) as day:
        await day.do("add a message of the second account")
        assert day.watched["2280100"].profile == "shop"


async def keep_a_theme(home: Path) -> None:
    async with a_day(home) as day:
        await day.do("keep a theme")
        worn = day.scene.app.theme
        assert worn == "smsmon-light"
    again = Scene(home, ())
    async with again.app.run_test(size=SMALL):
        assert again.app.theme == worn


async def understand_an_alert(home: Path) -> None:
    async with a_day(home, ALERTS) as day:
        await day.do("understand an alert")
        assert day.scene.screen.picture.messages.table.cursor_key == LOST
        assert "losses" in day.text


async def answer_an_alert(home: Path) -> None:
    async with a_day(home, ALERTS) as day:
        session, rows = day.scene.screen.session, day.scene.screen.alerts.rows
        session.history.alerts.fire([each.episode for each in rows if each.episode])
        await session.alerts.book.read()
        number = session.alerts.book.unanswered[0].number
        await day.do("answer an alert")
        (worst,) = [each for each in session.alerts.book.episodes if each.number == number]
        assert session.alerts.book.state_of(worst) is State.ACKNOWLEDGED
        assert worst.acknowledged
        assert worst.acknowledged.note == "on it"
        assert "on it" in day.text


DONE: dict[str, Callable[[Path], Awaitable[None]]] = {
    "add 30 messages from a mail": add_thirty,
    "who has not got it?": who_has_not_got_it,
    "did this number get it?": did_this_number_get_it,
    "what happened last night?": what_happened_last_night,
    "which campaigns are in trouble?": which_are_in_trouble,
    "copy the numbers that did not get it": copy_all_failed,
    "tag all of them": tag_and_take_back,
    "take back what was done last": tag_and_take_back,
    "add a message of the second account": second_account,
    "keep a theme": keep_a_theme,
    "understand an alert": understand_an_alert,
    "answer an alert": answer_an_alert,
}


def test_every_task_of_a_day_is_driven() -> None:
    assert tasks().keys() == DONE.keys()


@pytest.mark.parametrize("done", dict.fromkeys(DONE.values()), ids=lambda done: done.__name__)
async def test_a_task_takes_the_keys_that_are_told(
    done: Callable[[Path], Awaitable[None]], tmp_path: Path
) -> None:
    await done(tmp_path)
