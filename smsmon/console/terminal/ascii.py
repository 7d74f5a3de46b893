"""Signs for terminals that have nothing but ASCII: one cell for one cell, as the last thing done.

What is chosen holds for all that is painted, whoever painted it: tables, dialogs, plots, edges,
scrollbars. Letters keep their base (``é`` is ``e``), and what has none is a ``?``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from smsmon.console.signs import BAR_TWINS, LEVELS, SIGNS

Wanted = Literal["auto", "unicode", "ascii"]
"""What the setting ``display.signs`` may be."""

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


def wants_ascii(wanted: Wanted, environ: Mapping[str, str]) -> bool:
    """True where signs are to be ASCII.

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


class Ascii(LineFilter):
    """Paints every line in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        del background
        return [
            segment
            if segment.text.isascii()
            else Segment(in_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]


@lru_cache(4096)
def in_ascii(text: str) -> str:
    """``text`` in as many columns, in ASCII alone."""
    return "".join(char if char.isascii() else _twin(char) for char in text)


@lru_cache(1024)
def _twin(char: str) -> str:
    if twin := _TWINS.get(char):
        return twin
    if "\u2800" <= char <= "\u28ff":
        return _dots(ord(char) - 0x2800)
    if "\u2500" <= char <= "\u257f":  # corners and crossings of lines
        return "+"
    width = cell_len(char)
    if unicodedata.category(char) == "Zs":
        return " " * width
    base = unicodedata.normalize("NFKD", char)[:1]
    return (base if base.isascii() and base.isprintable() else _OTHER).ljust(width)[:width]


def _dots(dots: int) -> str:
    upper, lower = bool(dots & _UPPER), bool(dots & _LOWER)
    return ":" if upper and lower else "'" if upper else "." if lower else " "
