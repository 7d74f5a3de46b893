"""Whatever happens, in whatever order: each is told once, ends once, and escalates unanswered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsmon.alerting.ledger import Ledger
from smsmon.alerting.sending import Sender
from smsmon.alerting.telling import LOOK_BACK
from smsmon.alerting.ways import Way, Ways
from smsmon.alerts import Acknowledgement, Edge, Episode, Severity, Silence, State, What, state_of
from smsmon.filters import parse
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.monitor.alerts import Alert, Rule
from smsmon.store.alerts import AlertStore
from smsmon.store.local import LocalStore
from smsmon.targets import Notification
from tests.alerting.fakes import InTurn, about
from tests.store.memory_alerts import Kept, MemoryAlerts
from tests.support.clock import VirtualClock
from tests.targets.fakes import FakeTarget, FakeTargets

A, B, C = "on-call", "lead", "boss"
CHAIN = {
    A: Way(digest=10, escalate_to=B, escalate_after=300),
    B: Way(digest=10, escalate_to=C, escalate_after=300),
    C: Way(digest=10, escalate_to=A, escalate_after=300),  # no circle comes of it
    "log": Way(),
}
CONFIGS = (
    Ways(CHAIN, {"waits": (A, "log")}),
    Ways(CHAIN, {"waits": ("log", A, B)}),
    Ways({name: CHAIN[name] for name in (A, "log")}, {"waits": (A, "log")}),
)
RULE = Rule("waits", parse("waiting>0", MESSAGE_FIELDS), severity=Severity.WARNING)


class Life:
    """Processes that come and go on one record; each message is checked as it comes."""

    def __init__(self, clock: VirtualClock, open_store: Callable[[], AlertStore]) -> None:
        self.clock = clock
        self.open_store = open_store
        self.targets = FakeTargets(clock)
        for name in CHAIN:
            self.targets[name] = FakeTarget(name, clock)
        self.ways = CONFIGS[0]
        self.firing: set[str] = set()
        self.answered: set[int] = set()
        """Episodes that were ever acknowledged or silenced."""
        self.spared: set[tuple[int, str]] = set()
        """What may have been told twice, or to a target that was gone: (episode, target)."""
        self.wrong: list[str] = []

    def in_words(self, edge: Edge, episodes: object) -> Notification:
        told: tuple[Episode, ...] = tuple(episodes)  # type: ignore[arg-type]
        now = self.clock.now()
        for each in told:
            state = state_of(each, self.store.silences(now), now)
            if edge is not Edge.OVER and state in (State.ACKNOWLEDGED, State.SILENCED):
                self.wrong.append(f"{edge} {each.number} although {state}")
        return Notification("", (), Severity.WARNING, edge, told)

    async def start(self) -> None:
        self.store = self.open_store()
        self.ledger = Ledger(InTurn(self.store), self.clock)
        self.sender = Sender(
            self.ledger, self.clock, lambda _: None, self.in_words, lambda: True, Random(1)
        )
        self.sender.grace = 0.0
        self.use(self.ways)
        await self.ledger.take_over(self.ways)
        for key in [*self.ledger.open]:
            if key[1].name not in self.firing:
                self.ledger.end(key, self.clock.now(), "", self.ways)
        for name in self.firing:
            self.fire(name)
        self.job = asyncio.create_task(self.sender.run())
        await self.clock.settle()

    async def kill(self) -> None:
        firing = self.store.firing() + self.store.episodes(self.clock.now() - LOOK_BACK)
        for number, told in self.store.told({each.number for each in firing}).items():
            self.spared |= {(number, each.target) for each in told if each.done_at is None}
        self.ledger._record.fails = True  # type: ignore[attr-defined]
        self.job.cancel()
        with suppress(asyncio.CancelledError):
            await self.job

    def use(self, ways: Ways) -> None:
        gone = CHAIN.keys() - ways.targets.keys() or CHAIN.keys() - self.ways.targets.keys()
        if gone or ways.named != self.ways.named:
            # Of what ended just now somebody may still be owed its end.
            open = self.store.episodes(self.clock.now() - 60)
            self.spared |= {(each.number, name) for each in open for name in CHAIN}
        self.ways = ways
        targets = {name: self.targets[name] for name in ways.targets}
        self.sender.use(targets, ways, ())

    def fire(self, name: str) -> None:
        self.firing.add(name)
        now = self.clock.now()
        self.ledger.fire(Alert(RULE, about(name), True, now, now))

    def answer(self, act: Callable[[], object], covers: Callable[[Episode], bool]) -> None:
        act()
        now, open = self.clock.now(), self.store.firing()
        self.answered |= {each.number for each in open if covers(each)}
        self.ledger.answers(open, self.store.silences(now))

    async def do(self, what: str, name: str) -> None:
        now, store = self.clock.now(), self.store
        numbers = [each.number for each in store.firing() if each.subject == about(name)]
        match what:
            case "fire":
                self.fire(name)
            case "end":
                self.firing.discard(name)
                self.ledger.end(("waits", about(name)), now, "", self.ways)
            case "acknowledge":
                told = Acknowledgement("anna", now, "", now + 400 if name == "3" else None)
                self.answer(lambda: store.acknowledge(numbers, told), lambda e: e.number in numbers)
            case "withdraw":
                self.answer(lambda: store.withdraw(numbers), lambda e: e.number in numbers)
            case "silence":
                silence = Silence(What.MESSAGE, name, now, now + 200)
                self.answer(lambda: store.silence(silence), silence.covers)
            case "fail" | "mend":
                self.targets[(A, B, "log")[int(name) - 1]].fails = what == "fail"
            case "restart":
                await self.kill()
                await self.start()
            case "configure":
                self.use(CONFIGS[int(name) - 1])
        await self.clock.settle()

    def check(self) -> None:
        """Each message, counted."""
        assert self.wrong == []
        begun, over, escalated = (Counter[tuple[int, str]]() for _ in range(3))
        for name, target in self.targets.items():
            for _, notification in target.told:
                for each in notification.episodes:
                    key = each.number, name
                    counter = escalated if notification.edge is Edge.ESCALATED else begun
                    (over if not each.firing else counter)[key] += 1
        for each in self.store.episodes():
            assert each.over_at is not None
            if any(
                silence.covers(each)
                and silence.since <= each.over_at
                and silence.until >= each.fired_at
                for silence in self.store.silences(0.0)
            ):
                self.answered.add(each.number)
            for name in CHAIN:
                key = each.number, name
                heard = begun[key], escalated[key], over[key]
                if key in self.spared:
                    continue
                assert begun[key] + escalated[key] <= 1, (each, name, heard)
                assert over[key] <= 1, (each, name, heard)
                assert not (begun[key] or escalated[key]) or over[key] == 1, (each, name, heard)
                if each.number not in self.answered and name in (A, "log"):
                    assert over[key] == 1, (each, name, heard)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["fire"] * 3
            + ["end"] * 2
            + ["acknowledge", "withdraw", "silence", "fail", "mend", "restart", "configure"]
        ),
        st.sampled_from("123"),
        st.sampled_from([0, 0, 1, 9, 12, 45, 310, 700]),
    ),
    max_size=25,
)


async def live(
    open_store: Callable[[], AlertStore], clock: VirtualClock, actions: list[tuple[str, str, int]]
) -> Life:
    life = Life(clock, open_store)
    life.store = open_store()
    await life.start()
    for what, name, seconds in actions:
        await life.do(what, name)
        await clock.advance(seconds or 0.001)  # an episode is one by the moment that it fired
    for target in life.targets.values():
        target.fails = False
    await life.do("configure", "1")
    await clock.advance(1_500)
    for name in "123":
        await life.do("end", name)
    await clock.advance(1_500)
    life.job.cancel()
    with suppress(asyncio.CancelledError):
        await life.job
    life.check()
    return life


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS)
async def test_whatever_happens_each_is_told_once_and_ends_once(
    actions: list[tuple[str, str, int]],
) -> None:
    kept = Kept()
    await live(lambda: MemoryAlerts(kept), VirtualClock(), actions)


STORY = [
    ("fire", "1", 12), ("fire", "2", 310), ("acknowledge", "1", 0), ("restart", "1", 400),
    ("silence", "2", 9), ("fail", "1", 0), ("fire", "3", 45), ("end", "3", 0), ("restart", "1", 9),
    ("mend", "1", 310), ("end", "1", 45), ("withdraw", "2", 700),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["memory", "local"])
async def test_one_long_story(kind: str, tmp_path: Path) -> None:
    clock, kept = VirtualClock(), Kept()

    def local() -> AlertStore:
        history = LocalStore(tmp_path / "watchlist.toml", tmp_path / "history.db").history(clock)
        history.start()
        history.record_alone()
        return history.alerts

    life = await live(local if kind == "local" else lambda: MemoryAlerts(kept), clock, STORY)
    assert life.targets[A].heard == [
        "fired 1", "fired 2", "over 3", "over 1", "over 2",
    ]  # fmt: skip
    assert life.targets[B].heard == ["escalated 1", "escalated 2", "over 1", "over 2"]
