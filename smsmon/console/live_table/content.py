"""What a live table is given: rows by key, and columns that share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar

from smsmon.console.cells import Cell
from smsmon.filters.fields import Heading

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
K_contra = TypeVar("K_contra", contravariant=True)

GAP = 1
"""Blank columns between two cells; one more after ``GAPS_TURN``, and one after the last turn."""
GAPS_TURN = 3
"""The turn (``Column.flex``) after which width left over goes between the columns."""
NEEDED = 75
"""The priority from which a column comes before the wishes of others."""
_EMPTY = 1_000
"""More than any priority: what a column with nothing to tell is worth less."""
GUTTER = 2
"""Columns on the left that hold the mark, its gap included."""


class Rows(Protocol[K_contra, R_co]):
    """Gives rows one by one to paint, and whole columns of values to sort by.

    Rows are asked for only when they are painted, so building one may cost a little.
    """

    def row(self, key: K_contra, /) -> R_co:
        """The row as it is now. ``key`` is one that was loaded.

        Raises LookupError when it is gone meanwhile: its line is blank until the table is told.
        """
        ...

    def values(self, column: str, keys: Sequence[K_contra], /) -> Sequence[Any] | None:
        """The values to sort ``column`` by, one for each key; None where a row has none.

        Give ``bytes`` (small numbers) or an ``array`` where there is one: 100,000 sort several
        times faster. None instead of a sequence: the column's ``sort_key`` is asked, row by row.
        """
        ...


class MappedRows(Generic[K, R]):
    """Rows that are values of a mapping; each column sorts by its ``sort_key``."""

    def __init__(self, rows: Mapping[K, R]) -> None:
        self._rows = rows

    def row(self, key: K, /) -> R:
        return self._rows[key]

    def values(self, _column: str, _keys: Sequence[K], /) -> None:
        """No columns here."""
        return


def each_or(
    give: Callable[[Sequence[K]], Sequence[Any]], missing: object
) -> Callable[[Sequence[K]], Sequence[Any]]:
    """``give``, but ``missing`` for the keys it raises LookupError for: rows just gone."""

    def given(keys: Sequence[K]) -> Sequence[Any]:
        try:
            return give(keys)
        except LookupError:
            return [one(key) for key in keys]

    def one(key: K) -> Any:
        try:
            return give([key])[0]
        except LookupError:
            return missing

    return given


@dataclass(frozen=True)
class Column(Heading, Generic[R]):
    """One column over rows of type ``R``."""

    cell: Callable[[R, int], Cell]
    """What to show for a row in so many columns of width; longer text is cut."""
    sort_key: Callable[[R], Any] | None = field(default=None, kw_only=True)
    """A row's comparable value (or None: sorts last); needed where the source has no column."""
    sortable: bool = field(default=True, kw_only=True)


@dataclass(frozen=True)
class Placed(Generic[R]):
    """A column in its place on the line."""

    column: Column[R]
    x: int
    width: int

    @property
    def end(self) -> int:
        return self.x + self.width


def usual_columns(columns: Iterable[Column[R]]) -> tuple[str, ...]:
    """The names of those that are shown before anybody chose."""
    return tuple(column.name for column in columns if not column.spare)


def lay_out(
    columns: Sequence[Column[R]], available: int, empty: Container[str] = ()
) -> tuple[Placed[R], ...]:
    """Share ``available`` columns of width; what does not fit is left out by priority.

    There is no scrolling sideways. Of equal priorities the rightmost goes first, and those whose
    names are in ``empty`` before all others; one column always stays, cut if need be.
    """
    worth = {each.name: each.priority - _EMPTY * (each.name in empty) for each in columns}
    kept = list(columns)
    while len(kept) > 1:
        priority, index = min((worth[column.name], -index) for index, column in enumerate(kept))
        wished = sum(max(0, each.wish - each.width) for each in kept) if priority < NEEDED else 0
        if _least(kept) + wished <= available:
            break
        del kept[-index]
    if not kept:
        return ()
    spare = available - _least(kept)
    widths = [column.width for column in kept]
    for index, column in enumerate(kept):
        more = min(spare, max(0, column.wish - column.width))
        widths[index] += more
        spare -= more
    between, gap = max(1, len(kept) - 1), GAP
    for turn in sorted({GAPS_TURN, 0} | {column.flex for column in kept}, reverse=True):
        if turn:
            spare = _share(kept, turn, widths, spare)
        if turn in (GAPS_TURN, 0):
            wider = min(1, max(0, spare) // between)
            gap, spare = gap + wider, spare - wider * between
    placed: list[Placed[R]] = []
    x = GUTTER
    for column, width in zip(kept, widths, strict=True):
        if placed:
            x += gap + _apart(placed[-1].column, column)
        width = max(0, min(width, available - x))
        placed.append(Placed(column, x, width))
        x += width
    return tuple(placed)


def _least(columns: Sequence[Column[R]]) -> int:
    apart = sum(GAP + _apart(left, right) for left, right in pairwise(columns))
    return GUTTER + sum(column.width for column in columns) + apart


def _apart(left: Column[R], right: Column[R]) -> int:
    """Blanks needed besides the gap: texts that meet at it must not be read as one."""
    return int(left.align == "right" and right.align == "left")


def _share(columns: Sequence[Column[R]], turn: int, widths: list[int], spare: int) -> int:
    """Share ``spare`` evenly among the columns of one turn, up to their bounds; what is left."""
    growing = [index for index, column in enumerate(columns) if column.flex == turn]
    while spare > 0 and growing:
        each = max(1, spare // len(growing))
        for index in list(growing):
            bound = columns[index].max_width or widths[index] + spare
            more = min(each, spare, max(0, bound - widths[index]))
            widths[index] += more
            spare -= more
            if widths[index] >= bound:
                growing.remove(index)
    return spare
