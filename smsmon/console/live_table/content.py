"""What a live table is given: rows by key, and columns that share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from rich.cells import cell_len

from smsmon.console.cells import Cell, spans_of
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
_LOOK = 500
"""Rows that are asked at once whether a column has something to tell; so many are measured."""
_ANY = 10_000
"""A width that no screen has."""
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

    def values(self, column: str, keys: Sequence[K_contra], /) -> Sequence[Any] | None:
        """The values to sort ``column`` by, one for each key; None where a row has none.

        Give ``bytes`` (small numbers) or an ``array`` where there is one: 100,000 sort several
        times faster. None instead of a sequence: the column's ``sort_key`` is asked, row by row.
        """


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
    measured: bool = field(default=False, kw_only=True)
    """It wishes for the width of its longest cell, within ``max_width``, and ``flex`` makes it no
    wider than that: for texts of some hundred rows, which are all looked at."""


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
    columns: Sequence[Column[R]],
    available: int,
    empty: Container[str] = (),
    needs: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Placed[R], ...]:
    """Share ``available`` columns of width; what does not fit is left out by priority.

    There is no scrolling sideways. Of equal priorities the rightmost goes first, and those whose
    names are in ``empty`` before all others; one column always stays, cut if need be. ``needs``
    are the widths of the longest cells, of the columns that are measured.
    """
    worth = {each.name: each.priority - _EMPTY * (each.name in empty) for each in columns}
    kept = list(columns)
    while len(kept) > 1:
        priority, index = min((worth[column.name], -index) for index, column in enumerate(kept))
        last, wished = kept[-index], 0
        if priority < NEEDED:  # it takes nothing that others wish for; its own text may be cut
            wished = sum(_wish(it, {} if it is last else needs) - it.width for it in kept)
        if _least(kept) + wished <= available:
            break
        del kept[-index]
    if not kept:
        return ()
    widths = [column.width for column in kept]
    spare = _share([_wish(each, needs) for each in kept], widths, available - _least(kept))
    between, gap = max(1, len(kept) - 1), GAP
    for turn in sorted({GAPS_TURN, 0} | {column.flex for column in kept}, reverse=True):
        if turn:
            bounds = [_bound(it, needs) if it.flex == turn else 0 for it in kept]
            spare = _share(bounds, widths, spare)
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


def _wish(column: Column[R], needs: Mapping[str, int]) -> int:
    """The width it should have before others grow: no less than its least."""
    needed = min(needs.get(column.name, 0), column.max_width or _ANY)
    return max(column.width, column.wish, needed)


def _bound(column: Column[R], needs: Mapping[str, int]) -> int:
    """The width that it has no use for more than, when its turn comes."""
    return needs.get(column.name, 0) if column.measured else column.max_width or _ANY


def _share(bounds: Sequence[int], widths: list[int], spare: int) -> int:
    """Share ``spare`` evenly among columns that are less wide than their bounds; what is left."""
    while spare > 0 and (
        growing := [place for place, bound in enumerate(bounds) if widths[place] < bound]
    ):
        each = max(1, spare // len(growing))
        for place in growing:
            more = min(each, spare, bounds[place] - widths[place])
            widths[place] += more
            spare -= more
    return spare


class TableContent(Generic[K, R]):
    """The rows of a table, and the columns of them that are shown."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        rows: Rows[K, R] | None,
        keys: Callable[[], Sequence[K]],
    ) -> None:
        """``keys`` gives those of all rows, shown or not."""
        self.rows: Rows[K, R] = rows if rows is not None else MappedRows({})
        self.columns = {column.name: column for column in columns}
        self.chosen = usual_columns(columns)
        """The names of the columns to show, in their order."""
        self._keys = keys
        self._needs: dict[str, int] = {}
        """The widths of the longest cells, which shrink when the size or the choice changes."""
        self._filled: set[str] = set()
        """The columns, of those that may be empty, that have something to tell. One that has it no
        longer stays among them until the size or the choice changes: nothing comes and goes."""

    def choose(self, names: Iterable[str]) -> None:
        """Show these columns in this order. Names nobody knows are passed over;
        of none, the usual ones are shown."""
        known = tuple(name for name in dict.fromkeys(names) if name in self.columns)
        self.chosen = known or usual_columns(self.columns.values())
        self._filled.clear()
        self._needs.clear()
        self.note(self._keys())

    def offer(self, columns: Sequence[Column[R]]) -> None:
        """Have these columns to choose from; the usual ones stay the usual ones."""
        was_usual = self.chosen == usual_columns(self.columns.values())
        self.columns = {column.name: column for column in columns}
        self.choose(usual_columns(columns) if was_usual else self.chosen)

    def placed(self, width: int) -> tuple[Placed[R], ...]:
        """The columns in their places on lines of this width."""
        columns = [self.columns[name] for name in self.chosen]
        return lay_out(columns, width, {it.name for it in self._unfilled(columns)}, self._needs)

    def with_room(self, names: Iterable[str], width: int) -> frozenset[str]:
        """Those of these columns that would be shown on lines of this width."""
        columns = [self.columns[name] for name in names]
        empty = self.without_values(names)
        return frozenset(it.column.name for it in lay_out(columns, width, empty, self._needs))

    def without_values(self, names: Iterable[str]) -> frozenset[str]:
        """Those of these columns that have nothing to tell of any row: they give way first."""
        columns = [self.columns[name] for name in names]
        unknown = [it for it in columns if it.may_be_empty and it.name not in self.chosen]
        empty = {it.name for it in unknown if not any(self.values_of(it)(self._keys()))}
        return frozenset(empty | {it.name for it in self._unfilled(columns) if it not in unknown})

    def _unfilled(self, columns: Iterable[Column[R]]) -> list[Column[R]]:
        """Those of ``columns`` that have had nothing to tell so far."""
        return [it for it in columns if it.may_be_empty and it.name not in self._filled]

    def note(self, keys: Sequence[K]) -> bool:
        """Of these rows columns may have something to tell that had nothing, or longer texts than
        there were; True if one has."""
        unfilled = self._unfilled(self.columns[name] for name in self.chosen)
        found = {column.name for column in unfilled if self._tells(column, keys)}
        self._filled |= found
        return self._measure(keys) or bool(found)

    def note_anew(self) -> None:
        """Find which columns have nothing to tell any more (which have by now was noted), and how
        long texts are by now."""
        filled = [self.columns[name] for name in self.chosen if name in self._filled]
        self._filled = {column.name for column in filled if self._tells(column, self._keys())}
        self._needs.clear()
        self._measure(self._keys())

    def _measure(self, keys: Sequence[K]) -> bool:
        """Note how long the longest cells are; True where one is longer than any before."""
        before = dict(self._needs)
        for column in (self.columns[name] for name in self.chosen):
            if column.measured:
                widths = each_or(partial(self._widths, column), 0)(keys[:_LOOK])
                self._needs[column.name] = max(before.get(column.name, 0), *widths, 0)
        return self._needs != before

    def _widths(self, column: Column[R], keys: Sequence[K]) -> list[int]:
        cells = (spans_of(column.cell(self.rows.row(key), _ANY)) for key in keys)
        return [sum(cell_len(span.text) for span in spans) for spans in cells]

    def _tells(self, column: Column[R], keys: Sequence[K]) -> bool:
        """True where one of these rows has something to tell; most often one of the first has."""
        values_of = self.values_of(column)
        portions = (keys[at : at + _LOOK] for at in range(0, len(keys), _LOOK))
        return any(any(values_of(portion)) for portion in portions)

    def values_of(self, column: Column[R]) -> Callable[[Sequence[K]], Sequence[Any]]:
        """What gives the values that rows are sorted by in this column."""

        def values_of(keys: Sequence[K]) -> Sequence[Any]:
            values = self.rows.values(column.name, keys)
            if values is not None:
                return values
            sort_key = column.sort_key
            if not keys:
                return ()
            if sort_key is None:
                raise ValueError(f"column {column.name!r} has nothing to be sorted by")
            return [sort_key(self.rows.row(key)) for key in keys]

        return each_or(values_of, None)
