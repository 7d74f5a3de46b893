"""The rows and columns of the recipients table: one message's recipients, by slot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from smsmon.console import cells
from smsmon.console.actions import Where
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.formats import Formats
from smsmon.console.live_table import Column, LiveTable
from smsmon.console.signs import GONE
from smsmon.console.tables.drawn import draws, heading_of
from smsmon.console.tables.panes import TablePane
from smsmon.filters import Coded, Filter, Stage, Stages
from smsmon.filters.fields import Drawn
from smsmon.filters.questions import Value
from smsmon.filters.recipients import (
    RECIPIENT_FIELDS,
    RECIPIENTS,
    RecipientField,
    RecipientRow,
    recipient_column,
    recipient_row,
)
from smsmon.monitor.state import Watched
from smsmon.recipients import Recipient, Status


class RecipientRows:
    """The recipients of one watched message as rows of a table, by slot."""

    def __init__(self, watched: Watched, formats: Formats) -> None:
        self._watched = watched
        self._formats = formats

    def row(self, key: int) -> RecipientRow:
        return recipient_row(self._watched, key)

    def accepted(self, keys: Sequence[int], wanted: Filter) -> Sequence[Any]:
        """Which recipients a filter lets through."""
        watched, now = self._watched, self._formats.now()
        length = len(watched.recipients)
        mask = wanted.mask(partial(recipient_column, watched, now), length)
        return mask if len(keys) == length else bytes(map(mask.__getitem__, keys))

    def offered(self, keys: Sequence[int], name: str) -> Iterable[Value]:
        """What the recipients have in a field."""
        column = recipient_column(self._watched, self._formats.now(), name)
        return column.meanings if isinstance(column, Coded) else column

    def values(self, column: str, keys: Sequence[int]) -> Sequence[Any] | None:
        field = _SHOWN_AS.get(column)
        return None if field is None else field.sort_keys(self._watched, keys)


_SHOWN_AS = {each.shown.name: each for each in RECIPIENTS if each.shown}


def recipient_columns(formats: Formats) -> tuple[Column[RecipientRow], ...]:
    """Every column there is, in their usual order; what does not fit goes by priority."""
    return tuple(
        Column(
            cell=_cell(each, each.shown.drawn, formats),
            **heading_of(each.shown, each.help, plain=formats.plain),
        )
        for each in RECIPIENTS
        if each.shown
    )


def _cell(
    field: RecipientField, drawn: Drawn | Status, formats: Formats
) -> Callable[[RecipientRow, int], Cell]:
    """What draws a field of a recipient."""
    match drawn:
        case Drawn.PHONE:
            return partial(_phone, formats)
        case Drawn.STATUS:
            return lambda row, width: status_of(row.recipient, row.absent_since, formats)
    draw = draws(drawn, formats)
    return lambda row, width: draw(field.of(row), width)


def _phone(formats: Formats, row: RecipientRow, width: int) -> Cell:
    number = formats.phone(row.recipient.phone)
    if row.absent_since is None:
        return number
    return Span(number if formats.plain else f"{GONE}{number}", Tone.DIM)  # or the status tells it


def status_of(recipient: Recipient, absent_since: float | None, formats: Formats) -> Sequence[Span]:
    """The status of a recipient, or the one that it had who is no longer listed."""
    tell = cells.status if absent_since is None else cells.status_before
    told = tell(recipient.status, raw=formats.words(recipient.raw_status))
    return cells.spans_of(cells.worded(told)) if formats.plain else told


RECIPIENT_STAGES: Stages = (
    Stage("status:not_delivered,unknown", "not delivered", "Nothing failed; f shows who waits."),
    Stage("!status:delivered", "who has not got it", "All is delivered."),
)


def recipients_pane(formats: Formats, tint_seconds: float) -> TablePane[int, RecipientRow]:
    """The recipients of one message, by slot; none until it is given a source."""
    table: LiveTable[int, RecipientRow] = LiveTable(
        recipient_columns(formats), empty="No recipients to show", tint_seconds=tint_seconds
    )
    return TablePane(
        table,
        RECIPIENT_FIELDS,
        Where.RECIPIENTS,
        RECIPIENT_STAGES,
        formats,
        id="recipients",
        figures=True,
    )
