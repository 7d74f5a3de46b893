"""Fitting several pieces of text on one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content

GAP = "   "


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

    While they are too wide, parts take their shorter forms, the least worth first; when all
    are as short as they get, the least worth is left out. One part always stays.
    """
    shown = [(each.worth, list(each.forms)) for each in parts if each.forms and each.forms[0].plain]
    while _width([forms[0] for _, forms in shown], gap) > width:
        long = [item for item in shown if len(item[1]) > 1]
        if long:
            min(long, key=lambda item: item[0])[1].pop(0)
        elif len(shown) > 1:
            shown.remove(min(shown, key=lambda item: item[0]))
        else:
            break
    return Content(gap).join([forms[0] for _, forms in shown])


def _width(contents: list[Content], gap: str) -> int:
    return sum(each.cell_length for each in contents) + len(gap) * (len(contents) - 1)
