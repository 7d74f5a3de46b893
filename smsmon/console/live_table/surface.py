"""What a live table looks like: its lines, its columns, its colours, and what must be painted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from textwrap import wrap
from time import monotonic
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from smsmon.console.cells import Span, Tone, fit
from smsmon.console.live_table.content import GUTTER, Column, Placed, Rows, TableContent
from smsmon.console.live_table.paint import Tints, changed_width, header_strip, over, row_strip
from smsmon.console.live_table.view import RowView
from smsmon.console.signs import tone_classes, tone_css
from smsmon.console.terminal.words import PLAIN, Stands

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

HEADER = 1
"""Lines above the rows."""
_CURSOR, _MARKED, _TINTED, _POINTED = 1, 2, 4, 8
_MANY = 5_000
"""With more rows changed at once than this, only those in sight are tinted: it would take memory
for what is calm again before anybody gets there."""


class TableSurface(ScrollView, Stands, Generic[K, R]):
    """Paints the rows of a ``RowView``, each line only when it differs from what is shown."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "live-table--header",
        "live-table--cursor",
        "live-table--mark",
        "live-table--tint",
        *tone_classes("live-table"),
    }
    DEFAULT_CSS = """
    TableSurface {
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
        & > .live-table--tint { background: $tint; text-style: bold; }
        TONES
        &:nocolor > .live-table--header { text-style: bold underline; }
        &:nocolor > .live-table--cursor { text-style: underline; }
        &:nocolor:focus > .live-table--cursor { text-style: reverse; }
    }
    """.replace("TONES", tone_css("live-table"))

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
        self._content = TableContent(columns, rows, lambda: self.view.keys)
        self._sort: str | None = None
        self._reverse = False
        self._empty = empty
        self._tints: Tints[K] = Tints(tint_seconds)
        self._tint_timer: Timer | None = None
        self._now = now
        self._pointed: set[K] = set()
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

    # Columns

    @property
    def columns(self) -> tuple[Column[R], ...]:
        """Every column there is, chosen or not."""
        return tuple(self._content.columns.values())

    @property
    def chosen_columns(self) -> tuple[str, ...]:
        """The names of the columns to show, in their order; worth remembering."""
        return self._content.chosen

    def choose_columns(self, names: Iterable[str]) -> None:
        """Show these columns in this order. Names nobody knows are passed over;
        of none, the usual ones are shown."""
        self._content.choose(names)
        self._lay_out()

    def offer(self, columns: Sequence[Column[R]]) -> None:
        """Have these columns to choose from; the usual ones stay the usual ones."""
        self._content.offer(columns)
        self._lay_out()

    def with_room(self, names: Iterable[str]) -> frozenset[str]:
        """Those of these columns that would be shown, at the width there is now."""
        return self._content.with_room(names, self._width)

    def without_values(self, names: Iterable[str]) -> frozenset[str]:
        """Those of these columns that have nothing to tell of any row: they give way first."""
        return self._content.without_values(names)

    @property
    def empty(self) -> str:
        """What stands there while no row is shown."""
        return self._empty

    @empty.setter
    def empty(self, text: str) -> None:
        if text != self._empty:
            self._empty = text
            self._later()

    def repaint(self) -> None:
        """Every row may look different (a setting, the time): paint what differs."""
        self._strips.clear()
        self._later()

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

    @property
    def stands_at(self) -> Offset:
        index = self.view.cursor_index
        return Offset(GUTTER, HEADER + max(0, index - self._top))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._later()

    def on_resize(self) -> None:
        self._content.note_anew()
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
        self._placed = self._content.placed(self._width)
        self._strips.clear()
        self._header = self._blank = None
        self._later()

    def _note(self, keys: Sequence[K]) -> None:
        """Make room for what columns have to tell of these rows, and had not."""
        found = self._content.note(keys) and self._laid_out is not None
        if found and self._content.placed(self._width) != self._placed:
            self._lay_out()

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
        if self._empty and not len(self.view):
            lines = wrap(self._empty, max(1, width - 4), break_on_hyphens=False)
            if y - HEADER < len(lines):
                (text, _), *_ = fit((Span(f"  {lines[y - HEADER]}"),), width)
                return Strip([Segment(text, self._style(Tone.DIM, 0))]).adjust_cell_length(width)
        return self._blank

    def _row_line(self, key: K, cursor: bool) -> Strip:
        look = (
            (_CURSOR if cursor and not self.app.has_class(PLAIN) else 0)
            | (_MARKED if key in self.view.marks else 0)
            | (_TINTED if key in self._tints else 0)
            | (_POINTED if key in self._pointed else 0)
        )
        strips = self._strips.get(key)
        if strips is None:
            if len(self._strips) > 2 * self._page + 16:
                self._strips.clear()
            strips = self._strips[key] = {}
        strip = strips.get(look)
        if strip is None:
            try:
                row = self._content.rows.row(key)
            except LookupError:  # gone already; the table is told in a moment
                return Strip.blank(self._width, self._style(Tone.PLAIN, look))
            strip = strips[look] = row_strip(
                row,
                self._placed,
                self._width,
                lambda tone: self._style(tone, look),
                marked=bool(look & _MARKED),
                pointed=bool(look & _POINTED),
            )
        return strip

    def _style(self, tone: Tone, look: int) -> Style:
        style = self._styles_of.get((tone, look))
        if style is None:
            component = self.get_component_rich_style
            style = component(f"live-table--{tone}")
            if look & _MARKED:
                style += over(component("live-table--mark"), background=False)
            if look & _TINTED:
                style += over(component("live-table--tint"), foreground=False)
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

    # Scrolling

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
