"""A start with what was recorded: the counts at once, the recipients after them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from smsmon import filling
from smsmon.known import Key, Remembered
from smsmon.model import Counts, Entry
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied
from smsmon.recipients import Recipient, Status
from smsmon.store.base import HistoryStore
from smsmon.watching import Watching
from tests.monitor.fakes import FakeSource
from tests.store.places import Place, Process, changes
from tests.store.reports import START, report, row
from tests.support.clock import VirtualClock

RECORDED: dict[str, list[Recipient]] = {
    "300": [row(1, "Delivered"), row(2, "Delivered")],
    "301": [row(1), row(2), row(3, "Not delivered")],
    "302": [row(1)],
}
TURNED = [row(1, "Delivered"), *RECORDED["301"][1:]]
"""What is told of 301 later: one has got it."""
LATER = START + 60.0


class Starting:
    """A process that has read the list, and of the history the counts alone."""

    def __init__(self, place: Place) -> None:
        self.clock = VirtualClock(LATER)
        self.source = FakeSource(self.clock)
        self.source.rows = {**RECORDED, "301": TURNED, "303": [row(9)]}
        self.history: HistoryStore = place().history(self.clock)
        self.engine = Engine({"default": self.source}, self.clock, recorder=self.history)
        self.filled: list[Collection[str]] = []
        self.told: list[Applied] = []
        self.engine.subscribe(lambda it: self.told.append(it) if isinstance(it, Applied) else None)
        watchlist = place().watchlist(self.clock)
        self.watching = Watching(self.engine, watchlist, self.history, pytest.fail)

    @property
    def changed(self) -> list[tuple[str, int, Status]]:
        transitions = [each for it in self.told for each in it.transitions]
        return [(each.message_id, each.slot, each.after) for each in transitions]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.engine.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def started(place: Place) -> AsyncIterator[Starting]:
    place().watchlist(VirtualClock(START)).add(map(Entry, (*RECORDED, "303")))
    async with Process(place) as before:
        for id, rows in RECORDED.items():
            before.watch(id)
            before.poll(id, rows, START)
    starting = Starting(place)
    shown: list[str] = []
    await starting.watching.start(
        starting.clock, 0, lambda: shown.append("all"), starting.filled.append
    )
    await starting.history.flush()  # what it notes of the list is not to come between
    try:
        yield starting
        assert shown == ["all"], "what is loaded later is shown by itself"
    finally:
        await starting.history.close()


async def test_counts_come_first_and_what_is_polled_is_compared_with_what_was_recorded(
    place: Place,
) -> None:
    async with started(place) as one:
        board = one.engine.board
        assert board.totals() == Counts(6, delivered=2, not_delivered=1, waiting=3)
        assert board.lacking == {*RECORDED}
        assert [board[id].oldest_waiting for id in RECORDED] == [None] * 3, "nobody knows yet"
        async with one.running():
            one.engine.refresh_all()
            one.engine.refresh(RECORDED)
            one.engine.receive("default", report("301", TURNED, LATER))
            await one.clock.advance(30.0)
            assert {id for _, id in one.source.asked} == {"303"}
            assert one.changed == []
            await one.watching.fill()
            assert [board[id].oldest_waiting for id in RECORDED] == [None, START, START]
            await one.clock.advance(30.0)
        assert {id for _, id in one.source.asked} == {*RECORDED, "303"}
        assert one.changed == [("301", 0, Status.DELIVERED)]
        assert [it.message_id for it in one.told if it.first] == ["303"]
        await one.history.flush()
    assert [each[:2] for each in changes(place)] == [("301", 0)]


async def test_what_others_record_meanwhile_is_told_as_what_it_is(place: Place) -> None:
    async with started(place) as one, Process(place) as other:
        follower = one.history.follower()
        end = follower.end()
        async for portion in other.history.load(["301"]):
            other.watch("301", portion[0])
        other.poll("301", TURNED, LATER)
        await other.history.flush()
        told = [each for each in follower.newer(end).messages if each.remembered is not None]
        assert [[one.slot for one in each.transitions] for each in told] == [[0]]
        follower.close()


async def test_what_is_looked_at_is_loaded_first_then_what_is_read_again_soonest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "LOADED_AT_ONCE", 1)
    async with started(place) as one:
        loaded: list[str] = []
        load = one.history.load

        def noted(wanted: Sequence[Key]) -> AsyncIterator[list[Remembered]]:
            loaded.extend(id for id, _ in wanted)
            one.engine.focus("300" if len(loaded) == 1 else None)
            return load(wanted)

        monkeypatch.setattr(one.history, "load", noted)
        await one.watching.fill()
    assert loaded == ["301", "300", "302"]
    assert one.filled == [["301"], ["300"], ["302"]]


async def test_a_message_that_the_history_lost_meanwhile_is_as_if_it_was_never_read(
    place: Place,
) -> None:
    async with started(place) as one:
        with place().archive() as archive:
            archive.prune([Entry("300")], START + 10 * 86_400, 0)
        await one.watching.fill()
        board = one.engine.board
        assert board.totals() == board["300"].counts
        assert not board.lacking
        assert board["301"].read_at is None
