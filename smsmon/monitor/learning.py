"""How a hazard is learnt from answers that tell what changed between two moments, not when.

What is known of an event is a span of ages in which it happened: from the answer before to the
one that showed it, or a second where the API gives a date. To take its middle would bias the
curve: most of what happens in a long time unseen happens early in it. So each event counts in
all bins of its span, in each by how likely it happened there by what is known so far, and the
recipient was watched until then: one step of the self-consistency of Turnbull (JRSS B 38, 1976)
for each answer, which with forgetting becomes an estimate that follows. Who had no event was
watched all the time; nothing is taken from before the first answer (left truncation).

Delays change, at once and by much: a route is lost, an operator is down. Each bin is watched for
that by two sums (Page's CUSUM), one for a hazard that is several times higher and one for a lower
one. Where a sum grows past chance, the bin forgets all that was before the sum began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, expm1, isfinite, log

from smsmon.monitor.hazard import Curve

STRENGTH = 1.0
"""Pretended events for each bin that draw the learned rate towards the built-in one."""
MEMORY = 300.0
"""Events, or expected events, over which a bin forgets all but a third: habits drift."""
SETTLED = 20.0
"""Events, or expected events, from which a bin is known well enough to say that it changed."""
CHANGED_BY = 3.0
"""How many times higher or lower the hazard is that the sums look for."""
CERTAIN = 8.0
"""The sum, a logarithm of a likelihood ratio, at which it is taken for no chance: about a dozen
events, or a dozen that did not come. Ten minutes after delays became ten times as long, changes
show 1.1 times as late as where the truth is known; by forgetting alone it is 1.2 to 1.3 times."""

Span = tuple[float, float]
"""Two ages between which an event happened; the same twice where that is known."""


class _Sum:
    """Whether the events of a bin look ``factor`` times as frequent, since when, and what came."""

    __slots__ = ("_factor", "_gain", "events", "exposure", "height")

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._gain = log(factor)
        self.clear()

    def clear(self) -> None:
        self.height = self.events = self.exposure = 0.0

    def add(self, events: float, exposure: float, expected: float) -> bool:
        """Take in events where so many were ``expected``; True when it is no chance any more.

        What one answer tells counts as one event at most: recipients of a message share its fate.
        """
        share = 1.0 / max(1.0, events, expected)
        self.height += share * (events * self._gain - expected * (self._factor - 1.0))
        if self.height <= 0.0:
            self.clear()
            return False
        self.events += events
        self.exposure += exposure
        return self.height > CERTAIN


class LearnedCurve(Curve):
    """A curve that starts as ``prior`` and follows what is observed.

    The rate of a bin is (events + k) ÷ (recipient-seconds + k ÷ prior rate): with little
    observed it stays near the prior, with much it is the account's own.
    """

    __slots__ = ("_events", "_exposure", "_prior", "_sums")

    def __init__(self, prior: Curve) -> None:
        super().__init__(prior.rates, prior.edges)
        self._prior = prior
        self._events = [0.0] * len(self.rates)
        self._exposure = [0.0] * len(self.rates)
        self._sums = [(_Sum(CHANGED_BY), _Sum(1.0 / CHANGED_BY)) for _ in self.rates]

    def observe(
        self, start: float, end: float, left: int, events: Mapping[Span, int], weight: float
    ) -> None:
        """Take in that between the ages ``start`` and ``end`` recipients were watched.

        ``left`` of them had no event; ``events`` says how many had it within which span.
        ``weight``, from 0 to 1, says how much one recipient counts.
        """
        first, last = self.bin_of(start), self.bin_of(end)
        came = [0.0] * (last - first + 1)
        watched = [0.0] * (last - first + 1)
        self._expose(watched, first, start, end, left * weight)
        for (low, high), count in events.items():
            self._expose(watched, first, start, low, count * weight)
            self._spread(came, watched, first, low, high, count * weight)
        for place, (news, seconds) in enumerate(zip(came, watched, strict=True), first):
            if seconds or news:
                self._take(place, news, seconds)

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

    def _expose(
        self, watched: list[float], first: int, start: float, end: float, recipients: float
    ) -> None:
        """So many recipients were watched from one age to another."""
        if not recipients:
            return
        last = self.bin_of(end)
        for place in range(self.bin_of(start), last):
            edge = self.edges[place + 1]
            watched[place - first] += (edge - start) * recipients
            start = edge
        watched[last - first] += (end - start) * recipients

    def _spread(
        self,
        came: list[float],
        watched: list[float],
        first: int,
        low: float,
        high: float,
        recipients: float,
    ) -> None:
        """So many events happened between two ages: in each bin as many as are to be expected."""
        place, last = self.bin_of(low), self.bin_of(high)
        total = self.expected(low, high)
        if place == last or total <= 0.0:
            came[place - first] += recipients
            watched[place - first] += recipients * _mean_wait(self.rates[place], high - low)
            return
        all_of_them = -expm1(-total)
        waiting, hazard = 1.0, 0.0
        while place <= last:
            end = high if place == last else self.edges[place + 1]
            width, rate = end - low, self.rates[place]
            hazard += rate * width
            here = waiting * -expm1(-rate * width) / all_of_them
            waiting = exp(-hazard)
            later = max(0.0, (waiting - exp(-total)) / all_of_them)
            came[place - first] += recipients * here
            watched[place - first] += recipients * (later * width + here * _mean_wait(rate, width))
            place, low = place + 1, end

    def _take(self, place: int, events: float, exposure: float) -> None:
        prior = self._prior.rates[place]
        before = max(self._events[place], self._exposure[place] * prior)
        own = (self._events[place] + 0.5) / (self._exposure[place] + 0.5 / prior)
        expected = exposure * own
        kept = exp(-max(events, expected) / MEMORY)
        self._events[place] = self._events[place] * kept + events
        self._exposure[place] = self._exposure[place] * kept + exposure
        sums = self._sums[place]
        turned = before > SETTLED and [
            each for each in sums if each.add(events, exposure, expected)
        ]
        if turned:
            self._events[place], self._exposure[place] = turned[0].events, turned[0].exposure
            for each in sums:
                each.clear()
        self._reckon(place)

    def _reckon(self, place: int) -> None:
        prior = self._prior.rates[place]
        expected = self._exposure[place] * prior
        self.rates[place] = prior * (self._events[place] + STRENGTH) / (expected + STRENGTH)


def _mean_wait(rate: float, width: float) -> float:
    """Seconds until an event that happens within ``width`` seconds, on average."""
    hazard = rate * width
    if hazard < 1e-4:
        return width * (0.5 - hazard / 12.0)
    if hazard > 500.0:
        return 1.0 / rate
    return 1.0 / rate - width / expm1(hazard)
