"""How late changes appear, for the same number of requests: smsmon against other ways to poll.

2,000 messages over two hours, followed until 48 hours after the last was sent and an hour
more. A discrete-event simulation: the schedule, agenda, budget and learning are the engine's
own, the answers are read off the world without a network.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf, log, sqrt
from random import Random
from typing import Protocol

from smsmon.model import Transition
from smsmon.monitor.agenda import Agenda, Stretch
from smsmon.monitor.budget import Budget
from smsmon.monitor.habits import Habits, Past
from smsmon.monitor.hazard import Curve
from smsmon.monitor.ledger import HEADROOM, WINDOW
from smsmon.monitor.planner import FIRST_INTERVAL
from smsmon.monitor.schedule import Limits, next_interval
from smsmon.recipients import Status
from tests.benchmarks.delays import EXPIRY, HOUR, Sent, truth, world
from tests.benchmarks.living import live
from tests.benchmarks.pairs import Promise

END = 2 * HOUR + EXPIRY + HOUR
STEPS = ((300.0, 10.0), (HOUR, 60.0), (6 * HOUR, 300.0), (inf, 900.0))
"""Up to which age, polled every so many seconds: what tools usually do."""


@dataclass(slots=True)
class Seen:
    """What a poller knows of one message. Times are seconds from the start of the world."""

    message: Sent
    place: int = 0
    """How many of its changes were seen."""
    origin: float = 0.0
    read_at: float | None = None
    waiting: int = 0
    stopped: int = 0


@dataclass(slots=True)
class Outcome:
    """What a way to poll achieved."""

    requests: int = 0
    delays: list[float] = field(default_factory=list)


def mean(outcome: Outcome) -> float:
    return sum(outcome.delays) / len(outcome.delays)


def p95(outcome: Outcome) -> float:
    return sorted(outcome.delays)[int(0.95 * len(outcome.delays))]


class Plan(Protocol):
    """A way to poll: gives whose turn it is and takes what the poll showed."""

    def turn(self, now: float) -> tuple[int | None, float]:
        """The message to poll at ``now``, or None and when to look again."""
        ...

    def polled(self, index: int, seen: Seen, now: float) -> None:
        """Message ``index`` was read at ``now``."""
        ...


class Intervals:
    """Polls each message after an interval; earliest due first. Intervals by age or by truth."""

    def __init__(self, messages: list[Sent], interval: Callable[[Seen, float], float]) -> None:
        self._interval = interval
        self._due = [(message.added, index) for index, message in enumerate(messages)]
        heapq.heapify(self._due)

    def turn(self, now: float) -> tuple[int | None, float]:
        due, index = self._due[0]
        return (None, due) if due > now else (index, now)

    def polled(self, index: int, seen: Seen, now: float) -> None:
        assert self._due[0][1] == index
        heapq.heapreplace(self._due, (now + self._interval(seen, now), index))


class Engine:
    """smsmon: the engine's agenda, stretch and schedule.

    With ``knowing`` the age counts from the true moment of sending, not from the dates seen.
    """

    def __init__(
        self,
        messages: list[Sent],
        limits: Limits,
        curves: Callable[[int], tuple[Curve, Curve]],
        *,
        knowing: bool = False,
    ) -> None:
        self._limits = limits
        self._curves = curves
        self._knowing = knowing
        self._agenda = Agenda(limits.min_interval, limits.max_interval)
        self._stretch = Stretch()
        for index, message in enumerate(messages):
            self._agenda.put_at(str(index), message.added, FIRST_INTERVAL)

    def turn(self, now: float) -> tuple[int | None, float]:
        turn, due = self._agenda.look(now)
        if turn is None:
            return None, due
        if turn.regular:
            self._stretch.note(now, turn.stretched(now))
        return int(turn.message_id), now

    def polled(self, index: int, seen: Seen, now: float) -> None:
        origin = seen.origin
        reports, stops = self._curves(seen.message.recipients)
        if self._knowing:
            origin = seen.message.sent
        stretch = self._stretch.factor
        others = seen.message.recipients - seen.waiting
        interval = next_interval(
            now - origin, seen.waiting, others, reports, stops, self._limits, stretch
        )
        self._agenda.put(str(index), now, interval)


def follow(
    messages: list[Sent],
    plan: Plan,
    budget: Budget | None = None,
    habits: Habits | None = None,
    until: float = END,
) -> Outcome:
    """Poll ``messages`` as ``plan`` says, within ``budget``; ``habits`` learn from the answers."""
    outcome = Outcome()
    seen = [Seen(m, origin=m.added, waiting=m.recipients) for m in messages]
    now = 0.0
    while now <= until:
        index, later = plan.turn(now)
        if index is None:
            now = later
            continue
        wait = 0.0 if budget is None else budget.take(now, bid=0.0)
        if wait > 0:
            now += wait
            continue
        if budget is not None:
            budget.over(now)
        outcome.requests += 1
        message = seen[index]
        _read(message, now, outcome.delays, habits)
        plan.polled(index, message, now)
    for message in seen:  # what never showed counts as late until the end
        unseen = message.message.changes[message.place :]
        outcome.delays.extend(until - at for at, _ in unseen if at < until == END)
    return outcome


def _read(seen: Seen, now: float, delays: list[float], habits: Habits | None) -> None:
    """Take one answer in; what it shows is that late."""
    changes, added = seen.message.changes, seen.message.added
    start = seen.place
    while seen.place < len(changes) and changes[seen.place][0] <= now:
        delays.append(now - max(changes[seen.place][0], added))
        seen.place += 1
    fresh = changes[start : seen.place]
    stops = sum(stop for _, stop in fresh)
    if seen.read_at is None and fresh:
        seen.origin = float(int(fresh[0][0]))  # the API's dates are whole seconds
    elif habits is not None and seen.read_at is not None:
        total = seen.message.recipients
        past = Past(
            seen.read_at, seen.origin, total, seen.waiting, total - seen.waiting, seen.stopped
        )
        origin = habits.observe(past, now, [_transition(at, stop, now) for at, stop in fresh])
        seen.origin = seen.origin if origin is None else origin
    seen.waiting -= len(fresh) - stops
    seen.stopped += stops
    seen.read_at = now


def _transition(at: float, stop: bool, now: float) -> Transition:
    before = Status.DELIVERED if stop else Status.WAITING
    date = None if stop else int(at)
    return Transition("", 0, "", before, Status.DELIVERED, "", False, stop, date, now)


def by_steps(factor: float) -> Callable[[Seen, float], float]:
    """Intervals by age as tools usually have them, times ``factor``.

    They vary by a tenth, as they do where answers take their time: else all would hang on
    where 48 hours happen to fall between two polls.
    """
    rng = Random(0)

    def interval(seen: Seen, now: float) -> float:
        age = now - seen.message.added
        every = next(every for until, every in STEPS if age < until)
        return factor * every * rng.uniform(0.9, 1.1)

    return interval


def by_truth(curves: tuple[Curve, Curve], limits: Limits) -> Callable[[Seen, float], float]:
    """The square-root rule over the true hazard and the true moment of sending."""

    def interval(seen: Seen, now: float) -> float:
        others = seen.message.recipients - seen.waiting
        given = next_interval(now - seen.message.sent, seen.waiting, others, *curves, limits)
        return max(given, limits.min_interval)

    return interval


def tuned(
    messages: list[Sent],
    requests: int,
    plan: Callable[[list[Sent], float], Plan],
    low: float,
    high: float,
) -> Outcome:
    """The outcome of the plan whose knob, the higher the fewer requests, gives ``requests``.

    Sought on a sample of the messages, then corrected once on all of them.
    """
    sample = messages[::16]
    for _ in range(6):
        knob = sqrt(low * high)
        spent = follow(sample, plan(sample, knob)).requests * len(messages) / len(sample)
        low, high = (knob, high) if spent > requests else (low, knob)
    knob = sqrt(low * high)
    first = follow(messages, plan(messages, knob))
    if abs(first.requests / requests - 1) < 0.005:
        return first
    ratio = first.requests / requests
    steeper = follow(sample, plan(sample, knob * 1.2)).requests
    slope = log(steeper / follow(sample, plan(sample, knob)).requests) / log(1.2)
    return follow(messages, plan(messages, knob * ratio ** (-1 / slope)))


@dataclass(frozen=True, slots=True)
class Compared:
    """The four ways on one world."""

    name: str
    robin: Outcome
    steps: Outcome
    smsmon: Outcome
    oracle: Outcome


def compare(
    name: str, messages: list[Sent], limits: Limits, habits: Habits, slow: float = 1.0
) -> Compared:
    """Let smsmon spend what it finds right, then give the others as many requests.

    Only smsmon has to stay within its limit per minute; the oracle may spend its requests
    whenever they are worth most.
    """
    budget = Budget(limits.per_minute)
    smsmon = follow(messages, Engine(messages, limits, habits.curves), budget, habits)
    curves = truth(slow)
    watched = sum(END - message.added for message in messages)
    every = watched / smsmon.requests
    robin = follow(messages, Intervals(messages, lambda seen, now: every))
    steps = tuned(messages, smsmon.requests, lambda m, f: Intervals(m, by_steps(f)), 0.05, 20)

    def knowing(among: list[Sent], price: float) -> Plan:
        return Intervals(among, by_truth(curves, replace(limits, price=price)))

    oracle = tuned(messages, smsmon.requests, knowing, limits.price / 20, limits.price * 20)
    return Compared(name, robin, steps, smsmon, oracle)


def compare_scarce(messages: list[Sent], limits: Limits, habits: Habits) -> Compared:
    """All four under the same too small limit; whoever is due longest ago waits no longer.

    The oracle is the engine with the true hazards: it spends the limit as well as is known.
    """
    watched = sum(END - message.added for message in messages)
    every = watched / (limits.per_minute * HEADROOM / WINDOW * END)
    plans: tuple[Plan, ...] = (
        Intervals(messages, lambda seen, now: every),
        Intervals(messages, by_steps(1.0)),
        Engine(messages, limits, habits.curves),
        Engine(messages, limits, lambda _: truth(), knowing=True),
    )
    learning = (None, None, habits, None)
    outcomes = [
        follow(messages, plan, Budget(limits.per_minute), learns)
        for plan, learns in zip(plans, learning, strict=True)
    ]
    return Compared("a tenth of the demand", *outcomes)


def report(
    compared: Compared, goals: Sequence[tuple[str, Outcome, Callable[[Outcome], float], float]]
) -> Iterator[Promise]:
    """A goal is what, of which outcome, by which measure, smsmon's share must not be above.

    What whoever knows the true hazard cannot reach either is told, and not promised.
    """
    ways = (compared.robin, compared.steps, compared.smsmon, compared.oracle)
    about = " : ".join(f"{way.requests:,}" for way in ways)
    of = f"{compared.name}, {len(compared.smsmon.delays):,} changes"
    yield Promise(f"requests of {of}", compared.smsmon.requests, unit="", about=about)
    for name, other, measure, bound in goals:
        actual, best = (
            measure(each) / measure(other) for each in (compared.smsmon, compared.oracle)
        )
        reachable = best <= bound or actual <= bound
        about = " : ".join(f"{measure(way):.1f} s" for way in ways)
        yield Promise(name, actual, bound if reachable else None, about=about)


def all_goals(
    compared: Compared,
) -> list[tuple[str, Outcome, Callable[[Outcome], float], float]]:
    """What smsmon is measured by."""
    return [
        ("mean delay : of round robin", compared.robin, mean, 1 / 25),
        ("mean delay : of steps by age", compared.steps, mean, 1 / 3),
        ("mean delay : knowing the true hazard", compared.oracle, mean, 1.25),
        ("delay of the latest 5 % : of round robin", compared.robin, p95, 1 / 10),
    ]


def check_against_the_real_engine(count: int = 60, hours: float = 8.0) -> Iterator[Promise]:
    """How far the simulation is from what the real engine achieves."""
    messages = world(5, count)
    habits, limits = Habits(), Limits()
    plan = Engine(messages, limits, habits.curves)
    simulated = follow(messages, plan, Budget(limits.per_minute), habits, until=hours * HOUR)
    real = asyncio.run(live(messages, limits, hours * HOUR))
    for name, ours, theirs in (
        ("mean delay", mean(simulated), sum(real.delays) / len(real.delays)),
        ("requests", simulated.requests, real.requests),
    ):
        apart, about = abs(theirs / ours - 1), f"{ours:,.2f} : {theirs:,.2f}"
        yield Promise(f"{name}, simulated apart from real", apart, 0.1, about=about)


def run(count: int = 2000) -> Iterator[Promise]:
    limits = Limits()
    usual = compare("documented delays", world(1, count), limits, Habits())
    yield from report(usual, all_goals(usual))
    tenth = max(1, round(usual.smsmon.requests / END * WINDOW / 10))
    scarce = compare_scarce(world(2, count), replace(limits, per_minute=tenth), Habits())
    yield from report(scarce, all_goals(scarce))
    habits = Habits()
    lesson = world(3, count // 6, slow=10.0)
    follow(lesson, Engine(lesson, limits, habits.curves), Budget(limits.per_minute), habits)
    slow = compare("10 × slower, learnt", world(4, count // 4, 10.0), limits, habits, 10.0)
    yield from report(slow, [("mean delay : knowing the true hazard", slow.oracle, mean, 1.5)])
    yield from check_against_the_real_engine()
