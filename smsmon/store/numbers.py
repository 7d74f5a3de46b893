"""Phone numbers as people write them, and the country that a calling code tells. Pure.

The library that knows the calling codes (11 ms) is loaded on first use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from smsmon.store.columns import stored

_FRAGMENT = 3
"""The shortest fragment searched for: a shorter one is in nearly every number."""
_E164_MOST = 15
_NATIONAL_LEAST = 6
_NOT_DIGITS = re.compile(r"[^0-9]")
_TRUNK_IN_BRACKETS = re.compile(r"\(0\)")


@dataclass(frozen=True, slots=True)
class Spelling:
    """What someone may mean by a number typed in."""

    keys: tuple[int | str, ...] = ()
    """Whole numbers, as the database holds them."""
    fragments: tuple[str, ...] = ()
    """Digits to look for inside numbers when no whole one is there; none: too few."""


def read_number(text: str) -> Spelling:
    """What ``text`` may mean: ``+33 6 12…``, ``0033612…``, ``33612…``, ``06 12…``, ``5678``.

    A national spelling is tried under every calling code there is, with and without its leading
    0 (Italy keeps it): some hundred look-ups in an index cost less than asking for the country.
    """
    text = text.strip()
    digits = _NOT_DIGITS.sub("", _TRUNK_IN_BRACKETS.sub("", text))
    significant = digits.lstrip("0")
    # A leading 0 may be the national one, which no E.164 number has, or stand inside.
    fragments = {part[:_E164_MOST] for part in (digits, significant) if len(part) >= _FRAGMENT}
    keys: list[int | str] = []
    if text.startswith("+") or digits.startswith("00"):
        keys = [int(significant or 0)]
    elif digits.startswith("0") and len(digits) >= _NATIONAL_LEAST:
        keys = [
            int(f"{code}{rest}")
            for code in calling_codes()
            for rest in (digits[1:], digits)
            if len(str(code)) + len(rest) <= _E164_MOST
        ]
    elif digits:
        keys = [int(digits)]
    # What the API gave in a spelling of its own was stored as it came.
    keys += [stored(text), digits]
    fits = (key for key in keys if (0 < key < 10**_E164_MOST if isinstance(key, int) else key))
    return Spelling(tuple(dict.fromkeys(fits)), tuple(sorted(fragments)))


@cache
def calling_codes() -> Mapping[int, str]:
    """Every calling code, and the country (ISO 3166, two letters) that it mainly stands for.

    Codes that stand for no country (satellites, freephone) give ``001``.
    """
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return {code: regions[0] for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}


def country_of(key: int | str) -> str:
    """The country of a stored phone by its calling code; empty when it tells none.

    Countries that share a code (+1, +7, +44) count as the one that it mainly stands for.
    """
    if isinstance(key, str):
        return ""
    codes, digits = calling_codes(), str(key)
    # No calling code begins with another one.
    return next((codes[code] for n in (1, 2, 3) if (code := int(digits[:n])) in codes), "")
