"""Lists as people write and paste them: ids, labels behind them, bullets and numbers before. Pure.

A line tells ids from its beginning on, and what follows them is their label. Where it could be
read in two ways it is left out, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from smsmon.model import Entry
from smsmon.phones import is_phone_like
from smsmon.store.entries import cleaned
from smsmon.store.idlist.cells import (
    A_PHONE,
    AMBIGUOUS,
    GROUPING,
    LONG,
    Doubt,
    ListBuilder,
    id_in,
    uncovered,
    why_not_first,
    why_not_ids,
)
from smsmon.store.idlist.tables import Record, cells_of, is_silent, records

_SHORTEST = 3
"""Digits of the shortest id of several in one line: shorter ones are parts of one number."""
_SPREAD = 2
"""How much longer one id of a line may be than another: ids count up."""

_SPACES = r" \t\n\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""What sets words apart, as the inside of a class; a control character does not."""
_BETWEEN = " \t,;|"
_SIGNATURE = "-- "
"""The line above the signature of a mail (RFC 3676)."""
_AMOUNT = re.compile(r"(?:[0-9]+[.,][0-9]{1,2}\s?)?(?:[€$£%]|EUR\b|USD\b|GBP\b)")
_BULLET = re.compile(r"(?:(?:[-–—*+•·▪◦‣●○■□☐☑✓✔→]|>+|\[[ xX✓]\])\s+)+")
_NUMBERING = re.compile(r"\(?([0-9]{1,4})[.)]\s+(?=\D{0,2}([0-9]+))")
_WORD = re.compile(
    rf"""
      (?P<phone> (?:\+|0)(?:[ ./-]?\(?[0-9]\)?){{8,14}}(?!\w) )
    | (?P<grouped> [0-9]{{1,3}}(?P<sign>[{GROUPING}])[0-9]{{3}}(?:(?P=sign)[0-9]{{3}})*(?!\w) )
    | (?P<price> 0[.,][0-9]+(?!\w|[.,][0-9]) )
    | (?P<decimal> [0-9]{{1,15}},0{{1,2}}(?!\w|[.,][0-9]) | [0-9]+,[0-9]+E\+?[0-9]+ )
    | (?P<spaced> [0-9]{{1,3}}(?:[ ][0-9]{{3}})+(?!\w) )
    | (?P<commas> [0-9]{{1,3}}(?:,[0-9]{{3}})+(?!\w) )
    | (?P<formula> ="[^"]*" )
    | (?P<word> [^{_SPACES},;|]+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)


class _Word(NamedTuple):
    """A piece of a line that may be an id."""

    text: str
    id: str
    """Empty where it is none, or not without a doubt."""
    end: int
    """Where it ends in its line."""
    kind: str


def find_in_text(every: Sequence[Record]) -> ListBuilder:
    """One id a line, then its label after white space, comma, semicolon, tab or ``|``.

    Several ids on a line are that many messages; a label behind them is the label of each. Empty
    lines and ``#`` lines are passed over; bullets and numbering are no part of a line.
    """
    builder = ListBuilder()
    numbered = 0
    signed = False
    for line, written in records(every):
        signed = signed or written == _SIGNATURE
        if is_silent(written):
            if comment := written.strip(" \t#"):
                builder.headings.append((line, comment))
            continue
        if signed:
            builder.refuse(line, written, "it stands below the mark of a signature (-- )")
            continue
        shown = uncovered(written).strip()
        bullet = _BULLET.match(shown)
        bare = shown[bullet.end() :] if bullet else shown
        if bare[:1] == bare[-1:] == '"' and bare.count('"') == 2:
            bare = bare[1:-1]
        if (number := _NUMBERING.match(bare)) and not is_phone_like(bare):
            digits, following = number.groups()
            counted = int(digits) == numbered + 1
            if counted or len(digits) < len(following) >= LONG:
                numbered = int(digits)
                bare = bare[number.end() :]
        try:
            _take(line, bare.replace("\n", " "), builder)
        except Doubt as doubt:
            builder.refuse(line, shown, str(doubt))
    builder.doubt_called_phones()
    builder.doubt_numbering()
    return builder


def _take(line: int, text: str, builder: ListBuilder) -> None:
    """What one line says. Raises ``Doubt`` where that is nothing certain."""
    if not text or text[0] in ",;":
        raise Doubt("the id is empty")
    words = _words(text)
    _refuse_groups(words)
    ids = [word for word in words if word.id]
    if len(ids) == len(words):
        lengths = [len(word.id) for word in words]
        grouped = any(word.kind == "grouped" for word in words)
        parts_of_one = len(words) > 1 and min(lengths) < _SHORTEST + grouped
        if parts_of_one or max(lengths) - min(lengths) > _SPREAD:
            raise Doubt(AMBIGUOUS)
        _must_be_ids(words)
        for word in words:
            builder.take(line, Entry(word.id))
        return
    count = _ids_in_front(words)
    rest = words[count:]
    if count > 1 and all(word.text[0].isdigit() for word in rest):
        # Digits and nothing but digits were meant: what is no id is a slip of the hand.
        for word in words:
            if word.id:
                builder.take(line, Entry(word.id))
            else:
                builder.refuse(line, word.text, _why_none(word.text))
        return
    first = words[0]
    if not first.id:
        raise Doubt(_why_none(first.text))
    if count < 2 and len(words[1].id) >= max(LONG, len(first.id)):
        raise Doubt(AMBIGUOUS)  # the first may be its line's number
    front = words[: max(1, count)]
    label = _label(text[front[-1].end :])
    if _AMOUNT.match(label) or _AMOUNT.match(text):
        raise Doubt("it looks like an amount")
    _must_be_ids(front)
    if why := why_not_first(front[-1].id, label):
        raise Doubt(why)
    for word in front:
        builder.take(line, cleaned(Entry(word.id, label)))
    digits = re.match("[0-9]+", label)
    like_an_id = digits is not None and len(digits[0]) >= min(LONG, len(first.id))
    if (count < 2 and like_an_id) or is_phone_like(label):
        builder.doubt(line, label, "is taken for a label, as it is no id")
    elif _names_another(label, first.id):
        builder.doubt(line, label, "is taken for a label, and may name another id")


def _must_be_ids(words: Sequence[_Word]) -> None:
    if why := why_not_ids([word.id for word in words]):
        raise Doubt(why)


def _words(text: str) -> list[_Word]:
    """The pieces of ``text`` that may be ids: up to the first that is none for certain."""
    found: list[_Word] = []
    for match in _WORD.finditer(text):
        kind, piece = match.lastgroup or "", match[0]
        try:
            message_id = "" if kind == "phone" else id_in(piece)
        except Doubt:
            message_id = ""
        if kind in ("spaced", "commas") and _are_ids(piece, kind, text):
            start = match.start()
            parts = re.finditer("[0-9]+", piece)
            found += [_Word(part[0], part[0], start + part.end(), "word") for part in parts]
        else:
            found.append(_Word(piece, message_id, match.end(), kind))
            if kind == "price" or (not message_id and not piece[0].isdigit()):
                break
    return found


def _are_ids(piece: str, kind: str, text: str) -> bool:
    """True for threes of digits that are several ids rather than one in groups.

    Whoever writes groups leaves a short one in front or a 0 at the head of another now and then;
    and nobody groups by spaces in one line with other separators.
    """
    first, *others = re.split("[ ,]", piece)
    if len(first) < 3 or any(other[0] == "0" for other in others):
        return False
    return kind == "commas" or any(sign in text for sign in ",;|\t")


def _refuse_groups(words: Sequence[_Word]) -> None:
    """A line that begins with a number in groups, or may, is one in doubt."""
    if words and words[0].kind in ("spaced", "commas"):
        raise Doubt(AMBIGUOUS)
    if all(word.id or word.kind in ("spaced", "commas") for word in words) and not all(
        word.id for word in words
    ):
        raise Doubt(AMBIGUOUS)


def _ids_in_front(words: Sequence[_Word]) -> int:
    """How many ``words`` in front are ids of their own; 0 where one id, or none, stands there.

    A label may begin with a number too: only those about as long as the first id count.
    """
    count = 0
    for word in words:
        if len(word.id) < LONG or abs(len(word.id) - len(words[0].id)) > 1:
            break
        count += 1
    return count if count > 1 else 0


def _why_none(text: str) -> str:
    try:
        id_in(text)
    except Doubt as doubt:
        return str(doubt)
    return A_PHONE if is_phone_like(text) else AMBIGUOUS


def _names_another(label: str, message_id: str) -> bool:
    """True for a label with a number in it that is as long as the id before it."""
    if len(message_id) < LONG:
        return False
    return any(len(number) == len(message_id) for number in re.findall("[0-9]+", label))


def _label(text: str) -> str:
    """The label in what follows the ids, out of the quotes around it."""
    label = text.lstrip(_BETWEEN).rstrip(" \t|")
    between = text[: len(text) - len(text.lstrip(_BETWEEN))].strip(" ")
    if label.startswith('"') and between:
        with suppress(ValueError):
            return " ".join(filter(None, cells_of(label, between[-1])))
    if len(label) > 1 and label[0] == label[-1] and label[0] in "\"'":
        return label[1:-1]
    return label
