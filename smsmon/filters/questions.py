"""The questions a filter can ask of one value: pure functions."""

from __future__ import annotations

import operator as operator_module
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from smsmon.patterns import ValuePattern
from smsmon.phones import Sought, is_number_like, sought
from smsmon.recipients import Phones

Value: TypeAlias = "str | tuple[str, ...] | bool | float | int | None"
Test = Callable[[Value], bool]

TEXT_LIMIT = 1000
"""Characters of a value that a regular expression is let loose on."""
REGEX_LIMIT = 200
"""The longest regular expression taken, in characters."""


class BadValue(ValueError):
    """A value that the field cannot be asked for; the sentence says why."""

    def __init__(self, sentence: str, *, wants_example: bool = True) -> None:
        super().__init__(sentence)
        self.wants_example = wants_example


def test_of(
    kind: str, words: tuple[str, ...], operator: str, value: str, *, is_regex: bool
) -> Test:
    """The test ``field operator value``. Raises ``BadValue``.

    ``operator`` is one of ``: = > >= < <=``, or ``in`` for a word that was typed without a field:
    then it is looked for as text, whatever the field's kind.
    """
    if is_regex:
        if operator not in (":", "=", "in"):
            raise BadValue("A regular expression goes with ':'.", wants_example=False)
        return regex_test(value)
    if operator == "in":
        return _IN.get(kind, text_test)(value)
    if kind == "number":
        return _range_test(operator, value, parse_number)
    if kind == "share":
        return _range_test(operator, value, parse_share)
    if kind in ("duration", "moment"):
        return _range_test(operator, value, parse_duration)
    if operator not in (":", "="):
        raise BadValue(f"'{operator}' is for numbers and durations.")
    exact = operator == "="
    if kind == "word":
        return word_test(value, words, exact=exact)
    if kind == "yes or no":
        return flag_test(value)
    if kind == "country":
        return country_test(value)
    if kind == "phone number" and not exact:
        return phone_test(value)
    return equal_test(value) if exact or not value else text_test(value)


# Text


def fold(text: str) -> str:
    """``text`` as it is compared: without case and accents."""
    return text.lower() if text.isascii() else _fold(text)


@lru_cache(8192)
def _fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(char for char in apart if not unicodedata.combining(char)).casefold()


def text_test(needle: str) -> Test:
    """Has it in it; of several texts, any."""
    wanted = fold(needle)

    def has(value: Value) -> bool:
        if isinstance(value, str):
            return wanted in fold(value)
        if isinstance(value, tuple):
            return any(wanted in fold(text) for text in value)
        return False

    return has


def equal_test(needle: str) -> Test:
    """Is it; of several texts, any. The empty text is also: there is none."""
    wanted = fold(needle)

    def equals(value: Value) -> bool:
        if isinstance(value, str):
            return fold(value) == wanted
        if isinstance(value, tuple):
            return any(fold(text) == wanted for text in value) if value else not wanted
        return False

    return equals


def regex_test(pattern: str) -> Test:
    """The regular expression is found in it; of several texts, in any."""
    if len(pattern) > REGEX_LIMIT:
        raise BadValue(
            f"A regular expression has at most {REGEX_LIMIT} characters.", wants_example=False
        )
    try:
        return ValuePattern(pattern.replace(r"\/", "/"), TEXT_LIMIT)
    except ValueError as error:
        raise BadValue(str(error), wants_example=False) from None


# Words and flags


def word_test(value: str, words: tuple[str, ...], *, exact: bool) -> Test:
    """Is one of the words, or begins like one of them when not ``exact``."""
    wanted = tuple(_word(part) for part in value.split(",") if part.strip())
    if not wanted:
        raise BadValue("There is no word here.")
    for part in wanted:
        if words and not any(word == part if exact else word.startswith(part) for word in words):
            raise BadValue(f"{part[:20]!r} is none of its words.")

    def among(value: Value) -> bool:
        if not isinstance(value, str):
            return False
        word = _word(value)
        return word in wanted or (not exact and word.startswith(wanted))

    return among


def _word(text: str) -> str:
    return fold(text).strip().replace(" ", "_").replace("-", "_")


_FLAGS: Mapping[str, bool | None] = {
    **dict.fromkeys(("yes", "y", "true", "1", "on", "oui"), True),
    **dict.fromkeys(("no", "n", "false", "0", "off", "non"), False),
    **dict.fromkeys(("unknown", "?"), None),
}


def flag_test(value: str) -> Test:
    """Is yes, no, or not known."""
    word = fold(value)
    if word not in _FLAGS:
        raise BadValue("It is yes or no.")
    wanted = _FLAGS[word]
    return lambda flag: flag is wanted


def _flag_word_test(_needle: str) -> Test:
    """A flag has no text to find a word in."""
    return lambda _: False


# Countries and phone numbers


def country_test(value: str) -> Test:
    """Is this ISO code; from three letters on, has a name that begins like this."""
    codes: set[str] = set()
    for part in filter(None, map(fold, map(str.strip, value.split(",")))):
        codes |= _countries(part)
    if not codes:
        raise BadValue("There is no country here.")
    return lambda code: code in codes


def _countries(text: str) -> set[str]:
    """The codes of the countries that a folded code, or the beginning of a name, means."""
    from smsmon.countries import COUNTRY_NAMES

    if text.upper() in COUNTRY_NAMES:
        return {text.upper()}
    names = {fold(name): code for code, name in COUNTRY_NAMES.items()}
    found = {code for name, code in names.items() if len(text) > 2 and name.startswith(text)}
    if not found:
        from difflib import get_close_matches  # rarely needed, and not free to load

        near = get_close_matches(text, names, 2)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise BadValue(f"No country is called {text[:20]}.{hint}", wants_example=not near)
    return found


def _country_word_test(needle: str) -> Test:
    """A word typed without a field: a country's whole code, or a part of its name."""
    from smsmon.countries import COUNTRY_NAMES

    wanted = fold(needle)
    codes = {code for code, name in COUNTRY_NAMES.items() if wanted in fold(name)}
    codes.add(needle.upper())
    return lambda code: code in codes


def phone_test(value: str) -> Test:
    """Is the number that was typed, in any spelling, or has the digits typed in it."""
    return Number(sought(value)) if is_number_like(value) else NotDigits(value)


class Number:
    """Is a number that is meant; a test that knows how to go through a whole column fast."""

    def __init__(self, meant: Sought) -> None:
        self._meant = meant

    def __call__(self, value: Value) -> bool:
        return isinstance(value, str) and self._meant.matches(value)

    def through(self, phones: Phones) -> bytes:
        """One byte for each number: 1 where it matches."""
        found = bytearray(len(phones))
        for place in phones.meant(self._meant):
            found[place] = 1
        return bytes(found)


class NotDigits:
    """Has this text in it, of which no proper number has any when it has neither + nor digit."""

    def __init__(self, needle: str) -> None:
        self._test = text_test(needle)
        self._in_none = not any(char in "+0123456789" for char in needle)

    def __call__(self, value: Value) -> bool:
        return self._test(value)

    def through(self, phones: Phones) -> bytes:
        """One byte for each number: 1 where it matches."""
        if self._in_none and not phones.others:
            return bytes(len(phones))
        return bytes(map(self._test, phones))


# Numbers and durations


def parse_number(text: str) -> float:
    """``20``, ``1.5``, ``20k``, ``95%`` (0.95). Raises ``BadValue``."""
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)([kK%]?)", text.replace("_", ""))
    if found is None or len(text) > 30:
        raise BadValue("This is no number.")
    # In decimals: 95 times the float 0.01 is a little more than 19 of 20.
    return float(Decimal(found[1]) * _FACTORS[found[2].lower()])


def parse_share(text: str) -> float:
    """``5%`` or ``0.05``. Raises ``BadValue``, of a bare ``95`` too: every share is below that."""
    share = parse_number(text)
    if share > 1 and not text.endswith("%"):
        raise BadValue("A share is written in percent, or from 0 to 1.")
    return share


_FACTORS = {"": Decimal(1), "%": Decimal("0.01"), "k": Decimal(1000)}
_SECONDS = {"ms": "0.001", "s": "1", "m": "60", "h": "3600", "d": "86400", "w": "604800"}
_UNITS = {unit: Decimal(seconds) for unit, seconds in _SECONDS.items()}
_SMALLER = {"w": "d", "d": "h", "h": "m", "m": "s"}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw]?)")


def parse_duration(text: str) -> float:
    """Seconds: ``90``, ``90s``, ``1m30s``, ``2h05``, ``1.5d``. Raises ``BadValue``."""
    lower = text.lower().replace(" ", "")
    if not re.fullmatch(rf"(?:{_DURATION_PART.pattern})+", lower) or len(lower) > 30:
        raise BadValue("This is no duration.")
    seconds = Decimal()
    unit = ""
    for number, own_unit in _DURATION_PART.findall(lower):
        if not own_unit and unit and unit not in _SMALLER:
            raise BadValue("This is no duration.")
        unit = own_unit or _SMALLER.get(unit, "s")
        seconds += Decimal(number) * _UNITS[unit]
    return float(seconds)


def edges_of(text: str) -> tuple[float, ...]:
    """Seconds at which a comparison with ``text``, a duration or a range, may turn round."""
    low, _, high = text.partition("..")
    return tuple(parse_duration(bound) for bound in (low, high) if bound)


def _range_test(operator: str, text: str, parse: Callable[[str], float]) -> Test:
    low_text, dots, high_text = text.partition("..")
    if dots:
        if operator not in (":", "="):
            raise BadValue("A range goes with ':'.")
        low = parse(low_text) if low_text else float("-inf")
        high = parse(high_text) if high_text else float("inf")
        if low > high:
            raise BadValue("This range ends before it begins.")
        return _numeric(lambda value: low <= value <= high)
    bound = parse(text)
    compare = _COMPARISONS[operator]
    return _numeric(lambda value: compare(value, bound))


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator_module.gt,
    ">=": operator_module.ge,
    "<": operator_module.lt,
    "<=": operator_module.le,
    "=": operator_module.eq,
    ":": operator_module.eq,
}


def _numeric(test: Callable[[float], bool]) -> Test:
    return lambda value: isinstance(value, int | float) and test(value)


_IN: Mapping[str, Callable[[str], Test]] = {
    "phone number": phone_test,
    "country": _country_word_test,
    "yes or no": _flag_word_test,
}
