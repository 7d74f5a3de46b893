"""The panes: what they show of the engine's board, and which one the operator stands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from smsmon.console.actions import Where
from smsmon.console.alert_standing import AlertsHere
from smsmon.console.details import (
    arrival_note,
    lacking_note,
    message_name,
    no_messages,
    no_recipients,
    read_note,
    stale_note,
)
from smsmon.console.feed import News
from smsmon.console.formats import Formats
from smsmon.console.group_rows import RowKey
from smsmon.console.groups import GroupsShown
from smsmon.console.line import GAP, part
from smsmon.console.listing import MessageList
from smsmon.console.live_table import MappedRows
from smsmon.console.memory import Look
from smsmon.console.one_recipient import OneRecipient
from smsmon.console.reasons import firing, reason
from smsmon.console.tables.log import Journal, log_pane
from smsmon.console.tables.messages import all_columns, messages_pane
from smsmon.console.tables.panes import Pane, TablePane, title
from smsmon.console.tables.recipients import RecipientRows, recipients_pane
from smsmon.console.totals import MessageFigures
from smsmon.groups import Dimension
from smsmon.model import Counts
from smsmon.monitor.standing import standing
from smsmon.monitor.state import Watched
from smsmon.text import painted
from smsmon.times import capital

if TYPE_CHECKING:
    from smsmon.session import Session

_TOLD = 3
"""Alerts that are told of a group, at most."""


class Picture:
    """Groups, messages, the recipients of one, one recipient, and the log.

    It paints nothing that did not change, and asks nobody by itself what is new.
    """

    def __init__(
        self,
        session: Session,
        formats: Formats,
        journal: Journal,
        start: Callable[..., object],
        explain: Callable[[Content, Sequence[Content]], None],
        alerts: AlertsHere,
        alerts_key: Callable[[], str],
        *,
        tint_seconds: float,
    ) -> None:
        """``start`` starts a worker of Textual, in a group.

        ``explain`` is told, whenever that may have changed, why the row under the cursor is not as
        it should be (nothing when it is), and the worst alert that nobody answered, in its forms.
        """
        self._session = session
        self._formats = formats
        self.journal = journal
        self._explain = explain
        self._alerts = alerts
        self._alerts_key = alerts_key
        engine = session.engine
        self.groups = GroupsShown(session, formats, alerts)
        self.messages = messages_pane(
            engine,
            formats,
            tint_seconds,
            alerts.raised,
            self.groups.of_message,
            has_alerts=session.alerts.has_own_rules,
        )
        self.messages.looked = self._looked_in_group
        self.listing = MessageList(engine.board, self.messages.table)
        self.recipients = recipients_pane(formats, tint_seconds)
        self._one = OneRecipient(session, formats, start)
        self.recipient = self._one.pane
        self.log = log_pane(journal, formats, self._label_of)
        groups = self.groups.pane
        self.tables: tuple[TablePane[Any, Any], ...] = (
            groups, self.messages, self.recipients, self.log,
        )  # fmt: skip
        self.panes: Mapping[Where, Pane] = {
            pane.where: pane
            for pane in (groups, self.messages, self.recipients, self.recipient, self.log)
        }
        for pane in self.panes.values():
            pane.plain = formats.plain
        self.at = Where.MESSAGES
        """The pane the operator stands in."""
        self.visible = Where(0)
        """The panes that there is room for."""
        self.open_id: str | None = None
        """The message whose recipients are shown."""
        self._opened: Watched | None = None
        self._gone: Mapping[int, float] = {}
        """Its recipients that are shown as no longer listed."""
        self._figures = MessageFigures()
        self.open_slot: int | None = None
        """The recipient shown in full."""

    def _label_of(self, message_id: str) -> str:
        """The label of a watched message; empty for one that is none."""
        watched = self._session.engine.board.get(message_id)
        return "" if watched is None else watched.entry.label

    @property
    def table_pane(self) -> TablePane[Any, Any] | None:
        """The table the operator stands in; None in the recipient's pane."""
        pane = self.panes[self.at]
        return pane if isinstance(pane, TablePane) else None

    @property
    def chosen_ids(self) -> list[str]:
        """The messages an action is meant for: the marked ones, else the one under the cursor."""
        if self.at is Where.MESSAGES:
            return list(self.messages.table.acted_on)
        if self.at is Where.GROUPS:
            return self.groups.ids_of(self.groups.pane.table.acted_on)
        return [] if self.open_id is None else [self.open_id]

    # Groups

    @property
    def grouped(self) -> bool:
        """Messages are put together in groups."""
        return self.groups.dimension is not None

    def group_by(self, dimension: Dimension | None) -> None:
        """Put messages together, or apart again."""
        self.leave_group()
        self.groups.use(dimension)

    def open_group(self, key: RowKey) -> None:
        """Show the messages of a group, or those that stand alone, on the one that was meant."""
        self.listing.scope = self.groups.scope_of(key)
        if key.message:
            self.listing.stand_on([key.name])
        else:
            self.messages.table.action_first()
        self.entitle_messages()

    def _looked_in_group(self, look: Look) -> Look:
        """How the messages are looked at, the open group with it."""
        return self.groups.looked_in(self.listing.scope, look)

    def leave_group(self) -> None:
        """Show all messages again."""
        self.listing.scope = None
        self.entitle_messages()

    def filtered_counts(self) -> Counts | None:
        """The recipients of the messages that a filter or a group shows; None while none does."""
        if self.messages.in_force or self.listing.scope is not None:
            return self.listing.shown_counts()
        self.listing.forget_counts()
        return None

    # What changed

    def show_everything(self) -> None:
        """Look at everything anew: the watchlist was read, or how things look has changed."""
        table = self.messages.table
        self.listing.load()
        self.groups.look_at_all()
        for pane in self.tables:
            pane.table.repaint()
        self.entitle_messages()
        self.show_log()
        watched, shown = self.open_message, self.recipients.table.view.keys
        if table.cursor_key != self.open_id or watched is None:
            self.show_message(table.cursor_key)
        elif len(shown) != len(watched.recipients):
            self.show_message(self.open_id)
        else:
            self.show_recipient(self.open_slot)

    def show_news(self, news: News) -> None:
        """Bring the panes up to date with what happened."""
        board = self._session.engine.board
        self.listing.follow(news.polled)
        if self.open_id in board and self.open_message is None:
            self.show_message(self.open_id)
        changed = {id for id, slots in news.changed.items() if slots and id in board}
        told = board.messages if news.account else news.polled
        self.listing.touch(changed, {id for id in told if id in board and id not in changed})
        self.listing.point_out_added(news.added)
        if news.account:
            self.entitle_side()
        gone = self._gone_or_back()
        watched, shown = self.open_message, self.recipients.table.view.total
        filled = watched is not None and len(watched.recipients) != shown
        if self.open_id in news.changed or gone or filled:
            self._show_changed_recipients(news.changed.get(self.open_id or "", set()) | gone)
        elif self.open_id in news.polled:
            self.entitle_side()
        self.show_log()
        self.entitle_messages()
        if Where.GROUPS in self.visible:
            self.groups.stir()

    def show_new_day(self) -> None:
        """Tell moments with their date, or without: what was today is yesterday."""
        for pane in self.tables:
            pane.table.repaint()
        self.entitle_side()

    def show_rules(self) -> None:
        """Show the column of alerts where there are rules, and not where there are none."""
        session = self._session
        columns = all_columns(
            session.engine, self._formats, self._alerts.raised, session.alerts.has_own_rules
        )
        self.messages.table.offer(columns)
        self.groups.offer_columns()

    def show_ages(self) -> None:
        """Tell the ages of what is not fresh."""
        self.messages.table.repaint()
        self.entitle_side()

    def look_at_the_clock(self, *, in_turn: bool) -> None:
        """Show what filters let through by now, and how long things have lasted."""
        self.groups.look_at_the_clock()
        for pane in self.tables:
            pane.look_at_the_clock(in_turn=in_turn)

    # The panes

    def say_when_empty(self, trouble: Exception | None, add_key: str, setup_key: str) -> None:
        """Say how it stands with the list, where nothing of it is shown."""
        by_sources = bool(self._session.accounts.settings.sources)
        for pane in (self.groups.pane, self.messages):
            pane.say_when_empty(no_messages(trouble, add_key, setup_key, by_sources=by_sources))

    def entitle_messages(self) -> None:
        """The title of the messages."""
        scope = self.listing.scope
        what = "Messages" if scope is None else capital(painted(scope.name))
        name = title(f"{what} {self.messages.table.view.total:,}")
        loading = lacking_note(self._session.engine.board)
        self.messages.entitle([name, loading, *self.messages.facts()])

    def show_log(self) -> None:
        """The newest lines of the log, unless the operator reads older ones."""
        table, numbers = self.log.table, self.journal.numbers
        if table.view.keys != numbers:
            at_end = table.view.cursor_index == len(table.view) - 1
            table.load(numbers)
            if at_end or not self.log.entered:
                table.action_last()
        self.log.entitle([title("Log"), *self.log.facts()])

    @property
    def open_message(self) -> Watched | None:
        """The message whose recipients are shown; None when none is, or it was removed.

        One that was removed and added again is another one, until it is shown.
        """
        board, opened = self._session.engine.board, self._opened
        return opened if opened is not None and board.get(opened.id) is opened else None

    def show_message(self, message_id: str | None) -> None:
        board, table = self._session.engine.board, self.recipients.table
        self.open_id = message_id
        self._opened = watched = None if message_id is None else board.get(message_id)
        self._gone = {} if watched is None else watched.absent
        if watched is None:
            table.set_source(MappedRows({}), ())
        else:
            rows = RecipientRows(watched, self._formats)
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
        if table.view.total != len(watched.recipients):
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
        self._one.show(self.open_message, slot, seen=Where.RECIPIENT in self.visible)

    def entitle_side(self) -> None:
        """The titles of the recipients and of the recipient."""
        watched = self.open_message
        self.recipients.say_when_empty(no_recipients(watched))
        if watched is None:
            self.recipients.entitle([title("Recipients"), *self.recipients.facts()])
            self.recipients.tell_figures((), ())
            self.recipient.entitle([title("Recipient")])
            self.explain()
            return
        stands = standing(self._session.engine, watched, self._formats.now())
        account = self._session.account(watched.entry.profile)
        self.recipients.entitle(
            [
                message_name(watched),
                stale_note(stands, self._formats),
                *self.recipients.facts(),
                arrival_note(watched, self._formats),
                part(0, "") if self._formats.still else read_note(watched, account, self._formats),
            ]
        )
        inside = self.at in Where.RECIPIENTS | Where.RECIPIENT
        figures = self._figures.lines(watched, inside=inside, plain=self._formats.plain)
        self.recipients.tell_figures(*figures)
        self.explain()
        slot = self.open_slot
        phone = "" if slot is None else self._formats.phone(watched.recipients.phones[slot])
        beside = Where.RECIPIENTS in self.visible
        age = [] if beside else [stale_note(stands, self._formats)]
        self.recipient.entitle([message_name(watched), *age, title(phone)])

    def explain(self) -> None:
        """Tell the worst alert that nobody answered, and why the row under the cursor is not as it
        should be, where that is so."""
        watched, slot = self.open_message, self.open_slot
        among_groups = self.at is Where.GROUPS
        of_row = () if watched is None else self._alerts.of_message(watched.id)
        not_fresh = Content()
        if among_groups:
            key = self.groups.pane.table.cursor_key
            if key is not None:
                of_row = self.groups.alerts_of(key)[:_TOLD]
                not_fresh = self.groups.why_not_fresh(key)
        engine, formats = self._session.engine, self._formats
        worst, alerts = firing(self._alerts.unanswered, of_row, formats, self._alerts_key())
        if watched is None or among_groups:
            self._explain(Content(GAP).join(filter(None, (not_fresh, *alerts))), worst)
            return
        inside = self.at in Where.RECIPIENTS | Where.RECIPIENT
        gone_since = watched.absent.get(slot) if slot is not None and inside else None
        stands = standing(engine, watched, formats.now())
        self._explain(
            reason(stands, alerts, 0 if inside else watched.counts.absent, gone_since, formats),
            worst,
        )

    def focus_engine(self) -> None:
        """Tell the engine which message is looked at: it is read most often."""
        looked_at = self.visible & (Where.RECIPIENTS | Where.RECIPIENT)
        self._session.engine.focus(self.open_id if looked_at else None)
