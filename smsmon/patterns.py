"""The regular expressions that people write for their logs: read, and matched in bounded time.

Matched by the library ``regex``, in the syntax of Python's own ``re``. Some patterns take longer
than anybody's life on some lines; this library gives up in time, and lets others run meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS = ("id", "label", "tag", "phone", "time")
"""The named groups that mean something; ``id`` must be there."""
MATCHED = 65_536
"""Characters of a line that are looked at."""
WITHIN = 0.1
"""Seconds that one line may take."""


class TooSlow(Exception):
    """The pattern found no answer for a line within ``WITHIN``."""


class LinePattern:
    """A regular expression that finds a message in a line."""

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` with a sentence for what cannot be used."""
        import regex  # 40 ms, and most have no source

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
