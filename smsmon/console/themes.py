"""smsmon's own themes: dark, light, high-contrast, monochrome, and two for few colours.

Quiet on purpose: one accent for where you are, colour otherwise only for what a status means.
A test computes the contrast of every pair of text and background used here.
"""

from __future__ import annotations

from rich.color import ColorSystem
from textual.theme import Theme

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
        "unknown": "#c3a6e0",
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
        "unknown": "#6b3fa0",
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
        "unknown": "#e6c8ff",
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
        "unknown": "#ffffff",
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
        "unknown": "#d7afff",
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
        "unknown": "ansi_magenta",
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


def unknown_theme(name: str) -> str:
    """What to tell of a theme that the settings ask for and nobody knows."""
    return f"There is no theme “{name}”: the usual one is worn. The command palette (:) lists all."


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
