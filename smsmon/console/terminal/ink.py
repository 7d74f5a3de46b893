"""The colours and attributes of a cell, and the shortest way from one to the next."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

_OFF = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28",
    "9": "29", "21": "24", "51": "54", "52": "54", "53": "55",
}  # fmt: skip
"""Attribute → what ends it, by their numbers in ECMA-48."""
_SEEN_ON_BLANKS = frozenset({"4", "5", "6", "7", "9", "21", "51", "52", "53"})
_INTENSITIES = frozenset({"1", "2"})
"""Both end with the same code."""
_FORE, _BACK = "39", "49"
"""The terminal's own colours."""


class Look(NamedTuple):
    """What an ink is."""

    attributes: frozenset[str]
    fore: str
    """The code of the colour, as in ``38;2;255;0;0``."""
    back: str


Ink = int
"""A look by its number: one number for each look. The garbage collector passes over cells that
hold a character and a number; of objects it would visit some hundred thousand."""

_LOOKS: list[Look] = []


@cache
def _ink(attributes: frozenset[str], fore: str, back: str) -> Ink:
    _LOOKS.append(Look(attributes, fore, back))
    return len(_LOOKS) - 1


@cache
def of_blanks(ink: Ink) -> Ink:
    """How a blank of this ink looks: a colour that nothing has does not count."""
    attributes, fore, back = _LOOKS[ink]
    seen = attributes & _SEEN_ON_BLANKS
    return _ink(seen, fore if seen else _FORE, back)


NO_INK = _ink(frozenset(), _FORE, _BACK)
"""What a terminal writes in when nothing was asked for."""


@lru_cache(4096)
def ink_of(style: Style | None, colors: ColorSystem) -> Ink:
    """The ink of a style, in the colours that the terminal has."""
    if style is None:
        return NO_INK
    attributes, fore, back = set(), _FORE, _BACK
    codes = iter(Strip.render_ansi(style, colors).split(";"))
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes)
            count = 3 if kind == "2" else 1
            color = ";".join([code, kind, *(next(codes) for _ in range(count))])
        elif len(code) > 1 and code not in _OFF:
            color = code
        else:
            attributes.update([code] if code else [])
            continue
        if color[0] == "3" or color[0] == "9":
            fore = color
        else:
            back = color
    return _ink(frozenset(attributes), fore, back)


@lru_cache(4096)
def strokes(pen: Ink, wanted: Ink, blank: bool) -> tuple[str, Ink]:
    """What to write so that the next character looks as ``wanted``, and the ink the pen has then.

    Before a ``blank`` the pen keeps what nobody sees on one.
    """
    if blank and of_blanks(pen) == of_blanks(wanted):
        return "", pen
    before, (attributes, fore, back) = _LOOKS[pen], _LOOKS[wanted]
    if blank and not attributes & _SEEN_ON_BLANKS:
        attributes, fore = before.attributes - _SEEN_ON_BLANKS, before.fore
    off = {_OFF[each] for each in before.attributes - attributes}
    on = attributes - before.attributes
    if "22" in off:
        on |= attributes & _INTENSITIES
    if "24" in off:
        on |= attributes & {"4", "21"}
    step = [*sorted(off), *sorted(on)]
    step += [fore] if fore != before.fore else []
    step += [back] if back != before.back else []
    anew = ["0", *sorted(attributes)]
    anew += [fore] if fore != _FORE else []
    anew += [back] if back != _BACK else []
    codes = min(";".join(step), ";".join(anew), key=len)
    return (f"\x1b[{codes}m" if codes else ""), _ink(attributes, fore, back)
