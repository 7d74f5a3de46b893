"""A text that never prints: a key, or an address that holds one."""

from __future__ import annotations

from typing import NoReturn

from smsmon.keylike import DOTS


class Secret:
    """Prints as dots, compares by value, cannot be pickled or copied out."""

    __slots__ = ("__value",)

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

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address written in ``text``, white space around it aside.

        Raises ``ValueError`` with a sentence that does not repeat the text.
        """
        word = text.strip()
        problem = _problem(word)
        if problem:
            del text, word  # a crash report prints the variables of the frame that raised
            raise ValueError(f"The address {problem}; an address looks like scheme://….")
        return cls(word)


_LONGEST = 4_000


def _problem(word: str) -> str:
    if not word:
        return "is empty"
    if len(word) > _LONGEST:
        return f"is {len(word)} characters long"
    if not word.isprintable():
        return "has characters that none has"
    scheme, mark, rest = word.partition("://")
    return "" if mark and rest and scheme.isascii() and scheme.isalnum() else "has no scheme"
