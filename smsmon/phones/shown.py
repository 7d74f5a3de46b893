"""Numbers as people read them, whole or masked. Pure.

What is no E.164 number is shown as it came.
"""

from __future__ import annotations

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
