"""Any interleaving of answers, faults, adds, removes, pauses and clock jumps keeps the promises.

The engine runs on virtual time against a source whose truth changes under it. After each
series the promises are checked over all that was asked and told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsmon.known import Condition
from smsmon.model import FaultKind
from smsmon.monitor.schedule import Limits
from smsmon.monitor.state import Applied
from smsmon.recipients import Status
from tests.monitor.fakes import Rig, fault, pause, row, windows_passed

IDS = [str(1000 + number) for number in range(12)]
LIMITS = Limits(per_minute=25, min_interval=5.0, max_interval=120.0, concurrency=3)
TROUBLES: list[FaultKind | None] = [None, None, *FaultKind]
LONGEST_TROUBLE = 240.0
"""Virtual seconds that cure everything: the longest back-off, twice."""


@dataclass
class Run:
    """One engine, and what is true at its source."""

    rig: Rig = field(default_factory=lambda: Rig(LIMITS))
    told: dict[tuple[str, str], list[Status | None]] = field(default_factory=dict)
    """(message, phone) → the chain of statuses as transitions told it."""
    broken: list[AssertionError] = field(default_factory=list)
    """Promises found broken while listening: the engine shields itself from its listeners."""

    def add(self, message_id: str) -> None:
        if message_id not in self.rig.engine.board:
            self.told = {key: c for key, c in self.told.items() if key[0] != message_id}
            self.rig.source.rows.setdefault(message_id, [row(1), row(2)])
            self.rig.watch(message_id)

    def forget(self, message_id: str) -> None:
        if message_id in self.rig.engine.board:
            self.rig.engine.forget(message_id)

    def change(self, message_id: str, place: int, status: Status) -> None:
        rows = self.rig.source.rows.setdefault(message_id, [row(1), row(2)])
        if place < len(rows):
            rows[place] = row(place + 1, status)
        else:
            rows.append(row(len(rows) + 1, status))

    def pause(self, message_id: str, paused: bool) -> None:
        if message_id in self.rig.engine.board:
            pause(self.rig.engine, [message_id], paused)

    def trouble(self, message_id: str | None, kind: FaultKind | None) -> None:
        self.rig.source.trouble[message_id] = None if kind is None else fault(kind)

    def hear(self, news: object) -> None:
        try:
            self.check(news)
        except AssertionError as error:
            self.broken.append(error)

    def check(self, news: object) -> None:
        """Each transition must continue the chain of its recipient; nothing twice, nothing lost."""
        if not isinstance(news, Applied):
            return
        watched = self.rig.engine.board[news.message_id]
        if news.first:
            for one in watched.recipients:
                self.told[news.message_id, one.phone] = [one.status]
        for transition in news.transitions:
            chain = self.told.setdefault((news.message_id, transition.phone), [None])
            assert chain[-1] == transition.before
            assert transition.after != transition.before
            chain.append(transition.after)
        if news.first or news.transitions:
            shown = {one.phone: one.status for one in watched.recipients}
            assert shown == {
                phone: chain[-1] for (id, phone), chain in self.told.items() if id == watched.id
            }


Step = Callable[[Run], float]
"""Does something and gives the virtual seconds that pass after it."""

ids = st.sampled_from(IDS)
pauses = st.sampled_from([0.0, 0.05, 0.1, 1.0, 7.0, 60.0, 300.0])


def _step(act: Callable[..., object], *args: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    def made(pause: float, *values: object) -> Step:
        def step(run: Run) -> float:
            act(run, *values)
            return pause

        return step

    return st.builds(made, pauses, *args)


steps = st.one_of(
    _step(Run.add, ids),
    _step(Run.add, ids),
    _step(Run.forget, ids),
    _step(Run.change, ids, st.integers(0, 3), st.sampled_from(Status)),
    _step(Run.change, ids, st.integers(0, 3), st.sampled_from(Status)),
    _step(Run.pause, ids, st.booleans()),
    _step(Run.trouble, st.one_of(st.none(), ids), st.sampled_from(TROUBLES)),
    _step(lambda run, id: run.rig.engine.refresh([id]), ids),
    _step(lambda run: run.rig.engine.refresh_all()),
    _step(lambda run, id: run.rig.engine.focus(id), st.one_of(st.none(), ids)),
    _step(lambda run: run.rig.engine.retry_account("default")),
    _step(lambda run, by: run.rig.clock.jump(by), st.sampled_from([-9e5, -60.0, 40.0, 9e4])),
    _step(
        lambda run, by: setattr(run.rig.source, "latency", by),
        st.sampled_from([0.0, 0.1, 4.0, 30.0]),
    ),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=5, max_size=40))
def test_every_interleaving_keeps_the_promises(series: list[Step]) -> None:
    asyncio.run(_play(series))


async def _play(series: list[Step]) -> None:
    run = Run()
    rig = run.rig
    rig.engine.subscribe(run.hear)
    async with rig.running():
        for id in IDS[:4]:
            run.add(id)
        for step in series:
            await rig.clock.advance(step(run))
            _check_at_any_time(rig)
            assert run.broken == []
        rig.source.latency = 0.1
        rig.source.trouble.clear()
        if rig.engine.account("default").condition is Condition.STOPPED:
            rig.engine.retry_account("default")
        await rig.clock.advance(LONGEST_TROUBLE)
        start = rig.clock.monotonic()
        stretched = max(1.0, rig.engine.stretch)
        await rig.clock.advance(2 * LIMITS.max_interval * stretched + 10)
        _check_at_any_time(rig)
        for watched in rig.engine.board:
            asked = [at for at in rig.source.times(watched.id) if at > start]
            if watched.entry.paused or watched.settled_at is not None:
                assert watched.next_due is None
                continue
            assert asked, f"{watched.id} was not polled again within its bound"
            truth = [one.status for one in rig.source.rows[watched.id]]
            assert [one.status for one in watched.recipients] == truth
            assert watched.fault is None
    assert run.broken == []


def _check_at_any_time(rig: Rig) -> None:
    times = [at for at, _ in rig.source.asked]
    assert windows_passed(times, LIMITS.per_minute) == 0
    assert rig.source.doubled == 0
    assert rig.source.most_flying <= LIMITS.concurrency
    board = rig.engine.board
    total = board.totals()
    assert total.total == sum(len(each.recipients) for each in board)
    assert total.delivered == sum(
        each.recipients.statuses.count(Status.DELIVERED) for each in board
    )
    for each in board:
        assert each.in_flight == (each.id in rig.source.flying) or rig.source.latency == 0.0
        resting = each.entry.paused or each.settled_at is not None
        assert each.in_flight or resting or each.next_due is not None
