"""Rows of an answer, in every spelling the API is known to use, into columns.

This is the tolerant tier: values may have any type. A row that cannot be understood keeps its
place, counts as unknown and says why; it never spoils the others.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from smsmon.phones import FRENCH_TRUNK, e164
from smsmon.recipients import (
    NO_DATE,
    STOP_NO,
    STOP_UNTOLD,
    STOP_YES,
    Phones,
    Recipients,
    Status,
    status_of,
)
from smsmon.text import LABEL_LIMIT, SENTENCE_LIMIT, safe

DATE_END = 1 << 32
"""The first date that is none, in 2106: what comes later is milliseconds, or nonsense."""

BYTE_PLACES = 256
"""How many distinct words a column of bytes can tell apart."""

_WRITTEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)"
    r" ?(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_NEVER = "0-: T.Z"
"""What a written date consists of where a database had none: ``0000-00-00 00:00:00``."""
_ABSENT = msgspec.UNSET
# The types of the typed tier, so that both read "1", "true" and "null" alike.
_FLAG: Any = bool | None
_SECONDS: Any = int | None

PHONE_NAMES = ("phoneNumber", "number")
STATUS_NAMES = ("status", "statut")
STOP_NAMES = ("stopSMS", "stopSms")
ID_NAMES = ("message_id", "messageId")


class ColumnBuilder:
    """Columns in the making, one row or one piece of an answer after the other."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self._phones: list[Phones] = []
        self._loose: list[str] = []
        """Phones added one by one since the last piece."""
        self._words = array("B")
        self._vocabulary: dict[str, int] = {}
        self._statuses = bytearray()
        self._stops = bytearray()
        self._dates = array("q")
        self._reasons: dict[int, str] = {}

    def add(self, row: object) -> None:
        """Append what the JSON value ``row`` says about one recipient."""
        if not isinstance(row, dict):
            self._append("", "", Status.UNKNOWN, STOP_UNTOLD, NO_DATE, f"not a row: {shown(row)}")
            return
        phone, phone_problem = phone_of(first(row, PHONE_NAMES))
        word, status, status_problem = word_of(first(row, STATUS_NAMES))
        stop, stop_problem = stop_of(first(row, STOP_NAMES))
        date, date_problem = date_of(row.get("date"))
        refused = row_refusal(row, word)
        about = first(row, ID_NAMES)
        foreign = "" if names(about, self.message_id) else f"about message {shown(about)}"
        if phone_problem or refused or foreign:
            status = Status.UNKNOWN
        reason = ""
        if phone_problem or status_problem or stop_problem or date_problem or refused or foreign:
            told = (refused, foreign, phone_problem, status_problem, stop_problem, date_problem)
            reason = "; ".join(filter(None, told))
        self._append(phone, word, status, stop, date, reason)

    def extend(self, rows: Iterable[object]) -> None:
        """Append every row, in order."""
        for row in rows:
            self.add(row)

    def add_typed(
        self,
        phones: list[str],
        places: bytes,
        words: tuple[str, ...],
        stops: bytes,
        dates: array[int],
    ) -> None:
        """Append rows that need no judging, by column.

        ``places`` are places in ``words``; ``dates`` is an array of type ``I``, all below
        ``DATE_END`` by that.
        """
        self._flush()
        start = len(self._statuses)
        self._add_words(places, words)
        self._stops += stops
        self._dates.frombytes(_widened(dates))
        column = Phones(phones)
        if column.others or FRENCH_TRUNK in "".join(phones):
            # Not all in E.164: each goes the way it would go in a row judged alone.
            read = [phone_of(phone) for phone in phones]
            column = Phones([phone for phone, _ in read])
            for place, (_, problem) in enumerate(read, start):
                if problem:
                    self._reasons[place] = problem
                    self._statuses[place] = Status.UNKNOWN
        self._phones.append(column)

    def _add_words(self, places: bytes, words: tuple[str, ...]) -> None:
        met = sorted((at, place) for place in range(len(words)) if (at := places.find(place)) >= 0)
        kept = bytearray(BYTE_PLACES)
        statuses = bytearray(BYTE_PLACES)
        wide: dict[int, int] = {}
        for _, place in met:
            wide[place] = self._place(words[place])
            kept[place] = wide[place] % BYTE_PLACES
            statuses[place] = status_of(words[place])
        self._statuses += places.translate(statuses)
        if self._words.typecode == "B":
            self._words.frombytes(places.translate(kept))
        else:
            self._words.extend([wide[place] for place in places])

    def build(self) -> Recipients:
        """The finished columns."""
        self._flush()
        return Recipients(
            phones=Phones.joined(self._phones),
            statuses=bytes(self._statuses),
            words=self._words,
            vocabulary=tuple(self._vocabulary),
            stops=bytes(self._stops),
            dates=self._dates,
            reasons=self._reasons,
        )

    def _append(
        self, phone: str, word: str, status: Status, stop: int, date: int, reason: str
    ) -> None:
        if reason:
            self._reasons[len(self._statuses)] = safe(reason, SENTENCE_LIMIT)
        self._loose.append(phone)
        place = self._place(word)  # first: it may put another array there
        self._words.append(place)
        self._statuses.append(status)
        self._stops.append(stop)
        self._dates.append(date)

    def _place(self, word: str) -> int:
        """The place of ``word`` in the vocabulary, which widens the column when it must."""
        place = self._vocabulary.setdefault(word, len(self._vocabulary))
        if place == BYTE_PLACES and self._words.typecode == "B":
            self._words = array("I", self._words)
        return place

    def _flush(self) -> None:
        if self._loose:
            self._phones.append(Phones(self._loose))
            self._loose = []


def _widened(column: array[int]) -> bytes:
    """The 4-byte unsigned integers of ``column`` as 8-byte ones: no object for each of them."""
    narrow = column.tobytes()
    wide = bytearray(2 * len(narrow))
    offset = 0 if sys.byteorder == "little" else 4
    for place in range(4):
        wide[offset + place :: 8] = narrow[place::4]
    return bytes(wide)


def first(row: dict[Any, Any], keys: Iterable[str]) -> Any:
    """The value under the first of ``keys`` that the row has, neither null nor an empty text."""
    for key in keys:
        value = row.get(key)
        if value is not None and value != "":
            return value
    return _ABSENT


def names(found: object, message_id: str) -> bool:
    """True if ``found`` is that id, in text or as a number, or if there is none at all."""
    if found is _ABSENT or found is None:
        return True
    if isinstance(found, str):
        return found.strip() == message_id
    # As a number an id has lost its leading zeros.
    return type(found) is int and found == int(message_id)


def phone_of(value: object) -> tuple[str, str]:
    """The phone in ``value``, E.164 where its spelling allows, and what is wrong with it."""
    if type(value) is int and 0 <= value < 10**15:
        value = str(value)
    if not isinstance(value, str):
        return "", "no phone number" if value is _ABSENT else f"not a phone: {shown(value)}"
    value = value.strip()
    if not value:
        return "", "no phone number"
    return e164(value) or safe(value, LABEL_LIMIT), ""


def word_of(value: object) -> tuple[str, Status, str]:
    """The API's word in ``value``, the status it stands for, and what is wrong with it."""
    if not isinstance(value, str):
        return "", Status.UNKNOWN, "no status" if value is _ABSENT else f"no word: {shown(value)}"
    word = safe(value.strip(), LABEL_LIMIT)
    return word, status_of(word), "" if word else "no status"


def stop_of(value: object) -> tuple[int, str]:
    """The STOP flag in ``value`` and what is wrong with it."""
    if isinstance(value, str):
        value = value.strip()
    if value is _ABSENT or value == "":
        return STOP_UNTOLD, ""
    try:
        flag = msgspec.convert(value, _FLAG, strict=False)
    except msgspec.ValidationError:
        return STOP_UNTOLD, f"not a STOP flag: {shown(value)}"
    return STOP_UNTOLD if flag is None else STOP_YES if flag else STOP_NO, ""


def date_of(value: object) -> tuple[int, str]:
    """The date in ``value``, epoch seconds UTC or ``NO_DATE``, and what is wrong with it.

    Numbers are epoch seconds, in digits or not; a written date that names no zone is on the clocks
    of Paris.
    """
    if isinstance(value, str):
        value = value.strip()
        if not value.strip(_NEVER):
            return NO_DATE, ""
        value = float(value) if re.fullmatch(r"[0-9]{1,10}\.[0-9]{1,9}", value) else value
    if value is None:
        return NO_DATE, ""
    if isinstance(value, str) and (written := _WRITTEN.fullmatch(value)):
        date = paris_epoch(*written.groups(""))
    else:
        try:
            date = msgspec.convert(value, _SECONDS, strict=False) or NO_DATE
        except msgspec.ValidationError:
            date = int(value) if isinstance(value, float) and abs(value) < DATE_END else -1
    if 0 <= date < DATE_END:
        return date, ""
    return NO_DATE, f"not a date: {shown(value)}"


@cache
def _paris() -> Any:
    from zoneinfo import ZoneInfo  # loaded on first use: few answers write dates out

    return ZoneInfo("Europe/Paris")


def paris_epoch(text: str, zone: str = "") -> int:
    """Epoch seconds of ``YYYY-mm-dd HH:MM:SS``, on the clocks of Paris unless a ``zone`` is named
    there or besides; -1 if it is no date.

    The hour that autumn repeats is taken the first time it passes.
    """
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text + (zone if zone[:1] in "+-" else "Z"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=_paris())).timestamp())
    except (ValueError, OverflowError):
        return -1


def row_refusal(row: dict[Any, Any], word: str) -> str:
    """Why the API refuses this row (``"success": false``); empty when it does not."""
    told = row.get("success")
    success = flag_of(told)
    if told is None or success is True:
        return ""
    if success is None:
        return f"says {shown(told)} about its success"
    code = code_of(row.get("code"))
    told = f"refused with code {code}" if code is not None else "refused"
    return f"{told}: {word}" if word else told


def flag_of(value: object) -> bool | None:
    """The flag in ``value``: a boolean, 0 or 1, or one of them as text; None if it is none."""
    if isinstance(value, str):
        value = value.strip()
    try:
        return bool(msgspec.convert(value, bool, strict=False))
    except msgspec.ValidationError:
        return None


def code_of(value: object) -> int | None:
    """The control code in ``value``, a number or its digits; None if there is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value) if abs(value) < 10**9 else None
    if type(value) is int and abs(value) < 10**9:
        return value
    if isinstance(value, str) and (digits := re.fullmatch(r"([0-9]{1,9})(?:\.0+)?", value.strip())):
        return int(digits[1])
    return None


def shown(value: object) -> str:
    """A short safe picture of a value that was not expected."""
    if isinstance(value, str):
        return f"“{safe(value, 40)}”"
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return safe(msgspec.json.encode(value).decode(), 40) if abs(value) < 2**63 else "a number"
    return "a list" if isinstance(value, list | tuple) else "an object"
