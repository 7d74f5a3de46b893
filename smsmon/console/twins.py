"""Signs for terminals that have nothing but ASCII: one cell for one cell.

What is chosen holds for all that is shown, whoever shows it: tables, dialogs, plots, edges,
scrollbars, and what commands print. Letters keep their base (``é`` is ``e``), and what has none is
a ``?``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

from smsmon.console.signs import BAR_TWINS, LEVELS, SIGNS
from smsmon.text import columns

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
    """``text`` in as many columns, in ASCII alone; ``width`` tells how many one character takes."""
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
