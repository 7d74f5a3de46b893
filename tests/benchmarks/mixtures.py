"""Watchlists as accounts have them: streams of messages of several kinds, and the true hazards.

Written from nothing in the engine. A kind says how many recipients a message has and how long
their reports take; some are held for the night. From a moment on delays can be longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import erfc, exp, log, sqrt
from random import Random

from smsmon.monitor.hazard import Curve
from tests.benchmarks.delays import Sent

MINUTE, HOUR = 60.0, 3600.0
STOPS = (0.01, 1200.0, 1.5)
"""Share of the recipients who say STOP; median seconds after delivery, and spread."""
NEVER = 0.003
"""Share of reports that never come."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Messages that are alike."""

    name: str
    an_hour: float
    """How many of them are sent in an hour, at random moments."""
    recipients: tuple[int, int]
    """At least and at most; in between each factor is as common."""
    parts: tuple[tuple[float, float, float], ...]
    """Share, median seconds and spread (log-normal) of the reports."""
    added: float
    """Seconds after the sending within which one is put on the watchlist."""
    held_until: float = 0.0
    """Second at which all go out that were sent before it."""


CODES = Kind("codes", 1200, (1, 1), ((0.87, 5.0, 0.8), (0.1, 90.0, 1.2), (0.027, 2 * HOUR, 1)), 2)
REMINDERS = Kind(
    "reminders", 30, (2, 60), ((0.75, 40.0, 1.0), (0.2, 1200.0, 1.2), (0.047, 5 * HOUR, 1.0)), 20
)
CAMPAIGNS = Kind("campaigns", 4, (100, 500), ((0.7, 720.0, 1.0), (0.297, 2 * HOUR, 1.0)), 60)


@dataclass(frozen=True, slots=True)
class Stream:
    """Messages of some kinds over a time, the delays of all that are sent after ``turn`` longer."""

    kinds: tuple[Kind, ...]
    seconds: float
    turn: float = float("inf")
    slower: float = 1.0

    def world(self, seed: int) -> list[tuple[Sent, Kind]]:
        """Messages with all that happens to them, in the order in which they are added."""
        rng = Random(seed)
        found = [
            (self._sent(kind, rng), kind)
            for kind in self.kinds
            for _ in range(round(kind.an_hour * self.seconds / HOUR))
        ]
        return sorted(found, key=lambda each: each[0].added)

    def slow(self, message: Sent) -> float:
        return self.slower if message.sent >= self.turn else 1.0

    def _sent(self, kind: Kind, rng: Random) -> Sent:
        sent = rng.uniform(0, self.seconds)
        added = sent + rng.uniform(0, kind.added)
        goes = max(sent, kind.held_until)
        low, high = kind.recipients
        recipients = int(exp(rng.uniform(log(low), log(high + 0.999))))
        slow = self.slower if sent >= self.turn else 1.0
        changes = [change for _ in range(recipients) for change in _changes(kind, goes, slow, rng)]
        return Sent(sent, added, recipients, sorted(changes))


def _changes(kind: Kind, goes: float, slow: float, rng: Random) -> Iterator[tuple[float, bool]]:
    luck = rng.random()
    for share, median, spread in kind.parts:
        if luck < share:
            at = goes + slow * rng.lognormvariate(log(median), spread)
            yield at, False
            if rng.random() < STOPS[0]:
                yield at + rng.lognormvariate(log(STOPS[1]), STOPS[2]), True
            return
        luck -= share


class Hazard(Curve):
    """A true hazard over fine bins, and what is to be expected of it."""

    def __init__(self, rates: list[float], edges: list[float]) -> None:
        super().__init__(rates, edges)
        self._events, self._seconds = [0.0], [0.0]
        for rate, low, high in zip(rates, edges, edges[1:], strict=False):
            width = high - low
            self._seconds.append(self._seconds[-1] + width * (self._events[-1] + rate * width / 2))
            self._events.append(self._events[-1] + rate * width)

    def until(self, age: float) -> float:
        """Events expected of one recipient until ``age``."""
        place = self.bin_of(age)
        return self._events[place] + (age - self.edges[place]) * self.rates[place]

    def unseen(self, since: float, age: float) -> float:
        """Seconds by which events after ``since`` are older than that at ``age``, all together."""
        return self._area(age) - self._area(since) - (age - since) * self.until(since)

    def happened(self, since: float, begun: float, age: float) -> float:
        """Events expected between two ages of one of whom nothing is known after ``since``."""
        return self.until(age) - self.until(begun)

    def _area(self, age: float) -> float:
        place = self.bin_of(age)
        wide = age - self.edges[place]
        return self._seconds[place] + wide * (self._events[place] + self.rates[place] * wide / 2)


class Waiting(Hazard):
    """The same where each recipient has one event."""

    def __init__(self, rates: list[float], edges: list[float]) -> None:
        super().__init__(rates, edges)
        self._left, self._waited = [exp(-events) for events in self._events], [0.0]
        for rate, before, after in zip(rates, self._left, self._left[1:], strict=False):
            self._waited.append(self._waited[-1] + (before - after) / rate)

    def left(self, age: float) -> float:
        """The share that is waiting at ``age``."""
        return exp(-self.until(age))

    def unseen(self, since: float, age: float) -> float:
        return age - since - (self._stay(age) - self._stay(since)) / self.left(since)

    def happened(self, since: float, begun: float, age: float) -> float:
        return (self.left(begun) - self.left(age)) / self.left(since)

    def _stay(self, age: float) -> float:
        place = self.bin_of(age)
        return self._waited[place] + (self._left[place] - self.left(age)) / self.rates[place]


@lru_cache
def truth(kind: Kind, slow: float) -> tuple[Waiting, Hazard]:
    """The true hazards of a kind, of delivery reports and of STOPs."""
    edges = [0.0]
    while edges[-1] < 48 * HOUR:
        edges.append(max(edges[-1] * 1.08, edges[-1] + 0.5))
    ends = [*edges[1:], edges[-1] * 2]
    reports = [
        max(1e-12, log(_waiting(kind, low / slow) / _waiting(kind, high / slow)) / (high - low))
        for low, high in zip(edges, ends, strict=True)
    ]
    median = kind.parts[0][1] * slow
    share, *how = STOPS
    stops = [
        share * (_beyond(low - median, *how) - _beyond(high - median, *how)) / (high - low)
        for low, high in zip(edges, ends, strict=True)
    ]
    return Waiting(reports, edges), Hazard(stops, edges)


def _waiting(kind: Kind, age: float) -> float:
    return NEVER + sum(share * _beyond(age, *how) for share, *how in kind.parts)


def _beyond(value: float, median: float, spread: float) -> float:
    """The chance that a log-normal delay is longer than ``value``."""
    return 1.0 if value <= 0 else 0.5 * erfc(log(value / median) / spread / sqrt(2))
