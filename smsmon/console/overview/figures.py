"""What the overview is drawn from: the numbers in the columns of many messages.

A ``FigureCache`` reckons in a thread while the board lives on: it is given the immutable columns of
the messages, captured on the event loop. 1,000 messages of 500 recipients take about a tenth
of a second of CPU the first time, and after that only what changed is reckoned anew. No
Textual. All moments are wall-clock seconds since the epoch, all durations whole seconds.

Formulas:

* A *report* is a recipient that is final, dated by the API (or, in a message without any
  plausible date, by when it was seen to change).
* It *took* its date less the *beginning* of its message: the earliest date the message had
  while reports were still to come. A message that was all final at the first look has no known
  beginning: nobody saw how long its recipients waited, so it counts for no duration.
* Quantiles are nearest-rank over the reports whose beginning is known.
* The delivery curve is the cumulative incidence (Aalen and Johansen): for one message it is
  delivered ÷ recipients; over messages of different ages, recipients that still wait count as
  under way for as long as they have waited, and no longer.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import accumulate, chain, compress
from math import log10

from smsmon.countries import by_country
from smsmon.model import Counts
from smsmon.monitor.board import Board
from smsmon.monitor.state import DATE_SLACK, Watched
from smsmon.recipients import EARLIEST_DATE, Recipients, Status

HOUR = 3600
LONGEST = 60 * HOUR
"""Seconds: the end of the axis of durations, past the wave in which reports turn final at 48 h."""

POINTS = (*(10 ** (place * log10(LONGEST) / 160) for place in range(160)), float(LONGEST))
"""Seconds at which the curve is told: evenly spread over a logarithmic axis from one second."""

BINS = (
    0, 2, 3, 4, 6, 10, 16, 25, 40, 60, 100, 160, 250, 400, 600, 1000, 1600, 2400, 3600, 5700,
    9000, 4 * HOUR, 23_000, 10 * HOUR, 57_600, 90_000, 129_600, 48 * HOUR, LONGEST,
)  # fmt: skip
"""Where the bins of durations begin, in seconds, about five for a factor of ten; a report later
than the last counts in the last bin. The first hold one second each: dates are no finer."""

RANKED = 100
"""Messages in a ranking: more than any screen shows."""

_FLAGS = {
    status: bytes(int(value == status) for value in range(256))
    for status in (Status.DELIVERED, Status.NOT_DELIVERED)
}


@dataclass(frozen=True, slots=True)
class Captured:
    """One message as it stood at a moment; nothing in it is written any more."""

    id: str
    label: str
    counts: Counts
    recipients: Recipients
    began: float | None
    """When its reports began to come; None: nobody saw it."""
    read_at: float | None
    changed_at: array[float] | None = None
    """A copy, in place of the dates where no date is plausible."""


def capture(board: Board) -> list[Captured]:
    """Every message that was read, and is loaded. Cheap: columns are referred to, not copied."""
    known = (each for each in board if each.read_at is not None and each.loaded)
    return [_captured(watched) for watched in known]


def _captured(watched: Watched) -> Captured:
    return Captured(
        id=watched.id,
        label=watched.entry.label,
        counts=watched.counts,
        recipients=watched.recipients,
        began=_began(watched),
        read_at=watched.read_at,
        changed_at=None if watched.origin_dated else watched.changed_at[:],
    )


def _began(watched: Watched) -> float | None:
    if watched.first_read_at is None or watched.last_change_at is None:
        return None
    if watched.complete and watched.last_change_at <= watched.first_read_at:
        return None
    return watched.origin if watched.origin_dated else watched.first_read_at


@dataclass(frozen=True, slots=True)
class DeliveryCurve:
    """Which share of recipients had its report so long after the beginning of its message."""

    delivered: tuple[float, ...] = ()
    """At each of ``POINTS``, from 0 to 1; ends with the first at which no message is older."""
    not_delivered: tuple[float, ...] = ()
    recipients: int = 0
    arrived: int = 0
    """How many of them are delivered by now."""
    half: int | None = None
    """Seconds in which half of the recipients were delivered; None: that is not so yet."""
    most: int | None = None
    """The same for nine in ten."""
    estimated: bool = False
    """True: fewer of the recipients than that are delivered by now, of what ``half`` or ``most``
    tells; those of young messages are expected to go the way of the older ones."""
    age: int = 0
    """Seconds over which the oldest message was followed."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long final reports took, delivered or not."""

    reports: int = 0
    median: int | None = None
    ninetieth: int | None = None
    ninety_ninth: int | None = None
    bins: tuple[int, ...] = (0,) * len(BINS)


@dataclass(frozen=True, slots=True)
class Flow:
    """Final reports by when they came, in equal steps of time."""

    start: float
    step: int
    """Seconds; ``start`` is a multiple of it."""
    delivered: tuple[int, ...] = ()
    not_delivered: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Country:
    """The recipients of one country."""

    region: str
    """ISO 3166 code; empty for numbers that tell none."""
    delivered: int = 0
    not_delivered: int = 0
    rest: int = 0
    """Waiting or unknown."""

    @property
    def recipients(self) -> int:
        return self.delivered + self.not_delivered + self.rest

    @property
    def final(self) -> int:
        return self.delivered + self.not_delivered

    @property
    def delivery_rate(self) -> float | None:
        """Delivered ÷ final; None while nothing is final."""
        return self.delivered / self.final if self.final else None


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the plots show of some messages. Equal figures make equal plots."""

    messages: int
    counts: Counts
    curve: DeliveryCurve
    durations: Durations
    flow: Flow
    countries: tuple[Country, ...]
    """The most recipients first."""
    unseen: int
    """Messages that were all final at the first look."""
    stops: tuple[tuple[str, str, int, int], ...] = ()
    """(Id, label, STOPs, delivered) of messages with STOPs, the most first; at most ``RANKED``."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The time that is looked at: ``steps`` steps of ``step`` seconds."""

    step: int
    steps: int

    def start(self, now: float) -> float:
        """Where it begins when its last step is the one of ``now``."""
        return (now // self.step + 1 - self.steps) * self.step

    def counted(self, moments: Iterable[tuple[float, int]], now: float) -> tuple[int, ...]:
        """The numbers of (moment, number) added up, step by step; what lies outside is left out."""
        start, counts = self.start(now), [0] * self.steps
        for moment, number in moments:
            place = int((moment - start) // self.step)
            if 0 <= place < self.steps:
                counts[place] += number
        return tuple(counts)


@dataclass(slots=True)
class _MessageFigures:
    """What the columns of one message told."""

    source: Captured
    delivered: Counter[int]
    """Date → reports."""
    not_delivered: Counter[int]
    countries: Mapping[str, Sequence[int]]
    """Region → delivered, not delivered, the rest."""


@dataclass(slots=True)
class FigureCache:
    """Reckons figures; keeps what a message told for as long as its columns stay the same."""

    _messages: dict[str, _MessageFigures] = field(default_factory=dict)

    def reckon(
        self, sources: Sequence[Captured], now: float, axis: TimeAxis, only: str | None = None
    ) -> tuple[Figures, Figures | None]:
        """The figures of all ``sources``, and of the one message ``only``, if it is there.

        To be called by one thread at a time.
        """
        kept, self._messages = self._messages, {}
        for source in sources:
            self._messages[source.id] = _up_to_date(kept.get(source.id), source, now)
        of_all = _figures(list(self._messages.values()), now, axis)
        one = None if only is None else self._messages.get(only)
        return of_all, None if one is None else _figures([one], now, axis)


def _up_to_date(message: _MessageFigures | None, source: Captured, now: float) -> _MessageFigures:
    if message is not None and message.source.recipients is source.recipients:
        message.source = source
        return message
    return _MessageFigures(
        source,
        _dates(source, Status.DELIVERED, now),
        _dates(source, Status.NOT_DELIVERED, now),
        by_country(source.recipients),
    )


def _dates(source: Captured, status: Status, now: float) -> Counter[int]:
    flags = source.recipients.statuses.translate(_FLAGS[status])
    dates: Iterable[int] = source.recipients.dates
    if source.changed_at is not None:
        dates = map(int, source.changed_at)
    counted = Counter(compress(dates, flags))
    end = now + DATE_SLACK
    for date in [date for date in counted if not EARLIEST_DATE <= date <= end]:
        del counted[date]
    return counted


def _figures(messages: Sequence[_MessageFigures], now: float, axis: TimeAxis) -> Figures:
    sources = [message.source for message in messages]
    counts = Counts()
    for source in sources:
        counts += source.counts
    seen = [message for message in messages if message.source.began is not None]
    delivered = _took((message.source, message.delivered) for message in seen)
    not_delivered = _took((message.source, message.not_delivered) for message in seen)
    stopped = [source for source in sources if source.counts.stop]
    return Figures(
        messages=len(sources),
        counts=counts,
        curve=curve(delivered, not_delivered, _under_way(seen)),
        durations=durations(delivered + not_delivered),
        flow=_flow(messages, now, axis),
        countries=_countries(messages),
        unseen=len(messages) - len(seen),
        stops=tuple(
            (each.id, each.label, each.counts.stop, each.counts.delivered)
            for each in nlargest(RANKED, stopped, key=lambda source: source.counts.stop)
        ),
    )


def _took(dates: Iterable[tuple[Captured, Counter[int]]]) -> Counter[int]:
    """Seconds from the beginning → reports."""
    took: Counter[int] = Counter()
    for source, counted in dates:
        began = int(source.began or 0)
        for date, count in counted.items():
            took[max(0, date - began)] += count
    return took


def _under_way(messages: Iterable[_MessageFigures]) -> Counter[int]:
    """Seconds over which they were followed → recipients that are not final, or not dated."""
    ages: Counter[int] = Counter()
    for message in messages:
        source = message.source
        dated = message.delivered.total() + message.not_delivered.total()
        if source.began is not None and source.read_at is not None:
            ages[max(0, int(source.read_at - source.began))] += len(source.recipients) - dated
    return ages


def curve(
    delivered: Counter[int], not_delivered: Counter[int], left: Counter[int]
) -> DeliveryCurve:
    """The delivery curve. All three are seconds → recipients; ``left`` were followed no longer.

    An age in ``left`` counts for how far the curve goes even where nobody was left.
    """
    at_risk = recipients = delivered.total() + not_delivered.total() + left.total()
    moments = sorted({*delivered, *not_delivered, *(age for age, count in left.items() if count)})
    times: list[int] = []
    shares: list[tuple[float, float]] = []
    waiting, arrived, failed = 1.0, 0.0, 0.0
    for moment in moments:
        good, bad = delivered[moment], not_delivered[moment]
        if good or bad:
            share = waiting / at_risk
            arrived += share * good
            failed += share * bad
            waiting = max(0.0, waiting - share * (good + bad))
            times.append(moment)
            shares.append((arrived, failed))
        at_risk -= good + bad + left[moment]
    age = max(chain(moments, left), default=0)
    told = [
        shares[place - 1] if (place := bisect_right(times, point)) else (0.0, 0.0)
        for point in POINTS[: bisect_left(POINTS, age) + 1]
    ]
    half, most = _first(times, shares, 0.5), _first(times, shares, 0.9)
    counted = ((share, at) for share, at in ((0.5, half), (0.9, most)) if at is not None)
    return DeliveryCurve(
        delivered=tuple(good for good, _ in told) if recipients else (),
        not_delivered=tuple(bad for _, bad in told) if recipients else (),
        recipients=recipients,
        arrived=delivered.total(),
        half=half,
        most=most,
        estimated=any(
            sum(count for took, count in delivered.items() if took <= at)
            < share * recipients - 1e-6
            for share, at in counted
        ),
        age=age,
    )


def _first(times: Sequence[int], shares: Sequence[tuple[float, float]], share: float) -> int | None:
    # Sums of many small shares fall short of a half by their rounding.
    place = bisect_left(shares, share - 1e-9, key=lambda each: each[0])
    return times[place] if place < len(times) else None


def durations(took: Counter[int]) -> Durations:
    """Quantiles and bins of seconds → reports."""
    reports = took.total()
    if not reports:
        return Durations()
    times = sorted(took)
    up_to = list(accumulate(took[time] for time in times))

    def quantile(hundredths: int) -> int:
        return times[bisect_left(up_to, -(-reports * hundredths // 100))]

    edges = [bisect_left(times, edge) for edge in BINS[1:]] + [len(times)]
    below = [up_to[edge - 1] if edge else 0 for edge in edges]
    bins = [high - low for low, high in zip([0, *below], below, strict=False)]
    return Durations(reports, quantile(50), quantile(90), quantile(99), tuple(bins))


def _flow(messages: Sequence[_MessageFigures], now: float, axis: TimeAxis) -> Flow:
    delivered = (message.delivered.items() for message in messages)
    not_delivered = (message.not_delivered.items() for message in messages)
    return Flow(
        axis.start(now),
        axis.step,
        axis.counted(chain.from_iterable(delivered), now),
        axis.counted(chain.from_iterable(not_delivered), now),
    )


def _countries(messages: Iterable[_MessageFigures]) -> tuple[Country, ...]:
    sums: dict[str, list[int]] = {}
    for message in messages:
        for region, numbers in message.countries.items():
            into = sums.setdefault(region, [0, 0, 0])
            for place, number in enumerate(numbers):
                into[min(place, 2)] += number  # neither delivered nor not: waiting, or unknown
    found = [Country(region, *numbers) for region, numbers in sums.items()]
    return tuple(sorted(found, key=lambda each: (-each.recipients, each.region)))
