"""What the console's screen shows: brings its panes up to date with the engine's board.

News comes through the feed, a few times a second at most; the clock ticks once a second. In
between nothing is looked at, and nothing is painted that did not change.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from smsmon.console import head, titles
from smsmon.console.actions import EVERY_ACTION, Where, face_of, rebound
from smsmon.console.attention import ABSENCE, Attention
from smsmon.console.feed import Feed, News
from smsmon.console.layout import LEAST_HEIGHT, LEAST_WIDTH
from smsmon.console.lens import Lens
from smsmon.console.memory import Memory
from smsmon.console.overview.tally import Tally, delivered_lately
from smsmon.console.recipient import elsewhere, recipient_text, whole_timeline
from smsmon.console.states import States
from smsmon.console.tables import panes as tables
from smsmon.console.tables.journal import Journal
from smsmon.console.tables.recipients import RecipientRows
from smsmon.console.tables.table_pane import title
from smsmon.console.used import Used
from smsmon.console.widgets.fitting import part
from smsmon.console.widgets.key_line import KeyLine
from smsmon.console.widgets.line import FittedLine, Line
from smsmon.console.widgets.live_table import MappedRows
from smsmon.console.widgets.panes import TextPane
from smsmon.filters.recipients import recipient_row
from smsmon.model import Balance, Counts, Transition
from smsmon.monitor.standing import Standing, standing
from smsmon.monitor.state import MessageState, Watched
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.console.station import Station

_AGES_EVERY = 10
"""Ticks of the clock between two looks at ages and overdue reads."""
_LAST_LOOK = "last look"
"""What the moment of leaving is remembered under, whole seconds."""


class Showing(Screen[None], inherit_bindings=False):
    """Messages, the recipients of one, one recipient, and the log."""

    def __init__(
        self,
        station: Station,
        lens: Lens,
        *,
        memory: Memory,
        exports: Path,
        copied: Path,
        keymap: Mapping[str, str] | None = None,
        name: str = "",
        clock: bool = True,
        frames_per_second: float = 10,
        tint_seconds: float = 4.0,
    ) -> None:
        """``name`` is the account's, for the header; without ``clock`` no text moves by itself."""
        super().__init__()
        self.station = station
        self.lens = lens
        self.memory = memory
        self.actions = rebound(EVERY_ACTION, keymap or {})
        """Every action, with the keys it has here."""
        self.exports = exports
        """The folder of exports, unless another is named."""
        self.copied = copied
        """The file with what was copied last."""
        self.journal = Journal()
        self.tally = Tally(station.clock)
        self.states = States(station.engine, lens.now)
        self.told = head.Head((), Counter())
        """What the head's first line was last made of."""
        self._head_shown: object = None
        last = memory.get(_LAST_LOOK)
        self.attention = Attention(
            station.clock.now(), float(last[0]) if last and last[0].isdigit() else None
        )
        self.feed = Feed(self.journal, self.show_news, station.clock, frames_per_second)
        self.balance = ""
        self.account_name = name
        self._ticking = clock
        self._ticks = 0
        self._today = 0.0
        """The hour of the last look at the clock: each zone's day begins with one, or nearly."""
        self._used = Used(station.engine, lens)
        self.visible_panes = Where(0)
        self.open_id: str | None = None
        """The message whose recipients are shown."""
        self._opened: Watched | None = None
        self._gone: Mapping[int, float] = {}
        """Its recipients that are shown as no longer listed."""
        self.open_slot: int | None = None
        """The recipient shown in full."""
        self._past: tuple[tuple[str, int] | None, tuple[Transition, ...]] = (None, ())
        """The recipient asked about last, and its changes before this session."""
        engine = station.engine
        self.messages = tables.messages_pane(
            engine, lens, tint_seconds, station.firing if station.has_alerts else None
        )
        self.recipients = tables.recipients_pane(lens, tint_seconds)
        self.recipient = TextPane(Where.RECIPIENT, id="recipient")
        self.log_pane = tables.log_pane(self.journal, lens)

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield FittedLine(id="truth")
            if self._ticking:
                yield Line(id="clock")
        yield FittedLine(id="totals")
        with Horizontal(id="panes"):
            yield self.messages
            with Container(id="side"):
                yield self.recipients
                yield self.recipient
        yield self.log_pane
        keys = KeyLine(id="keys")
        keys.actions = self.actions
        if self.station.clock.now() - self.attention.away_since >= ABSENCE:
            keys.urged = frozenset({"view.since"})
        keys.stand_in(Where.MESSAGES)
        yield keys
        yield Static(
            f"smsmon needs at least {LEAST_WIDTH} columns and {LEAST_HEIGHT} lines.\n"
            "Make the window larger, or press q to leave.",
            id="too-small",
            markup=False,
        )

    def on_mount(self) -> None:
        self.station.engine.subscribe(self.feed.hear)
        self.station.engine.subscribe(self.tally.hear)
        for pane in (self.messages, self.recipients, self.log_pane):
            if names := self.memory.get(f"columns of {pane.id}"):
                pane.table.choose_columns(names)
        self._keep_up()
        self._keep_time()
        self.tick()
        self.show_everything()

    @work(group="feed", exit_on_error=False)
    async def _keep_up(self) -> None:
        await self.feed.run()

    @work(group="clock", exit_on_error=False)
    async def _keep_time(self) -> None:
        clock, never = self.station.clock, asyncio.Event()
        while True:
            # Just behind the full second: no rounding shows the one before.
            await clock.wait(never, 1.02 - clock.now() % 1.0)
            self.tick()

    # All of it

    def show_everything(self) -> None:
        """Look at everything anew: the watchlist was read, or how things look has changed."""
        table = self.messages.table
        table.load(list(self.station.engine.board.messages))
        for pane in (self.messages, self.recipients, self.log_pane):
            pane.table.repaint()
        self.states.look_at_all()
        self.show_head()
        self.entitle_messages()
        self.show_log()
        if table.cursor_key != self.open_id or self.open_message is None:
            self.show_message(table.cursor_key)
        else:
            self.show_recipient(self.open_slot)

    def show_news(self, news: News) -> None:
        """Bring the screen up to date with what happened."""
        board, table = self.station.engine.board, self.messages.table
        if list(table.view.keys) != list(board.messages):
            table.load(list(board.messages))
        if self.open_id in board and self.open_message is None:
            self.show_message(self.open_id)
        changed = {id for id, slots in news.changed.items() if slots and id in board}
        table.touch((news.polled & board.messages.keys()) - changed, tint=False)
        table.touch(changed)
        if news.account:
            table.touch(board.messages.keys() - changed, tint=False)
            self.states.look_at_all()
            self.entitle_side()
        else:
            self.states.look_at(news.polled | news.changed.keys())
        gone = self._gone_or_back()
        if self.open_id in news.changed or gone:
            self._show_changed_recipients(news.changed.get(self.open_id or "", set()) | gone)
        elif self.open_id in news.polled:
            self.entitle_side()
        self.show_log()
        self.show_head()
        self.entitle_messages()

    def tick(self) -> None:
        """Look at the clock: paint what it changes; ages are told to the minute."""
        self._ticks += 1
        today, self._today = self._today, self.lens.now() // 3600
        if today != self._today and not self.feed.frozen:  # what was today is yesterday
            for pane in (self.messages, self.recipients, self.log_pane):
                pane.table.repaint()
            self.entitle_side()
        if self._ticking:
            self.query_one("#clock", Line).say(Content(f" {self.lens.time_of_day()} "))
        if in_turn := self._ticks % _AGES_EVERY == 0:
            self.states.look_at_the_clock()
        if in_turn or self.states.counts[MessageState.STALE]:
            if not self.feed.frozen:
                self.messages.table.repaint()
                self.entitle_side()
            self.show_head()

    def note_leaving(self) -> None:
        """Remember when the operator left."""
        self.memory.keep(_LAST_LOOK, [str(int(self.lens.now()))])

    # The head

    def show_head(self) -> None:
        """The two lines that tell whether the screen is true, and the totals."""
        engine = self.station.engine
        used, allowed, stretch = self._used.look() if self._ticking else (0, 0, 1.0)
        told = head.Head(
            accounts=tuple(self.station.account(name) for name in engine.profiles),
            states=self.states.counts.copy(),
            name=self.account_name,
            balance=self.balance,
            used=used,
            allowed=allowed,
            stretch=stretch,
            frozen_since=self.feed.frozen_since,
            held_back=self.feed.held_back,
            masked=self.lens.masked,
            read_only=self.station.read_only,
            halted=self.station.halted,
            alerts=self.station.alerts,
            polling=self.station.polling,
            retry_key=face_of("app.retry", self.actions),
        )
        of_filtered = self.messages.filtered
        totals = self._filtered_totals() if of_filtered else engine.board.totals()
        known = self._ticking and not of_filtered
        lately = delivered_lately(self.tally, self.lens.now()) if known else ""
        hour = self.lens.now() // 3600  # a moment is told with its date once its day is over
        tried = [head.trying(account, self.lens.now()) for account in told.accounts]
        shown = (told, totals, of_filtered, self.lens.utc, hour, tried)
        if shown == self._head_shown:
            return
        self.told, self._head_shown = told, shown
        self.query_one("#truth", FittedLine).fit(partial(head.truth, told, self.lens))
        self.query_one("#head").set_class(head.trouble(told), "-trouble")
        self.query_one("#totals", FittedLine).fit(
            partial(head.totals, totals, of_filtered=of_filtered, lately=lately)
        )

    def show_balance(self, balance: Balance | None) -> None:
        """What the account holds, in the head; None: it is not known."""
        self.balance = head.balance_text(balance)
        self.show_head()

    def _filtered_totals(self) -> Counts:
        board, ids = self.station.engine.board, self.messages.table.view.shown_keys()
        return sum((each.counts for each in filter(None, map(board.get, ids))), Counts())

    # The panes

    def entitle_messages(self) -> None:
        """The title of the messages."""
        table = self.messages.table
        self.messages.entitle([title(f"Messages {len(table.view.keys):,}"), *self.messages.facts()])

    def show_watchlist(self) -> None:
        """Say how it stands with the list, where nothing of it is shown, and in the head."""
        trouble = self.station.watchlist.broken
        add_key = face_of("message.add", self.actions)
        self.messages.say_when_empty(titles.no_messages(trouble, add_key))
        self.show_head()

    def show_log(self) -> None:
        """The newest lines of the log, unless the operator reads older ones."""
        table, numbers = self.log_pane.table, self.journal.numbers
        if table.view.keys != numbers:
            at_end = table.view.cursor_index == len(table.view) - 1
            table.load(numbers)
            if at_end or not self.log_pane.entered:
                table.action_last()
        self.log_pane.entitle([title("Log"), *self.log_pane.facts()])

    @property
    def open_message(self) -> Watched | None:
        """The message whose recipients are shown; None when none is, or it was removed.

        One that was removed and added again is another one, until it is shown.
        """
        board, opened = self.station.engine.board, self._opened
        return opened if opened is not None and board.get(opened.id) is opened else None

    def show_message(self, message_id: str | None) -> None:
        """Show the recipients of a message."""
        board, table = self.station.engine.board, self.recipients.table
        self.open_id = message_id
        self._opened = watched = None if message_id is None else board.get(message_id)
        self._gone = {} if watched is None else watched.absent
        if watched is None:
            table.set_source(MappedRows({}), ())
        else:
            rows = RecipientRows(watched, self.lens)
            table.set_source(rows, range(len(watched.recipients)))
        self.show_recipient(table.cursor_key)
        self.focus_engine()

    def _gone_or_back(self) -> set[int]:
        """The recipients of the open message that are no longer listed, or again, since before."""
        watched = self.open_message
        if watched is None:
            return set()
        before, self._gone = self._gone, watched.absent
        return set(before.keys() ^ watched.absent.keys())

    def _show_changed_recipients(self, slots: set[int]) -> None:
        watched, table = self.open_message, self.recipients.table
        if watched is None:
            return
        if len(table.view.keys) != len(watched.recipients):
            table.load(range(len(watched.recipients)))
        table.touch(slots)
        if self.open_slot is None or self.open_slot in slots:
            self.show_recipient(table.cursor_key)
        else:
            self.entitle_side()

    def show_recipient(self, slot: int | None) -> None:
        """Show one recipient of the open message in full, if its pane can be seen."""
        self.open_slot = slot
        self.entitle_side()
        watched = self.open_message
        if watched is None or slot is None:
            self.recipient.say(Content())
        elif Where.RECIPIENT in self.visible_panes:
            self._describe(watched, slot)
            self._recall(watched.id, slot)

    def _describe(self, watched: Watched, slot: int) -> None:
        board = self.station.engine.board
        row = recipient_row(watched, slot)
        others = elsewhere(board, watched.id, row.recipient.phone)
        past = self._past[1] if self._past[0] == (watched.id, slot) else ()
        timeline = whole_timeline(past, board.transitions(watched.id, slot))
        self.recipient.say(recipient_text(row, timeline, others, self.lens))

    @work(group="past", exclusive=True, exit_on_error=False)
    async def _recall(self, message_id: str, slot: int) -> None:
        """Look up in the history what became of a recipient before this session."""
        if self._past[0] == (message_id, slot):
            return
        try:
            watched = self.station.engine.board.get(message_id)
            key = (message_id, watched.entry.profile) if watched is not None else message_id
            past = await self.station.history.ask(
                lambda archive: archive.recipient_changes(key, slot)
            )
        except StoreError:
            return  # said already, where the history's trouble is
        self._past = ((message_id, slot), past)
        watched = self.open_message
        if past and watched is not None and (watched.id, self.open_slot) == (message_id, slot):
            self._describe(watched, slot)

    def entitle_side(self) -> None:
        """The titles of the recipients and of the recipient."""
        watched = self.open_message
        self.recipients.say_when_empty(titles.no_recipients(watched))
        if watched is None:
            self.recipients.entitle([title("Recipients"), *self.recipients.facts()])
            self.recipient.entitle([title("Recipient")])
            self._explain(None)
            return
        stands = standing(self.station.engine, watched, self.lens.now())
        account = self.station.account(watched.entry.profile)
        self.recipients.entitle(
            [
                titles.message_name(watched),
                titles.stale_note(stands, self.lens),
                titles.recipients_count(watched),
                *self.recipients.facts(),
                titles.read_note(watched, account, self.lens) if self._ticking else part(0, ""),
            ]
        )
        self._explain(stands)
        slot = self.open_slot
        phone = "" if slot is None else self.lens.phone(watched.recipients.phones[slot])
        beside = Where.RECIPIENTS in self.visible_panes
        age = [] if beside else [titles.stale_note(stands, self.lens)]
        self.recipient.entitle([titles.message_name(watched), *age, title(phone)])

    def _explain(self, stands: Standing | None) -> None:
        """Say at the foot of a pane why the open message is not fresh, or not found."""
        where = self.messages if Where.MESSAGES in self.visible_panes else self.recipients
        for pane in (self.messages, self.recipients):
            pane.explain(titles.reason_note(stands if pane is where else None, self.lens))
        watched, slot = self.open_message, self.open_slot
        if watched is None or slot is None or Where.RECIPIENTS not in self.visible_panes:
            return
        since = watched.absent.get(slot)
        fresh = where is not self.recipients or not titles.reason_note(stands, self.lens)
        if since is not None and fresh:
            self.recipients.explain(titles.gone_note(since, self.lens))

    def focus_engine(self) -> None:
        """Tell the engine which message is looked at: it is read most often."""
        looked_at = self.visible_panes & (Where.RECIPIENTS | Where.RECIPIENT)
        self.station.engine.focus(self.open_id if looked_at else None)
