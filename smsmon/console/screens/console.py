"""The console's screen: four panes and the way through them.

What is shown comes from the engine's board; what changed comes through the feed; what the
operator does to messages is in ``Doing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widgets import Static

from smsmon.console.actions import ACTIONS, Where, bindings
from smsmon.console.doing import Doing
from smsmon.console.feed import Feed, News
from smsmon.console.journal import Journal
from smsmon.console.layout import (
    LAYOUT_CLASSES,
    LEAST_HEIGHT,
    LEAST_WIDTH,
    layout_classes,
    visible,
)
from smsmon.console.lens import Lens
from smsmon.console.screens.help import HelpScreen
from smsmon.console.views import head, titles
from smsmon.console.views.log import LogRows, log_columns
from smsmon.console.views.messages import MessageRows, message_columns
from smsmon.console.views.recipient import elsewhere, recipient_text
from smsmon.console.views.recipients import (
    RecipientRow,
    RecipientRows,
    recipient_columns,
    recipient_row,
)
from smsmon.console.widgets.key_line import KeyLine
from smsmon.console.widgets.line import Line
from smsmon.console.widgets.live_table import LiveTable, MappedRows
from smsmon.console.widgets.live_table.messages import Highlighted, Selected
from smsmon.console.widgets.panes import ConsoleTable, Pane, TablePane, TextPane
from smsmon.monitor.standing import standing
from smsmon.monitor.state import Watched

if TYPE_CHECKING:
    from smsmon.console.station import Station

_AGES_EVERY = 10
"""Ticks of the clock between two looks at ages and overdue reads."""
_REQUESTS_EVERY = 5
"""Seconds between two looks at the requests used."""
_PATH = (Where.MESSAGES, Where.RECIPIENTS, Where.RECIPIENT)
_NO_MESSAGES = "Nothing is watched yet. Press a to add message ids, typed or pasted."


class ConsoleScreen(Doing, inherit_bindings=False):
    """Messages, the recipients of one, one recipient, and the log."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS)]
    AUTO_FOCUS = "#messages LiveTable"

    def __init__(
        self,
        station: Station,
        lens: Lens,
        *,
        name: str = "",
        clock: bool = True,
        frames_per_second: float = 10,
    ) -> None:
        """``name`` is the account's, for the header; without ``clock`` nothing ticks."""
        super().__init__()
        self.station = station
        self.lens = lens
        self.journal = Journal()
        self.feed = Feed(self.journal, self.show_news, self.set_timer, frames_per_second)
        self._account_name = name
        self._ticking = clock
        self._ticks = 0
        self._at = Where.MESSAGES
        self._before_log = Where.MESSAGES
        self._zoomed = False
        self._log_wanted = True
        self._visible = Where(0)
        self._open_id: str | None = None
        self._slot: int | None = None
        self._requests = (0, 0, 1.0)
        self._requests_at = 0
        engine = station.engine
        self.messages = TablePane(
            ConsoleTable(
                message_columns(engine, lens),
                MessageRows(engine, lens),
                empty=_NO_MESSAGES,
            ),
            Where.MESSAGES,
            id="messages",
        )
        self.recipients: TablePane[int, RecipientRow] = TablePane(
            ConsoleTable(recipient_columns(lens), empty="No recipients known yet"),
            Where.RECIPIENTS,
            id="recipients",
        )
        self.recipient = TextPane(Where.RECIPIENT, id="recipient")
        self.log_pane = TablePane(
            ConsoleTable(
                log_columns(lens),
                LogRows(self.journal),
                empty="Nothing has happened yet.",
                tint_seconds=0,
            ),
            Where.LOG,
            id="log",
        )
        self._panes: dict[Where, Pane] = {
            pane.where: pane
            for pane in (self.messages, self.recipients, self.recipient, self.log_pane)
        }

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Line(id="truth")
            if self._ticking:
                yield Line(id="clock")
        yield Line(id="totals")
        with Horizontal(id="panes"):
            yield self.messages
            with Container(id="side"):
                yield self.recipients
                yield self.recipient
        yield self.log_pane
        yield KeyLine(id="keys")
        yield Static(
            f"smsmon needs at least {LEAST_WIDTH} columns and {LEAST_HEIGHT} lines.\n"
            "Make the window larger, or press q to leave.",
            id="too-small",
            markup=False,
        )

    def on_mount(self) -> None:
        self.station.engine.subscribe(self.feed.hear)
        self.set_interval(1.0, self.tick)
        self.tick()
        self._show_everything()

    # What there is to see

    def messages_loaded(self) -> None:
        """The watchlist was read: show it."""
        self._show_everything()

    def show_news(self, news: News) -> None:
        """Bring the screen up to date with what happened."""
        board, table = self.station.engine.board, self.messages.table
        if len(table.view.keys) != len(board) or any(id not in board for id in news.polled):
            table.load(list(board.messages))
        table.touch(
            [id for id in news.polled if id in board and id not in news.changed], tint=False
        )
        table.touch([id for id in news.changed if id in board])
        if self._open_id in news.changed:
            self._show_changed_recipients(news.changed[self._open_id])
        if self._open_id in news.polled:
            self._entitle_side()
        self._show_log()
        self._show_head()
        self._entitle_messages()

    def _show_everything(self) -> None:
        self.messages.table.load(list(self.station.engine.board.messages))
        self._show_head()
        self._entitle_messages()
        self._show_message(self.messages.table.cursor_key)

    def _show_head(self) -> None:
        engine = self.station.engine
        now = self.lens.now()
        used, allowed, stretch = self._requests_used()
        told = head.Head(
            accounts=tuple(engine.account(name) for name in engine.profiles),
            states=head.tally(standing(engine, each, now).state for each in engine.board),
            name=self._account_name,
            used=used,
            allowed=allowed,
            stretch=stretch,
            frozen=self.feed.frozen,
            held_back=self.feed.held_back,
            read_only="broken" if self.station.watchlist.broken else "",
        )
        clock_width = 10 if self._ticking else 0
        self.query_one("#truth", Line).say(
            head.truth(told, self.lens, self.size.width - clock_width - 1)
        )
        self.query_one("#head").set_class(head.trouble(told), "-trouble")
        self.query_one("#totals", Line).say(head.totals(engine.board.totals(), self.size.width - 2))

    def _requests_used(self) -> tuple[int, int, float]:
        """Requests of the last minute, the limit, the stretch; as of a few seconds ago.

        They change with every poll, and the line would be painted as often.
        """
        if not self._ticking:
            return 0, 0, 1.0
        engine, moment = self.station.engine, int(self.lens.now() // _REQUESTS_EVERY)
        if moment != self._requests_at:
            self._requests_at = moment
            self._requests = (engine.requests_last_minute, engine.allowed, engine.stretch)
        return self._requests

    def _entitle_messages(self) -> None:
        table = self.messages.table
        self.messages.entitle(
            titles.joined(Content(f"Messages {len(table.view.keys):,}"), *titles.table_facts(table))
        )

    def _show_log(self) -> None:
        table = self.log_pane.table
        following = table.view.cursor_index == len(table.view) - 1 or not self.log_pane.entered
        table.load(self.journal.numbers)
        if following:
            table.action_last()
        self.log_pane.entitle(titles.joined(Content("Log"), *titles.table_facts(table)))

    # The open message, and its open recipient

    @property
    def _open(self) -> Watched | None:
        return None if self._open_id is None else self.station.engine.board.get(self._open_id)

    def _show_message(self, message_id: str | None) -> None:
        self._open_id = message_id
        watched = self._open
        table = self.recipients.table
        if watched is None:
            table.set_source(MappedRows({}), range(0))
        else:
            table.set_source(RecipientRows(watched), range(len(watched.recipients)))
        self._show_recipient(table.cursor_key)
        self._focus_engine()

    def _show_changed_recipients(self, slots: set[int]) -> None:
        watched, table = self._open, self.recipients.table
        if watched is None:
            return
        if len(table.view.keys) != len(watched.recipients):
            table.load(range(len(watched.recipients)))
        table.touch(slots)
        if self._slot is None or self._slot in slots:
            self._show_recipient(table.cursor_key)

    def _show_recipient(self, slot: int | None) -> None:
        self._slot = slot
        self._entitle_side()
        watched = self._open
        if watched is None or slot is None:
            self.recipient.say(Content())
            return
        if Where.RECIPIENT not in self._visible:
            return
        board = self.station.engine.board
        row = recipient_row(watched, slot)
        others = elsewhere(board, watched.id, row.recipient.phone)
        timeline = board.transitions(watched.id, slot)
        self.recipient.say(recipient_text(row, timeline, others, self.lens))

    def _entitle_side(self) -> None:
        watched = self._open
        if watched is None:
            self.recipients.entitle(Content("Recipients"))
            self.recipient.entitle(Content("Recipient"))
            return
        stands = standing(self.station.engine, watched, self.lens.now())
        name = titles.message_name(watched)
        self.recipients.entitle(
            titles.joined(
                name,
                titles.stale_note(stands, self.lens),
                titles.recipients_count(watched),
                *titles.table_facts(self.recipients.table),
                titles.read_note(watched, self.lens) if self._ticking else Content(),
            )
        )
        phone = "" if self._slot is None else self.lens.phone(watched.recipients.phones[self._slot])
        self.recipient.entitle(Content(" › ").join([name, Content(phone)]))

    def _focus_engine(self) -> None:
        """Tell the engine which message is looked at: it is read most often."""
        looked_at = bool(self._visible & (Where.RECIPIENTS | Where.RECIPIENT))
        self.station.engine.focus(self._open_id if looked_at else None)

    # Moving about

    @property
    def chosen_ids(self) -> list[str]:
        if self._at is Where.MESSAGES:
            return list(self.messages.table.acted_on)
        return [] if self._open_id is None else [self._open_id]

    def go(self, where: Where) -> None:
        """Stand in the pane ``where``."""
        if where is Where.LOG and self._at is not Where.LOG:
            self._before_log = self._at
        self._at = where
        self._lay_out()
        self._panes[where].enter()

    def _lay_out(self) -> None:
        wanted = layout_classes(*self.size, self._at, zoomed=self._zoomed, log=self._log_wanted)
        for name in LAYOUT_CLASSES:
            self.set_class(name in wanted, name)
        before, self._visible = self._visible, visible(wanted)
        self.query_one(KeyLine).stand_in(self._at)
        if self._visible != before:
            self._focus_engine()
            self._show_recipient(self._slot)

    def on_resize(self) -> None:
        self._lay_out()
        self._show_head()

    @on(events.DescendantFocus)
    def _entered(self) -> None:
        for where, pane in self._panes.items():
            if pane.entered and where is not self._at:
                self.go(where)

    @on(Highlighted)
    def _highlighted(self, event: Highlighted) -> None:
        if event.table is self.messages.table and event.key != self._open_id:
            self._show_message(self.messages.table.cursor_key)
        elif event.table is self.recipients.table:
            self._show_recipient(self.recipients.table.cursor_key)

    @on(Selected)
    def _selected(self, event: Selected) -> None:
        if event.table is self.messages.table:
            self.go(Where.RECIPIENTS)
        elif event.table is self.recipients.table:
            self.go(Where.RECIPIENT)

    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    def _retitle(self) -> None:
        self._entitle_messages()
        self._entitle_side()

    def action_back(self) -> None:
        """Up one level."""
        if self._at is Where.LOG:
            self.go(self._before_log)
        elif self._at is not Where.MESSAGES:
            self.go(_PATH[_PATH.index(self._at) - 1])

    def action_next_pane(self) -> None:
        """To the next pane that there is something in."""
        self._go_round(1)

    def action_previous_pane(self) -> None:
        """To the pane before."""
        self._go_round(-1)

    def _go_round(self, step: int) -> None:
        order = list(self._panes)
        self.go(order[(order.index(self._at) + step) % len(order)])

    def action_log(self) -> None:
        """Into the log; from there, put it away."""
        if self._at is not Where.LOG:
            self._log_wanted = True
            self.go(Where.LOG)
        else:
            self._log_wanted = False
            self.go(self._before_log)

    def action_zoom(self) -> None:
        """This pane alone, or all again."""
        self._zoomed = not self._zoomed
        self._lay_out()

    def action_help(self) -> None:
        """Every key that works here."""
        self.app.push_screen(HelpScreen(self._at))

    def action_palette(self) -> None:
        """Find an action by its name."""
        self.app.action_command_palette()

    def action_quit(self) -> None:
        """Leave smsmon."""
        self.app.exit(0)

    # The clock

    def tick(self) -> None:
        """Look at the clock: paint what it changes."""
        self._ticks += 1
        if self._ticking:
            self.query_one("#clock", Line).say(Content(self.lens.time_of_day()))
            if self._ticks % _REQUESTS_EVERY == 0:
                self._show_head()
        if self._ticks % _AGES_EVERY == 0:
            self.messages.table.repaint()
            self._show_head()
            self._entitle_side()
