"""How long a message can wait for its next poll: pure functions.

Polls are the scarce good, so each goes where it saves the most lateness. If changes come at
``rate`` per second, polling every ``interval`` seconds makes the screen late by
``rate × interval / 2`` recipient-seconds each second, and costs ``1 / interval`` requests.
With one request worth ``price`` recipient-seconds, the sum is least at
``interval = sqrt(2 × price / rate)``: the square-root rule (known from keeping crawled pages
fresh). Put differently: poll once the changes unseen have grown to ``sqrt(2 × price × rate)``,
as many as come in such an interval. In that form it looks ahead by itself, and is the best there
is where the rate changes fast: to wait a second longer costs as much as is unseen, and saves what
would come in the interval after. While the rate falls, as it does after the first seconds, that
polls earlier than the mean rate would; a hump on the way brings the poll forward. Of codes it is
within a few hundredths of what dynamic programming finds (``python -m tests.benchmarks schedule``).

Of a complete message only a STOP is to be expected, evenly and for long: it is polled once the
lateness expected has grown to ``price``, which for an even rate is the same.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from math import inf, sqrt

from smsmon.monitor.hazard import Curve

NOT_FOUND_INTERVALS = (10.0, 30.0, 120.0)
"""Seconds until the next try after a first, second, third "not found": a new message may take
a moment to appear. After that, the longest interval."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the engine may ask for."""

    per_minute: int = 600
    """Requests in any 60 seconds, for each address; the API's own limit is 2,000."""
    min_interval: float = 5.0
    """Seconds between two polls of one message, at least; the open message has exactly this."""
    max_interval: float = 900.0
    """Seconds between two polls of one message, at most, unless the budget stretches it."""
    concurrency: int = 8
    """Requests in flight at once, over all accounts."""
    price: float = 3.0
    """Recipient-seconds of lateness that one request is worth saving."""
    batch_price: float = 1.0
    """Recipient-seconds of lateness that a request for many messages is worth saving. Less than
    for one: it is codes that are read so, and of them a second counts."""
    batch: bool = True
    """Small messages are read many in one request, where that is proved to be right."""

    def __post_init__(self) -> None:
        if not 1 <= self.per_minute <= 2000:
            raise ValueError("the limit of requests a minute must be from 1 to 2000")
        if not 1.0 <= self.min_interval <= self.max_interval:
            raise ValueError("intervals must be 1 s or more, the least not above the greatest")
        if self.concurrency < 1 or self.price <= 0:
            raise ValueError("concurrency and price must be positive")


@lru_cache(100)
def for_many(limits: Limits, share: float) -> Limits:
    """The limits with a price of so much of a request for many."""
    return replace(limits, price=limits.batch_price * share)


def next_interval(
    age: float,
    waiting: float,
    others: int,
    reports: Curve,
    stops: Curve,
    limits: Limits,
    stretch: float = 1.0,
) -> float:
    """Seconds between a poll of a message and the next, before stretching.

    ``age`` counts from when its reports began to come; ``waiting`` recipients may turn final,
    ``others`` (final or unknown) may still say STOP. At most ``max_interval`` where there is
    enough for all; it may be below ``min_interval``, which the agenda keeps: under scarcity it
    still tells who needs it more.

    ``stretch`` is the factor by which intervals are stretched at present. A stretched interval
    looks further ahead (its price is that factor squared), so a hump is not leapt over then
    either; what is given here is that interval divided by the factor. ``max_interval`` grows with
    that square too: what is read for no other reason than to keep it gives way first.
    """
    most = limits.max_interval * stretch
    longest = most * stretch
    price = limits.price * stretch * stretch
    age = max(age, 0.0)
    edges = reports.edges
    place = bisect_right(edges, age) - 1
    report_rates, stop_rates = reports.rates, stops.rates
    last = len(edges) - 1
    elapsed = expected = late = 0.0  # seconds; changes unseen by then; their lateness so far
    while True:
        rate = waiting * report_rates[place] + others * stop_rates[place]
        room = longest - elapsed
        if place < last:
            room = min(room, edges[place + 1] - age - elapsed)
        if waiting:
            missing = sqrt(2 * price * rate) - expected
            wait = missing / rate if missing > 0 else 0.0 if expected else inf
        else:
            short = price - late
            # expected·s + rate·s²/2 = short, in the form that is exact for rate → 0 too.
            root = expected + sqrt(expected * expected + 2 * rate * short)
            wait = 2 * short / root if root else inf
        if wait <= room:
            return min((elapsed + wait) / stretch, most)  # else it may be above by a last digit
        late += room * (expected + rate * room / 2)
        expected += rate * room
        elapsed += room
        if elapsed >= longest or place == last:
            return most
        place += 1


def usual_rate(
    age: float, waiting: int, others: int, reports: Curve, stops: Curve, limits: Limits
) -> float:
    """Reads a second that suit a message of that age where there is room for all, as long as the
    rate of news stays as it is: the square-root rule."""
    rate = waiting * reports.rate(age) + others * stops.rate(age)
    reads = sqrt(rate / (2 * limits.price))
    return min(max(reads, 1 / limits.max_interval), 1 / limits.min_interval)


def not_found_interval(times: int, limits: Limits) -> float:
    """Seconds until a message is tried again that was not found ``times`` times in a row."""
    if times <= len(NOT_FOUND_INTERVALS):
        return min(NOT_FOUND_INTERVALS[max(times, 1) - 1], limits.max_interval)
    return limits.max_interval


def spread(message_id: str) -> float:
    """A stable place from 0 to 1 for a message, the same after a restart."""
    digest = blake2b(message_id.encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48
