"""Painting one row of a live table, and which rows are tinted because they changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smsmon.console.cells import Tone, cut, fit, spans_of
from smsmon.console.live_table.content import GUTTER, Column, Placed
from smsmon.console.signs import ADDED, DOWNWARDS, MARKED, UPWARDS

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

_STEP = 0.5
"""Seconds: tints end at multiples of this, so that a burst calms down at once."""


def row_strip(
    row: R,
    placed: Sequence[Placed[R]],
    width: int,
    style_of: Callable[[Tone], Style],
    *,
    marked: bool = False,
    pointed: bool = False,
) -> Strip:
    """A row as one line ``width`` columns wide. Neighbours of one style share a segment."""
    sign = MARKED.glyph if marked else ADDED.glyph if pointed else " "
    tone = ADDED.tone if pointed and not marked else Tone.PLAIN
    pieces: list[tuple[str, Tone]] = [(sign.ljust(GUTTER), tone)]
    x = GUTTER
    for place in placed:
        if place.x > x:
            pieces.append((" " * (place.x - x), Tone.PLAIN))
        spans = spans_of(place.column.cell(row, place.width))
        pieces.extend(fit(spans, place.width, place.column.align))
        x = place.end
    if x < width:
        pieces.append((" " * (width - x), Tone.PLAIN))
    strip = Strip(_segments(pieces, style_of), max(x, width))
    return strip.crop(0, width) if x > width else strip


def header_strip(
    placed: Sequence[Placed[R]],
    width: int,
    style: Style,
    *,
    sort: str | None = None,
    reverse: bool = False,
) -> Strip:
    """The titles, with an arrow at the column that is sorted by."""
    line = " " * GUTTER
    for place in placed:
        line = line.ljust(place.x)
        title = _title(place.column, place.width, sort, reverse)
        line += "".join(span.text for span in fit(spans_of(title), place.width, place.column.align))
    return Strip([Segment(line, style)]).adjust_cell_length(width, style)


def _title(column: Column[R], width: int, sort: str | None, reverse: bool) -> str:
    """The title; the arrow stays when there is no room for both."""
    if column.name != sort:
        return column.title
    arrow = (DOWNWARDS if reverse else UPWARDS).glyph
    title = column.title
    if cell_len(title) + 2 > width:
        return cut(title, max(0, width - 1)) + arrow
    return f"{title} {arrow}"


def _segments(
    pieces: Sequence[tuple[str, Tone]], style_of: Callable[[Tone], Style]
) -> list[Segment]:
    """Joined as far as styles agree. Blanks have no look of their own: they join what is before."""
    segments: list[Segment] = []
    text, style = pieces[0][0], style_of(pieces[0][1])
    for more, tone in pieces[1:]:
        if more.isspace():
            text += more
            continue
        new = style_of(tone)
        if new == style or text.isspace():
            style = new
            text += more
        else:
            segments.append(Segment(text, style))
            text, style = more, new
    segments.append(Segment(text, style))
    return segments


def changed_width(old: Strip, new: Strip) -> int:
    """How much of a line must be painted, from the left; 0 when nothing differs.

    A terminal keeps what stands right of it.
    """
    before, after = list(old), list(new)
    width = new.cell_length
    if old.cell_length != width:
        return width
    while before and after and before[-1] == after[-1]:
        width -= after[-1].cell_length
        before.pop()
        after.pop()
    return width


def over(style: Style, *, foreground: bool = True, background: bool = True) -> Style:
    """The parts of a style that go over another: attributes, and the colours asked for."""
    kept = Style(bold=style.bold or None, italic=style.italic or None)
    kept += Style(underline=style.underline or None, reverse=style.reverse or None)
    return kept + Style(
        color=style.color if foreground else None,
        bgcolor=style.bgcolor if background else None,
    )


class Tints(Generic[K]):
    """The keys of rows that changed a moment ago, by a clock in seconds that never jumps."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[K, float] = {}
        self._batches: deque[tuple[float, set[K]]] = deque()

    def __contains__(self, key: object) -> bool:
        return key in self._until

    def __len__(self) -> int:
        return len(self._until)

    @property
    def next_calm(self) -> float | None:
        """When the next rows calm down; None when none is tinted."""
        return self._batches[0][0] if self._batches else None

    def add(self, keys: Iterable[K], now: float) -> None:
        """Tint ``keys`` from ``now`` on; those tinted already stay so for longer."""
        if self._seconds <= 0:
            return
        step = min(_STEP, self._seconds)
        until = -(-(now + self._seconds) // step) * step
        if not self._batches or self._batches[-1][0] < until:
            self._batches.append((until, set()))
        batch = self._batches[-1][1]
        for key in keys:
            self._until[key] = self._batches[-1][0]
            batch.add(key)

    def calm(self, now: float) -> None:
        """End the tints that are over."""
        while self._batches and self._batches[0][0] <= now:
            until, keys = self._batches.popleft()
            for key in keys:
                if self._until.get(key, now + 1) <= until:
                    del self._until[key]

    def clear(self) -> None:
        """No row is tinted."""
        self._until.clear()
        self._batches.clear()
