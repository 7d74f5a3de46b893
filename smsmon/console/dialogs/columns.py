"""The dialog that chooses the columns of a table, and their order."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from smsmon.console.actions import MOVING, bindings
from smsmon.console.cells import Cell, Span
from smsmon.console.dialogs.base import Dialog, Keys, quiet
from smsmon.console.line import Line
from smsmon.console.live_table import Column, LiveTable, MappedRows
from smsmon.console.live_table.content import usual_columns
from smsmon.console.signs import CHOSEN, Tone

Room = Callable[[Sequence[str]], Container[str]]
"""Gives those of the columns chosen that something holds for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One column of the table, chosen or not."""

    name: str
    title: str
    help: str
    chosen: bool
    fits: bool = True
    """There is room for it, if it is chosen."""
    empty: bool = False
    """It has nothing to tell of any row, and gives way first."""


def choices(columns: Iterable[Column[Any]], chosen: Iterable[str]) -> list[Choice]:
    """The columns to choose from: those chosen in their order, then the others in theirs."""
    known = {column.name: column for column in columns}
    first = [name for name in dict.fromkeys(chosen) if name in known]
    rest = [name for name in known if name not in first]
    return [
        Choice(name, _titled(known[name]), known[name].help, name in first)
        for name in (*first, *rest)
    ]


def _titled(column: Column[Any]) -> str:
    """What stands above the column; with its name, where that is a sign alone."""
    if any(map(str.isalnum, column.title)):
        return column.title
    return f"{column.title} {column.name.replace('_', ' ')}".strip()


def _title(row: Choice, width: int) -> Cell:
    if row.chosen:
        shown = Tone.STRONG if row.fits else Tone.PLAIN
        return (Span(f"{CHOSEN.glyph} ", Tone.GOOD), Span(row.title, shown))
    return Span(f"  {row.title}", Tone.DIM)


def _stands(row: Choice, width: int) -> Cell:
    if not row.chosen:
        return Span("not chosen", Tone.DIM)
    if row.fits:
        return Span("shown", Tone.GOOD)
    return Span("chosen, empty" if row.empty else "chosen, no room", Tone.PLAIN)


def _help(row: Choice, width: int) -> Cell:
    return Span(row.help, Tone.DIM)


CHOICE_COLUMNS: tuple[Column[Choice], ...] = (
    Column("title", "  column", _title, width=14, flex=2, max_width=18, priority=2, sortable=False),
    Column("stands", "here", _stands, width=15, priority=1, sortable=False),
    Column("help", "what it tells", _help, width=16, flex=1, sortable=False),
)


class ChoiceTable(LiveTable[str, Choice], inherit_bindings=False):
    """The columns as rows, and the keys that choose and move them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(MOVING),
        Binding("space", "screen.choose", show=False),
        Binding("shift+down,J", "screen.move(1)", show=False),
        Binding("shift+up,K", "screen.move(-1)", show=False),
        Binding("d", "screen.default", show=False),
        Binding("enter", "screen.accept", show=False),
    ]


class ColumnsScreen(Dialog[list[str] | None]):
    """Choose which columns a table shows, and in which order.

    Dismissed with the names chosen, at least one, or None.
    """

    FRAME = "columns"
    HEADING = "Columns"
    CSS = """
    ColumnsScreen #columns {
        height: 100%; max-height: 24;
        & > LiveTable { height: 1fr; margin: 1 0 0 0; }
        & > .keys { margin: 0; }
    }
    ColumnsScreen.-low #columns {
        max-height: 100%;
        & > LiveTable { margin: 0; }
    }
    """
    AUTO_FOCUS = "ChoiceTable"

    def __init__(
        self,
        columns: Sequence[Column[Any]],
        chosen: Iterable[str],
        room: Room = lambda names: names,
        empty: Room = lambda _: (),
        width: int = 0,
    ) -> None:
        """``width``: that of the table they are for, in screen columns. ``room`` gives those of the
        columns chosen that fit there, ``empty`` those that have nothing to tell of any row.
        """
        super().__init__()
        self._empty = empty
        self._columns = columns
        self._room = room
        self._width = width
        self._choices: dict[str, Choice] = {}
        self._take(choices(columns, chosen))
        self._table = ChoiceTable(
            CHOICE_COLUMNS, MappedRows(self._choices), list(self._choices), tint_seconds=0
        )

    def body(self) -> ComposeResult:
        yield Line(id="verdict")
        yield self._table
        yield Line(id="told")
        yield Keys(
            ("enter", "done"), ("space", "show or hide"), ("J K", "move"), ("d", "the usual ones"),
            ("esc", "cancel"),
        )  # fmt: skip

    def on_mount(self) -> None:
        self._say()

    @property
    def chosen(self) -> list[str]:
        """The names chosen, in their order."""
        return [choice.name for choice in self._choices.values() if choice.chosen]

    @on(LiveTable.Selected)
    def action_choose(self) -> None:
        """Choose the column under the cursor, or not."""
        choice = self._table.cursor_row
        if choice is None:
            return
        if self.chosen == [choice.name]:
            self.app.bell()  # a table without columns shows nothing
            return
        changed = replace(choice, chosen=not choice.chosen)
        self._show(changed if each is choice else each for each in self._choices.values())

    def action_move(self, step: int) -> None:
        """Move the column under the cursor by ``step`` places."""
        names = list(self._choices)
        name = self._table.cursor_key
        if name is None or not 0 <= names.index(name) + step < len(names):
            return
        at = names.index(name)
        names.insert(at + step, names.pop(at))
        self._show([self._choices[each] for each in names])

    def action_default(self) -> None:
        """Choose as it was before anybody chose."""
        self._show(choices(self._columns, usual_columns(self._columns)))

    def action_accept(self) -> None:
        """Close with what is chosen."""
        self.dismiss(self.chosen)

    def _take(self, ordered: Iterable[Choice]) -> None:
        ordered = list(ordered)
        chosen = [each.name for each in ordered if each.chosen]
        fitting, empty = self._room(chosen), self._empty(chosen)
        self._choices.clear()
        self._choices.update(
            {
                each.name: replace(each, fits=each.name in fitting, empty=each.name in empty)
                for each in ordered
            }
        )

    def _show(self, ordered: Iterable[Choice]) -> None:
        self._take(ordered)
        self._table.load(list(self._choices))
        self._table.repaint()
        self._say()

    def _say(self) -> None:
        shown = sum(each.chosen and each.fits for each in self._choices.values())
        left_out = len(self.chosen) - shown
        told = f"{len(self.chosen)} of {len(self._choices)} chosen"
        if left_out:
            told += f", {shown} of them have room in {self._width} columns"
        self.tell(quiet(told))
        self._explain()

    @on(LiveTable.Highlighted)
    def _explain(self) -> None:
        """Say in full what the column under the cursor tells."""
        row = self._table.cursor_row
        self.query_one("#told", Line).say(quiet(row.help) if row else Content())
