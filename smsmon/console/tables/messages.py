"""The rows and columns of the messages table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from smsmon.alerts import State
from smsmon.console import cells
from smsmon.console.actions import Where
from smsmon.console.alert_words import STATE_SIGNS, tone_of
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.formats import Formats
from smsmon.console.live_table import Column, LiveTable
from smsmon.console.signs import ALERT, DASH, NOT_LISTED, state_sign
from smsmon.console.tables.drawn import UNKNOWN, draws, heading_of
from smsmon.console.tables.panes import TablePane
from smsmon.departures import leaves_at
from smsmon.filters import Coded, Filter, Kind, Stage, Stages
from smsmon.filters import Column as Filtered
from smsmon.filters.fields import Drawn
from smsmon.filters.messages import (
    ALERT_FIELD,
    GROUP_FIELD,
    MESSAGE_FIELDS,
    MESSAGES,
    MessageField,
    OfStanding,
)
from smsmon.filters.questions import Value
from smsmon.known import Condition
from smsmon.monitor.standing import Monitor, message_fact, message_value, standing
from smsmon.monitor.state import MessageState, Watched
from smsmon.recipients import Status

if TYPE_CHECKING:
    from smsmon.console.alert_standing import Raised

_FEW = 16
"""Rows below which a filter is not worth a column of values."""
_OFTEN_ALIKE = frozenset(("state", "label", "tag", "note", "profile", "reason", "alert", "group"))
"""Fields whose values many messages have in common: each is looked at once."""
GroupsOf = Callable[[Watched], tuple[str, ...]]
"""Message → the names of its groups."""
Firing = Callable[[str], "Sequence[Raised]"]
"""Message → the rules that fire for it, those first that nobody answered."""


def no_alerts(message_id: str) -> Sequence[Raised]:
    """No rule fires."""
    return ()


def tags_of(watched: Watched) -> tuple[str, ...]:
    """Its groups where messages are not put together."""
    return watched.tags


class MessageRows:
    """The board's messages as rows of a table, by message id."""

    def __init__(
        self,
        monitor: Monitor,
        formats: Formats,
        firing: Firing = no_alerts,
        groups_of: GroupsOf = tags_of,
    ) -> None:
        """``firing`` gives the rules of the alerts that fire for a message, ``groups_of`` the names
        of the groups that it is in."""
        self._groups_of = groups_of
        self._monitor = monitor
        self._firing = firing
        self._formats = formats
        self._board = monitor.board
        self._shown = {each.shown.name: each for each in MESSAGES if each.shown}

    def row(self, key: str) -> Watched:
        return self._board[key]

    def accepted(self, keys: Sequence[str], wanted: Filter) -> Sequence[Any]:
        """Which messages a filter lets through."""
        rows, now = [*map(self._board.__getitem__, keys)], self._formats.now()
        if len(rows) < _FEW:
            return [wanted.matches(partial(self._value, row, now)) for row in rows]
        return wanted.mask(partial(self._column, rows, now), len(rows))

    def _column(self, rows: Sequence[Watched], now: float, name: str) -> Filtered:
        values = [self._value(row, now, name) for row in rows]
        if name not in _OFTEN_ALIKE:
            return values
        codes: dict[Value, int] = {}
        coded = [codes.setdefault(value, len(codes)) for value in values]
        return Coded(coded, [*codes])

    def offered(self, keys: Sequence[str], name: str) -> Iterable[Value]:
        """What the messages have in a field."""
        now = self._formats.now()
        return (self._value(self._board[key], now, name) for key in keys if key in self._board)

    def _value(self, row: Watched, now: float, name: str) -> Value:
        if name == GROUP_FIELD.name:
            return self._groups_of(row)
        firing = self._firing(row.id) if name in (ALERT_FIELD.name, "trouble") else ()
        if name == ALERT_FIELD.name:
            return tuple(rule.name for rule in firing)
        return bool(firing) or message_value(self._monitor, row, now, name)

    def values(self, column: str, keys: Sequence[str]) -> Sequence[Any] | None:
        if column == ALERT_FIELD.name:
            return [self._alert_order(key) for key in keys]
        field = self._shown.get(column)
        if field is None:
            return None
        rows, now = map(self._board.__getitem__, keys), self._formats.now()
        if isinstance(field, OfStanding):
            facts = [field.of(standing(self._monitor, row, now)) for row in rows]
        else:
            facts = [*map(field.of, rows)]
        if field.kind is not Kind.WORD:
            return [*map(field.sort_key, facts)]
        places = {fact: field.sort_key(fact) for fact in set(facts)}
        return [*map(places.__getitem__, facts)]

    def _alert_order(self, key: str) -> tuple[int, int, list[str]] | None:
        """Most alerts that nobody answered first, then those answered, then those with recipients
        no longer listed; None sorts last."""
        rules = self._firing(key)
        if not rules and not self._board[key].counts.absent:
            return None
        firing = sum(rule.state is State.FIRING for rule in rules)
        return -firing, -len(rules), [rule.name for rule in rules]


def message_columns(monitor: Monitor, formats: Formats) -> tuple[Column[Watched], ...]:
    """Every column there is, in their usual order; what does not fit goes by priority."""
    return tuple(
        Column(
            cell=_cell(each, each.shown.drawn, monitor, formats),
            **heading_of(each.shown, each.help, plain=formats.plain),
        )
        for each in MESSAGES
        if each.shown
    )


def _cell(
    field: MessageField, drawn: Drawn | Status, monitor: Monitor, formats: Formats
) -> Callable[[Watched, int], Cell]:
    """What draws a field of a message."""
    match drawn:
        case Drawn.STATE:
            if formats.plain:
                return lambda row, width: cells.worded(_state(monitor, formats, row, width + 2))
            return partial(_state, monitor, formats)
        case Drawn.DUE:
            return partial(_due, monitor, formats)
        case Drawn.BAR:
            if formats.plain:
                return lambda row, width: cells.percent(row.counts.delivered, row.counts.total)
            return lambda row, width: cells.delivery_bar(row.counts, width)
        case Drawn.TOTAL:
            return partial(_total, formats)
    draw = draws(drawn, formats)
    return lambda row, width: draw(message_fact(monitor, row, formats.now(), field), width)


def _total(formats: Formats, row: Watched, width: int) -> Cell:
    if row.read_at is None:
        return UNKNOWN
    if formats.plain:  # the heading tells how many are gone
        return cells.count(row.counts.total)
    return cells.with_gone(row.counts.total, row.counts.absent, width)


def _due(monitor: Monitor, formats: Formats, row: Watched, width: int) -> Cell:
    asked = monitor.account(row.profile).condition is Condition.OK
    if row.next_due is None or not asked:
        return Span(DASH, Tone.DIM)
    return Span(formats.minute(row.next_due) if row.next_due > formats.now() else "now", Tone.DIM)


def _state(monitor: Monitor, formats: Formats, row: Watched, width: int) -> Cell:
    """The state, and for a stale row since how long, as exactly as ``width`` allows."""
    stands = standing(monitor, row, formats.now())
    if stands.state is not MessageState.STALE:
        return cells.state(stands.state.value)
    if stands.since is None:
        sign = state_sign(stands.state.value)
        return Span(f"{sign.glyph} not read", sign.tone)
    since = formats.since(stands.since)
    exact = cells.state(stands.state.value, detail=since)
    if len(cells.plain(exact)) <= width:
        return exact
    return cells.state(stands.state.value, detail=" ".join(since.split()[:2]))


def mark(rules: Sequence[Raised]) -> Cell:
    """The sign of a message for which these rules fire: as the first of them, the others wait."""
    if not rules:
        return ""
    first = rules[0]
    return Span((STATE_SIGNS[first.state] or ALERT).glyph, tone_of(first.state, first.severity))


def alert_column(
    firing: Firing, *, has_alerts: bool = True, plain: bool = False
) -> Column[Watched]:
    """A sign before the messages for which alerts fire, or that have recipients no longer listed.

    Its place is kept where there are rules of the operator's own: no row moves when one fires.
    ``plain``: the name of the gravest.
    """

    def shown(row: Watched, width: int) -> Cell:
        gone = Span(NOT_LISTED.glyph, NOT_LISTED.tone) if row.counts.absent else ""
        return mark(firing(row.id)) or gone

    def named(row: Watched, width: int) -> Cell:
        rules = firing(row.id)
        if not rules:
            return ""
        first = rules[0]
        told = first.name if first.state is State.FIRING else str(first.state)
        return Span(told, tone_of(first.state, first.severity))

    if plain:
        return Column("alert", "alert", named, width=7, priority=97, spare=not has_alerts,
                      help="The alerts that fire for it, the gravest first.")  # fmt: skip
    return Column("alert", ALERT.glyph if has_alerts else "", shown, width=1, priority=97,
                  may_be_empty=not has_alerts, help="An alert fires, or recipients are no longer "
                  "listed: see above the keys.")  # fmt: skip


MESSAGE_STAGES: Stages = (
    Stage(
        "trouble:yes", "in trouble", "Nothing is in trouble; f shows what has any not delivered."
    ),
    Stage("failed>0", "any not delivered", "No message has a recipient that is not delivered."),
)


def all_columns(
    monitor: Monitor, formats: Formats, firing: Firing, has_alerts: bool
) -> tuple[Column[Watched], ...]:
    """Every column there is, that of the alerts among the usual ones where there are rules."""
    columns = message_columns(monitor, formats)
    alerts = alert_column(firing, has_alerts=has_alerts, plain=formats.plain)
    return (alerts, *columns, leaves_column(formats))


def leaves_column(formats: Formats) -> Column[Watched]:
    """When what came by itself leaves by itself."""

    def shown(row: Watched, _: int) -> Cell:
        at = leaves_at(row)
        if at == inf:
            return ""
        return Span(formats.to_come(at) if at > formats.now() else "now", Tone.DIM)

    return Column("leaves", "leaves", shown, width=11, priority=42, spare=True, may_be_empty=True,
                  sort_key=lambda row: None if (at := leaves_at(row)) == inf else at,
                  help="When it leaves by itself, as far as is known.")  # fmt: skip


def messages_pane(
    monitor: Monitor,
    formats: Formats,
    tint_seconds: float,
    firing: Firing = no_alerts,
    groups_of: GroupsOf = tags_of,
    *,
    has_alerts: bool = False,
) -> TablePane[str, Watched]:
    """The messages on ``monitor``'s board, by id, with the rules that fire for each."""
    fields = (*MESSAGE_FIELDS, ALERT_FIELD, GROUP_FIELD)
    table = LiveTable(
        all_columns(monitor, formats, firing, has_alerts),
        MessageRows(monitor, formats, firing, groups_of),
        empty="Reading the watchlist",
        tint_seconds=tint_seconds,
    )
    pane = TablePane(table, fields, Where.MESSAGES, MESSAGE_STAGES, formats, id="messages")
    pane.in_portions = True
    return pane
