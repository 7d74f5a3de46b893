"""Delivery statuses, and recipients as columns: small in memory, fast to compare and count.

A message can have 100,000 recipients and a console watches a thousand messages. As one object
a recipient costs about 200 bytes; as a place in these columns, about 20.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar, overload

from smsmon.phones import E164, Sought

_T = TypeVar("_T", bound=Hashable)

NO_DATE = 0
"""In the column of dates: the API gave none. (It writes ``"0"`` for that itself.)"""
EARLIEST_DATE = 1_262_304_000
"""2010-01-01 UTC, before the service existed: an API date below it is a mistake."""

STOP_NO, STOP_YES, STOP_UNTOLD = 0, 1, 2
"""In the column of STOP flags. Untold: the row had no flag, so nothing is known."""

_ALIKE_DIGITS = range(6, 15)
"""How many digits the numbers of a column may have to be read all at once."""
_HEX_PLACES = 16
_SHAPE = bytes(
    ord("0") if c in b"0123456789" else c if c in b",+" else ord("?") for c in range(256)
)
_TO_HEX = bytes(ord("0") if c in b",+" else c for c in range(256))


class Status(IntEnum):
    """What became of a message for one recipient.

    The values are stored (history.db) and packed into columns: never renumber them.
    """

    UNKNOWN = 0
    WAITING = 1
    DELIVERED = 2
    NOT_DELIVERED = 3

    @property
    def final(self) -> bool:
        """True when no further delivery report is expected (a STOP may still come)."""
        return self is Status.DELIVERED or self is Status.NOT_DELIVERED

    @property
    def slug(self) -> str:
        """The name used in JSON, CSV and filters: ``not_delivered`` and so on."""
        return self.name.lower()

    @property
    def word(self) -> str:
        """The name in a sentence: ``Not delivered`` and so on."""
        return self.name.capitalize().replace("_", " ")


_STATUS_OF_WORD: Mapping[str, Status] = MappingProxyType(
    {
        # The reference's three, and "ko", its word for "not sent".
        "delivered": Status.DELIVERED,
        "not delivered": Status.NOT_DELIVERED,
        "waiting": Status.WAITING,
        "ko": Status.NOT_DELIVERED,
        # The operators' words behind them (SMPP 3.4, message states).
        "delivrd": Status.DELIVERED,
        "undeliv": Status.NOT_DELIVERED,
        "expired": Status.NOT_DELIVERED,
        "rejectd": Status.NOT_DELIVERED,
        "acceptd": Status.WAITING,
        "enroute": Status.WAITING,
        "pending": Status.WAITING,
        "unknown": Status.UNKNOWN,
    }
)


def status_of(word: str) -> Status:
    """The delivery status that the API's ``word`` stands for, in any case and spacing.

    A word nobody documented is ``UNKNOWN``: never taken for delivered nor for failed.
    """
    return _STATUS_OF_WORD.get(_plain(word), Status.UNKNOWN)


def is_known_word(word: str) -> bool:
    """True if the API's ``word`` is one that is documented somewhere, "unknown" among them."""
    return _plain(word) in _STATUS_OF_WORD


def _plain(word: str) -> str:
    return " ".join(word.split()).lower()


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient as a report gave it; built on demand from the columns."""

    phone: str
    """E.164 (``+33612345678``) wherever the API's spelling allows; else as it came."""
    status: Status
    raw_status: str
    """The API's own word."""
    stop: bool | None = None
    """None: the report did not say."""
    date: int | None = None
    """The API's date of the status, epoch seconds UTC."""
    reason: str = ""
    """Why the row could not be understood; empty for a good one."""

    @classmethod
    def unread(cls, phone: str) -> Recipient:
        """Whom a source tells of, while nothing of the message was read."""
        return cls(phone, Status.UNKNOWN, "not read yet", False)


class Phones(Sequence[str]):
    """An immutable column of phone numbers: E.164 as 8-byte integers, anything else as text.

    An integer holds the decimal digits as hexadecimal ones (0x33612345678): a whole column is
    then read from text in one conversion, ten times faster than number by number. A single one is
    kept without its column: thousands of messages have one recipient.
    """

    __slots__ = ("_others", "_packed", "_repeats")

    def __init__(self, phones: Sequence[str] = ()) -> None:
        self._repeats: Mapping[int | str, Sequence[int]] | None = None
        self._others: tuple[str, ...] = ()
        numbers = _alike(phones)
        if numbers is None:
            numbers = array("q")
            others: list[str] = []
            for phone in phones:
                if E164.fullmatch(phone):
                    numbers.append(int(phone, 16))
                else:
                    others.append(phone)
                    numbers.append(-len(others))
            self._others = tuple(others)
        self._pack(numbers)

    def _pack(self, numbers: array[int]) -> None:
        self._packed: array[int] | int = numbers[0] if len(numbers) == 1 else numbers

    @property
    def _numbers(self) -> array[int]:
        packed = self._packed
        return array("q", (packed,)) if isinstance(packed, int) else packed

    def __len__(self) -> int:
        return 1 if isinstance(self._packed, int) else len(self._packed)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = self._numbers[index]
        return f"+{number:x}" if number > 0 else self._others[-number - 1]

    def __iter__(self) -> Iterator[str]:
        others = self._others
        for number in self._numbers:
            yield f"+{number:x}" if number > 0 else others[-number - 1]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Phones):
            return NotImplemented
        return self._numbers == other._numbers and self._others == other._others

    def __hash__(self) -> int:
        return hash((self._numbers.tobytes(), self._others))

    def __repr__(self) -> str:
        return f"<Phones: {len(self)}>"

    @classmethod
    def joined(cls, columns: Sequence[Phones]) -> Phones:
        """One column: those of ``columns``, one behind the other."""
        if len(columns) == 1:
            return columns[0]
        whole, together = cls(), array("q")
        others: list[str] = []
        for column in columns:
            shift = len(others)
            numbers = column._numbers
            if shift and column._others:
                numbers = array("q", (n if n > 0 else n - shift for n in numbers))
            together += numbers
            others += column._others
        whole._others = tuple(others)
        whole._pack(together)
        return whole

    @property
    def others(self) -> tuple[str, ...]:
        """The phones that are not E.164, in order."""
        return self._others

    def extended(self, phones: Sequence[str]) -> Phones:
        """This column with ``phones`` behind it; what is already here is not parsed again."""
        return Phones.joined((self, Phones(phones)))

    def find(self, phone: str) -> int:
        """The first place of ``phone``; -1 when it is not here."""
        if E164.fullmatch(phone):
            number = int(phone, 16)
        elif phone in self._others:
            number = -1 - self._others.index(phone)
        else:
            return -1
        # Their bytes are searched three times faster than they are compared one by one.
        numbers, wanted = self._numbers.tobytes(), array("q", (number,)).tobytes()
        at = numbers.find(wanted)
        while at % len(wanted) and at >= 0:
            at = numbers.find(wanted, at + 1)
        return at // len(wanted)

    def holding(self, digits: str, start: int = 0, stop: int | None = None) -> list[int]:
        """The places of E.164 numbers that have ``digits`` in a row, in order.

        Only places from ``start`` (not below 0) up to ``stop`` are looked at, all as one text:
        ten times faster than one by one.
        """
        numbers = self._numbers[start:stop]
        swapped = numbers[:]
        if sys.byteorder == "little":
            swapped.byteswap()
        # A comma between two numbers: no digits are found across them.
        text = swapped.tobytes().hex(",", _HEX_PLACES // 2)
        found = []
        at = text.find(digits)
        while at >= 0:
            place = at // (_HEX_PLACES + 1)
            number = numbers[place]
            if number > 0 and digits in f"{number:x}":  # zeros may be those that fill it up
                found.append(start + place)
            at = text.find(digits, (place + 1) * (_HEX_PLACES + 1))
        return found

    def meant(self, wanted: Sought, start: int = 0, stop: int | None = None) -> list[int]:
        """The places of the numbers that are ``wanted``, in order; bounds as for ``holding``."""
        if not wanted:
            return []
        numbers, is_meant = self._numbers, wanted.matches_digits
        held = self.holding(wanted.core, start, stop)
        found = [place for place in held if is_meant(f"{numbers[place]:x}")]
        if self._others:
            others = self._others
            found += [
                place
                for place, number in enumerate(numbers[start:stop], start)
                if number < 0 and wanted.matches(others[-number - 1])
            ]
            found.sort()
        return found

    @property
    def keys(self) -> Sequence[int | str]:
        """One hashable key per place, equal when the numbers are; cheaper than the texts."""
        if not self._others:
            return self._numbers
        return [n if n > 0 else self._others[-n - 1] for n in self._numbers]

    @property
    def repeats(self) -> Mapping[int | str, Sequence[int]]:
        """The places of each key that is here several times, in order; found once and kept."""
        if self._repeats is None:
            keys = self.keys
            found: dict[int | str, list[int]] = {}
            if len(set(keys)) < len(keys):
                for place, key in enumerate(keys):
                    found.setdefault(key, []).append(place)
            self._repeats = {key: places for key, places in found.items() if places[1:]}
        return self._repeats


def _alike(phones: Sequence[str]) -> array[int] | None:
    """The numbers of phones that are all E.164 with as many digits; None if they are not.

    Commas pad every number to 16 places. Commas, pluses and digits standing exactly where they
    should proves that every phone is a plus and digits, of one length.
    """
    count = len(phones)
    digits = len(phones[0]) - 1 if count else 0
    if digits not in _ALIKE_DIGITS:
        return None if count else array("q")
    pad = _HEX_PLACES - 1 - digits
    text = ("," * pad + ("," * pad).join(phones)).encode("utf-8", "replace")
    shape = b"," * pad + b"+" + b"0" * digits
    if text.translate(_SHAPE) != shape * count or b"0" in text[pad + 1 :: _HEX_PLACES]:
        return None
    numbers = array("q", bytes.fromhex(text.translate(_TO_HEX).decode()))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


_NO_REASONS: Mapping[int, str] = {}
_ONE_WORD = array("B", [0])


@lru_cache(1_000)
def _same(column: _T) -> _T:
    """The first that was equal to ``column``."""
    return column


@lru_cache(4_000)
def _one_date(date: int) -> array[int]:
    """The column of one date: some messages are sent in the same second."""
    return array("q", (date,))


@dataclass(frozen=True, slots=True)
class Recipients(Sequence[Recipient]):
    """The recipients of one report, one place each, in parallel columns.

    All columns have the same length. ``statuses`` holds ``Status`` values; ``words`` are
    places in ``vocabulary``, the distinct words the API used; ``dates`` are epoch seconds UTC
    or ``NO_DATE``; ``stops`` are ``STOP_NO``, ``STOP_YES`` or ``STOP_UNTOLD``.
    """

    phones: Phones = field(default_factory=Phones)
    statuses: bytes = b""
    words: array[int] = field(default_factory=lambda: array("B"))
    vocabulary: tuple[str, ...] = ()
    stops: bytes = b""
    dates: array[int] = field(default_factory=lambda: array("q"))
    reasons: Mapping[int, str] = field(default_factory=lambda: _NO_REASONS)
    """Place → why that row could not be understood. Nearly always empty."""

    def __post_init__(self) -> None:
        """Thousands of messages have one recipient: what is the same in them is one object."""
        if len(self.statuses) == 1:
            share = object.__setattr__
            share(self, "statuses", _same(self.statuses))
            share(self, "stops", _same(self.stops))
            share(self, "vocabulary", _same(self.vocabulary))
            share(self, "dates", _one_date(self.dates[0]))
            if self.words == _ONE_WORD:
                share(self, "words", _ONE_WORD)
        if not self.reasons:
            object.__setattr__(self, "reasons", _NO_REASONS)

    @classmethod
    def of(cls, rows: Iterable[Recipient]) -> Recipients:
        """The columns that hold ``rows``, in their order."""
        rows = list(rows)
        vocabulary: dict[str, int] = {}
        words = [vocabulary.setdefault(row.raw_status, len(vocabulary)) for row in rows]
        return cls(
            phones=Phones([row.phone for row in rows]),
            statuses=bytes([row.status for row in rows]),
            words=pack_words(words, len(vocabulary)),
            vocabulary=tuple(vocabulary),
            stops=bytes([STOP_UNTOLD if row.stop is None else int(row.stop) for row in rows]),
            dates=array("q", [row.date or NO_DATE for row in rows]),
            reasons={i: row.reason for i, row in enumerate(rows) if row.reason},
        )

    def __len__(self) -> int:
        return len(self.statuses)

    @overload
    def __getitem__(self, index: int) -> Recipient: ...
    @overload
    def __getitem__(self, index: slice) -> list[Recipient]: ...
    def __getitem__(self, index: int | slice) -> Recipient | list[Recipient]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        stop = self.stops[index]
        return Recipient(
            phone=self.phones[index],
            status=Status(self.statuses[index]),
            raw_status=self.vocabulary[self.words[index]],
            stop=None if stop == STOP_UNTOLD else stop == STOP_YES,
            date=self.dates[index] or None,
            reason=self.reasons.get(index, ""),
        )


NOBODY = Recipients()
"""No recipients: one object for all messages without any."""


def pack_words(words: Sequence[int], distinct: int) -> array[int]:
    """``words`` in the narrowest array that holds ``distinct`` values."""
    return array("B" if distinct <= 256 else "I", words)
