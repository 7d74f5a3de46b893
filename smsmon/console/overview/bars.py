"""Rows of bars: a name, a number, a rate, and a bar of what became of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from smsmon.console import cells
from smsmon.console.cells import Span, fit
from smsmon.console.looks import Tone
from smsmon.text import painted

_COUNT, _RATE, _GAP = 11, 7, 2
_LEAST_BAR = 10
_SHORTEST_NAME, _LONGEST_NAME = 12, 40
LEAST_WIDTH = _SHORTEST_NAME + _COUNT + _RATE + _GAP + _LEAST_BAR

GOOD, WAIT, BAD = ("━", Tone.GOOD), ("┈", Tone.WAIT), ("╳", Tone.BAD)
"""Glyph and tone of a part, as in the bars of the messages table: they read without colour."""
MARKED = ("━", Tone.WARN)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row."""

    name: str
    number: int
    rate: float | None
    """From 0 to 1; a dash for None."""
    parts: tuple[int, ...]
    """What the bar is made of; it is as long as they add up to."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The rows, the longest bar first, under what their columns are called."""

    names: str
    numbers: str
    rates: str
    parts: tuple[tuple[str, Tone], ...]
    """Glyph and tone of each part of a bar."""
    rows: tuple[Bar, ...]


def draw_bars(bars: Bars, width: int, height: int) -> list[list[Span]]:
    """``height`` lines of ``width`` columns; the last says how many rows found no room.

    Bars are as long as their share of the longest. Where there is room for twice the rows, a
    blank line stands between them.
    """
    if width < LEAST_WIDTH or height < 2:
        return []
    rows = bars.rows
    hidden = len(rows) - (height - 1)
    if hidden > 0:
        rows = rows[: height - 2]
    name = _name_width(bars, width)
    heading = f"{bars.names:<{name}}{bars.numbers:>{_COUNT}}{bars.rates:>{_RATE}}"
    drawn = [fit([Span(heading, Tone.DIM)], width)]
    longest = max((sum(bar.parts) for bar in rows), default=0)
    blank = fit([Span("")], width)
    airy = 2 * len(rows) < height
    for bar in rows:
        drawn += [blank] if airy else []
        drawn.append(_row(bars, bar, name, longest, width))
    if hidden > 0:
        drawn.append(fit([Span(f"and {hidden + 1:,} more", Tone.DIM)], width))
    return drawn + [blank] * (height - len(drawn))


def _name_width(bars: Bars, width: int) -> int:
    """As wide as the longest name, while bars have a quarter of ``width``."""
    longest = max((cell_len(painted(bar.name)) for bar in bars.rows), default=0) + 1
    room = width - _COUNT - _RATE - _GAP - max(_LEAST_BAR, width // 4)
    return max(_SHORTEST_NAME, min(_LONGEST_NAME, longest, room))


def _row(bars: Bars, bar: Bar, name: int, longest: int, width: int) -> list[Span]:
    total = sum(bar.parts)
    room = width - name - _COUNT - _RATE - _GAP
    length = max(1, round(room * total / longest)) if total else 0
    return fit(
        [
            *fit([Span(bar.name)], name),
            Span(f"{bar.number:>{_COUNT},}"),
            Span(f"{cells.rate(bar.rate):>{_RATE}}" + " " * _GAP, Tone.STRONG),
            *_pieces(bars.parts, cells.shares(bar.parts, length)),
        ],
        width,
    )


def _pieces(parts: Sequence[tuple[str, Tone]], lengths: Sequence[int]) -> list[Span]:
    pairs = zip(parts, lengths, strict=True)
    return [Span(glyph * length, tone) for (glyph, tone), length in pairs if length]
