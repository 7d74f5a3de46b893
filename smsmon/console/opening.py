"""What is laid over the console's screen on request, and what is done with the answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from smsmon.console.actions import Keymap, Where
from smsmon.console.alert_standing import AlertsHere
from smsmon.console.alerts.answering import Answering
from smsmon.console.formats import Formats
from smsmon.console.head_lines import HeadLines
from smsmon.console.live_table import LiveTable
from smsmon.console.memory import GROUPED_BY, Memory, View, Views
from smsmon.console.operations import Operations, Say
from smsmon.console.picture import Picture
from smsmon.groups import Dimension

if TYPE_CHECKING:
    from textual.app import App

    from smsmon.alerts import Episode
    from smsmon.console.alerts.rows import Cause
    from smsmon.console.alerts.screen import Tried
    from smsmon.console.dialogs.add import Wanted
    from smsmon.console.dialogs.base import Option
    from smsmon.console.dialogs.edit import Changes
    from smsmon.console.tables.found import Place
    from smsmon.console.tables.happened import Subject
    from smsmon.console.tables.log import LogLine
    from smsmon.session import Session
    from smsmon.store.past import Happened, InShort, NumberFound


def confirmed(app: App[Any], heading: str, question: str, do: Callable[[], object]) -> None:
    """Ask before something is done."""
    from smsmon.console.dialogs.base import ConfirmScreen

    def answered(wanted: bool | None) -> None:
        if wanted:
            do()

    app.push_screen(ConfirmScreen(heading, question), answered)


@dataclass(frozen=True, slots=True)
class Dialogs:
    """Opens dialogs. Each is imported when it is first asked for: the first paint does not wait."""

    app: App[Any]
    session: Session
    formats: Formats
    picture: Picture
    operations: Operations
    alerts: AlertsHere
    answering: Answering
    head: HeadLines
    memory: Memory
    """Keeps the columns chosen."""
    go: Callable[[Where], None]
    """Moves to a pane."""
    jump: Callable[[str, int | None], None]
    """Goes to a message and one of its recipients."""
    say: Say
    keymap: Keymap

    def palette(self) -> None:
        """Find something to do by its name, and do it where the operator stands."""
        from smsmon.console.dialogs.palette import Command, PaletteScreen, commands
        from smsmon.console.themes import known_themes

        screen = self.app.screen
        table = screen.focused if isinstance(screen.focused, LiveTable) else None

        def chosen(command: Command | None) -> None:
            if command is not None:
                target = table if command.in_table and table is not None else screen
                self.app.call_later(target.run_action, command.run)

        every = commands(
            self.keymap.actions, known_themes(), self.app.theme, in_table=table is not None
        )
        self.app.push_screen(PaletteScreen(every), chosen)

    def add(self) -> None:
        """Ask for message ids and watch them."""
        from smsmon.console.dialogs.add import AddScreen

        def answered(wanted: Wanted | None) -> None:
            if wanted is not None:
                self.operations.add(wanted)

        settings, watched = self.session.accounts.settings, self.session.engine.board.messages
        self.app.push_screen(
            AddScreen(watched, accounts=self._accounts(), account=settings.profile), answered
        )

    def _accounts(self) -> list[Option]:
        """The accounts there are, and which is the current one."""
        from smsmon.console.dialogs.base import Option

        settings = self.session.accounts.settings
        return [
            Option(name, "current" if name == settings.profile else "")
            for name in settings.profiles
        ]

    def edit(self) -> None:
        """Label, tags, note and account of the chosen messages."""
        from smsmon.console.dialogs.edit import EditScreen, noted

        board = self.session.engine.board
        entries = [board[id].entry for id in self.picture.chosen_ids if id in board]

        def changed(changes: Changes | None) -> None:
            if changes:
                self.operations.describe([entry.id for entry in entries], dict(changes))

        if entries:
            said = noted(entries, self.formats)
            self.app.push_screen(EditScreen(entries, self._accounts(), said), changed)

    def find(self) -> None:
        """Find a number in all messages."""
        from smsmon.console.dialogs.find import FindScreen

        def found(place: Place | None) -> None:
            if place is not None and place.message_id in self.session.engine.board:
                self.jump(place.message_id, place.slot)

        def find(text: str, limit: int) -> Awaitable[NumberFound]:
            return self.session.history.ask(lambda archive: archive.find_number(text, limit))

        self.app.push_screen(FindScreen(self.session.engine.board, self.formats, find), found)

    def alerted(self) -> None:
        """What fires, who answered, what is silenced and what is past."""
        from smsmon.console.alerts.screen import AlertsScreen, Picture

        session = self.session
        picture = Picture(
            lambda: self.alerts.rows,
            lambda: self.alerts.silences,
            session.alerts.book.past,
            self.alerts.heard,
            lambda: session.alerts.has_rules,
            self._try_rule,
        )

        def go_to(cause: Cause | None) -> None:
            if cause is not None:
                self._show_cause(cause)

        self.app.push_screen(AlertsScreen(picture, self.answering, self.formats), go_to)

    async def _try_rule(self, name: str) -> Tried:
        """When a rule of the settings would have fired over the recorded past."""
        from smsmon.console.alerts.forms import SECONDS
        from smsmon.monitor.alerts.replay import why_not
        from smsmon.rules import rule_of
        from smsmon.trying import trial_of

        settings, now, formats = self.session.accounts.settings, self.formats.now(), self.formats
        named = settings.alerts.get(name)
        if named is None:
            return f"There is no rule {name} in config.toml any more."
        rule = rule_of(name, named)
        if why := why_not(rule):
            return f"The rule cannot be tried. {why}"
        found = await self.session.history.ask(
            lambda archive: trial_of(
                archive, rule, settings, now - SECONDS, now, formats.zone, formats.moment
            )
        )
        return found or "Nothing is recorded yet to try it on."

    def _show_cause(self, cause: Cause) -> None:
        """Go to what caused an alert, whatever the filters hide."""
        from smsmon.console.reasons import what_of_account

        picture, message_id = self.picture, cause.message_id
        if message_id:
            if message_id not in self.session.engine.board:
                self.say(
                    f"Message {message_id} is not watched any more: i shows what is known of it."
                )
                return
            self.jump(message_id, None)
            picture.recipients.put_filter(cause.recipients)
            return
        picture.messages.put_filter(cause.messages)
        picture.recipients.put_filter(cause.recipients)
        self.go(Where.MESSAGES)
        if cause.account:
            account = self.session.account(cause.account)
            self.say(what_of_account(account, self.formats, self.keymap.face("app.retry")))

    def acknowledge(self) -> None:
        """Take on what fires for the chosen messages."""
        from smsmon.console.alerts.screen import ask_to_acknowledge

        if episodes := self._fired():
            ask_to_acknowledge(self.answering, episodes, self.app.push_screen)

    def silence(self) -> None:
        """Let nobody hear for a while of what fires for the chosen messages."""
        from smsmon.console.alerts.screen import ask_to_silence

        if episodes := self._fired():
            ask_to_silence(self.answering, episodes, self.app.push_screen)

    def _fired(self) -> list[Episode]:
        """What fires for the chosen messages; said, when nothing does."""
        if self.picture.at is Where.GROUPS:
            groups = self.picture.groups
            rows = [row for key in groups.pane.table.acted_on for row in groups.alerts_of(key)]
        else:
            rows = [row for id in self.picture.chosen_ids for row in self.alerts.of_message(id)]
        if not rows:
            self.say("No alert fires for it.")
        return [each.episode for each in rows if each.episode]

    def since(self, looked: float) -> None:
        """What happened since the operator looked last, or in another range of time."""
        from smsmon.console.dialogs.since import LIMIT, Past, SinceScreen, of_account

        ask, board = self.session.history.ask, self.session.engine.board

        def lines(start: float, end: float, of: Subject | None) -> Awaitable[Happened]:
            if of is None:
                return ask(lambda archive: archive.happened(start, end, LIMIT))
            message_id, account = of
            if message_id is None:
                return ask(lambda archive: of_account(archive.account_events(start, end), account))
            return ask(lambda archive: archive.timeline(message_id, LIMIT, start, end))

        def go_to(line: LogLine | None) -> None:
            watched = board.get(line.message_id or "") if line else None
            if line is not None and watched is not None:
                slot = watched.recipients.phones.find(line.phone) if line.phone else -1
                self.jump(watched.id, slot if slot >= 0 else None)

        def labelled(row: InShort) -> InShort:
            """With its label of now: the history has the one of when it was read."""
            watched = board.get(row.message_id or "")
            ours = watched is not None and watched.profile == row.profile
            return replace(row, label=watched.label) if watched and ours else row

        async def in_short(start: float, end: float) -> list[InShort]:
            return [*map(labelled, await ask(lambda archive: archive.in_short(start, end)))]

        past = Past(
            in_short,
            lines,
            lambda: self.session.engine.trouble_below,
        )
        self.app.push_screen(SinceScreen(looked, self.formats, past), go_to)

    def raw(self) -> None:
        """The open message's answer as it was received last."""
        from smsmon.console.dialogs.raw import RawScreen, none_at_hand

        ids, board = self.picture.chosen_ids, self.session.engine.board
        if len(ids) > 1 and self.picture.at is Where.GROUPS:
            self.say("A group has no answer of its own: open it, and choose a message.")
            return
        raw = board.raw(ids[0]) if ids else None
        if raw is None:
            read = any(board[id].read_at for id in ids[:1] if id in board)
            ours = any(map(self.session.engine.is_ours, ids[:1]))
            self.say(none_at_hand(self.session.polling, read=read, ours=ours))
            return
        body, length = raw
        self.app.push_screen(RawScreen(f"Answer for {ids[0]}", body, length, self.formats.masked))

    def group_by(self) -> None:
        """Choose by what messages are put together."""
        from smsmon.console.dialogs.group_by import GroupByScreen, Way

        def chosen(way: Way | None) -> None:
            if way is not None:
                self._put_together(way.dimension)
                self.go(Where.MESSAGES if way.dimension is None else Where.GROUPS)

        self.app.push_screen(GroupByScreen(self.picture.groups.dimension), chosen)

    def columns(self) -> None:
        """Choose the columns of the table the operator stands in."""
        from smsmon.console.dialogs.columns import ColumnsScreen

        pane = self.picture.table_pane
        if pane is None:
            return

        def chosen(names: list[str] | None) -> None:
            if names:
                pane.table.choose_columns(names)
                self.memory.keep(f"columns of {pane.id}", names)

        table = pane.table
        self.app.push_screen(
            ColumnsScreen(
                table.columns,
                table.chosen_columns,
                table.with_room,
                table.without_values,
                table.size.width,
            ),
            chosen,
        )

    def views(self) -> None:
        """Call up a named view, or keep the one of the table the operator stands in."""
        from smsmon.console.dialogs.views import ViewsScreen
        from smsmon.filters import FilterError

        pane = self.picture.table_pane
        if pane is None:
            return
        views = Views(self.memory, lambda: self.session.accounts.settings)

        def called_up(view: View | None) -> None:
            if view is None:
                return
            shown = next((each for each in self.picture.tables if each.id == view.table), pane)
            self._group_as(view)
            try:
                shown.wear(view.look, view.name)
            except FilterError as error:
                self.say(f"View {view.name} cannot be shown. {error.sentence}", "error")
            else:
                self.go(shown.where)

        self.app.push_screen(
            ViewsScreen(views, pane, self.formats, self.operations.steps), called_up
        )

    def _group_as(self, view: View) -> None:
        """Put messages together as a view has them."""
        picture, wanted = self.picture, view.look.group_by
        if view.table == "messages":
            picture.leave_group()
        if wanted and wanted != picture.groups.dimension:
            self._put_together(Dimension(wanted))
        elif view.table == "groups" and not picture.grouped:
            self._put_together(Dimension.TAG)

    def _put_together(self, dimension: Dimension | None) -> None:
        """Put messages together, or apart again, and remember it for the next start."""
        self.picture.group_by(dimension)
        self.memory.keep(GROUPED_BY, [str(dimension)] if dimension else [])

    def overview(self) -> None:
        """Plots over all messages, or over one."""
        from smsmon.console.overview.screen import OverviewScreen

        self.app.push_screen(
            OverviewScreen(
                self.session.engine,
                self.formats,
                self.head.activity,
                lambda: self.head.told,
                message_id=self.picture.open_id,
                grouping=self.session.grouping,
            )
        )
