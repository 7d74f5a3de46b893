"""The panes of the console: a title line, and under it something that takes the focus."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from smsmon.console.actions import Where
from smsmon.console.line import FittedLine, Part, fitted, part
from smsmon.console.live_table import LiveTable, Rows
from smsmon.console.signs import DOWNWARDS, UPWARDS, Tone, styled
from smsmon.filters import Field, Filter

if TYPE_CHECKING:
    from smsmon.console.tables.filter_bar import FilterBar


class Only(Enum):
    """Which rows are shown, whatever else a filter asks."""

    ALL = auto()
    FAILED = auto()
    """What will not get better by waiting; what still waits is not shown."""
    UNDELIVERED = auto()
    """All that is not delivered: what failed, and what still waits."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a title tells what is shown, and an empty table that there is none."""

    long: str
    short: str
    none: str


Steps = Mapping[Only, Wording]
"""What a table can be narrowed to, in the order in which the key goes through it."""


def next_step(steps: Steps, now: Only) -> Only:
    """What the key shows next: through ``steps``, and back to all."""
    order = [Only.ALL, *steps]
    return order[(order.index(now) + 1) % len(order)]


_BETWEEN = " · "


class Pane(Vertical):
    """A title line, and a body that takes the focus."""

    def __init__(self, body: Widget, where: Where, *, id: str) -> None:
        """``where`` is what the actions call this pane."""
        super().__init__(id=id)
        self.body = body
        self.where = where
        self._title = FittedLine(classes="pane-title")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.body

    def entitle(self, parts: Iterable[Part]) -> None:
        """Say what the pane shows, as far as its width allows."""
        self._title.fit(partial(fitted, tuple(parts), gap=_BETWEEN))

    def enter(self) -> None:
        """Give the pane the focus."""
        self.body.focus(scroll_visible=False)

    @property
    def entered(self) -> bool:
        """True while the pane has the focus."""
        return self.has_focus_within


class PageScroll(VerticalScroll):
    """A page of text that scrolls by keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_line(1)", show=False),
        Binding("k,up", "scroll_line(-1)", show=False),
        Binding("pagedown,ctrl+f,ctrl+d", "scroll_line(10)", show=False),
        Binding("pageup,ctrl+u", "scroll_line(-10)", show=False),
    ]

    def action_scroll_line(self, lines: int) -> None:
        """Scroll so many lines down (or up, below zero)."""
        self.scroll_relative(y=lines, animate=False)


class TextPane(Pane):
    """A pane with a page of text."""

    def __init__(self, where: Where, *, id: str) -> None:
        self._text = Static(markup=False)
        self._said: Content | None = None
        super().__init__(PageScroll(self._text, classes="pane-body"), where, id=id)

    @property
    def text(self) -> Content:
        """What stands there."""
        return self._said or Content()

    def say(self, text: Content) -> None:
        """Show ``text``; nothing is painted when it stands there already."""
        if self._said is None or text != self._said or text.spans != self._said.spans:
            reflow = self._said is None or not _as_high(text, self._said, self._text.size.width)
            self._said = text
            self._text.update(text, layout=reflow)


def _as_high(one: Content, other: Content, width: int) -> bool:
    """True when both surely take as many lines: a new layout costs more than all the painting."""
    lines, others = one.plain.split("\n"), other.plain.split("\n")
    fits = all(cell_len(line) <= width for line in (*lines, *others))
    return lines == others or (fits and len(lines) == len(others))


K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
K_contra = TypeVar("K_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class FilteredRows(Rows[K_contra, R_co], Protocol[K_contra, R_co]):
    """Rows that can be asked which of them a filter lets through."""

    def accepted(self, keys: Sequence[K_contra], wanted: Filter, *, only: Only) -> Sequence[Any]:
        """One truth value for each key."""
        ...


class TablePane(Pane, Generic[K, R]):
    """A table whose rows can be filtered; the filter stays when other rows are shown."""

    class Filtered(Message):
        """Another filter is in force."""

    def __init__(
        self,
        table: LiveTable[K, R],
        fields: Sequence[Field],
        where: Where,
        steps: Steps,
        *,
        id: str,
    ) -> None:
        """``table.rows`` must be ``FilteredRows``; ``steps``: what it can be narrowed to."""
        super().__init__(table, where, id=id)
        self.table = table
        self._empty = table.empty
        self.bar: FilterBar | None = None
        """Made when a filter is first typed: four widgets, their styles and Textual's input."""
        self._fields = fields
        self._filter = self._kept = Filter()
        """What is in force, and what was when typing ended last."""
        self._steps = steps
        self.only = Only.ALL

    def say_when_empty(self, text: str) -> None:
        """What stands there while there is no row, whatever the filter."""
        if text != self._empty:
            self._empty = text
            self._show_empty()

    @property
    def filter(self) -> Filter:
        """The filter in force; the empty one lets everything through."""
        return self._filter

    @property
    def in_force(self) -> bool:
        """True while not every row is wanted."""
        return bool(self._filter) or self.only is not Only.ALL

    @property
    def filtered(self) -> bool:
        """True while not every row is wanted, or a filter is being typed."""
        return self.in_force or self._typed

    @property
    def _typed(self) -> bool:
        """True while something stands in the filter's line, understood or not."""
        return self.bar is not None and bool(self.bar.text)

    async def type_filter(self) -> None:
        """Type a filter, or change the one there is."""
        if self.bar is None:
            from smsmon.console.tables.filter_bar import FilterBar

            self.bar = FilterBar(self._fields)
            await self.mount(self.bar)
        self.bar.open()

    def clear_filter(self) -> None:
        """Show every row."""
        self.only = Only.ALL
        self._kept = Filter()
        self._apply(self._kept)
        if self.bar is not None:
            self.bar.clear()

    def switch_faults(self) -> None:
        """Show only what failed; then what waits too; then everything again."""
        self.only = next_step(self._steps, self.only)
        self._apply(self._filter)

    def rest(self, empty: str) -> None:
        """Say ``empty`` from now on where there are no rows at all."""
        self._empty = empty
        if not self.filtered:
            self.table.empty = empty

    def facts(self) -> list[Part]:
        """What the title says of the table: its sort, its marks, its filter."""
        table, told = self.table, []
        column, reverse = table.sort
        if column is not None:
            title = next(each.title for each in table.columns if each.name == column)
            way = DOWNWARDS if reverse else UPWARDS
            told.append(part(4, styled(f"by {title} {way.glyph}", Tone.DIM)))
        if table.marks:
            told.append(part(8, styled(f"{len(table.marks):,} marked", Tone.STRONG)))
        if step := self._steps.get(self.only):
            told.append(part(7, styled(step.long, Tone.WARN), styled(step.short, Tone.WARN)))
        if table.view.hidden:
            hidden = f"{table.view.hidden:,} hidden"
            told.append(part(7, styled(hidden, Tone.WARN)))
        return told

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        if event.filter is not None:
            self._apply(event.filter)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        event.stop()
        if event.clear:
            self.clear_filter()
        elif self.bar is not None and self.bar.mistaken:
            self._apply(self._kept)  # not the words that the mistake began with: they match nothing
        elif self.bar is not None:
            self._kept = self._filter
            if not self.bar.text:
                self.bar.clear()
        self.table.focus(scroll_visible=False)

    def _apply(self, wanted: Filter) -> None:
        self._filter = wanted
        self.table.set_filter(self._accepts if self.in_force else None)
        self._show_empty()
        shown, all_rows = len(self.table.view), len(self.table.view.keys)
        if self.bar is not None:
            self.bar.tell(f"{shown:,} of {all_rows:,}" if wanted else "")
        self.post_message(self.Filtered())

    def _show_empty(self) -> None:
        step = None if self._filter else self._steps.get(self.only)
        none = f"{step.none if step else 'Nothing matches.'} esc shows all again."
        self.table.empty = none if self.filtered else self._empty

    def _accepts(self, keys: Sequence[K]) -> Sequence[Any]:
        rows: FilteredRows[K, R] = self.table.rows  # type: ignore[assignment]  # see __init__
        return rows.accepted(keys, self._filter, only=self.only)


def title(text: str) -> Part:
    """The name of a pane, which gives way last."""
    return part(10, Content(text))
