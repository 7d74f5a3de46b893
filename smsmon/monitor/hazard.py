"""How likely news is: the chance per second by the age of a message.

The *hazard* at an age is the rate at which recipients still waiting at that age turn final.
It is kept as constant rates over a fixed ladder of ages, which makes it cheap to walk and
simple to learn (``learning``). What is built in is where an account begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log

HOUR = 3600.0

EDGES: tuple[float, ...] = (
    0.0, 3.0, 6.0, 10.0, 18.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 2400.0,
    1.5 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 36 * HOUR, 44 * HOUR, 47 * HOUR,
    47.75 * HOUR, 48 * HOUR - 300, 48 * HOUR, 48 * HOUR + 300, 48.25 * HOUR, 48.5 * HOUR,
    49 * HOUR, 50 * HOUR, 54 * HOUR, 72 * HOUR,
)  # fmt: skip
"""Ages, in seconds, where the bins begin; the last bin has no end. About three bins for each
factor of ten, and narrow ones around the wave at 48 hours."""

_WAITING_AT: tuple[tuple[float, float], ...] = (
    (0.0, 1.0), (6.0, 0.5), (18.0, 0.22), (60.0, 0.1), (300.0, 0.06), (HOUR, 0.035),
    (6 * HOUR, 0.022), (24 * HOUR, 0.015), (47 * HOUR, 0.012), (48 * HOUR - 300, 0.0115),
    (48.5 * HOUR, 0.0035), (50 * HOUR, 0.0025), (72 * HOUR, 0.0022), (240 * HOUR, 0.0015),
)  # fmt: skip
"""Age → share of recipients still waiting, before anything is learnt. Only the shape is
documented (seconds on average, up to 48 hours, a wave at 48 hours); the shares are a guess
that the account's own reports correct."""

_STOPPED_AT: tuple[tuple[float, float], ...] = (
    (0.0, 1.0), (60.0, 0.9995), (HOUR, 0.996), (6 * HOUR, 0.993), (48 * HOUR, 0.990),
    (240 * HOUR, 0.9895),
)  # fmt: skip
"""Age → share of recipients who said no STOP: a guess of one in a hundred, most within the
hour in which people read the message."""


class Curve:
    """A hazard by age, constant over each bin: events per second and recipient.

    ``edges`` are the ages where the bins begin, ascending from 0; the last bin has no end.
    """

    __slots__ = ("edges", "rates")

    def __init__(self, rates: Sequence[float], edges: Sequence[float] = EDGES) -> None:
        if len(rates) != len(edges):
            raise ValueError(f"a curve over {len(edges)} bins needs as many rates")
        self.edges = tuple(edges)
        self.rates = list(rates)

    def bin_of(self, age: float) -> int:
        """The bin that holds ``age`` seconds; before 0 the first."""
        return max(0, bisect_right(self.edges, age) - 1)

    def rate(self, age: float) -> float:
        """Events per second for one recipient at ``age`` seconds."""
        return self.rates[self.bin_of(age)]

    def expected(self, start: float, end: float) -> float:
        """Events expected of one recipient between two ages, had it all the time to come."""
        place = self.bin_of(start)
        total = 0.0
        while place + 1 < len(self.edges) and self.edges[place + 1] < end:
            total += (self.edges[place + 1] - start) * self.rates[place]
            place += 1
            start = self.edges[place]
        return total + (end - start) * self.rates[place]


def curve_through(shares: Iterable[tuple[float, float]]) -> Curve:
    """The curve under which ``shares`` of recipients are left at those ages.

    Between two ages the hazard is constant; a bin that spans several gets their average.
    """
    pieces = [
        (start, end, log(before / after) / (end - start))
        for (start, before), (end, after) in pairwise(shares)
    ]
    rates = []
    for low, high in pairwise([*EDGES, 2 * EDGES[-1]]):
        hits = sum(rate * max(0.0, min(high, end) - max(low, start)) for start, end, rate in pieces)
        rates.append(hits / (high - low))
    return Curve(rates)


def built_in_reports() -> Curve:
    """The hazard of a delivery report, before anything is learnt."""
    return curve_through(_WAITING_AT)


def built_in_stops() -> Curve:
    """The hazard of a STOP, before anything is learnt."""
    return curve_through(_STOPPED_AT)
