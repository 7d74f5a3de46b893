"""Fitting several pieces of text on one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content

from smsmon.text import ELLIPSIS

GAP = "   "
KEPT = "\N{NO-BREAK SPACE}"
"""A blank at which ``wrapped`` breaks no line."""
_MUCH = 3
"""The difference of worth for which a part is rather left out than another shortened."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a line, in its forms from the longest to the shortest."""

    worth: int
    """Where the width does not suffice, the part of least worth gives way first."""
    forms: tuple[Content, ...]


def part(worth: int, *forms: Content | str) -> Part:
    """A part with these forms."""
    return Part(worth, tuple(Content(form) if isinstance(form, str) else form for form in forms))


def fitted(parts: Iterable[Part], width: int, gap: str = GAP) -> Content:
    """``parts`` side by side in ``width`` columns.

    While they are too wide, parts take their shorter forms, the least worth first. A part as
    short as it gets is left out before one of much greater worth is shortened, and else when
    none can be. One part always stays.
    """
    shown = [(each.worth, list(each.forms)) for each in parts if each.forms and each.forms[0].plain]
    while _width([forms[0] for _, forms in shown], gap) > width:
        long = [item for item in shown if len(item[1]) > 1]
        next_to_shorten = min(long, key=_worth, default=None)
        least = min(shown, key=_worth)
        if next_to_shorten and next_to_shorten[0] - least[0] <= _MUCH:
            next_to_shorten[1].pop(0)
        elif len(shown) > 1:
            shown.remove(least)
        else:
            break
    return Content(gap).join([forms[0] for _, forms in shown])


def _worth(item: tuple[int, list[Content]]) -> int:
    return item[0]


def _width(contents: list[Content], gap: str) -> int:
    return sum(each.cell_length for each in contents) + len(gap) * (len(contents) - 1)


def wrapped(content: Content, width: int, height: int) -> Content:
    """``content`` in ``height`` lines of ``width`` columns at most, broken at blanks.

    Textual also breaks at no-break spaces, which stand inside of what is read as one.
    """
    lines: list[Content] = []
    start = end = 0
    plain = content.plain
    breaks = [place for place, char in enumerate(plain) if char == " "]
    for stop in [*breaks, len(plain)]:
        if content[start:stop].cell_length > width and end > start:
            lines.append(content[start:end])
            start = end + 1
        end = stop
    lines.append(content[start:])
    if len(lines) > height:
        lines = lines[:height]
        last = lines[-1].truncate(width - 1) if lines[-1].cell_length >= width else lines[-1]
        lines[-1] = last + ELLIPSIS
    return Content("\n").join([_plain_blanks(line) for line in lines])


def _plain_blanks(line: Content) -> Content:
    return Content(line.plain.replace(KEPT, " "), list(line.spans))
