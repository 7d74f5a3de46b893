"""What the console promises: true, calm, and everything under the operator's fingers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from smsmon.console.actions import Where
from smsmon.console.dialogs.add import AddScreen
from smsmon.console.live_table import LiveTable
from smsmon.model import Entry, Fault, FaultKind
from smsmon.recipients import Status
from smsmon.simulator.scenario import demo_entries
from smsmon.store.local.watchlist import Watchlist
from tests.support.clock import START
from tests.support.scene import DAY, SMALL, WIDE, Scene
from tests.support.waiting import screen_text, until

NETWORK = Fault(FaultKind.NETWORK, "The connection was refused")
REFUSED = Fault(FaultKind.AUTH, "SMS Partner refuses the API key: check it, then retry", 10)

Opened = tuple[Scene, Pilot[Any]]
Open = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Opens a console; each message has been read."""

    @asynccontextmanager
    async def opened(
        entries: list[Entry] | None = None,
        *,
        size: tuple[int, int] = WIDE,
        seconds: float = 10,
        **options: Any,
    ) -> AsyncIterator[Opened]:
        scene = Scene(tmp_path, DAY if entries is None else entries, **options)
        async with scene.app.run_test(size=size) as pilot:
            await scene.open(pilot, seconds)
            yield scene, pilot

    return opened


def text_of(scene: Scene) -> str:
    """Everything the screen shows now."""
    return screen_text(scene.app)


def standing_in(scene: Scene) -> Where:
    """The pane the operator stands in."""
    return scene.screen.picture.at


async def type_all(scene: Scene, pilot: Pilot[Any], keys: list[str]) -> None:
    """Press keys without waiting between them, as a fast hand or a packet over SSH does."""
    for key in keys:
        scene.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot.pause()


async def test_the_demo_shows_its_messages_with_their_counts(opened: Open) -> None:
    async with opened() as (scene, _):
        totals = scene.screen.session.engine.board.totals()
        shown = text_of(scene)
        assert totals.total > 3_000
        assert f"{totals.total:,} recipients" in shown
        assert "Black Friday" in shown
        assert "API ● ok" in shown


async def test_counts_move_when_reports_come_in(opened: Open) -> None:
    async with opened() as (scene, pilot):
        before = scene.screen.session.engine.board.totals()
        await scene.pass_time(pilot, 60)
        after = scene.screen.session.engine.board.totals()
        assert after.delivered > before.delivered
        assert f"✓ {after.delivered:,}" in text_of(scene)


async def test_a_failed_poll_changes_no_status_and_makes_rows_stale(opened: Open) -> None:
    async with opened(seconds=60) as (scene, pilot):
        board = scene.screen.session.engine.board
        before = {each.id: each.recipients for each in board}
        scene.client.fault = NETWORK
        await scene.pass_time(pilot, 120)
        assert {each.id: each.recipients for each in board} == before
        shown = text_of(scene)
        assert "down since" in shown
        assert "The connection was refused" in shown
        assert "! stale" in shown
        table = scene.screen.picture.messages.table
        rows = shown.splitlines()
        for id in table.view.shown_keys()[:15]:
            row = next(line for line in rows if line.startswith(f"  {id} "))
            assert "stale" in row or "not found" in row or "settled" in row


async def test_rows_recover_by_themselves_when_the_api_is_back(opened: Open) -> None:
    async with opened() as (scene, pilot):
        scene.client.fault = NETWORK
        await scene.pass_time(pilot, 120)
        scene.client.fault = None
        await scene.pass_time_until(pilot, lambda: "API ● ok" in text_of(scene))
        await scene.pass_time_until(pilot, lambda: "! stale" not in text_of(scene))


async def test_a_refused_key_stops_the_account_and_says_so_loudly(opened: Open) -> None:
    async with opened() as (scene, pilot):
        scene.client.fault = REFUSED
        await scene.pass_time(pilot, 30)
        shown = text_of(scene)
        assert "○ stopped since" in shown
        assert "t tries again" in shown
        assert scene.screen.query_one("#head").has_class("-trouble")
        scene.client.fault = None
        await scene.pass_time(pilot, 120)  # for good: tests/monitor/test_poller.py
        assert "○ stopped since" in text_of(scene)


async def test_retry_takes_a_refused_account_up_again(opened: Open) -> None:
    async with opened() as (scene, pilot):
        scene.client.fault = REFUSED
        await scene.pass_time(pilot, 30)
        scene.client.fault = None
        await pilot.press("t")
        await pilot.pause()
        await scene.done("account")
        await scene.pass_time(pilot, 60)
        assert "API ● ok" in text_of(scene)


async def test_enter_goes_deeper_and_escape_comes_back_to_the_same_place(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        screen = scene.screen
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert standing_in(scene) is Where.RECIPIENTS
        message, watched = screen.picture.messages.table.cursor_key, screen.picture.open_message
        assert watched is not None
        assert watched.id == message
        await pilot.press("down", "down", "down", "enter")
        await pilot.pause()
        assert standing_in(scene) is Where.RECIPIENT
        assert screen.formats.phone(watched.recipients.phones[3]) in text_of(scene)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert standing_in(scene) is Where.MESSAGES
        assert screen.picture.messages.table.cursor_key == message
        assert screen.picture.recipients.table.cursor_key == 3


async def test_a_recipients_history_grows_while_it_is_looked_at(opened: Open) -> None:
    async with opened([Entry("2270142")], seconds=10) as (scene, pilot):
        screen = scene.screen
        watched = screen.picture.open_message
        assert watched is not None
        waiting = watched.recipients.statuses.index(Status.WAITING)
        await pilot.press("enter")
        screen.picture.recipients.table.move_to_key(waiting)
        await pilot.press("enter")
        assert "first seen: Waiting" in text_of(scene)
        assert "Waiting → " not in str(screen.picture.recipient.text)
        engine = screen.session.engine
        await scene.clock.run_until(lambda: bool(engine.board.transitions("2270142", waiting)))
        await scene.show(pilot)
        assert "Waiting → " in str(screen.picture.recipient.text)


async def test_the_number_in_other_messages_is_shown_with_the_recipient(opened: Open) -> None:
    async with opened(demo_entries(START), seconds=5) as (scene, pilot):
        board = scene.screen.session.engine.board
        small, large = board["2270142"], board["2270141"]
        slot = next(
            place
            for place, phone in enumerate(small.recipients.phones)
            if large.recipients.phones.find(phone) >= 0
        )
        scene.screen.picture.messages.table.move_to_key("2270142")
        await pilot.pause()
        scene.screen.picture.recipients.table.move_to_key(slot)
        await pilot.pause()
        assert "Also in" in str(scene.screen.picture.recipient.text)
        assert "2270141" in str(scene.screen.picture.recipient.text)


async def test_pasted_ids_are_shown_line_by_line_before_they_are_added(opened: Open) -> None:
    async with opened([]) as (scene, pilot):
        assert "Press a to add" in text_of(scene)
        await pilot.press("a")
        await pilot.pause()
        scene.app.post_message(events.Paste("2270142 Black Friday\n12ab\n2270139\n2270139"))
        await pilot.pause()
        shown = text_of(scene)
        assert "2 to add" in shown
        assert "1 not understood" in shown
        assert "line 2" in shown
        await pilot.press("enter")
        await scene.show(pilot)
        assert [each.id for each in scene.screen.session.engine.board] == ["2270142", "2270139"]
        saved = Watchlist(scene.locations.watchlist).load()
        assert [(each.id, each.label) for each in saved] == [
            ("2270142", "Black Friday"),
            ("2270139", ""),
        ]
        assert scene.said == ["2 messages added, 1 line left out"]


async def test_an_empty_paste_adds_nothing_and_says_what_is_wanted(opened: Open) -> None:
    async with opened([]) as (scene, pilot):
        await pilot.press("a", "enter")
        await pilot.pause()
        assert isinstance(scene.app.screen, AddScreen)
        assert "at least one message id" in text_of(scene)
        await pilot.press("escape")
        await pilot.pause()
        assert not list(scene.screen.session.engine.board)


async def test_removed_messages_come_back_with_undo_where_they_stood(opened: Open) -> None:
    async with opened() as (scene, pilot):
        before = list(scene.screen.session.engine.board.messages)
        await pilot.press("down", "space", "space", "d")
        await scene.show(pilot)
        left = list(scene.screen.session.engine.board.messages)
        assert left == [id for id in before if id not in before[1:3]]
        await pilot.press("u")
        await scene.show(pilot)
        assert list(scene.screen.session.engine.board.messages) == before
        assert list(scene.screen.picture.messages.table.view.keys) == before
        assert [each.id for each in Watchlist(scene.locations.watchlist).load()] == before


async def test_a_message_that_was_removed_and_added_again_is_shown_anew(opened: Open) -> None:
    async with opened() as (scene, pilot):
        screen, engine = scene.screen, scene.screen.session.engine
        await pilot.press("enter", "end")
        again = engine.board[str(screen.picture.open_id)].entry
        engine.forget(again.id)
        engine.watch(again)
        screen.picture.entitle_side()  # as a mark or a sorted column does at any moment
        await scene.show(pilot)
        assert len(screen.picture.recipients.table.view.keys) == 0
        await scene.pass_time(pilot, 60)
        count = len(engine.board[again.id].recipients)
        assert len(screen.picture.recipients.table.view.keys) == count > 0


async def test_a_restart_shows_the_same_list(opened: Open, tmp_path: Path) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("d")
        await scene.show(pilot)
        shown = list(scene.screen.session.engine.board.messages)
    again = Scene(tmp_path, [])
    async with again.app.run_test(size=WIDE) as pilot:
        await again.open(pilot)
        assert list(again.screen.session.engine.board.messages) == shown


async def test_what_another_shell_adds_shows_within_a_second_and_is_pointed_out(
    opened: Open,
) -> None:
    async with opened([Entry("2270142")]) as (scene, pilot):
        Watchlist(scene.locations.watchlist).add([Entry("2270139", "from a shell")])
        board = scene.screen.session.engine.board
        step = partial(scene.clock.advance, 0.5)
        await until(pilot, lambda: "2270139" in board, "what was added watched", step)
        await scene.show(pilot)
        assert "from a shell" in text_of(scene)
        assert scene.screen.picture.messages.table.pointed_out == {"2270139"}


async def test_a_broken_watchlist_is_said_and_never_overwritten(opened: Open) -> None:
    async with opened([Entry("2270142")]) as (scene, pilot):
        path = scene.locations.watchlist
        path.write_text("[[message]\nid = 1")
        watchlist = scene.screen.session.watchlist
        step = partial(scene.clock.advance, 0.5)
        await until(pilot, lambda: watchlist.broken, "the broken file noticed", step)
        await scene.show(pilot)
        scene.screen.head.show()
        await pilot.press("d")
        await scene.show(pilot)
        assert "watchlist read-only" in text_of(scene)
        assert path.read_text() == "[[message]\nid = 1"
        assert list(scene.screen.session.engine.board.messages) == ["2270142"]


async def test_the_filter_works_as_it_is_typed_and_escape_clears_it(opened: Open) -> None:
    async with opened() as (scene, pilot):
        table = scene.screen.picture.messages.table
        everything = len(table.view)
        await pilot.press("slash", *"recipients>200")
        await pilot.pause()
        assert 0 < len(table.view) < everything
        assert "hidden" in text_of(scene)
        assert "filtered recipients" in text_of(scene)
        await pilot.press("enter")
        await pilot.pause()
        assert scene.app.focused is table
        await pilot.press("escape")
        await pilot.pause()
        assert len(table.view) == everything


async def test_a_mistake_in_a_filter_is_named_and_the_last_good_one_stays(opened: Open) -> None:
    async with opened() as (scene, pilot):
        table = scene.screen.picture.messages.table
        await pilot.press("slash", *"recipients>200")
        await pilot.pause()
        hidden = table.view.hidden
        await pilot.press("x")
        await pilot.pause()
        assert "This is no number" in text_of(scene)
        assert table.view.hidden == hidden


async def test_a_filter_that_cannot_be_read_hides_nothing_when_it_is_entered(opened: Open) -> None:
    async with opened() as (scene, pilot):
        table = scene.screen.picture.messages.table
        await pilot.press("slash", *"black", "enter")
        await pilot.pause()
        kept = table.view.shown_keys()
        await pilot.press("slash", *" status:x", "enter")
        await pilot.pause()
        assert kept
        assert table.view.shown_keys() == kept
        assert "There is no field status here" in text_of(scene)
        assert scene.app.focused is not table
        await pilot.press("escape", "slash", *"status:x", "enter")
        await pilot.pause()
        assert table.view.hidden == 0
        assert "There is no field status here" in text_of(scene)
        assert "filtered recipients" not in text_of(scene)


async def test_keys_typed_fast_take_effect_in_their_order(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await type_all(scene, pilot, ["slash", "a", "b", "x", "backspace", "2", "0"])
        bar = scene.screen.picture.messages.bar
        assert bar is not None
        await until(pilot, lambda: bar.text.endswith("0"), "all that was typed")
        assert bar.text == "ab20"


async def test_a_frozen_screen_keeps_its_picture_and_counts_what_is_new(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("F")
        await pilot.pause()
        picture = text_of(scene).splitlines()[3:30]
        delivered = f"{scene.screen.session.engine.board.totals().delivered:,} delivered"
        await scene.pass_time(pilot, 60)
        scene.screen.head.show()
        await pilot.pause()
        since = scene.screen.formats.minute(scene.screen.feed.frozen_since)
        assert f"FROZEN {since} +{scene.screen.feed.held_back}" in text_of(scene)
        assert text_of(scene).splitlines()[3:30] == picture
        await pilot.press("F")
        await scene.show(pilot)
        assert "FROZEN" not in text_of(scene)
        assert delivered not in text_of(scene)


async def test_a_paused_message_is_not_polled_until_resumed(opened: Open) -> None:
    async with opened([Entry("2270142")]) as (scene, pilot):
        await pilot.press("p")
        await scene.show(pilot)
        watched = scene.screen.session.engine.board["2270142"]
        read_at = watched.read_at
        await scene.pass_time(pilot, 600)
        assert watched.read_at == read_at
        assert "paused" in text_of(scene)
        await pilot.press("p")
        await scene.show(pilot)
        await scene.pass_time(pilot, 120)
        assert watched.read_at is not None
        assert read_at is not None
        assert watched.read_at > read_at


async def test_privacy_masks_every_number_on_the_screen(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("enter")
        await pilot.pause()
        watched = scene.screen.picture.open_message
        assert watched is not None
        number = scene.screen.formats.phone(watched.recipients.phones[0])
        assert number in text_of(scene)
        await pilot.press("P")
        await pilot.pause()
        assert number not in text_of(scene)
        assert "··" in text_of(scene)
        for kind in (FaultKind.SERVER, FaultKind.AUTH):
            scene.client.fault = Fault(kind, "Nobody answers for 0612345678")
            scene.screen.session.engine.refresh_all()
            await scene.pass_time(pilot, 10)
            assert "Nobody answers for ········78" in text_of(scene)
            await pilot.press("r")
            await pilot.pause()
            assert "0612345678" not in text_of(scene)


async def test_help_lists_every_key_of_every_action(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Every key" not in text_of(scene).splitlines()[0]
        assert "Here, in messages" in text_of(scene)
        await pilot.press("escape")
        await pilot.pause()
        assert scene.app.screen is scene.screen


async def test_a_terminal_too_small_says_what_is_needed(opened: Open) -> None:
    async with opened(size=(20, 5)) as (scene, pilot):
        for size in ((20, 5), (59, 30), (100, 14)):
            await pilot.resize_terminal(*size)
            assert "at least 60" in " ".join(text_of(scene).split())
            await pilot.resize_terminal(*SMALL)
            assert "Messages 23" in text_of(scene)


async def test_every_pane_can_be_reached_and_zoomed_in_every_size(opened: Open) -> None:
    async with opened() as (scene, pilot):
        for size in (SMALL, WIDE, (200, 60)):
            await pilot.resize_terminal(*size)
            seen = set()
            for _ in range(4):
                seen.add(scene.screen.picture.at)
                await pilot.press("z")
                await pilot.pause()
                assert scene.screen.picture.visible == scene.screen.picture.at
                await pilot.press("z", "tab")
                await pilot.pause()
            assert seen == {Where.MESSAGES, Where.RECIPIENTS, Where.RECIPIENT, Where.LOG}


async def test_no_table_paints_when_nothing_changed(opened: Open) -> None:
    async with opened([Entry("2269900")], seconds=600) as (scene, pilot):
        painted: list[object] = []
        for table in scene.screen.query(LiveTable):
            table.refresh = lambda *regions, **_: painted.append(regions)  # type: ignore[method-assign, assignment]
        await scene.clock.advance(30)
        scene.screen.feed.flush()
        await pilot.pause()
        assert painted == []


async def test_keys_that_come_as_the_last_screen_goes_away_are_no_fault(opened: Open) -> None:
    async with opened() as (scene, _):
        pass
    assert not scene.app.screen_stack
    for forwarded in (False, True):
        key = events.Key("j", "j")
        if forwarded:
            key._set_forwarded()
        await scene.app.on_event(key)
    await scene.app.on_event(events.Paste("300"))
    assert scene.app.return_code in (0, None)
