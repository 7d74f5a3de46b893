"""The window over the store: nobody waits for the store, and without it nothing goes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smsmon.egress.slices import RENEW, VALID
from smsmon.egress.window import LAST_TRY, EgressWindow
from smsmon.model import Balance
from smsmon.monitor.budget import Budget
from smsmon.store.errors import StoreError
from smsmon.store.shared import Allowance, Call, Terms, Use
from smsmon.window import NotCounted, ask
from tests.store.memory_allowance import Kept, MemoryAllowance
from tests.support.clock import VirtualClock
from tests.support.keeper import wait_until
from tests.support.waiting import PATIENCE


class Store(Allowance):
    """An allowance that can be gone, or slow."""

    def __init__(self, kept: Kept, owner: str) -> None:
        self._inner = MemoryAllowance(kept, owner)
        self.gone = False
        self.calls = self.looks = 0
        self.closed = False

    def take(self, call: Call, terms: Terms) -> Use:
        self.calls += 1
        return self._answer(lambda: self._inner.take(call, terms))

    def look(self, terms: Terms) -> Use:
        self.looks += 1
        return self._answer(lambda: self._inner.look(terms))

    def _answer(self, inner: Callable[[], Use]) -> Use:
        if self.gone:
            raise StoreError("The store", "nobody answers", "Look at it.")
        return inner()

    def close(self) -> None:
        self.closed = True


class Stage:
    """Windows of one limit, whose threads take a turn whenever it is time."""

    def __init__(self, count: int = 2, limit: int = 60) -> None:
        self.now = 1000.0
        self.asleep = 0.0
        self.limit = limit
        kept = Kept(lambda: self.now + self.asleep + 1e9)
        self.stores = [Store(kept, str(each)) for each in range(count)]
        self.windows = [
            EgressWindow(each, limit, lambda: self.now, slept=lambda: self.asleep)
            for each in self.stores
        ]
        for each in self.windows:
            each._begin = lambda: None  # type: ignore[method-assign]  # no thread: turns

    def pass_by(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.now += 0.05
            for each in self.windows:
                while not each.closed and not each.turn():
                    pass

    def send(self, who: int = 0, *, urgent: bool = False) -> float:
        """One request that is answered at once; gives the seconds to wait instead."""
        wait = self.windows[who].take(self.now, self.limit, urgent=urgent)
        if not wait:
            self.windows[who].landed(self.now)
        return wait

    def send_all(self, who: int = 0, seconds: float = 1.0) -> int:
        sent = 0
        for _ in range(round(seconds / 0.05)):
            while not self.send(who):
                sent += 1
            self.pass_by(0.05)
        return sent


def test_the_first_request_waits_for_one_call_and_the_next_ones_are_taken_ahead() -> None:
    stage = Stage()
    assert 0 < stage.send() <= 0.1
    stage.pass_by(0.05)
    assert not stage.send()
    assert stage.stores[0].calls == 1
    assert stage.send_all(seconds=2.0) > 1


def test_what_one_sends_the_other_one_counts_and_shows() -> None:
    stage = Stage()
    sent = stage.send_all(seconds=30.0)
    assert 50 <= sent <= 60
    stage.pass_by(RENEW)
    assert stage.windows[1].used(stage.now) == sent
    assert stage.windows[1].full_until(stage.now, 60) < stage.now
    assert stage.send_all(1, seconds=2.0) <= 60 - sent


def test_a_slice_is_void_after_a_short_while_or_a_sleep_of_the_machine() -> None:
    stage = Stage()
    stage.send()
    stage.pass_by(0.05)
    stage.now += VALID
    assert stage.send(), "it was asked for too long ago"
    stage.pass_by(0.05)
    assert not stage.send()
    stage.send()
    stage.pass_by(1.0)
    stage.asleep += 60.0
    assert stage.send(), "the clock stood still while the machine slept"


def test_a_pause_that_one_is_told_holds_for_the_other_one_and_so_does_the_easing() -> None:
    stage = Stage()
    for who in (0, 1):
        stage.send(who)
    stage.pass_by(0.05)
    stage.windows[0].hold(stage.now, 60, 30.0, too_many=True)
    told = stage.now
    stage.pass_by(1.1)
    assert stage.windows[1].ledger.held_until() == pytest.approx(told + 30.0, abs=0.1)
    assert stage.windows[1].allowed(stage.now, 60) == 30
    assert stage.windows[1].ledger.head().told_at == pytest.approx(told, abs=0.1)
    assert stage.send(1) == pytest.approx(told + 30.0 - stage.now, abs=0.1)
    stage.pass_by(told + 31.0 - stage.now)
    stage.send(1)
    stage.pass_by(0.05)
    assert not stage.send(1)
    stage.windows[1].well(stage.now, stage.now)
    stage.pass_by(RENEW + 1.0)
    assert stage.windows[0].ledger.head().well_at > told


def test_without_the_store_nothing_goes_out_once_the_slice_is_used_up_and_it_comes_back() -> None:
    stage = Stage()
    stage.send_all(seconds=3.0)
    store = stage.stores[0]
    store.gone = True
    assert stage.send_all(seconds=2 * VALID) < 12
    tried = store.calls
    assert stage.send_all(seconds=60.0) == 0
    assert "nobody answers" in stage.windows[0].trouble
    assert 10 <= store.calls - tried <= 30
    store.gone = False
    assert stage.send_all(seconds=LAST_TRY + 1) > 10
    assert not stage.windows[0].trouble


def test_who_has_nothing_to_send_only_looks() -> None:
    stage = Stage()
    stage.send()
    stage.pass_by(10.0)
    written = stage.stores[0].calls
    stage.pass_by(60.0)
    assert stage.stores[0].calls == written
    assert stage.stores[0].looks == pytest.approx(60 / RENEW, abs=1)


def test_who_ends_gives_back_what_it_has_on_hand() -> None:
    stage = Stage()
    sent = stage.send_all(seconds=2.0)
    sent += not stage.send()
    stage.pass_by(0.6)  # a slice is on hand
    assert stage.windows[1].used(stage.now) <= sent
    stage.windows[0].take(stage.now, 60, urgent=True)  # and one is under way
    stage.windows[0].close(stage.now)
    stage.pass_by(RENEW)
    assert stage.windows[1].used(stage.now) == sent + 1


async def test_a_single_request_is_not_sent_where_it_cannot_be_counted() -> None:
    store = Store(Kept(lambda: 1e9), "one")
    store.gone = True
    clock = VirtualClock()
    window = EgressWindow(store, 60, clock.monotonic)
    window._begin = lambda: None  # type: ignore[method-assign]

    async def sent() -> Balance:
        raise AssertionError("it went out")

    window.take(clock.monotonic(), 60, urgent=False)
    window.turn()
    with pytest.raises(NotCounted, match="nobody answers"):
        await ask(sent, Budget(60, window), clock)


def test_the_thread_takes_ahead_by_itself_and_ends() -> None:
    now = 1000.0
    store = Store(Kept(lambda: now), "one")
    window = EgressWindow(store, 60, lambda: now)
    window.take(now, 60, urgent=True)
    wait_until(lambda: not window.take(now, 60, urgent=True), "a slice is there", PATIENCE)
    window.close(now)
    wait_until(lambda: store.closed, "the thread ends", PATIENCE)
