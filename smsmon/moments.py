"""Keys by their moments, the earliest first: what is due when. Pure.

Only those that come soonest stand in a heap: thousands wait for hours, and cost no more than their
place in a mapping. A moment that is changed or withdrawn costs no search: what it was stays in the
heap until it comes up, or until there is too much of such.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from math import inf
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
SOON = 64
"""Moments that are kept in order at least …"""
SOON_SHARE = 16
"""… and for so many that wait one more; as many again may be withdrawn ones."""


class Moments(Generic[K]):
    """Each key with one moment; keys of the same moment come in their own order."""

    __slots__ = ("_at", "_gathered", "_heap", "_last")

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self.clear()

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[K]:
        return iter(self._at)

    @property
    def held(self) -> int:
        """How many are kept in order, withdrawn ones too."""
        return len(self._heap)

    def put(self, key: K, at: float) -> None:
        """The moment of ``key`` is ``at`` from now on."""
        if self._at.get(key) == at:
            return
        self._at[key] = at
        moment = at, key
        if self._last is None or moment <= self._last:
            heapq.heappush(self._heap, moment)
            if len(self._heap) > 2 * self._gathered + SOON:
                self._gather()

    def drop(self, key: K) -> None:
        """``key`` has no moment any more, if it had one."""
        if self._at.pop(key, None) is not None and not self._at:
            self.clear()

    def clear(self) -> None:
        """None has a moment any more."""
        self._at.clear()
        self._heap: list[tuple[float, K]] = []
        """Those of up to ``_last``, and what some were before."""
        self._gathered = 0
        self._last: tuple[float, K] | None = None
        """The last that is kept in order; None: all are."""

    @property
    def first(self) -> float:
        """The earliest moment; inf when there is none."""
        while self._at:
            heap = self._heap
            while heap and self._at.get(heap[0][1]) != heap[0][0]:
                heapq.heappop(heap)
            if heap:
                return heap[0][0]
            self._gather()
        return inf

    def pop(self, now: float) -> K | None:
        """Take off the key of the earliest moment, and give it; None when none is by ``now``."""
        if self.first > now or not self._at:
            return None
        _, key = heapq.heappop(self._heap)
        self.drop(key)
        return key

    def _gather(self) -> None:
        """Put those in order that come soonest."""
        soon = max(SOON, len(self._at) // SOON_SHARE)
        last = sorted(self._at.values())[:soon][-1]
        # In order it is a heap. Thousands may have the last moment: only some stand in it.
        self._heap = sorted((at, key) for key, at in self._at.items() if at <= last)[:soon]
        self._gathered, self._last = len(self._heap), self._heap[-1]
