"""What was read of the settings: as far as they can be used, and what is wrong with the rest.

Whoever looks at a part of the settings gives `Problem`s; where each stands, and how it is told,
is said here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from smsmon.secret import without_keys
from smsmon.settings.leaves import KeyPath
from smsmon.settings.types import Settings
from smsmon.text import SENTENCE_LIMIT, safe

_LINES_TOLD = 50
"""Problems that are told with their line: to find one costs some parses of the file."""
_LINES_SEARCHED = 2_000
"""In longer files none is."""


class Problem(Struct, frozen=True):
    """One thing that is wrong. It never holds a value that could be a key."""

    at: KeyPath
    """The setting it is about; empty when the sentence says where it is."""
    what: str
    """A sentence, without its place."""
    refused: bool = True
    """Settings with it are not used. False: smsmon goes on without what it is about."""
    in_file: bool = False
    """True: it is about what the file says, even where a variable or a flag outranks that."""


Check = Callable[[Settings], Iterable[Problem]]
"""Looks at one part of the settings."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Settings as they were read."""

    settings: Settings
    """In force, but for what is refused: that is as if it were not there."""
    origins: Mapping[KeyPath, str]
    """Where each value that is not a default came from: ``flag``, ``environment SMSMON_…`` or
    ``config.toml``."""
    problems: tuple[Problem, ...]
    """What was found wrong on reading: what needs to know the types alone."""
    path: Path
    text: str
    """Of the settings file; empty when there is none, or none that can be read."""

    @property
    def refused(self) -> bool:
        """True when what was read is not to be used."""
        return any(problem.refused for problem in self.problems)

    def checked(self, checks: Iterable[Check]) -> tuple[Problem, ...]:
        """All that is wrong: what was found on reading, and what ``checks`` find."""
        return (*self.problems, *(each for check in checks for each in check(self.settings)))

    def told(self, problems: Iterable[Problem]) -> tuple[str, ...]:
        """A sentence for each, with the file and the line, or the variable, it stands in."""
        name = safe(str(self.path), SENTENCE_LIMIT)
        searched = self.text.count("\n") < _LINES_SEARCHED
        sentences = []
        for number, problem in enumerate(dict.fromkeys(problems)):
            place = self._place(problem, name, search=searched and number < _LINES_TOLD)
            sentences.append(without_keys(f"{place}{problem.what}"))
        return tuple(sentences)

    def _place(self, problem: Problem, name: str, *, search: bool) -> str:
        at = problem.at
        origin = "" if problem.in_file else self.origins.get(at, "")
        if not at or origin == "flag":
            return ""
        if origin.startswith("environment "):
            return f"Environment variable {origin.removeprefix('environment ')}: "
        from smsmon.toml_lines import line_of

        line = line_of(self.text, at) if search else None
        return f"{name}, line {line}: " if line else f"{name}: "
