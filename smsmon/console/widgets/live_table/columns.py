"""The columns of a live table: what they show, and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from smsmon.console.cells import Cell

R = TypeVar("R")

GAP = 1
"""Blank columns between two cells."""
GUTTER = 2
"""Columns on the left that hold the mark, its gap included."""


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column over rows of type ``R``."""

    name: str
    """Stable: what settings and ``sort_by`` call it."""
    title: str
    cell: Callable[[R, int], Cell]
    """What to show for a row in so many columns of width; longer text is cut."""
    width: int
    """The width at least; the width always, unless ``flex``."""
    flex: int = 0
    """The share of width left over that this column takes."""
    max_width: int = 0
    """No wider than this by ``flex``; 0 is no bound."""
    align: Literal["left", "right"] = "left"
    priority: int = 0
    """Where the width does not suffice, the column with the lowest is left out first."""
    sort_key: Callable[[R], Any] | None = None
    """A row's comparable value (or None: sorts last); needed where the source has no column."""
    sortable: bool = True
    descending: bool = False
    """The way it sorts when first chosen: the largest first."""
    help: str = ""


@dataclass(frozen=True)
class Placed(Generic[R]):
    """A column in its place on the line."""

    column: Column[R]
    x: int
    width: int

    @property
    def end(self) -> int:
        return self.x + self.width


def lay_out(columns: Sequence[Column[R]], available: int) -> tuple[Placed[R], ...]:
    """Share ``available`` columns of width; what does not fit is left out by priority.

    There is no scrolling sideways. Of equal priorities the rightmost goes first; one column
    always stays, cut if need be.
    """
    kept = list(columns)
    while len(kept) > 1 and _least(kept) > available:
        _, index = min((column.priority, -index) for index, column in enumerate(kept))
        del kept[-index]
    if not kept:
        return ()
    widths = [column.width for column in kept]
    _share(kept, widths, available - _least(kept))
    placed: list[Placed[R]] = []
    x = GUTTER
    for column, width in zip(kept, widths, strict=True):
        width = max(0, min(width, available - x))
        placed.append(Placed(column, x, width))
        x += width + GAP
    return tuple(placed)


def _least(columns: Sequence[Column[R]]) -> int:
    return GUTTER + sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _share(columns: Sequence[Column[R]], widths: list[int], spare: int) -> None:
    """Give ``spare`` to the flexible columns, by their shares, up to their bounds."""
    growing = [index for index, column in enumerate(columns) if column.flex]
    while spare > 0 and growing:
        shares = sum(columns[index].flex for index in growing)
        given = 0
        for index in list(growing):
            column = columns[index]
            more = max(1, spare * column.flex // shares)
            if column.max_width:
                more = min(more, max(0, column.max_width - widths[index]))
                if widths[index] + more >= column.max_width:
                    growing.remove(index)
            more = min(more, spare - given)
            widths[index] += more
            given += more
        spare -= given
