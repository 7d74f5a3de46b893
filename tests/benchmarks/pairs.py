"""What all benchmarks share: ours beside what a user would otherwise have, and the promise.

A promise is a ratio, so that it means the same on every machine: ours to theirs, measured one
right after the other, again and again; what counts is the median over these pairs. Or it is a
count that no machine changes: bytes, frames, requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Promise:
    """A measured number, and what it may be at most."""

    name: str
    value: float
    bound: float | None = None
    """None: nothing is promised, the number is only told."""
    unit: str = "×"
    about: str = ""

    @property
    def kept(self) -> bool:
        return self.bound is None or self.value <= self.bound

    def __str__(self) -> str:
        bound = "" if self.bound is None else f"(at most {self.bound:g}) "
        verdict = "" if self.bound is None else "ok" if self.kept else "MISSED"
        return f"  {self.name:<58} {self.value:9,.2f} {self.unit} {bound}{verdict}  {self.about}"


def in_turns(rounds: int, *measures: Measure) -> list[list[float]]:
    """What each measures in so many rounds: back and forth, as a busy moment hits both alike.

    A first round only warms the caches.
    """
    found: list[list[float]] = [[] for _ in measures]
    sides = list(zip(measures, found, strict=True))
    for round_ in range(rounds + 1):
        for measure, values in sides if round_ % 2 else reversed(sides):
            value = measure()
            if round_:
                values.append(value)
    return found


def ratio(
    name: str, ours: Sequence[float], theirs: Sequence[float], bound: float | None = None
) -> Promise:
    """Ours to theirs, of the n-th of one measured with the n-th of the other. Both in seconds."""
    value = median(each / other for each, other in zip(ours, theirs, strict=True))
    return Promise(name, value, bound, about=f"{_time(ours)} : {_time(theirs)}")


def cpu(work: Callable[[], object], times: int = 1) -> Measure:
    """Seconds of processor time of this process, all threads together, for one ``work()``."""
    return _measured(time.process_time, work, times)


def wall(work: Callable[[], object], times: int = 1) -> Measure:
    """Seconds that somebody waits for one ``work()``."""
    return _measured(time.perf_counter, work, times)


def _measured(clock: Callable[[], float], work: Callable[[], object], times: int) -> Measure:
    def measure() -> float:
        began = clock()
        for _ in range(times):
            work()
        return (clock() - began) / times

    return measure


def _time(seconds: Iterable[float]) -> str:
    middle = median(seconds)
    unit, scale = next((u, s) for u, s in (("s", 1), ("ms", 1e3), ("µs", 1e6)) if middle * s >= 1)
    return f"{middle * scale:.3g} {unit}"
