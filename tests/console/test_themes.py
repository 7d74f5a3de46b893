"""What our themes promise: text that can be read, on terminals of many, few and no colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.strip import Strip
from textual.theme import BUILTIN_THEMES, Theme

from smsmon.console.app import ConsoleApp
from smsmon.console.themes import DARK, DARK_256, HIGH_CONTRAST, TERMINAL, THEMES, legible, readable
from smsmon.console.themes import contrast as ratio_of
from smsmon.model import Fault, FaultKind
from tests.support.scene import DAY, WIDE, Scene
from tests.support.waiting import screen_text

TEXTS = ("foreground", "text-quiet", "accent", "success", "warning", "error")
BACKGROUNDS = ("background", "surface", "panel", "tint")


def colours(theme: Theme) -> dict[str, str]:
    """Every named colour of ``theme``, its own variables included."""
    named = {
        name: value
        for name in (
            "foreground",
            "accent",
            "success",
            "warning",
            "error",
            "background",
            "surface",
            "panel",
        )
        if isinstance(value := getattr(theme, name), str)
    }
    return named | theme.variables


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_stands_out_from_its_background(theme: Theme) -> None:
    named = colours(theme)
    least = 7.0 if theme is HIGH_CONTRAST else 4.5
    pairs = [(text, back) for text in TEXTS for back in BACKGROUNDS]
    cursors = ("block-cursor", "block-cursor-blurred")
    pairs += [(f"{cursor}-foreground", f"{cursor}-background") for cursor in cursors]
    too_faint = {
        f"{text} on {back}": round(ratio, 2)
        for text, back in pairs
        if (ratio := contrast(named[text], named[back])) < least
    }
    assert not too_faint


@cache
def contrast(text: str, background: str) -> float:
    """The WCAG 2 contrast ratio of two colours, 1 to 21."""
    one, other = (luminance(Color.parse(colour)) for colour in (text, background))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(colour: Color) -> float:
    """WCAG 2 relative luminance, 0 to 1."""
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


TERMS = {
    "screen": ColorSystem.STANDARD,
    "xterm-16color": ColorSystem.STANDARD,
    "xterm-256color": ColorSystem.EIGHT_BIT,
}
_PLAIN = ("39", "49")
"""The codes of the terminal's own text and background."""
_OF_EIGHT = {*_PLAIN, "90", *(str(code) for code in range(30, 38)), "41", "46"}


class Ink(NamedTuple):
    """In which colours a text goes to the terminal, by their codes in ECMA-48."""

    attributes: frozenset[str] = frozenset()
    fore: str = "39"
    back: str = "49"


def ink_of(style: Style | None, colors: ColorSystem) -> Ink:
    ink = Ink()
    sent = Strip.render_ansi(style, colors) if style else ""
    for code in re.findall(r"[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|\d+", sent):
        if len(code) == 1:
            ink = ink._replace(attributes=ink.attributes | {code})
        elif code[0] in "39":
            ink = ink._replace(fore=code)
        else:
            ink = ink._replace(back=code)
    return ink


def inks(app: ConsoleApp) -> Iterator[tuple[Segment, Ink]]:
    """All that is on the screen, and how it goes to the terminal."""
    colors = app.console._color_system
    assert colors is not None
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if segment.text:
                yield segment, ink_of(segment.style, colors)


def ink_with(app: ConsoleApp, word: str) -> Ink:
    return next(ink for segment, ink in inks(app) if word in segment.text)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("no_color", [False, True])
async def test_a_screen_is_told_in_the_colours_that_the_terminal_has(
    term: str, no_color: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    scene = Scene(tmp_path, DAY, environ={"SMSMON_DISPLAY_THEME": "auto"})
    few = no_color or TERMS[term] is ColorSystem.STANDARD
    app = scene.app
    assert app.console._color_system is TERMS[term]
    assert app.theme == (TERMINAL.name if few else DARK_256.name)

    async with app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 90.5)
        scene.screen.picture.messages.table.move_to_key("2270142")
        await pilot.pause()

        used = {code for _, ink in inks(app) for code in (ink.fore, ink.back)}
        at_cursor, beside = ink_with(app, "42%"), ink_with(app, "Loyalty points")
        if no_color:
            assert used == {*_PLAIN}
        elif few:
            assert used <= _OF_EIGHT
        else:
            assert {code[:5] for code in used} <= {*_PLAIN, "38;5;", "48;5;"}
            assert len({code for code in used if code.startswith("48;")}) >= 4
        assert at_cursor.back != beside.back or "7" in at_cursor.attributes - beside.attributes
        if not no_color:
            told = [ink_with(app, word).fore for word in ("✓ complete", "∅ not found", "68")]
            assert len({*told, ink_with(app, "» live").fore}) == 4

        scene.client.fault = Fault(FaultKind.NETWORK, "The connection was refused")
        await scene.pass_time_until(pilot, lambda: " down " in screen_text(app))
        trouble = ink_with(app, "down")
        assert "7" in trouble.attributes if no_color else trouble.back not in _PLAIN


async def test_without_colours_every_theme_is_grey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    scene = Scene(tmp_path, DAY[:3], environ={"SMSMON_DISPLAY_THEME": "auto"})
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 5)
        for theme in THEMES:
            scene.app.theme = theme.name
            await pilot.pause()
            for _, ink in inks(scene.app):
                for code in (ink.fore, ink.back):
                    assert code in _PLAIN or len({*code.split(";")[2:]}) == 1


OTHERS = [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]
DRAWN = (*BACKGROUNDS, "trouble")


@pytest.mark.parametrize("theme", [*OTHERS, *THEMES], ids=lambda theme: theme.name)
def test_every_theme_is_worn_in_colours_that_can_be_read(theme: Theme) -> None:
    named = colours(readable(theme))
    pairs = [(text, back) for text in TEXTS[:-1] for back in DRAWN]
    cursors = ("block-cursor", "block-cursor-blurred")
    pairs += [(f"{cursor}-foreground", f"{cursor}-background") for cursor in cursors]
    faint = {
        f"{text} on {back}": round(ratio, 2)
        for text, back in pairs
        if (ratio := contrast(named[text], named[back])) < 4.5
    }
    assert not faint


def faint_words(app: ConsoleApp) -> list[str]:
    """What stands on the screen in a colour too near to the one behind it."""
    return [
        segment.text
        for strip in app.screen._compositor.render_strips()
        for segment in strip
        if (style := segment.style)
        and style.color
        and style.bgcolor
        and any(char.isalnum() for char in segment.text)
        and contrast(style.color.get_truecolor().hex, style.bgcolor.get_truecolor().hex) < 4.5
    ]


async def test_every_theme_of_the_palette_can_be_worn(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY[:4], environ={"SMSMON_DISPLAY_THEME": "gruvbox"})
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 10.5)
        assert scene.app.theme == "gruvbox"
        for name in scene.app.available_themes:
            scene.app.theme = name
            await pilot.pause()
            assert scene.app.is_running
            if not scene.app.current_theme.ansi:
                assert faint_words(scene.app) == [], name


@pytest.mark.parametrize("name", ["no-such-theme", "[bold", "nord "])
async def test_a_theme_that_nobody_knows_is_said(name: str, tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY[:1], environ={"SMSMON_DISPLAY_THEME": name})
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 5)
        assert scene.app.theme in {theme.name for theme in (*THEMES, TERMINAL)}
        (notice,) = scene.said
        assert name.strip() in notice


@given(
    st.tuples(*[st.integers(0, 255)] * 3),
    st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=4),
)
def test_a_colour_is_legible_where_any_can_be(
    text: tuple[int, int, int], backs: list[tuple[int, int, int]]
) -> None:
    grounds = [Color(*back) for back in backs]
    worst = min(ratio_of(legible(Color(*text), grounds), each) for each in grounds)
    best = max(min(ratio_of(end, each) for each in grounds) for end in (WHITE, BLACK))
    assert worst >= min(4.5, best) - 1e-9


@pytest.mark.parametrize(("said", "colours"), [("", True), ("1", False), ("0", False)])
async def test_an_empty_no_color_counts_as_unset(
    said: str, colours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", said)
    monkeypatch.setenv("COLORTERM", "truecolor")
    scene = Scene(tmp_path, DAY[:1], environ={"SMSMON_DISPLAY_THEME": "auto"})
    assert scene.app.no_color != colours
    assert (scene.app.theme == DARK.name) == colours
