"""Finding a phone number in every watched message, and in the history. No widgets.

Half a million numbers take some 30 ms to search; they are searched a piece at a time, so that
no key waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from time import monotonic
from typing import NamedTuple

from smsmon.monitor.board import Board
from smsmon.monitor.state import Watched
from smsmon.phones import Sought, sought, why_not_sought
from smsmon.recipients import Recipient
from smsmon.store.past import NumberFound, Sighting

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
    """The recipient's place in the message; None when it is only in the history."""
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
