"""The help: this pane first, searched as one types, in as many columns as there is room for."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from smsmon.console.actions import EVERY_ACTION, Where, key_face, rebound
from smsmon.console.dialogs.help import HelpScreen
from smsmon.console.dialogs.help_text import found, help_text, laid_out, sections
from smsmon.console.signs import SIGNS
from tests.console.dialogs.stage import NARROW, SMALL, asking, calm, type_text

PANES = [Where.MESSAGES, Where.RECIPIENTS, Where.RECIPIENT, Where.LOG]
WIDE = (140, 40)


@pytest.mark.parametrize("where", PANES)
def test_the_keys_of_this_pane_stand_first_and_each_key_once(where: Where) -> None:
    every = sections(where)
    assert every[0].heading.startswith("Here")
    ids = [entry.id for section in every for entry in section.entries if entry.id]
    assert sorted(ids) == sorted(action.id for action in EVERY_ACTION)
    live = {action.id for action in EVERY_ACTION if action.where & where}
    assert {entry.id for entry in every[0].entries} <= live
    dim = [entry.dim for section in every for entry in section.entries if entry.id]
    assert dim == sorted(dim), "what rests here comes last"
    for section in every:
        for entry in section.entries:
            if entry.id:
                assert entry.dim == (entry.id not in live)


def test_every_sign_and_the_way_out_are_explained() -> None:
    page = help_text(Where.MESSAGES).plain
    for sign in SIGNS:
        assert f"{sign.glyph} " in page, sign
    assert "The way out\nq  ^c" in page


def test_the_way_out_is_told_by_the_key_it_has() -> None:
    page = help_text(Where.MESSAGES, rebound(EVERY_ACTION, {"app.quit": "Q"})).plain
    assert "The way out\nQ " in page


@pytest.mark.parametrize("words", ["export", "message.add", "DELIVERED", "privacy", "rate", "q"])
def test_what_is_found_has_the_words_and_nothing_else_is_shown(words: str) -> None:
    shown = found(sections(Where.MESSAGES), words)
    assert shown
    for section in shown:
        for entry in section.entries:
            said = f"{section.heading} {entry.name.plain} {entry.text} {entry.id}".casefold()
            assert all(word in said for word in words.casefold().split())


@pytest.mark.parametrize("width", [40, 56, 73, 109, 110, 134, 200])
@pytest.mark.parametrize("ids", [False, True])
def test_no_line_is_wider_than_there_is_room_and_nothing_is_lost(width: int, ids: bool) -> None:
    page = laid_out(sections(Where.MESSAGES), width, ids=ids)
    assert all(line.cell_length <= width for line in page.split("\n"))
    for action in EVERY_ACTION:
        assert key_face(action.keys[0]) in page.plain
        assert (action.id in page.plain) == ids


def test_two_columns_are_about_as_long_as_each_other() -> None:
    one, two = (laid_out(sections(Where.MESSAGES), width).plain for width in (100, 140))
    assert two.count("\n") < 0.72 * one.count("\n")


def page_of(screen: HelpScreen) -> str:
    return str(screen.query_one("#page", Static).render())


@pytest.mark.parametrize("size", [NARROW, SMALL, WIDE])
async def test_it_is_searched_as_one_types_and_escape_shows_all_again(
    size: tuple[int, int],
) -> None:
    screen = HelpScreen(Where.MESSAGES)
    async with asking(screen, size) as (app, pilot):
        await pilot.pause()
        whole = page_of(screen)
        await pilot.press("slash")
        await type_text(app, pilot, "privacy")
        assert app.line_with("privacy"), "what is typed is seen"
        assert "Mask phone numbers" in app.text
        assert "Add message ids" not in app.text
        await type_text(app, pilot, "zz")
        assert "Nothing here has these words" in app.text
        await pilot.press("escape")
        await calm(app, pilot)
        assert page_of(screen) == whole
        assert not app.answers, "still open"
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [None]


async def test_what_was_found_can_be_read_and_closed_with_enter() -> None:
    async with asking(HelpScreen(Where.MESSAGES), SMALL) as (app, pilot):
        await pilot.press("slash")
        await type_text(app, pilot, "api")
        await pilot.press("enter")
        await pilot.pause()
        assert "Add message ids" not in app.text
        assert app.line_with("esc close")
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [None]


async def test_n_shows_what_a_keymap_calls_the_actions() -> None:
    async with asking(HelpScreen(Where.MESSAGES), SMALL) as (app, pilot):
        await pilot.pause()
        assert "message.add" not in app.text
        await pilot.press("n")
        await pilot.pause()
        assert "message.add" in app.text
        await pilot.press("n")
        await pilot.pause()
        assert "message.add" not in app.text


@pytest.mark.parametrize("keys", [("G", "g"), ("end", "home"), ("pagedown", "pageup")])
async def test_it_scrolls_by_keys(keys: tuple[str, str]) -> None:
    async with asking(HelpScreen(Where.MESSAGES), SMALL) as (app, pilot):
        await pilot.pause()
        there, back = keys
        await pilot.press(there)
        await pilot.pause()
        assert "Here, in messages" not in app.text
        await pilot.press(back)
        await pilot.pause()
        assert "Here, in messages" in app.text
