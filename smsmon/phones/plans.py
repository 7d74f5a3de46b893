"""The numbering plans: calling codes, countries, and the departments overseas. Pure.

``phonenumbers``, which knows them, is loaded on first use (about 11 ms).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

E164 = re.compile(r"\+[1-9][0-9]{5,14}")
LONGEST_CODE = 3
"""Digits of the longest calling code."""
MAINLAND = 33

_AREA_DIGITS = 3
"""National digits that tell a country where the others make no number in use: area codes of North
America, and the ranges of the departments overseas."""
_FICTION = "63998"
"""06 39 98 is kept for films, in the mainland's plan, though 06 39 is Mayotte's (ARCEP)."""
_SAINT_PIERRE = "508"
"""05 08 leads to the six digits of Saint-Pierre-et-Miquelon, whose calling code is the same."""
_OVERSEAS = ("GP", "RE", "YT", "GF", "MQ", "PM")
"""Regions (ISO 3166) that dial as the mainland does, 0 and nine digits, and have calling codes of
their own."""
_KINDS = (
    "mobile",
    "fixed_line",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
"""The kinds of numbers in use, as the library calls them; what messages go to first."""


@lru_cache(256)  # the texts of one row ask in turn; what they make of it is kept by themselves
def parsed(phone: str) -> PhoneNumber | None:
    if not E164.fullmatch(phone):
        return None
    import phonenumbers

    try:
        return phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None


def is_valid(digits: str) -> bool:
    """True for the digits of an international number that is in use."""
    import phonenumbers

    number = parsed(f"+{digits}")
    return number is not None and phonenumbers.is_valid_number(number)


def without_trunk(number: str) -> str:
    """``number`` without the 0 that is dialled at home only, where it stands behind the calling
    code of a number in use. In some countries it is part of the number, and stays."""
    if number[1 + code_length(number[1 : 1 + LONGEST_CODE]) :][:1] != "0":
        return number
    import phonenumbers

    found = parsed(number)
    if found is None or not phonenumbers.is_valid_number(found):
        return number
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def region(phone: str) -> str:
    """The ISO 3166 code of the number's country (``FR``); empty when there is none.

    Satellites, freephone and what is no E.164 are of no country. Fast enough for a column of
    100,000.
    """
    if not phone.startswith("+"):
        return ""
    head = phone[1 : 1 + LONGEST_CODE]
    sole = sole_region(head)
    if sole is not None:
        return sole
    if not E164.fullmatch(phone):
        return ""
    national = 1 + code_length(head)
    return _shared_region(phone[1:national], phone[national:])


@lru_cache(4096)
def sole_region(digits: str) -> str | None:
    """The one country of the numbers that begin with ``digits``; None where more must be known."""
    length = code_length(digits[:LONGEST_CODE])
    if not length:
        return "" if len(digits) >= LONGEST_CODE or not digits.isdigit() else None
    regions = _regions(digits[:length])
    sole = regions[0] if len(regions) == 1 else None
    return "" if sole == "001" else sole


@lru_cache(4096)
def code_length(head: str) -> int:
    """How many of a number's first characters are its calling code; 0 if none is known."""
    known = calling_codes()
    # No calling code begins with another one.
    return next((n for n in range(1, 1 + LONGEST_CODE) if head[:n] in known), 0)


@cache
def calling_codes() -> frozenset[str]:
    """Every calling code there is, as digits."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def _shared_region(code: str, national: str) -> str:
    """The country of a number of a calling code that several countries share."""
    plan = _shared_plans(code)
    found = plan.fullmatch(national) or plan.fullmatch(national.lstrip("0"))
    if found is not None:
        return str(found.lastgroup)
    # Not a number in use: most of those that begin alike tell more.
    likely = _likely_region(code, national[:_AREA_DIGITS], len(national))
    return likely or _regions(code)[0]


@cache
def _shared_plans(code: str) -> re.Pattern[str]:
    """The numbers of each country that shares ``code``, as a group of its name.

    They are tried in the order, and by the rules, of the library's ``region_code_for_number``,
    which takes some 40 microseconds a number: a column of 100,000 would take seconds.
    """
    from phonenumbers import PhoneMetadata

    parts = []
    for region in _regions(code):
        plan = PhoneMetadata.metadata_for_region(region)
        if plan is None:
            continue
        if plan.leading_digits is not None:
            parts.append(f"(?P<{region}>(?:{plan.leading_digits}).*)")
            continue
        kinds = (getattr(plan, kind) for kind in _KINDS)
        patterns = [kind.national_number_pattern for kind in kinds if kind]
        of_kinds = "|".join(dict.fromkeys(filter(None, patterns)))
        general = plan.general_desc and plan.general_desc.national_number_pattern
        parts.append(f"(?P<{region}>(?=(?:{general})$)(?:{of_kinds}))")
    return re.compile("|".join(parts))


def _regions(code: str) -> Sequence[str]:
    """The countries that have a calling code, the main one first."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return COUNTRY_CODE_TO_REGION_CODE[int(code)]


@lru_cache(8192)
def _likely_region(code: str, head: str, digits: int) -> str:
    """The country that most numbers in use of so many national digits are of, of those that begin
    with ``head``; empty if none is in use."""
    rest = digits - len(head)
    if rest < 2:
        return ""
    plan = _shared_plans(code)
    tried = (f"{head}{part:02}{'23456789'[: rest - 2]}" for part in range(20, 100, 4))
    found = Counter(str(match.lastgroup) for match in map(plan.fullmatch, tried) if match)
    return max(sorted(found), key=found.__getitem__, default="")


def french_number(national: str) -> str:
    """The number, E.164, behind nine digits that are dialled with a 0 in France."""
    if national.startswith(_SAINT_PIERRE) and any(
        plan.fullmatch(national.removeprefix(_SAINT_PIERRE)) for plan in _plans("PM")
    ):
        return f"+{national}"
    return f"+{_french_code(national)}{national}"


def _french_code(national: str) -> int:
    if national.startswith(_FICTION):
        return MAINLAND
    codes = _overseas_codes(national[:3])
    if len(codes) > 1:  # a range that is cut up between them: its further digits decide
        mainland = any(plan.fullmatch(national) for plan in _plans("FR"))
        codes = set() if mainland else _codes_of(national)
    return min(codes) if len(codes) == 1 else MAINLAND


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
