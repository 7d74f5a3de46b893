"""The groups of a running program, after a restart, and by the store alone: the same figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from smsmon.commands.grouped import recorded_groups
from smsmon.grouping import AT_ONCE, STEP, Grouping
from smsmon.groups import Dimension, Figures
from smsmon.known import Remembered, key_of
from smsmon.model import Arrival, Entry
from smsmon.monitor.engine import Engine
from smsmon.settings import Settings
from smsmon.store.base import HistoryStore, Store
from tests.monitor.fakes import FakeSource
from tests.store.places import PLACES, QUICK
from tests.store.reports import START, report, row
from tests.support.clock import VirtualClock


class Empty:
    """A history that knows nothing."""

    async def ask(self, question: Callable[[Any], Any]) -> Any:
        return question(SimpleNamespace(left=lambda *since: []))


def program(clock: VirtualClock, history: HistoryStore) -> Engine:
    engine = Engine({"default": FakeSource(clock)}, clock, recorder=history)
    history.record_alone()
    history.start()
    return engine


async def everything(grouping: Grouping) -> dict[Dimension, dict[str, Figures]]:
    """All groups, once what left is known as well."""
    grouping.rows(Dimension.TAG)
    await asyncio.wait_for(grouping.recalled.wait(), 30)
    return {dimension: grouping.rows(dimension) for dimension in Dimension}


@pytest.mark.parametrize("kind", QUICK)
async def test_figures_are_the_same_live_after_a_restart_and_by_what_is_recorded(
    kind: str, tmp_path: Path
) -> None:
    place, clock = PLACES[kind](tmp_path), VirtualClock(START)
    store: Store = place()
    came = [
        Entry(f"{number}", "a code", ("otp",), added_at=START - 600 + number,
              arrival=Arrival("app", 60.0, sent_at=START - 601 + number))
        for number in range(6)
    ]  # fmt: skip
    store.arrivals(clock).take(came)
    by_hand = Entry("900", "newsletter", ("promo", "fr"), added_at=START - 400)
    store.watchlist(clock).add([by_hand])
    history = store.history(clock)
    engine = program(clock, history)
    grouping = Grouping(engine, history, clock)
    engine.watch_all((each, None) for each in (by_hand, *came))
    assert grouping.rows(Dimension.SOURCE)["app"].unread == 6
    for number, word in enumerate(("Delivered", "Delivered", "Not delivered", "Waiting")):
        dated = int(START) - 590 + number * 15
        engine.receive("default", report(f"{number}", [row(number, word, date=dated)], START - 500))
    large = [row(1, "Delivered", True, int(START) - 395), row("+34612345678", "Waiting")]
    engine.receive("default", report("900", large, START - 300))
    engine.amend(Entry("900", "newsletter", ("promo",), added_at=START - 400))
    grouping.amended("900")
    for each in ("0", "2"):  # complete: they leave
        engine.forget(each)
    store.arrivals(clock).leave(["0", "2"])
    store.watchlist(clock).amend(["900"], tags=None, label="newsletter")
    history.watching(each.entry for each in engine.board)
    await history.flush()
    live = await everything(grouping)

    otp = grouping.row(Dimension.TAG, "otp")
    assert otp is not None
    assert (otp.messages, otp.sent, otp.delivered, otp.failed) == (4, 6, 2, 1)
    assert (otp.sent_lately, otp.unread, otp.waiting) == (0, 2, 1)
    assert [each.share for each in otp.within] == [0.0, 0.5]

    again = program(clock, other := place().history(clock))
    watched = [each.entry for each in engine.board]
    async for portion in other.load([key_of(each) for each in watched]):
        known = {each.summary.id: each for each in portion}
        again.watch_all(
            [(each, Remembered(known[each.id].summary)) for each in watched if each.id in known],
            announce=False,
        )
    again.watch_all((each, None) for each in watched if each.id not in again.board)
    restarted = Grouping(again, other, clock)
    counted = (await everything(restarted))[Dimension.TAG]["otp"]
    assert (counted.counts, counted.sent) == (otp.counts, 6), "their recipients are not there yet"
    async for portion in other.load([key_of(each) for each in watched]):
        again.fill((each.summary.id, each) for each in portion)
    assert await everything(restarted) == live

    with place().archive() as archive:
        for dimension in Dimension:
            groups, at = recorded_groups(Settings(), watched, archive, dimension, now=clock.now())
            assert groups.rows(dimension, at) == live[dimension]
    await history.close()
    await other.close()


async def test_what_is_much_is_put_together_in_steps_while_news_comes() -> None:
    clock, count = VirtualClock(START), AT_ONCE + STEP + 1
    engine = Engine({"default": FakeSource(clock)}, clock)
    entries = [Entry(str(number), tags=("otp",), added_at=START - 60) for number in range(count)]
    engine.watch_all((each, None) for each in entries)
    grouping, more = Grouping(engine, cast("HistoryStore", Empty()), clock), asyncio.Event()
    grouping.brought_more = more.set

    async def whole() -> None:
        while not grouping.whole:
            await asyncio.wait_for(more.wait(), 30)
            more.clear()

    assert grouping.rows(Dimension.TAG) == {}, "it takes a moment"
    await asyncio.sleep(0)
    for gone in ("0", str(count - 1)):
        engine.forget(gone)
    engine.watch(Entry("1000", tags=("otp",), added_at=START))
    assert not grouping.whole
    await whole()
    otp = grouping.rows(Dimension.TAG)["otp"]
    assert otp.messages == len(engine.board) == count - 1
    assert otp.sent - otp.messages in (0, 1, 2), "one that left before it was met brought nothing"
    grouping.rows(Dimension.PROFILE)
    assert not grouping.whole
    await whole()
    assert grouping.rows(Dimension.PROFILE)["default"].messages == count - 1
    grouping.close()
