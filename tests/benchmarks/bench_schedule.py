"""What one scheduling decision costs with ten thousand messages, over one simulated day.

A decision is all that is done to choose a message and to plan it anew: agenda, budget,
stretch, schedule. Answers are not part of it: every message keeps its counts. The real planner
runs on the real board; the time between two polls is skipped.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from math import inf
from random import Random

from smsmon.model import Counts, Entry
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget
from smsmon.monitor.habits import Habits
from smsmon.monitor.planner import Planner
from smsmon.monitor.schedule import Limits
from tests.support.clock import VirtualClock

DAY = 86_400.0
GOAL = 50.0
"""Microseconds of CPU for one decision."""


class Day:
    """``count`` messages of all ages, polled through one day."""

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
        self.planner.spread_out(ids, self.budget.planned(self.clock.monotonic()))
        self.decisions = 0
        self.spent = 0.0

    def pass_time(self, until: float) -> None:
        """Decide and decide until the monotonic clock stands at ``until``."""
        clock, planner, budget = self.clock, self.planner, self.budget
        began = time.process_time()
        while clock.monotonic() < until:
            now = clock.monotonic()
            turn, urgent, later = planner.chosen(now)
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
            self.decisions += 1
        self.spent += time.process_time() - began

    @property
    def cost(self) -> float:
        """Microseconds of CPU for one decision so far."""
        return 1e6 * self.spent / self.decisions


def main() -> int:
    """Print the table; 0 when the goals are met."""
    print("messages   limit   decisions   stretch   µs each   goal")
    met = True
    for count, limit in ((100, 600), (1_000, 600), (10_000, 600), (10_000, 2_000)):
        day = Day(count, Limits(per_minute=limit))
        hours = 24 if count == 10_000 and limit == 600 else 1
        day.pass_time(day.clock.monotonic() + hours * DAY / 24)
        passed = day.cost < GOAL
        met &= passed
        print(
            f"{count:>8,}{limit:>8,}{day.decisions:>12,}{day.planner.stretch.factor:>10.2f}"
            f"{day.cost:>10.1f}   < {GOAL:.0f}  {'pass' if passed else 'MISSED'}"
        )
    early, late = _memory()
    flat = late < early * 1.02
    met &= flat
    print(f"memory after 1 h {early / 2**20:.2f} MB, after 3 h {late / 2**20:.2f} MB", end="   ")
    print(f"goal < +2%  {'pass' if flat else 'MISSED'}")
    return 0 if met else 1


def _memory() -> tuple[int, int]:
    """Bytes held by ten thousand messages and their plans, early and late."""
    tracemalloc.start()
    try:
        day = Day(10_000, Limits())
        day.pass_time(day.clock.monotonic() + 3600.0)
        gc.collect()
        early = tracemalloc.get_traced_memory()[0]
        day.pass_time(day.clock.monotonic() + 2 * 3600.0)
        gc.collect()
        return early, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    sys.exit(main())
