"""What can be done to a live table's rows, and how they keep their place while it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from textual.timer import Timer

from smsmon.console.widgets.live_table import messages
from smsmon.console.widgets.live_table.columns import Column
from smsmon.console.widgets.live_table.rows import Rows, each_or
from smsmon.console.widgets.live_table.surface import TableSurface
from smsmon.console.widgets.live_table.view import Accepts

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

_MANY = 5_000
"""With more rows changed at once than this, only those in sight are tinted: it would take memory
for what is calm again before anybody gets there."""


class SteadyTable(TableSurface[K, R], Generic[K, R]):
    """Rows that change while cursor, marks and scroll stay on their keys."""

    _tint_timer: Timer | None = None

    def on_mount(self) -> None:
        if self.view.cursor is not None:
            self.post_message(messages.Highlighted(self, self.view.cursor))

    # Rows

    @property
    def rows(self) -> Rows[K, R]:
        """Where the rows come from."""
        return self._rows

    def set_source(self, rows: Rows[K, R], keys: Sequence[K], *, cursor: K | None = None) -> None:
        """Show other rows: marks and tints are gone, the cursor is at the top or on ``cursor``.

        Sort and filter stay as they are. ``cursor`` brings back a place left before.
        """
        self._rows = rows
        self._tints.clear()
        self._strips.clear()
        with self._told(anyhow=True):
            self.view.mark(list(self.view.marks), on=False)
            self.view.load(())
            self.view.load(keys, cursor=cursor)
            self._resize_virtual()
            self.scroll_to(y=0, animate=False, force=True)
            self._show_cursor()
            self._later()

    def load(self, keys: Sequence[K]) -> None:
        """These are the rows now; cursor, marks and scroll stay on those that were there.

        Rows that were there and look different now are told by ``touch`` or ``repaint``.
        """
        with self._steady():
            self.view.load(keys)

    def touch(self, keys: Iterable[K], *, tint: bool = True) -> None:
        """These rows changed: paint them again, move them where the sort wants them."""
        keys = keys if isinstance(keys, Collection) else list(keys)
        for key in keys:
            self._strips.pop(key, None)
        if tint:
            self._tint(keys)
        with self._steady():
            self.view.touch(keys)

    def add_rows(self, keys: Iterable[K], *, tint: bool = True) -> None:
        """Rows that are new, appended to the source; sort and filter put them in their place."""
        keys = keys if isinstance(keys, Collection) else list(keys)
        if tint:
            self._tint(keys)
        with self._steady():
            self.view.add(keys)

    def remove_rows(self, keys: Iterable[K]) -> None:
        """Rows that are gone."""
        keys = list(keys)
        for key in keys:
            self._strips.pop(key, None)
        with self._steady():
            self.view.remove(keys)

    # Order and filter

    @property
    def sort(self) -> tuple[str | None, bool]:
        """The column sorted by (None: the order of the source), and whether downwards."""
        return self._sort, self._reverse

    def sort_by(self, column: str | None, *, reverse: bool = False) -> None:
        """Sort by a column's name; None is the order of the source. Raises KeyError."""
        chosen = None if column is None else self._columns[column]
        self._sort, self._reverse = column, reverse and column is not None
        self._header = None
        with self._steady():
            if chosen is None:
                self.view.sort_by(None)
            else:
                values_of = self._values_of(chosen)
                self.view.sort_by(values_of, reverse=reverse)
        self.post_message(messages.SortChanged(self, column, self._reverse))

    def set_filter(self, accepts: Accepts[K] | None) -> None:
        """Show the rows for which ``accepts(keys)`` gives a true value each; None shows all."""
        with self._steady():
            self.view.set_filter(None if accepts is None else each_or(accepts, False))

    def filter_rows(self, predicate: Callable[[R], bool]) -> None:
        """Show the rows that ``predicate`` is true of; asks row by row, for small tables."""
        self.set_filter(lambda keys: [predicate(self._rows.row(key)) for key in keys])

    @property
    def frozen(self) -> bool:
        """While True, rows that change neither move nor leave; they are painted as they are."""
        return self.view.frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        with self._steady():
            self.view.frozen = frozen

    # Cursor and marks

    @property
    def cursor_key(self) -> K | None:
        """The key of the cursor's row; None when no row is shown."""
        return self.view.cursor

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor; None when there is none, or it is gone already."""
        try:
            return None if self.view.cursor is None else self._rows.row(self.view.cursor)
        except LookupError:
            return None

    def move_to_key(self, key: K) -> bool:
        """Put the cursor on a row; False when it is not shown."""
        with self._told():
            moved = self.view.move_to_key(key)
            if moved:
                self._show_cursor()
                self._later()
        return moved

    @property
    def marks(self) -> Set[K]:
        """The marked keys, those hidden by the filter included."""
        return self.view.marks

    @property
    def acted_on(self) -> list[K]:
        """What an action is meant for: the marked rows, or the cursor's row if none is."""
        if self.view.marks:
            marks = self.view.marks
            return [key for key in self.view.keys if key in marks]
        return [] if self.view.cursor is None else [self.view.cursor]

    def mark(self, keys: Iterable[K], on: bool = True) -> None:
        """Mark (or unmark) rows."""
        with self._told():
            self.view.mark(keys, on)
            self._later()

    # Keeping things in their place

    @contextmanager
    def _told(self, *, anyhow: bool = False) -> Iterator[None]:
        """Post what changed about cursor and marks; ``anyhow``: the same key is another row."""
        cursor, marks = self.view.cursor, len(self.view.marks)
        yield
        if anyhow or self.view.cursor != cursor:
            self.post_message(messages.Highlighted(self, self.view.cursor))
        if len(self.view.marks) != marks:
            self.post_message(messages.MarksChanged(self, len(self.view.marks)))

    @contextmanager
    def _steady(self) -> Iterator[None]:
        """Keep the cursor's row on its screen line, or the top row if the cursor is not in view."""
        view, top = self.view, self._top
        line = view.cursor_index - top
        in_view = 0 <= line < self._page
        anchor = None if in_view or top >= len(view) else view[top]
        with self._told():
            yield
            self._resize_virtual()
            if in_view:
                top = view.cursor_index - line
            elif anchor is not None:
                found = view.index(anchor)
                top = top if found is None else found
            if top != self._top:
                self.scroll_to(y=max(0, top), animate=False, force=True)
            self._later()

    def _values_of(self, column: Column[R]) -> Callable[[Sequence[K]], Sequence[Any]]:
        def values_of(keys: Sequence[K]) -> Sequence[Any]:
            values = self._rows.values(column.name, keys)
            if values is not None:
                return values
            sort_key = column.sort_key
            if sort_key is None:
                raise ValueError(f"column {column.name!r} has nothing to be sorted by")
            return [sort_key(self._rows.row(key)) for key in keys]

        return each_or(values_of, None)

    # Tints

    def _tint(self, keys: Collection[K]) -> None:
        if self.is_attached:
            if len(keys) > _MANY:
                changed = frozenset(keys)
                shown = self.view.window(self._top, self._top + self._page)
                keys = [key for key in shown if key in changed]
            self._tints.add(keys, self._now())
            self._await_calm()

    def _await_calm(self) -> None:
        due = self._tints.next_calm
        if due is not None and self._tint_timer is None:
            self._tint_timer = self.set_timer(max(0.01, due - self._now()), self._calm)

    def _calm(self) -> None:
        self._tint_timer = None
        self._tints.calm(self._now())
        self._later()
        self._await_calm()
