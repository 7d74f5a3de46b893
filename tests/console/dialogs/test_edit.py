"""The dialog that edits label, tags and note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Paste

from smsmon.console.dialogs.edit import EditScreen, changes, hint
from smsmon.model import Entry
from smsmon.tags import NO_TAGS, TagChange
from smsmon.text import typed
from tests.console.dialogs.stage import NARROW, SMALL, asking, calm

ONE = Entry("100", "Black Friday", ("fr", "promo"), "first wave")
OTHER = Entry("200", "Other", ("fr",), "")


async def saved(entries: list[Entry], *keys: str) -> object:
    """What the dialog gives after these keys and enter."""
    async with asking(EditScreen(entries)) as (app, pilot):
        await pilot.press(*keys, "enter")
        await pilot.pause()
        (answer,) = app.answers
        return answer


async def test_what_is_typed_is_saved_and_nothing_else() -> None:
    assert await saved([ONE], "space", "2") == {"label": "Black Friday 2"}


async def test_tab_goes_from_field_to_field() -> None:
    typed = await saved([OTHER], "end", "!", "tab", "end", ",", "x", "tab", "n", "o", "shift+tab")
    assert typed == {"label": "Other!", "tags": TagChange(("fr", "x"), anew=True), "note": "no"}


async def test_saving_without_a_change_changes_nothing() -> None:
    assert await saved([ONE]) is None


async def test_an_emptied_field_of_one_message_is_emptied() -> None:
    assert await saved([ONE], "ctrl+u", "tab", "ctrl+u") == {"label": "", "tags": NO_TAGS}


async def test_an_empty_field_of_several_leaves_each_as_it_is_and_says_so() -> None:
    async with asking(EditScreen([ONE, OTHER])) as (app, pilot):
        assert "2 messages  an empty field leaves each as it is" in app.text
        assert "leave as it is (2 different ones)" in app.text
        await pilot.press("tab", "x", "enter")
        await pilot.pause()
        assert app.answers == [{"tags": TagChange(("x",))}]


def test_an_empty_field_says_what_all_have() -> None:
    same = [ONE, Entry("3", ONE.label, ONE.tags)]
    assert hint(same, "tags") == "leave as it is: fr promo"
    assert hint([OTHER, OTHER], "note") == "leave as it is: none"
    assert len(hint([Entry("1", "x" * 80)] * 2, "label")) < 40


async def test_escape_changes_nothing() -> None:
    async with asking(EditScreen([ONE])) as (app, pilot):
        await pilot.press("x", "escape")
        await pilot.pause()
        assert app.answers == [None]


async def test_what_is_pasted_is_safe_to_show_and_to_keep() -> None:
    async with asking(EditScreen([Entry("100")])) as (app, pilot):
        app.screen.query_one("#label").post_message(Paste("a\x1b]0;x\x07\u202eb\nc"))
        await calm(app, pilot)
        assert not any(char in app.text for char in "\x1b\x07\u202e")
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [{"label": "a�]0;x��b"}]


async def test_a_paste_takes_the_place_of_what_is_selected() -> None:
    async with asking(EditScreen([Entry("100", "old")])) as (app, pilot):
        await pilot.press("ctrl+shift+a")
        app.screen.query_one("#label").post_message(Paste("x" * 300))
        await calm(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        (answer,) = app.answers
        assert 0 < len(answer["label"]) <= 80
        assert "old" not in answer["label"]


@given(st.text(max_size=400), st.text(max_size=400))
def test_what_is_changed_is_always_safe(label: str, note: str) -> None:
    changed = changes([OTHER], {"label": label, "tags": "fr", "note": note})
    texts = [changed.get("label", ""), changed.get("note", "")]
    assert all(typed(text, 400) == text for text in texts)
    assert len(texts[0]) <= 80
    assert len(texts[1]) <= 300


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_all_fields_and_keys_fit(size: tuple[int, int]) -> None:
    entry = Entry("100", "[/red] " + "x" * 70, ("fr",), "y" * 200)
    async with asking(EditScreen([entry]), size) as (app, _):
        for text in ("100  [/red]", "Label", "Tags", "Note", "esc cancel"):
            assert app.line_with(text)
