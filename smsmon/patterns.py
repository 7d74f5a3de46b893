"""The regular expressions that people write, for logs and in filters: matched in bounded time.

Matched by the library ``regex``, in the syntax of Python's own ``re``. Some patterns take longer
than anybody's life on some lines; this library gives up in time, and lets others run meanwhile.
"""

from __future__ import annotations

import re
import warnings
from math import prod
from time import monotonic, perf_counter, thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from regex import Match, Pattern

GROUPS = ("id", "label", "tag", "phone", "time")
"""The named groups that mean something; ``id`` must be there."""
WITHIN = 0.1
"""Seconds that one line, or one value, may take."""
QUICK = 0.00005
"""Seconds that a value may take without being counted."""
ALTOGETHER = 0.3
"""Seconds that the slow values of a filter may take together, at once."""
_REGAINED = 0.02
"""What comes back of that, in each second."""
_KEPT = 1_000
"""Answers for slow values that are kept."""
GAVE_UP = "A regular expression takes too long for some values: write it with fewer * + ? | and {}."
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
        self._pattern = _compiled(text)
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
        found = _search(self._pattern, line)
        if found is None:
            return None
        return {name: (text or "").strip() for name, text in found.groupdict().items()}


class ValuePattern:
    """A regular expression that is looked for in the values of a filter, whatever their case.

    A value that takes too long does not match. When several were slow it is given up: nothing is
    computed any more, and only those slow ones match whose answer was found in time.
    """

    def __init__(self, text: str, longest: int) -> None:
        """``longest``: characters of a value that are looked at. Raises ``ValueError`` with a
        sentence for what cannot be used."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what may change in it one day
                re.compile(text)  # what the other library knows besides is not for filters
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"This is no regular expression: {error}.") from None
        self._pattern = _compiled(_NO_COUNT.sub(_escaped, text), ignoring_case=True)
        self._longest = longest
        self._answers: dict[str, bool] = {}
        self._left, self._at = ALTOGETHER, monotonic()
        self.slow = False
        """It took too long for a value."""
        self.given_up = False
        """It is not looked for any more."""
        self.tell: Callable[[], object] = lambda: None
        """Called once, when it is found to be slow."""

    def __call__(self, value: object) -> bool:
        """Whether it is found in a text; of several texts, in any."""
        if isinstance(value, str):
            return self._found(value[: self._longest])
        return isinstance(value, tuple) and any(
            self._found(text[: self._longest]) for text in value
        )

    def _found(self, text: str) -> bool:
        if (known := self._answers.get(text)) is not None:
            return known
        if self.given_up:
            return False
        began = perf_counter()
        found = self._searched(text)
        if perf_counter() - began > QUICK or found is None:
            found = self._counted(text, found)
        return found

    def _searched(self, text: str) -> bool | None:
        """None: nobody knows, for it took too long."""
        try:
            return _search(self._pattern, text) is not None
        except TooSlow:
            return None

    def _counted(self, text: str, found: bool | None) -> bool:
        """The answer for a value that seemed slow, which is kept if it was: others may have had
        the processor meanwhile."""
        spent = WITHIN
        if found is not None:
            began = thread_time()
            found = self._searched(text)
            spent = thread_time() - began
        if spent > QUICK:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[text] = bool(found)
            now = monotonic()
            regained = (now - self._at) * _REGAINED
            self._left, self._at = min(ALTOGETHER, self._left + regained) - spent, now
            self.given_up = self._left < 0
            if not self.slow and (found is None or self.given_up):
                self.slow = True
                self.tell()
        return bool(found)


def _search(pattern: Pattern[str], text: str) -> Match[str] | None:
    """The first match. Raises ``TooSlow`` where the library gave up after `WITHIN`, of which at
    least half was this thread's: it counts the time of all threads of the process."""
    began = thread_time()
    while True:
        try:
            return pattern.search(text, timeout=WITHIN)
        except TimeoutError:
            if thread_time() - began >= WITHIN / 2:
                raise TooSlow from None


_NO_COUNT = re.compile(r"\\.|\{(?!\d*,?\d*\})", re.DOTALL)
"""A brace that begins no count: it is itself, where the other library finds more or less of it."""


def _escaped(brace: re.Match[str]) -> str:
    return r"\{" if brace[0] == "{" else brace[0]


def _compiled(text: str, *, ignoring_case: bool = False) -> Pattern[str]:
    import regex  # 40 ms, and most have no use for it

    if _parts(text) > _PARTS:
        raise ValueError(
            f"It repeats its parts too often: with all repeats it may have {_PARTS:,} of them."
        )
    try:
        return regex.compile(text, regex.IGNORECASE if ignoring_case else 0)
    except regex.error as error:
        raise ValueError(f"It is no regular expression: {error}.") from None
    except RecursionError:
        raise ValueError("Its groups are nested too deeply.") from None


def _parts(text: str) -> int:
    """How many parts the pattern has at most, with all that it repeats."""
    text = "".join(text.split())  # what is verbose may have blanks in its numbers
    counts = [(group, int(number[:10]) or 1) for group, number in _COUNT.findall(text)]
    singles = len(text) + sum(count for group, count in counts if not group)
    return singles * prod(count for group, count in counts if group)
