"""What the find dialog shows: rows, columns and sentences. No widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from textual.content import Content

from smsmon import phones
from smsmon.console import cells
from smsmon.console.cells import Cell, Span
from smsmon.console.lens import Lens
from smsmon.console.looks import GONE, Tone
from smsmon.console.tables.finding import FOUND_LIMIT, Found, Place, as_now
from smsmon.console.tables.recipients import status_of
from smsmon.console.tones import styled
from smsmon.console.widgets.live_table import Column
from smsmon.countries import country_name
from smsmon.monitor.board import Board
from smsmon.phones import Sought
from smsmon.text import painted

NOT_WATCHED = "not watched any more"
_BETWEEN = " · "


class FoundRows:
    """What was found as rows of a table, by place; watched ones as they are now."""

    def __init__(self, board: Board, found: Iterable[Found] = ()) -> None:
        self._board = board
        self.found = {each.place: each for each in found}

    @property
    def places(self) -> list[Place]:
        """The rows' keys, in their order."""
        return list(self.found)

    def row(self, key: Place) -> Found:
        return as_now(self._board, self.found[key])

    def values(self, column: str, keys: Sequence[Place]) -> None:
        return None


def found_columns(lens: Lens) -> tuple[Column[Found], ...]:
    """Number, message, status and STOP always; date and label where there is room."""

    def phone(row: Found, width: int) -> Cell:
        gone = "" if row.absent_since is None else GONE
        return Span(f"{gone}{lens.phone(row.recipient.phone)}", _tone(row))

    def status(row: Found, width: int) -> Cell:
        return status_of(row.recipient, row.absent_since, lens)

    def date(row: Found, width: int) -> Cell:
        return Span(lens.moment(row.recipient.date or row.seen_at), Tone.DIM)

    columns: tuple[Column[Found], ...] = (
        Column("phone", "number", phone, width=17, flex=3, max_width=20, priority=100),
        Column("message", "message", _message, width=9, flex=2, max_width=12, priority=90),
        Column("status", "status", status, width=15, priority=95),
        Column("stop", "STOP", _stop, width=4, priority=85),
        Column("date", "date", date, width=12, priority=80),
        Column("label", "label", _label, width=11, flex=1, priority=70),
    )
    # What is found stays in its order: the newest message first.
    return tuple(replace(column, sortable=False) for column in columns)


def _tone(row: Found) -> Tone:
    return Tone.PLAIN if row.watched else Tone.DIM


def _message(row: Found, width: int) -> Cell:
    return Span(row.place.message_id, _tone(row))


def _stop(row: Found, width: int) -> Cell:
    return Span("STOP", Tone.WARN) if row.recipient.stop else ""


def _label(row: Found, width: int) -> Cell:
    if row.watched:
        return row.label
    return (Span(NOT_WATCHED, Tone.DIM), Span(f"  {row.label}" if row.label else "", Tone.DIM))


def verdict(
    text: str,
    wanted: Sought,
    found: Sequence[Found],
    *,
    searching: bool = False,
    more: bool = False,
    trouble: str = "",
) -> Content:
    """One line under the field: what to type, or what was found.

    ``more``: the history has more than it gave. ``trouble``: why it could not be asked, a safe
    sentence.
    """
    if not wanted:
        return styled(_sentence(phones.why_not_sought(text)), Tone.DIM)
    parts = []
    if found:
        count = cells.count(len(found))
        if more or len(found) >= FOUND_LIMIT:
            parts.append(Content(f"the newest {count}: type more digits for the rest"))
        else:
            messages = len({each.place.message_id for each in found})
            parts.append(Content(f"{count} found in {_of(messages, 'message')}"))
        gone = sum(not each.watched for each in found)
        if gone:
            parts.append(styled(f"{cells.count(gone)} {NOT_WATCHED}", Tone.DIM))
    elif not searching:
        parts.append(Content("nobody found"))
    if searching:
        parts.append(styled("searching the history …", Tone.DIM))
    if trouble:
        parts.append(styled(trouble, Tone.WARN))
    return Content(_BETWEEN).join(parts)


def why_empty(wanted: Sought, messages: int, *, searching: bool, history: bool) -> str:
    """What stands in place of the rows while there are none: what to do next."""
    if not messages and not history:
        return "Nothing is watched yet. Close this, and press a to add message ids."
    if not wanted:
        known = ", and in what the history knows" if history else ""
        return f"Looks in {_of(messages, 'watched message')}{known}."
    if searching:
        return ""
    where = f"Not in {_of(messages, 'watched message')}{', nor in the history' if history else ''}."
    return f"{where} Check the digits, or type fewer of them."


def detail(row: Found | None, lens: Lens) -> Content:
    """One line about the row under the cursor: what the columns have no room for."""
    if row is None:
        return Content()
    country = country_name(phones.region(row.recipient.phone))
    parts = [Content(painted(part)) for part in (country, row.label) if part]
    if not row.watched:
        parts.insert(0, styled(f"{NOT_WATCHED}, last read {lens.moment(row.read_at)}", Tone.WARN))
    return Content(_BETWEEN).join(parts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of(count: int, noun: str) -> str:
    return f"{cells.count(count)} {noun}{'' if count == 1 else 's'}"
