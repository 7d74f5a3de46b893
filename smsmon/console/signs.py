"""The signs of the console, in one table: glyph, its twin in ASCII, word and tone.

One sign means one thing. A tone is how a text is meant, and the one place that says in which
colour of the theme that is shown. Nothing is told by colour alone.
Every glyph is one column wide in all common terminals: none is wide in Unicode, and none is an
emoji, which some terminals draw two columns wide (✔, ✖ and ⚠ are; ✓ and ✗ are not). Its twin
takes its place, cell by cell, where a terminal has nothing but ASCII (`in_ascii`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from smsmon.recipients import Status
from smsmon.text import columns

if TYPE_CHECKING:
    from textual.content import Content


class Tone(StrEnum):
    """How a piece of text is meant."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    BAD = "bad"
    WAIT = "wait"
    WARN = "warn"

    @property
    def style(self) -> str:
        """Its style for ``Content``: of variables of the theme, whose contrast a test computes."""
        return _STYLES[self]


_STYLES: Mapping[Tone, str] = MappingProxyType(
    {
        Tone.PLAIN: "",
        Tone.STRONG: "bold",
        Tone.DIM: "$text-quiet",
        Tone.GOOD: "$success",
        Tone.BAD: "$error",
        Tone.WAIT: "$accent",
        Tone.WARN: "$warning",
    }
)


def styled(text: str, tone: Tone) -> Content:
    """``text`` in the colour of ``tone``; plain text, never markup."""
    from textual.content import Content  # `smsmon config check` reads the keys without Textual

    return Content.styled(text, tone.style) if tone.style else Content(text)


def tone_classes(widget: str) -> set[str]:
    """The component classes of a widget that paints in tones: ``drawing--good`` and so on."""
    return {f"{widget}--{tone}" for tone in Tone}


def tone_css(widget: str) -> str:
    """The colours of `tone_classes`, for the widget's own style sheet."""
    return "\n".join(
        f"& > .{widget}--{tone} {{ {'text-style' if style == 'bold' else 'color'}: {style}; }}"
        for tone, style in _STYLES.items()
        if style
    )


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: what is drawn, and what it means in a word."""

    glyph: str
    twin: str
    """What is drawn in its place where there is only ASCII."""
    word: str
    tone: Tone = Tone.PLAIN


DELIVERED = Sign("✓", "+", Status.DELIVERED.word, Tone.GOOD)
WAITING = Sign("…", ".", Status.WAITING.word, Tone.WAIT)
NOT_DELIVERED = Sign("✗", "x", Status.NOT_DELIVERED.word, Tone.BAD)
UNKNOWN = Sign("?", "?", Status.UNKNOWN.word, Tone.WARN)
NEW = Sign("~", "~", "new", Tone.DIM)
"""Nothing was heard yet: of a message, or of an account."""
LIVE = Sign("»", ">", "live")
SETTLED = Sign("■", "=", "settled", Tone.DIM)
PAUSED = Sign("‖", "|", "paused", Tone.DIM)
NOT_FOUND = Sign("∅", "0", "not found", Tone.WARN)
STALE = Sign("!", "!", "stale", Tone.WARN)
"""What is shown is old, or in doubt."""
ALERT = Sign("◆", "#", "alert", Tone.WARN)
ACKNOWLEDGED = Sign("◇", "&", "acknowledged", Tone.DIM)
"""Of an alert that somebody took on."""
SILENCED = Sign("◦", ",", "silenced", Tone.DIM)
"""Of an alert that nobody wants to hear of for a while."""
NOT_LISTED = Sign("-", "-", "no longer listed", Tone.WARN)
"""Of what the API lists no longer, and its count: it is shown as it was last seen."""
WELL = Sign("●", "o", "ok", Tone.GOOD)
"""An account that answers."""
FAILING = Sign("○", "@", "not read", Tone.WARN)
"""An account that does not: it fails, is down, held or stopped."""
REFUSED = Sign("¬", "%", "not understood", Tone.BAD)
"""What was typed, and cannot be taken."""
CHOSEN = Sign("▸", ")", "chosen", Tone.STRONG)
"""The one of several, or those of many, that somebody chose."""
MARKED = Sign("*", "*", "marked", Tone.STRONG)
"""A row that is marked, to be acted on."""
ADDED = Sign("┃", ":", "added", Tone.WAIT)
"""A row that was added a moment ago, or is about to be."""
UPWARDS = Sign("▴", "^", "upwards")
"""Sorted, the smallest first."""
DOWNWARDS = Sign("▾", "v", "downwards")
NOTHING = Sign("–", "_", "no value", Tone.DIM)
"""Stands where nobody knows a value."""

SIGNS = (
    DELIVERED, WAITING, NOT_DELIVERED, UNKNOWN, NEW, LIVE, SETTLED, PAUSED, NOT_FOUND, STALE, ALERT,
    ACKNOWLEDGED, SILENCED, NOT_LISTED, WELL, FAILING, REFUSED, CHOSEN, MARKED, ADDED, UPWARDS,
    DOWNWARDS, NOTHING,
)  # fmt: skip
"""All of them: no two have a glyph or a twin in common."""

GONE, DASH = NOT_LISTED.glyph, NOTHING.glyph
ZERO = "·"
"""Stands for a zero among numbers: a dot between others is quiet in the same way."""

STATUS_SIGNS: Mapping[Status, Sign] = MappingProxyType(
    {
        Status.DELIVERED: DELIVERED,
        Status.WAITING: WAITING,
        Status.NOT_DELIVERED: NOT_DELIVERED,
        Status.UNKNOWN: UNKNOWN,
    }
)

ALERT_TONES: Mapping[int, Tone] = MappingProxyType({1: Tone.PLAIN, 2: Tone.WARN, 3: Tone.BAD})
"""By the severity of an alert (``smsmon.monitor.alerts``)."""

STATE_SIGNS: Mapping[str, Sign] = MappingProxyType(
    {
        "new": NEW,
        "live": LIVE,
        "complete": replace(DELIVERED, word="complete"),  # all of it is
        "settled": SETTLED,
        "paused": PAUSED,
        "not found": NOT_FOUND,
        "stale": STALE,
    }
)
"""By the name of the message's state."""


def status_sign(status: Status) -> Sign:
    """How a delivery status is shown."""
    return STATUS_SIGNS[status]


def state_sign(state: str) -> Sign:
    """How a message's state is shown; a state without a sign of its own is its plain word."""
    word = state.replace("_", " ").lower()
    return STATE_SIGNS.get(word) or Sign(" ", " ", word)


# What pictures are drawn with: no signs, each beside others of its kind

BAR: Mapping[Status, str] = MappingProxyType(
    {
        Status.DELIVERED: "▬",
        Status.WAITING: "┄",
        Status.NOT_DELIVERED: "▒",
        Status.UNKNOWN: " ",
    }
)
"""Of a bar: they stay in their cell, so that bars above each other do not run into each other,
and are told apart without any colour."""
BAR_TWINS: Mapping[str, str] = MappingProxyType({"▬": "#", "┄": "-", "▒": "x"})
LEVELS = "▁▂▃▄▅▆▇█"
"""An eighth of a line to a full one."""
FULL, FULL_NOT_DELIVERED = "█", "▓"
"""Of columns in a plot, told apart without any colour."""
CURVE_OTHER, CURVE_FAILED = "·", "x"
"""Of curves that are drawn with points."""
THIN = "─"
"""Of thin lines in a plot, where its words tell what they are."""
LEFT_KEY, RIGHT_KEY, UP_KEY, DOWN_KEY = "←", "→", "↑", "↓"
"""Keys of the keyboard, and the ends of an axis."""


_ASCII_TERMINALS = re.compile(r"(linux|dumb|vt\d.*)\Z")
"""The names of terminals that draw few letters besides ASCII."""
_OTHER = "?"
_RAMP = "_.-=+*%#"
"""As high as `LEVELS`, more or less."""
_PUNCTUATION = {
    "·": ".", "•": "*", "“": '"', "”": '"', "„": '"', "«": "<", "‘": "'", "’": "'", "×": "x",
    "÷": "/", "—": "-", "‐": "-", "‑": "-", "≤": "<", "≥": ">", "≈": "~", "⇧": "^",
    "←": "<", "→": ">", "↑": "^", "↓": "v", "°": "o", "⋮": ":",
}  # fmt: skip
_TWINS = {
    **_PUNCTUATION,
    **dict(zip(LEVELS, _RAMP, strict=True)),
    **dict.fromkeys("▏▎▍▌▐▕", "|"),
    **dict.fromkeys("▋▊▉", "#"),
    **dict.fromkeys("░", "."),
    **dict.fromkeys("▀▔", "-"),
    **dict.fromkeys("─━═╌╍┅┈┉╴╶╸╺", "-"),
    **dict.fromkeys("│║╎╏┆┇┊┋╵╷╹╻", "|"),
    "╱": "/", "╲": "\\", "╳": "x",
    **BAR_TWINS,
    **{sign.glyph: sign.twin for sign in SIGNS},
    "▓": "x",
}  # fmt: skip
_UPPER, _LOWER = 0b00011011, 0b11100100
"""The dots of the upper and of the lower half of a character of Braille."""


def wants_ascii(wanted: str, environ: Mapping[str, str]) -> bool:
    """True where signs are to be ASCII, by the setting ``display.signs``.

    With ``auto`` that is in a terminal that has few others, and in a locale that is named and has
    no UTF-8. Where none is named, as in many a container, the terminal decides alone.
    """
    if wanted != "auto":
        return wanted == "ascii"
    if _ASCII_TERMINALS.match(environ.get("TERM", "")):
        return True
    named = (environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next(filter(None, named), "").lower()
    return bool(locale) and "utf8" not in locale.replace("-", "")


@lru_cache(4096)
def in_ascii(text: str, width: Callable[[str], int] = columns) -> str:
    """``text`` in as many columns, in ASCII alone; ``width`` tells how many one character takes.

    Letters keep their base (``é`` is ``e``), and what has none is a ``?``.
    """
    return "".join(char if char.isascii() else _twin(char, width(char)) for char in text)


@lru_cache(1024)
def _twin(char: str, width: int) -> str:
    if twin := _TWINS.get(char):
        return twin
    if "\u2800" <= char <= "\u28ff":
        return _dots(ord(char) - 0x2800)
    if "\u2500" <= char <= "\u257f":  # corners and crossings of lines
        return "+"
    if unicodedata.category(char) == "Zs":
        return " " * width
    base = unicodedata.normalize("NFKD", char)[:1]
    return (base if base.isascii() and base.isprintable() else _OTHER).ljust(width)[:width]


def _dots(dots: int) -> str:
    upper, lower = bool(dots & _UPPER), bool(dots & _LOWER)
    return ":" if upper and lower else "'" if upper else "." if lower else " "
