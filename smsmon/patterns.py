"""The regular expressions that people write for their logs: read, and matched in bounded time.

Matched by the library ``regex``, in the syntax of Python's own ``re``. Some patterns take longer
than anybody's life on some lines; this library gives up in time, and lets others run meanwhile.
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS = ("id", "label", "tag", "phone", "time")
"""The named groups that mean something; ``id`` must be there."""
MATCHED = 65_536
"""Characters of a line that are looked at."""
WITHIN = 0.1
"""Seconds that one line may take."""
_COUNT = re.compile(r"(\)?)\{(\d+)")
"""How often a part is repeated at least: a group, or what stands before the brace."""
_PARTS = 50_000
"""Parts of a pattern that is read within a tenth of a second. A part that is repeated counts as
often: each is made anew, and nothing interrupts that."""


class TooSlow(Exception):
    """The pattern found no answer for a line within ``WITHIN``."""


class LinePattern:
    """A regular expression that finds a message in a line."""

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` with a sentence for what cannot be used."""
        import regex  # 40 ms, and most have no source

        if _parts(text) > _PARTS:
            raise ValueError(
                f"It repeats its parts too often: with all repeats it may have {_PARTS:,} of them."
            )
        try:
            self._pattern = regex.compile(text)
        except regex.error as error:
            raise ValueError(f"It is no regular expression: {error}.") from None
        except RecursionError:
            raise ValueError("Its groups are nested too deeply.") from None
        names = set(self._pattern.groupindex)
        if "id" not in names:
            raise ValueError("It needs a group named id: (?P<id>[0-9]+).")
        if unknown := sorted(names - set(GROUPS)):
            raise ValueError(
                f"There is no use for a group named {unknown[0]}: only for {', '.join(GROUPS)}."
            )

    def found(self, line: str) -> Mapping[str, str] | None:
        """What each named group found in the line, without spaces around; None without a match.

        Raises ``TooSlow``.
        """
        try:
            found = self._pattern.search(line[:MATCHED], timeout=WITHIN)
        except TimeoutError:
            raise TooSlow from None
        if found is None:
            return None
        return {name: (text or "").strip() for name, text in found.groupdict().items()}


def _parts(text: str) -> int:
    """How many parts the pattern has at most, with all that it repeats."""
    text = "".join(text.split())  # what is verbose may have blanks in its numbers
    counts = [(group, int(number[:10]) or 1) for group, number in _COUNT.findall(text)]
    singles = len(text) + sum(count for group, count in counts if not group)
    return singles * prod(count for group, count in counts if group)
