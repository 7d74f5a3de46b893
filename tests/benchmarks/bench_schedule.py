"""What one scheduling decision costs, against a plain heap of what is due, and as they get more;
and how late changes show on mixed watchlists (``mixed``).

A decision is all that is done to choose a message and to plan it anew: agenda, budget,
stretch, schedule. Answers are not part of it: every message keeps its counts. The real planner
runs on the real board; the time between two polls is skipped.
"""

from __future__ import annotations

import gc
import heapq
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator
from math import inf
from random import Random

from smsmon.model import Counts, Entry
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget
from smsmon.monitor.habits import Habits
from smsmon.monitor.planner import Planner
from smsmon.monitor.schedule import Limits
from smsmon.recipients import Recipient, Recipients, Status
from tests.benchmarks import mixed
from tests.benchmarks.pairs import Promise, in_turns, ratio
from tests.support.clock import VirtualClock

HOUR, DAY = 3_600.0, 86_400.0
_ANY = Recipients.of(Recipient("+33600000000", Status.WAITING, "", False) for _ in range(550))
"""More than any message has; no answer is compared with them."""
ROUNDS = 9


class Plain:
    """What a script would have: a heap of what is due, steps by age, so many a minute at most."""

    def __init__(self, count: int, limits: Limits) -> None:
        rng = Random(1)
        self.limits = limits
        self.added = [-rng.uniform(0, 2 * DAY) for _ in range(count)]
        self.due = [(rng.uniform(0, 900), index) for index in range(count)]
        heapq.heapify(self.due)
        self.sent: deque[float] = deque()
        self.now = 0.0

    def spend(self, seconds: float) -> float:
        """Seconds of CPU for one decision, over so much time."""
        until, decisions, began = self.now + seconds, 0, time.process_time()
        due, sent = self.due, self.sent
        while self.now < until:
            self.now = max(self.now, due[0][0])
            while sent and sent[0] <= self.now - 60:
                sent.popleft()
            if len(sent) >= self.limits.per_minute:
                self.now = max(self.now, sent.popleft() + 60)
            index = due[0][1]
            age = self.now - self.added[index]
            every = 60.0 if age < HOUR else 300.0 if age < 6 * HOUR else 900.0
            heapq.heapreplace(due, (self.now + every, index))
            sent.append(self.now)
            decisions += 1
        return (time.process_time() - began) / decisions


class Ours:
    """``count`` messages of all ages, polled on and on."""

    def __init__(self, count: int, limits: Limits) -> None:
        rng = Random(1)
        self.clock = VirtualClock()
        self.board = Board()
        self.budget = Budget(limits.per_minute)
        self.planner = Planner(self.board, self.clock, limits, Habits(), lambda: None)
        ids = [str(1_000_000 + number) for number in range(count)]
        now = self.clock.now()
        for message_id in ids:
            self.board.watch(Entry(message_id, added_at=now - rng.uniform(0, 2 * DAY)), now)
            waiting = rng.choice([0, 0, 0, 1, 5, 50])
            total = waiting + rng.randrange(1, 500)
            counts = Counts(total, total - waiting, 0, waiting)
            self.board[message_id].counts = counts
            self.board[message_id].recipients = _ANY
        self.planner.spread_out(ids, self.budget.planned(self.clock.monotonic()))

    def spend(self, seconds: float) -> float:
        """Seconds of CPU for one decision, over so much time."""
        clock, planner, budget = self.clock, self.planner, self.budget
        until, decisions, began = clock.monotonic() + seconds, 0, time.process_time()
        while clock.monotonic() < until:
            now = clock.monotonic()
            turn, urgent, later = planner.chosen(now, -inf)
            if turn is None:
                clock._move(min(later, until))
                continue
            wait = budget.take(now, bid=inf if urgent else 0.0)
            if wait > 0:
                clock._move(now + wait)
                continue
            budget.over(now)
            planner.started(turn, now)
            planner.drop(turn.message_id)
            planner.after_answer(turn.message_id)
            decisions += 1
        return (time.process_time() - began) / decisions


def run() -> Iterator[Promise]:
    few, scarce = Limits(per_minute=600), Limits(per_minute=2_000)
    small, large, busy = Ours(100, few), Ours(10_000, few), Ours(10_000, scarce)
    plain = Plain(10_000, few)
    plains, smalls, larges, busies = in_turns(
        ROUNDS,
        lambda: plain.spend(HOUR / 4),
        lambda: small.spend(HOUR),
        lambda: large.spend(HOUR / 4),
        lambda: busy.spend(HOUR / 20),
    )
    yield ratio("a decision among 10,000, 600 a minute : heapq (CPU)", larges, plains, 25)
    yield ratio("a decision among 10,000, 2,000 a minute : heapq (CPU)", busies, plains, 25)
    yield ratio("a decision among 10,000 : among 100 (CPU)", larges, smalls, 2)
    yield _memory()
    yield from mixed.run()


def _memory() -> Promise:
    """What ten thousand messages and their plans hold after three hours, and after one."""
    tracemalloc.start()
    try:
        ours = Ours(10_000, Limits())
        held = []
        for hours in (1, 2):
            ours.spend(hours * HOUR)
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0] / 2**20)
    finally:
        tracemalloc.stop()
    about = f"{held[1]:.2f} MB : {held[0]:.2f} MB"
    return Promise("memory after 3 hours : after 1 hour", held[1] / held[0], 1.02, about=about)
