"""The words and signs of the console: what is shown is named, and every name is explained."""

from __future__ import annotations

import re

from smsmon.alerts import Severity
from smsmon.console.actions import EVERY_ACTION, Where, key_face, rebound
from smsmon.console.alert_standing import Raised
from smsmon.console.cells import plain
from smsmon.console.dialogs.help import HelpScreen
from smsmon.console.dialogs.help_text import help_text
from smsmon.console.line import FittedLine, KeyLine
from smsmon.console.signs import STATE_SIGNS, STATUS_SIGNS
from smsmon.console.tables.messages import mark
from smsmon.monitor.standing import standing
from smsmon.recipients import Status
from smsmon.settings.telling import BUILT_IN
from tests.console.dialogs.stage import SMALL, asking
from tests.console.test_console import Open, opened, text_of
from tests.support.scene import Scene

__all__ = ["opened"]


async def test_the_key_for_trouble_says_what_it_shows_and_goes_on_to_who_has_not_got_it(
    opened: Open,
) -> None:
    async with opened(seconds=20) as (scene, pilot):
        await pilot.press("enter")
        watched, table = scene.screen.picture.open_message, scene.screen.picture.recipients.table
        assert watched is not None

        async def shown() -> set[Status]:
            await pilot.press("f")
            await scene.show(pilot)
            return {watched.recipients[slot].status for slot in table.view.shown_keys()}

        everything = set(watched.recipients.statuses)
        assert everything == {Status.DELIVERED, Status.WAITING, Status.NOT_DELIVERED}
        assert await shown() == {Status.NOT_DELIVERED}
        assert "not delivered" in _title(scene)
        assert await shown() == {Status.NOT_DELIVERED, Status.WAITING}
        assert "who has not got it" in _title(scene)
        await pilot.press("slash")
        await pilot.pause()
        assert "/ !status:delivered" in text_of(scene)
        await pilot.press("enter")
        assert await shown() == everything
        assert "hidden" not in text_of(scene)


def _title(scene: Scene) -> str:
    """What the title of the recipients says."""
    return scene.screen.picture.recipients.query_one(FittedLine).content.plain


async def test_where_nothing_failed_the_empty_table_says_so_and_how_to_go_on(opened: Open) -> None:
    async with opened(seconds=20) as (scene, pilot):
        scene.screen.picture.messages.table.move_to_key("2270139")
        await pilot.press("enter", "f")
        await scene.show(pilot)
        assert "Nothing failed; f shows who waits." in text_of(scene)


async def test_messages_in_trouble_are_told_from_those_with_any_recipient_not_delivered(
    opened: Open,
) -> None:
    async with opened() as (scene, pilot):
        engine, table = scene.screen.session.engine, scene.screen.picture.messages.table
        board, now = engine.board, scene.clock.now()
        await pilot.press("f")
        await pilot.pause()
        assert "in trouble · filter: trouble:yes" in text_of(scene)
        shown = set(table.view.shown_keys())
        assert shown == {each.id for each in board if standing(engine, each, now).trouble}
        await pilot.press("f")
        await pilot.pause()
        assert "any not delivered · filter: failed>0" in text_of(scene)
        assert set(table.view.shown_keys()) == {
            each.id for each in board if each.counts.not_delivered
        }
        await pilot.press("f")
        assert table.view.hidden == 0


async def test_copying_is_in_the_key_line_where_numbers_are(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        keys = scene.screen.query_one(KeyLine)
        assert "a add" in keys.content.plain
        await pilot.press("enter")
        await scene.show(pilot)
        assert all(key in keys.content.plain for key in ("y copy", "f trouble", "esc back"))


async def test_the_head_says_that_numbers_are_masked(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        assert "masked" not in text_of(scene)
        await pilot.press("P")
        await scene.show(pilot)
        assert "masked" in text_of(scene).splitlines()[0]


def test_a_message_not_found_has_another_sign_than_an_unknown_status() -> None:
    assert STATE_SIGNS["not found"].glyph != STATUS_SIGNS[Status.UNKNOWN].glyph


def test_help_explains_every_status_every_state_alerts_and_both_shares() -> None:
    page = help_text(Where.MESSAGES).plain
    assert plain(mark([Raised("name", Severity.WARNING)])) in page
    assert "[alerts.NAME]" in page
    assert all(name in page for name in BUILT_IN)
    for sign in (*STATUS_SIGNS.values(), *STATE_SIGNS.values()):
        assert f"{sign.glyph} {sign.word}" in page
    assert "Delivered ÷ all recipients" in page
    assert "Delivered ÷ final" in page
    assert "nothing changed for 48 hours" in " ".join(page.split())


def test_no_key_in_the_help_runs_into_what_it_does() -> None:
    long = {"table.page_down": "pagedown,ctrl+f,ctrl+shift+right", "message.add": "ctrl+n"}
    for actions in (EVERY_ACTION, rebound(EVERY_ACTION, long)):
        page = help_text(Where.MESSAGES, actions).plain
        for action in actions:
            keys = re.escape("  ".join(map(key_face, action.keys)))
            start = re.escape(action.help.split()[0])
            assert re.search(rf"^{keys}(\s{{2,}}|\n\s*){start}", page, re.MULTILINE), action.id


async def test_help_is_not_cut_at_80_columns() -> None:
    async with asking(HelpScreen(Where.MESSAGES), SMALL) as (app, pilot):
        told = {line for line in help_text(Where.MESSAGES).plain.splitlines() if line}
        seen: set[str] = set()
        for _ in range(14):
            assert app.line_with("esc close")
            seen |= {line.strip(" │▂▁▃▄▅▆▇█") for line in app.lines}
            await pilot.press("pagedown")
            await pilot.pause()
        assert {line.strip() for line in told} <= seen
