"""The live table: the widget with its keys and its mouse."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import BindingType

from smsmon.console.widgets.live_table import keys as key_table
from smsmon.console.widgets.live_table import messages
from smsmon.console.widgets.live_table.columns import Column
from smsmon.console.widgets.live_table.steady import SteadyTable
from smsmon.console.widgets.live_table.surface import HEADER

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class LiveTable(SteadyTable[K, R], Generic[K, R], can_focus=True, inherit_bindings=False):
    """Rows by key, painted one by one; see the package for how to use it."""

    BINDINGS: ClassVar[list[BindingType]] = list(key_table.BINDINGS)

    Highlighted = messages.Highlighted
    Selected = messages.Selected
    SortChanged = messages.SortChanged
    MarksChanged = messages.MarksChanged

    _mark_from: K | None = None
    """The row that was marked last: where a range begins."""

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
            self.post_message(messages.Selected(self, self.view.cursor))

    def action_mark(self) -> None:
        key = self.view.cursor
        if key is not None:
            self._mark_from = key
            self.mark([key], on=key not in self.view.marks)
            self._move(1)

    def action_mark_range(self) -> None:
        start = None if self._mark_from is None else self.view.index(self._mark_from)
        stop = self.view.cursor_index
        if stop >= 0:
            with self._told():
                self.view.mark_range(stop if start is None else start, stop)
                self._mark_from = self.view.cursor
                self._later()

    def action_mark_all(self) -> None:
        self.mark(self.view.shown_keys())

    def action_clear_marks(self) -> None:
        self.mark(list(self.view.marks), on=False)

    def action_sort_left(self) -> None:
        self._sort_beside(-1)

    def action_sort_right(self) -> None:
        self._sort_beside(1)

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
        with self._told():
            if event.shift and self.view.cursor is not None:
                self.view.mark_range(self.view.cursor_index, index)
            self.view.move_to(index)
            self._later()
        if event.ctrl and self.view.cursor is not None:
            self.mark([self.view.cursor], on=self.view.cursor not in self.view.marks)
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
        sortable = [place.column for place in self._placed if place.column.sortable]
        if not sortable:
            return
        names = [column.name for column in sortable]
        if self._sort in names:
            index = (names.index(self._sort) + step) % len(names)
        else:
            index = 0 if step > 0 else len(names) - 1
        self.sort_by(names[index], reverse=sortable[index].descending)

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
