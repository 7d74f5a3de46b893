"""The dialog of named views: called up, kept, renamed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from smsmon.console.actions import MOVING, bindings
from smsmon.console.cells import Cell, Span
from smsmon.console.dialogs.base import Dialog, Keys, TextField, quiet
from smsmon.console.formats import Formats
from smsmon.console.line import Line
from smsmon.console.live_table import Column, LiveTable, MappedRows
from smsmon.console.live_table.content import usual_columns
from smsmon.console.memory import NAME_LIMIT, Look, View, Views
from smsmon.console.signs import DOWNWARDS, UPWARDS, Tone, styled
from smsmon.console.tables.panes import TablePane
from smsmon.console.undoing import Steps, ViewStep
from smsmon.times import counted

USUAL = ""
"""Stands for the table as it is without any view."""
_KEYS = (
    ("enter", "call up"), ("s", "save this one"), ("r", "rename"), ("d", "delete"),
    ("u", "undo"), ("esc", "close"),
)  # fmt: skip
_KEYS_NAMING = (("enter", "keep"), ("esc", "not now"))


def look_words(look: Look, words: Callable[[str], str] = str) -> str:
    """What a view shows, in a line: ``trouble:yes, by rate ▴, 5 columns``.

    ``words`` masks numbers where they are masked.
    """
    way = DOWNWARDS if look.sort.startswith("-") else UPWARDS
    told = [
        words(look.filter) or "all rows",
        f"by {look.sort.removeprefix('-')} {way.glyph}" if look.sort else "",
        counted(len(look.columns), "column") if look.columns else "",
    ]
    return ", ".join(filter(None, told))


def view_columns(words: Callable[[str], str]) -> tuple[Column[View], ...]:
    """Name, table, what it shows, and where it is kept."""

    def name(row: View, _: int) -> Cell:
        return Span(row.name or "no view", Tone.STRONG if row.name else Tone.DIM)

    def shows(row: View, _: int) -> Cell:
        return look_words(row.look, words) if row.name else "all rows, as they usually stand"

    return (
        Column("name", "view", name, width=8, flex=3, max_width=NAME_LIMIT, measured=True,
               sortable=False),
        Column("table", "table", lambda row, _: row.table, width=10, sortable=False),
        Column("shows", "shows", shows, width=20, flex=2, max_width=60, sortable=False),
        Column("kept", "kept in", _kept, width=11, sortable=False),
    )  # fmt: skip


def _kept(row: View, _: int) -> Cell:
    if not row.name:
        return ""
    return Span("config.toml" if row.configured else "the console", Tone.DIM)


class ViewTable(LiveTable[str, View], inherit_bindings=False):
    """The views as rows, and the keys that do something with one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(MOVING),
        Binding("enter", "select", show=False),
        Binding("s", "screen.save", show=False),
        Binding("r", "screen.rename", show=False),
        Binding("d,delete", "screen.delete", show=False),
        Binding("u", "screen.undo", show=False),
        Binding("V,q", "screen.cancel", show=False),
    ]


class ViewsScreen(Dialog[View | None]):
    """Choose a view of the tables, or keep the present one of the table one stands in.

    Dismissed with the view called up, which has no name where none is wanted any more, or None.
    """

    FRAME = "views"
    HEADING = "Views"
    CSS = """
    ViewsScreen #views {
        height: auto; max-height: 90%;
        & > LiveTable { height: auto; max-height: 14; margin: 1 0 0 0; }
        & > TextField { display: none; margin: 1 0 0 0; }
        &.-naming > TextField { display: block; }
    }
    ViewsScreen.-low #views { & > LiveTable, & > TextField { margin: 0; } }
    """
    AUTO_FOCUS = "ViewTable"

    def __init__(
        self, views: Views, pane: TablePane[Any, Any], formats: Formats, steps: Steps
    ) -> None:
        """``pane`` is the table one stands in; ``steps`` are told what is done."""
        super().__init__()
        self._views = views
        self._steps = steps
        self._table_id = pane.id or ""
        self._look = pane.look
        self._usual = Look(columns=usual_columns(pane.table.columns))
        self._formats = formats
        self._named: Callable[[str], bool] = self._save
        """What is done with the name typed; False, and said why, when it cannot be."""
        self._rows = self._listed()
        self._table = ViewTable(
            view_columns(formats.words), MappedRows(self._rows), list(self._rows), tint_seconds=0
        )
        self._field = TextField(limit=NAME_LIMIT, placeholder="name", id="view-name")
        self._keys = Keys(*_KEYS)

    def body(self) -> ComposeResult:
        yield Line(id="verdict")
        yield self._table
        yield self._field
        yield self._keys

    def on_mount(self) -> None:
        self._table.styles.height = min(14, len(self._rows) + 1)
        now = look_words(self._look, self._formats.words)
        self.tell(quiet(f"This table, {self._table_id}: {now}"))

    def _listed(self) -> dict[str, View]:
        """Those of this table first."""
        found = self._views.all()
        here = {name: each for name, each in found.items() if each.table == self._table_id}
        return {USUAL: View(USUAL, self._table_id, self._usual)} | here | dict(found)

    def _list_anew(self, name: str = USUAL) -> None:
        """Show the views there are now, with the cursor on ``name``."""
        self._rows.clear()
        self._rows.update(self._listed())
        self._table.load(list(self._rows))
        self._table.repaint()
        self._table.move_to_key(name)
        self._table.styles.height = min(14, len(self._rows) + 1)

    # Calling up

    @on(LiveTable.Selected)
    def _called_up(self) -> None:
        self.dismiss(self._table.cursor_row)

    def action_cancel(self) -> None:
        """Leave the name, or the dialog."""
        if self._table.has_focus:
            self.dismiss(None)
        else:
            self._back_to_table()

    # Keeping

    def _own(self) -> View | None:
        """The view under the cursor, when it can be changed here; else said why not."""
        view = self._table.cursor_row
        if view is None or not view.name:
            self.refuse(quiet("Choose a view first."))
        elif view.configured:
            self.refuse(styled(f"{view.name} is in config.toml: change it there.", Tone.WARN))
        else:
            return view
        return None

    def action_save(self) -> None:
        """Ask for a name for what the table shows now."""
        view = self._table.cursor_row
        own = view is not None and not view.configured and view.table == self._table_id
        self._ask(view.name if own and view is not None else "", self._save)

    def action_rename(self) -> None:
        """Ask for another name for the view under the cursor."""
        if (view := self._own()) is not None:
            self._ask(view.name, partial(self._rename, view))

    def action_delete(self) -> None:
        """Forget the view under the cursor."""
        if (view := self._own()) is not None:
            self._note(f"view {view.name} deleted", view.name)
            self._views.delete(view.name)
            self._list_anew()
            self.tell(quiet(f"{view.name} deleted. u brings it back."))

    async def action_undo(self) -> None:
        """Take back what was done to views last, here or before."""
        step = self._steps.last_of(ViewStep)
        if step is None:
            self.refuse(quiet("Nothing was done to a view that could be taken back."))
            return
        told = await step.take_back()
        self._steps.drop(step)
        self._list_anew(next((name for name, view in step.before.items() if view), USUAL))
        self.tell(quiet(told))

    def _note(self, what: str, *names: str) -> None:
        """Have what is about to be done to the views of these names taken back by undo."""
        before = {name: self._views.kept(name) for name in names}
        self._steps.note(ViewStep(self._views, before, what))

    def _ask(self, name: str, named: Callable[[str], bool]) -> None:
        self._named = named
        self._field.value = name
        self._field.cursor_position = len(name)
        self.query_one("#views").add_class("-naming")
        self._keys.offer(*_KEYS_NAMING)
        self._field.focus()

    @on(Input.Submitted)
    def _take_name(self) -> None:
        name = " ".join(self._field.value.split())
        if why := self._views.why_not(name):
            self.refuse(styled(why, Tone.WARN))
        elif self._named(name):
            self._list_anew(name)
            self._back_to_table()

    def _save(self, name: str) -> bool:
        replaced = name in self._views.all()
        self._note(f"view {name} saved", name)
        self._views.save(View(name, self._table_id, self._look))
        self.tell(quiet(f"{name} {'saved in place of the one before' if replaced else 'saved'}."))
        return True

    def _rename(self, view: View, name: str) -> bool:
        if name != view.name and name in self._views.all():
            self.refuse(styled(f"There is a view {name} already.", Tone.WARN))
            return False
        self._note(f"view {view.name} renamed", view.name, name)
        self._views.move(view, name)
        self.tell(quiet(f"{view.name} is called {name} now."))
        return True

    def _back_to_table(self) -> None:
        self.query_one("#views").remove_class("-naming")
        self._keys.offer(*_KEYS)
        self._table.focus()
