"""The live table: what can be done to its rows, by key, by mouse and by program."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from smsmon.console.actions import TABLE_ACTIONS, bindings
from smsmon.console.live_table.arranged import Accepts
from smsmon.console.live_table.content import Column, Rows, each_or
from smsmon.console.live_table.surface import HEADER, TableSurface
from smsmon.console.live_table.view import Marking

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class LiveTable(TableSurface[K, R], Generic[K, R], can_focus=True, inherit_bindings=False):
    """Rows that change while cursor, marks and scroll stay on their keys.

    See the package for how to use it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(TABLE_ACTIONS),
        Binding("enter", "select", show=False),
    ]

    class TableMessage(Message):
        """Something happened in one live table."""

        def __init__(self, table: LiveTable[Any, Any]) -> None:
            super().__init__()
            self.table = table
            # Else the sender is whoever is at work, and what its parent sends ends at its parent.
            self.set_sender(table)

        @property
        def control(self) -> LiveTable[Any, Any]:
            """The table, for ``@on`` selectors."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """One of the same kind is enough, unless rows were opened."""
            told = isinstance(message, LiveTable.TableMessage) and message.table is self.table
            return told and type(message) is type(self) is not LiveTable.Selected

    class Highlighted(TableMessage):
        """The cursor is on another row; None: there is no row."""

        def __init__(self, table: LiveTable[Any, Any], key: Hashable | None) -> None:
            super().__init__(table)
            self.key = key

    class Selected(TableMessage):
        """A row was opened, with enter or a double click."""

        def __init__(self, table: LiveTable[Any, Any], key: Hashable) -> None:
            super().__init__(table)
            self.key = key

    class SortChanged(TableMessage):
        """The table is sorted by ``table.sort``."""

    class MarksChanged(TableMessage):
        """Other rows are marked or pointed out, or none."""

    _mark_from: K | None = None
    """The row that was marked last: where a range begins."""
    marked: Callable[[Marking[Any]], object] = staticmethod(lambda _: None)
    """Called with what the operator marked, or marks no longer."""

    def on_mount(self) -> None:
        if self.view.cursor is not None:
            self.post_message(self.Highlighted(self, self.view.cursor))

    # Rows

    @property
    def rows(self) -> Rows[K, R]:
        """Where the rows come from."""
        return self._content.rows

    def set_source(self, rows: Rows[K, R], keys: Sequence[K]) -> None:
        """Show other rows: marks and tints are gone, the cursor is at the top.

        Sort and filter stay as they are.
        """
        self._content.rows = rows
        self._tints.clear()
        self._strips.clear()
        with self._told(anyhow=True):
            self._pointed.clear()
            self.view.mark(list(self.view.marks), on=False)
            self.view.load(())
            self.view.load(keys)
            self._note(keys)
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
            self._pointed = {key for key in self._pointed if key in self.view}
            self._note(keys)

    def change(self, came: Sequence[K], left: Collection[K] = ()) -> None:
        """These rows came, as the last ones, and these left: as ``load`` of all that there are
        then, but it costs by what came and left."""
        for key in left:
            self._strips.pop(key, None)
        with self._steady():
            self.view.change(came, left)
            self._pointed.difference_update(left)
            self._note(came)

    def touch(self, keys: Iterable[K], *, tint: bool = True) -> None:
        """These rows changed: paint them again, move them where the sort wants them."""
        keys = keys if isinstance(keys, Collection) else list(keys)
        for key in keys:
            self._strips.pop(key, None)
        if tint:
            self._tint(keys)
        with self._steady():
            self.view.touch(keys)
            self._note(list(keys))

    # Order and filter

    @property
    def sort(self) -> tuple[str | None, bool]:
        """The column sorted by (None: the order of the source), and whether downwards."""
        return self._sort, self._reverse

    def sort_by(self, column: str | None, *, reverse: bool = False) -> None:
        """Sort by a column's name; None is the order of the source, or the reverse of it. Raises
        KeyError."""
        content = self._content
        values_of = None if column is None else content.values_of(content.columns[column])
        self._sort, self._reverse = column, reverse
        self._header = None
        with self._steady():
            self.view.sort_by(values_of, reverse=reverse)
        self.post_message(self.SortChanged(self))

    def set_filter(self, accepts: Accepts[K] | None) -> None:
        """Show the rows for which ``accepts(keys)`` gives a true value each; None shows all."""
        with self._steady():
            self.view.set_filter(None if accepts is None else each_or(accepts, False))

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
            return None if self.view.cursor is None else self.rows.row(self.view.cursor)
        except LookupError:
            return None

    def move_to_key(self, key: K) -> bool:
        """Put the cursor on a row; False when it is not shown."""
        with self._told():
            if moved := self.view.move_to_key(key):
                self._show_cursor()
                self._later()
        return moved

    def wish_for(self, key: K) -> bool:
        """Put the cursor on a row, as soon as it is shown; False when a filter hides it now."""
        self.view.wish_for(key)
        return self.move_to_key(key)

    def show_down_to(self, key: K) -> None:
        """Scroll so that this row is in sight too, as far as the cursor's row stays there."""
        last, top = self.view.index(key), self._top
        if last is not None and last >= top + self._page:
            below = min(last - self._page + 1, self.view.cursor_index)
            self.scroll_to(y=max(top, below), animate=False, force=True)

    @property
    def pointed_out(self) -> Set[K]:
        """The rows with a quiet sign before them, hidden ones included."""
        return self._pointed

    def point_out(self, keys: Iterable[K]) -> None:
        """Put the sign before these rows and no others, each until the cursor has been on it."""
        with self._told():
            self._pointed = {key for key in keys if key in self.view}
            self._later()

    @property
    def marks(self) -> Set[K]:
        """The marked keys, those hidden by the filter included."""
        return self.view.marks

    @property
    def acted_on(self) -> list[K]:
        """What an action is meant for: the marked rows, or the cursor's row if none is."""
        if marks := self.view.marks:
            return [key for key in self.view.keys if key in marks]
        return [] if self.view.cursor is None else [self.view.cursor]

    def mark(self, keys: Iterable[K], on: bool = True) -> None:
        """Mark (or unmark) rows."""
        with self._told():
            self.view.mark(keys, on)
            self._later()

    def take_back(self, marking: Marking[K]) -> None:
        """Undo what was marked by hand, of those rows that are still there."""
        self.mark(marking.keys, on=not marking.on)
        self._mark_from = marking.began

    def _mark_by_hand(self, keys: Iterable[K], *, on: bool = True) -> None:
        marks, began = self.view.marks, self._mark_from
        changed = tuple(key for key in keys if (key in marks) is not on)
        self.mark(changed, on)
        self._mark_from = self.view.cursor
        if changed:
            self.marked(Marking(changed, on, began, self.rows))

    # Keeping things in their place

    @contextmanager
    def _told(self, *, anyhow: bool = False) -> Iterator[None]:
        """Post what changed about cursor and marks; ``anyhow``: the same key is another row."""
        cursor, marks = self.view.cursor, (len(self.view.marks), len(self._pointed))
        yield
        if anyhow or self.view.cursor != cursor:
            self.post_message(self.Highlighted(self, self.view.cursor))
            if cursor is not None:
                self._pointed.discard(cursor)
        if (len(self.view.marks), len(self._pointed)) != marks:
            self.post_message(self.MarksChanged(self))

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

    # Actions

    def action_cursor_up(self) -> None:
        self._move(-1)

    def action_cursor_down(self) -> None:
        self._move(1)

    def action_page_up(self) -> None:
        self._move(-self._page, scroll=True)

    def action_page_down(self) -> None:
        self._move(self._page, scroll=True)

    def action_half_page_up(self) -> None:
        self._move(-max(1, self._page // 2), scroll=True)

    def action_half_page_down(self) -> None:
        self._move(max(1, self._page // 2), scroll=True)

    def action_first(self) -> None:
        self._move(-len(self.view))

    def action_last(self) -> None:
        self._move(len(self.view))

    def action_select(self) -> None:
        if self.view.cursor is not None:
            self.post_message(self.Selected(self, self.view.cursor))

    def action_mark(self) -> None:
        key = self.view.cursor
        if key is not None:
            self._mark_by_hand([key], on=key not in self.view.marks)
            self._move(1)

    def action_mark_range(self) -> None:
        start = None if self._mark_from is None else self.view.index(self._mark_from)
        stop = self.view.cursor_index
        if stop >= 0:
            self._mark_by_hand(self.view.between(stop if start is None else start, stop))

    def action_mark_all(self) -> None:
        self._mark_by_hand(self.view.shown_keys())

    def action_clear_marks(self) -> None:
        self._mark_by_hand(list(self.view.marks), on=False)
        self.point_out(())

    def action_sort_left(self) -> None:
        self._sort_beside(-1)

    def action_sort_right(self) -> None:
        self._sort_beside(1)

    def action_sort_nth(self, nth: int) -> None:
        """Sort by the ``nth`` column shown, the first is 1; again: the other way."""
        if nth <= len(self._placed) and self._placed[nth - 1].column.sortable:
            self._sort_column(self._placed[nth - 1].column)
        else:
            self.app.bell()

    def action_sort_reverse(self) -> None:
        if self._sort is not None:
            self.sort_by(self._sort, reverse=not self._reverse)

    # Mouse

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or event.button > 1:
            return
        event.stop()
        if offset.y < HEADER:
            self._sort_at(offset.x)
            return
        index = self._top + offset.y - HEADER
        if index >= len(self.view):
            return
        if event.shift and self.view.cursor is not None:
            self._mark_by_hand(self.view.between(self.view.cursor_index, index))
        with self._told():
            self.view.move_to(index)
            self._later()
        if event.ctrl and self.view.cursor is not None:
            self._mark_by_hand([self.view.cursor], on=self.view.cursor not in self.view.marks)
        elif event.chain == 2:
            self.action_select()

    def _sort_at(self, x: int) -> None:
        for place in self._placed:
            if place.x <= x <= place.end and place.column.sortable:
                self._sort_column(place.column)
                return

    def _sort_column(self, column: Column[R]) -> None:
        """First the column's own way, then the other, then that again."""
        again = column.name == self._sort
        self.sort_by(column.name, reverse=not self._reverse if again else column.descending)

    def _sort_beside(self, step: int) -> None:
        columns = [place.column for place in self._placed if place.column.sortable]
        if self._sort is None:  # nobody who asks for the first thinks of one that has but a sign
            columns = [each for each in columns if each.title[:1].isalpha()]
        if columns:
            names = [each.name for each in columns]
            before = names.index(self._sort) if self._sort in names else min(-step, 0)
            self._sort_column(columns[(before + step) % len(columns)])

    def _move(self, rows: int, *, scroll: bool = False) -> None:
        """Move the cursor; ``scroll`` moves the page with it, so that its line stays."""
        with self._told():
            before = self.view.cursor_index
            self.view.move_to(before + rows)
            if scroll:
                moved = self._top + self.view.cursor_index - before
                self.scroll_to(y=max(0, moved), animate=False, force=True)
            self._show_cursor()
            self._later()
