"""The rows and columns of the messages table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from smsmon.console import cells
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.lens import Lens
from smsmon.console.looks import DASH, state_look, status_look
from smsmon.console.tables.narrowing import Only
from smsmon.console.widgets.live_table import Column
from smsmon.filters import Field, Filter, Kind
from smsmon.filters.questions import Value
from smsmon.model import Status
from smsmon.monitor.account import Condition
from smsmon.monitor.fields import message_value
from smsmon.monitor.standing import Monitor, standing
from smsmon.monitor.state import MessageState, Watched

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Rule

ALERT_FIELD = Field("alert", Kind.TEXT, plain=True, help="the alerts that fire for it")
"""What the console can be asked of a message besides ``MESSAGE_FIELDS``."""
Firing = Callable[[str], "Sequence[Rule]"]


def no_alerts(message_id: str) -> Sequence[Rule]:
    """No rule fires."""
    return ()


_STATE_ORDER = {
    MessageState.STALE: 0,
    MessageState.NOT_FOUND: 1,
    MessageState.LIVE: 2,
    MessageState.NEW: 3,
    MessageState.COMPLETE: 4,
    MessageState.SETTLED: 5,
    MessageState.PAUSED: 6,
}
"""What needs eyes comes first."""
_UNREAD = Span(DASH, Tone.DIM)
"""Stands for a count that nobody knows: none is not nothing."""


class MessageRows:
    """The board's messages as rows of a table, by message id."""

    def __init__(self, monitor: Monitor, lens: Lens, firing: Firing = no_alerts) -> None:
        """``firing`` gives the rules of the alerts that fire for a message."""
        self._monitor = monitor
        self._firing = firing
        self._lens = lens
        self._board = monitor.board
        self._keys = _sort_keys(monitor, lens) | {
            "alert": lambda row: (-len(rules := firing(row.id)), [each.name for each in rules])
        }

    def row(self, key: str) -> Watched:
        return self._board[key]

    def accepted(self, keys: Sequence[str], wanted: Filter, *, only: Only) -> list[bool]:
        """Which messages a filter lets through; stale and not found ones count as failed."""
        now = self._lens.now()
        return [
            self._concerned(self._board[key], only)
            and wanted.matches(partial(self._value, self._board[key], now))
            for key in keys
        ]

    def _value(self, row: Watched, now: float, name: str) -> Value:
        if name == ALERT_FIELD.name:
            return tuple(rule.name for rule in self._firing(row.id))
        return message_value(self._monitor, row, now, name)

    def _concerned(self, row: Watched, only: Only) -> bool:
        counts = row.counts
        if only is Only.ALL or counts.not_delivered or counts.unknown:
            return True
        if only is Only.UNDELIVERED and counts.waiting:
            return True
        state = standing(self._monitor, row, self._lens.now()).state
        return state in (MessageState.STALE, MessageState.NOT_FOUND)

    def values(self, column: str, keys: Sequence[str]) -> Sequence[Any] | None:
        key_of = self._keys.get(column)
        return None if key_of is None else [key_of(self._board[key]) for key in keys]


def message_columns(monitor: Monitor, lens: Lens) -> tuple[Column[Watched], ...]:
    """Every column there is, in their usual order; what does not fit goes by priority."""

    def state(row: Watched, width: int) -> Cell:
        return state_cell(monitor, lens, row, width)

    def read(row: Watched, width: int) -> Cell:
        return Span(lens.minute(row.read_at), Tone.DIM)

    def due(row: Watched, width: int) -> Cell:
        asked = monitor.account(row.entry.profile).condition is Condition.OK
        if row.next_due is None or not asked:
            return Span(DASH, Tone.DIM)
        return Span(lens.minute(row.next_due) if row.next_due > lens.now() else "now", Tone.DIM)

    def waiting_since(row: Watched, width: int) -> Cell:
        return lens.moment(row.oldest_waiting)

    def changed(row: Watched, width: int) -> Cell:
        return lens.moment(row.last_change_at)

    def tally(status: Status, width: int, priority: int) -> Column[Watched]:
        look = status_look(status)
        return Column(status.slug, look.glyph, _tally(status), width=width, align="right",
                      priority=priority, descending=True, help=look.word)  # fmt: skip

    return (
        Column("id", "id", _id, width=8, flex=1, max_width=12, priority=100),
        Column("label", "label", _label, width=17, flex=4, wish=24, max_width=28, priority=90),
        Column("state", "state", state, width=12, priority=95, help="What the row can tell now."),
        Column("progress", "delivered", _bar, width=11, flex=2, max_width=24, priority=85,
               help="Delivered ÷ all; ━ delivered ┈ waiting ╳ not."),
        Column("recipients", "recip", _recipients, width=7, align="right", priority=80,
               descending=True, help="How many; -2: two of them are no longer listed; 500-: some."),
        tally(Status.WAITING, 6, 78),
        tally(Status.NOT_DELIVERED, 6, 79),
        tally(Status.DELIVERED, 7, 40),
        tally(Status.UNKNOWN, 4, 20),
        Column("stop", "STOP", _stop, width=5, align="right", priority=70, descending=True),
        Column("rate", "rate", _rate, width=6, align="right", priority=30, descending=True,
               help="Delivered ÷ final, so without the waiting."),
        Column("waiting_since", "waiting since", waiting_since, width=14, priority=48),
        Column("changed", "last change", changed, width=12, priority=49, descending=True),
        Column("tags", "tags", _tags, width=12, flex=3, max_width=24, priority=47),
        Column("read", "read", read, width=6, priority=45, descending=True,
               help="When it was last truly read, to the minute."),
        Column("due", "due", due, width=6, priority=44,
               help="When it is next read, to the minute."),
    )  # fmt: skip


def state_cell(monitor: Monitor, lens: Lens, row: Watched, width: int) -> Cell:
    """The state, and for a stale row since how long, as exactly as ``width`` allows."""
    stands = standing(monitor, row, lens.now())
    if stands.state is not MessageState.STALE:
        return cells.state(stands.state.value)
    if stands.since is None:
        look = state_look(stands.state.value)
        return Span(f"{look.glyph} not read", look.tone)
    since = lens.since(stands.since)
    exact = cells.state(stands.state.value, detail=since)
    if len(cells.plain(exact)) <= width:
        return exact
    return cells.state(stands.state.value, detail=" ".join(since.split()[:2]))


def _known(row: Watched, name: str) -> int | None:
    """One of the counts; None while nobody knows: the message was never read."""
    return None if row.read_at is None else int(getattr(row.counts, name))


def _id(row: Watched, width: int) -> Cell:
    return Span(row.entry.id, Tone.STRONG)


def _label(row: Watched, width: int) -> Cell:
    return row.entry.label


def _tags(row: Watched, width: int) -> Cell:
    return Span(" ".join(row.entry.tags), Tone.DIM)


def _bar(row: Watched, width: int) -> Cell:
    return cells.delivery_bar(row.counts, width)


def _recipients(row: Watched, width: int) -> Cell:
    total = _known(row, "total")
    return _UNREAD if total is None else cells.with_gone(total, row.counts.absent, width)


def _stop(row: Watched, width: int) -> Cell:
    stops = _known(row, "stop")
    if stops is None:
        return _UNREAD
    return Span(cells.count(stops), Tone.WARN if stops else Tone.DIM)


def _rate(row: Watched, width: int) -> Cell:
    return cells.rate(row.counts.delivery_rate)


def _tally(status: Status) -> Callable[[Watched, int], Cell]:
    def cell(row: Watched, width: int) -> Cell:
        count = _known(row, status.slug)
        return _UNREAD if count is None else cells.tally(count, status)

    return cell


def _sort_keys(monitor: Monitor, lens: Lens) -> dict[str, Callable[[Watched], Any]]:
    return {
        "id": lambda row: (len(row.entry.id), row.entry.id),
        "label": lambda row: row.entry.label.casefold() or None,
        "state": lambda row: _STATE_ORDER[standing(monitor, row, lens.now()).state],
        "progress": lambda row: (
            row.counts.delivered / row.counts.total if row.counts.total else None
        ),
        "recipients": lambda row: _known(row, "total"),
        **{
            name: partial(_known, name=name)
            for name in ("waiting", "not_delivered", "delivered", "unknown", "stop")
        },
        "rate": lambda row: row.counts.delivery_rate,
        "waiting_since": lambda row: row.oldest_waiting,
        "changed": lambda row: row.last_change_at,
        "tags": lambda row: " ".join(row.entry.tags) or None,
        "read": lambda row: row.read_at,
        "due": lambda row: row.next_due,
    }
