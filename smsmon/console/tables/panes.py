"""The three tables of the console, each with its columns, its fields and its empty state."""

from __future__ import annotations

from smsmon.console.actions import Where
from smsmon.console.lens import Lens
from smsmon.console.tables.journal import Journal
from smsmon.console.tables.journal import Line as JournalLine
from smsmon.console.tables.log import LOG_FIELDS, LogRows, log_columns
from smsmon.console.tables.messages import (
    ALERT_FIELD,
    Firing,
    MessageRows,
    message_columns,
    no_alerts,
)
from smsmon.console.tables.narrowing import LOG_STEPS, MESSAGE_STEPS, RECIPIENT_STEPS
from smsmon.console.tables.recipients import recipient_columns
from smsmon.console.tables.table_pane import TablePane
from smsmon.console.widgets.live_table import LiveTable
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.filters.recipients import RECIPIENT_FIELDS, RecipientRow
from smsmon.monitor.standing import Monitor
from smsmon.monitor.state import Watched


def messages_pane(
    monitor: Monitor, lens: Lens, tint_seconds: float, firing: Firing | None = None
) -> TablePane[str, Watched]:
    """The messages on ``monitor``'s board, by id; ``firing`` None: there are no alerts."""
    columns, fields = message_columns(monitor, lens), MESSAGE_FIELDS
    if firing is not None:
        from smsmon.console.tables.alerts import alert_column

        columns = (*columns[:3], alert_column(firing), *columns[3:])
        fields = (*fields, ALERT_FIELD)
    table = LiveTable(
        columns,
        MessageRows(monitor, lens, firing or no_alerts),
        empty="Reading the watchlist",
        tint_seconds=tint_seconds,
    )
    return TablePane(table, fields, Where.MESSAGES, MESSAGE_STEPS, id="messages")


def recipients_pane(lens: Lens, tint_seconds: float) -> TablePane[int, RecipientRow]:
    """The recipients of one message, by slot; none until it is given a source."""
    table: LiveTable[int, RecipientRow] = LiveTable(
        recipient_columns(lens), empty="No recipients to show", tint_seconds=tint_seconds
    )
    return TablePane(table, RECIPIENT_FIELDS, Where.RECIPIENTS, RECIPIENT_STEPS, id="recipients")


def log_pane(
    journal: Journal, lens: Lens, *, id: str = "log", empty: str = "Nothing has happened yet"
) -> TablePane[int, JournalLine]:
    """The lines of ``journal``, by number."""
    table = LiveTable(log_columns(lens), LogRows(journal, lens), empty=empty, tint_seconds=0)
    return TablePane(table, LOG_FIELDS, Where.LOG, LOG_STEPS, id=id)
