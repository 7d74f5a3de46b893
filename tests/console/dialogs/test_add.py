"""The dialog that adds messages: what it understood is plain before it is taken."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import TextArea

from smsmon.console.dialogs.add import AddScreen, preview, verdict
from smsmon.console.dialogs.base import Option
from smsmon.store.idlist import parse
from tests.console.dialogs.stage import NARROW, SMALL, WIDE, DialogApp, asking, calm, type_text

HUNDREDS = "\n".join(f"{2270000 + n} campaign {n}" for n in range(400)) + "\nnot an id\n2270007\n"


async def test_several_ids_are_typed_as_one_would_write_them() -> None:
    async with asking(AddScreen(()), SMALL) as (app, pilot):
        await type_text(app, pilot, "2270161,2270162 2270163")
        assert "3 to add" in app.text
        await pilot.press("ctrl+j")
        await type_text(app, pilot, "2270164 Black Friday")
        await pilot.press("enter")
        await pilot.pause()
        (read,) = app.answers
        assert [(each.id, each.label) for each in read.entries] == [
            ("2270161", ""), ("2270162", ""), ("2270163", ""), ("2270164", "Black Friday"),
        ]  # fmt: skip


async def test_the_dialog_says_how_ids_are_written_and_which_key_begins_a_line() -> None:
    async with asking(AddScreen(()), SMALL) as (app, _):
        assert app.line_with("spaces or commas between")
        assert app.line_with("2270142 Black Friday")
        assert "^j new line" in app.line_with("enter add")


@pytest.mark.parametrize("size", [NARROW, SMALL, WIDE])
async def test_verdict_and_keys_stay_in_the_box_whatever_is_pasted(size: tuple[int, int]) -> None:
    async with asking(AddScreen({"2270001"}), size) as (app, pilot):
        app.post_message(events.Paste(HUNDREDS))
        await calm(app, pilot)
        told = app.line_with("399 to add")
        assert "¬ 1 not understood" in told
        assert app.line_with("enter add")
        assert "esc cancel" in app.line_with("enter add")
        assert app.line_with("“not an id”"), "what needs eyes comes first"


async def test_the_preview_scrolls_by_itself_while_ids_are_typed() -> None:
    async with asking(AddScreen(()), SMALL) as (app, pilot):
        app.post_message(events.Paste(HUNDREDS))
        await calm(app, pilot)
        keys = app.line_with("enter add")
        await pilot.press("pagedown", "pagedown")
        await calm(app, pilot)
        assert not app.line_with("“not an id”")
        assert app.line_with("campaign 14")
        assert app.line_with("enter add") == keys
        assert isinstance(app.focused, TextArea)


def test_what_is_twice_watched_bad_or_in_doubt_is_counted() -> None:
    read = parse("2270161 Sale\n2270161\n2270162\n2270163 2270164x\nbad\n")
    said = verdict(read, {"2270162"}).plain
    assert said == (
        "2 to add · ¬ 1 not understood · ! 1 in doubt · 1 watched already · 1 listed twice"
    )
    lines = preview(read, {"2270162"}).plain.splitlines()
    assert [line[0] for line in lines] == ["¬", "!", "┃", "┃", " "]
    assert "“2270164x” is taken for a label" in lines[1]


def test_a_preview_too_long_to_read_says_how_much_is_left_out() -> None:
    lines = preview(parse(HUNDREDS), ()).plain.splitlines()
    assert len(lines) == 201
    assert lines[-1] == "… and 201 more"


async def test_the_label_goes_to_those_without_one() -> None:
    async with asking(AddScreen(()), SMALL) as (app, pilot):
        await type_text(app, pilot, "2270161 2270162")
        await pilot.press("tab")
        await type_text(app, pilot, "Spring")
        await pilot.press("enter")
        await pilot.pause()
        assert labels_of(app) == ["Spring", "Spring"]


@pytest.mark.parametrize(
    ("pasted", "ids"),
    [
        ("telephone\tidentifiant\n+33612345678\t2270142", ["2270142"]),
        ("2\u202f270\u202f142", ["2270142"]),
        ("2\u00a0270\u00a0142\u200b", ["2270142"]),
        ("\u202a2270142\u202c", ["2270142"]),
    ],
)
async def test_a_paste_keeps_what_tells_numbers_apart(pasted: str, ids: list[str]) -> None:
    async with asking(AddScreen(()), SMALL) as (app, pilot):
        app.post_message(events.Paste(pasted))
        await calm(app, pilot)
        assert app.line_with(f"{len(ids)} to add")
        await pilot.press("enter")
        await pilot.pause()
        (read,) = app.answers
        assert [each.id for each in read.entries] == ids


async def test_what_is_left_out_is_shown_with_its_reason() -> None:
    async with asking(AddScreen(()), WIDE) as (app, pilot):
        app.post_message(events.Paste("2270142\n06 12 34 56 78\n2 270 143"))
        await calm(app, pilot)
        assert app.line_with("¬ 2 not understood")
        assert "it looks like a phone number" in app.line_with("line 2")
        assert "one id, or several?" in app.line_with("line 3")


ACCOUNTS = (Option("main", "current"), Option("test"))


@pytest.mark.parametrize(
    ("keys", "profiles"), [((), ["main", "test"]), (("tab", "tab", "right"), ["test", "test"])]
)
async def test_the_account_chosen_is_that_of_messages_without_one(
    keys: tuple[str, ...], profiles: list[str]
) -> None:
    screen = AddScreen((), accounts=ACCOUNTS, account="main")
    async with asking(screen, SMALL) as (app, pilot):
        assert "▸ main (current)" in app.line_with("Account")
        app.post_message(events.Paste("id,profile\n2270161,\n2270162,test"))
        await calm(app, pilot)
        await pilot.press(*keys, "enter")
        await pilot.pause()
        (wanted,) = app.answers
        assert [each.profile for each in wanted.entries] == profiles


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_a_message_of_an_account_that_there_is_not_is_refused(size: tuple[int, int]) -> None:
    screen = AddScreen((), accounts=ACCOUNTS, account="main")
    async with asking(screen, size) as (app, pilot):
        app.post_message(events.Paste("id,profile\n2270161,\n2270162,nope\n2270163,default"))
        await calm(app, pilot)
        assert "1 not understood" in app.line_with("2 to add")
        assert app.line_with("2270162” there is no account nope")
        assert app.line_with("esc cancel")
        await pilot.press("enter")
        await pilot.pause()
        (wanted,) = app.answers
        assert [each.id for each in wanted.entries] == ["2270161", "2270163"]
        assert wanted.left_out == 1


async def test_ids_watched_already_are_given_to_be_shown() -> None:
    async with asking(AddScreen({"2270161"}), SMALL) as (app, pilot):
        await type_text(app, pilot, "2270161")
        assert app.line_with("1 watched already")
        await pilot.press("enter")
        await pilot.pause()
        (wanted,) = app.answers
        assert (wanted.entries, wanted.known) == ((), ("2270161",))


def labels_of(app: DialogApp) -> list[str]:
    (read,) = app.answers
    return [entry.label for entry in read.entries]
