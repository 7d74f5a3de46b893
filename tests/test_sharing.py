"""Of all processes on one home one polls; the others show the same, and can ask for more."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from smsmon.known import Condition
from smsmon.model import Entry, EventKind, FaultKind
from smsmon.monitor.standing import standing
from smsmon.monitor.state import MessageState
from smsmon.recipients import Status
from smsmon.sharing import APART
from smsmon.store.local.history import LocalFollower
from smsmon.store.local.lease import LocalLease
from smsmon.who_polls import WhoPolls
from tests.monitor.fakes import fault, row
from tests.sharing import Home, Member
from tests.store.reports import changes, rows_of


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """A home that watches 300 and 301."""
    home = Home(tmp_path)
    yield home
    for each in home.members:
        await each.end()


WAITING = (row(1), row(2))
DELIVERED = (row(1, Status.DELIVERED), row(2))


async def test_one_polls_and_a_change_is_told_by_all_of_them_once(home: Home) -> None:
    first, second, third = [await home.join() for _ in range(3)]
    everyone = (first, second, third)
    home.answer(*WAITING)
    await home.until(lambda: all(each["300"].read_at for each in everyone), "the first read")
    assert [each.polls for each in everyone] == [True, False, False]
    home.answer(*DELIVERED)
    await home.until(lambda: all(each.transitions for each in everyone), "the change")
    await home.pass_time(30)
    await home.until(lambda: third["300"].read_at == second["300"].read_at)
    told = [
        [
            (t.message_id, t.slot, t.before, t.after, round(t.observed_at, 3))
            for t in each.transitions
        ]
        for each in everyone
    ]
    assert len(told[0]) == 1
    assert told[0] == told[1] == told[2]
    assert not second.source.asked
    assert not third.source.asked
    assert [each.kinds("300") for each in everyone] == [[EventKind.FIRST_READ]] * 3
    assert len(changes(home.database)) == 1


async def test_what_a_follower_shows_is_as_fresh_as_where_it_is_read(home: Home) -> None:
    first, second = await home.join(), await home.join()
    await home.until(lambda: second["300"].read_at)
    for _ in range(120):
        await home.pass_time(1)
        await home.written()
        now = home.clock.now()
        assert standing(second.engine, second["300"], now).state is not MessageState.STALE
    last = first["300"].read_at
    await home.until(lambda: (second["300"].read_at or 0.0) >= round(last or 0.0, 3) - 0.001)
    assert second["300"].next_due is not None
    assert second["300"].promise == pytest.approx(first["300"].promise, abs=0.01)


async def test_faults_and_the_account_look_alike_everywhere(home: Home) -> None:
    first, second = await home.join(), await home.join()
    await home.until(lambda: second["300"].read_at and second["301"].read_at)
    first.source.trouble["300"] = fault(FaultKind.NOT_FOUND)
    await home.until(lambda: second["300"].fault is not None, "not found")
    assert second.kinds("300")[-1] is EventKind.NOT_FOUND
    first.source.trouble["300"] = None
    first.engine.refresh(["300"])
    await home.until(lambda: second["300"].fault is None, "found again")
    assert second.kinds("300")[-1] is EventKind.FOUND
    first.source.trouble[None] = fault(FaultKind.AUTH)
    await home.until(
        lambda: second.engine.account("default").condition is Condition.STOPPED, "refused"
    )
    assert second.engine.account("default").reason == first.engine.account("default").reason
    await home.until(lambda: EventKind.ACCOUNT_STOPPED in second.kinds())
    assert second.kinds().count(EventKind.ACCOUNT_STOPPED) == 1
    late = await home.join()
    await home.until(lambda: late.engine.account("default").condition is Condition.STOPPED)


@pytest.mark.parametrize("how", ["ends", "stands still"])
async def test_another_takes_over_within_five_seconds(home: Home, how: str) -> None:
    first, second, third = [await home.join() for _ in range(3)]
    everyone = (first, second, third)
    home.answer(*WAITING)
    await home.until(lambda: all(each["300"].read_at for each in everyone))
    await (first.end() if how == "ends" else first.stand_still())
    left = home.clock.monotonic()
    await home.until(lambda: second.polls or third.polls, "a new poller")
    assert home.clock.monotonic() - left <= 5.0
    poller = second if second.polls else third
    other = third if second.polls else second
    await home.until(lambda: poller.source.times("300") and poller.source.times("301"))
    assert not poller.source.doubled
    home.answer(*DELIVERED)
    await home.until(lambda: poller.transitions and other.transitions)
    if how == "stands still":
        first.wake()
        await home.until(lambda: first.sharing.polling.holder, "the awakened sees who polls")
        await home.until(lambda: first.transitions, "and what happened meanwhile")
        asked = len(first.source.asked)
        await home.pass_time(60)
        assert len(first.source.asked) == asked
        assert len(first.transitions) == 1
    assert not other.polls
    assert len(changes(home.database)) == 1
    assert [each.kinds("300") for each in (poller, other)] == [[EventKind.FIRST_READ]] * 2


async def test_what_an_awakened_one_still_has_in_hand_is_not_written(home: Home) -> None:
    first = await home.join()
    home.answer(*WAITING)
    await home.until(lambda: first["300"].read_at)
    await first.history.flush()
    await first.stand_still()
    second = await home.join()
    home.answer(*WAITING)
    await home.until(lambda: second.polls)
    await second.history.flush()
    before = rows_of(home.database, "SELECT revision FROM message ORDER BY id")
    # Its answer had come, and was about to be recorded, when it was stopped. Only its own: what
    # the second reads while this waits for the disk is rightly written.
    first.source.rows["300"] = list(DELIVERED)
    first.engine.grant({"300"})
    first.engine.refresh(["300"])
    run = asyncio.create_task(first.engine.run())
    await home.until(lambda: first.transitions)
    run.cancel()
    await home.until(lambda: not first.engine.leads, "the database refuses it")
    assert rows_of(home.database, "SELECT revision FROM message ORDER BY id") == before
    assert not changes(home.database)


async def test_nothing_new_is_no_write_for_one_that_takes_over(home: Home) -> None:
    first, second = await home.join(), await home.join()
    await home.until(lambda: second["300"].read_at and second["301"].read_at)
    await first.end()
    await home.until(lambda: len(second.source.asked) > 4)
    await second.history.flush()
    query = "SELECT revision FROM message"
    assert rows_of(home.database, query) == [(1,), (1,)]
    assert not second.transitions


async def test_what_is_asked_for_in_any_console_counts_where_it_is_polled(home: Home) -> None:
    first, second = await home.join(), await home.join()
    await home.until(lambda: second["300"].read_at)
    asked = len(first.source.times("300"))
    second.engine.focus("300")
    await home.until(lambda: "300" in first.engine._focus_elsewhere, "the focus")
    await home.until(lambda: len(first.source.times("300")) > asked + 3)
    second.engine.focus(None)
    await home.until(lambda: not first.engine._focus_elsewhere, "the focus is let go")
    await home.pass_time(1)
    first.source.trouble["301"] = fault(FaultKind.NOT_FOUND)
    await home.until(lambda: second["301"].fault)
    asked = len(first.source.times("301"))
    second.engine.refresh(["301"])
    began = home.clock.monotonic()
    await home.until(lambda: len(first.source.times("301")) > asked)
    assert home.clock.monotonic() - began <= 2.0
    second.sharing.our_wishes.retry_accounts()
    await home.until(lambda: first.retried)
    await home.pass_time(5)
    assert first.retried == 1, "a wish is granted once"
    await home.until(lambda: not second.history._batch.wishes)


async def test_the_focus_of_one_that_was_killed_is_void_in_a_minute(home: Home) -> None:
    first, second, _ = await home.join(), await home.join(), await home.join()
    await home.until(lambda: second["300"].read_at)
    second.engine.focus("300")
    await home.until(lambda: "300" in first.engine._focus_elsewhere, "the focus")
    for _ in range(9):
        await home.pass_time(10)
    await home.until(lambda: "300" in first.engine._focus_elsewhere, "it is said again")
    await second.stand_still()
    await home.pass_time(61)
    await home.until(lambda: not first.engine._focus_elsewhere, "the focus is let go")


async def test_of_what_left_the_list_nothing_is_kept_in_memory_wherever_it_was_shown(
    home: Home,
) -> None:
    members = [await home.join() for _ in range(2)]
    home.answer(*WAITING)
    home.answer(*WAITING, id="301")
    await home.until(lambda: all(each[id].read_at for each in members for id in ("300", "301")))
    await members[0].watching.remove(["300"])
    while "300" in members[1].engine.board:
        await members[1].watching.look()
    for each in members:
        each.history.hurry()
    await home.until(lambda: all(kept(each.history) == {"301"} for each in members))
    following = members[0].sharing._following
    following.leave(["300", "301"])
    assert following._left == {"301"}


def kept(history: Any) -> set[str]:
    """The messages of which the history has something in memory."""
    known = history._recording and history._recording._known
    return {id for all in (history._last, history._revisions, known or {}) for id, _ in all}


async def test_one_that_always_polls_is_let_by_one_that_may(home: Home) -> None:
    first = await home.join()
    await home.until(lambda: first["300"].read_at)
    always = await home.join(role="always")
    await home.until(lambda: always.polls and not first.polls)
    await home.until(lambda: always.source.asked)
    other = await home.join(role="always")
    await home.pass_time(30)
    assert not other.polls, "of two the first"


async def test_one_that_never_polls_shows_what_is_there(home: Home) -> None:
    never = await home.join(role="never")
    await home.pass_time(10)
    assert not never.polls
    assert never.sharing.polling == WhoPolls()
    poller = await home.join(name="watch")
    await home.until(lambda: never["300"].read_at)
    assert poller.polls
    assert not never.source.asked
    assert never.sharing.polling.holder is not None
    assert never.sharing.polling.holder.name == "watch"


async def test_one_whose_account_cannot_be_used_lets_another_poll(home: Home) -> None:
    unfit = await home.join()
    unfit.usable = False
    unfit.source.trouble[None] = fault(FaultKind.AUTH)
    await home.until(lambda: unfit.engine.account("default").condition is Condition.STOPPED)
    fit = await home.join()
    await home.until(lambda: fit.polls, "the one with a key polls")
    await home.until(lambda: unfit["300"].read_at)


async def test_without_a_place_for_the_lease_it_polls_alone(home: Home) -> None:
    (home.folder / "file").touch()
    member = Member(home.open_store(), home.clock)
    home.members.append(member)
    nowhere = home.folder / "file" / "history.db"
    member.sharing._lease = LocalLease(nowhere, home.clock, "console")
    await member.start()
    await home.until(lambda: member["300"].read_at)
    assert member.polls


async def test_what_is_added_shows_its_first_read_in_each(home: Home) -> None:
    first, second = await home.join(), await home.join()
    await home.until(lambda: second["300"].read_at)
    await first.watching.add([Entry("302")])
    await home.until(lambda: first["302"].read_at)
    await first.history.flush()
    await home.pass_time(1)
    await second.watching.look()
    await home.until(lambda: EventKind.FIRST_READ in second.kinds("302"))
    assert second.kinds("302") == [EventKind.ADDED, EventKind.FIRST_READ]
    await first.history.flush()
    query = "SELECT kind FROM event WHERE message_id = '302'"
    assert rows_of(home.database, query) == [("added",), ("first read",)]


async def test_a_new_database_is_followed_from_its_beginning(home: Home) -> None:
    first, second = await home.join(), await home.join()
    home.answer(*WAITING)
    await home.until(lambda: second["300"].read_at)
    for name in ("history.db", "history.db-wal", "history.db-shm"):
        (home.folder / name).unlink(missing_ok=True)
    home.answer(*DELIVERED)
    await home.until(lambda: second["300"].counts.delivered, "the change")
    assert first.polls
    assert not second.polls
    asked = home.clock.now()
    first.engine.refresh(["301"])
    await home.until(lambda: (second["301"].read_at or 0.0) >= asked, "the read")


async def test_those_that_watch_a_part_of_the_list_leave_it_to_one_that_watches_all(
    home: Home,
) -> None:
    one, other = await home.join(only="300"), await home.join(only="301")
    await home.until(lambda: one["300"].read_at and other["301"].read_at, "each reads its own")
    whole = await home.join()
    await home.until(lambda: whole.polls and not one.polls and not other.polls)
    asked = len(one.source.asked), len(other.source.asked)
    home.answer(*WAITING)
    await home.until(lambda: one["300"].counts.waiting == 2, "the first follows")
    assert (len(one.source.asked), len(other.source.asked)) == asked
    await whole.stand_still()
    took = await home.until(lambda: one.polls and other.polls, "they read their own again")
    assert took <= 5.0


async def test_where_the_store_rings_it_looks_at_once_and_not_too_often(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    bells: list[Callable[[], None]] = []
    monkeypatch.setattr(LocalFollower, "ring", lambda _, callback: bells.append(callback))
    _, second = await home.join(), await home.join()
    await home.until(lambda: second["300"].read_at)
    looks: list[float] = []
    look = second.sharing.step

    async def noted() -> None:
        looks.append(home.clock.monotonic())
        await look()

    monkeypatch.setattr(second.sharing, "step", noted)
    await home.until(lambda: looks)
    await home.pass_time(APART)
    looks.clear()
    rung = home.clock.monotonic()
    for _ in range(40):
        await asyncio.to_thread(bells[1])
        await home.pass_time(0.025)
    assert looks[0] == rung
    assert len(looks) <= 1.0 / APART + 1
    assert all(after - before > APART * 0.9 for before, after in itertools.pairwise(looks))
