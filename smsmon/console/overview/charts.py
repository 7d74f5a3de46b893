"""What a plot says, before anybody draws it: values, axes with human ticks, marks. Pure.

Coordinates run along the axes from 0 to 1: whoever draws needs to know no scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from math import ceil, log10

from rich.cells import cell_len

from smsmon.console import cells
from smsmon.console.cells import Span, fit
from smsmon.console.overview.figures import LONGEST
from smsmon.console.signs import BAR, STATUS_SIGNS, Tone
from smsmon.recipients import Status
from smsmon.text import painted

Ticks = tuple[tuple[float, str], ...]
"""Places along an axis and what stands there."""

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
class Trace:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    tone: Tone
    glyph: str = ""
    """Drawn at points apart from each other; empty: a thin line through all of them."""


@dataclass(frozen=True, slots=True)
class Histogram:
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
    layers: tuple[Trace | Histogram, ...]
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


def columns_seen(columns: Histogram, width: int) -> list[int | None]:
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


_COUNT, _RATE, _GAP = 11, 7, 2
_LEAST_BAR = 10
_SHORTEST_NAME, _LONGEST_NAME = 12, 40
LEAST_WIDTH = _SHORTEST_NAME + _COUNT + _RATE + _GAP + _LEAST_BAR

GOOD, WAIT, BAD = (
    (BAR[status], STATUS_SIGNS[status].tone)
    for status in (Status.DELIVERED, Status.WAITING, Status.NOT_DELIVERED)
)
"""Glyph and tone of a part, as in the bars of the messages table."""
COUNTED = (BAR[Status.DELIVERED], Tone.WARN)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row."""

    name: str
    number: int
    rate: float | None
    """From 0 to 1; a dash for None."""
    parts: tuple[int, ...]
    """What the bar is made of."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The rows, the largest number first, under what their columns are called."""

    names: str
    numbers: str
    rates: str
    parts: tuple[tuple[str, Tone], ...]
    """Glyph and tone of each part of a bar; none: no bars are drawn."""
    rows: tuple[Bar, ...]
    whole: bool = False
    """True: each bar takes the whole width, to be compared by its parts. Else it is as long as they
    add up to, as a share of the longest."""


def draw_bars(bars: Bars, width: int, height: int) -> list[list[Span]]:
    """``height`` lines of ``width`` columns; the last says how many rows found no room.

    Where there is room for twice the rows, a blank line stands between them.
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
    longest = 0 if bars.whole else max((sum(bar.parts) for bar in rows), default=0)
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
    length = max(1, round(room * total / (longest or total))) if total else 0
    return fit(
        [
            *fit([Span(bar.name)], name),
            Span(f"{bar.number:>{_COUNT},}"),
            Span(f"{cells.rate(bar.rate):>{_RATE}}" + " " * _GAP, Tone.STRONG),
            *(_pieces(bars.parts, cells.shares(bar.parts, length)) if bars.parts else ()),
        ],
        width,
    )


def _pieces(parts: Sequence[tuple[str, Tone]], lengths: Sequence[int]) -> list[Span]:
    pairs = zip(parts, lengths, strict=True)
    return [Span(glyph * length, tone) for (glyph, tone), length in pairs if length]
