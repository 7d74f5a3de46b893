"""Which rows changed a moment ago, and until when that shows. No Textual, no clock of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_STEP = 0.5
"""Seconds: tints end at multiples of this, so that a burst calms down at once."""


class Tints(Generic[K]):
    """The keys that are tinted. Moments are seconds of one clock that never jumps."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[K, float] = {}
        self._batches: deque[tuple[float, set[K]]] = deque()

    def __contains__(self, key: object) -> bool:
        return key in self._until

    def __len__(self) -> int:
        return len(self._until)

    @property
    def next_calm(self) -> float | None:
        """When the next rows calm down; None when none is tinted."""
        return self._batches[0][0] if self._batches else None

    def add(self, keys: Iterable[K], now: float) -> None:
        """Tint ``keys`` from ``now`` on; those tinted already stay so for longer."""
        if self._seconds <= 0:
            return
        step = min(_STEP, self._seconds)
        until = -(-(now + self._seconds) // step) * step
        if not self._batches or self._batches[-1][0] < until:
            self._batches.append((until, set()))
        batch = self._batches[-1][1]
        for key in keys:
            self._until[key] = self._batches[-1][0]
            batch.add(key)

    def calm(self, now: float) -> None:
        """End the tints that are over."""
        while self._batches and self._batches[0][0] <= now:
            until, keys = self._batches.popleft()
            for key in keys:
                if self._until.get(key, now + 1) <= until:
                    del self._until[key]

    def clear(self) -> None:
        """No row is tinted."""
        self._until.clear()
        self._batches.clear()
