"""What happened while nobody looked: from the history, so nothing is missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from smsmon.console.actions import ACTIONS, bindings
from smsmon.console.dialogs import since_view as views
from smsmon.console.dialogs.keys import Keys
from smsmon.console.dialogs.since_view import Stretch
from smsmon.console.lens import Lens
from smsmon.console.looks import Tone
from smsmon.console.tables import panes as tables
from smsmon.console.tables.journal import Journal
from smsmon.console.tables.journal import Line as JournalLine
from smsmon.console.tables.log import LogRows
from smsmon.console.tables.table_pane import TablePane, title
from smsmon.console.tones import styled
from smsmon.console.widgets.line import Line
from smsmon.console.widgets.live_table import LiveTable
from smsmon.store.errors import StoreError
from smsmon.store.past import Happened

LIMIT = 10_000
"""Changes read at most: more are no reading for a person."""
_TAKEN_OVER = {"view.filter", "view.faults", "view.since", "move.back"}
"""Actions of the console that do here what they do there, on the same keys."""


class SinceScreen(ModalScreen[JournalLine | None]):
    """The log of a stretch of time, oldest first. Dismissed with the line to go to, or None.

    Begins with what happened since the operator last looked; when that is nothing, with last night.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(action for action in ACTIONS if action.id in _TAKEN_OVER),
        Binding("q", "since", show=False),
        Binding("w", "turn(1)", show=False),
        Binding("W", "turn(-1)", show=False),
    ]
    CSS = """
    SinceScreen #since {
        width: 120; max-width: 100%; height: 94%; padding: 0 1;
        & > Line { padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #since-told { height: auto; padding: 0 1; margin: 0 0 1 0; }
        & > #since-line { height: 2; text-wrap: wrap; color: $text-quiet; }
        & > .keys { margin: 0; }
    }
    SinceScreen.-low #since {
        height: 100%;
        & > #since-told { margin: 0; }
        & > #since-line { height: 1; }
    }
    """
    AUTO_FOCUS = "#since-log LiveTable"

    def __init__(
        self, looked: float, lens: Lens, ask: Callable[[float, int], Awaitable[Happened]]
    ) -> None:
        """``ask(moment, limit)`` tells what happened from ``moment`` on."""
        super().__init__()
        self._looked = looked
        self._lens = lens
        self._ask = ask
        self._stretch = Stretch.LOOKED
        self._told = Static(id="since-told", markup=False)
        self._pane = tables.log_pane(Journal(), lens, id="since-log", empty="Looking …")
        self._lines: Journal = Journal()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="since") as dialog:
            dialog.border_title = "What happened"
            yield Line(id="since-stretch")
            yield self._told
            yield self._pane
            yield Line(id="since-line")
            yield Keys(
                ("w", "other times"), ("/", "filter"), ("f", "went wrong"),
                ("enter", "go there"), ("esc", "close"),
            )  # fmt: skip

    def on_mount(self) -> None:
        self._look(fall_back=True)

    def on_resize(self) -> None:
        self.set_class(self.size.height < 20, "-low")

    @work(group="since", exclusive=True, exit_on_error=False)
    async def _look(self, *, fall_back: bool = False) -> None:
        """Tell the stretch picked; with ``fall_back`` last night, if nothing happened in it."""
        nothing = ""
        happened = await self._happened()
        if happened and fall_back and not (happened.transitions or happened.events):
            looked = self._lens.moment(self._looked).strip()
            nothing = f"Nothing happened since you looked, {looked}.\n"
            self._stretch = Stretch.NIGHT
            happened = await self._happened()
        if happened is None:
            return
        self._lines = Journal(2 * LIMIT)
        self._lines.note(views.lines(happened))
        self._pane.rest("Nothing happened.")
        self._pane.table.set_source(LogRows(self._lines, self._lens), self._lines.numbers)
        told = views.summary(happened, self._lens)
        self._told.update(Content.assemble((nothing, "$text-quiet"), told))
        self._retitle()

    async def _happened(self) -> Happened | None:
        """What happened in the stretch picked; None, and said why, if nobody knows."""
        now, zone = self._lens.now(), self._lens.zone
        moment = views.beginning(self._stretch, self._looked, now, zone)
        self.query_one("#since-stretch", Line).say(self._tabs(moment))
        try:
            return await self._ask(moment, LIMIT)
        except StoreError as error:
            self._told.update(styled(str(error), Tone.BAD))
            self._pane.rest("The history cannot be read.")
            return None

    def _tabs(self, moment: float) -> Content:
        at = self._lens.moment(moment).strip()
        return Content("   ").join(
            [
                Content.styled(f"▸{each.value} ({at})", "bold $accent")
                if each is self._stretch
                else Content.styled(each.value, "$text-quiet")
                for each in Stretch
            ]
        )

    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    @on(TablePane.Filtered)
    def _retitle(self) -> None:
        count = len(self._lines)
        lines = title(f"{count:,} line{'' if count == 1 else 's'}")
        self._pane.entitle([lines, *self._pane.facts()])
        self._tell_whole()

    @on(LiveTable.Highlighted)
    def _tell_whole(self) -> None:
        """Say the line under the cursor in full: its cell may be too narrow."""
        line = self._pane.table.cursor_row
        told = f"{self._lens.timestamp(line.at)}  {line.text}" if line else ""
        self.query_one("#since-line", Line).say(Content(told))

    @on(LiveTable.Selected)
    def _selected(self) -> None:
        line = self._pane.table.cursor_row
        if line is not None and line.message_id is not None:
            self.dismiss(line)

    def action_turn(self, step: int) -> None:
        """Tell another stretch of time."""
        stretches = list(Stretch)
        place = (stretches.index(self._stretch) + step) % len(stretches)
        self._stretch = stretches[place]
        self._look()

    async def action_filter(self) -> None:
        """Type a filter for the lines."""
        await self._pane.type_filter()

    def action_faults(self) -> None:
        """Only what went wrong, or everything again."""
        self._pane.switch_faults()

    def action_back(self) -> None:
        """Show all lines again; then close."""
        if self._pane.filtered:
            self._pane.clear_filter()
        else:
            self.dismiss(None)

    def action_since(self) -> None:
        """Close."""
        self.dismiss(None)
