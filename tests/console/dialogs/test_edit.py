"""The dialog that edits label, tags and note."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.events import Paste

from smsmon.console.dialogs.base import Option, shown
from smsmon.console.dialogs.edit import EditScreen, changes, effects, hint
from smsmon.model import Entry
from smsmon.tags import NO_TAGS, TagChange
from smsmon.text import typed
from tests.console.dialogs.stage import NARROW, SMALL, asking, calm

ONE = Entry("100", "Black Friday", ("fr", "promo"), "first wave")
OTHER = Entry("200", "Other", ("fr",), "")


async def saved(entries: list[Entry], *keys: str, accounts: Sequence[Option] = ()) -> object:
    """What the dialog gives after these keys and enter."""
    async with asking(EditScreen(entries, accounts)) as (app, pilot):
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


MANY = [
    *(Entry(str(n), tags=("fr", "promo")) for n in range(40)),
    *(Entry(str(n), tags=("otp",), label="Orders") for n in range(40, 49)),
    *(Entry(str(n), tags=("x", "fr"), label="Sale") for n in range(49, 53)),
]


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ("+x", "Tags: adds “x” to 53 messages, 4 of which have it; they have 3 different sets:"
               " fr promo (40), otp (9), x fr (4)."),
        ("x", "Tags: adds “x” to 53 messages, 4 of which have it; they"),
        ("-new", "Tags: takes “new” from 53 messages, none of which has it; they"),
        ("-otp +fr", "Tags: adds “fr” to 53 messages, 44 of which have it; takes “otp” from 53"
                     " messages, 9 of which have it; they"),
        ("=x y", "Tags: 53 messages get x y and no others; they have 3 different sets:"),
        ("=", "Tags: 53 messages get no tags and no others; they"),
    ],
)  # fmt: skip
def test_what_becomes_of_the_tags_of_many_is_told_before(tags: str, told: str) -> None:
    (sentence,) = effects(MANY, changes(MANY, {"tags": tags}))
    assert sentence.startswith(told)


def test_many_sets_of_tags_are_counted_and_the_most_common_told() -> None:
    entries = [Entry(str(n), tags=(f"t{min(n, 6)}",)) for n in range(12)]
    (sentence,) = effects(entries, changes(entries, {"tags": "x"}))
    assert sentence.endswith("they have 7 different sets: t6 (6), t0 (1), t1 (1), 4 more.")
    same = [Entry("1", tags=("a", "b")), Entry("2", tags=("b", "a"))]
    (sentence,) = effects(same, changes(same, {"tags": "-a"}))
    assert sentence.endswith("all of which have it; all have a b.")


def test_what_is_lost_of_labels_notes_and_accounts_is_told_before() -> None:
    told = effects(MANY, changes(MANY, {"label": "New", "note": "n"}, "test"))
    assert told == [
        "Account: 53 messages move to test, and begin anew there.",
        "Label: that of 53 messages becomes “New” in place of 2 different ones.",
        "Note: that of 53 messages becomes “n”; none is lost.",
    ]
    assert effects([ONE], changes([ONE], {"label": "x", "tags": "a"})) == ["Tags: they become a."]


async def test_what_enter_will_do_is_told_while_it_is_typed() -> None:
    async with asking(EditScreen(MANY)) as (app, pilot):
        assert "Nothing is changed so far." in app.text
        await pilot.press("tab", "plus")
        await calm(app, pilot)
        assert "There is no tag after +." in app.text
        await pilot.press("enter")
        await calm(app, pilot)
        assert app.answers == []
        await pilot.press("x")
        await calm(app, pilot)
        assert "adds “x” to 53 messages, 4 of which have it" in app.text
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [{"tags": TagChange(("x",))}]


ACCOUNTS = (Option("main", "current"), Option("test"), Option("backup"))


async def test_the_account_is_shown_and_chosen_by_keys() -> None:
    entry = Entry("100", profile="main")
    async with asking(EditScreen([entry], ACCOUNTS)) as (app, pilot):
        assert "▸ main (current)" in app.line_with("Account")
        await pilot.press("tab", "tab", "tab", "right")
        await calm(app, pilot)
        assert "▸ test" in app.line_with("Account")
        assert "1 message moves to test, and begins anew there." in app.text
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [{"profile": "test"}]


@pytest.mark.parametrize(
    ("owned", "keys", "answer"),
    [
        (["main", "main"], [], None),
        (["main", "main"], ["right", "left"], None),
        (["main", "test"], [], None),
        (["main", "test"], ["m"], {"profile": "main"}),
        (["main", "test"], ["left"], {"profile": "backup"}),
        (["gone"], [], None),
        (["gone"], ["space"], {"profile": "main"}),
        (["test"], ["b"], {"profile": "backup"}),
        (["test"], ["x"], None),
    ],
)
async def test_messages_move_to_the_account_chosen_and_else_stay(
    owned: list[str], keys: list[str], answer: object
) -> None:
    entries = [Entry(str(place), profile=name) for place, name in enumerate(owned)]
    assert await saved(entries, "tab", "tab", "tab", *keys, accounts=ACCOUNTS) == answer


async def test_with_one_account_there_is_none_to_choose() -> None:
    async with asking(EditScreen([Entry("100", profile="main")], ACCOUNTS[:1])) as (app, _):
        assert "Account" not in app.text
    gone = Entry("100", profile="gone")
    async with asking(EditScreen([gone], ACCOUNTS[:1])) as (app, _):
        assert "▸ gone (not in the settings)" in app.line_with("Account")


def test_many_accounts_show_the_chosen_one_and_how_many_there_are() -> None:
    options = [Option(f"account {number}") for number in range(1, 31)]
    assert shown(options, 6, 50).plain == "▸ account 7  ← 7 of 30 →"
    assert cell_len(shown([Option("x" * 80), *options], 0, 30).plain) == 30


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
@pytest.mark.parametrize("several", [False, True])
async def test_all_fields_and_keys_fit(size: tuple[int, int], several: bool) -> None:
    entry = Entry("100", "[/red] " + "x" * 70, ("fr",), "y" * 200, profile="main")
    entries = [entry, *MANY] if several else [entry]
    async with asking(EditScreen(entries, ACCOUNTS), size) as (app, pilot):
        await pilot.press("z", "tab", "z", "tab", "z", "tab", "right")
        await calm(app, pilot)
        heading = "54 messages" if several else "100  [/red]"
        for text in (heading, "Label", "Tags", "Note", "Account", "esc cancel"):
            assert app.line_with(text), app.text
