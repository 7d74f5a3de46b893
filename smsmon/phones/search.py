"""What someone may mean who types a number, or a part of one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smsmon.phones.plans import E164, LONGEST_CODE, calling_codes, code_length
from smsmon.phones.spelling import MOST_DIGITS, NOT_DIGITS, TRUNK, WRITTEN, e164, written

LEAST_DIGITS = 3
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
        if not E164.fullmatch(phone):
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
        digits = NOT_DIGITS.sub("", written(phone))
        return any(part and part in digits for part in (self.anywhere, self.core))

    def numbers(self) -> Iterator[str]:
        """Every whole number that may be meant, as the digits of its E.164 form.

        A national spelling may be of any country, and keep its leading 0 (as Italy does): some
        hundred look-ups in an index cost less than asking which country is meant.
        """
        if self.international:
            candidates = [self.international]
        elif self.national:
            whole = len(self.anywhere) >= _NATIONAL_LEAST
            rests = (self.national, self.anywhere) if whole else ()
            candidates = [code + rest for code in sorted(calling_codes()) for rest in rests]
        else:
            candidates = [self.anywhere]
        fits = (each for each in candidates if 0 < len(each) <= MOST_DIGITS and each[0] != "0")
        return iter(dict.fromkeys(fits))


def sought(text: str) -> Sought:
    """What ``text`` asks for: ``06 12…``, ``+33 6…``, ``0033 6…``, ``+33 (0)6…`` or any part.

    Nothing for what is not written as a number. How much must be typed is another question (see
    ``why_not_sought``).
    """
    text = written(text)
    if not WRITTEN.fullmatch(text):
        return Sought()
    digits = NOT_DIGITS.sub("", TRUNK.sub("", text))
    if text[0] == "+":
        return Sought(international=digits)
    if digits.startswith("00") and len(digits) > len("00"):
        return Sought(anywhere=digits, international=digits[2:])
    if digits.startswith("0") and len(digits) > len("0"):
        return Sought(anywhere=digits, national=digits[1:])
    return Sought(anywhere=digits)


def why_not_sought(text: str) -> str:
    """What must be typed before anything can be searched for; empty when ``text`` is enough."""
    wanted = sought(text)
    if any(map(str.isalpha, text)):
        return "a number has digits only: 06 12 …, +33 6 …, or any part of it"
    if len(wanted.anywhere or wanted.international) < LEAST_DIGITS:
        return "06 12 …, +33 6 …, or any three digits or more"
    if len(wanted.core) > MOST_DIGITS:
        return f"no more than the {MOST_DIGITS} digits that a number has"
    return ""
