"""Phone numbers: how they are spelled, searched for, shown, and which country they are of. Pure.

Whatever the program asks about a number, it asks here. The stored and compared form is E.164
(``+33612345678``); what cannot be brought into it stays as it came. The library that knows the
numbering plans is loaded on first use; its geocoder, thirty times as heavy, never.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from smsmon.phones.plans import E164 as E164
from smsmon.phones.plans import (
    LONGEST_CODE,
    calling_codes,
    code_length,
    french_number,
    is_valid,
    parsed,
    without_trunk,
)
from smsmon.phones.plans import region as region
from smsmon.phones.plans import sole_region as sole_region

# Spelling

LONGEST_ID = 10
"""Digits of the longest message id that was ever seen."""
_MOST_DIGITS = 15
"""No number has more (ITU-T E.164)."""
_WRITTEN = re.compile(r"\+?[0-9 .()/-]*[0-9][0-9 .()/-]*")
_LEAD = re.compile(r"(?:tel:\s*)?(?:\(\s*(?=\+))?", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"[^0-9]+")
_TRUNK = re.compile(r"(?<=[0-9 ])\(0\)")
"""The national 0 as it is written inside an international number: ``+33 (0)6 …``."""
_LONGEST_SPELLING = 40
_FRENCH = re.compile(r"33[1-9][0-9]{8}|0[1-9][0-9]{8}")
"""The vendor's home country as people and the API's senders write it: 06…, 336…"""
FRENCH_TRUNK = "+330"
"""How no number begins, though some are written so: ``+330612345678``."""
_NATIONAL = re.compile(r"0[1-9][0-9]{7,10}|00[1-9][0-9]{7,14}")
"""Numbers as they are dialled at home or abroad, in any country that has a trunk 0."""


def written(text: str) -> str:
    """``text`` with every digit, space, dash and sign of a number in its plain form.

    Invisible characters are dropped, and what says that it is one (``tel:``), or stands around its
    calling code (``(+33) 6…``): numbers copied from a page or a contact have some.
    """
    if not text.isascii():
        text = "".join(map(_plain, unicodedata.normalize("NFKC", text)))
    return _LEAD.sub("", text.strip(), count=1)


def _plain(char: str) -> str:
    match unicodedata.category(char):
        case "Cf":
            return ""
        case "Pd":
            return "-"
        case "Zs":
            return " "
        case "Nd":
            return str(unicodedata.digit(char))
    return "-" if char == "\N{MINUS SIGN}" else char


def is_number_like(text: str) -> bool:
    """True for what could be a part of a phone number as people write them."""
    return bool(_WRITTEN.fullmatch(written(text)))


def e164(text: str) -> str:
    """The number that ``text`` spells, in E.164; empty where its spelling leaves a doubt.

    Understood are international numbers (``+44 7911 123456``, ``0033 6.12…``, ``+33 (0)6…``, also
    with the 0 that they are dialled with at home behind their calling code: ``+33 06…``), and
    French ones as at home (``06 12 34 56 78``, ``33612345678``), those of the overseas departments
    under their own calling codes (``0690…`` is ``+590690…``).
    """
    if E164.fullmatch(text) and not text.startswith(FRENCH_TRUNK):
        return text
    text = written(text[: _LONGEST_SPELLING + 1])
    if len(text) > _LONGEST_SPELLING or not _WRITTEN.fullmatch(text):
        return ""
    digits = _NOT_DIGITS.sub("", _TRUNK.sub("", text))
    if text[0] == "+" or digits.startswith("00"):
        number = without_trunk("+" + (digits if text[0] == "+" else digits[2:]))
        known = E164.fullmatch(number) and code_length(number[1 : 1 + LONGEST_CODE])
        if not known or (number.startswith("+33") and not _FRENCH.fullmatch(number[1:])):
            return ""
        return number
    if not _FRENCH.fullmatch(digits):
        return ""
    return french_number(digits[1:]) if digits[0] == "0" else f"+{digits}"


def is_phone_like(text: str) -> bool:
    """True for what may be a whole phone number, and so is doubtful as anything else.

    Written as one, or digits that are one: national with its 0, French without a plus, or a valid
    international number longer than any message id that is known (10 digits).
    """
    plain = written(text)
    if E164.fullmatch(plain) or e164(plain) or re.fullmatch(r"\+[0-9 .()/-]{6,}", plain):
        return True
    if not plain.isdigit():
        return False
    return bool(_NATIONAL.fullmatch(plain)) or (
        LONGEST_ID < len(plain) <= _MOST_DIGITS and is_valid(plain)
    )


# Searching

_LEAST_DIGITS = 3
"""Digits searched for at least: fewer are in nearly every number."""
_NATIONAL_LEAST = 6
"""Digits from which a national spelling may be a whole number."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What someone may mean who types a number, or a part of one. All are digits or empty."""

    anywhere: str = ""
    """These in a row, wherever in the number."""
    international: str = ""
    """The number begins with these, its calling code included."""
    national: str = ""
    """These come right after the calling code."""

    @property
    def core(self) -> str:
        """Digits that every number meant has in a row."""
        return self.national or self.international or self.anywhere

    def __bool__(self) -> bool:
        """False when there is nothing to search for."""
        return bool(self.core)

    def matches(self, phone: str) -> bool:
        """True when ``phone``, E.164 or as it came, is a number that is meant."""
        if not E164.fullmatch(phone) or phone.startswith(FRENCH_TRUNK):
            return self._matches_other(phone)
        return self.matches_digits(phone[1:])

    def matches_digits(self, number: str) -> bool:
        """The same for the digits of an E.164 number."""
        if self.anywhere and self.anywhere in number:
            return True
        if self.international:
            return number.startswith(self.international)
        after = code_length(number[:LONGEST_CODE]) or len(number)
        return bool(self.national) and number.startswith(self.national, after)

    def _matches_other(self, phone: str) -> bool:
        """The same for what is no E.164: by its digits, and by the number it spells if any."""
        spelled = e164(phone)
        if spelled and self.matches(spelled):
            return True
        digits = _NOT_DIGITS.sub("", written(phone))
        return any(part and part in digits for part in (self.anywhere, self.core))

    def numbers(self) -> Iterator[str]:
        """Every whole number that may be meant, as the digits of its E.164 form.

        A national spelling may be of any country, and keep its leading 0 (as Italy does): some
        hundred look-ups in an index cost less than asking which country is meant.
        """
        if self.international:
            candidates = [self.international, self.anywhere]
        elif self.national:
            whole = len(self.anywhere) >= _NATIONAL_LEAST
            rests = (self.national, self.anywhere) if whole else ()
            candidates = [code + rest for code in sorted(calling_codes()) for rest in rests]
        else:
            candidates = [self.anywhere]
        fits = (each for each in candidates if 0 < len(each) <= _MOST_DIGITS and each[0] != "0")
        return iter(dict.fromkeys(fits))


def sought(text: str) -> Sought:
    """What ``text`` asks for: ``06 12…``, ``+33 6…``, ``0033 6…``, ``+33 (0)6…`` or any part.

    Nothing for what is not written as a number. How much must be typed is another question (see
    ``why_not_sought``).
    """
    text = written(text)
    if not _WRITTEN.fullmatch(text):
        return Sought()
    digits = _NOT_DIGITS.sub("", _TRUNK.sub("", text))
    abroad = digits.startswith("00") and len(digits) > len("00")
    if text[0] == "+" or abroad:
        typed = digits[2:] if abroad and text[0] != "+" else digits
        number = without_trunk(f"+{typed}")[1:]
        as_typed = digits if abroad else ""
        return Sought(anywhere=as_typed if number == typed else typed, international=number)
    if digits.startswith("0") and len(digits) > len("0"):
        if e164(text) == f"+{digits[1:]}":  # its first digits are the calling code as well
            return Sought(anywhere=digits, international=digits[1:])
        return Sought(anywhere=digits, national=digits[1:])
    return Sought(anywhere=digits)


def why_not_sought(text: str) -> str:
    """What must be typed before anything can be searched for; empty when ``text`` is enough."""
    wanted = sought(text)
    if any(map(str.isalpha, written(text))):
        return "digits only: 06 12 …, +33 6 …, or any part of a number"
    if len(wanted.anywhere or wanted.international) < _LEAST_DIGITS:
        return "06 12 …, +33 6 …, or any three digits or more"
    if len(wanted.core) > _MOST_DIGITS:
        return f"no more than the {_MOST_DIGITS} digits that a number has"
    return ""


# Showing

MASK = "·"


@lru_cache(8192)
def pretty(phone: str) -> str:
    """``+33 6 12 34 56 78``, grouped as the number's country does; no E.164: as it came."""
    number = parsed(phone)
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


def as_shown(phone: str, *, private: bool) -> str:
    """``phone`` as it leaves the program: masked where it is ``private``, else as it is."""
    return masked(phone) if private else phone


_NUMBER = (
    # What is no phone number: dates, amounts of money, and the ids and dates of the API's fields.
    r"(?P<kept>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?(?!\d)"
    r"|(?<![\d.,])\d{1,3}(?:,\d{3})*\.\d\d(?= (?-i:[A-Z]{3})\b)"
    r"|\"(?:date|messageId|message_id|id|code|nb)\"\s*:\s*\"?\d+"
    r"|<(?:date|messageId|message_id|id|code|nb)>\s*\d+)"
    r"|\d(?:[ \u00a0\u2009\u202f.()/-]{0,2}\d){4,}"
)
_DISGUISED = r"\\u003([0-9])|&#(?:0*(4[89]|5[0-7])|x0*3([0-9]));|\\u(?:00a0|2009|202f)"
_LAST_SHOWN = 2


def without_numbers(text: str) -> str:
    """``text`` with the digits of what could be phone numbers masked, but for the last two.

    Dates and amounts (``7,088.03 EUR``) stay, and in an answer of the API its ids and codes.
    """
    number, disguised = _patterns()
    return number.sub(_masked, disguised.sub(_undisguised, text))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compiled when something is masked: that takes a millisecond, which few commands need."""
    return re.compile(_NUMBER, re.IGNORECASE), re.compile(_DISGUISED, re.IGNORECASE)


def _undisguised(found: re.Match[str]) -> str:
    """The digit, or the blank, that an escape stands for."""
    return chr(int(found[2])) if found[2] else found[1] or found[3] or " "


def _masked(found: re.Match[str]) -> str:
    if found["kept"] is not None:
        return found[0]
    hidden = sum(char.isdigit() for char in found[0]) - _LAST_SHOWN
    chars = []
    for char in found[0]:
        if char.isdigit() and hidden > 0:
            hidden -= 1
            char = MASK
        chars.append(char)
    return "".join(chars)
