"""The panes of the console: a title line, and under it something that takes the focus."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from smsmon.console.actions import Where
from smsmon.console.formats import Formats
from smsmon.console.line import GAP, FittedLine, Part, fitted, part
from smsmon.console.live_table import LiveTable
from smsmon.console.live_table.content import each_or
from smsmon.console.memory import Look
from smsmon.console.signs import ADDED, DOWNWARDS, UPWARDS, Tone, styled
from smsmon.console.tables.rows import AT_ONCE, Accepts, FilteredRows, Rounds, asked_before
from smsmon.filters import Field, Filter, Stages, parse, stage_of, stepped
from smsmon.filters.questions import Value
from smsmon.patterns import GAVE_UP
from smsmon.text import ELLIPSIS, painted

if TYPE_CHECKING:
    from smsmon.console.tables.filter_bar import FilterBar


_BETWEEN = " · "
AS_BEFORE = "rows as before"
"""Said while a filter is typed that is not in force yet."""
_BY_TIME = frozenset(("state", "trouble", "reason"))
"""Fields that time alone can change: a message that is not read becomes stale."""
_FILTER_WIDTH = 24
"""Characters of a filter that a narrow title shows."""


class Pane(Vertical):
    """A title line, and a body that takes the focus."""

    def __init__(self, body: Widget, where: Where, *, id: str, figures: bool = False) -> None:
        """``where`` is what the actions call this pane; ``figures``: it has lines for these."""
        super().__init__(id=id)
        self._figures = [FittedLine(classes="pane-figures") for _ in range(2)] if figures else []
        self.body = body
        self.where = where
        self.plain = False
        """For a screen reader: the title tells in words where in the pane one is."""
        self._title = FittedLine(classes="pane-title")

    def compose(self) -> ComposeResult:
        yield self._title
        yield from self._figures
        yield self.body

    def entitle(self, parts: Iterable[Part]) -> None:
        """Say what the pane shows, as far as its width allows."""
        self._title.fit(partial(fitted, tuple(parts), gap=GAP if self.plain else _BETWEEN))

    def tell_figures(self, *lines: Iterable[Part]) -> None:
        """Say the figures below the title, line by line, as far as the width allows."""
        gap = GAP if self.plain else _BETWEEN
        for line, parts in zip(self._figures, lines, strict=False):
            line.fit(partial(fitted, tuple(parts), gap=gap))

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


class TablePane(Pane, Generic[K, R]):
    """A table whose rows can be filtered; the filter stays when other rows are shown."""

    class Filtered(Message):
        """Another filter is in force."""

    def __init__(
        self,
        table: LiveTable[K, R],
        fields: Sequence[Field],
        where: Where,
        stages: Stages,
        formats: Formats,
        *,
        id: str,
        figures: bool = False,
    ) -> None:
        """``table.rows`` must be ``FilteredRows``; ``steps``: what it can be narrowed to."""
        super().__init__(table, where, id=id, figures=figures)
        self.table = table
        self._empty = table.empty
        self.bar: FilterBar | None = None
        """Made when a filter is first typed: four widgets, their styles and Textual's input."""
        self._fields = fields
        self._filter = self._kept = self._good = Filter()
        """What is in force; what was when typing ended last; what was last typed whole."""
        self._stages = stages
        self._formats = formats
        self.in_portions = False
        """Its rows are looked at a portion at a time where they are many: each costs its own."""
        self._rounds = Rounds[K]()
        self.looked: Callable[[Look], Look] = lambda look: look
        """Adds to the look what the pane does not know of."""
        self._worn: tuple[str, Look] | None = None
        """The view that was called up last."""

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
        return bool(self._filter)

    @property
    def filtered(self) -> bool:
        """True while not every row is wanted, or a filter is being typed."""
        return self.in_force or (self.bar is not None and bool(self.bar.text))

    async def type_filter(self) -> None:
        """Type a filter, or change the one there is."""
        if self.bar is None:
            from smsmon.console.tables.filter_bar import FilterBar

            self.bar = FilterBar(self._fields, self._offered)
            await self.mount(self.bar)
        self.bar.begin(self._filter.text)

    def _offered(self, name: str) -> Iterable[Value]:
        keys = self.table.view.keys
        return self._rows.offered(keys, name) if keys else ()

    def clear_filter(self) -> None:
        """Show every row."""
        self.put_filter("")

    def switch_faults(self) -> None:
        """Show the next stage of trouble before the operator's own filter, or that alone again."""
        self.put_filter(stepped(self._filter.text, self._stages))

    def put_filter(self, text: str) -> None:
        """Show what ``text`` lets through. Raises ``FilterError``, and nothing is changed."""
        self._kept = self._good = parse(text, self._fields)
        if self.bar is not None:
            self.bar.put_away()
        self._apply(self._kept)

    @property
    def look(self) -> Look:
        """What is shown, and how."""
        column, reverse = self.table.sort
        sort = f"{'-' if reverse else ''}{column}" if column else ""
        return self.looked(Look(self._filter.text, sort, self.table.chosen_columns))

    def wear(self, look: Look, name: str = "") -> None:
        """Show what ``look`` says; the title tells its name. Raises ``FilterError``."""
        self.put_filter(look.filter)
        if look.columns:
            self.table.choose_columns(look.columns)
        known = {each.name for each in self.table.columns if each.sortable}
        sort = look.sort if look.sort.removeprefix("-") in known else ""
        self._worn = (name, look) if name else None
        self.table.sort_by(sort.removeprefix("-") or None, reverse=sort[:1] == "-")

    def look_at_the_clock(self, *, in_turn: bool) -> None:
        """Time has passed, by which alone other rows may be let through: all of few rows are looked
        at when it is their turn, of many some each time."""
        if not self._filter.ages and _BY_TIME.isdisjoint(self._filter.fields):
            return
        view = self.table.view
        if self.in_portions and view.total > AT_ONCE:
            self.table.touch(self._rounds.next_portion(lambda: view.keys), tint=False)
        elif in_turn:
            self.table.set_filter(partial(self._accepts, self._filter))

    def rest(self, empty: str) -> None:
        """Say ``empty`` from now on where there are no rows at all."""
        self._empty = empty
        if not self.filtered:
            self.table.empty = empty

    def facts(self) -> list[Part]:
        """What the title says of the table: its sort, its marks, its filter."""
        table, told = self.table, []
        if self.plain and self.entered and len(table.view):
            told.append(part(9, f"row {table.view.cursor_index + 1:,} of {len(table.view):,}"))
            if table.view.cursor in table.marks:
                told.append(part(8, "marked"))
            if table.view.cursor in table.pointed_out:
                told.append(part(8, ADDED.word))
        column, reverse = table.sort
        if column is not None:
            title = next(each.title for each in table.columns if each.name == column)
            way = DOWNWARDS if reverse else UPWARDS
            told_way = way.word if self.plain else way.glyph
            told.append(part(4, styled(f"by {title} {told_way}", Tone.DIM)))
        elif reverse:
            told.append(part(4, styled("newest first", Tone.DIM)))
        if table.marks:
            told.append(part(8, styled(f"{len(table.marks):,} marked", Tone.STRONG)))
        if table.pointed_out:
            new = f"{len(table.pointed_out):,} new here {ADDED.glyph}"
            told.append(part(6, styled(new, Tone.DIM)))
        if self._worn is not None and self._worn[1].worn_by(self.look):
            told.append(part(6, styled(f"view {self._worn[0]}", Tone.STRONG)))
        if self._filter:
            told.append(self._filter_told())
            if self._filter.slow:
                told.append(part(8, styled("too slow: not all rows looked at", Tone.WARN)))
        if table.view.hidden:
            hidden = f"{table.view.hidden:,} hidden"
            told.append(part(7, styled(hidden, Tone.WARN)))
        return told

    def _filter_told(self) -> Part:
        """The filter in force; of one that a key made at least what it shows."""
        text = self._filter.text
        stage = stage_of(text, self._stages)
        own = text if stage is None else text.removeprefix(stage.term).strip()
        forms = [f"filter: {text}", f"filter: {_cut(text)}"]
        if stage is not None:
            forms = [f"{stage.words} · filter: {text}", f"{stage.words} {_cut(own)}".rstrip()]
        words = self._formats.words
        return part(7, *(styled(painted(words(each)), Tone.WARN) for each in forms))

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self.workers.cancel_group(self, "typed")
        wanted, view = event.filter, self.table.view
        if wanted is not None and self.in_portions and view.total > AT_ONCE:
            show = self._show_typed_later(wanted, event.tentative)
            self.run_worker(show, group="typed", exit_on_error=False)
            return
        accepts = each_or(partial(self._accepts, wanted or Filter()), False)
        found = not event.tentative or any(accepts(view.keys))
        self._show_typed(wanted, accepts, tentative=event.tentative, found=found)

    async def _show_typed_later(self, wanted: Filter, tentative: bool) -> None:
        """Show what many rows are narrowed to, while more is typed."""
        accepts = each_or(partial(self._accepts, wanted), False)
        known, found = await asked_before(accepts, self.table.view.keys)
        self._show_typed(wanted, known, tentative=tentative, found=found)

    def _show_typed(
        self, wanted: Filter | None, accepts: Accepts[K], *, tentative: bool, found: bool
    ) -> None:
        """Show what is typed; as before while that cannot be understood, or may go on and finds
        nothing yet."""
        if self.bar is None or not self.bar.has_class("-shown"):
            return  # typed before it was put away
        if wanted is None or (tentative and not found):
            if self._filter is not self._good:
                self._apply(self._good)
            self.bar.tell(AS_BEFORE, Tone.WARN)
            return
        if not tentative:
            self._good = wanted
        self._apply(wanted, accepts)
        shown, all_rows = len(self.table.view), self.table.view.total
        self.bar.tell(f"{shown:,} of {all_rows:,}" if wanted else "")
        if wanted.slow:
            self.bar.complain(GAVE_UP)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        event.stop()
        bar = self.bar
        if bar is None:
            return
        if bar.error is not None and not event.clear:
            bar.refuse()
            return
        self.put_filter("" if event.clear else bar.text)
        self.table.focus(scroll_visible=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Back in the rows by another way than the filter's line has: it ends as it can.

        Not while the line has not had the focus yet: a fast hand is ahead of these events.
        """
        if self.bar is not None and self.bar.left_for(rows=event.widget is self.table):
            self.put_filter(self._kept.text if self.bar.error else self.bar.text)

    def _apply(self, wanted: Filter, accepts: Accepts[K] | None = None) -> None:
        self._filter = wanted
        for pattern in wanted.patterns:
            pattern.tell = partial(self.post_message, self.Filtered())
        self.table.set_filter((accepts or partial(self._accepts, wanted)) if wanted else None)
        self._show_empty()
        self.post_message(self.Filtered())

    def _show_empty(self) -> None:
        stage = next((each for each in self._stages if each.term == self._filter.text), None)
        none = f"{stage.none if stage else 'Nothing matches.'} esc shows all again."
        self.table.empty = none if self.filtered else self._empty

    @property
    def _rows(self) -> FilteredRows[K, R]:
        rows: FilteredRows[K, R] = self.table.rows  # type: ignore[assignment]  # see __init__
        return rows

    def _accepts(self, wanted: Filter, keys: Sequence[K]) -> Sequence[Any]:
        return self._rows.accepted(keys, wanted) if keys else ()


def _cut(text: str) -> str:
    return text if len(text) <= _FILTER_WIDTH else text[: _FILTER_WIDTH - 1] + ELLIPSIS


def title(text: str) -> Part:
    """The name of a pane, which gives way last."""
    return part(10, Content(text))
