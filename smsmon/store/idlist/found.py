"""What a list holds, as every way of reading one gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from smsmon.model import Entry
from smsmon.store.entries import Problem, united
from smsmon.store.idlist.cells import A_PHONE, may_be_short_phone
from smsmon.text import safe


@dataclass(frozen=True, slots=True)
class IdList:
    """What a list holds. Entries with no moment of their own have ``added_at`` 0."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What was left out, and why: no id, or not without a doubt."""
    duplicates: int = 0
    """How many were merged into an earlier one of the same id."""
    doubts: tuple[Problem, ...] = ()
    """Lines whose id was taken, but whose label may have been meant otherwise."""


@dataclass(slots=True)
class Finding:
    """An ``IdList`` in the making."""

    entries: list[tuple[int, Entry]] = field(default_factory=list)
    """Each with its line."""
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)

    def take(self, line: int, entry: Entry) -> None:
        """There is a message on this line."""
        self.entries.append((line, entry))

    def refuse(self, line: int, text: str, why: str) -> None:
        """What stands on this line is left out."""
        self.problems.append(Problem(line, safe(" ".join(text.split("\t")).strip()), why))

    def doubt(self, line: int, label: str, why: str) -> None:
        """The id of this line is taken, and its label may have been meant otherwise."""
        self.doubts.append(Problem(line, safe(label), why))

    def listed(self) -> IdList:
        """The whole, each message once."""
        if any(problem.why == A_PHONE for problem in self.problems):
            self._doubt_short_phones()
        entries = [entry for _, entry in self.entries]
        once = tuple(united(entries))
        problems = tuple(sorted(self.problems, key=lambda each: each.line))
        return IdList(once, problems, len(entries) - len(once), tuple(self.doubts))

    def _doubt_short_phones(self) -> None:
        """Among phone numbers, what may be one without its 0 is none of the ids."""
        taken: Sequence[tuple[int, Entry]] = self.entries
        self.entries = [pair for pair in taken if not may_be_short_phone(pair[1].id)]
        for line, entry in taken:
            if may_be_short_phone(entry.id):
                self.refuse(line, entry.id, A_PHONE)
