"""JSON answers. A typed tier for the shapes of the reference, a tolerant one for all others.

A body is cut into pieces at row boundaries: small enough to stay in the processor's cache, and
to let the event loop run in between. A piece that is not of the reference's shape goes through
the tolerant tier alone. Where the typed tier accepts, the tolerant one gives the same: a test
holds them together.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, Self

import msgspec

from smsmon.api.envelope import Envelope, check_report, first_words
from smsmon.api.errors import NotAReport
from smsmon.api.rows import ID_NAMES, PHONE_NAMES, ColumnBuilder, flag_of
from smsmon.recipients import NO_DATE, STOP_UNTOLD, Recipients

PIECE = 1 << 18
"""Bytes of rows decoded at a time: about 1 ms. Twice as fast as all at once (L2 cache)."""
_HEAD = 4096
"""Where the list must begin for a body to be cut, in bytes."""
_LIST_NAME = b"StatutResponse_List"
_LIST = re.compile(rb'"%s"\s*:\s*\[' % _LIST_NAME)
_BETWEEN_ROWS = re.compile(rb"\}\s*(,)\s*\{")


class Word(bytes, Enum):
    """The status words that the reference knows, as it spells them. Each is one byte: its place."""

    _value_: str
    """The text, which is what msgspec looks up."""

    def __new__(cls, text: str, place: int) -> Self:
        word = bytes.__new__(cls, [place])
        word._value_ = text
        return word

    DELIVERED = "Delivered", 0
    NOT_DELIVERED = "Not delivered", 1
    WAITING = "Waiting", 2
    LOWER_DELIVERED = "delivered", 3
    LOWER_NOT_DELIVERED = "not delivered", 4
    LOWER_WAITING = "waiting", 5
    KO = "ko", 6
    DELIVRD = "DELIVRD", 7
    UNDELIV = "UNDELIV", 8
    EXPIRED = "EXPIRED", 9
    REJECTD = "REJECTD", 10
    ACCEPTD = "ACCEPTD", 11
    ENROUTE = "ENROUTE", 12
    PENDING = "PENDING", 13
    UNKNOWN = "UNKNOWN", 14


WORDS = tuple(word.value for word in Word)


class FullRow(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A row as the reference shows it. Flags and dates may be text."""

    phoneNumber: str
    status: Word
    stopSMS: bool
    date: int


class LooseRow(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A row of the reference that may lack its flag or its date."""

    phoneNumber: str
    status: Word
    stopSMS: bool | None = None
    date: int | None = None


class RespelledRow(LooseRow, gc=False, forbid_unknown_fields=True, rename={"stopSMS": "stopSms"}):
    """The same, with the other spelling of the flag."""

    stopSMS: bool | None = None  # once more: inherited fields keep their names


_ROWS = msgspec.json.Decoder(list[FullRow], strict=False)
_LOOSE_ROWS = (
    msgspec.json.Decoder(list[LooseRow], strict=False),
    msgspec.json.Decoder(list[RespelledRow], strict=False),
)
_ANY = msgspec.json.Decoder()


def decode(body: bytes, message_id: str) -> tuple[Recipients, bytes]:
    """The recipients that ``body`` reports for ``message_id``, and what of it the typed tier did
    not take. Raises ``ReadError``."""
    cut = _cut(body, message_id)
    if cut is not None:
        columns = ColumnBuilder(message_id)
        start, end = cut
        rest = [body[:start], body[end:]]
        try:
            rest += [piece for piece in _pieces(body, start, end) if not _add(columns, piece)]
        except (ValueError, RecursionError):
            pass  # cut inside something else, or not JSON at all: only the whole can tell
        else:
            return columns.build(), b"\n".join(rest)
    columns = ColumnBuilder(message_id)
    columns.extend(check_report(parse(body), message_id))
    return columns.build(), body


def parse(body: bytes) -> Envelope:
    """The answer in ``body``, its rows not looked at yet. Raises ``NotAReport``."""
    try:
        answer = value_of(body)
    except RecursionError:
        problem = "The answer is nested too deeply to be a report."
    except UnicodeDecodeError:
        problem = "The answer is not UTF-8 text."
    except ValueError as error:
        cut = "truncated" in str(error) or "Unterminated" in str(error)
        problem = f"The answer is not whole JSON: it {'was cut short' if cut else 'is malformed'}."
    else:
        if isinstance(answer, dict):
            return envelope_of(answer)
        problem = "The answer is JSON, but not an object."
    raise NotAReport(problem)


def value_of(text: bytes) -> Any:
    """The JSON value of ``text``; raises ``ValueError`` or ``RecursionError``.

    The second reader takes what the first refuses and the standard allows: halves of surrogate
    pairs, numbers beyond all range; and line breaks within texts. One such row must not spoil the
    others.
    """
    try:
        return _ANY.decode(text)
    except msgspec.DecodeError:
        if len(text) > 2 * PIECE:
            raise
        try:
            return json.loads(text.decode(), parse_constant=_no_constant, strict=False)
        except json.JSONDecodeError:
            pass
        raise


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _cut(body: bytes, message_id: str) -> tuple[int, int] | None:
    """Where the rows of a report begin and end in ``body``; None if they must be searched for.

    What stands around them is judged here, as if the list were empty.
    """
    found = _LIST.search(body, 0, _HEAD)
    end = body.rfind(b"]")
    if found is None or end < found.end():
        return None
    around = body[: found.end()] + body[end:]
    # One list, named in plain letters: then it is this one, unless it hides in another object.
    if around.count(_LIST_NAME) != 1 or b"\\" in around:
        return None
    try:
        answer = parse(around)
    except NotAReport:
        return None
    if answer.rows != []:
        return None
    check_report(answer, message_id)
    return found.end(), end


def _pieces(body: bytes, start: int, end: int) -> Iterator[bytes]:
    """``body[start:end]`` as lists of about ``PIECE`` bytes, cut between rows."""
    view = memoryview(body)
    while end - start > PIECE + PIECE // 2:
        boundary = _BETWEEN_ROWS.search(body, start + PIECE, end)
        if boundary is None:
            break
        comma = boundary.start(1)
        yield b"".join((b"[", view[start:comma], b"]"))
        start = comma + 1
    yield b"".join((b"[", view[start:end], b"]"))


def _add(columns: ColumnBuilder, piece: bytes) -> bool:
    """Append the rows of ``piece``, through the first tier that takes them all; whether that
    was the typed one."""
    try:
        rows = _ROWS.decode(piece)
        dates = array("I", [row.date for row in rows])
        stops = bytes([row.stopSMS for row in rows])
    except (msgspec.ValidationError, OverflowError):
        pass
    else:
        _add_typed(columns, rows, stops, dates)
        return True
    for decoder in _LOOSE_ROWS:
        try:
            loose = decoder.decode(piece)
            dates = array("I", [row.date or NO_DATE for row in loose])
            stops = bytes([STOP_UNTOLD if row.stopSMS is None else row.stopSMS for row in loose])
        except (msgspec.ValidationError, OverflowError):
            continue
        _add_typed(columns, loose, stops, dates)
        return True
    columns.extend(value_of(piece))
    return False


def _add_typed(
    columns: ColumnBuilder, rows: Sequence[FullRow | LooseRow], stops: bytes, dates: array[int]
) -> None:
    phones = [row.phoneNumber for row in rows]
    columns.add_typed(phones, b"".join([row.status for row in rows]), WORDS, stops, dates)


def envelope_of(answer: dict[str, Any]) -> Envelope:
    """An answer, or a row of one that tells of itself as an answer does."""
    return Envelope(
        success=flag_of(answer.get("success")),
        code=answer.get("code"),
        causes=[one.get("code") for one in _errors(answer) if isinstance(one, dict)],
        ids=[answer[name] for name in ID_NAMES if answer.get(name) is not None],
        rows=_rows(answer.get(_LIST_NAME.decode())),
        words="; ".join(first_words(_told(answer))),
        fields=answer,
    )


def _rows(value: Any) -> Any:
    """The rows in ``value``: a list, one with gaps, or a row alone; anything else stays."""
    if not isinstance(value, dict) or not value:
        return value
    listed = _listed(value)
    alone = listed == [value]
    return [*listed] if not alone or any(name in value for name in PHONE_NAMES) else value


def _told(answer: dict[str, Any]) -> Iterator[object]:
    """What the API says about an error, in every form it has for that."""
    yield answer.get("message")
    for one in _errors(answer):
        yield one.get("message") if isinstance(one, dict) else one


def _errors(answer: dict[str, Any]) -> Iterator[object]:
    """The details of an error, the first cause first."""
    for name in ("errors", "error"):
        yield from _listed(answer.get(name))


def _listed(value: Any) -> Iterable[Any]:
    """A list as PHP writes it: one with gaps is an object whose names are the places."""
    if isinstance(value, dict) and value and all(map(str.isdecimal, value)):
        return value.values()
    return value if isinstance(value, list) else [value]
