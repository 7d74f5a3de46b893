"""The rows and columns of the table of groups: many messages in a row, or one that stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from smsmon.console import cells
from smsmon.console.actions import Where
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.formats import Formats
from smsmon.console.group_rows import RowKey
from smsmon.console.live_table import Column, LiveTable
from smsmon.console.signs import ALERT, LEVELS, NOT_LISTED, PAUSED, state_sign
from smsmon.console.tables.drawn import draws, heading_of
from smsmon.console.tables.messages import mark
from smsmon.console.tables.panes import TablePane
from smsmon.countries import country_name
from smsmon.filters import Filter, Stage, Stages
from smsmon.filters.fields import Drawn
from smsmon.filters.groups import GROUP_ROWS, GROUP_TABLE_FIELDS, LEAST_FINAL, TROUBLE, GroupField
from smsmon.filters.messages import ALERT_FIELD
from smsmon.filters.questions import Value
from smsmon.groups import Dimension, Figures, Minute
from smsmon.monitor.standing import Monitor, Standing, standing
from smsmon.monitor.state import MessageState, Watched
from smsmon.recipients import Status

if TYPE_CHECKING:
    from smsmon.console.alert_standing import Raised
    from smsmon.grouping import Grouping

Firing = Callable[[RowKey], "Sequence[Raised]"]
"""Row → the rules that fire for it, those first that nobody answered."""
GROUP_STAGES: Stages = (
    Stage("trouble:yes", "in trouble", "No group is in trouble; f shows what has any failed."),
    Stage("failed>0", "any not delivered", "Nothing of the last hour is not delivered."),
)
_NOT_FRESH = (MessageState.STALE, MessageState.NOT_FOUND, MessageState.PAUSED)
_READABLE = 12
"""Columns beside an id from which a label can be read there; with less it stands in its place."""
_MUCH_FAILED = 0.1
"""The share of a column of the sparkline from which it is drawn as failing."""


class GroupRow(NamedTuple):
    key: RowKey
    figures: Figures
    watched: Watched | None
    """The message that stands alone; None: the row is a group."""
    stands: Standing | None
    """How it stands with that message."""


class GroupTableRows:
    """The groups of one dimension, and the messages that stand alone, as rows of a table."""

    def __init__(
        self,
        grouping: Grouping,
        monitor: Monitor,
        dimension: Dimension,
        formats: Formats,
        firing: Firing,
    ) -> None:
        self._grouping = grouping
        self._monitor = monitor
        self._dimension = dimension
        self._formats = formats
        self._firing = firing
        self._shown = {each.shown.name: each for each in GROUP_ROWS if each.shown}
        self._fields = {each.name: each for each in GROUP_ROWS}

    def row(self, key: RowKey) -> GroupRow:
        watched, stands = None, None
        if key.message:
            watched = self._monitor.board[key.name]
            stands = standing(self._monitor, watched, self._formats.now())
            figures = self._grouping.alone(key.name)
        else:
            figures = self._grouping.row(self._dimension, key.name)
        if figures is None:
            raise LookupError(key)
        return GroupRow(key, figures, watched, stands)

    def accepted(self, keys: Sequence[RowKey], wanted: Filter) -> list[bool]:
        """Which rows a filter lets through."""
        now = self._formats.now()
        return [wanted.matches(partial(self._value, self.row(key), now)) for key in keys]

    def offered(self, keys: Sequence[RowKey], name: str) -> Iterable[Value]:
        """What the rows have in a field."""
        now = self._formats.now()
        return (self._value(self.row(key), now, name) for key in keys)

    def _value(self, row: GroupRow, now: float, name: str) -> Value:
        if name == ALERT_FIELD.name:
            return tuple(rule.name for rule in self._firing(row.key))
        if name == TROUBLE.name:
            return self._in_trouble(row)
        if name == "group":
            return tuple({name_of(row, self._formats), row.figures.title})
        return self._fields[name].value(row.figures, now)

    def _in_trouble(self, row: GroupRow) -> bool:
        if self._firing(row.key):
            return True
        if row.stands is not None:
            return row.stands.trouble
        figures = row.figures
        few = figures.delivered + figures.failed < LEAST_FINAL
        low = figures.rate is not None and figures.rate < self._monitor.trouble_below
        return bool(figures.troubled) or (low and not few)

    def values(self, column: str, keys: Sequence[RowKey]) -> Sequence[Any] | None:
        if column == "alert":
            return [-len(self._firing(key)) or None for key in keys]
        if column == "group":
            return [_place(self.row(key), self._formats) for key in keys]
        if column == "troubled":
            found = [self.row(key).figures for key in keys]
            return [each.troubled or 0.5 * bool(each.paused) for each in found]
        field = self._shown.get(column)
        return None if field is None else [field.of(self.row(key).figures) for key in keys]


def name_of(row: GroupRow, formats: Formats) -> str:
    """What a row is called."""
    if row.watched is not None:
        return f"{row.watched.id} {row.watched.label}".rstrip()
    return group_name(row.figures.dimension, row.figures.name, formats)


def group_name(dimension: Dimension, name: str, formats: Formats) -> str:
    """What a group is called: a country by its name, a minute by the clock of the screen."""
    if not name:
        return dimension.nameless
    if dimension is Dimension.COUNTRY:
        return country_name(name) or name
    if dimension is Dimension.MINUTE:
        return formats.minute(datetime.fromisoformat(name).timestamp())
    return name


def _place(row: GroupRow, formats: Formats) -> str:
    """Groups by their names, then the one without a name, then the messages that stand alone."""
    if row.watched is not None:
        return f"2{row.watched.id:>40}"
    name = row.figures.name
    if row.figures.dimension is not Dimension.MINUTE:
        name = name_of(row, formats).casefold()
    return f"{int(not row.figures.name)}{name}"


def group_columns(
    formats: Formats, firing: Firing, *, has_alerts: bool
) -> tuple[Column[GroupRow], ...]:
    """Every column there is, in their usual order; what does not fit goes by priority."""
    return (
        _alert_column(firing, has_alerts=has_alerts, plain=formats.plain),
        *(
            Column(
                cell=_cell(each, each.shown.drawn, formats),
                **heading_of(each.shown, each.help, plain=formats.plain),
            )
            for each in GROUP_ROWS
            if each.shown
        ),
    )


def _cell(
    field: GroupField, drawn: Drawn | Status, formats: Formats
) -> Callable[[GroupRow, int], Cell]:
    """What draws a field of a group."""
    match drawn:
        case Drawn.STRONG:
            return partial(_name, formats)
        case Drawn.WARNING if field.name == "troubled":
            return partial(_old, formats)
        case Drawn.SPARK:
            if formats.plain:
                return lambda row, _: per_minute(row.figures.minutes)
            return lambda row, width: spark(row.figures.minutes, formats.now(), width)
    draw = draws(drawn, formats)
    return lambda row, width: draw(field.of(row.figures), width)


def _old(formats: Formats, row: GroupRow, _: int) -> Cell:
    """How many messages are stale or not found; of one that stands alone that it is, and since
    when. What is paused is told as well: it gets no newer."""
    stands, figures = row.stands, row.figures
    if stands is None:
        if figures.paused and not figures.troubled:
            paused = f"{figures.paused:,}"
            told = f"{paused} {PAUSED.word}" if formats.plain else f"{PAUSED.glyph} {paused}"
            return Span(told, PAUSED.tone)
        return cells.among_others(figures.troubled, Tone.WARN)
    if stands.state not in _NOT_FRESH:
        return cells.among_others(0)
    sign = state_sign(stands.state.value)
    if stands.state is MessageState.STALE and not formats.plain:
        return Span(f"{sign.glyph} {' '.join(formats.since(stands.since).split()[:2])}", sign.tone)
    return Span(sign.word if formats.plain else sign.glyph, sign.tone)


def _name(formats: Formats, row: GroupRow, width: int) -> Cell:
    if row.watched is not None:
        id, label = row.watched.id, row.watched.label
        if not label or width < len(id) + _READABLE:
            return Span(label or id)
        return Span(id), Span(f" {label}", Tone.DIM)
    named = bool(row.figures.name)
    return Span(name_of(row, formats), Tone.STRONG if named else Tone.DIM)


def _alert_column(firing: Firing, *, has_alerts: bool, plain: bool) -> Column[GroupRow]:
    """A sign before the groups for which alerts fire; ``plain``: the name of the gravest."""

    def named(row: GroupRow, _: int) -> Cell:
        rules = firing(row.key)
        return rules[0].name if rules else ""

    def shown(row: GroupRow, _: int) -> Cell:
        gone = row.watched is not None and row.watched.counts.absent
        return mark(firing(row.key)) or (Span(NOT_LISTED.glyph, NOT_LISTED.tone) if gone else "")

    help = "An alert fires for it; the line above the keys says which."
    if plain:
        return Column("alert", "alert", named, width=7, priority=97, spare=not has_alerts,
                      help=help)  # fmt: skip
    return Column("alert", ALERT.glyph if has_alerts else "", shown, width=1, priority=97,
                  may_be_empty=not has_alerts, help=help)  # fmt: skip


def _columns_of(minutes: Sequence[Minute], now: float, width: int) -> list[tuple[float, float]]:
    """What was sent in a minute, and the share of it that failed, in ``width`` columns at most.

    Of the minutes that are over: the one that runs would always look like a decline. A column of
    several minutes tells their mean, and begins where the clock does: so it stays as it is.
    """
    over = minutes[:-1]
    if width < 1 or not over:
        return []
    each = -(-len(over) // width)
    first = int(now // 60) - len(over)
    found = []
    for _, together in groupby(range(len(over)), key=lambda place: (first + place) // each):
        places = [over[place] for place in together]
        sent = sum(minute.sent for minute in places)
        failed = sum(minute.failed for minute in places)
        found.append((sent / len(places), failed / sent if sent else 0.0))
    return found[-width:]


def spark(minutes: Sequence[Minute], now: float, width: int) -> Cell:
    """How many were sent in each minute of the last hour, as columns of one line; those in which
    much failed stand out."""
    columns = _columns_of(minutes, now, width)
    top = max((sent for sent, _ in columns), default=0.0)
    if not top:
        return ""
    drawn = [
        (LEVELS[min(7, int(8 * sent / top))] if sent else " ", failed >= _MUCH_FAILED)
        for sent, failed in columns
    ]
    return tuple(
        Span("".join(glyph for glyph, _ in run), Tone.BAD if failing else Tone.PLAIN)
        for failing, run in groupby(drawn, key=lambda each: each[1])
    )


def per_minute(minutes: Sequence[Minute]) -> str:
    """The same in words: in the last minute that is over, and at most."""
    over = [minute.sent for minute in minutes[:-1]]
    return f"{over[-1]:,}, at most {max(over):,}" if any(over) else ""


def groups_pane(formats: Formats) -> TablePane[RowKey, GroupRow]:
    """The groups; none until a dimension is chosen."""
    table: LiveTable[RowKey, GroupRow] = LiveTable(
        group_columns(formats, lambda _: (), has_alerts=False),
        empty="Reading the watchlist",
        tint_seconds=0,  # what codes come by is always changing
    )
    pane = TablePane(table, GROUP_TABLE_FIELDS, Where.GROUPS, GROUP_STAGES, formats, id="groups")
    pane.in_portions = True
    return pane
