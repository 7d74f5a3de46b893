"""A text that never prints: a key, a password, an address that holds one; and what could be one."""

from __future__ import annotations

import re
from typing import ClassVar, NoReturn, Self

DOTS = "••••"
"""What stands wherever a key would have been printed."""
ANYWHERE = 16
"""Characters from which a word without sense is taken for a key, wherever it stands."""
IN_ITS_PLACE = 8
"""As much where the name of the key's place should stand, and a key is pasted most easily."""

_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.~+=-]*[A-Za-z0-9])?")  # what a key is made of
_WITH_SLASHES = re.compile(r"(?<![\w.~+=/:@-])[A-Za-z0-9][\w.~+=-]*(?:/[\w.~+=-]*)+")
"""What is no path from a root or a home, nor in an address: Base64 has slashes, too."""
_SEPARATORS = re.compile(r"[_.~+=-]+")
_PART = re.compile(
    r"[A-Za-z]{0,2}[0-9]{0,8}[A-Za-z]?"  # v2, k8s, eu1, 20261126
    r"|[0-9]{0,2}[A-Za-z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*[0-9]{0,4}"  # fetch, apiKey, 1password
    r"|[A-Z]{2,}[0-9]{0,4}"
)
_LETTERS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_UNSPOKEN = re.compile(
    r"[bcdfghjklmnpqrstvwxz]{6}|[aeiouy]{5}|q(?![ui]|$)|[jqvxz]{2}", re.IGNORECASE
)
_VOWELS = re.compile(r"[aeiouy]", re.IGNORECASE)
_LONGEST = 15
"""Letters of the longest part that is taken for a word."""
_HEX = re.compile(r"[0-9a-fA-F]{32,}")
_OF_URL = re.compile(r"(:/{1,2}[^\s:/?#@]*:)\S*(?=@)")
"""Up to the last @ of the word: what is no proper address may hold it unescaped. A path has one
slash where an address has two."""
_PARAMETER = re.compile(
    r"((?:pass(?:word|wd)|pwd)\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&'\"]+)", re.IGNORECASE
)


def could_be_key(word: str, shortest: int = ANYWHERE) -> bool:
    """True for a word of at least ``shortest`` characters whose parts make no sense."""
    return len(word) >= shortest and not all(
        _makes_sense(part) for part in _SEPARATORS.split(word) if part
    )


def is_most_likely_key(text: str) -> bool:
    """True when the text holds what keys of SMS Partner look like: sure enough to refuse it."""
    return _HEX.search(text) is not None


def is_address(text: str) -> bool:
    """True for what could be a secret address (of a chat, a mail account, a pager)."""
    return "://" in text


def without_likely_keys(text: str) -> str:
    """``text`` with dots for what is most likely a key, and all else of it as it is."""
    return _HEX.sub(DOTS, text)


def without_keys(text: str, shortest: int = ANYWHERE) -> str:
    """``text`` with dots for every word of it that could be a key, or the beginning of one where
    the text was cut (`text.safe`); and without the passwords of addresses."""
    if len(text) < IN_ITS_PLACE:
        return text
    text = without_passwords(text)
    end = len(text) - 1 if text[-1] == "…" else None

    def shown(found: re.Match[str]) -> str:
        least = IN_ITS_PLACE if found.end() == end else shortest
        parts = found[0].split("/")
        return DOTS if any(could_be_key(part, least) for part in parts) else found[0]

    if "/" in text:
        text = _WITH_SLASHES.sub(shown, text)
    return _WORD.sub(shown, text)


def without_passwords(text: str) -> str:
    """``text`` with dots for the password of every address in it, whatever its form."""
    if ":/" in text:
        text = _OF_URL.sub(rf"\1{DOTS}", text)
    return _PARAMETER.sub(rf"\1{DOTS}", text)


def has_password(text: str) -> bool:
    """True for an address that holds a password."""
    return without_passwords(text) != text


def place_shown(text: str) -> str:
    """The name of a key's place (a variable, a file, a program) with dots if it could be a key.

    What is no path is judged more strictly: few names are long, and many keys are.
    """
    return without_keys(text, ANYWHERE if "/" in text else IN_ITS_PLACE)


def _makes_sense(part: str) -> bool:
    if _PART.fullmatch(part) is None:
        return False
    return all(
        len(letters) < 4
        or (
            len(letters) <= _LONGEST
            and _UNSPOKEN.search(letters) is None
            and _VOWELS.search(letters) is not None
        )
        for letters in _LETTERS.findall(part)
    )


class Secret:
    """Prints as dots, compares by value, cannot be pickled or copied out."""

    __slots__ = ("__value",)
    what: ClassVar[str]
    """What it is called where it is refused."""
    should_be: ClassVar[str]
    """What one looks like, as the end of that sentence."""
    longest: ClassVar[int]
    """Characters."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The one that is written in ``text``, white space around it aside.

        Raises ``ValueError`` with a sentence that does not repeat the text.
        """
        word = text.strip()
        if not word:
            problem = "is empty"
        elif len(word) > cls.longest:
            problem = f"is {len(word)} characters long"
        else:
            problem = cls.problem(word)
        if problem:
            del text, word  # a crash report prints the variables of the frame that raised
            raise ValueError(f"The {cls.what} {problem}; {cls.should_be}.")
        return cls(word)

    @staticmethod
    def problem(word: str) -> str:
        """What is wrong with a word that is no longer than one may be; empty when nothing is."""
        raise NotImplementedError

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The text itself: for who sends it where it belongs, and never kept in a variable."""
        return self.__value

    def __repr__(self) -> str:
        return DOTS

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(DOTS, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self.__value == other.__value

    def __hash__(self) -> int:
        return hash(self.__value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled: a copy of it would lie in the bytes.")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


class Address(Secret):
    """Where to, as a URL that holds what lets us in: of a target, of a dead man's switch."""

    __slots__ = ()
    what = "address"
    should_be = "an address looks like scheme://…"
    longest = 4_000

    @staticmethod
    def problem(word: str) -> str:
        if not word.isprintable():
            return "has characters that none has"
        scheme, mark, rest = word.partition("://")
        return "" if mark and rest and scheme.isascii() and scheme.isalnum() else "has no scheme"


class Password(Secret):
    """What lets us into the database of a team."""

    __slots__ = ()
    what = "password"
    should_be = "a password is one line of up to 1,000 characters"
    longest = 1_000

    @staticmethod
    def problem(word: str) -> str:
        return "" if word.isprintable() else "has characters that cannot be typed"


# RFC 3986 "unreserved": such a key reads the same in a URL, in JSON and in XML, so that there is
# one spelling to look for when an answer repeats it.
_KEY = re.compile(r"[A-Za-z0-9._~-]+")


class ApiKey(Secret):
    """An account's key. It is revealed to the HTTP transport alone.

    It is never taken from a command's arguments: process lists show those. Where it comes from is
    read by `smsmon.settings.secrets`.
    """

    __slots__ = ()
    what = "API key"
    should_be = "an API key is one word of letters and digits (SMS Partner's have 40)"
    longest = 256

    @staticmethod
    def problem(word: str) -> str:
        return "" if _KEY.fullmatch(word) else "has characters that none has"
