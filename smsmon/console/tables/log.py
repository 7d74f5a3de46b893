"""The rows and columns of the log."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.lens import Lens
from smsmon.console.tables.journal import Journal, Line
from smsmon.console.tables.narrowing import Only
from smsmon.console.widgets.live_table import Column
from smsmon.filters import Field, Filter, Kind
from smsmon.filters.questions import Value

LOG_FIELDS = (
    Field("text", Kind.TEXT, plain=True, help="what happened"),
    Field("message", Kind.TEXT, plain=True, help="the message id"),
    Field("phone", Kind.PHONE, plain=True, help="any part of the number"),
    Field("age", Kind.DURATION, help="since it happened"),
)


class LogRows:
    """The journal's lines as rows of a table, by their number."""

    def __init__(self, journal: Journal, lens: Lens) -> None:
        self._journal = journal
        self._lens = lens

    def row(self, key: int) -> Line:
        return self._journal[key]

    def accepted(self, keys: Sequence[int], wanted: Filter, *, only: Only) -> list[bool]:
        """Which lines a filter lets through; what went wrong counts as failed."""
        return [
            (only is Only.ALL or self._journal[key].tone in (Tone.BAD, Tone.WARN))
            and wanted.matches(partial(self._value, self._journal[key]))
            for key in keys
        ]

    def _value(self, line: Line, name: str) -> Value:
        match name:
            case "message":
                return line.message_id
            case "phone":
                return line.phone or None
            case "text":
                return line.text
            case _:
                return self._lens.now() - line.at

    def values(self, column: str, keys: Sequence[int]) -> None:
        return None


def words(line: Line, lens: Lens) -> str:
    """What happened, as it may be shown, copied and exported."""
    return lens.words(line.text) if line.quoting else line.text


def log_columns(lens: Lens) -> tuple[Column[Line], ...]:
    """Time, message, recipient, and what happened."""

    def at(row: Line, width: int) -> Cell:
        return Span(lens.moment(row.at), Tone.DIM)

    def phone(row: Line, width: int) -> Cell:
        return lens.phone(row.phone) if row.phone else ""

    def text(row: Line, width: int) -> Cell:
        return Span(words(row, lens), row.tone)

    return (
        Column("at", "time", at, width=12, priority=100, sort_key=lambda row: row.at),
        Column("message", "message", _where, width=10, flex=2, max_width=12, priority=90,
               sort_key=lambda row: row.where),
        Column("phone", "recipient", phone, width=18, priority=80, sort_key=lambda row: row.phone),
        Column("text", "what happened", text, width=24, flex=1, priority=95,
               sort_key=lambda row: row.text),
    )  # fmt: skip


def _where(row: Line, width: int) -> Cell:
    return row.where
