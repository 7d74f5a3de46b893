"""Dots in the place of the key: the one door that every text of the API leaves by.

Masked is last, when a text is as it will be shown, and whatever repeats at least ``PIECE``
characters of the key in a row: in either case, cut, escaped as URLs, JSON, XML or Python do it
(even three times over), in Base64, as the numbers of its bytes in a dump, in letters of full width
and the like (what NFKC makes plain), or with separators in between. So is what follows ``apiKey=``.

A number that a report gives is left alone: a run of at most 15 digits there is a phone, a date
or an id, which may share eight digits with a key by chance, and must not become another.
"""

from __future__ import annotations

import logging
import re
import weakref
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from unicodedata import normalize

from smsmon.api.errors import amended
from smsmon.model import ReadError
from smsmon.recipients import Phones, Recipients
from smsmon.secret import DOTS, ApiKey, Secret

PIECE = 8
"""Characters of the key in a row that are struck out. Of a shorter key: all of it."""
SHORTEST_MASKED = 4
"""Shorter keys are no secret, and replacing them would tear texts apart."""
_NUMBER = re.compile(r"\+?[0-9]{1,15}")
_GRAM = 5
_STEP = PIECE - _GRAM + 1
"""Of all pieces of 8, each holds one of the key's pieces of 5 that begin at a multiple of 4."""
_LONG = 1 << 16
"""Texts from this length on are searched for the plain and the escaped key only."""
_MANY = 2_000
"""Places where a text may repeat the key before all of it is struck out."""
_ROUNDS = 3
_NAMED_PATTERN = (
    r"(api[_-]?key(?:\s*=|%(?:25)*3d|\\u003d|&#61;|(?:\\?[\"']|%22)\s*(?::|=|%3a))"
    r"(?:\\?[\"']|%22|\s)*)"
    r"(?!\\?[\"'])[^\s&\"'<>,;)}\]]+"
)
_NAMED = re.compile(_NAMED_PATTERN, re.IGNORECASE)
_NAMED_IN_BYTES = re.compile(_NAMED_PATTERN.encode(), re.IGNORECASE)
_ESCAPED = re.compile(
    r"(?:[%=]|\\+u00|\\+x)([0-9a-f]{2})|(?:\\+u\{|&#x)0*([0-9a-f]{2})[;}]"
    r"|&#0*([0-9]{2,3});|\\+([01][0-7]{2})"
)
_DISGUISED = re.compile("\xef[\xbc\xbd][\x80-\xbf]|[^\0-\x7f]")
"""A letter that is not plain, or one of full width in UTF-8, each byte of it a character."""
_BETWEEN = re.compile(r"[^0-9a-z]+")

Extent = tuple[int, int]


class _Sought:
    """Something to look for, in lower case, and how much of it in a row is too much."""

    __slots__ = ("grams", "least", "text")

    def __init__(self, text: str, least: int = PIECE) -> None:
        self.text = text
        self.least = min(least, len(text))
        if len(text) < PIECE:
            self.grams = [(0, text)]
        else:
            self.grams = [
                (at, text[at : at + _GRAM]) for at in range(0, len(text) - _GRAM + 1, _STEP)
            ]

    def spans(self, text: str) -> Iterator[Extent]:
        """Where ``text`` has a piece of it, one span for each gram found."""
        own = self.text
        for place, gram in self.grams:
            at = text.find(gram)
            while at >= 0:
                left = right = 0
                while left < min(place, at) and own[place - left - 1] == text[at - left - 1]:
                    left += 1
                after, behind = place + len(gram), at + len(gram)
                room = min(len(own) - after, len(text) - behind)
                while right < room and own[after + right] == text[behind + right]:
                    right += 1
                if left + len(gram) + right >= self.least:
                    yield at - left, behind + right
                at = text.find(gram, at + 1)


class Mask:
    """Strikes secrets out of what is shown: an account's key, the parts of an address."""

    __slots__ = ("__weakref__", "_bare", "_packed", "_plain")

    def __init__(self, *secrets: Secret) -> None:
        self._plain: list[_Sought] = []
        self._bare: list[_Sought] = []
        self._packed: list[_Sought] = []
        for each in secrets:
            self._look_for(each.reveal())

    def _look_for(self, secret: str) -> None:
        lowered = _lowered(secret)
        if len(secret) >= SHORTEST_MASKED:
            self._plain.append(_Sought(lowered))
        bare = _BETWEEN.sub("", lowered)
        if len(bare) >= PIECE:
            self._bare += [_Sought(bare), _Sought(secret.encode().hex(), 2 * PIECE)]
        for shift in range(3):
            # Of the first and the last signs, other bytes than the secret's have a share.
            packed = b64encode(b"\0" * shift + secret.encode()).decode()
            if len(text := packed[(shift * 4 + 2) // 3 : -4]) >= PIECE:
                self._packed.append(_Sought(text.lower()))

    def text(self, text: str, *, numbers: bool = False) -> str:
        """``text`` with dots wherever it tells of the key; ``numbers`` are left alone if asked."""
        text = _NAMED.sub(rf"\1{DOTS}", text)
        spans = self._spans(_lowered(text), numbers)
        if spans is None:
            return DOTS
        for start, end in reversed(spans):
            text = text[:start] + DOTS + text[end:]
        return text

    def body(self, body: bytes, *, numbers: bool = False) -> bytes:
        """``body``, an answer in an encoding that has ASCII, with dots as `text` puts them."""
        lowered = body.lower()
        if b"key" in lowered:
            body = _NAMED_IN_BYTES.sub(rb"\1" + DOTS.encode(), body)
            lowered = body.lower()
        spans = self._spans(lowered.decode("latin-1"), numbers)
        if spans is None:
            return DOTS.encode()
        if not spans:
            return body
        kept, at = [], 0
        for start, end in spans:
            kept += [body[at:start], DOTS.encode()]
            at = end
        return b"".join([*kept, body[at:]])

    def tells(self, text: str, *, numbers: bool = False) -> bool:
        """True if ``text`` tells of the key."""
        return self.text(text, numbers=numbers) != text

    def error(self, error: ReadError) -> ReadError:
        """``error`` itself, its texts masked."""
        fault = error.fault
        return amended(error, message=self.text(fault.message), excerpt=self.text(fault.excerpt))

    def recipients(self, found: Recipients) -> Recipients:
        """``found`` with its texts masked; the same object when there is nothing to mask."""

        def masked(text: str) -> str:
            return self.text(text, numbers=True)

        words = tuple(masked(word) for word in found.vocabulary)
        reasons = {place: masked(reason) for place, reason in found.reasons.items()}
        others = [masked(phone) for phone in found.phones.others]
        if others != list(found.phones.others):
            phones = Phones(
                [
                    phone if phone[:1] == "+" and phone[1:].isdigit() else masked(phone)
                    for phone in found.phones
                ]
            )
            found = replace(found, phones=phones)
        if words != found.vocabulary or reasons != found.reasons:
            found = replace(found, vocabulary=words, reasons=reasons)
        return found

    def _spans(self, text: str, numbers: bool) -> list[Extent] | None:
        """The parts of ``text``, in lower case, to be struck out, in order; None for all of it."""
        found: set[Extent] = set()

        def look(view: _View, secrets: list[_Sought]) -> bool:
            for secret in secrets:
                for start, end in secret.spans(view.text):
                    piece = view.text[start:end]
                    if numbers and _NUMBER.fullmatch(piece) and piece != secret.text:
                        continue
                    found.add(view.origin(start, end))
                    if len(found) > _MANY:
                        return False
            return True

        view = _View(text)
        if len(text) < _LONG and not text.isascii():
            view = view.changed(_DISGUISED, _plain)
        if not look(view, self._plain + (self._packed if len(text) < _LONG else [])):
            return None
        for _ in range(_ROUNDS):
            if not _ESCAPED.search(view.text):
                break
            view = view.changed(_ESCAPED, _unescaped)
            if not look(view, self._plain):
                return None
        if len(text) < _LONG and not look(view.changed(_BETWEEN, lambda _: ""), self._bare):
            return None
        return _joined(sorted(found))


class _View:
    """A text in other words, and where each of its characters came from."""

    __slots__ = ("_ends", "_starts", "text")

    def __init__(
        self, text: str, starts: list[int] | None = None, ends: list[int] | None = None
    ) -> None:
        self.text = text
        self._starts = starts
        self._ends = ends

    def origin(self, start: int, end: int) -> Extent:
        """The part of the first text that ``text[start:end]`` stands for."""
        if self._starts is None or self._ends is None:
            return start, end
        return self._starts[start], self._ends[end - 1]

    def changed(self, what: re.Pattern[str], into: Callable[[re.Match[str]], str]) -> _View:
        """The view with each match of ``what`` replaced by other text, of any length."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []

        def keep(start: int, end: int) -> None:
            parts.append(self.text[start:end])
            starts.extend(range(start, end) if self._starts is None else self._starts[start:end])
            ends.extend(range(start + 1, end + 1) if self._ends is None else self._ends[start:end])

        at = 0
        for match in what.finditer(self.text):
            keep(at, match.start())
            at = match.end()
            if new := into(match):
                parts.append(new)
                first, last = self.origin(match.start(), at)
                starts.extend([first] * len(new))
                ends.extend([last] * len(new))
        keep(at, len(self.text))
        return _View("".join(parts), starts, ends)


def _unescaped(match: re.Match[str]) -> str:
    number = int(match[lead], {3: 10, 4: 8}.get(lead, 16)) if (lead := match.lastindex) else 0
    return chr(number).lower() if number < 128 else "\N{REPLACEMENT CHARACTER}"


def _plain(match: re.Match[str]) -> str:
    """The letter that NFKC makes of one; itself, where that is none or several."""
    found = match[0]
    plain = normalize("NFKC", found.encode("latin-1").decode() if len(found) > 1 else found)
    return plain.lower() if len(plain) == 1 else found[0]


def _lowered(text: str) -> str:
    """``text`` in lower case, character for character."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char.lower() if char.isascii() else char for char in text)


def _joined(spans: list[Extent]) -> list[Extent]:
    """``spans``, which are sorted, with those that touch made one."""
    joined: list[Extent] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


_living: weakref.WeakSet[Mask] = weakref.WeakSet()


def mask_for(key: ApiKey) -> Mask:
    """A mask for ``key``, which `without_living_keys` knows for as long as it is held.

    As long, the HTTP libraries' logs are masked as well.
    """
    mask = Mask(key)
    _living.add(mask)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without_living_keys)
    return mask


_LOGGERS = ("httpx", *(f"httpcore.{name}" for name in ("connection", "http11", "proxy")))


def _without_living_keys(record: logging.LogRecord) -> bool:
    """Mask what is logged: at DEBUG the heads of answers, which may repeat the request's URL."""
    record.msg, record.args = without_living_keys(record.getMessage()), ()
    # Tracebacks are dropped: their frames have the request that has the key.
    record.exc_info = record.exc_text = None
    return True


def without_living_keys(text: str) -> str:
    """``text`` with dots for the keys of all masks that are held."""
    for mask in list(_living):
        text = mask.text(text)
    return text
