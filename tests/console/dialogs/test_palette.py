"""The palette: what it finds first, what it does, and the themes it shows and keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.console.actions import EVERY_ACTION
from smsmon.console.dialogs.palette import Command, PaletteScreen, commands, found
from smsmon.console.themes import DARK, LIGHT, known_themes, theme_choice, wanted_theme
from tests.console.dialogs.stage import NARROW, SMALL, asking
from tests.support.scene import DAY, Scene
from tests.support.waiting import until

EVERY = commands(EVERY_ACTION, known_themes(), DARK.name, in_table=True)


def names(text: str) -> list[str]:
    return [each.name for each in found(EVERY, text)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("exp", "export"),
        ("export", "export"),
        ("raw", "raw answer"),
        ("number", "find"),
        ("fnd", "find"),
        ("view.columns", "columns"),
        ("x", "export"),
        ("watchlist", "add"),
        ("high", "theme smsmon-high-contrast"),
        ("api key", "set up"),
        ("mask", "privacy"),
    ],
)
def test_the_likeliest_stands_first(typed: str, first: str) -> None:
    assert names(typed)[0] == first


@pytest.mark.parametrize("words", ["night", "last night", "happened", "away", "since"])
def test_what_happened_is_found_by_the_words_one_would_type(words: str) -> None:
    assert "what happened" in names(words)[:3]


@given(st.text("abcdefghilmnoprstuw ", max_size=6))
def test_a_name_match_stands_before_every_match_of_a_description(text: str) -> None:
    words = text.split()
    hits = found(EVERY, text)
    by_name = [all(word in hit.name.casefold() for word in words) for hit in hits]
    told = [all(word in hit.help.casefold() for word in words) for hit in hits]
    last = max((at for at, named in enumerate(by_name) if named), default=-1)
    others = [at for at, (named, does) in enumerate(zip(by_name, told, strict=True)) if does]
    assert all(by_name[at] or at > last or words_in_id(hits[at], words) for at in others)
    assert {each.id for each in EVERY if all(word in each.name for word in words)} <= {
        hit.id for hit in hits
    }


def words_in_id(hit: Command, words: list[str]) -> bool:
    return " ".join(words) in (hit.id, hit.key.casefold())


def test_nothing_typed_shows_all_as_they_are_listed_and_our_own_themes_before_others() -> None:
    assert found(EVERY, " ") == list(EVERY)
    themes = [each.theme for each in EVERY if each.theme]
    assert all(name.startswith("smsmon-") for name in themes[:6])
    assert not any(name.startswith("smsmon-") for name in themes[6:])


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_names_keys_and_what_is_done_fit(size: tuple[int, int]) -> None:
    async with asking(PaletteScreen(EVERY), size) as (app, pilot):
        await pilot.press(*"raw")
        line = app.line_with("raw answer")
        assert " w " in line
        assert "See the answer" in line
        assert app.line_with("esc close")
        await pilot.press(*"zzz")
        await pilot.pause()
        assert "Nothing is called so" in app.text
        await pilot.press("enter")
        assert not app.answers


async def test_an_action_is_done_in_the_pane_the_operator_stands_in(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY[:4])
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        table = scene.screen.picture.messages.table
        await pilot.press("colon", *"mark all", "enter")
        await until(pilot, lambda: len(table.marks) == 4, "all rows marked")
        await pilot.press("colon", *"columns", "enter")
        await until(pilot, lambda: scene.app.screen.has_class("-narrow"), "the dialog")


async def test_moving_through_themes_shows_them_and_escape_gives_the_old_one_back(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, DAY[:4])
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 10)
        await pilot.press("colon", *"theme", "down")
        await until(pilot, lambda: scene.app.theme == LIGHT.name, "the light theme shown")
        await pilot.press("down", "up")
        await pilot.press("escape")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the palette closed")
        assert scene.app.theme == DARK.name
        await pilot.press("colon", *"light", "backspace", *"ts")
        await until(pilot, lambda: scene.app.theme == DARK.name, "a row that is no theme")


async def test_the_theme_chosen_is_worn_at_the_next_start(tmp_path: Path) -> None:
    first = Scene(tmp_path, DAY[:4])
    async with first.app.run_test(size=SMALL) as pilot:
        await first.open(pilot, 10)
        await pilot.press("colon", *"smsmon-light", "enter")
        await until(pilot, lambda: first.app.screen is first.screen, "the palette closed")
        await until(pilot, lambda: first.app.theme == LIGHT.name, "the light theme worn")
        await pilot.pause()
        assert "display.theme" in "\n".join(
            strip.text for strip in first.screen._compositor.render_strips()
        )
    assert Scene(tmp_path, ()).app.theme == LIGHT.name
    changed = {"SMSMON_DISPLAY_THEME": "nord"}
    assert Scene(tmp_path, (), environ=changed).app.theme == "nord", "who spoke last is obeyed"


@pytest.mark.parametrize(
    ("set_theme", "choice", "worn"),
    [
        (None, [], "auto"),
        (None, ["nord", "auto"], "nord"),
        ("auto", ["nord", "auto"], "nord"),
        ("dracula", ["nord", "auto"], "dracula"),
        ("dracula", ["nord", "dracula"], "nord"),
        (None, ["nord", "dracula"], "auto"),
        (None, ["nord"], "auto"),
        (None, ["a", "b", "c"], "auto"),
    ],
)
def test_the_choice_holds_until_the_settings_name_another_theme(
    set_theme: str | None, choice: list[str], worn: str
) -> None:
    assert wanted_theme(set_theme, choice) == worn
    assert wanted_theme(set_theme, theme_choice("gruvbox", set_theme)) == "gruvbox"
