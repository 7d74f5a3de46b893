"""Finding a phone number in every watched message, and in the history: rows and sentences.

Half a million numbers take some 30 ms to search; they are searched a piece at a time, so that
no key waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import NamedTuple

from textual.content import Content

from smsmon import phones
from smsmon.console import cells
from smsmon.console.cells import Cell, Span
from smsmon.console.formats import Formats
from smsmon.console.live_table import Column
from smsmon.console.signs import GONE, Tone, styled
from smsmon.console.tables.recipients import status_of
from smsmon.countries import country_name
from smsmon.monitor.board import Board
from smsmon.monitor.state import Watched
from smsmon.phones import Sought, sought, why_not_sought
from smsmon.recipients import Recipient
from smsmon.store.past import NumberFound, Sighting
from smsmon.text import painted
from smsmon.times import capital, counted

FOUND_LIMIT = 200
"""Rows found at most: who needs more needs more digits."""

_PIECE = 2_000
"""Numbers searched at once: 0.1 ms, or 4 when all of them have the digits looked for."""
_TURN = 0.008
"""Seconds of searching until others have their turn."""


FindNumber = Callable[[str, int], Awaitable[NumberFound]]
"""Gives everything ever seen about a number, at most so often. Raises ``StoreError``."""


class Place(NamedTuple):
    """Where a number was found."""

    message_id: str
    slot: int | None
    """The recipient's place in the message; None when it is only in the history, or in what a
    source tells of a message that was not read yet."""
    phone: str


@dataclass(frozen=True, slots=True)
class Found:
    """One recipient with a number that was looked for."""

    place: Place
    label: str
    recipient: Recipient
    at: float
    """When the message's reports began to come, as far as is known; orders what is found."""
    seen_at: float
    """When the recipient was seen to change last, else when it was first seen."""
    read_at: float | None
    """When the message was last truly read."""
    absent_since: float | None = None
    """Since when the message's reports leave it out; None while they list it."""
    watched: bool = True


def understood(text: str) -> Sought:
    """What ``text`` asks for; nothing while it is too little, or no number."""
    return Sought() if why_not_sought(text) else sought(text)


async def search(board: Board, wanted: Sought, limit: int = FOUND_LIMIT) -> list[Found]:
    """The watched recipients that are meant, those of the newest message first."""
    found: list[Found] = []
    turn_ends = monotonic() + _TURN
    for watched in sorted(board, key=lambda each: each.origin, reverse=True):
        recipients = watched.recipients
        phones = recipients.phones
        slots: list[int] = []
        for start in range(0, len(phones), _PIECE):
            slots += phones.meant(wanted, start, start + _PIECE)
            if monotonic() > turn_ends:
                await asyncio.sleep(0)
                turn_ends = monotonic() + _TURN
            if len(found) + len(slots) >= limit:
                break
        room = limit - len(found)
        found += [_watched(watched, slot, recipients[slot]) for slot in slots[:room]]
        if watched.read_at is None and (told := _told(watched)) and wanted.matches(told):
            found.append(_unread(watched, told))
        if len(found) == limit:
            break
    return found


def remembered(board: Board, wanted: Sought, sightings: Iterable[Sighting]) -> list[Found]:
    """What the history knows beyond the board, the newest first."""
    found = [
        _remembered(each, watched=each.message_id in board)
        for each in sightings
        if wanted.matches(each.recipient.phone) and not _on(board, each)
    ]
    return sorted(found, key=lambda each: each.at, reverse=True)


def merged(one: Iterable[Found], other: Iterable[Found]) -> list[Found]:
    """Both, the newest message first."""
    return sorted([*one, *other], key=lambda each: each.at, reverse=True)


def as_now(board: Board, found: Found) -> Found:
    """``found`` as the board has it now; as it was where the message is not watched any more."""
    slot, watched = found.place.slot, board.get(found.place.message_id)
    if slot is None:
        slot = -1 if watched is None else watched.recipients.phones.find(found.place.phone)
        if watched is None or slot < 0 or found.read_at is not None:
            return found
    if watched is None or slot >= len(watched.recipients):
        return replace(found, watched=watched is not None)
    return _watched(watched, slot, watched.recipients[slot])


def _watched(watched: Watched, slot: int, recipient: Recipient) -> Found:
    return Found(
        place=Place(watched.id, slot, recipient.phone),
        label=watched.entry.label,
        recipient=recipient,
        at=watched.origin,
        seen_at=watched.changed_at[slot] or watched.first_seen[slot],
        read_at=watched.read_at,
        absent_since=watched.absent.get(slot),
    )


def _told(watched: Watched) -> str:
    """The number that a source tells a message went to; empty where none does."""
    arrival = watched.entry.arrival
    return "" if arrival is None else arrival.phone


def _unread(watched: Watched, phone: str) -> Found:
    """Whom a source tells of, while nothing of the message was read."""
    return Found(
        place=Place(watched.id, None, phone),
        label=watched.entry.label,
        recipient=Recipient.unread(phone),
        at=watched.origin,
        seen_at=watched.entry.added_at,
        read_at=None,
    )


def _remembered(sighting: Sighting, *, watched: bool) -> Found:
    return Found(
        place=Place(sighting.message_id, None, sighting.recipient.phone),
        label=sighting.label,
        recipient=sighting.recipient,
        at=sighting.first_seen,
        seen_at=sighting.changed_at or sighting.first_seen,
        read_at=sighting.read_at,
        absent_since=sighting.absent_since,
        watched=watched,
    )


def _on(board: Board, sighting: Sighting) -> bool:
    watched = board.get(sighting.message_id)
    return watched is not None and watched.recipients.phones.find(sighting.recipient.phone) >= 0


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


def found_columns(formats: Formats) -> tuple[Column[Found], ...]:
    """Number, message, status and STOP always; date and label where there is room."""

    def phone(row: Found, width: int) -> Cell:
        gone = "" if row.absent_since is None or formats.plain else GONE
        return Span(f"{gone}{formats.phone(row.recipient.phone)}", _tone(row))

    def status(row: Found, width: int) -> Cell:
        return status_of(row.recipient, row.absent_since, formats)

    def date(row: Found, width: int) -> Cell:
        return Span(formats.aligned(row.recipient.date or row.seen_at), Tone.DIM)

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
        return styled(capital(phones.why_not_sought(text)), Tone.DIM)
    parts = []
    if found:
        count = cells.count(len(found))
        if more or len(found) >= FOUND_LIMIT:
            parts.append(Content(f"the newest {count}: type more digits for the rest"))
        else:
            messages = len({each.place.message_id for each in found})
            parts.append(Content(f"{count} found in {counted(messages, 'message')}"))
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
        return f"Looks in {counted(messages, 'watched message')}{known}."
    if searching:
        return ""
    where = (
        f"Not in {counted(messages, 'watched message')}{', nor in the history' if history else ''}."
    )
    return f"{where} Check the digits, or type fewer of them."


def detail(row: Found | None, formats: Formats) -> Content:
    """One line about the row under the cursor: what the columns have no room for."""
    if row is None:
        return Content()
    country = country_name(phones.region(row.recipient.phone))
    parts = [Content(painted(part)) for part in (country, row.label) if part]
    if not row.watched:
        parts.insert(
            0, styled(f"{NOT_WATCHED}, last read {formats.moment(row.read_at)}", Tone.WARN)
        )
    return Content(_BETWEEN).join(parts)
