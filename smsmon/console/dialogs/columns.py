"""The dialog that chooses the columns of a table, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from smsmon.console.dialogs.column_choice import CHOICE_COLUMNS, Choice, choices
from smsmon.console.widgets.line import Line
from smsmon.console.widgets.live_table import Column, LiveTable, MappedRows
from smsmon.console.widgets.live_table.content import usual_columns

_LOW = 20
"""Lines of the screen below which no blank lines are spared."""


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


class ColumnsScreen(ModalScreen[list[str] | None]):
    """Choose which columns a table shows, and in which order.

    Dismissed with the names chosen, at least one, or None.
    """

    CSS = """
    ColumnsScreen #columns {
        height: 100%; max-height: 24;
        & Line { text-wrap: nowrap; text-overflow: ellipsis; }
        & > LiveTable { margin: 1 0 0 0; }
    }
    ColumnsScreen.-low #columns {
        max-height: 100%;
        & > LiveTable, & > .keys { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]
    AUTO_FOCUS = "ChoiceTable"

    def __init__(self, columns: Sequence[Column[Any]], chosen: Iterable[str]) -> None:
        super().__init__()
        self._columns = columns
        self._choices = {choice.name: choice for choice in choices(columns, chosen)}
        self._table = ChoiceTable(
            CHOICE_COLUMNS, MappedRows(self._choices), list(self._choices), tint_seconds=0
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="columns") as dialog:
            dialog.border_title = "Columns"
            yield Line(id="verdict")
            yield self._table
            yield Line(
                Content.styled("space  show or hide   J K  move   d  default", "$text-quiet"),
                classes="keys",
            )
            yield Line(Content.styled("enter  done     esc  cancel", "$text-quiet"))

    def on_mount(self) -> None:
        self._say()

    def on_resize(self) -> None:
        self.set_class(self.size.height < _LOW, "-low")

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

    def action_cancel(self) -> None:
        """Close and change nothing."""
        self.dismiss(None)

    def _take(self, ordered: Iterable[Choice]) -> None:
        choices_by_name = {choice.name: choice for choice in ordered}
        self._choices.clear()
        self._choices.update(choices_by_name)
        self._table.load(list(choices_by_name))

    def _say(self) -> None:
        shown = (
            f"{len(self.chosen)} of {len(self._choices)} shown, from left to right in this order"
        )
        self.query_one("#verdict", Line).say(Content.styled(shown, "$text-quiet"))
