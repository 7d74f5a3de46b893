"""Targets that fail or hang: tried again, complained of once, and in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

import pytest

from smsmon.alerting.ledger import Ledger
from smsmon.alerting.sending import HOLDS, LAST_RETRY, SLOW, WITHIN, Sender
from smsmon.alerting.ways import Way, Ways
from smsmon.alerts import Edge, Severity, Telling
from smsmon.monitor.alerts import Alert
from smsmon.targets import Notification
from tests.alerting.fakes import InTurn, about
from tests.alerting.test_property import RULE
from tests.store.memory_alerts import MemoryAlerts
from tests.support.clock import VirtualClock
from tests.targets.fakes import FakeTargets

T = TypeVar("T")


class Stage:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.targets = FakeTargets(self.clock)
        self.said: list[str] = []
        self.polls = True
        self.store = MemoryAlerts()
        self.ledger = Ledger(InTurn(self.store), self.clock)
        self.sender = Sender(
            self.ledger, self.clock, self.said.append, self._in_words, lambda: self.polls, Random(1)
        )
        self.sender.grace = 0.0
        self.ways = Ways({name: Way() for name in ("one", "other")}, {})
        self.use("one", "other")

    def _in_words(self, edge: Edge, episodes: object) -> Notification:
        return Notification("", (), Severity.WARNING, edge, tuple(episodes))  # type: ignore[arg-type]

    def use(self, *names: str, changed: str = "") -> None:
        self.ways = Ways({name: Way() for name in names}, {})
        self.sender.use({name: self.targets[name] for name in names}, self.ways, {changed})

    def fire(self, name: str) -> None:
        now = self.clock.now()
        self.ledger.fire(Alert(RULE, about(name), True, now, now))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    await stage.ledger.take_over(stage.ways)
    job = asyncio.create_task(stage.sender.run())
    await stage.clock.settle()
    yield stage
    job.cancel()
    with suppress(asyncio.CancelledError):
        await job


async def test_one_that_fails_is_told_all_in_one_message_when_it_works(stage: Stage) -> None:
    one, other = stage.targets["one"], stage.targets["other"]
    one.fails = True
    stage.fire("1")
    await stage.clock.advance(3_600)
    assert other.heard == ["fired 1"]
    assert 15 <= one.tried <= 25, "later each time, up to every five minutes"
    assert stage.said == ["one is out of order."]
    stage.fire("2")
    stage.ledger.end(("waits", about("1")), stage.clock.now(), "", stage.ways)
    await stage.clock.settle()
    one.fails = False
    await stage.clock.advance(LAST_RETRY)
    assert one.heard == ["fired -1 2"], "what is over by now is told as that"
    assert other.heard == ["fired 1", "fired -1 2"]
    assert stage.said[1:] == ["The target one can be told again."]


@pytest.mark.parametrize("apart", [0.0, 0.05, -3_600.0])
async def test_what_it_took_on_before_others_polled_is_told_whatever_clock_it_goes_by(
    stage: Stage, apart: float
) -> None:
    """How far our clock and the store's are apart is known anew each time that it answers."""
    one, kept = stage.targets["one"], stage.store._kept
    one.fails = True
    stage.fire("1")
    await stage.clock.advance(60)
    stage.polls = False
    stage.ledger.drop()
    kept.told |= {
        telling: (owner, told._replace(claimed_at=told.claimed_at + apart))
        for telling, (owner, told) in kept.told.items()
    }
    stage.polls, one.fails = True, False
    await stage.ledger.take_over(stage.ways)
    await stage.clock.advance(600)
    assert one.heard == ["fired 1"]


@pytest.mark.parametrize("polls_again", [True, False])
@pytest.mark.parametrize("where", ["taking on", "asking", "words", "waiting for a target"])
async def test_what_others_told_while_it_stood_still_is_left_to_them(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, where: str, polls_again: bool
) -> None:
    """Wherever on the way to the target it stood still, and whether it polls again or not."""
    one, other, stood = stage.targets["one"], MemoryAlerts(stage.store._kept), list[str]()
    one.fails = where == "waiting for a target"

    def then(do: Callable[..., T], here: str) -> Callable[..., T]:
        def done(*given: Any) -> T:
            result = do(*given)
            if here == where and not stood:
                stand_still()
            return result

        return done

    def stand_still() -> None:
        stood.append(where)
        stage.clock.jump(60)
        told = [Telling(1, "one", Edge.FIRED)]
        assert other.claim(told, stage.clock.now()) == [True]
        other.done(told, stage.clock.now())
        stage.polls = polls_again

    monkeypatch.setattr(stage.store, "claim", then(stage.store.claim, "taking on"))
    monkeypatch.setattr(stage.store, "holds", then(stage.store.holds, "asking"))
    monkeypatch.setattr(stage.sender, "_in_words", then(stage._in_words, "words"))
    stage.fire("1")
    await stage.clock.settle()
    tried = one.tried
    if one.fails:
        one.fails = False
        stand_still()
    await stage.clock.advance(600)
    assert stood
    assert one.tried == tried == int(where == "waiting for a target")
    assert not one.heard
    assert len(stage.said) == tried, "to leave it is no failure"
    stage.polls = True
    stage.fire("2")
    await stage.clock.advance(60)
    assert one.heard == ["fired 2"]


async def test_a_store_that_is_slow_keeps_nothing_from_being_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slowly(*_: object) -> bool:
        await stage.clock.sleep(HOLDS + 5)
        return True

    monkeypatch.setattr(stage.ledger, "holds", slowly)
    stage.fire("1")
    await stage.clock.advance(SLOW * 2 * HOLDS)
    assert stage.targets["one"].heard == ["fired 1"]


async def test_one_that_hangs_holds_up_nobody(stage: Stage) -> None:
    stage.targets["one"].hangs = True
    stage.fire("1")
    await stage.clock.advance(1)
    stage.fire("2")
    await stage.clock.advance(40)
    assert stage.targets["other"].heard == ["fired 1", "fired 2"]
    await stage.clock.advance(WITHIN)
    assert stage.said == ["The target one was not told within 90 seconds."]


async def test_what_may_have_arrived_is_not_sent_in_a_row_and_says_that_it_is_sent_again(
    stage: Stage,
) -> None:
    one = stage.targets["one"]
    one.hangs = True
    stage.fire("1")
    await stage.clock.advance(WITHIN)
    one.hangs = False
    await stage.clock.advance(40)
    assert (one.tried, one.heard) == (1, [])
    await stage.clock.advance(20)
    stage.fire("2")
    await stage.clock.advance(40)
    assert one.heard == ["fired 1", "fired 2"]
    assert [told.again for _, told in one.told] == [True, False]
    one.fails = True
    stage.fire("3")
    await stage.clock.advance(60)
    one.fails = False
    await stage.clock.advance(60)
    assert (one.heard[-1], one.told[-1][1].again) == ("fired 3", False), "it never arrived"


async def test_what_is_gone_is_owed_nothing_and_what_changed_is_tried_at_once(
    stage: Stage,
) -> None:
    one = stage.targets["one"]
    one.fails = True
    stage.fire("1")
    await stage.clock.advance(600)
    tried = one.tried
    stage.use("other")
    await stage.clock.advance(600)
    assert one.tried == tried
    stage.use("one", "other")
    await stage.clock.advance(1)
    assert one.tried > tried
    one.fails = False
    stage.use("one", "other", changed="one")
    await stage.clock.settle()
    assert one.heard == ["fired 1"]
