"""Recipients between rows of SQLite and columns in memory. Pure."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smsmon.phones import e164
from smsmon.recipients import Phones, Recipients, pack_words

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


def word(recipients: Recipients, slot: int) -> str:
    """The API's own word for the recipient at ``slot``."""
    return recipients.vocabulary[recipients.words[slot]]
