"""How a fact of a message or of a recipient looks in a cell: the one mapping. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from smsmon import times
from smsmon.console import cells
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.formats import Formats
from smsmon.console.signs import DASH, STALE, status_sign
from smsmon.countries import country_name
from smsmon.filters.fields import Drawn, Heading, Shown
from smsmon.recipients import Status
from smsmon.times import capital

UNKNOWN = Span(DASH, Tone.DIM)
"""Stands for a number that nobody knows: none is not nothing."""


def draws(drawn: Drawn | Status, formats: Formats) -> Callable[[Any, int], Cell]:
    """What makes the cell of a fact, in so many columns; for what is drawn from the fact alone."""
    match drawn:
        case Drawn.PLAIN:
            return lambda fact, _: fact
        case Drawn.STRONG:
            return lambda fact, _: Span(fact, Tone.STRONG)
        case Drawn.WORDS:
            return lambda fact, _: Span(" ".join(fact), Tone.DIM)
        case Drawn.MOMENT:
            return lambda fact, _: formats.aligned(fact)
        case Drawn.MOMENT_BEHIND:
            return lambda fact, _: Span(formats.aligned(fact), Tone.DIM)
        case Drawn.MINUTE:
            return lambda fact, _: Span(times.aligned(formats.minute(fact)), Tone.DIM)
        case Drawn.TOOK:
            return lambda fact, _: times.duration(fact) or DASH
        case Drawn.RATE:
            return lambda fact, _: cells.rate(fact)
        case Drawn.STOP:
            return lambda fact, _: Span("STOP", Tone.WARN) if fact else ""
        case Drawn.COUNTRY:
            return _country
        case Drawn.AGE:
            return lambda fact, _: formats.lately(fact) if fact else ""
        case Drawn.NUMBER:
            return lambda fact, _: UNKNOWN if fact is None else cells.among_others(fact)
        case Drawn.WARNING:
            return lambda fact, _: UNKNOWN if fact is None else cells.among_others(fact, Tone.WARN)
        case Status():
            return lambda fact, _: UNKNOWN if fact is None else cells.status_count(fact, drawn)
        case (
            Drawn.STATE
            | Drawn.DUE
            | Drawn.BAR
            | Drawn.TOTAL
            | Drawn.PHONE
            | Drawn.STATUS
            | Drawn.SPARK
        ):
            raise ValueError(f"{drawn.name} takes more than the fact")


def _country(region: str, width: int) -> Cell:
    name = country_name(region)
    return name if len(name) <= width else region


def heading_of(shown: Shown, told: str, *, plain: bool = False) -> dict[str, Any]:
    """The head of a column, for ``Column``; that of a status is its sign, or a word.

    ``told``: what its field is, where the column itself says nothing about it.
    """
    heading = {each.name: getattr(shown, each.name) for each in fields(Heading)}
    heading["help"] = shown.help or f"{capital(told)}."
    if isinstance(shown.drawn, Status):
        sign = status_sign(shown.drawn)
        title = _IN_SHORT.get(shown.drawn, sign.word.lower()) if plain else sign.glyph
        width = max(shown.width, len(title)) if plain else shown.width
        heading |= {"title": title, "width": width}
    elif shown.drawn in _WORDED and plain:
        heading |= {"width": _WORDED[shown.drawn], "flex": 0}
    elif shown.title == STALE.glyph and plain:
        heading |= {"title": STALE.word, "width": len("not found")}
    elif shown.drawn is Drawn.BAR and plain:
        heading |= {"width": len(shown.title), "flex": 0, "align": "right"}
    return heading


_WORDED = {Drawn.SPARK: 18, Drawn.AGE: 12}
"""What is told in words, or by its moment, for a screen reader; and the width that takes."""
_IN_SHORT = {Status.NOT_DELIVERED: "failed"}
