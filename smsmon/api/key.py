"""The API key: one type that never prints.

The key is never taken from a command's arguments: process lists show those. Where it comes from
is read by `smsmon.settings.secrets`.
"""

from __future__ import annotations

import re

from smsmon.secret import Secret

# RFC 3986 "unreserved": such a key reads the same in a URL, in JSON and in XML, so that there is
# one spelling to look for when an answer repeats it.
_KEY = re.compile(r"[A-Za-z0-9._~-]+")


class ApiKey(Secret):
    """An account's key. It is revealed to the HTTP transport alone."""

    __slots__ = ()
    what = "API key"
    should_be = "an API key is one word of letters and digits (SMS Partner's have 40)"
    longest = 256

    @staticmethod
    def problem(word: str) -> str:
        return "" if _KEY.fullmatch(word) else "has characters that none has"
