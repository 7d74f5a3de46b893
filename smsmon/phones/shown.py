"""Numbers as people read them, whole or masked. Pure.

What is no E.164 number is shown as it came.
"""

from __future__ import annotations

import re
from functools import lru_cache

from smsmon.phones.plans import parsed

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


_NUMBER = re.compile(
    # What is no phone number: dates, and the ids and dates of the API's own fields.
    r"(?P<kept>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?(?!\d)"
    r"|\"(?:date|messageId|message_id|id|code|nb)\"\s*:\s*\"?\d+"
    r"|<(?:date|messageId|message_id|id|code|nb)>\s*\d+)"
    r"|\d(?:[ \u00a0\u2009\u202f.()/-]{0,2}\d){4,}",
    re.IGNORECASE,
)
_DISGUISED = re.compile(
    r"\\u003([0-9])|&#(?:0*(4[89]|5[0-7])|x0*3([0-9]));|\\u(?:00a0|2009|202f)", re.IGNORECASE
)
_LAST_SHOWN = 2


def without_numbers(text: str) -> str:
    """``text`` with the digits of what could be phone numbers masked, but for the last two.

    Dates stay, and in an answer of the API its ids and codes.
    """
    return _NUMBER.sub(_masked, _DISGUISED.sub(_undisguised, text))


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
