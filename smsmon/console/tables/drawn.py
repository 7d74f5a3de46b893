"""How a fact of a message or of a recipient looks in a cell: the one mapping. Pure."""

from __future__ import annotations

from smsmon.console import cells
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.lens import Lens
from smsmon.console.looks import DASH
from smsmon.filters.headings import Drawn
from smsmon.filters.messages import Fact
from smsmon.recipients import Status

UNKNOWN = Span(DASH, Tone.DIM)
"""Stands for a number that nobody knows: none is not nothing."""


def drawn_fact(fact: Fact, drawn: Drawn | Status, lens: Lens) -> Cell:
    """The cell of a fact, for all that is drawn from the fact alone."""
    number = fact if isinstance(fact, float | int) else None
    match drawn:
        case Drawn.MOMENT:
            return lens.moment(number)
        case Drawn.MINUTE:
            return Span(lens.minute(number), Tone.DIM)
        case Drawn.RATE:
            return cells.rate(number)
        case Status():
            return UNKNOWN if number is None else cells.tally(int(number), drawn)
        case Drawn.WARNING:
            if number is None:
                return UNKNOWN
            return Span(cells.count(int(number)), Tone.WARN if number else Tone.DIM)
    text = " ".join(fact) if isinstance(fact, tuple) else str(fact or "")
    return Span(text, _TONES.get(drawn, Tone.PLAIN))


_TONES = {Drawn.STRONG: Tone.STRONG, Drawn.DIM: Tone.DIM}
