"""Makes any theme readable: the contrast of what smsmon draws, computed, and mended. Pure.

Textual brings twenty themes. They know nothing of smsmon's own colours, and some of theirs are
too faint to tell a status in: those move towards white or black, as little as suffices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.color import BLACK, WHITE, Color
from textual.theme import Theme

WORDS = 4.5
"""The least contrast of text (WCAG 2.1, success criterion 1.4.3, level AA)."""
_AIM = WORDS + 0.1
"""What is aimed at: colours are rounded on their way to the screen."""
_STEPS = 20
_TROUBLE = 0.25
"""How much of the colour of errors is in the head at most, when something is wrong."""
_QUIET, _RULE, _TINT, _BLURRED = 0.35, 0.75, 0.15, 0.2
"""How much of another colour is in those that a theme of Textual's does not have."""
_TONES = ("success", "warning", "error", "accent")


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours without transparency, 1 to 21 (WCAG 2.1)."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def legible(text: Color, backgrounds: Sequence[Color], least: float = _AIM) -> Color:
    """``text``, or what is nearest to it on the way to white or black and stands out from all.

    Where nothing stands out from all of ``backgrounds``, what stands out best.
    """

    def stands_out(color: Color) -> float:
        return min(contrast(color, each) for each in backgrounds)

    if stands_out(text) >= least:
        return text
    end = max(WHITE, BLACK, key=stands_out)
    ways = (text.blend(end, step / _STEPS) for step in range(1, _STEPS + 1))
    return next((color for color in ways if stands_out(color) >= least), end)


def readable(theme: Theme) -> Theme:
    """The same theme with every colour that smsmon's stylesheet asks for, each legible.

    A theme in the terminal's own colours is only completed: what they look like is the terminal's
    business.
    """
    if theme.ansi:
        return replace(theme, variables={**_IN_TERMINAL_COLOURS, **theme.variables})
    named = theme.to_color_system().generate()
    background, surface, panel = (
        _solid(Color.parse(named[name]), BLACK) for name in ("background", "surface", "panel")
    )
    tones = {name: _solid(Color.parse(named[name]), background) for name in _TONES}
    foreground = _solid(Color.parse(named["foreground"]), background)
    made = {
        "text-quiet": foreground.blend(background, _QUIET),
        "rule": foreground.blend(background, _RULE),
        "tint": background.blend(tones["warning"], _TINT),
        "block-cursor-background": _solid(Color.parse(named["primary"]), surface),
        "block-cursor-foreground": WHITE,
        "block-cursor-blurred-background": surface.blend(Color.parse(named["primary"]), _BLURRED),
        "block-cursor-blurred-foreground": foreground,
    }
    given = {name: Color.parse(theme.variables[name]) for name in made if name in theme.variables}
    own = {name: _solid(given.get(name, color), surface) for name, color in made.items()}
    backgrounds = [background, surface, panel, own["tint"]]
    texts = {"foreground": foreground, **tones, "text-quiet": own["text-quiet"]}
    mended = {name: legible(color, backgrounds) for name, color in texts.items()}
    own["text-quiet"] = mended["text-quiet"]
    if trouble := theme.variables.get("trouble"):
        own["trouble"] = Color.parse(trouble)
    else:
        own["trouble"] = _trouble(background, tones["error"], list(mended.values()))
    for cursor in ("block-cursor", "block-cursor-blurred"):
        text = f"{cursor}-foreground"
        own[text] = legible(own[text], [own[f"{cursor}-background"]])
    whole = replace(
        theme,
        background=background.hex,
        surface=surface.hex,
        panel=panel.hex,
        variables={**theme.variables, **{name: color.hex for name, color in own.items()}},
    )
    for name in (*_TONES, "foreground"):
        if (
            mended[name] is not texts[name] or getattr(theme, name) is None
        ):  # else as it was: colours made anew are rounded
            setattr(whole, name, mended[name].hex)
    return whole


def _trouble(background: Color, error: Color, texts: Sequence[Color]) -> Color:
    """The head's background when something is wrong: as red as leaves every text legible."""
    shades = (background.blend(error, _TROUBLE * step / _STEPS) for step in range(_STEPS, 0, -1))
    return next(
        (shade for shade in shades if all(contrast(text, shade) >= _AIM for text in texts)),
        background,
    )


_IN_TERMINAL_COLOURS = {
    "text-quiet": "ansi_default",
    "rule": "ansi_bright_black",
    "tint": "ansi_default",
    "trouble": "ansi_red",
    "block-cursor-blurred-background": "ansi_default",
    "block-cursor-blurred-foreground": "ansi_default",
}


def _solid(color: Color, behind: Color) -> Color:
    """``color`` as it looks over ``behind``."""
    return color if color.a == 1 else behind.blend(color.with_alpha(1.0), color.a, alpha=1.0)


def _luminance(color: Color) -> float:
    """Relative luminance, 0 to 1."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
