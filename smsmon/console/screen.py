"""The console's screen: four panes and the way through them."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size

from smsmon.console.actions import ACTIONS, Where, bindings
from smsmon.console.asking import Asking
from smsmon.console.layout import LAYOUT_CLASSES, layout_classes, visible
from smsmon.console.tables.table_pane import TablePane
from smsmon.console.terminal.private import PacedScreen, forget_closed
from smsmon.console.widgets.key_line import KeyLine
from smsmon.console.widgets.live_table import LiveTable
from smsmon.console.widgets.panes import Pane

_PATH = (Where.MESSAGES, Where.RECIPIENTS, Where.RECIPIENT)


class ConsoleScreen(Asking, PacedScreen[None], inherit_bindings=False):
    """Messages, the recipients of one, one recipient, and the log: moving about in them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS)]
    AUTO_FOCUS = "#messages LiveTable"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.at = Where.MESSAGES
        """The pane the operator stands in."""
        self._before_log = Where.MESSAGES
        self._zoomed = False
        self._log_wanted = True
        self.panes: dict[Where, Pane] = {
            pane.where: pane
            for pane in (self.messages, self.recipients, self.recipient, self.log_pane)
        }

    @property
    def frames_per_second(self) -> float:
        return self.feed.frames_per_second

    @property
    def chosen_ids(self) -> list[str]:
        if self.at is Where.MESSAGES:
            return list(self.messages.table.acted_on)
        return [] if self.open_id is None else [self.open_id]

    def go(self, where: Where) -> None:
        """Stand in the pane ``where``."""
        if where is Where.LOG and self.at is not Where.LOG:
            self._before_log = self.at
        self.at = where
        self.lay_out()
        self.panes[where].enter()

    def compose(self) -> ComposeResult:
        # Laid out before anything is mounted, or it would all be styled and painted twice.
        self._choose_layout(self.app.size)
        yield from super().compose()

    def lay_out(self) -> None:
        """Show the panes there is room for."""
        before = self.visible_panes
        self._choose_layout(self.size)
        self.query_one(KeyLine).stand_in(self.at)
        if self.visible_panes != before:
            self.focus_engine()
            self.show_recipient(self.open_slot)

    def _choose_layout(self, size: Size) -> None:
        wanted = layout_classes(*size, self.at, zoomed=self._zoomed, log=self._log_wanted)
        if wanted != self.classes & LAYOUT_CLASSES:
            self.remove_class(*(LAYOUT_CLASSES - wanted), update=False)
            self.add_class(*wanted)
        for where, pane in self.panes.items():
            pane.set_class(where is self.at, "-here")
        self.visible_panes = visible(wanted)

    def on_screen_resume(self) -> None:
        forget_closed(self.app)

    def on_resize(self) -> None:
        self.lay_out()

    # What the panes tell

    @on(events.DescendantFocus)
    def _entered(self) -> None:
        for where, pane in self.panes.items():
            if pane.entered and where is not self.at:
                if where is Where.LOG:
                    self._before_log = self.at
                self.at = where
                self.lay_out()

    @on(LiveTable.Highlighted)
    def _highlighted(self, event: LiveTable.Highlighted) -> None:
        if event.table is self.messages.table:
            if self.messages.table.cursor_key != self.open_id:
                self.show_message(self.messages.table.cursor_key)
        elif event.table is self.recipients.table:
            self.show_recipient(self.recipients.table.cursor_key)

    @on(LiveTable.Selected)
    def _selected(self, event: LiveTable.Selected) -> None:
        if event.table is self.messages.table:
            self.go(Where.RECIPIENTS)
        elif event.table is self.recipients.table:
            self.go(Where.RECIPIENT)

    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    @on(TablePane.Filtered)
    def _retitle(self) -> None:
        self.entitle_messages()
        self.entitle_side()
        self.show_log()
        self.show_head()

    # Keys

    def action_open(self) -> None:
        """Go deeper, from the row under the cursor."""
        if isinstance(pane := self.panes[self.at], TablePane):
            pane.table.action_select()

    def action_back(self) -> None:
        """Clear the filter first; then up one level."""
        pane = self.panes[self.at]
        if isinstance(pane, TablePane) and pane.filtered:
            pane.clear_filter()
        elif self.at is Where.LOG:
            self.go(self._before_log)
        elif self.at is not Where.MESSAGES:
            self.go(_PATH[_PATH.index(self.at) - 1])

    def action_next_pane(self) -> None:
        """To the next pane."""
        self._go_round(1)

    def action_previous_pane(self) -> None:
        """To the pane before."""
        self._go_round(-1)

    def _go_round(self, step: int) -> None:
        order = list(self.panes)
        self.go(order[(order.index(self.at) + step) % len(order)])

    async def action_filter(self) -> None:
        """Type a filter for the table the operator stands in."""
        if isinstance(pane := self.panes[self.at], TablePane):
            await pane.type_filter()

    def action_faults(self) -> None:
        """Only what failed; then what waits too; then everything again."""
        if isinstance(pane := self.panes[self.at], TablePane):
            pane.switch_faults()

    def action_log(self) -> None:
        """Into the log; from there, put it away."""
        if self.at is not Where.LOG:
            self._log_wanted = True
            self.go(Where.LOG)
        else:
            self._log_wanted = False
            self.go(self._before_log)

    def action_zoom(self) -> None:
        """This pane alone, or all again."""
        self._zoomed = not self._zoomed
        self.lay_out()

    def action_freeze(self) -> None:
        """Hold the picture still to read it, or let it go on."""
        self.feed.frozen = not self.feed.frozen
        for pane in self.panes.values():
            if isinstance(pane, TablePane):
                pane.table.frozen = self.feed.frozen
        self.show_head()

    def action_utc(self) -> None:
        """Times in UTC, or in the zone of the machine again."""
        self.lens.utc = not self.lens.utc
        self.show_everything()
        self.tick()

    def action_privacy(self) -> None:
        """Mask the digits of phone numbers, or show them again."""
        self.lens.masked = not self.lens.masked
        self.show_everything()

    def action_help(self) -> None:
        """Every key that works here."""
        from smsmon.console.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self.at, self.actions))

    def action_palette(self) -> None:
        """Find an action by its name."""
        self.app.action_command_palette()

    def action_quit(self) -> None:
        """Leave smsmon."""
        self.note_leaving()
        self.app.exit(0)
