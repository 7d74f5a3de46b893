"""Groups in the console: many messages in one row, single ones beside them, and what is behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from textual.content import Content
from textual.pilot import Pilot

from smsmon.console.actions import Where
from smsmon.console.formats import Formats
from smsmon.console.group_rows import RowKey
from smsmon.console.reasons import Doubts, reason, reason_of_group
from smsmon.console.tables import panes
from smsmon.console.tables import rows as table_rows
from smsmon.console.tables.groups import per_minute, spark
from smsmon.groups import Dimension, Minute
from smsmon.model import Arrival, Entry, Fault, FaultKind
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState
from smsmon.store.local import LocalStore
from tests.support.clock import START, VirtualClock
from tests.support.scene import SMALL, WIDE, Scene
from tests.support.waiting import screen_text, until

Opened = tuple[Scene, Pilot[Any]]
Open = Callable[..., AbstractAsyncContextManager[Opened]]

WATCHED = [
    Entry("2270141", "Black Friday newsletter", ("marketing",), added_at=START),
    Entry("2270142", "Black Friday FR", ("marketing", "fr"), added_at=START),
    Entry("2270143", "OTP login", ("otp",), added_at=START),
    Entry("2270136", "Sandbox trial", (), added_at=START),
]

OTP = ("2270143", "9000001", "9000002")
"""The messages of the tag otp, once two codes have come."""


def code(number: int, tag: str = "otp") -> Entry:
    """A code that a source told of."""
    arrival = Arrival("gateway", 3600.0, sent_at=START)
    return Entry(f"90{number:05}", tags=(tag,), added_at=START, arrival=arrival)


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def opened(*keys: str, size: tuple[int, int] = WIDE) -> AsyncIterator[Opened]:
        scene = Scene(tmp_path, WATCHED)
        async with scene.app.run_test(size=size) as pilot:
            await scene.open(pilot, 10)
            await press(scene, pilot, *keys)
            yield scene, pilot

    return opened


async def press(scene: Scene, pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await scene.show(pilot)


def come(scene: Scene, *entries: Entry) -> None:
    """These come by themselves."""
    scene.screen.session.engine.watch_all([(entry, None) for entry in entries], announce=True)


def rows(scene: Scene) -> list[str]:
    """The names of the rows of the groups' table."""
    return [key.name for key in scene.screen.picture.groups.pane.table.view.shown_keys()]


def line(scene: Scene, name: str) -> str:
    """What stands on the screen in the row of a name."""
    lines = [each.lstrip(" ◆") for each in screen_text(scene.app).splitlines()]
    return next(each for each in lines if each.startswith(f"{name} "))


def at(scene: Scene) -> Where:
    return scene.screen.picture.at


async def test_messages_of_one_tag_are_a_row_and_others_stand_alone(opened: Open) -> None:
    async with opened("g", "t") as (scene, pilot):
        assert at(scene) is Where.GROUPS
        assert rows(scene) == ["marketing", "2270136", "2270143"]
        assert "Groups by tag 1 · 2 messages alone" in screen_text(scene.app)
        come(scene, code(1), code(2))
        await scene.pass_time(pilot, 1)
        assert rows(scene) == ["marketing", "otp", "2270136"]
        assert line(scene, "otp").split()[:2] == ["otp", "3"]


async def test_the_cursor_is_at_the_top_while_groups_come_up_until_it_is_moved(
    opened: Open,
) -> None:
    async with opened("g", "s") as (scene, pilot):
        table = scene.screen.picture.groups.pane.table
        assert table.cursor_key == RowKey(True, "2270136")
        come(scene, code(1), code(2))
        await scene.pass_time(pilot, 1)
        assert table.cursor_key == RowKey(False, "gateway"), "it is read a moment later"
    async with opened("g", "s") as (scene, pilot):
        await press(scene, pilot, "down")
        table = scene.screen.picture.groups.pane.table
        come(scene, code(1), code(2))
        await scene.pass_time(pilot, 1)
        assert table.cursor_key == RowKey(True, "2270141")


async def test_a_group_stays_one_until_nothing_of_it_is_left(opened: Open) -> None:
    async with opened("g", "t") as (scene, pilot):
        come(scene, code(1), code(2))
        await scene.pass_time(pilot, 1)
        for number in (1, 2):
            scene.screen.session.engine.forget(code(number).id)
        await scene.pass_time(pilot, 1)
        assert rows(scene) == ["marketing", "otp", "2270136"]


async def test_enter_opens_the_messages_then_recipients_and_esc_comes_back(opened: Open) -> None:
    async with opened("g", "t", "enter") as (scene, pilot):
        table = scene.screen.picture.messages.table
        assert at(scene) is Where.MESSAGES
        assert table.view.shown_keys() == ["2270142", "2270141"], "the newest first"
        assert "Tag marketing 2" in screen_text(scene.app)
        await press(scene, pilot, "enter")
        assert at(scene) is Where.RECIPIENTS
        await press(scene, pilot, "escape", "escape")
        assert at(scene) is Where.GROUPS
        assert table.view.shown_keys() == [each.id for each in WATCHED], "as before"
        await press(scene, pilot, "down", "enter")
        assert at(scene) is Where.RECIPIENTS
        assert scene.screen.picture.open_id == "2270136"


async def test_an_open_group_follows_what_comes_and_leaves(opened: Open) -> None:
    async with opened("g", "s") as (scene, pilot):
        come(scene, code(1), code(2))
        await scene.pass_time(pilot, 1)
        assert rows(scene)[0] == "gateway"
        await press(scene, pilot, "home", "enter")
        view = scene.screen.picture.messages.table.view
        assert view.shown_keys() == [code(2).id, code(1).id]
        assert "from gateway" in screen_text(scene.app)
        come(scene, code(3))
        scene.screen.session.engine.forget(code(1).id)
        await scene.pass_time(pilot, 1)
        assert view.shown_keys() == [code(3).id, code(2).id], "the newest first"


async def test_what_is_done_to_a_group_is_asked_with_the_number_of_its_messages(
    opened: Open,
) -> None:
    async with opened("g", "t") as (scene, pilot):
        await press(scene, pilot, "d")
        assert "Remove 2 messages of tag marketing: 22" in screen_text(scene.app)
        await press(scene, pilot, "escape")
        assert len(scene.screen.session.engine.board) == len(WATCHED)
        await press(scene, pilot, "d", "enter")
        await scene.pass_time(pilot, 1)
        board = scene.screen.session.engine.board
        assert [*board.messages] == ["2270143", "2270136"]
        assert line(scene, "marketing").split()[1] == "·"  # of the last hour something was of it
        await press(scene, pilot, "u")
        await scene.pass_time(pilot, 1)
        assert len(board) == len(WATCHED)
        assert line(scene, "marketing").split()[1] == "2"
        come(scene, code(1), code(2))
        await scene.pass_time(pilot, 1)
        await press(scene, pilot, "*", "p")
        asked = " ".join(screen_text(scene.app).replace("│", " ").split())
        assert "Pause 6 messages of tag marketing, tag fr, tag otp and 1 alone: " in asked
        assert f": {', '.join([*board.messages][:-6:-1])}, …? " in asked, "the newest first"
        assert "? 2 of them came by themselves: paused, they stay until removed." in asked
        await press(scene, pilot, "enter")
        await scene.pass_time(pilot, 1)
        told = "4 messages paused: not polled until resumed, kept until removed"
        assert told in screen_text(scene.app)


async def test_a_group_says_how_much_of_it_is_stale_and_why_where_80_columns_are(
    opened: Open,
) -> None:
    async with opened("g", "t", "home", size=SMALL) as (scene, pilot):
        scene.client.fault = Fault(FaultKind.AUTH, "The key is refused.", 10)
        await scene.pass_time(pilot, 60)
        assert line(scene, "marketing").split()[:2] == ["marketing", "2"]
        await press(scene, pilot, "home")  # the notice was read
        said = " ".join(screen_text(scene.app).split())
        assert "! 2 of 2 messages stale, the oldest as of 10:00:05: The key is refused." in said
        scene.client.fault = None
        await press(scene, pilot, "t")
        await scene.pass_time(pilot, 60)
        figures = scene.screen.session.grouping.row(Dimension.TAG, "marketing")
        assert figures is not None
        assert figures.troubled == 0
        assert "messages stale" not in screen_text(scene.app)


async def test_an_alert_of_a_group_is_marked_on_its_row_and_answered_from_there(
    tmp_path: Path,
) -> None:
    rule = '[alerts.late]\nwhen = "name:marketing waiting_oldest>60s"\nabout = "tag"\n'
    (tmp_path / "config.toml").write_text(rule)
    scene = Scene(tmp_path, WATCHED)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 20)
        session = scene.screen.session
        fired = [row.episode for row in scene.screen.alerts.rows if row.episode]
        session.history.alerts.fire(fired)
        await session.alerts.book.read()

        async def look() -> None:
            await scene.done("alerts answered")
            await scene.pass_time(pilot, 1)
            await session.alerts.book.read()
            await scene.show(pilot)

        async def marked(sign: str, *keys: str) -> None:
            """After these keys the row of the group comes to have this sign."""
            await press(scene, pilot, *keys)

            def is_marked() -> bool:
                lines = screen_text(scene.app).splitlines()
                return any(each.split()[:2] == [sign, "marketing"] for each in lines)

            await until(pilot, is_marked, f"{sign} after {keys}", look)

        await marked("◆", "g", "t", "f")
        assert rows(scene) == ["marketing"]
        await marked("◇", "C", *"mine", "enter")
        await marked("◆", "u")
        await marked("◦", "M", "enter")
        assert any(each.startswith("Tag marketing is silenced") for each in scene.said)
        await marked("◆", "u")


async def test_a_group_is_edited_that_is_taken_back_and_it_is_exported(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WATCHED)
    came = [code(1), code(2)]
    home = scene.locations
    LocalStore(home.watchlist, home.history).arrivals(scene.clock).take(came)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        board = scene.screen.session.engine.board

        def described() -> list[tuple[tuple[str, ...], bool]]:
            return [(board[id].tags, board[id].entry.arrival is None) for id in OTP]

        before = described()
        await press(scene, pilot, "g", "t", "end", "up", "e")
        assert "3 messages" in screen_text(scene.app)
        await press(scene, pilot, "tab", *"+vip", "enter")
        assert described() == [(("otp", "vip"), True)] * 3
        await press(scene, pilot, "u")
        assert described() == before == [(("otp",), True), (("otp",), False), (("otp",), False)]
        await press(scene, pilot, "x", "enter")
        await scene.done("export")
        written = next(scene.locations.exports.iterdir()).read_text().splitlines()
        assert [each.split(",")[:2] for each in written[1:]] == [
            ["marketing", "2"],
            ["otp", "3"],
            ["2270136", "1"],
        ]


async def test_the_dimension_is_remembered_and_views_call_it_up(
    opened: Open, tmp_path: Path
) -> None:
    async with opened("g", "c") as (scene, pilot):
        assert rows(scene)[0] == "FR" or "France" in screen_text(scene.app)
        await press(scene, pilot, "V", "s", *"mine", "enter", "escape", "g", "n")
        assert at(scene) is Where.MESSAGES
        await press(scene, pilot, "V", "down", "enter")
        assert scene.screen.picture.groups.dimension is Dimension.COUNTRY
    again = Scene(tmp_path, [])
    async with again.app.run_test(size=SMALL) as pilot:
        await again.open(pilot)
        assert at(again) is Where.GROUPS
        assert "Groups by country" in screen_text(again.app)


async def test_filter_trouble_and_copies_know_groups(opened: Open) -> None:
    async with opened("g", "t") as (scene, pilot):
        await press(scene, pilot, "slash", *"group:mark", "enter")
        assert rows(scene) == ["marketing"]
        await press(scene, pilot, "y")
        await scene.done("watchlist")
        assert scene.app.clipboard == "marketing"
        await press(scene, pilot, "escape", "f")
        assert "in trouble" in screen_text(scene.app)


async def test_groups_are_painted_four_times_a_second_at_most(opened: Open) -> None:
    async with opened("g", "t") as (scene, pilot):
        groups, looks = scene.screen.picture.groups, 0
        refresh = groups.refresh

        def counted() -> None:
            nonlocal looks
            looks += 1
            refresh()

        groups.refresh = counted  # type: ignore[method-assign]
        for number in range(40):
            come(scene, code(number))
            await scene.clock.advance(0.05)
        assert looks <= 9
        await scene.pass_time(pilot, 1)
        assert line(scene, "otp").split()[1] == "41"


async def test_groups_are_as_old_as_their_messages_while_nothing_is_read(opened: Open) -> None:
    async with opened("g", "t") as (scene, pilot):
        come(scene, code(1), code(2))
        scene.client.fault = Fault(FaultKind.NETWORK, "No connection.")
        await scene.pass_time(pilot, 120)
        for name, messages in (("marketing", "2"), ("otp", "3")):
            assert line(scene, name).split()[:3] == [name, messages, messages], "all are stale"


async def test_a_message_alone_is_called_and_marked_as_its_own_row_is(opened: Open) -> None:
    async with opened("g", "t") as (scene, pilot):
        engine = scene.screen.session.engine
        engine.amend(replace(WATCHED[3], label="Sandbox trial of the new shop"))
        engine.watch(Entry("2279999", "A typing error", added_at=START))
        await scene.pass_time(pilot, 20)
        assert "2270136 Sandbox trial of t" in screen_text(scene.app)
        assert line(scene, "2279999 A typing error").split()[4:6] == ["1", "∅"]
        for each in WATCHED[:2]:
            engine.amend(replace(each, paused=True))
        come(scene, code(1, "reset"), code(2, "reset"))
        scene.client.fault = Fault(FaultKind.NETWORK, "No connection.")
        await scene.pass_time(pilot, 300)
        assert line(scene, "2270143 OTP login").split()[3:5] == ["1", "!"]
        assert line(scene, "marketing").split()[1:4] == ["2", "‖", "2"], "it gets no newer either"


def minutes(*sent: int, failed: int = 0) -> tuple[Minute, ...]:
    """The last hour, of which these minutes are the last that are over."""
    quiet = [Minute(0, 0)] * (59 - len(sent))
    return (*quiet, *(Minute(each, failed and each) for each in sent), Minute(1, 0))


def drawn(cell: Any) -> str:
    return "".join(span.text for span in cell)


def test_the_sparkline_tells_minutes_that_are_over_and_stays_as_it_is() -> None:
    assert drawn(spark(minutes(1, 2, 4, 8), 3600.0 * 8, 60)).strip() == "▂▃▅█"
    assert spark(minutes(), 3600.0, 60) == ""
    assert len(drawn(spark(minutes(*range(1, 60)), 3600.0, 12))) == 12
    # Columns of five minutes begin where the clock's do: a minute later only the last is another.
    earlier = drawn(spark(minutes(*range(1, 59)), 3600.0 * 8 + 120, 20))
    later = drawn(spark(minutes(*range(1, 60)), 3600.0 * 8 + 180, 20))
    assert earlier[1:-1] == later[1:-1][: len(earlier[1:-1])]
    assert per_minute(minutes(3, 5, 4)) == "4, at most 5"


def test_a_group_says_how_much_of_it_is_stale_and_how_much_is_not_found() -> None:
    formats = Formats(VirtualClock(START), utc=True)
    stale = Standing(MessageState.STALE, START - 600, "not read for longer than planned")
    alerts = (Content("it fires"),)
    told_of_one = [
        reason(stands, alerts, gone, since, formats).plain
        for stands, gone, since in (
            (Standing(MessageState.LIVE), 0, None),
            (stale, 2, None),
            (stale, 2, START - 60),
        )
    ]
    assert told_of_one == [
        "it fires",
        "! not read for longer than planned  it fires  - 2 recipients are no longer listed",
        "- no longer in the answer since 09:59:00; shown as it was last seen  "
        "! not read for longer than planned  it fires",
    ]
    lost = Standing(MessageState.NOT_FOUND, START, "SMS Partner knows no such message")
    told = [
        reason_of_group(doubts, 5000, formats).plain
        for doubts in (
            Doubts(3, 0, 2, stale),
            Doubts(3, 1, 0, stale),
            Doubts(3, 3, 0, structs.replace(stale, since=None)),
            Doubts(0, 0, 2, lost),
        )
    ]
    assert told == [
        "! 3 of 5,000 messages stale, the oldest as of 09:50:00, 2 not found: "
        "not read for longer than planned",
        "! 3 of 5,000 messages stale, 1 of them never read, the oldest as of 09:50:00: "
        "not read for longer than planned",
        "! 3 of 5,000 messages stale, never read: not read for longer than planned",
        "∅ 2 of 5,000 messages not found: SMS Partner knows no such message",
    ]


def test_keys_tell_groups_from_messages() -> None:
    assert RowKey(False, "300") != RowKey(True, "300")


async def test_many_rows_are_filtered_a_portion_at_a_time_as_all_at_once(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panes, "AT_ONCE", 1)
    monkeypatch.setattr(table_rows, "AT_ONCE", 1)
    async with opened() as (scene, pilot):
        pane = scene.screen.picture.messages
        await press(scene, pilot, "slash", *"black")
        await scene.done("typed")
        assert pane.table.view.shown_keys() == ["2270141", "2270142"]
        await press(scene, pilot, "escape", "slash", *"group:fr", "enter")
        assert pane.table.view.shown_keys() == ["2270142"]
        pane.put_filter("state:live")
        await scene.pass_time(pilot, 20)
        assert "2270142" in pane.table.view.shown_keys()
