"""Labels that are few: a tag or a country has a place of its own, or is one of the others."""

from __future__ import annotations

import re
from collections.abc import Collection

from smsmon.keylike import without_likely_keys
from smsmon.text import safe

OTHER = "other"
"""What stands for all that have no place of their own."""
LIMIT = 60
"""The longest label, in characters."""
_COULD_BE_PHONE = re.compile(r"\d(?:[^\w\n]{0,3}\d){8,}")
"""Nine digits, however they are grouped: of phone numbers no national one is shorter."""


class Places:
    """At most ``most`` names, first come, first served. Whoever has a place keeps it: a counter
    that lent its numbers to the others would seem to go back.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[str, str] = {}
        """Name → its label."""

    def label(self, name: str) -> str:
        """What stands for ``name``."""
        label = self._taken.get(name)
        if label is None:
            if len(self._taken) >= self._most:
                return OTHER
            label = self._taken[name] = shown(name)
        return label

    def clear_for(self, wanted: Collection[str]) -> set[str]:
        """Take the places of those that nobody has any more, if they are needed: ``wanted`` are
        all that are there now, those that matter most first. Gives the labels that are gone.
        """
        new = [name for name in wanted if name not in self._taken]
        gone = set()
        if len(self._taken) + len(new) > self._most:
            left = set(wanted)
            for name in [each for each in self._taken if each not in left]:
                gone.add(self._taken.pop(name))
        for name in new:
            self.label(name)
        return gone - set(self._taken.values()) - {OTHER}


def shown(name: str) -> str:
    """A name as a label: plain text of bounded length. What could be a phone number, or a key, is
    one of the others.
    """
    text = without_likely_keys(name)
    return OTHER if text != name or _COULD_BE_PHONE.search(name) else safe(name, LIMIT)
