"""The live table: the widget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from smsmon.console.cells import Span, Tone, fit
from smsmon.console.widgets.live_table import keys as key_table
from smsmon.console.widgets.live_table import messages
from smsmon.console.widgets.live_table.columns import Column, Placed, lay_out
from smsmon.console.widgets.live_table.paint import changed_width, header_strip, row_strip
from smsmon.console.widgets.live_table.rows import MappedRows, Rows
from smsmon.console.widgets.live_table.tints import Tints
from smsmon.console.widgets.live_table.view import Accepts, RowView

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

HEADER = 1
"""Lines above the rows."""
_CURSOR, _MARKED, _TINTED = 1, 2, 4
_MANY = 5_000
"""With more rows changed at once than this, only those in sight are tinted: it would take memory
for what is calm again before anybody gets there."""


class LiveTable(ScrollView, Generic[K, R], can_focus=True, inherit_bindings=False):
    """Rows by key, painted one by one; see the package for how to use it."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = list(key_table.BINDINGS)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "live-table--header",
        "live-table--cursor",
        "live-table--mark",
        "live-table--tint",
        *(f"live-table--{tone}" for tone in Tone),
    }
    DEFAULT_CSS = """
    LiveTable {
        background: $surface;
        color: $foreground;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .live-table--header { background: $panel; color: $foreground; text-style: bold; }
        & > .live-table--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
        }
        &:focus > .live-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
        }
        & > .live-table--mark { text-style: bold; color: $accent; }
        & > .live-table--tint { background: $warning 20%; text-style: bold; }
        & > .live-table--strong { text-style: bold; }
        & > .live-table--dim { color: $foreground 60%; }
        & > .live-table--good { color: $text-success; }
        & > .live-table--bad { color: $text-error; }
        & > .live-table--wait { color: $text-secondary; }
        & > .live-table--warn { color: $text-warning; }
        &:nocolor > .live-table--header { text-style: bold underline; }
        &:nocolor > .live-table--cursor { text-style: underline; }
        &:nocolor:focus > .live-table--cursor { text-style: reverse; }
    }
    """

    Highlighted = messages.Highlighted
    Selected = messages.Selected
    SortChanged = messages.SortChanged
    MarksChanged = messages.MarksChanged

    def __init__(
        self,
        columns: Sequence[Column[R]],
        rows: Rows[K, R] | None = None,
        keys: Sequence[K] = (),
        *,
        empty: str = "",
        tint_seconds: float = 4.0,
        now: Callable[[], float] = monotonic,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """A table of ``rows``.

        ``empty`` is shown while there is no row to show. A changed row stays tinted for
        ``tint_seconds``; 0 is never. ``now`` is a clock that never jumps, in seconds.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.auto_links = False
        self.view: RowView[K] = RowView()
        self._rows: Rows[K, R] = rows if rows is not None else MappedRows({})
        self._columns = {column.name: column for column in columns}
        self._chosen = tuple(self._columns)
        self._sort: str | None = None
        self._reverse = False
        self._empty = empty
        self._tints: Tints[K] = Tints(tint_seconds)
        self._tint_timer: Timer | None = None
        self._now = now
        self._mark_from: K | None = None
        self._placed: tuple[Placed[R], ...] = ()
        self._laid_out: Size | None = None
        self._width = 0
        self._strips: dict[K, dict[int, Strip]] = {}
        self._styles_of: dict[tuple[Tone, int], Style] = {}
        self._header: Strip | None = None
        self._blank: Strip | None = None
        self._lines: dict[int, Strip] = {}
        self._sync_due = False
        self.view.load(keys)
        self.set_reactive(ScrollView.virtual_size, self._virtual_size)

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
        self._mark_from = None
        with self._told():
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

    def repaint(self) -> None:
        """Every row may look different (a setting, the time): paint what differs."""
        self._strips.clear()
        self._later()

    @property
    def empty(self) -> str:
        """What stands there while no row is shown."""
        return self._empty

    @empty.setter
    def empty(self, text: str) -> None:
        if text != self._empty:
            self._empty = text
            self._lines.pop(HEADER, None)
            self._later()

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
            self.view.set_filter(accepts)

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

    # Columns

    @property
    def columns(self) -> tuple[Column[R], ...]:
        """Every column there is, chosen or not."""
        return tuple(self._columns.values())

    @property
    def chosen_columns(self) -> tuple[str, ...]:
        """The names of the columns to show, in their order; worth remembering."""
        return self._chosen

    def choose_columns(self, names: Iterable[str]) -> None:
        """Show these columns in this order. Names nobody knows are passed over; none is all."""
        known = tuple(name for name in dict.fromkeys(names) if name in self._columns)
        self._chosen = known or tuple(self._columns)
        self._lay_out()

    @property
    def dropped_columns(self) -> tuple[str, ...]:
        """Chosen columns that the width leaves no room for."""
        placed = {place.column.name for place in self._placed}
        return tuple(name for name in self._chosen if name not in placed)

    # Cursor and marks

    @property
    def cursor_key(self) -> K | None:
        """The key of the cursor's row; None when no row is shown."""
        return self.view.cursor

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor."""
        key = self.view.cursor
        return None if key is None else self._rows.row(key)

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

    def on_mount(self) -> None:
        if self.view.cursor is not None:
            self.post_message(messages.Highlighted(self, self.view.cursor))

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

    # Painting

    def render_line(self, y: int) -> Strip:
        if self.size != self._laid_out:  # painted before the resize event is handled
            self._lay_out()
        strip = self._line(y)
        self._lines[y] = strip
        return strip

    def notify_style_update(self) -> None:
        self._styles_of.clear()
        self._strips.clear()
        self._header = self._blank = None
        self._laid_out = None
        super().notify_style_update()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._later()

    def on_resize(self) -> None:
        self._lay_out()
        self._show_cursor()

    @property
    def _page(self) -> int:
        """How many rows there is room for."""
        return max(1, self.size.height - HEADER)

    @property
    def _top(self) -> int:
        """The index of the first row on the screen."""
        return round(self.scroll_y)

    def _lay_out(self) -> None:
        """Share the width there is among the columns.

        The scrollbar's column is always kept free, so that nothing moves when it comes and goes.
        """
        self._laid_out = self.size
        self._width = max(0, self.size.width - self.styles.scrollbar_size_vertical)
        self._placed = lay_out([self._columns[name] for name in self._chosen], self._width)
        self._strips.clear()
        self._header = self._blank = None
        self._later()

    def _line(self, y: int) -> Strip:
        """What stands on one line of the widget; the same object as long as nothing changed."""
        width = self._width
        if y < HEADER:
            if self._header is None:
                style = self.get_component_rich_style("live-table--header")
                self._header = header_strip(
                    self._placed, width, style, sort=self._sort, reverse=self._reverse
                )
            return self._header
        index = self._top + y - HEADER
        if index < len(self.view):
            return self._row_line(self.view[index], index == self.view.cursor_index)
        if self._blank is None:
            self._blank = Strip.blank(width, self._style(Tone.PLAIN, 0))
        if y == HEADER and self._empty and not len(self.view):
            (text, _), *_ = fit((Span(f"  {self._empty}"),), width)
            return Strip([Segment(text, self._style(Tone.DIM, 0))]).adjust_cell_length(width)
        return self._blank

    def _row_line(self, key: K, cursor: bool) -> Strip:
        look = (
            (_CURSOR if cursor else 0)
            | (_MARKED if key in self.view.marks else 0)
            | (_TINTED if key in self._tints else 0)
        )
        strips = self._strips.get(key)
        if strips is None:
            if len(self._strips) > 4 * self._page + 64:
                self._strips.clear()
            strips = self._strips[key] = {}
        strip = strips.get(look)
        if strip is None:
            strip = strips[look] = row_strip(
                self._rows.row(key),
                self._placed,
                self._width,
                lambda tone: self._style(tone, look),
                marked=bool(look & _MARKED),
            )
        return strip

    def _style(self, tone: Tone, look: int) -> Style:
        style = self._styles_of.get((tone, look))
        if style is None:
            component = self.get_component_rich_style
            style = component(f"live-table--{tone}")
            if look & _MARKED:
                style += _over(component("live-table--mark"), background=False)
            if look & _TINTED:
                style += _over(component("live-table--tint"), foreground=False)
            if look & _CURSOR:
                style = component("live-table--cursor")
                if look & _TINTED:
                    style += Style(bold=True)
            self._styles_of[tone, look] = style
        return style

    def _later(self) -> None:
        """Find what has to be painted once everything at hand has been done."""
        if not self._sync_due and self.is_attached:
            self._sync_due = True
            self.call_next(self._sync)

    def _sync(self) -> None:
        """Ask for the lines to be painted that differ from what the screen shows."""
        self._sync_due = False
        if not self.is_attached:
            return
        if self.size != self._laid_out:
            self._lay_out()
        width = self._width
        for y in range(self.size.height):
            wanted, shown = self._line(y), self._lines.get(y)
            if wanted is shown:
                continue
            x = width if shown is None else changed_width(shown, wanted)
            if x:
                self.refresh(Region(0, y, x, 1))
            else:
                self._lines[y] = wanted

    # Keeping things in their place

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Post what changed about cursor and marks."""
        cursor, marks = self.view.cursor, len(self.view.marks)
        yield
        if self.view.cursor != cursor:
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

    @property
    def _virtual_size(self) -> Size:
        """What there is to scroll over. Its width does not matter: nothing scrolls sideways."""
        return Size(1, len(self.view) + HEADER)

    def _resize_virtual(self) -> None:
        if self._virtual_size != self.virtual_size:
            # Setting it the plain way paints the whole table anew.
            self.set_reactive(ScrollView.virtual_size, self._virtual_size)
            self.refresh(repaint=False, layout=True)

    def _show_cursor(self) -> None:
        """Scroll no further than needed to have the cursor's row on the screen."""
        index, top = self.view.cursor_index, self._top
        if index >= 0 and self.size.height > HEADER:
            shown = min(max(top, index - self._page + 1), index)
            if shown != top:
                self.scroll_to(y=shown, animate=False, force=True)

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

    def _values_of(self, column: Column[R]) -> Callable[[Sequence[K]], Sequence[Any]]:
        def values_of(keys: Sequence[K]) -> Sequence[Any]:
            values = self._rows.values(column.name, keys)
            if values is not None:
                return values
            sort_key = column.sort_key
            if sort_key is None:
                raise ValueError(f"column {column.name!r} has nothing to be sorted by")
            return [sort_key(self._rows.row(key)) for key in keys]

        return values_of

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


def _over(style: Style, *, foreground: bool = True, background: bool = True) -> Style:
    """The parts of a style that go over another: attributes, and the colours asked for."""
    kept = Style(bold=style.bold or None, italic=style.italic or None)
    kept += Style(underline=style.underline or None, reverse=style.reverse or None)
    return kept + Style(
        color=style.color if foreground else None,
        bgcolor=style.bgcolor if background else None,
    )
