"""The columns of a table as rows to choose from. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from smsmon.console.cells import Cell, Span
from smsmon.console.looks import Tone
from smsmon.console.widgets.live_table import Column


@dataclass(frozen=True, slots=True)
class Choice:
    """One column of the table, chosen or not."""

    name: str
    title: str
    help: str
    chosen: bool


def choices(columns: Iterable[Column[Any]], chosen: Iterable[str]) -> list[Choice]:
    """The columns to choose from: those chosen in their order, then the others in theirs."""
    known = {column.name: column for column in columns}
    first = [name for name in dict.fromkeys(chosen) if name in known]
    rest = [name for name in known if name not in first]
    return [
        Choice(name, known[name].title or name, known[name].help, name in first)
        for name in (*first, *rest)
    ]


def _title(row: Choice, width: int) -> Cell:
    if row.chosen:
        return (Span("✓ ", Tone.GOOD), Span(row.title, Tone.STRONG))
    return Span(f"  {row.title}", Tone.DIM)


def _help(row: Choice, width: int) -> Cell:
    return Span(row.help, Tone.DIM)


CHOICE_COLUMNS: tuple[Column[Choice], ...] = (
    Column("title", "column", _title, width=16, flex=2, max_width=18, priority=1, sortable=False),
    Column("help", "what it shows", _help, width=16, flex=1, sortable=False),
)
