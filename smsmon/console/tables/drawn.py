"""How a fact of a message or of a recipient looks in a cell: the one mapping. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from smsmon.console import cells
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.formats import Formats
from smsmon.console.signs import DASH, status_sign
from smsmon.countries import country_name
from smsmon.filters.fields import Drawn, Fact, Heading, Shown
from smsmon.recipients import Status

UNKNOWN = Span(DASH, Tone.DIM)
"""Stands for a number that nobody knows: none is not nothing."""


def drawn_fact(fact: Fact, drawn: Drawn | Status, formats: Formats, width: int) -> Cell:
    """The cell of a fact, for all that is drawn from the fact alone."""
    number = fact if isinstance(fact, float | int) else None
    match drawn:
        case Drawn.MOMENT:
            return formats.moment(number)
        case Drawn.MINUTE:
            return Span(formats.minute(number), Tone.DIM)
        case Drawn.MOMENT_BEHIND:
            return Span(formats.moment(number), Tone.DIM)
        case Drawn.TOOK:
            return cells.took(number)
        case Drawn.STOP:
            return Span("STOP", Tone.WARN) if fact else ""
        case Drawn.COUNTRY:
            name = country_name(str(fact))
            return name if len(name) <= width else str(fact)
        case Drawn.RATE:
            return cells.rate(number)
        case Status():
            return UNKNOWN if number is None else cells.tally(int(number), drawn)
        case Drawn.WARNING:
            if number is None:
                return UNKNOWN
            return Span(cells.count(int(number)), Tone.WARN if number else Tone.DIM)
        case Drawn.PLAIN | Drawn.STRONG | Drawn.DIM:
            tone = {Drawn.STRONG: Tone.STRONG, Drawn.DIM: Tone.DIM}.get(drawn, Tone.PLAIN)
            return Span(" ".join(fact) if isinstance(fact, tuple) else str(fact or ""), tone)
        case Drawn.STATE | Drawn.DUE | Drawn.BAR | Drawn.TOTAL | Drawn.PHONE | Drawn.STATUS:
            raise ValueError(f"{drawn.name} takes more than the fact")


def heading_of(shown: Shown) -> dict[str, Any]:
    """The head of a column, for ``Column``; that of a status is its sign."""
    heading = {each.name: getattr(shown, each.name) for each in fields(Heading)}
    if isinstance(shown.drawn, Status):
        sign = status_sign(shown.drawn)
        heading |= {"title": sign.glyph, "help": sign.word}
    return heading
