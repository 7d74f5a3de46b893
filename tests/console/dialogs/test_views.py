"""Named views, with real keys at 80 columns: kept, called up, renamed, deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smsmon.console.actions import Where
from smsmon.console.memory import Look, Memory, View, Views
from smsmon.settings import Settings
from smsmon.settings.display import View as Written
from tests.console.test_console import Open, opened, standing_in, text_of
from tests.support.scene import DAY, SMALL, Scene

__all__ = ["opened"]


async def test_a_view_is_kept_and_called_up_with_its_filter_sort_and_columns(
    opened: Open, tmp_path: Path
) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        table = scene.screen.picture.messages.table
        await pilot.press("f", "1", "V", "s", *"night watch", "enter", "escape")
        await pilot.pause()
        told = table.sort, table.view.shown_keys()
        await pilot.press("escape", "2")
        await pilot.pause()
        assert "view night watch" not in text_of(scene)
        await pilot.press("V", "down", "enter")
        await pilot.pause()
        assert (table.sort, table.view.shown_keys()) == told
        assert "view night watch" in text_of(scene).splitlines()[3]
        await pilot.press("2")
        await pilot.pause()
        assert "view night watch" not in text_of(scene), "it is another one now"
    again = Scene(tmp_path, [])
    async with again.app.run_test(size=SMALL) as pilot:
        await again.open(pilot)
        await pilot.press("V", "down", "enter")
        await pilot.pause()
        assert again.screen.picture.messages.filter.text == "trouble:yes"


async def test_no_view_shows_the_table_as_it_usually_is(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        messages = scene.screen.picture.messages
        usual = messages.look
        messages.wear(Look("trouble:yes", "-rate", ("rate", "id")), "narrow")
        await pilot.pause()
        assert "view narrow" in text_of(scene)
        await pilot.press("V", "enter")
        await pilot.pause()
        assert messages.look == usual


async def test_a_view_is_renamed_and_deleted_and_brought_back(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        views = Views(scene.screen.dialogs.memory, Settings)
        await pilot.press("f", "V", "s", *"one", "enter")
        await pilot.pause()
        await pilot.press("r", *["backspace"] * 3, *"two", "enter")
        await pilot.pause()
        assert list(views.all()) == ["two"]
        assert "one is called two now" in text_of(scene)
        await pilot.press("d")
        await pilot.pause()
        assert not views.all()
        assert "two deleted. u brings it back." in text_of(scene)
        await pilot.press("u")
        await pilot.pause()
        assert views.all()["two"].look.filter == "trouble:yes"
        await pilot.press("u")
        await pilot.pause()
        assert list(views.all()) == ["one"], "the renaming before it"
        await pilot.press("escape", "u")
        await scene.done("watchlist")
        await pilot.pause()
        assert not views.all(), "and outside the dialog what was done before that"
        assert "Took back: view one saved." in text_of(scene)
        await pilot.press("V")
        await pilot.pause()
        await pilot.press("s", "escape", "escape")
        await pilot.pause()
        assert scene.app.screen is scene.screen


CONFIG = """
[views.late]
table = "recipients"
filter = "status:waiting"
sort = "-date"
columns = ["phone", "date"]
[views.wrong]
filter = "zzfield:1"
"""


async def test_views_of_the_file_are_told_as_such_and_stay(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 20)
        await pilot.press("V", "down")
        await pilot.pause()
        assert "config.toml" in text_of(scene)
        assert "wrong" not in text_of(scene), "what cannot be read was said at the start"
        for key in ("d", "r"):
            await pilot.press(key)
            await pilot.pause()
            assert "late is in config.toml: change it there." in text_of(scene)
        await pilot.press("s", *"late", "enter")
        await pilot.pause()
        assert "late is in config.toml" in text_of(scene)
        await pilot.press("escape", "enter")
        await pilot.pause()
        assert standing_in(scene) is Where.RECIPIENTS
        recipients = scene.screen.picture.recipients
        assert recipients.filter.text == "status:waiting"
        assert recipients.table.sort == ("date", True)
        assert recipients.table.chosen_columns == ("phone", "date")
        assert "view late" in text_of(scene)


@pytest.mark.parametrize("name", ["", "taken"])
def test_a_view_needs_a_name_that_the_file_does_not_have(tmp_path: Path, name: str) -> None:
    views = Views(Memory(tmp_path), lambda: Settings(views={"taken": Written()}))
    assert views.why_not(name)
    assert not views.why_not("free")


def test_two_consoles_keep_each_others_views(tmp_path: Path) -> None:
    one, other = (Views(Memory(tmp_path), Settings) for _ in range(2))
    for views, name in ((one, "a"), (other, "b"), (one, "c")):
        views.save(View(name, "messages", Look("x", "-id", ("id",))))
    one.delete("b")
    again = Views(Memory(tmp_path), Settings).all()
    assert again == {name: View(name, "messages", Look("x", "-id", ("id",))) for name in ("a", "c")}


def test_what_is_preferred_is_not_kept_for_the_next_time(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.prefer("columns of messages", ["id"])
    memory.keep("other", ["x"])
    assert memory.get("columns of messages") == ["id"]
    assert Memory(tmp_path).get("columns of messages") == []


def test_a_look_is_worn_whatever_is_shown_of_what_it_does_not_say() -> None:
    shown = Look("a", "-id", ("id", "label"))
    assert Look("a", "-id").worn_by(shown)
    assert not Look("a", "id").worn_by(shown)
    assert not Look("a", "-id", ("id",)).worn_by(shown)
    assert Look("a", "-id").worn_by(replace(shown, group_by="tag"))
    assert not Look("a", "-id", group_by="label").worn_by(replace(shown, group_by="tag"))
