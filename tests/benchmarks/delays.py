"""The world of the freshness benchmark: when changes happen, and its true hazard.

Written from what is documented of the service and from nothing in the engine: most reports in
seconds, some in minutes and hours, some never, STOPs later, and a wave at 48 hours in which
what still waits turns final.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from random import Random

from smsmon.monitor.hazard import Curve

HOUR = 3600.0
EXPIRY = 48 * HOUR
WAVE = 300.0
"""Mean seconds by which the wave reaches a recipient after 48 hours."""
NEVER = 0.008
"""Share of recipients that turn final never."""
LATE = 0.04
"""Share that no phone takes within 48 hours; all but ``NEVER`` turn final in the wave."""
PARTS = ((0.80, 6.0, 0.9), (0.11, 240.0, 1.2), (0.05, 3 * HOUR, 1.2))
"""Share, median seconds and spread (log-normal) of the quick, the slow and the very slow."""
STOPS = (0.01, 1200.0, 1.5)
"""Share of recipients who say STOP; median seconds after delivery, and spread."""


@dataclass(slots=True)
class Sent:
    """One message of the world. Times are seconds from the start."""

    sent: float
    added: float
    """When it came on the watchlist: within ten seconds of being sent."""
    recipients: int
    changes: list[tuple[float, bool]]
    """When what happens, ascending; True for a STOP, False for a delivery status."""


def world(seed: int, messages: int, slow: float = 1.0) -> list[Sent]:
    """``messages`` sent over two hours, 1 to 500 recipients each, delays ``slow`` times as long."""
    rng = Random(seed)
    found = []
    for _ in range(messages):
        sent = rng.uniform(0, 2 * HOUR)
        recipients = int(exp(rng.uniform(0, log(501))))
        changes: list[tuple[float, bool]] = []
        for _ in range(recipients):
            delay = one_delay(rng, slow)
            if delay is None:
                continue
            changes.append((sent + delay, False))
            share, median, spread = STOPS
            if rng.random() < share:
                changes.append((sent + delay + rng.lognormvariate(log(median), spread), True))
        found.append(Sent(sent, sent + rng.uniform(0, 10), recipients, sorted(changes)))
    return found


def truth(slow: float = 1.0) -> tuple[Curve, Curve]:
    """The true hazards of this world, of delivery reports and of STOPs, over fine bins."""
    edges = [0.0]
    while edges[-1] < EXPIRY:
        edges.append(min(max(edges[-1] * 1.08, edges[-1] + 0.5), EXPIRY))
    edges += [EXPIRY + 60 * minute for minute in range(1, 90)]
    ends = [*edges[1:], 96 * HOUR]
    reports = [
        log(_waiting(low, slow) / _waiting(high, slow)) / (high - low)
        for low, high in zip(edges, ends, strict=True)
    ]
    stops = [
        (_stopped(high, slow) - _stopped(low, slow)) / (high - low)
        for low, high in zip(edges, ends, strict=True)
    ]
    return Curve(reports, edges), Curve(stops, edges)


def one_delay(rng: Random, slow: float = 1.0) -> float | None:
    """After how many seconds a report comes; None: never."""
    luck = rng.random()
    if luck < NEVER:
        return None
    delay = EXPIRY
    luck -= LATE
    for share, median, spread in PARTS:
        if 0 <= luck < share:
            delay = slow * rng.lognormvariate(log(median), spread)
        luck -= share
    return delay if delay < EXPIRY else EXPIRY + rng.expovariate(1 / WAVE)


def _waiting(age: float, slow: float) -> float:
    """Share of recipients still waiting at ``age``."""
    before = min(age, EXPIRY) / slow
    left = LATE + sum(share * _beyond(before, median, spread) for share, median, spread in PARTS)
    if age > EXPIRY:
        left = NEVER + (left - NEVER) * exp((EXPIRY - age) / WAVE)
    return left


def _stopped(age: float, slow: float) -> float:
    """Share who said STOP by ``age``; as if everyone had been delivered at the median."""
    share, median, spread = STOPS
    return share * (1 - _beyond(max(age - PARTS[0][1] * slow, 1e-3), median, spread))


def _beyond(value: float, median: float, spread: float) -> float:
    """The chance that a log-normal delay is longer than ``value``."""
    return 1.0 if value <= 0 else 0.5 * erfc(log(value / median) / spread / sqrt(2))
