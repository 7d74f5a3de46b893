"""One budget for all behind one address: whatever becomes of whom, the server never counts more."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.egress.slices import LEAVES, Slices, terms
from smsmon.monitor.ledger import EASED_FOR, GUARD, HEADROOM, WINDOW
from smsmon.store.shared import NOTHING, Terms, Use
from tests.monitor.fakes import windows_passed
from tests.store.memory_allowance import Kept


class World:
    """Processes that share an allowance, in a network where everything may be late or lost.

    What goes out arrives at the server, and is counted there, some time later; then its answer
    comes back, unless its process is gone.
    """

    def __init__(self, limit: int, processes: int, seed: int) -> None:
        self.now = 1000.0
        self.limit = limit
        self.random = Random(seed)
        self.kept = Kept(lambda: self.now + 1e9)
        self.seen: list[tuple[float, int]] = []
        """When the server counted a request, and whose."""
        self._order = count()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self.processes = [Process(self, place) for place in range(processes)]

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self.now + seconds, next(self._order), do))

    def pass_by(self, seconds: float) -> None:
        until = self.now + seconds
        while self._later and self._later[0][0] <= until:
            self.now, _, do = heapq.heappop(self._later)
            do()
        self.now = until

    @property
    def passed(self) -> int:
        return windows_passed(sorted(at for at, _ in self.seen), self.limit)


class Process:
    """A poller: its clock began anywhere; it can be stopped, killed and begun anew."""

    def __init__(self, world: World, place: int) -> None:
        self.world = world
        self.place = place
        self.begin()

    def begin(self) -> None:
        """Anew: what ran before is gone, and hears of nothing any more."""
        self.slices = Slices()
        self.owner = f"{self.place}-{self.world.random.random()}"
        self.ahead = self.world.random.uniform(-900, 900)
        self.stopped = False
        self._missed: list[Callable[[], None]] = []
        self._calling = 0

    @property
    def now(self) -> float:
        return self.world.now + self.ahead

    def stop(self, seconds: float) -> None:
        """Stand still, and hear then of all that came meanwhile."""
        self.stopped = True
        self.world.later(seconds, self._for_this_one(self._go_on))

    def _go_on(self) -> None:
        self.stopped = False
        missed, self._missed = self._missed, []
        for do in missed:
            do()

    def _for_this_one(self, do: Callable[[], None]) -> Callable[[], None]:
        """``do``, unless the process was begun anew since."""
        slices = self.slices
        return lambda: do() if self.slices is slices else None

    def _in_this_one(self, do: Callable[[], None]) -> Callable[[], None]:
        """The same, later where the process stands still."""
        return self._for_this_one(lambda: self._missed.append(do) if self.stopped else do())

    def send(self, takes: float, where: float, *, urgent: bool = False) -> float:
        """Let a request out, which may wait before it goes out in truth, and arrives after that
        share of the time that it ``takes``."""
        if self.stopped:
            return inf
        wait = self.slices.take(self.now, urgent=urgent)
        if not wait:
            left, world = self.now, self.world

            def go_out() -> None:
                if self.now - left >= LEAVES:
                    self.slices.landed(self.now)
                    return
                world.later(takes * where, lambda: world.seen.append((world.now, self.place)))
                world.later(takes, self._in_this_one(lambda: self.slices.landed(self.now)))

            world.later(takes * world.random.random(), self._in_this_one(go_out))
        return wait

    def call(self, there: float, back: float, *, patience: float = 5.0) -> None:
        """Call the store, which hears of it after ``there`` seconds; the answer takes ``back``."""
        if self.stopped or self._calling:
            return
        owner, called, call = self.owner, self.now, self.slices.call(self.now)
        self._calling = call.number
        answers: list[Use] = []

        def arrive() -> None:
            use = self.world.kept.take(owner, call, terms(self.world.limit))
            if use is not None:
                answers.append(use)

        def end() -> None:
            if self._calling != call.number:
                return
            self._calling = 0
            if answers and there + back <= patience:
                self.slices.answered(called, self.now, answers[0])
            else:
                self.slices.failed()

        self.world.later(there, arrive)
        self.world.later(min(there + back, patience), self._in_this_one(end))


def run(
    world: World,
    seconds: float,
    hungry: Callable[[int, float], bool],
    *,
    takes: Callable[[], float] = lambda: 0.3,
    lags: Callable[[], float] = lambda: 0.01,
    step: float = 0.05,
) -> None:
    """Everybody calls when it is time; who is ``hungry`` sends all that it may.

    A request takes ``takes()``, and a call ``lags()`` each way.
    """
    until = world.now + seconds
    while world.now < until:
        for process in world.processes:
            if hungry(process.place, world.now):
                while not process.send(takes(), world.random.random()):
                    pass
            if process.slices.next_call(process.now) <= process.now:
                process.call(lags(), lags())
        world.pass_by(step)


troubles = st.tuples(
    st.floats(0, 40), st.integers(0, 4), st.sampled_from(["kill", "stop", "late"]), st.floats(0, 1)
)


@settings(max_examples=60)
@given(
    st.integers(1, 40),
    st.integers(1, 5),
    st.lists(troubles, max_size=12),
    st.integers(0, 2**32),
    st.sampled_from([0.02, 0.5, 3.0]),
)
def test_the_server_never_counts_more_than_the_limit_whatever_happens(
    limit: int, count: int, told: list[tuple[float, int, str, float]], seed: int, lag: float
) -> None:
    """Calls come late, out of order, or never; answers are lost; processes stand still and die."""
    world = World(limit, count, seed)
    draw = world.random.random

    def lags() -> float:
        return lag * draw() if draw() < 0.95 else 20 * draw()

    def go_on(seconds: float) -> None:
        run(world, seconds, lambda *_: draw() < 0.9, takes=lambda: 4 * draw(), lags=lags, step=0.25)

    go_on(5.0)
    for passes, who, what, share in told:
        process = world.processes[who % count]
        if what == "kill":
            process.begin()
        elif what == "stop":
            process.stop(90 * share)
        else:  # what it asks now the store hears of much later, when it has asked again
            process.call(30 * share, 0.0)
        go_on(passes)
    go_on(30.0)
    world.pass_by(200.0)
    assert world.passed == 0


def test_the_store_counts_what_was_granted_for_as_long_as_it_may_arrive() -> None:
    """Three seconds until it is let out, fifteen until it leaves, twelve until it arrives."""
    assert terms(40) == Terms(40, WINDOW + GUARD, 30.0, EASED_FOR, HEADROOM)


@pytest.mark.parametrize("seed", range(5))
def test_who_stood_still_for_minutes_sends_nothing_that_was_let_out_before(seed: int) -> None:
    world = World(20, 4, seed)
    run(world, 3.0, lambda *_: True, takes=lambda: 10.0)
    for process in world.processes[1:]:
        process.stop(150.0)
    run(world, 160.0, lambda *_: True, takes=lambda: 10.0, step=0.25)
    world.pass_by(200.0)
    assert world.passed == 0


@pytest.mark.parametrize("limit", [30, 120, 600])
def test_five_who_want_all_have_a_fifth_each_and_nearly_all_together(limit: int) -> None:
    world = World(limit, 5, 1)
    begun = world.now
    run(world, 300.0, lambda *_: True)
    assert world.passed == 0
    had = [sum(who == each and at > begun + 60 for at, who in world.seen) for each in range(5)]
    assert sum(had) >= 0.88 * 4 * limit
    assert max(had) <= 1.1 * sum(had) / 5
    assert min(had) >= 0.9 * sum(had) / 5


def test_a_look_that_failed_leaves_nothing_to_tell() -> None:
    slices = Slices()
    slices.failed()
    assert slices.only_looks, "who only shows never writes, also after the store was gone"
    slices.call(0.0)
    slices.failed()
    assert not slices.only_looks, "it is not known what that was granted"


@pytest.mark.parametrize("urgent", [False, True])
def test_who_cannot_wait_says_so_in_the_next_call_and_what_it_sent_counts_for_a_minute(
    urgent: bool,
) -> None:
    slices = Slices()
    assert slices.take(100.0, urgent=urgent) > 0
    call = slices.call(100.0)
    assert (call.urgent, call.out, call.landed, call.used) == (urgent, 0, 0, 0)
    slices.answered(100.0, 100.1, Use(5, NOTHING, granted=3, share=40.0))
    assert [slices.take(100.2, urgent=False) for _ in range(2)] == [0.0, 0.0]
    slices.landed(101.0)
    call = slices.call(101.0)
    assert (call.urgent, call.out, call.landed, call.used) == (False, 2, 1, 1)
    slices.failed()
    slices.landed(102.0)
    for now, used in ((102.0, 5), (160.0, 5), (160.2, 2), (161.0, 1), (162.0, 0)):
        assert slices.used(now) == used


def test_what_nobody_wants_any_more_is_given_back_with_the_next_call() -> None:
    slices = Slices()
    slices.take(100.0, urgent=False)
    slices.call(100.0)
    slices.answered(100.0, 100.1, Use(3, NOTHING, granted=3, share=40.0))
    assert slices.take(100.2, urgent=False) == 0.0
    call = slices.call(102.5)
    assert (call.out, call.want) == (2, 0), "one under way, and one more as it sends lately"
    slices.answered(102.5, 102.6, Use(2, NOTHING, share=40.0))
    assert slices.take(102.7, urgent=False) == 0.0
    assert slices.take(102.7, urgent=False) > 0.0
