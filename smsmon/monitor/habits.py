"""How likely news is: the chance per second by the age of a message, and how it is learnt.

The *hazard* at an age is the rate at which recipients still waiting at that age turn final.
It is kept as constant rates over a fixed ladder of ages, which makes it cheap to walk and
simple to learn: events divided by recipient-seconds watched, bin by bin, drawn towards the
built-in curve by a fixed number of pretended events (the gamma-Poisson estimate). What an
account's own reports teach are its ``Habits``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, log

from smsmon.model import Transition
from smsmon.monitor.state import Watched

HOUR = 3600.0

EDGES: tuple[float, ...] = (
    0.0, 3.0, 6.0, 10.0, 18.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 2400.0,
    1.5 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 36 * HOUR, 44 * HOUR, 47 * HOUR,
    47.75 * HOUR, 48 * HOUR - 300, 48 * HOUR, 48 * HOUR + 300, 48.25 * HOUR, 48.5 * HOUR,
    49 * HOUR, 50 * HOUR, 54 * HOUR, 72 * HOUR,
)  # fmt: skip
"""Ages, in seconds, where the bins begin; the last bin has no end. About three bins for each
factor of ten, and narrow ones around the wave at 48 hours."""

STRENGTH = 5.0
"""Pretended events for each bin that draw the learned rate towards the built-in one."""
MEMORY = 2000.0
"""Events, or expected events, after which a bin forgets half: an account's habits change."""
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


class LearnedCurve(Curve):
    """A curve that starts as ``prior`` and follows what is observed.

    The rate of a bin is (events + k) ÷ (recipient-seconds + k ÷ prior rate): with little
    observed it stays near the prior, with much it is the account's own.
    """

    __slots__ = ("_events", "_exposure", "_prior")

    def __init__(self, prior: Curve) -> None:
        super().__init__(prior.rates, prior.edges)
        self._prior = tuple(prior.rates)
        self._events = [0.0] * len(self.rates)
        self._exposure = [0.0] * len(self.rates)

    def observe(
        self, start: float, end: float, left: int, events: Sequence[float], weight: float
    ) -> None:
        """Take in that between the ages ``start`` and ``end`` recipients were watched.

        ``left`` of them had no event; ``events`` are the ages at which the others had it.
        ``weight``, from 0 to 1, says how much one recipient counts.
        """
        touched = self._expose(start, end, left * weight)
        for age in events:
            self._expose(start, age, weight)
            self._events[self.bin_of(age)] += weight
        for place in touched:
            self._reckon(place)

    def export(self) -> list[list[float]]:
        """What was observed: for each bin its beginning, events and recipient-seconds."""
        return [list(row) for row in zip(self.edges, self._events, self._exposure, strict=True)]

    def load(self, rows: Iterable[Sequence[float]]) -> None:
        """Go on from what ``export`` gave; rows of bins that are no more are passed over."""
        places = {edge: place for place, edge in enumerate(self.edges)}
        for row in rows:
            if len(row) == 3 and row[0] in places and min(row) >= 0 and isfinite(sum(row)):
                place = places[row[0]]
                self._events[place], self._exposure[place] = row[1], row[2]
                self._reckon(place)

    def _expose(self, start: float, end: float, recipients: float) -> range:
        first, last = self.bin_of(start), self.bin_of(end)
        for place in range(first, last):
            edge = self.edges[place + 1]
            self._exposure[place] += (edge - start) * recipients
            start = edge
        self._exposure[last] += (end - start) * recipients
        return range(first, last + 1)

    def _reckon(self, place: int) -> None:
        prior = self._prior[place]
        expected = self._exposure[place] * prior
        if max(self._events[place], expected) > MEMORY:
            self._events[place] /= 2
            self._exposure[place] /= 2
            expected /= 2
        share = (self._events[place] + STRENGTH) / (expected + STRENGTH)
        self.rates[place] = prior * share


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


MESSAGE_WEIGHT = 20
"""Recipients that a message counts as at most: those of one campaign share their fate."""

SURPRISE = 5
"""Recipients that must turn final between two answers before it can be a surprise …"""
SURPRISE_FACTOR = 5.0
"""… and how many times more that must be than the curve expected."""

Learned = Mapping[str, Sequence[Sequence[float]]]
"""What was learnt, as plain numbers that can be written to a file and read back."""


@dataclass(frozen=True, slots=True)
class Past:
    """A message as it was before an answer; the columns are not needed."""

    read_at: float | None
    origin: float
    total: int
    waiting: int
    final: int
    stopped: int

    @classmethod
    def of(cls, watched: Watched) -> Past:
        counts = watched.counts
        return cls(
            watched.read_at,
            watched.origin,
            counts.total,
            counts.total - counts.final,
            counts.final,
            counts.stop,
        )


class Habits:
    """The two curves of one account, corrected with each answer.

    Only what happens between two answers teaches: how many recipients waited, for how long,
    and when those that changed did. What had happened before the first answer does not.
    """

    def __init__(self, learned: Learned | None = None) -> None:
        self.reports = LearnedCurve(built_in_reports())
        self.stops = LearnedCurve(built_in_stops())
        self.load(learned or {})

    def load(self, learned: Learned) -> None:
        """Go on from what ``export`` gave."""
        self.reports.load(learned.get("reports", ()))
        self.stops.load(learned.get("stops", ()))

    @property
    def curves(self) -> tuple[Curve, Curve]:
        """The hazards of a delivery report and of a STOP."""
        return self.reports, self.stops

    def export(self) -> Learned:
        """What was learnt so far: ``Habits(that)`` goes on from there."""
        return {"reports": self.reports.export(), "stops": self.stops.export()}

    def observe(
        self, past: Past, read_at: float, transitions: Sequence[Transition] = ()
    ) -> float | None:
        """Learn from one true answer that came at wall time ``read_at``.

        Gives the new origin of the message's age when the answer shows that it was held until
        now (by night, or until its planned hour): far more turned final than its age explains,
        and more than ever before. Late reports of a message that was long under way are no
        surprise, however many: it began when it began.
        """
        if past.read_at is None or not past.total or read_at <= past.read_at:
            return None
        finals = [
            t for t in transitions if t.after.final and t.before is not None and not t.before.final
        ]
        stops = [
            t for t in transitions if t.stop_after and not t.stop_before and t.before is not None
        ]
        start, end = past.read_at - past.origin, read_at - past.origin
        if len(finals) >= SURPRISE and len(finals) > past.final:
            expected = past.waiting * self.reports.expected(start, end)
            if len(finals) > SURPRISE_FACTOR * expected and start > self.reports.edges[4]:
                dates = [t.date for t in finals if t.date is not None and t.date >= past.read_at]
                return float(min(dates, default=past.read_at))
        if not past.final and not finals and past.total > 1:
            return None  # likely not sent yet: its waiting says nothing about delivery
        weight = min(1.0, MESSAGE_WEIGHT / past.total)
        if past.waiting:
            left = past.waiting - len(finals)
            self.reports.observe(
                start, end, left, _ages(finals, past.read_at, read_at, past.origin), weight
            )
        free = past.total - past.waiting - past.stopped
        if free > 0:
            left = max(0, free - len(stops))
            self.stops.observe(
                start, end, left, _ages(stops, past.read_at, read_at, past.origin), weight
            )
        return None


def _ages(
    transitions: Sequence[Transition], unseen_from: float, read_at: float, origin: float
) -> list[float]:
    """At which age each of them happened: by its date, else in the middle of the time unseen.

    A STOP comes with the date of its delivery status, which lies before the time unseen: it
    falls back to the middle too.
    """
    middle = (unseen_from + read_at) / 2
    dates = [t.date if t.date is not None else middle for t in transitions]
    return [(date if unseen_from - 1 <= date <= read_at else middle) - origin for date in dates]
