"""Batches: what ``multi-status`` is asked, and what its answer says of each pair asked for.

Pure. A row counts for a pair only where it names both, its message and its number, and where
nothing in it leaves a doubt; whatever else an answer has is told apart. What ``isSpam`` means is
documented nowhere: it may stand in a row, and nothing is taken from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from smsmon.api import decode_json
from smsmon.api.decode import parse, utf8
from smsmon.api.envelope import Envelope, cause, check_success, rows_of
from smsmon.api.errors import ACCOUNT_CODES, NotAReport, amended, batch_refusal, refusal
from smsmon.api.rows import (
    DATE_END,
    ID_NAMES,
    PHONE_NAMES,
    STATUS_NAMES,
    STOP_NAMES,
    code_of,
    date_of,
    first,
    flag_of,
    phone_of,
    row_refusal,
    shown,
    stop_of,
    word_of,
)
from smsmon.batch import BatchRow, Outcome, Pair
from smsmon.model import ReadError
from smsmon.recipients import STOP_UNTOLD, STOP_YES, Recipient, Status, is_known_word, status_of
from smsmon.text import SENTENCE_LIMIT, safe, safe_bytes

PATH = "/multi-status"
NOT_FOUND = 4
"""The code of a row whose message, with that number, is not known."""
_EXACT = 1 << 53
"""Integers from here on are not exact in every reader of JSON."""


def question(pairs: Sequence[Pair]) -> bytes:
    """The JSON object that asks for ``pairs``, still without the key."""
    rows = [
        {"phoneNumber": phone, "messageId": _as_sent(message_id)} for message_id, phone in pairs
    ]
    return msgspec.json.encode({"SMSStatut_List": rows})


def _as_sent(message_id: str) -> int | str:
    """The id as a number, as the reference has it; as text where a number would lose of it."""
    number = int(message_id)
    return number if str(number) == message_id and number < _EXACT else message_id


@dataclass(slots=True)
class Found:
    """What an answer says, not masked yet."""

    rows: dict[Pair, BatchRow]
    unproven: set[Pair] = field(default_factory=set)
    """Those whose row has more in it than numbers and words that the API is known to use."""
    strangers: int = 0
    stranger: str = ""


def read_batch(body: bytes, pairs: Sequence[Pair]) -> Found:
    """What ``body`` says of ``pairs``. Raises the ``ReadError`` that it stands for, with the
    beginning of it as excerpt."""
    text = utf8(body)
    try:
        reading = _Reading(pairs)
        typed = _typed(text)
        reading.take(_judged(text, pairs) if typed is None else typed)
        return reading.found
    except ReadError as error:
        raise amended(error, excerpt=safe_bytes(text)) from None


class _Answer(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An answer as the reference shows it, its rows not looked at yet."""

    success: bool
    code: int
    StatutResponse_List: list[msgspec.Raw]


class _Row(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A row as the reference shows it. Flags and dates may be text."""

    success: bool
    code: int
    phoneNumber: str
    messageId: Any
    status: decode_json.Word
    date: int | None = None
    stopSms: bool | None = None
    isSpam: bool | None = None


_ANSWER = msgspec.json.Decoder(_Answer, strict=False)
_ROW = msgspec.json.Decoder(_Row, strict=False)
_MEANT = tuple((word, status_of(word)) for word in decode_json.WORDS)
"""The words of the reference, and what they mean, at their places."""


def _typed(text: bytes) -> list[msgspec.Raw] | None:
    """The rows of an answer as the reference shows it; None for any other."""
    try:
        answer = _ANSWER.decode(text)
    except (ValueError, RecursionError):
        return None
    rows = answer.StatutResponse_List
    return rows if rows and answer.success and answer.code == 200 else None


def _judged(text: bytes, pairs: Sequence[Pair]) -> list[Any]:
    """The rows of an answer of whatever shape. Raises the ``ReadError`` that it stands for."""
    answer = parse(text)
    check_success(answer, batch_refusal)
    rows = rows_of(answer)
    asked = {pair.message_id for pair in pairs}
    for about in answer.ids:
        if str(about) not in asked:
            raise NotAReport(f"The answer is about another message: {shown(about)}.")
    return rows


class _Reading:
    """Takes an answer's rows for the pairs that they name."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._by_text: dict[tuple[str, str], Pair] = {}
        self._by_number: dict[tuple[int, str], Pair | None] = {}
        for pair in dict.fromkeys(pairs):
            phone, _ = phone_of(pair.phone)
            number = int(pair.message_id), phone
            self._by_text[pair.message_id, phone] = pair
            # As a number an id has lost its leading zeros: it may stand for two.
            self._by_number[number] = None if number in self._by_number else pair
        self._ids = {pair.message_id for pair in pairs}
        self.found = Found({})
        self._refusals: list[Envelope] = []

    def take(self, rows: Sequence[Any]) -> None:
        """Take every row. Raises ``ReadError`` where all of them refuse the account."""
        for row in rows:
            if not (isinstance(row, msgspec.Raw) and self._take_typed(row)):
                self._take_any(row)
        codes = {cause(refused) for refused in self._refusals}
        if len(self._refusals) == len(rows) and len(codes) == 1:
            (code,) = codes
            if code in ACCOUNT_CODES:
                raise refusal(code, safe(self._refusals[0].words, SENTENCE_LIMIT // 2))

    def _take_typed(self, raw: msgspec.Raw) -> bool:
        """Take a row that is as the reference shows it; False for any other."""
        try:
            row = _ROW.decode(raw)
        except (ValueError, RecursionError):
            return False
        pair = self._pair(row.messageId, row.phoneNumber)
        date = row.date or 0
        if pair is None or not row.success or row.code != 200 or not 0 <= date < DATE_END:
            return False
        word, status = _MEANT[row.status[0]]
        recipient = Recipient(pair.phone, status, word, row.stopSms, date or None)
        text = bytes(raw)
        # What it names twice could hide a text behind the second.
        once = text.count(b'"phoneNumber"') == 1 == text.count(b'"messageId"')
        proven = once and b"\\" not in text
        self._keep(BatchRow(pair, Outcome.READ, recipient, raw=text), proven=proven)
        return True

    def _take_any(self, row: Any) -> None:
        raw = bytes(row) if isinstance(row, msgspec.Raw) else _as_json(row)
        if isinstance(row, msgspec.Raw):
            try:
                row = decode_json.value_of(raw)
            except (ValueError, RecursionError):
                row = None
        if not isinstance(row, dict):
            self._stray(f"not a row: {shown(row)}")
            return
        refused = decode_json.envelope_of(row)
        if refused.success is False:
            self._refusals.append(refused)
        about, phone = first(row, ID_NAMES), phone_of(first(row, PHONE_NAMES))[0]
        pair = self._pair(about, phone)
        if pair is not None:
            self._keep(_judge(row, pair, raw), proven=False)
        elif about is msgspec.UNSET:
            self._stray("a row that does not say which message it is about")
        elif str(about) not in self._ids:
            self._stray(f"message {shown(about)}, which was not asked for")
        else:
            self._stray(f"message {shown(about)}, with a number that was not asked for")

    def _pair(self, about: Any, phone: str) -> Pair | None:
        if isinstance(about, str):
            return self._by_text.get((about.strip(), phone))
        return self._by_number.get((about, phone)) if type(about) is int else None

    def _keep(self, row: BatchRow, *, proven: bool) -> None:
        rows, pair = self.found.rows, row.pair
        before = rows.setdefault(pair, row)
        if (before.outcome, before.recipient) != (row.outcome, row.recipient):
            rows[pair] = _unclear(pair, "two rows of it contradict each other", row.raw)
        if not proven:
            self.found.unproven.add(pair)

    def _stray(self, about: str) -> None:
        self.found.strangers += 1
        self.found.stranger = self.found.stranger or safe(about, SENTENCE_LIMIT)


def _judge(row: dict[Any, Any], pair: Pair, raw: bytes) -> BatchRow:
    """What the JSON object ``row`` says of ``pair``, which it names."""
    word, status, word_problem = word_of(first(row, STATUS_NAMES))
    known = is_known_word(word)
    if refused := row_refusal(row, word):
        missing = flag_of(row.get("success")) is False and not known
        if missing and cause(decode_json.envelope_of(row)) == NOT_FOUND:
            return BatchRow(pair, Outcome.NOT_FOUND, None, safe(refused, SENTENCE_LIMIT), raw)
        return _unclear(pair, refused, raw)
    told = row.get("code")
    stop, stop_problem = stop_of(first(row, STOP_NAMES))
    date, date_problem = date_of(row.get("date"))
    problems = (
        "" if told is None or code_of(told) == 200 else f"success, and code {shown(told)}",
        word_problem or ("" if known else f"an unknown word: {shown(word)}"),
        stop_problem,
        date_problem,
    )
    if any(problems):
        return _unclear(pair, "; ".join(filter(None, problems)), raw)
    flag = None if stop == STOP_UNTOLD else stop == STOP_YES
    recipient = Recipient(pair.phone, Status(status), word, flag, date or None)
    return BatchRow(pair, Outcome.READ, recipient, raw=raw)


def _unclear(pair: Pair, reason: str, raw: bytes) -> BatchRow:
    return BatchRow(pair, Outcome.UNCLEAR, None, safe(reason, SENTENCE_LIMIT), raw)


def _as_json(row: Any) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")


def in_order(found: Found, pairs: Sequence[Pair]) -> Iterator[BatchRow]:
    """What was found of each of ``pairs``, those that the answer leaves out as well."""
    for pair in pairs:
        row = found.rows.get(pair)
        yield row or BatchRow(pair, Outcome.MISSING, reason="the answer has no row of it")
