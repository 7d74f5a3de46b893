"""Recipients between rows of SQLite and columns in memory, and what differs. Pure."""

from __future__ import annotations

import re
from array import array
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from smsmon.model import Status
from smsmon.phones import e164
from smsmon.recipients import STOP_YES, Phones, Recipients, pack_words

Column = TypeVar("Column", bytes, "array[int]")

_STRETCH = 32
"""Slots compared at once: short enough that a change costs little, long enough that none does."""

Row = tuple[Any, ...]

COLUMNS = "phone, status, word, stop, date, first_seen, changed_at, reason, absent_since"
"""What ``of_rows`` takes, in this order."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of one message."""

    recipients: Recipients
    first_seen: array[float]
    changed_at: array[float]
    absent: Mapping[int, float]
    """Slot that the last report left out → since when."""


def of_rows(rows: Sequence[Row], texts: Mapping[int, str]) -> Columns:
    """The columns of ``rows`` (``COLUMNS``, by slot); ``texts`` are the words by their ids."""
    if not rows:
        return Columns(Recipients(), array("d"), array("d"), {})
    phones, statuses, words, stops, dates, first_seen, changed_at, reasons, absent = zip(
        *rows, strict=True
    )
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return Columns(
        Recipients(
            phones=Phones([*map(phone_of, phones)]),
            statuses=bytes(statuses),
            words=pack_words([*map(numbers.__getitem__, words)], len(numbers)),
            vocabulary=tuple(texts[word] for word in numbers),
            stops=bytes(stops),
            dates=array("q", dates),
            reasons={i: text for i, text in enumerate(reasons) if text} if any(reasons) else {},
        ),
        array("d", [moment / 1000 for moment in first_seen]),
        array("d", [moment / 1000 for moment in changed_at]),
        {slot: since / 1000 for slot, since in enumerate(absent) if since} if any(absent) else {},
    )


def stored(phone: str) -> int | str:
    """``phone`` as the database holds it: E.164 as the number its digits make."""
    digits = phone[1:]
    plain = phone[:1] == "+" and digits.isascii() and digits.isdigit() and len(digits) <= 15
    return int(digits) if plain and digits[:1] != "0" and digits else phone


def phone_of(key: int | str) -> str:
    """The phone that ``stored`` made ``key`` of."""
    return key if isinstance(key, str) else f"+{key}"


def respelled(key: int | str) -> int | str:
    """What is stored now for a phone that a history of version 1 holds as ``key``.

    There every national French number is one of the mainland, and other spellings are as they
    came.
    """
    digits = str(key)
    if isinstance(key, int) and not re.fullmatch(r"33[1-9][0-9]{8}", digits):
        return key
    number = e164(key if isinstance(key, str) else f"0{digits[2:]}")
    return stored(number) if number else key


def differing(known: Recipients, given: Recipients) -> list[int]:
    """The slots of ``known`` in which anything at all differs in ``given``, ascending."""
    slots = {
        *_differing(known.statuses, given.statuses),
        *_differing(known.stops, given.stops),
        *_differing(known.dates, given.dates),
        *_differing(*_comparable_words(known, given)),
    }
    if known.reasons != given.reasons:
        both = {*known.reasons, *given.reasons}
        slots.update(i for i in both if known.reasons.get(i) != given.reasons.get(i))
    before = len(known)
    return sorted(slot for slot in slots if slot < before)


def is_change(known: Recipients, given: Recipients, slot: int) -> bool:
    """True when what differs at ``slot`` is news: its status, its STOP, or a word nobody knows.

    A date that moved or another spelling of the same status is kept, but is no change.
    """
    before, after = known.statuses[slot], given.statuses[slot]
    if before != after:
        return True
    if (known.stops[slot] == STOP_YES) != (given.stops[slot] == STOP_YES):
        return True
    return before == Status.UNKNOWN and word(known, slot) != word(given, slot)


def word(recipients: Recipients, slot: int) -> str:
    """The API's own word for the recipient at ``slot``."""
    return recipients.vocabulary[recipients.words[slot]]


def placed(known: Phones, given: Phones) -> Sequence[int] | None:
    """The slot of each place of ``given``; None when the two agree place by place.

    Numbers that are not ``known`` get the slots behind it; the same number twice is told apart
    by occurrence.
    """
    if given is known or given == known:
        return None
    ours, theirs = list(known.keys), list(given.keys)
    if theirs[: len(ours)] == ours:
        return None
    free: dict[int | str, list[int]] = {}
    for slot in range(len(ours) - 1, -1, -1):
        free.setdefault(ours[slot], []).append(slot)
    slots: list[int] = []
    behind = len(ours)
    for phone in theirs:
        left = free.get(phone)
        if left:
            slots.append(left.pop())
        else:
            slots.append(behind)
            behind += 1
    return slots


def rearranged(
    known: Recipients, given: Recipients, slots: Sequence[int], absent: Container[int]
) -> Recipients:
    """``given`` in the order of ``slots``; what it leaves out stays as ``known``.

    So do its places in ``absent``: there it repeats an earlier report, and another console may
    have seen a later one.
    """
    rows = dict(enumerate(known))
    for place, slot in enumerate(slots):
        if place not in absent or slot not in rows:
            rows[slot] = given[place]
    return Recipients.of(rows[slot] for slot in range(len(rows)))


def _differing(one: Column, other: Column) -> list[int]:
    """Where two columns differ, as far as both reach: equal stretches are compared at once."""
    if one == other:
        return []
    found: list[int] = []
    for start in range(0, len(one), _STRETCH):
        ours, theirs = one[start : start + _STRETCH], other[start : start + _STRETCH]
        if ours != theirs:
            pairs = enumerate(zip(ours, theirs, strict=False), start)
            found += [slot for slot, (a, b) in pairs if a != b]
    return found


def _comparable_words(known: Recipients, given: Recipients) -> tuple[array[int], array[int]]:
    """Both columns of words over one vocabulary."""
    if known.vocabulary == given.vocabulary:
        return known.words, given.words
    numbers: dict[str, int] = {}
    mine = [numbers.setdefault(text, len(numbers)) for text in known.vocabulary]
    new = [numbers.setdefault(text, len(numbers)) for text in given.vocabulary]
    ours, theirs = map(mine.__getitem__, known.words), map(new.__getitem__, given.words)
    return array("L", ours), array("L", theirs)
