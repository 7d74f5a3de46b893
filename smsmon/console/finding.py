"""Finding a phone number in every watched message, and in the history. No widgets.

Half a million numbers take some 30 ms to search; they are searched a piece at a time, so that
no key waits for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from time import monotonic
from typing import NamedTuple, Protocol

from smsmon.monitor.board import Board
from smsmon.monitor.state import Watched
from smsmon.recipients import Recipient
from smsmon.store.numbers import calling_codes
from smsmon.store.remembered import NumberFound, Sighting

LEAST_DIGITS = 3
"""Digits searched for at least: fewer are in nearly every number."""
FOUND_LIMIT = 200
"""Rows found at most: who needs more needs more digits."""

_PIECE = 2_000
"""Numbers searched at once: 0.1 ms, or 4 when all of them have the digits looked for."""
_TURN = 0.008
"""Seconds of searching until others have their turn."""
_LONGEST_CODE = 3
_NOT_DIGITS = re.compile(r"[^0-9]+")
_TRUNK_IN_BRACKETS = re.compile(r"\(0\)")


class NumberFinder(Protocol):
    """The history, as far as finding a number goes."""

    async def find_number(self, text: str, limit: int = ...) -> NumberFound:
        """Everything ever seen about the number ``text``. Raises ``StoreError``."""
        ...


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
    watched: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What someone may mean who types a number, or a part of one. All are digits or empty."""

    anywhere: str = ""
    """These in a row, wherever in the number."""
    international: str = ""
    """The number begins with these, its calling code included."""
    national: str = ""
    """These come right after the calling code."""

    def __bool__(self) -> bool:
        """False when there is not enough to search for."""
        return bool(self.core)

    @property
    def core(self) -> str:
        """Digits that every number meant has in a row."""
        return self.national or self.international or self.anywhere

    def matches(self, phone: str) -> bool:
        """True when ``phone``, E.164 or as it came, is a number that is meant."""
        number = _NOT_DIGITS.sub("", phone)
        if not phone.startswith("+"):
            return any(part and part in number for part in (self.anywhere, self.core))
        if self.anywhere and self.anywhere in number:
            return True
        if self.international:
            return number.startswith(self.international)
        return bool(self.national) and _after_code(number).startswith(self.national)


def understood(text: str) -> Wanted:
    """What ``text`` asks for: ``06 12…``, ``+33 6…``, ``0033 6…`` or any part of a number.

    Nothing while it has fewer than three digits, and nothing for text that has letters.
    """
    if any(char.isalpha() for char in text):
        return Wanted()
    digits = _NOT_DIGITS.sub("", _TRUNK_IN_BRACKETS.sub("", text))
    if len(digits) < LEAST_DIGITS:
        return Wanted()
    if text.lstrip().startswith("+"):
        return Wanted(international=digits)
    if digits.startswith("00"):
        return Wanted(anywhere=digits, international=digits[2:])
    if digits.startswith("0"):
        return Wanted(anywhere=digits, national=digits[1:])
    return Wanted(anywhere=digits)


def _after_code(number: str) -> str:
    return number[_code_length(number[:_LONGEST_CODE]) :]


@cache
def _code_length(head: str) -> int:
    """How many of a number's first characters are its calling code; all, if none is known."""
    codes = map(str, calling_codes())
    # No calling code begins with another one.
    return next((len(code) for code in codes if head.startswith(code)), len(head))


async def search(board: Board, wanted: Wanted, limit: int = FOUND_LIMIT) -> list[Found]:
    """The watched recipients that are meant, those of the newest message first."""
    found: list[Found] = []
    turn_ends = monotonic() + _TURN
    for watched in sorted(board, key=lambda each: each.origin, reverse=True):
        recipients = watched.recipients
        phones = recipients.phones
        slots = [phones.find(other) for other in phones.others if wanted.matches(other)]
        for start in range(0, len(phones), _PIECE):
            held = phones.holding(wanted.core, start, start + _PIECE)
            slots += [slot for slot in held if wanted.matches(phones[slot])]
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


def remembered(board: Board, wanted: Wanted, sightings: Iterable[Sighting]) -> list[Found]:
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
    )


def _remembered(sighting: Sighting, *, watched: bool) -> Found:
    return Found(
        place=Place(sighting.message_id, None, sighting.recipient.phone),
        label=sighting.label,
        recipient=sighting.recipient,
        at=sighting.first_seen,
        seen_at=sighting.changed_at or sighting.first_seen,
        read_at=sighting.read_at,
        watched=watched,
    )


def _on(board: Board, sighting: Sighting) -> bool:
    watched = board.get(sighting.message_id)
    return watched is not None and watched.recipients.phones.find(sighting.recipient.phone) >= 0
