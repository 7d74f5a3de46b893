"""How numbers are written, and the one spelling that they are kept in. Pure."""

from __future__ import annotations

import re
import unicodedata

from smsmon.phones.plans import E164, LONGEST_CODE, MAINLAND, code_length, french_code, is_valid

LONGEST_ID = 10
"""Digits of the longest message id that was ever seen."""
MOST_DIGITS = 15
"""No number has more (ITU-T E.164)."""
WRITTEN = re.compile(r"\+?[0-9 .()/-]*[0-9][0-9 .()/-]*")
NOT_DIGITS = re.compile(r"[^0-9]+")
TRUNK = re.compile(r"(?<=[0-9 ])\(0\)")
"""The national 0 as it is written inside an international number: ``+33 (0)6 …``."""
_LONGEST_SPELLING = 40
_FRENCH = re.compile(r"33[1-9][0-9]{8}|0[1-9][0-9]{8}")
"""The vendor's home country as people and the API's senders write it: 06…, 336…"""
_NATIONAL = re.compile(r"0[1-9][0-9]{7,10}|00[1-9][0-9]{7,14}")
"""Numbers as they are dialled at home or abroad, in any country that has a trunk 0."""


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
    return bool(WRITTEN.fullmatch(written(text)))


def e164(text: str) -> str:
    """The number that ``text`` spells, in E.164; empty where its spelling leaves a doubt.

    Understood are international numbers (``+44 7911 123456``, ``0033 6.12…``, ``+33 (0)6…``), and
    French ones as at home (``06 12 34 56 78``, ``33612345678``), those of the overseas departments
    under their own calling codes (``0690…`` is ``+590690…``).
    """
    if E164.fullmatch(text):
        return text
    text = written(text[: _LONGEST_SPELLING + 1])
    if len(text) > _LONGEST_SPELLING or not WRITTEN.fullmatch(text):
        return ""
    digits = NOT_DIGITS.sub("", TRUNK.sub("", text))
    if text[0] == "+" or digits.startswith("00"):
        number = "+" + (digits if text[0] == "+" else digits[2:])
        known = E164.fullmatch(number) and code_length(number[1 : 1 + LONGEST_CODE])
        if not known or (number.startswith("+33") and not _FRENCH.fullmatch(number[1:])):
            return ""
        return number
    if not _FRENCH.fullmatch(digits):
        return ""
    code = french_code(digits[1:]) if digits[0] == "0" else MAINLAND
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
        LONGEST_ID < len(plain) <= MOST_DIGITS and is_valid(plain)
    )
