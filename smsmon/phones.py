"""Phone numbers: how they are spelled, what is searched for, which country they are of. Pure.

Whatever the program asks about a number, it asks here. The stored and compared form is E.164
(``+33612345678``); what cannot be brought into it stays as it came. ``phonenumbers``, which knows
the numbering plans, is loaded on first use (about 11 ms); its geocoder, thirty times as heavy,
never.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

E164 = re.compile(r"\+[1-9][0-9]{5,14}")
MASK = "·"
LEAST_DIGITS = 3
"""Digits searched for at least: fewer are in nearly every number."""
MOST_DIGITS = 15
"""No number has more (ITU-T E.164)."""

_TELLING_DIGITS = 6
"""National digits that decide between the countries which share a calling code (Guernsey and
the United Kingdom need six; all others fewer)."""
_LONGEST_CODE = 3
_NATIONAL_LEAST = 6
"""Digits from which a national spelling may be a whole number."""
_WRITTEN = re.compile(r"\+?[0-9 .()/-]*[0-9][0-9 .()/-]*")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_TRUNK = re.compile(r"(?<=[0-9 ])\(0\)")
"""The national 0 as it is written inside an international number: ``+33 (0)6 …``."""
_LONGEST_SPELLING = 40
_FRENCH = re.compile(r"33[1-9][0-9]{8}|0[1-9][0-9]{8}")
"""The vendor's home country as people and the API's senders write it: 06…, 336…"""
_NATIONAL = re.compile(r"0[1-9][0-9]{7,10}|00[1-9][0-9]{7,14}")
"""Numbers as they are dialled at home or abroad, in any country that has a trunk 0."""
LONGEST_ID = 10
"""Digits of the longest message id that was ever seen."""
_FICTION = "63998"
"""06 39 98 is kept for films, in the mainland's plan, though 06 39 is Mayotte's (ARCEP)."""
_OVERSEAS = ("GP", "RE", "YT", "GF", "MQ", "PM")
"""Regions (ISO 3166) that dial as the mainland does, 0 and nine digits, and have calling codes of
their own."""
_MAINLAND = 33


# Spelling


def written(text: str) -> str:
    """``text`` with every digit, space, dash and sign of a number in its plain form.

    Invisible characters are dropped: numbers copied from a page or a contact have some.
    """
    if text.isascii():
        return text.strip()
    plain = unicodedata.normalize("NFKC", text)
    return "".join(map(_plain, plain)).strip()


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

    Understood are international numbers (``+44 7911 123456``, ``0033 6.12…``, ``+33 (0)6…``), and
    French ones as at home (``06 12 34 56 78``, ``33612345678``), those of the overseas departments
    under their own calling codes (``0690…`` is ``+590690…``).
    """
    if E164.fullmatch(text):
        return text
    text = written(text[: _LONGEST_SPELLING + 1])
    if len(text) > _LONGEST_SPELLING or not _WRITTEN.fullmatch(text):
        return ""
    digits = _NOT_DIGITS.sub("", _TRUNK.sub("", text))
    if text[0] == "+" or digits.startswith("00"):
        number = "+" + (digits if text[0] == "+" else digits[2:])
        known = E164.fullmatch(number) and _code_length(number[1 : 1 + _LONGEST_CODE])
        if not known or (number.startswith("+33") and not _FRENCH.fullmatch(number[1:])):
            return ""
        return number
    if not _FRENCH.fullmatch(digits):
        return ""
    code = _french_code(digits[1:]) if digits[0] == "0" else _MAINLAND
    return f"+{code}{digits[-9:]}"


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
        LONGEST_ID < len(plain) <= MOST_DIGITS and _is_valid(plain)
    )


def _is_valid(digits: str) -> bool:
    import phonenumbers

    number = _parsed(f"+{digits}")
    return number is not None and phonenumbers.is_valid_number(number)


def _french_code(national: str) -> int:
    """The calling code behind ``national``, nine digits that are dialled with a 0 in France."""
    if national.startswith(_FICTION):
        return _MAINLAND
    codes = _overseas_codes(national[:3])
    if len(codes) > 1:  # a range that is cut up between them: its further digits decide
        mainland = any(plan.fullmatch(national) for plan in _plans("FR"))
        codes = set() if mainland else _codes_of(national)
    return min(codes) if len(codes) == 1 else _MAINLAND


@lru_cache(1024)
def _overseas_codes(head: str) -> set[int]:
    """Calling codes overseas that have subscribers whose nine digits begin with these three."""
    return {code for part in range(100) for code in _codes_of(f"{head}{part:02}1234")}


def _codes_of(national: str) -> set[int]:
    plans = _overseas_plans().items()
    return {code for code, plan in plans if plan.fullmatch(national)}


@cache
def _overseas_plans() -> Mapping[int, re.Pattern[str]]:
    """The numbers of the subscribers overseas, by calling code."""
    from phonenumbers import country_code_for_region

    plans: defaultdict[int, list[str]] = defaultdict(list)
    for region in _OVERSEAS:
        plans[country_code_for_region(region)] += [plan.pattern for plan in _plans(region)]
    return {code: re.compile("|".join(parts)) for code, parts in plans.items()}


@cache
def _plans(region: str) -> tuple[re.Pattern[str], ...]:
    """National numbers of a region: those of people, at home or on the move, and over the net."""
    from phonenumbers import PhoneMetadata

    plan = PhoneMetadata.metadata_for_region(region)
    kinds = [plan.mobile, plan.fixed_line, plan.voip] if plan else []
    patterns = [kind.national_number_pattern for kind in kinds if kind]
    return tuple(re.compile(each) for each in patterns if each)


# For people


@lru_cache(8192)
def pretty(phone: str) -> str:
    """``+33 6 12 34 56 78``, grouped as the number's country does; no E.164: as it came."""
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


@lru_cache(256)  # the texts of one row ask in turn; what they make of it is kept by themselves
def _parsed(phone: str) -> PhoneNumber | None:
    if not E164.fullmatch(phone):
        return None
    import phonenumbers

    try:
        return phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None


# Countries


def region(phone: str) -> str:
    """The ISO 3166 code of the number's country (``FR``); empty when there is none.

    Satellites, freephone and what is no E.164 are of no country. Fast enough for a column of
    100,000: numbers are told apart by their first digits only.
    """
    if not phone.startswith("+"):
        return ""
    head = phone[1 : 1 + _LONGEST_CODE]
    sole = sole_region(head)
    if sole is not None:
        return sole
    return _region_of_head(phone[: 1 + _code_length(head) + _TELLING_DIGITS], phone)


@lru_cache(4096)
def sole_region(digits: str) -> str | None:
    """The one country of the numbers that begin with ``digits``; None where more must be known."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    length = _code_length(digits[:_LONGEST_CODE])
    if not length:
        return "" if len(digits) >= _LONGEST_CODE or not digits.isdigit() else None
    regions = COUNTRY_CODE_TO_REGION_CODE[int(digits[:length])]
    sole = regions[0] if len(regions) == 1 else None
    return "" if sole == "001" else sole


@lru_cache(4096)
def _code_length(head: str) -> int:
    """How many of a number's first characters are its calling code; 0 if none is known."""
    known = calling_codes()
    # No calling code begins with another one.
    return next((n for n in range(1, 1 + _LONGEST_CODE) if head[:n] in known), 0)


@cache
def calling_codes() -> frozenset[str]:
    """Every calling code there is, as digits."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


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
    national = str(number.national_number)
    for length in (4, 3):
        likely = _likely_region(number.country_code, national[:length], len(national))
        if likely:
            return likely
    likely = phonenumbers.region_code_for_country_code(number.country_code)
    return "" if likely in ("ZZ", "001") else likely


@lru_cache(8192)
def _likely_region(code: int, head: str, digits: int) -> str:
    """The country that most numbers in use of so many national digits are of, of those that begin
    with ``head``; empty if none is in use."""
    from phonenumbers import PhoneNumber, region_code_for_number

    rest = digits - len(head)
    if rest < 2:
        return ""
    found = Counter(
        region_code_for_number(PhoneNumber(code, int(f"{head}{part:02}{'23456789'[: rest - 2]}")))
        for part in range(20, 100, 4)
    )
    del found[None]
    return max(sorted(map(str, found)), key=found.__getitem__, default="")


# Search


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
        after = _code_length(number[:_LONGEST_CODE]) or len(number)
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
    if not _WRITTEN.fullmatch(text):
        return Sought()
    digits = _NOT_DIGITS.sub("", _TRUNK.sub("", text))
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
        return f"a number has {MOST_DIGITS} digits at most"
    return ""
