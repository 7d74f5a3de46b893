"""The themes: smsmon's own six, and what makes any theme of Textual's readable. Pure.

Quiet on purpose: one accent for where you are, colour otherwise only for what a status means.
A test computes the contrast of every pair of text and background used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.color import ColorSystem
from textual.color import BLACK, WHITE, Color
from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="smsmon-dark",
    dark=True,
    primary="#8ab4e8",
    secondary="#9fb3c8",
    accent="#8ab4e8",
    success="#86c994",
    warning="#e3b565",
    error="#f2858a",
    foreground="#d8dee6",
    background="#11151a",
    surface="#151a20",
    panel="#1d242c",
    variables={
        "text-quiet": "#93a0ae",
        "rule": "#2c3641",
        "block-cursor-background": "#26384c",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#1d2833",
        "block-cursor-blurred-foreground": "#d8dee6",
        "tint": "#2b2f1f",
        "trouble": "#462f34",
    },
)

LIGHT = Theme(
    name="smsmon-light",
    dark=False,
    primary="#1d5a9e",
    secondary="#4a5968",
    accent="#1d5a9e",
    success="#1c6b33",
    warning="#7d5200",
    error="#a8231d",
    foreground="#20262d",
    background="#fbfbf9",
    surface="#f5f5f2",
    panel="#e9eae6",
    variables={
        "text-quiet": "#56616d",
        "rule": "#c9ccc6",
        "block-cursor-background": "#d3e2f2",
        "block-cursor-foreground": "#0b1a2a",
        "block-cursor-blurred-background": "#e6ebf1",
        "block-cursor-blurred-foreground": "#20262d",
        "tint": "#f3ecc8",
        "trouble": "#ecd5d2",
    },
)

HIGH_CONTRAST = Theme(
    name="smsmon-high-contrast",
    dark=True,
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffff00",
    success="#5cff7a",
    warning="#ffd75f",
    error="#ff9b9b",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    variables={
        "text-quiet": "#d0d0d0",
        "rule": "#8a8a8a",
        "block-cursor-background": "#ffff00",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#3a3a3a",
        "block-cursor-blurred-foreground": "#ffffff",
        "tint": "#202000",
        "trouble": "#3f2626",
    },
)

MONOCHROME = Theme(
    name="smsmon-monochrome",
    dark=True,
    primary="#ffffff",
    secondary="#c8c8c8",
    accent="#ffffff",
    success="#e0e0e0",
    warning="#ffffff",
    error="#ffffff",
    foreground="#e0e0e0",
    background="#101010",
    surface="#101010",
    panel="#202020",
    variables={
        "text-quiet": "#a0a0a0",
        "rule": "#484848",
        "block-cursor-background": "#e0e0e0",
        "block-cursor-foreground": "#101010",
        "block-cursor-blurred-background": "#343434",
        "block-cursor-blurred-foreground": "#f0f0f0",
        "tint": "#303030",
        "trouble": "#363636",
    },
)

DARK_256 = Theme(
    name="smsmon-dark-256",
    dark=True,
    primary="#87afd7",
    secondary="#afafd7",
    accent="#87afd7",
    success="#87d787",
    warning="#d7af5f",
    error="#ff8787",
    foreground="#dedede",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    variables={
        "text-quiet": "#aaaaaa",
        "rule": "#444444",
        "block-cursor-background": "#005f87",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#303030",
        "block-cursor-blurred-foreground": "#eeeeee",
        "tint": "#3a3a3a",
        "trouble": "#5f0000",
    },
)
"""The dark one in colours that are among the 256 of a terminal: others would be replaced by what
is nearest, and dark shades all by black."""

TERMINAL = Theme(
    name="smsmon-terminal",
    dark=True,
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_default",
    accent="ansi_cyan",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        # Grey is one of the sixteen colours, but on many terminals hardly to be read.
        "text-quiet": "ansi_default",
        "rule": "ansi_bright_black",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-blurred-background": "ansi_default",
        "block-cursor-blurred-foreground": "ansi_default",
        "tint": "ansi_default",
        "trouble": "ansi_red",
    },
)
"""The terminal's own background, text and first eight colours, for terminals that have no more.

What the other themes tell by a shade, the stylesheet tells here by underlining (``:ansi``), and by
reversing where there are to be no colours (``:nocolor``). Which contrast the colours have is the
terminal's business.
"""

THEMES: tuple[Theme, ...] = (DARK, LIGHT, HIGH_CONTRAST, MONOCHROME, DARK_256)
"""Those whose colours are ours."""


AUTO = "auto"
"""What `display.theme` may say for: the one that suits the terminal."""


def known_themes() -> list[str]:
    """The names of all that can be worn: ours first, then Textual's."""
    ours = [theme.name for theme in (*THEMES, TERMINAL)]
    return [*ours, *(name for name in BUILTIN_THEMES if name not in ours)]


def theme_choice(theme: str, set_theme: str | None) -> list[str]:
    """What to remember of a theme that was chosen while the settings named ``set_theme``."""
    return [theme, set_theme or AUTO]


def wanted_theme(set_theme: str | None, choice: Sequence[str]) -> str:
    """The theme to wear: that of the settings, or the one remembered as `theme_choice`.

    The choice holds until the settings name another theme than they did then: who spoke last
    is obeyed.
    """
    named = set_theme or AUTO
    return choice[0] if len(choice) == 2 and choice[1] == named else named


def kept_theme(theme: str, set_theme: str | None) -> str:
    """What to tell of a theme that was chosen."""
    if set_theme in (None, AUTO, theme):
        return f"{theme} is worn from now on, and at the next start."
    return (
        f"{theme} is worn from now on, and at the next start, in place of display.theme"
        f" ({set_theme}) in config.toml, until that is changed."
    )


def theme_for(colors: ColorSystem | None, *, no_color: bool) -> Theme:
    """The theme for a terminal of so many colours, where nobody chose one.

    ``no_color``: the operator wants none (https://no-color.org).
    """
    match None if no_color else colors:
        case ColorSystem.TRUECOLOR:
            return DARK
        case ColorSystem.EIGHT_BIT:
            return DARK_256
        case _:
            return TERMINAL


# Any theme made readable. Textual brings twenty. They know nothing of smsmon's own colours, and
# some of theirs are too faint to tell a status in: those move towards white or black, as little
# as suffices.

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


def legible(text: Color, backgrounds: Sequence[Color]) -> Color:
    """``text``, or what is nearest to it on the way to white or black and stands out from all.

    Where nothing stands out from all of ``backgrounds``, what stands out best.
    """

    def stands_out(color: Color) -> float:
        return min(contrast(color, each) for each in backgrounds)

    if stands_out(text) >= _AIM:
        return text
    end = max(WHITE, BLACK, key=stands_out)
    ways = (text.blend(end, step / _STEPS) for step in range(1, _STEPS + 1))
    return next((color for color in ways if stands_out(color) >= _AIM), end)


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
