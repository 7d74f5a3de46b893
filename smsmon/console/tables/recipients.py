"""The rows and columns of the recipients table: one message's recipients, by slot."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from smsmon import phones
from smsmon.console import cells
from smsmon.console.cells import Cell, Span, Tone
from smsmon.console.lens import Lens
from smsmon.console.looks import GONE
from smsmon.console.tables.narrowing import Only
from smsmon.console.widgets.live_table import Column
from smsmon.countries import country_name
from smsmon.filters import Filter
from smsmon.filters.recipients import recipient_column, took_column, took_of
from smsmon.monitor.state import Watched
from smsmon.recipients import STOP_YES, Recipient, Status

_TROUBLE_FIRST = bytes.maketrans(
    bytes([Status.NOT_DELIVERED, Status.UNKNOWN, Status.WAITING, Status.DELIVERED]),
    bytes([0, 1, 2, 3]),
)
"""Sorting by status puts what needs eyes first."""
_SHOWN = {
    Only.FAILED: bytes(int(n in (Status.NOT_DELIVERED, Status.UNKNOWN)) for n in range(256)),
    Only.UNDELIVERED: bytes(int(n != Status.DELIVERED) for n in range(256)),
}
"""By status: which are shown."""
_STOPS = bytes(int(value == STOP_YES) for value in range(256))


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """One recipient of one message as the table and the detail pane see it."""

    slot: int
    recipient: Recipient
    first_seen: float
    changed_at: float | None
    """When it was last seen to change; None: it never was."""
    absent_since: float | None
    """Since when reports leave it out: this is as it was before. None: the last one lists it."""
    took: float | None = None
    """Seconds from first seen to the final status, as observed; None when not observed."""


def recipient_row(watched: Watched, slot: int) -> RecipientRow:
    """The row of one slot, as it is now."""
    return RecipientRow(
        slot,
        watched.recipients[slot],
        watched.first_seen[slot],
        watched.changed_at[slot] or None,
        watched.absent.get(slot),
        took_of(watched, slot),
    )


class RecipientRows:
    """The recipients of one watched message as rows of a table, by slot."""

    def __init__(self, watched: Watched, lens: Lens) -> None:
        self._watched = watched
        self._lens = lens

    def row(self, key: int) -> RecipientRow:
        return recipient_row(self._watched, key)

    def accepted(self, keys: Sequence[int], wanted: Filter, *, only: Only) -> Sequence[Any]:
        """Which recipients a filter lets through; an unknown status counts as failed."""
        watched, now = self._watched, self._lens.now()
        length = len(watched.recipients)
        mask = wanted.mask(partial(recipient_column, watched, now), length)
        if shown := _SHOWN.get(only):
            concerned = watched.recipients.statuses.translate(shown)
            both = int.from_bytes(mask, "little") & int.from_bytes(concerned, "little")
            mask = both.to_bytes(length, "little")
        return mask if len(keys) == length else bytes(map(mask.__getitem__, keys))

    def values(self, column: str, keys: Sequence[int]) -> Sequence[Any] | None:
        watched, recipients = self._watched, self._watched.recipients
        whole = len(keys) == len(recipients)
        match column:
            case "status":
                ordered = recipients.statuses.translate(_TROUBLE_FIRST)
                return ordered if whole else bytes(map(ordered.__getitem__, keys))
            case "stop":
                stops = recipients.stops.translate(_STOPS)
                return stops if whole else bytes(map(stops.__getitem__, keys))
            case "date":
                return (
                    recipients.dates
                    if whole
                    else array("q", map(recipients.dates.__getitem__, keys))
                )
            case "first_seen":
                return _picked(watched.first_seen, keys, whole)
            case "changed":
                return _picked(watched.changed_at, keys, whole)
            case "phone":
                numbers = recipients.phones.keys
                return numbers if whole else [numbers[key] for key in keys]
            case "took":
                took = took_column(watched)
                return took if whole else [took[key] for key in keys]
            case "country":
                return [phones.region(recipients.phones[key]) or None for key in keys]
            case _:
                return None


def _picked(values: array[float], keys: Sequence[int], whole: bool) -> array[float]:
    return values if whole else array("d", map(values.__getitem__, keys))


def recipient_columns(lens: Lens) -> tuple[Column[RecipientRow], ...]:
    """Every column there is, in their usual order; what does not fit goes by priority."""

    def phone(row: RecipientRow, width: int) -> Cell:
        number = lens.phone(row.recipient.phone)
        return number if row.absent_since is None else Span(f"{GONE}{number}", Tone.DIM)

    def status(row: RecipientRow, width: int) -> Cell:
        return status_of(row.recipient, row.absent_since, lens)

    def date(row: RecipientRow, width: int) -> Cell:
        return lens.moment(row.recipient.date)

    def first_seen(row: RecipientRow, width: int) -> Cell:
        return Span(lens.moment(row.first_seen), Tone.DIM)

    def changed(row: RecipientRow, width: int) -> Cell:
        return lens.moment(row.changed_at)

    return (
        Column("phone", "phone", phone, width=18, flex=3, max_width=20, priority=100),
        Column("status", "status", status, width=15, priority=95),
        Column("stop", "STOP", _stop, width=5, priority=90, descending=True),
        Column("date", "date", date, width=12, priority=85, descending=True,
               help="The API's own date of the status."),
        Column("took", "took", _took, width=10, align="right", priority=70,
               descending=True, help="From first seen to final, as observed."),
        Column("country", "country", _country, width=8, flex=1, max_width=20, priority=75),
        Column("changed", "changed", changed, width=12, priority=60, descending=True,
               help="When it was last seen to change."),
        Column("first_seen", "first seen", first_seen, width=12, priority=40, descending=True),
    )  # fmt: skip


def status_of(recipient: Recipient, absent_since: float | None, lens: Lens) -> Sequence[Span]:
    """The status of a recipient, or the one that it had who is no longer listed."""
    told = cells.status if absent_since is None else cells.status_before
    return told(recipient.status, raw=lens.words(recipient.raw_status))


def _stop(row: RecipientRow, width: int) -> Cell:
    return Span("STOP", Tone.WARN) if row.recipient.stop else ""


def _took(row: RecipientRow, width: int) -> Cell:
    return cells.took(row.took)


def _country(row: RecipientRow, width: int) -> Cell:
    region = phones.region(row.recipient.phone)
    name = country_name(region)
    return name if len(name) <= width else region
