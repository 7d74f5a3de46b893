"""How late changes show on watchlists of every kind, against whoever knows the true hazards.

Both have the same requests a minute for the same messages. Ours begins with what is built in and
learns as it goes; the other knows how each kind of message behaves, when each was sent and,
before it is first read, to how many, and reads what has one recipient at the best times there
are (dynamic programming). No batches. Delays are not sampled: how much of what was read how late
was to be expected is summed up from the true hazards, so that luck cancels and a few worlds tell.
"""

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import count
from math import exp, inf, log, sqrt
from statistics import mean

from smsmon.model import Transition
from smsmon.monitor.agenda import Agenda, Stretch
from smsmon.monitor.budget import Budget
from smsmon.monitor.habits import Habits, Past
from smsmon.monitor.hazard import Curve
from smsmon.monitor.schedule import Limits, next_interval
from smsmon.monitor.state import USUAL, Pace
from smsmon.recipients import Status
from tests.benchmarks.delays import Sent
from tests.benchmarks.mixtures import CAMPAIGNS, CODES, HOUR, MINUTE, REMINDERS, Kind, Stream, truth
from tests.benchmarks.pairs import Promise

LEAVE = HOUR
"""Seconds after it is complete until a message leaves the watchlist."""
SEEDS = (1, 2, 3)
LESSON = 2000
"""Reports after which much should be learnt."""


@dataclass(slots=True)
class Seen:
    """What a poller knows of one message. Times are seconds from the start of the world."""

    message: Sent
    kind: Kind
    place: int = 0
    """How many of its changes were seen."""
    origin: float = 0.0
    read_at: float | None = None
    waiting: int = 0
    stopped: int = 0
    complete_at: float | None = None
    pace: Pace = USUAL

    @property
    def begins(self) -> float:
        """When its reports begin to come."""
        return max(self.message.sent, self.kind.held_until)


Expects = Callable[[Seen], tuple[float, float, tuple[Curve, Curve]]]
"""From when the age of a message counts, how many wait, and the hazards that it has."""


class Plan:
    """smsmon's agenda, stretch and rule, with the hazards of whoever is asked."""

    def __init__(self, limits: Limits, expects: Expects) -> None:
        self._limits = limits
        self._expects = expects
        self.agenda = Agenda(limits.min_interval, limits.max_interval)
        self._stretch = Stretch()

    def turn(self, now: float) -> tuple[int | None, float]:
        turn, due = self.agenda.look(now)
        if turn is None:
            return None, due
        self._stretch.note(now, turn.stretched(now))
        return int(turn.message_id), now

    def plan(self, index: int, seen: Seen, now: float) -> None:
        start = max(now, self._expects(seen)[0])  # later than now where it is known to be held
        interval = self._interval(seen, start, self._stretch.factor)
        self.agenda.put(str(index), start, interval)

    def _interval(self, seen: Seen, now: float, stretch: float) -> float:
        origin, waiting, curves = self._expects(seen)
        others = 0 if seen.read_at is None else seen.message.recipients - seen.waiting
        return next_interval(now - origin, waiting, others, *curves, self._limits, stretch)


class Optimal(Plan):
    """The same, but for messages of one that wait: their times are the best there are.

    Found by dynamic programming over the ages at which one can be read and still wait: what it
    costs from there on, at the least, in lateness and in requests at their present price.
    """

    def __init__(self, limits: Limits, stream: Stream) -> None:
        super().__init__(limits, partial(by_truth, stream))
        self._stream = stream

    def _interval(self, seen: Seen, now: float, stretch: float) -> float:
        age = now - seen.begins
        one = seen.waiting and seen.message.recipients == 1
        if not one or not 0 <= age < AGES[-1]:
            return super()._interval(seen, now, stretch)
        price = self._limits.price * stretch**2
        step = round(log(price) / PRICE_STEP)
        slow = self._stream.slow(seen.message)
        best = best_intervals(seen.kind, slow, exp(step * PRICE_STEP), self._limits.min_interval)
        # The best time follows the root of the price within a step of it.
        correction = sqrt(price / exp(step * PRICE_STEP))
        return max(self._limits.min_interval, best[bisect(AGES, age) - 1] * correction) / stretch


PRICE_STEP = 0.2
"""Between the logarithms of two prices for which the best times are sought."""
AGES = [0.0]
while AGES[-1] < 4 * HOUR:
    AGES.append(max(AGES[-1] + 0.5, AGES[-1] * 1.025))


@lru_cache
def best_intervals(kind: Kind, slow: float, price: float, least: float) -> list[float]:
    """After which time to read one recipient again that was found waiting at each of ``AGES``."""
    reports, _ = truth(kind, slow)
    left = [reports.left(age) for age in AGES]
    stayed = [0.0]
    for place in range(1, len(AGES)):
        wide = AGES[place] - AGES[place - 1]
        stayed.append(stayed[-1] + wide * (left[place] + left[place - 1]) / 2)
    cost, best = [0.0] * len(AGES), [AGES[-1]] * len(AGES)
    for place in reversed(range(len(AGES) - 1)):
        cost[place] = inf
        for later in range(place + 1, len(AGES)):
            wait = AGES[later] - AGES[place]
            if wait < least and later < len(AGES) - 1:
                continue
            late = wait - (stayed[later] - stayed[place]) / left[place]
            total = price + late + cost[later] * left[later] / left[place]
            if total < cost[place]:
                cost[place], best[place] = total, wait
            if late > 5 * price:
                break
    return best


def by_habits(habits: Habits, seen: Seen) -> tuple[float, float, tuple[Curve, Curve]]:
    """What smsmon knows; before it was first read, that is its moment alone."""
    if seen.read_at is None:
        return seen.message.added, 1, habits.curves(1)
    waiting = seen.waiting * seen.pace.factor
    return seen.origin, waiting, habits.curves(seen.message.recipients)


def by_truth(stream: Stream, seen: Seen) -> tuple[float, float, tuple[Curve, Curve]]:
    """All that can be known."""
    return seen.begins, seen.waiting, truth(seen.kind, stream.slow(seen.message))


@dataclass(slots=True)
class Outcome:
    """What a way to poll achieved."""

    stream: Stream
    requests: int = 0
    learnt_at: float | None = None
    """When it had seen ``LESSON`` reports."""
    unseen: list[Unseen] = field(default_factory=list)

    def late(self, low: float, high: float) -> float:
        """Mean seconds by which what happened between two moments shows late (Little's law)."""
        late = happened = 0.0
        for each in self.unseen:
            start, end = max(each.watched, low), min(each.until, high)
            if end <= start:
                continue
            message = each.seen.message
            reports, stops = truth(each.seen.kind, self.stream.slow(message))
            hazard = stops if each.stops else reports
            began = each.seen.begins
            since, first, last = (max(0.0, at - began) for at in (each.since, start, end))
            late += each.recipients * (hazard.unseen(since, last) - hazard.unseen(since, first))
            begun = since if each.watched == start else first
            happened += each.recipients * hazard.happened(since, begun, last)
        return late / happened


@dataclass(frozen=True, slots=True)
class Unseen:
    """A time in which nobody looked at a message."""

    seen: Seen
    stops: bool
    """Of STOPs; else of delivery reports."""
    since: float
    """From when on nothing is known; before ``watched`` when it was not on the watchlist yet."""
    watched: float
    until: float
    recipients: int
    """How many of them may have changed."""


def follow(
    stream: Stream, seed: int, per_minute: int, habits: Habits | None, *, best: bool = False
) -> Outcome:
    """Poll a world within so many requests a minute; without ``habits``, by the truth."""
    limits, budget = Limits(per_minute=per_minute), Budget(per_minute)
    expects = partial(by_habits, habits) if habits is not None else partial(by_truth, stream)
    plan = Optimal(limits, stream) if best else Plan(limits, expects)
    outcome, order, reports = Outcome(stream), count(), 0
    world = [
        Seen(message, kind, origin=message.added, waiting=message.recipients)
        for message, kind in stream.world(seed)
    ]
    events = [(seen.message.added, next(order), index) for index, seen in enumerate(world)]
    heapq.heapify(events)  # when which comes; later, when which leaves
    heapq.heappush(events, (inf, next(order), -1))
    now = 0.0
    while now <= stream.seconds:
        while events[0][0] <= now:
            at, _, index = heapq.heappop(events)
            if world[index].complete_at is None:
                plan.plan(index, world[index], at)
            else:
                plan.agenda.drop(str(index))
                outcome.unseen.extend(_unseen(world[index], at))
        chosen, later = plan.turn(now)
        wait = 0.0 if chosen is None else budget.take(now, bid=0.0)
        if chosen is None or wait > 0:
            now = min(now + wait if wait else later, events[0][0])
            continue
        budget.over(now)
        outcome.requests += 1
        seen = world[chosen]
        outcome.unseen.extend(_unseen(seen, now))
        reports += _read(seen, now, habits)
        if reports >= LESSON and outcome.learnt_at is None:
            outcome.learnt_at = now
        if not seen.waiting and seen.complete_at is None:
            seen.complete_at = now
            heapq.heappush(events, (now + LEAVE, next(order), chosen))
        plan.plan(chosen, seen, now)
    for seen in world:
        if seen.complete_at is None or seen.complete_at + LEAVE > stream.seconds:
            outcome.unseen.extend(_unseen(seen, stream.seconds))
    return outcome


def _unseen(seen: Seen, now: float) -> Iterator[Unseen]:
    message = seen.message
    if seen.read_at is None:
        yield Unseen(seen, False, message.sent, message.added, now, message.recipients)
    else:
        free = message.recipients - seen.waiting - seen.stopped
        for stops, recipients in ((False, seen.waiting), (True, free)):
            if recipients:
                yield Unseen(seen, stops, seen.read_at, seen.read_at, now, recipients)


def _read(seen: Seen, now: float, habits: Habits | None) -> int:
    """Take one answer in; gives how many reports it showed."""
    message, start = seen.message, seen.place
    while seen.place < len(message.changes) and message.changes[seen.place][0] <= now:
        seen.place += 1
    fresh = message.changes[start : seen.place]
    dates = [float(int(at)) for at, stop in fresh if not stop]
    if seen.read_at is None:
        if habits is not None:
            habits.meet(message.added, now, message.recipients, dates)
        if fresh:
            seen.origin = float(int(fresh[0][0]))
    elif habits is not None:
        total = message.recipients
        past = Past(
            seen.read_at,
            seen.origin,
            total,
            seen.waiting,
            total - seen.waiting,
            seen.stopped,
            seen.origin,
            seen.pace,
        )
        transitions = [_transition(at, stop, now) for at, stop in fresh]
        seen.pace = habits.pace(past, now, transitions)
        origin = habits.observe(past, now, transitions)
        if origin is not None:
            seen.origin, seen.pace = origin, USUAL
    seen.waiting -= len(dates)
    seen.stopped += len(fresh) - len(dates)
    seen.read_at = now
    return len(dates)


def _transition(at: float, stop: bool, now: float) -> Transition:
    before = Status.DELIVERED if stop else Status.WAITING
    date = None if stop else int(at)
    return Transition("", 0, "", before, Status.DELIVERED, "", False, stop, date, now)


Watchlist = tuple[str, tuple[Kind, ...], int]
"""What it is called, what is on it, and how many requests a minute there are for it."""
WATCHLISTS: tuple[Watchlist, ...] = (
    ("codes", (CODES,), 70),
    ("codes and campaigns", (CODES, REMINDERS, CAMPAIGNS), 120),
    ("campaigns", (REMINDERS, CAMPAIGNS), 40),
)
MORNING = 2 * HOUR
NIGHT = (CODES, *(replace(kind, held_until=MORNING) for kind in (REMINDERS, CAMPAIGNS)))
"""What is sent before the morning is held until then, codes apart."""
ENOUGH = 3 * HOUR
TURN = 2 * HOUR


def run() -> Iterator[Promise]:
    for name, kinds, per_minute in WATCHLISTS:
        steady, turned = Stream(kinds, ENOUGH), Stream(kinds, TURN + 40 * MINUTE, TURN, 10.0)
        settled, learnt, after = [], [], []
        for seed in SEEDS:
            ours = follow(steady, seed, per_minute, Habits())
            theirs = follow(steady, seed, per_minute, None, best=True)
            settled.append(_pair(ours, theirs, ENOUGH - 1.5 * HOUR, ENOUGH))
            began = ours.learnt_at if ours.learnt_at is not None else inf
            learnt.append(_pair(ours, theirs, began, began + HOUR / 2))
            ours = follow(turned, seed, per_minute, Habits())
            theirs = follow(turned, seed, per_minute, None, best=True)
            after.append(_pair(ours, theirs, TURN + 10 * MINUTE, TURN + 40 * MINUTE))
        yield _promise(f"{name}, mean delay : knowing the hazard", settled, 1.05)
        yield _promise(f"{name}, the half hour after {LESSON:,} reports", learnt, 1.1)
        yield _promise(f"{name}, 10 to 40 min after 10 × slower", after, 1.2)
    yield from _night()


def _night() -> Iterator[Promise]:
    """When the morning comes is known to the other one alone: told, not promised."""
    stream = Stream(NIGHT, MORNING + HOUR)
    for name, low, high in (
        ("held messages and codes, before the morning", HOUR, MORNING),
        ("held messages and codes, the hour after it", MORNING, MORNING + HOUR),
    ):
        pairs = []
        for seed in SEEDS:
            ours = follow(stream, seed, 120, Habits())
            pairs.append(_pair(ours, follow(stream, seed, 120, None, best=True), low, high))
        yield _promise(name, pairs, None)


def _pair(ours: Outcome, theirs: Outcome, low: float, high: float) -> tuple[float, float]:
    return ours.late(low, high), theirs.late(low, high)


def _promise(name: str, pairs: list[tuple[float, float]], bound: float | None) -> Promise:
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    means = [mean(side) for side in zip(*pairs, strict=True)]
    about = f"{means[0]:.1f} s : {means[1]:.1f} s, from {ratios[0]:.2f} to {ratios[-1]:.2f}"
    return Promise(name, mean(ratios), bound, about=about)
