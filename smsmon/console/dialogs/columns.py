"""The dialog that chooses the columns of a table, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from smsmon.console.cells import Cell, Span
from smsmon.console.dialogs.base import Dialog, Keys, quiet
from smsmon.console.line import Line
from smsmon.console.live_table import Column, LiveTable, MappedRows
from smsmon.console.live_table.content import usual_columns
from smsmon.console.signs import CHOSEN, Tone


@dataclass(frozen=True, slots=True)
class Choice:
    """One column of the table, chosen or not."""

    name: str
    title: str
    help: str
    chosen: bool


def choices(columns: Iterable[Column[Any]], chosen: Iterable[str]) -> list[Choice]:
    """The columns to choose from: those chosen in their order, then the others in theirs."""
    known = {column.name: column for column in columns}
    first = [name for name in dict.fromkeys(chosen) if name in known]
    rest = [name for name in known if name not in first]
    return [
        Choice(name, known[name].title or name, known[name].help, name in first)
        for name in (*first, *rest)
    ]


def _title(row: Choice, width: int) -> Cell:
    if row.chosen:
        return (Span(f"{CHOSEN.glyph} ", Tone.GOOD), Span(row.title, Tone.STRONG))
    return Span(f"  {row.title}", Tone.DIM)


def _help(row: Choice, width: int) -> Cell:
    return Span(row.help, Tone.DIM)


CHOICE_COLUMNS: tuple[Column[Choice], ...] = (
    Column("title", "column", _title, width=16, flex=2, max_width=18, priority=1, sortable=False),
    Column("help", "what it shows", _help, width=16, flex=1, sortable=False),
)


class ChoiceTable(LiveTable[str, Choice], inherit_bindings=False):
    """The columns as rows, and the keys that choose and move them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", show=False),
        Binding("up,k", "cursor_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("home,g", "first", show=False),
        Binding("end,G", "last", show=False),
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
        & > LiveTable { margin: 1 0 0 0; }
    }
    ColumnsScreen.-low #columns {
        max-height: 100%;
        & > LiveTable { margin: 0; }
    }
    """
    AUTO_FOCUS = "ChoiceTable"

    def __init__(self, columns: Sequence[Column[Any]], chosen: Iterable[str]) -> None:
        super().__init__()
        self._columns = columns
        self._choices = {choice.name: choice for choice in choices(columns, chosen)}
        self._table = ChoiceTable(
            CHOICE_COLUMNS, MappedRows(self._choices), list(self._choices), tint_seconds=0
        )

    def body(self) -> ComposeResult:
        yield Line(id="verdict")
        yield self._table
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
        self._choices[choice.name] = replace(choice, chosen=not choice.chosen)
        self._table.touch([choice.name])
        self._say()

    def action_move(self, step: int) -> None:
        """Move the column under the cursor by ``step`` places."""
        names = list(self._choices)
        name = self._table.cursor_key
        if name is None or not 0 <= names.index(name) + step < len(names):
            return
        at = names.index(name)
        names.insert(at + step, names.pop(at))
        self._take([self._choices[each] for each in names])

    def action_default(self) -> None:
        """Choose as it was before anybody chose."""
        self._take(choices(self._columns, usual_columns(self._columns)))
        self._say()

    def action_accept(self) -> None:
        """Close with what is chosen."""
        self.dismiss(self.chosen)

    def _take(self, ordered: Iterable[Choice]) -> None:
        choices_by_name = {choice.name: choice for choice in ordered}
        self._choices.clear()
        self._choices.update(choices_by_name)
        self._table.load(list(choices_by_name))

    def _say(self) -> None:
        shown = (
            f"{len(self.chosen)} of {len(self._choices)} shown, from left to right in this order"
        )
        self.tell(quiet(shown))
