"""A watchlist as a list that is read back whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from smsmon.model import DEFAULT_PROFILE, Entry
from smsmon.store.idlist.columns import CSV_COLUMNS, tags_cell

TEXT_MARK = "# A watchlist of smsmon: each line an id, a tab, and its label."
"""Before a list in which an id or a label could be taken for something else."""


def csv_rows(entries: Sequence[Entry]) -> list[Sequence[str]]:
    """All but the keys this version does not know, a row each, below a header."""
    return [CSV_COLUMNS, *map(_row, entries)]


def _row(entry: Entry) -> tuple[str, ...]:
    added = datetime.fromtimestamp(entry.added_at, UTC).isoformat() if entry.added_at else ""
    return (
        entry.id,
        entry.label,
        tags_cell(entry.tags),
        entry.note,
        added.replace("+00:00", "Z"),
        "true" if entry.paused else "",
        entry.profile if entry.profile != DEFAULT_PROFILE else "",
    )


def text_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Id and label, with a tab between."""
    return (f"{entry.id}\t{entry.label}".rstrip("\t") for entry in entries)
