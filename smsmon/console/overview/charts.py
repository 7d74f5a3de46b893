"""What a plot says, before anybody draws it: values, axes with human ticks, marks. Pure.

Coordinates run along the axes from 0 to 1: whoever draws needs to know no scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from math import ceil, log10

from smsmon.console.looks import Tone
from smsmon.console.overview.figures import LONGEST

Ticks = tuple[tuple[float, str], ...]
"""Places along an axis and what stands there."""

DELIVERED_GLYPH, NOT_DELIVERED_GLYPH = "█", "▓"
"""Told apart without any colour."""
OTHER_GLYPH, FAILED_GLYPH = "·", "x"
"""Of curves that are drawn with glyphs."""

_MOST_STEPS = 6
_COARSE = 0.6
"""The share of the rows that may be lost for ticks: so much between one step and very many."""
_LEAST_APART = 2
"""Rows between two ticks: no axis is written on in every row."""
_DURATION_TICKS = (
    (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (36_000, "10 h"),
    (172_800, "48 h"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    tone: Tone
    glyph: str = ""
    """Drawn at points apart from each other; empty: a thin line through all of them."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns from the bottom up, side by side; one of no height is not drawn."""

    edges: tuple[float, ...]
    """Where they begin, and where the last one ends: one more than there are heights."""
    heights: tuple[float, ...]
    tone: Tone
    upper: tuple[float, ...] = ()
    """How much of each height, at its top, is not delivered; empty: nothing of it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A thin upright line with a word to it."""

    at: float
    word: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot. What is drawn later stands before what is drawn earlier."""

    x_label: str
    """What the axis counts, and its unit."""
    y_label: str
    x_ticks: Ticks
    y_top: int
    """Where the axis ends that begins at 0; who draws it picks the ticks for the room there is."""
    layers: tuple[Curve | Columns, ...]
    y_unit: str = ""
    marks: tuple[Mark, ...] = ()
    ceiling: float | None = None
    """Where a thin level line lies."""


def along_durations(seconds: float) -> float:
    """The place of a duration on the logarithmic axis from one second to ``LONGEST``."""
    return min(1.0, log10(max(1.0, seconds)) / log10(LONGEST))


DURATION_TICKS: Ticks = tuple((along_durations(at), word) for at, word in _DURATION_TICKS)


def round_top(most: float) -> int:
    """The end of an axis of counts that reach to ``most``: one to five steps of 1, 2 or 5."""
    step = next(step for step in _round_numbers() if step * 5 >= most)
    return step * max(1, ceil(most / step))


def steps_up(top: int, rows: int) -> tuple[int, int]:
    """How an axis from 0 to ``top`` is ticked within ``rows`` rows above its first: what lies
    between two ticks, and how many rows are between them.

    They are as many everywhere, so some rows at the top may be left over: few rows are lost, or
    many ticks kept, whichever tells more.
    """

    def cost(count: int) -> float:
        return (rows - rows // count * count) / rows + _COARSE / count

    counts = [count for count in range(2, _MOST_STEPS + 1) if _round_step(top, count)]
    best = min([1, *(count for count in counts if rows // count >= _LEAST_APART)], key=cost)
    return top // best, rows // best


def _round_step(top: int, count: int) -> bool:
    """True when ``top`` is ``count`` steps of 1, 2, 5 or 25, or ten, a hundred… times as much."""
    step, left = divmod(top, count)
    return not left and str(step).rstrip("0") in ("1", "2", "5", "25")


def _round_numbers() -> Iterable[int]:
    tens = 1
    while True:
        yield from (tens, 2 * tens, 5 * tens)
        tens *= 10


def time_ticks(start: float, seconds: float, every: int, zone: tzinfo) -> Ticks:
    """Ticks of the wall clock: each time of day that ``every`` seconds divide, in ``zone``.

    Midnight is written as its date.
    """
    ticks = []
    for minute in range(ceil(start / 60), int(start + seconds) // 60 + 1):
        then = datetime.fromtimestamp(minute * 60, zone)
        if (then.hour * 60 + then.minute) % (every // 60) == 0:
            word = f"{then:%H:%M}" if then.hour or then.minute else f"{then.day} {then:%b}"
            ticks.append(((minute * 60 - start) / seconds, word))
    return tuple(ticks)


def even_edges(count: int) -> tuple[float, ...]:
    """The edges of ``count`` columns that share the axis evenly."""
    return tuple(place / count for place in range(count + 1))


def columns_seen(columns: Columns, width: int) -> list[int | None]:
    """Which column each of ``width`` characters shows; None where there is none.

    It is the one in its middle; where there is no room for all, the highest of those it
    covers, so that no peak gets lost.
    """
    seen: list[int | None] = [None] * width
    edges: Sequence[float] = columns.edges
    for column, (low, high) in enumerate(pairwise(edges)):
        first = max(0, ceil(low * width - 0.5))
        last = ceil(high * width - 0.5)
        if first >= last:  # narrower than a character
            first = min(width - 1, int(low * width))
            last = first + 1
        for place in range(first, min(last, width)):
            before = seen[place]
            if before is None or columns.heights[before] < columns.heights[column]:
                seen[place] = column
    return seen


def stacked(height: float, upper: float, rows: int) -> tuple[int, int, int]:
    """A column in characters: full rows of its lower part, of its upper part, and the eighths
    of a row that come on top.

    What is not nothing has at least an eighth; the upper part gets the rows nearest to its
    share, which may be none.
    """
    eighths = min(8 * rows, max(1, round(height * rows * 8))) if height > 0 else 0
    full, rest = divmod(eighths, 8)
    above = min(full, round(upper * rows)) if upper > 0 else 0
    return full - above, above, rest
