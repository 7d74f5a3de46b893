"""Rows of an answer, in every spelling the API is known to use, into columns.

This is the tolerant tier: values may have any type. A row that cannot be understood keeps its
place, counts as unknown and says why; it never spoils the others.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec

from smsmon.model import Status, status_of
from smsmon.recipients import (
    NO_DATE,
    STOP_NO,
    STOP_UNTOLD,
    STOP_YES,
    Phones,
    Recipients,
    pack_words,
)
from smsmon.text import LABEL_LIMIT, SENTENCE_LIMIT, safe

DATE_END = 253_402_300_800
"""Year 10000, the first date that is none: what comes later is milliseconds, or nonsense."""

_NATIONAL = re.compile(r"(?:00|\+)?33[1-9][0-9]{8}|0[1-9][0-9]{8}")
"""The vendor's home country as people and the API's senders write it: 06…, 336…, 00336…"""
_PARIS_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_ABSENT = msgspec.UNSET

PHONE_NAMES = ("phoneNumber", "number")
STATUS_NAMES = ("status", "statut")
STOP_NAMES = ("stopSMS", "stopSms")
ID_NAMES = ("message_id", "messageId")


class Columns:
    """Columns in the making, one row after the other."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.phones: list[str] = []
        self.words: list[int] = []
        self.vocabulary: dict[str, int] = {}
        self.statuses = bytearray()
        self.stops = bytearray()
        self.dates = array("q")
        self.reasons: dict[int, str] = {}

    def add(self, row: object) -> None:
        """Append what the JSON value ``row`` says about one recipient."""
        if not isinstance(row, Mapping):
            self._append("", "", Status.UNKNOWN, STOP_UNTOLD, NO_DATE, f"not a row: {shown(row)}")
            return
        phone, phone_problem = phone_of(first(row, PHONE_NAMES))
        word, status, status_problem = word_of(first(row, STATUS_NAMES))
        stop, stop_problem = stop_of(first(row, STOP_NAMES))
        date, date_problem = date_of(row.get("date", _ABSENT))
        refused = row_refusal(row, word)
        foreign = self._foreign_id(row)
        if phone_problem or refused or foreign:
            status = Status.UNKNOWN
        problems = (refused, foreign, phone_problem, status_problem, stop_problem, date_problem)
        reason = "; ".join(filter(None, problems))
        self._append(phone, word, status, stop, date, reason)

    def extend(self, rows: Iterable[object]) -> None:
        """Append every row, in order."""
        for row in rows:
            self.add(row)

    def build(self) -> Recipients:
        """The finished columns."""
        return Recipients(
            phones=Phones(self.phones),
            statuses=bytes(self.statuses),
            words=pack_words(self.words, len(self.vocabulary)),
            vocabulary=tuple(self.vocabulary),
            stops=bytes(self.stops),
            dates=self.dates,
            reasons=self.reasons,
        )

    def _foreign_id(self, row: Mapping[Any, Any]) -> str:
        found = first(row, ID_NAMES)
        if names(found, self.message_id):
            return ""
        return f"the row is about another message: {shown(found)}"

    def _append(
        self, phone: str, word: str, status: Status, stop: int, date: int, reason: str
    ) -> None:
        if reason:
            self.reasons[len(self.phones)] = safe(reason, SENTENCE_LIMIT)
        self.phones.append(phone)
        self.words.append(self.vocabulary.setdefault(word, len(self.vocabulary)))
        self.statuses.append(status)
        self.stops.append(stop)
        self.dates.append(date)


def first(row: Mapping[Any, Any], names: Iterable[str]) -> Any:
    """The value under the first of ``names`` that the row has and that is not null."""
    return next((row[name] for name in names if row.get(name) is not None), _ABSENT)


def names(found: object, message_id: str) -> bool:
    """True if ``found`` is that id, in text or as a number, or if there is none at all."""
    if found is _ABSENT or found is None:
        return True
    if isinstance(found, str):
        return found == message_id
    # As a number an id has lost its leading zeros.
    return type(found) is int and str(found) == (message_id.lstrip("0") or "0")


def phone_of(value: object) -> tuple[str, str]:
    """The phone in ``value``, E.164 where its spelling allows, and what is wrong with it."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        return "", "no phone number" if value is _ABSENT else f"not a phone: {shown(value)}"
    if not value.strip():
        return "", "no phone number"
    if _NATIONAL.fullmatch(value):
        return "+33" + value[-9:], ""
    return safe(value, LABEL_LIMIT), ""


def word_of(value: object) -> tuple[str, Status, str]:
    """The API's word in ``value``, the status it stands for, and what is wrong with it."""
    if not isinstance(value, str):
        return "", Status.UNKNOWN, "no status" if value is _ABSENT else f"no word: {shown(value)}"
    word = safe(value, LABEL_LIMIT)
    return word, status_of(word), "" if word.strip() else "no status"


def stop_of(value: object) -> tuple[int, str]:
    """The STOP flag in ``value`` and what is wrong with it."""
    if value is _ABSENT or value is None or value == "":
        return STOP_UNTOLD, ""
    try:
        flag = msgspec.convert(value, bool, strict=False)
    except msgspec.ValidationError:
        return STOP_UNTOLD, f"not a STOP flag: {shown(value)}"
    return STOP_YES if flag else STOP_NO, ""


def date_of(value: object) -> tuple[int, str]:
    """The date in ``value``, epoch seconds UTC or ``NO_DATE``, and what is wrong with it.

    Numbers are epoch seconds, in digits or not; a written date is on the clocks of Paris.
    """
    if value is _ABSENT or value is None or value == "":
        return NO_DATE, ""
    if isinstance(value, str) and _PARIS_TIME.fullmatch(value):
        date = paris_epoch(value)
    else:
        try:
            date = msgspec.convert(value, int, strict=False)
        except msgspec.ValidationError:
            date = int(value) if isinstance(value, float) and abs(value) < DATE_END else -1
    if 0 <= date < DATE_END:
        return date, ""
    return NO_DATE, f"not a date: {shown(value)}"


@cache
def _paris() -> Any:
    from zoneinfo import ZoneInfo  # loaded on first use: few answers write dates out

    return ZoneInfo("Europe/Paris")


def paris_epoch(text: str) -> int:
    """Epoch seconds of ``YYYY-mm-dd HH:MM:SS`` on the clocks of Paris; -1 if it is no date.

    The hour that autumn repeats is taken the first time it passes.
    """
    from datetime import datetime

    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=_paris()).timestamp())
    except (ValueError, OverflowError):
        return -1


def row_refusal(row: Mapping[Any, Any], word: str) -> str:
    """Why the API refuses this row (``"success": false``); empty when it does not."""
    if row.get("success", True) is not False:
        return ""
    code = code_of(row.get("code"))
    told = f"refused with code {code}" if code is not None else "refused"
    return f"{told}: {word}" if word else told


def code_of(value: object) -> int | None:
    """The control code in ``value``, a number or its digits; None if there is none."""
    if type(value) is int and abs(value) < 10**9:
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
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
