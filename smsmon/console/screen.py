"""The console's screen: its parts put together, and the way through its panes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Static

from smsmon.clock import sleep
from smsmon.console.actions import ACTIONS, Keymap, Where, bindings
from smsmon.console.alert_standing import AlertsHere
from smsmon.console.alerts.told import SILENT, Notifier
from smsmon.console.feed import Feed
from smsmon.console.formats import Formats
from smsmon.console.head_lines import HeadLines
from smsmon.console.layout import LEAST_HEIGHT, LEAST_WIDTH, Arrangement
from smsmon.console.line import KeyLine
from smsmon.console.live_table import LiveTable
from smsmon.console.memory import ABSENCE, GROUPED_BY, Attention, Memory
from smsmon.console.notices import NoticeLine, Notices, Telling
from smsmon.console.picture import Picture
from smsmon.console.tables.log import Journal
from smsmon.console.tables.panes import TablePane
from smsmon.console.terminal.private import PacedScreen, forget_closed
from smsmon.console.updates import Updates
from smsmon.groups import Dimension

if TYPE_CHECKING:
    from smsmon.console.alerts.answering import Answering
    from smsmon.console.export import Exports
    from smsmon.console.opening import Dialogs
    from smsmon.console.operations import Operations
    from smsmon.console.terminal.process import TerminalApp
    from smsmon.console.undoing import Steps
    from smsmon.locations import Locations
    from smsmon.session import Session

_SINCE = "view.since"


class ConsoleScreen(PacedScreen[None], inherit_bindings=False):
    """Messages, the recipients of one, one recipient, and the log.

    News comes through the feed, a few times a second at most; the clock ticks once a second. In
    between nothing is looked at, and nothing is painted that did not change.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS)]
    AUTO_FOCUS = "#messages LiveTable"

    def __init__(
        self,
        session: Session,
        formats: Formats,
        *,
        memory: Memory,
        locations: Locations,
        keymap: Mapping[str, str] | None = None,
        name: str = "",
        frames_per_second: float = 10,
        tint_seconds: float = 4.0,
        notifier: Notifier = SILENT,
    ) -> None:
        """``name`` is the account's, for the head; ``notifier`` tells of news elsewhere too."""
        super().__init__()
        self.session = session
        self.formats = formats
        self.memory = memory
        self.keymap = Keymap(keymap or {})
        self.attention = Attention(session.clock.now(), memory)
        journal = Journal()
        self._start = start = partial(self.run_worker, exit_on_error=False)
        self._locations = locations
        self.notices = Notices()
        self._said = NoticeLine(id="said")
        self.feed = Feed(
            journal, lambda news: self.updates.show_news(news), session.clock, frames_per_second
        )
        self.telling = Telling(
            self.notices, self.feed, formats, lambda: self.app.screen.query(NoticeLine)
        )
        self.say = self.telling.say
        self.alerts = AlertsHere(session, formats)
        self.picture = picture = Picture(
            session,
            formats,
            journal,
            start,
            self._said.explain,
            self.alerts,
            partial(self.keymap.face, "alert.list"),
            tint_seconds=tint_seconds,
        )
        self._keys = KeyLine(self.keymap, id="keys")
        self.arrangement = Arrangement(self, picture, self._keys, plain=formats.plain)
        self.head = HeadLines(
            session,
            formats,
            self.feed,
            picture.filtered_counts,
            self.alerts,
            name=name,
            keymap=self.keymap,
        )
        self.updates = Updates(
            session,
            formats,
            picture,
            self.head,
            self._keys,
            self.keymap,
            self.feed,
            self.alerts,
            self.telling,
            notifier,
            lambda: self.app.bell(),
        )
        for table in (pane.table for pane in picture.tables):
            table.marked = partial(lambda *marked: self.steps.note_marks(*marked), table)
        if named := {each for each in Dimension if [each] == memory.get(GROUPED_BY)}:
            picture.groups.dimension = named.pop()
            picture.at = Where.GROUPS
            self.AUTO_FOCUS = "#groups LiveTable"  # type: ignore[misc]  # of this one

    # The parts that keys ask for: made, and loaded, when the first of them does.

    @cached_property
    def steps(self) -> Steps:
        """What was done and can be taken back."""
        from smsmon.console.undoing import Steps

        return Steps()

    @cached_property
    def operations(self) -> Operations:
        from smsmon.console.opening import confirmed
        from smsmon.console.operations import Operations

        return Operations(
            self.session,
            self.formats,
            self.picture,
            self.steps,
            self.say,
            self._start,
            self.keymap,
            self.updates.show_accounts,
            self.updates.show_everything,
            self.arrangement.go,
            partial(confirmed, self.app),
        )

    @cached_property
    def answering(self) -> Answering:
        from smsmon.console.alerts.answering import Answering

        return Answering(
            lambda: self.session.alerts.book,
            self.formats,
            self.steps,
            self.say,
            self._start,
            partial(self.keymap.face, "message.undo"),
        )

    @cached_property
    def exports(self) -> Exports:
        from smsmon.console.export import Exports

        return Exports(
            self.app,
            self.session,
            self.formats,
            self.picture,
            self._locations,
            self.say,
            self._start,
            self.arrangement.go,
        )

    @cached_property
    def dialogs(self) -> Dialogs:
        from smsmon.console.opening import Dialogs

        return Dialogs(
            self.app,
            self.session,
            self.formats,
            self.picture,
            self.operations,
            self.alerts,
            self.answering,
            self.head,
            self.memory,
            self.arrangement.go,
            self.arrangement.jump,
            self.say,
            self.keymap,
        )

    def compose(self) -> ComposeResult:
        # Laid out before anything is mounted, or it would all be styled and painted twice.
        self.arrangement.choose(self.app.size)
        yield from self.head.compose()
        with Horizontal(id="panes"):
            yield self.picture.groups.pane
            yield self.picture.messages
            with Container(id="side"):
                yield self.picture.recipients
                yield self.picture.recipient
        yield self.picture.log
        if self.session.clock.now() - self.attention.away_since >= ABSENCE:
            self._keys.urged = frozenset({_SINCE})
        self._keys.stand_in(self.picture.at)
        yield self._said
        yield self._keys
        yield Static(
            f"smsmon needs at least {LEAST_WIDTH} columns and {LEAST_HEIGHT} lines.\n"
            "Make the window larger, or press q to leave.",
            id="too-small",
            markup=False,
        )

    def on_mount(self) -> None:
        self.session.engine.subscribe(self.feed.hear)
        self.session.engine.subscribe(self.head.activity.hear)
        self.session.engine.count(self.head.activity.count)
        self.alerts.heard(self.updates.show_standing)
        for pane in self.picture.tables:
            if names := self.memory.get(f"columns of {pane.id}"):
                pane.table.choose_columns(names)
        self._keep_up()
        self._keep_groups()
        self._keep_time()
        self.updates.tick()
        self.updates.show_everything()
        # What keeps the groups takes time to load, and waits for the first paint.
        self.call_after_refresh(self.picture.group_by, self.picture.groups.dimension)

    @work(group="feed", exit_on_error=False)
    async def _keep_up(self) -> None:
        await cast("TerminalApp", self.app).keep_going("The work on the feed", self.feed.run)

    @work(group="groups", exit_on_error=False)
    async def _keep_groups(self) -> None:
        going = cast("TerminalApp", self.app).keep_going
        await going("The work on the groups", self.picture.groups.run)

    @work(group="clock", exit_on_error=False)
    async def _keep_time(self) -> None:
        await cast("TerminalApp", self.app).keep_going("The work on the clock", self._tick_on)

    async def _tick_on(self) -> None:
        clock = self.session.clock
        while True:
            # Just behind the full second: no rounding shows the one before.
            await sleep(clock, 1.02 - clock.now() % 1.0)
            self.updates.tick()

    @property
    def frames_per_second(self) -> float:
        return self.feed.frames_per_second

    def noticed(self) -> None:
        """The operator is there, with a key."""
        self.telling.noticed()
        if self.attention.sign(self.formats.now()):
            self._keys.urge(_SINCE)
            away = self.formats.moment(self.attention.away_since)
            self.say(f"You were away since {away.strip()}. i shows what happened meanwhile.")

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        if not self.stack_updates:  # the first time: it was styled just now, piece by piece
            event.refresh_styles = False
        forget_closed(self.app)
        self.telling.show()

    def on_resize(self) -> None:
        self.arrangement.lay_out()

    # What the panes tell

    @on(events.DescendantFocus)
    def _entered(self) -> None:
        self.arrangement.follow_focus()
        self._tell_row()

    @on(LiveTable.Highlighted)
    def _highlighted(self, event: LiveTable.Highlighted) -> None:
        if event.table is self.picture.messages.table:
            if self.picture.messages.table.cursor_key != self.picture.open_id:
                self.picture.show_message(self.picture.messages.table.cursor_key)
        elif event.table is self.picture.recipients.table:
            self.picture.show_recipient(self.picture.recipients.table.cursor_key)
        elif event.table is self.picture.groups.pane.table:
            self.picture.explain()
        self._tell_row()

    @on(LiveTable.Selected)
    def _selected(self, event: LiveTable.Selected) -> None:
        key = self.picture.groups.pane.table.cursor_key
        if event.table is self.picture.groups.pane.table and key is not None:
            self.picture.open_group(key)
            self.arrangement.go(Where.RECIPIENTS if key.message else Where.MESSAGES)
        elif event.table is self.picture.messages.table:
            self.arrangement.go(Where.RECIPIENTS)
        elif event.table is self.picture.recipients.table:
            self.arrangement.go(Where.RECIPIENT)

    def _tell_row(self) -> None:
        """Tell in words which row the operator stands on, where that is wanted."""
        if self.formats.plain:
            self._retitle()

    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    @on(TablePane.Filtered)
    def _retitle(self) -> None:
        self.picture.groups.entitle()
        self.picture.entitle_messages()
        self.picture.entitle_side()
        self.picture.show_log()
        self.head.show()

    # Keys

    def action_do(self, call: str) -> None:
        """Do what an action of one of the screen's parts says: ``operations.add``."""
        part, _, name = call.partition(".")
        getattr(getattr(self, part), name)()

    def action_since(self) -> None:
        """What happened since the operator last looked, or last night."""
        self._keys.urge(_SINCE, wanted=False)
        self.dialogs.since(self.attention.away_since)

    def action_open(self) -> None:
        """Go deeper, from the row under the cursor."""
        if pane := self.picture.table_pane:
            pane.table.action_select()

    def action_back(self) -> None:
        """Clear the filter first; then up one level."""
        pane = self.picture.table_pane
        if pane is not None and pane.filtered:
            pane.clear_filter()
        else:
            self.arrangement.go_back()

    async def action_filter(self) -> None:
        if pane := self.picture.table_pane:
            await pane.type_filter()

    def action_faults(self) -> None:
        """Only what is in trouble; then all that is not delivered; then everything again."""
        if pane := self.picture.table_pane:
            pane.switch_faults()

    def action_freeze(self) -> None:
        """Hold the picture still to read it, or let it go on."""
        self.feed.frozen = not self.feed.frozen
        for pane in self.picture.tables:
            pane.table.frozen = self.feed.frozen
        if not self.feed.frozen:
            self.picture.explain()
        self.head.show()

    def action_utc(self) -> None:
        """Times in UTC, or in the zone of the machine again."""
        self.formats.utc = not self.formats.utc
        self.updates.show_everything()
        self.updates.tick()

    def action_privacy(self) -> None:
        self.formats.masked = not self.formats.masked
        self.updates.show_everything()

    def action_help(self) -> None:
        from smsmon.console.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self.picture.at, self.keymap.actions))

    def action_quit(self) -> None:
        """Leave smsmon."""
        self.attention.leave(self.formats.now())
        self.app.exit(0)
