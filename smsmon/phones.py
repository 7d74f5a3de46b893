"""Phone numbers for people: written out, told apart by country, found by any spelling.

``phonenumbers`` is loaded on first use (about 11 ms); its geocoder, thirty times as heavy, never.
Every function takes E.164 (``+33612345678``) and gives back anything else as it came.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_E164 = re.compile(r"\+[1-9][0-9]{5,14}")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_TELLING_DIGITS = 6
"""National digits that decide between the countries which share a calling code (Guernsey and
the United Kingdom need six; all others fewer)."""
MASK = "·"


@lru_cache(8192)
def pretty(phone: str) -> str:
    """``+33 6 12 34 56 78``, grouped as the number's country does."""
    number = _parsed(phone)
    if number is None:
        return phone
    import phonenumbers

    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(8192)
def masked(phone: str) -> str:
    """``+33 6 ·· ·· ·· 78``: the country, the first digit and the last two stay readable.

    Of what is no phone number only the last two characters stay.
    """
    text = pretty(phone)
    if text == phone:
        return MASK * max(0, len(phone) - 2) + phone[-2:]
    country, _, rest = text.partition(" ")
    digits = sum(char.isdigit() for char in rest)
    shown: list[str] = []
    seen = 0
    for char in rest:
        if char.isdigit():
            seen += 1
            shown.append(char if seen == 1 or seen > digits - 2 else MASK)
        else:
            shown.append(char)
    return f"{country} {''.join(shown)}"


def region(phone: str) -> str:
    """The ISO 3166 code of the number's country (``FR``); empty when there is none.

    Fast enough for a column of 100,000: numbers are told apart by their first digits only.
    """
    if not phone.startswith("+"):
        return ""
    code = _calling_code(phone[1:4])
    if code is None:
        return ""
    length, only = code
    return only or _region_of_head(phone[: 1 + length + _TELLING_DIGITS], phone)


def digits_of(text: str) -> str:
    """The digits to look for when somebody types a number or a part of one.

    ``06 12 34`` and ``+33 6.12`` become ``61234`` and ``33612``: digits of an E.164 number.
    A leading 00 is the international prefix and a leading 0 the national one; both are dropped.
    """
    digits = _NOT_DIGITS.sub("", text)
    if text.lstrip().startswith("+"):
        return digits
    return digits[2:] if digits.startswith("00") else digits[1:] if digits[:1] == "0" else digits


def is_number_like(text: str) -> bool:
    """True for what could be a part of a phone number as people write them."""
    return bool(re.fullmatch(r"\+?[0-9 .()/-]*[0-9][0-9 .()/-]*", text.strip()))


@lru_cache(256)  # the texts of one row ask in turn; what they make of it is kept by themselves
def _parsed(phone: str) -> PhoneNumber | None:
    if not _E164.fullmatch(phone):
        return None
    import phonenumbers

    try:
        return phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None


@lru_cache(4096)
def _calling_code(head: str) -> tuple[int, str] | None:
    """Of the first three digits: the calling code's length, and its country if it has only one."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(head[:length] or 0))
        if regions is not None:
            only = regions[0] if len(regions) == 1 else ""
            return length, "" if only == "001" else only
    return None


_HEADS: dict[str, str] = {}
_HEADS_KEPT = 20_000


def _region_of_head(head: str, phone: str) -> str:
    """The country of numbers that begin with ``head``, told by one of them."""
    found = _HEADS.get(head)
    if found is not None:
        return found
    import phonenumbers

    number = _parsed(phone)
    if number is None or number.country_code is None:
        return ""
    certain = phonenumbers.region_code_for_number(number)
    if certain:
        if len(_HEADS) >= _HEADS_KEPT:
            _HEADS.clear()
        _HEADS[head] = "" if certain == "001" else certain
        return _HEADS[head]
    # Not a number in use; others that begin alike may tell more, so this is not kept.
    likely = phonenumbers.region_code_for_country_code(number.country_code)
    return "" if likely in ("ZZ", "001") else likely
