"""Keys by their moments, the earliest first: what is due when. Pure.

A moment that is changed or withdrawn costs no search: what it was stays in a heap until it comes
up, or until there is too much of such.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from math import inf
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
LEFTOVERS = 64
"""Withdrawn moments that are kept at least before they are swept out …"""
LEFTOVERS_SHARE = 4
"""… and for so many that count one more."""


class Moments(Generic[K]):
    """Each key with one moment; keys of the same moment come in their own order."""

    __slots__ = ("_counts", "_heap")

    def __init__(self) -> None:
        self._counts: dict[K, tuple[float, K]] = {}
        """Key → what of the heap counts for it: one object for both."""
        self._heap: list[tuple[float, K]] = []

    def __len__(self) -> int:
        return len(self._counts)

    def __iter__(self) -> Iterator[K]:
        return iter(self._counts)

    @property
    def held(self) -> int:
        """How many are held in memory, withdrawn ones too."""
        return len(self._heap)

    def put(self, key: K, at: float) -> None:
        """The moment of ``key`` is ``at`` from now on."""
        before = self._counts.get(key)
        if before is not None and before[0] == at:
            return
        entry = self._counts[key] = at, key if before is None else before[1]
        heapq.heappush(self._heap, entry)
        self._sweep()

    def drop(self, key: K) -> None:
        """``key`` has no moment any more, if it had one."""
        if self._counts.pop(key, None) is not None:
            self._sweep()

    def clear(self) -> None:
        """None has a moment any more."""
        self._counts.clear()
        self._heap.clear()

    @property
    def first(self) -> float:
        """The earliest moment; inf when there is none."""
        heap = self._heap
        while heap and self._counts.get(heap[0][1]) is not heap[0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else inf

    def pop(self, now: float) -> K | None:
        """Take off the key of the earliest moment, and give it; None when none is by ``now``."""
        if self.first > now or not self._heap:
            return None
        _, key = heapq.heappop(self._heap)
        del self._counts[key]
        return key

    def _sweep(self) -> None:
        if len(self._heap) > len(self._counts) + len(self._counts) // LEFTOVERS_SHARE + LEFTOVERS:
            self._heap = [*self._counts.values()]
            heapq.heapify(self._heap)
