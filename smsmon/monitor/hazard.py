"""How soon a report comes: the chance per second, by the age of a message, and how it learns.

The *hazard* at an age is the rate at which recipients still waiting at that age turn final.
It is kept as constant rates over a fixed ladder of ages, which makes it cheap to walk and
simple to learn: events divided by recipient-seconds watched, bin by bin, drawn towards the
built-in curve by a fixed number of pretended events (the gamma-Poisson estimate).
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
    """A hazard by age, constant over each bin of ``EDGES``: events per second and recipient."""

    __slots__ = ("rates",)

    def __init__(self, rates: Sequence[float]) -> None:
        if len(rates) != len(EDGES):
            raise ValueError(f"a curve needs {len(EDGES)} rates, not {len(rates)}")
        self.rates = list(rates)

    def rate(self, age: float) -> float:
        """Events per second for one recipient at ``age`` seconds; before 0 as at 0."""
        return self.rates[bin_of(age)]


def bin_of(age: float) -> int:
    """The bin of ``EDGES`` that holds ``age``."""
    return bisect_right(EDGES, age) - 1 if age > 0 else 0


def curve_through(shares: Iterable[tuple[float, float]]) -> Curve:
    """The curve under which ``shares`` of recipients are left at those ages.

    Between two ages the hazard is constant; a bin that spans several gets their average.
    """
    pieces = [
        (start, end, log(before / after) / (end - start))
        for (start, before), (end, after) in pairwise(shares)
    ]
    rates = []
    for low, high in zip(EDGES, [*EDGES[1:], 2 * EDGES[-1]], strict=True):
        hits = sum(rate * max(0.0, min(high, end) - max(low, start)) for start, end, rate in pieces)
        rates.append(hits / (high - low))
    return Curve(rates)


def built_in_reports() -> Curve:
    """The hazard of a delivery report, before anything is learnt."""
    return curve_through(_WAITING_AT)


def built_in_stops() -> Curve:
    """The hazard of a STOP, before anything is learnt."""
    return curve_through(_STOPPED_AT)
