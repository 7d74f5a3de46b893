"""Who is to be looked at: what something happened to, and when time alone may change something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from math import inf

from smsmon.alerts import About
from smsmon.moments import Moments

PORTION = 200
"""Subjects looked at in one go: about 6 ms with three rules."""

Key = tuple[About, str]
"""A subject, by its kind and its name."""


class Agenda:
    """The subjects to be looked at, each once, in the order in which they were called for."""

    def __init__(self) -> None:
        self._touched: dict[Key, None] = {}
        self._due = defaultdict[About, Moments[str]](Moments)

    def __bool__(self) -> bool:
        """True when somebody is to be looked at now."""
        return bool(self._touched)

    def touch(self, keys: Iterable[Key]) -> None:
        """Something happened to these."""
        self._touched.update(dict.fromkeys(keys))

    def take(self, now: float) -> list[Key]:
        """A portion of those that were touched, or are due."""
        for about, moments in self._due.items():
            while (name := moments.pop(now)) is not None:
                self._touched[about, name] = None
        taken = [*islice(self._touched, PORTION)]
        for key in taken:
            del self._touched[key]
        if not self._touched:
            self._touched.clear()  # an empty one keeps the memory of the most that it ever held
        return taken

    @property
    def next_look(self) -> float:
        """When time alone may change something next; inf when it cannot."""
        return min((moments.first for moments in self._due.values()), default=inf)

    def plan(self, key: Key, due: float) -> None:
        """Look at this one again then; inf: time alone changes nothing."""
        about, name = key
        if due != inf:
            self._due[about].put(name, due)
        elif about in self._due:
            self._due[about].drop(name)

    def clear_plans(self) -> None:
        """Plan nothing any more: the clock was set."""
        for moments in self._due.values():
            moments.clear()
