"""Who is to be looked at: what something happened to, and when time alone may change something."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from math import inf

from smsmon.alerts import About

PORTION = 200
"""Subjects looked at in one go: about 6 ms with three rules."""

LEFTOVERS_SHARE = 4
"""For so many plans that count one more that was withdrawn is kept, besides a portion."""

Key = tuple[About, str]
"""A subject, by its kind and its name."""


class Agenda:
    """The subjects to be looked at, each once, in the order in which they were called for."""

    def __init__(self) -> None:
        self._touched: dict[Key, None] = {}
        self._due: dict[Key, tuple[float, Key]] = {}
        """Subject → what of the heap counts for it."""
        self._heap: list[tuple[float, Key]] = []

    def __bool__(self) -> bool:
        """True when somebody is to be looked at now."""
        return bool(self._touched)

    def touch(self, keys: Iterable[Key]) -> None:
        """Something happened to these."""
        self._touched.update(dict.fromkeys(keys))

    def take(self, now: float) -> list[Key]:
        """A portion of those that were touched, or are due."""
        while self.next_look <= now:
            _, key = heapq.heappop(self._heap)
            del self._due[key]
            self._touched[key] = None
        taken = list(self._touched)[:PORTION]
        for key in taken:
            del self._touched[key]
        return taken

    @property
    def next_look(self) -> float:
        """When time alone may change something next; inf when it cannot."""
        while self._heap and self._due.get(self._heap[0][1]) is not self._heap[0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else inf

    def plan(self, key: Key, due: float) -> None:
        """Look at this one again then; inf: time alone changes nothing."""
        before = self._due.get(key)
        if due == inf:
            self._due.pop(key, None)
        elif before is None or before[0] != due:
            planned = due, key if before is None else before[1]
            self._due[key] = planned
            heapq.heappush(self._heap, planned)
        if len(self._heap) > len(self._due) + len(self._due) // LEFTOVERS_SHARE + PORTION:
            self._heap = [*self._due.values()]
            heapq.heapify(self._heap)

    def clear_plans(self) -> None:
        """Plan nothing any more: the clock was set."""
        self._heap.clear()
        self._due.clear()
