"""The API key: one type that never prints.

The key is never taken from a command's arguments: process lists show those. Where it comes from
is read by `smsmon.settings.secrets`.
"""

from __future__ import annotations

import re

from smsmon.secret import Secret

_KEY_LENGTH = 256
_SHOULD_BE = "an API key is one word of letters and digits (SMS Partner's have 40)"
# RFC 3986 "unreserved": such a key reads the same in a URL, in JSON and in XML, so that there is
# one spelling to look for when an answer repeats it.
_KEY = re.compile(r"[A-Za-z0-9._~-]+")


class ApiKey(Secret):
    """An account's key. It is revealed to the HTTP transport alone."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> ApiKey:
        """The key written in ``text``, white space around it aside.

        Raises ``ValueError`` with a sentence that does not repeat the text.
        """
        word = text.strip()
        problem = _problem(word)
        if problem:
            del text, word  # a crash report prints the variables of the frame that raised
            raise ValueError(f"The API key {problem}; {_SHOULD_BE}.")
        return cls(word)


def _problem(word: str) -> str:
    if not word:
        return "is empty"
    if len(word) > _KEY_LENGTH:
        return f"is {len(word)} characters long"
    return "" if _KEY.fullmatch(word) else "has characters that none has"
