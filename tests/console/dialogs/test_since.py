"""What happened while nobody looked: told from the history, and looked through like any table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot

from smsmon.console.actions import Where
from smsmon.console.dialogs.since import SinceScreen, Stretch, beginning, evening, lines, summary
from smsmon.console.formats import Formats
from smsmon.console.line import KeyLine
from smsmon.console.tables.log import transition_lines
from smsmon.model import Entry, Event, EventKind, Transition
from smsmon.recipients import Status
from smsmon.store.errors import StoreError
from smsmon.store.past import Happened
from tests.console.dialogs.stage import NARROW, SMALL, DialogApp, asking, calm
from tests.console.test_console import Open, opened, text_of
from tests.support.clock import START, VirtualClock
from tests.support.scene import Scene
from tests.support.waiting import until

__all__ = ["opened"]

NOON = START
NIGHT = evening(NOON, UTC)


def changed(at: float, phone: str, after: Status, stop: bool = False) -> Transition:
    """One recipient that was waiting."""
    return Transition("2270142", 0, phone, Status.WAITING, after, after.name, False, stop, None, at)


BAD = [changed(NIGHT + 60 + n, f"+3360000000{n}", Status.NOT_DELIVERED) for n in range(2)]
GOOD = [changed(NIGHT + 90, f"+336000001{n:02}", Status.DELIVERED) for n in range(30)]
EVENTS = (
    Event(EventKind.ACCOUNT_DOWN, NIGHT + 100, detail="The connection was refused"),
    Event(EventKind.ACCOUNT_UP, NIGHT + 200),
    Event(EventKind.COMPLETED, NIGHT + 300, "2270142"),
)
LAST_NIGHT = Happened(tuple(BAD + GOOD), EVENTS)


async def history(moment: float, limit: int) -> Happened:
    """Something last night, nothing since."""
    return LAST_NIGHT if moment <= NIGHT else Happened((), ())


def since(ask: Any = history) -> SinceScreen:
    return SinceScreen(NOON - 30, Formats(VirtualClock(NOON), utc=True), ask)


async def seen(app: DialogApp, pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await calm(app, pilot)
    return app.text


async def test_when_nothing_happened_since_the_last_look_last_night_is_told() -> None:
    async with asking(since(), SMALL) as (app, _):
        assert "Nothing happened since you looked" in app.text
        assert "▸last night (" in app.line_with("since you looked")
        assert app.line_with("✓ 30 delivered   ✗ 2 not delivered   in 1 message")
        assert app.line_with("1 account down · 1 account up again · 1 message completed")
        assert app.line_with("30 × Waiting → Delivered")


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_nothing_of_the_summary_is_cut(size: tuple[int, int]) -> None:
    async with asking(since(), size) as (app, _):
        flat = " ".join(app.text.replace("│", " ").split())
        assert "1 message completed" in flat
        assert "in 1 message" in flat
        assert app.line_with("esc close")


async def test_the_lines_are_filtered_as_any_table_and_escape_clears_before_it_closes() -> None:
    async with asking(since(), SMALL) as (app, pilot):
        table = await seen(app, pilot, "slash", *"account", "enter", "home")
        assert "account down: The connection was refused" in table, "whole, below the list"
        assert "× Waiting" not in table
        assert "hidden" in table
        assert "× Waiting" in await seen(app, pilot, "escape")
        await seen(app, pilot, "escape")
        assert app.answers == [None]


async def test_what_went_wrong_is_told_apart_from_what_did_not() -> None:
    async with asking(since(), SMALL) as (app, pilot):
        told = await seen(app, pilot, "f")
        assert "what went wrong" in told
        assert told.count("2270142       +33 6") == 2
        assert "30 ×" not in told


async def test_other_times_are_one_key_away() -> None:
    async with asking(since(), SMALL) as (app, pilot):
        assert "▸24 hours (" in await seen(app, pilot, "w")
        assert "▸7 days (" in await seen(app, pilot, "w")
        told = await seen(app, pilot, "w")
        assert "▸since you looked (" in told
        assert "Nothing happened." in told


async def test_a_history_that_cannot_be_read_says_so() -> None:
    async def broken(moment: float, limit: int) -> Happened:
        raise StoreError(Path("history.db"), "is damaged", "Move it away.")

    async with asking(since(broken), SMALL) as (app, _):
        assert "is damaged" in app.text
        assert "The history cannot be read." in app.text


async def test_a_line_leads_to_its_recipient(opened: Open) -> None:
    async with opened([Entry("2270142"), Entry("2270140")]) as (scene, pilot):
        await away(scene, pilot)
        assert "i what happened" in scene.screen.query_one(KeyLine).content.plain[:20]
        await pilot.press("i")
        await until(pilot, lambda: " not delivered   STOP " in text_of(scene), "what happened")
        assert "i what happened" not in scene.screen.query_one(KeyLine).content.plain[:20]
        screen = scene.app.screen
        assert isinstance(screen, SinceScreen)
        table = screen._pane.table
        key = next(key for key in table.view.keys if table.rows.row(key).phone)
        phone = table.rows.row(key).phone
        table.move_to_key(key)
        await pilot.press("enter")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        await scene.show(pilot)
        assert scene.screen.picture.at is Where.RECIPIENT
        assert scene.screen.formats.phone(phone) in text_of(scene)


async def away(scene: Scene, pilot: Pilot[Any]) -> None:
    """Be away for somewhat longer than ten minutes, and come back."""
    await pilot.press("down")
    scene.clock.jump(600)  # no key was pressed, and nothing else has to happen meanwhile
    await scene.clock.advance(60)
    await scene.show(pilot)
    await pilot.press("up")
    await pilot.pause()
    await scene.screen.session.history.flush()


def test_last_night_begins_at_six_in_the_evening_of_yesterday_where_the_operator_is() -> None:
    paris = ZoneInfo("Europe/Paris")
    for hour in (0, 8, 23):
        now = datetime(2026, 11, 22, hour, 10, tzinfo=paris).timestamp()
        began = datetime.fromtimestamp(evening(now, paris), paris)
        assert (began.day, began.hour, began.minute) == (21, 18, 0)
        assert beginning(Stretch.NIGHT, now - 5, now, paris) == began.timestamp()
        assert beginning(Stretch.LOOKED, now - 5, now, paris) == now - 5


def test_what_goes_wrong_among_many_changes_has_lines_of_its_own() -> None:
    told = transition_lines([changed(1.0, each.phone, each.after) for each in BAD + GOOD])
    assert [line.text for line in told] == [
        "30 × Waiting → Delivered",
        "Waiting → Not delivered",
        "Waiting → Not delivered",
    ]
    many = transition_lines([changed(1.0, each.phone, Status.NOT_DELIVERED) for each in GOOD])
    assert [line.text for line in many] == ["30 × Waiting → Not delivered"]


def test_a_summary_of_a_part_says_up_to_when() -> None:
    formats = Formats(VirtualClock(NOON), utc=True)
    part = Happened(LAST_NIGHT.transitions, LAST_NIGHT.events, more=True)
    assert "There is more: shown up to 21 Nov 18:05." in summary(part, formats).plain
    assert [line.at for line in lines(part)] == sorted(line.at for line in lines(part))


def test_a_summary_hides_no_kind_of_change() -> None:
    formats = Formats(VirtualClock(NOON), utc=True)
    stop = replace(changed(1.0, "+33600000001", Status.WAITING), stop_after=True)
    withdrawn = replace(stop, stop_before=True, stop_after=False)
    reworded = replace(withdrawn, before=Status.UNKNOWN, after=Status.UNKNOWN, stop_before=False)
    appeared = replace(reworded, before=None, after=Status.WAITING)
    for change, told in (
        (stop, "STOP 1"),
        (withdrawn, "STOP withdrawn 1"),
        (reworded, "? 1 unknown"),
        (appeared, "… 1 waiting"),
    ):
        assert summary(Happened((change,), ()), formats).plain == f"{told}   in 1 message"
    assert summary(Happened((), EVENTS[2:]), formats).plain.startswith("No recipient changed.")


def test_many_words_of_the_api_make_no_endless_line() -> None:
    news = [replace(changed(1.0, f"+3360000{n:04}", Status.UNKNOWN), raw_status=f"word {n}")
            for n in range(1_000)]  # fmt: skip
    (line,) = transition_lines(news)
    assert len(line.text) < 300
    assert line.text.endswith(", 995 otherwise")
