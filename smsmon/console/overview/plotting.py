"""Drawing a chart in characters, with plotext.

Importing this module loads plotext (15 ms after Textual): only what draws imports it.
Plotext is asked for plain marks in numbered colours; what those are is the theme's business.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual_plotext import Plot

from smsmon.console.cells import Span, fit
from smsmon.console.overview.charts import (
    Chart,
    Histogram,
    Mark,
    Trace,
    columns_seen,
    stacked,
    steps_up,
)
from smsmon.console.signs import FULL, FULL_NOT_DELIVERED, LEVELS, RIGHT_KEY, UP_KEY, Tone
from smsmon.console.terminal.private import set_plot_size

_COLOURS = {tone: number for number, tone in enumerate(Tone, start=16)}
"""Numbers from the 256 colours; none of them reaches a terminal."""
_TONES = {f"38;5;{number}": tone for tone, number in _COLOURS.items()}
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_THIN = "braille"
_AXIS_LINES = 3
"""Lines that the axis of x takes: itself, its ticks, what it counts."""
_APART = 2
"""Columns between two glyphs of a curve that is drawn with them."""
LEAST_WIDTH, LEAST_HEIGHT = 24, 6
"""Below it axes leave no room for what they measure."""


def draw(chart: Chart, width: int, height: int) -> list[list[Span]]:
    """``height`` lines of ``width`` columns; empty where that is too small."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return []
    plot = Plot()
    plot.theme("clear")
    set_plot_size(plot, width, height - 1)
    room = height - _AXIS_LINES
    step, apart = steps_up(chart.y_top, room - 1)
    words = [f"{at:,}{chart.y_unit}" for at in range(0, chart.y_top + 1, step)]
    canvas = _Canvas(
        plot,
        across=width - max(map(len, words)) - 1,
        rows=(len(words) - 1) * apart + 1,
        room=room,
    )
    canvas.axes(chart, words)
    if chart.ceiling is not None:
        plot.hline(canvas.y(chart.ceiling), _COLOURS[Tone.DIM])
    for layer in chart.layers:
        if isinstance(layer, Histogram):
            canvas.columns(layer)
        else:
            canvas.curve(layer)
    for place, mark in enumerate(chart.marks):
        canvas.mark(mark, place)
    return [*_rows(plot.build(), width), _labels(chart, width)]


@dataclass(frozen=True, slots=True)
class _Canvas:
    """The part of a plot that lies between its axes, ``across`` by ``rows`` characters."""

    plot: Plot
    across: int
    rows: int
    """Up to the end of the axis of y."""
    room: int
    """All rows there are: those above the end of the axis show nothing but words."""

    def x(self, at: float) -> float:
        return at * (self.across - 1)

    def y(self, at: float) -> float:
        return at * (self.rows - 1)

    def axes(self, chart: Chart, up: Sequence[str]) -> None:
        """``up``: what stands at the ticks of y, evenly from 0 to its end."""
        plot, apart = self.plot, (self.rows - 1) // (len(up) - 1)
        plot.xaxes(True, False)
        plot.yaxes(True, False)
        plot.ticks_color(_COLOURS[Tone.DIM])
        plot.xlim(0, self.across - 1)
        plot.ylim(0, self.room - 1)
        plot.xticks([self.x(at) for at, _ in chart.x_ticks], [word for _, word in chart.x_ticks])
        plot.yticks([place * apart for place in range(len(up))], list(up))

    def columns(self, columns: Histogram) -> None:
        lower: dict[int, int] = {}
        upper: list[tuple[int, int]] = []
        tops: defaultdict[tuple[str, Tone], list[tuple[int, int]]] = defaultdict(list)
        for x, column in enumerate(columns_seen(columns, self.across)):
            if column is None:
                continue
            failed = columns.upper[column] if columns.upper else 0
            low, above, rest = stacked(columns.heights[column], failed, self.rows)
            if low:
                lower[x] = low - 1
            upper += [(x, y) for y in range(low, low + above)]
            if rest:
                tone = Tone.BAD if above else columns.tone
                tops[LEVELS[rest - 1], tone].append((x, low + above))
        self._points(lower.items(), FULL, columns.tone, fillx=True)
        self._points(upper, FULL_NOT_DELIVERED, Tone.BAD)
        for (glyph, tone), points in tops.items():
            self._points(points, glyph, tone)

    def curve(self, curve: Trace) -> None:
        points = [(self.x(x), self.y(y)) for x, y in curve.points]
        if curve.glyph:
            by_column = {int(x + 0.5): y for x, y in points}
            apart = [(x, y) for x, y in by_column.items() if x % _APART == 0]
            self._points(apart, curve.glyph, curve.tone)
        else:
            self.plot.plot(*zip(*points, strict=True), marker=_THIN, color=_COLOURS[curve.tone])

    def mark(self, mark: Mark, place: int) -> None:
        """The line, and its word one row lower for each mark: neighbours must not overwrite it."""
        x = round(self.x(mark.at))
        self.plot.vline(x, _COLOURS[Tone.STRONG])
        right = x + 1 + len(mark.word) < self.across
        self.plot.text(
            f" {mark.word}" if right else f"{mark.word} ",
            x + 1 if right else x - 1,
            self.room - 1 - place,
            color=_COLOURS[Tone.STRONG],
            alignment="left" if right else "right",
        )

    def _points(
        self, points: Iterable[tuple[float, float]], glyph: str, tone: Tone, *, fillx: bool = False
    ) -> None:
        if points := list(points):
            x, y = zip(*points, strict=True)
            self.plot.scatter(x, y, marker=glyph, color=_COLOURS[tone], fillx=fillx)


def _labels(chart: Chart, width: int) -> list[Span]:
    """What the axes count: under the one its end is nearest to, with an arrow along it."""
    up, right = f"{UP_KEY} {chart.y_label}", f"{chart.x_label} {RIGHT_KEY}"
    between = width - len(up) - len(right)
    if between < 1:
        return fit([Span(up, Tone.DIM)], width)
    return [Span(up + " " * between + right, Tone.DIM)]


def _rows(text: str, width: int) -> list[list[Span]]:
    """Plotext's output, its escape sequences read back into tones: none is passed on."""
    rows = []
    for line in text.rstrip("\n").split("\n"):
        row: list[Span] = []
        tone = Tone.PLAIN
        for place, piece in enumerate(_SGR.split(line)):
            if place % 2:
                tone = _TONES.get(piece, Tone.PLAIN)
            elif piece:
                row.append(Span(piece, tone))
        rows.append(fit(row, width))
    return rows
