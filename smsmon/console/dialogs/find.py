"""The dialog that finds a phone number, wherever it is."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState

from smsmon.console.dialogs.base import Keys, LedDialog, TextField
from smsmon.console.formats import Formats
from smsmon.console.line import Line
from smsmon.console.live_table import LiveTable
from smsmon.console.signs import DOWN_KEY, UP_KEY
from smsmon.console.tables.found import (
    FOUND_LIMIT,
    FindNumber,
    Found,
    FoundRows,
    Place,
    detail,
    found_columns,
    merged,
    remembered,
    search,
    understood,
    verdict,
    why_empty,
)
from smsmon.monitor.board import Board
from smsmon.phones import Sought
from smsmon.store.errors import StoreError

_LOOK_EVERY = 1.0
"""Seconds between two looks at what the rows say now: statuses change while this is open."""
_LONGEST = 40


class FindScreen(LedDialog[Place | None]):
    """Find a number in all watched messages, and in the history, while it is typed.

    Dismissed with the place chosen, or None. A place without a slot is in the history only.
    """

    FRAME = "find"
    HEADING = "Find a number"
    CSS = """
    FindScreen #find {
        width: 112; max-width: 100%; height: 26; max-height: 100%; padding: 0 1;
        & > #verdict { height: 2; margin: 0 1; text-wrap: wrap; }
        & > #detail { padding: 0 1; margin: 1 0 0 0; }
        & > .keys { padding: 0 1; margin: 0; }
        & > #found { height: 1fr; }
        & #nothing { padding: 0 1; color: $text-quiet; }
    }
    FindScreen.-low #find {
        & > #verdict { height: 1; }
        & > #detail { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", show=False),
    ]
    AUTO_FOCUS = "#number"

    def __init__(self, board: Board, formats: Formats, find: FindNumber | None = None) -> None:
        """``find`` asks the history for a number, at most so many times it was seen."""
        super().__init__(found_columns(formats))
        self._board = board
        self._formats = formats
        self._find = find
        self._wanted = Sought()
        self._searched = Sought()
        """What the rows shown were found for."""
        self._searching = False
        self._opens = False
        """Enter was pressed before anything was found: open the first that is."""
        self._rows = FoundRows(board)

    def body(self) -> ComposeResult:
        yield TextField(limit=_LONGEST, id="number")
        yield Line(id="verdict")
        with Vertical(id="found"):
            yield self._table
            yield Static(id="nothing", markup=False)
        yield Line(id="detail")
        yield Keys(("enter", "open"), (f"{UP_KEY} {DOWN_KEY}", "choose"), ("esc", "close"))

    def on_mount(self) -> None:
        self._show([], searching=False)
        self.set_interval(_LOOK_EVERY, self.look)

    def look(self) -> None:
        """Show the rows as they are now."""
        self._table.repaint()
        self._say_detail()

    @on(Input.Changed)
    def _asked(self, event: Input.Changed) -> None:
        self._opens = False
        wanted = understood(event.value)
        if not wanted or wanted != self._wanted:
            self._wanted, self._searching = wanted, True
            self._search(wanted)

    @work(group="find", exclusive=True, exit_on_error=False)
    async def _search(self, wanted: Sought) -> None:
        """Show what is found, first on the board, then in the history too."""
        if not wanted:
            self._show([], searching=False)
            return
        found = await search(self._board, wanted)
        find = self._find
        self._show(found, searching=find is not None)
        if find is None:
            return
        try:
            known = await find(self._value, FOUND_LIMIT)
        except StoreError as error:
            why = error.once.removeprefix(f"{error.where}: ")
            self._show(found, searching=False, trouble=f"history: {why}")
            return
        older = remembered(self._board, wanted, known.sightings)
        self._show(merged(found, older)[:FOUND_LIMIT], searching=False, more=known.more)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A search that fails says so; what it found stays."""
        if event.state is WorkerState.ERROR:
            current = self._searched == self._wanted
            found = list(self._rows.found.values()) if current else []
            self._show(found, searching=False, trouble="the search failed")

    def _show(
        self, found: list[Found], *, searching: bool, more: bool = False, trouble: str = ""
    ) -> None:
        self._searching = searching
        fresh, self._searched = self._searched != self._wanted, self._wanted
        rows = FoundRows(self._board, found)
        if fresh:
            self._rows = rows
            self._table.set_source(rows, rows.places)
        elif rows.places != self._rows.places:
            self._rows.found = rows.found
            self._table.load(rows.places)
        self._table.display = bool(found)
        nothing = self.query_one("#nothing", Static)
        nothing.display = not found
        if not found:
            why = why_empty(
                self._wanted, len(self._board), searching=searching, history=bool(self._find)
            )
            nothing.update(why)
        self.tell(
            verdict(
                self._value, self._wanted, found, searching=searching, more=more, trouble=trouble
            )
        )
        self._say_detail()
        if self._opens and (found or not searching):
            self._opens = False
            self.action_open()

    def _say_detail(self) -> None:
        self.query_one("#detail", Line).say(detail(self._table.cursor_row, self._formats))

    @property
    def _value(self) -> str:
        return self.query_one("#number", Input).value

    @on(LiveTable.Highlighted)
    def _highlighted(self) -> None:
        self._say_detail()

    @on(LiveTable.Selected)
    @on(Input.Submitted)
    def _chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Close with the row under the cursor; while the search runs, as soon as there is one."""
        row = self._table.cursor_row
        if row is not None and self._searched == self._wanted:
            self.dismiss(row.place)
        elif self._searching:
            self._opens = True
        else:
            self.app.bell()
