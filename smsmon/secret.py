"""A text that never prints: a key, a password, or an address that holds one."""

from __future__ import annotations

import re
from typing import ClassVar, NoReturn, Self

from smsmon.keylike import DOTS


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
