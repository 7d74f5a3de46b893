"""Several processes on one store: one has the lease and records, the others read what it did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from smsmon.known import AccountState, Condition
from smsmon.model import Event, EventKind, Fault, FaultKind
from smsmon.recipients import Status
from smsmon.store.shared import Lease, Wish, Work
from tests.store.places import PLACES, QUICK, Place, Process, changes, kinds, load
from tests.store.reports import START, row
from tests.support.clock import VirtualClock

WANTED = {"300": Work("default")}
W, D = Status.WAITING, Status.DELIVERED


@pytest.fixture(params=QUICK)
def undivided(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A store where one process has all of the work."""
    return PLACES[request.param](tmp_path)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


def leases(place: Place, clock: VirtualClock, *names: str) -> Sequence[Lease]:
    return [place().lease(clock, name) for name in names]


def test_the_second_one_gets_nothing_and_sees_who_has_it(
    undivided: Place, clock: VirtualClock
) -> None:
    first, second = leases(undivided, clock, "console", "watch")
    assert [*first.claim(WANTED)] == ["300"]
    assert not second.claim(WANTED)
    assert "300" in first
    assert "300" not in second
    assert [each.holder and each.holder.name for each in (first, second)] == [None, "console"]
    assert [each.held for each in (first, second)] == [True, False]
    assert [each.ours_still() for each in (first, second)] == [True, False]


def test_what_is_let_go_can_be_had_at_once(undivided: Place, clock: VirtualClock) -> None:
    first, second = leases(undivided, clock, "console", "watch")
    first.claim({})
    first.release()
    second.look()
    assert second.holder is None
    assert second.claim(WANTED)
    assert "300" in second
    assert "300" not in first


async def test_one_that_stands_still_loses_it_and_one_that_is_alive_does_not(
    undivided: Place, clock: VirtualClock
) -> None:
    first, second = leases(undivided, clock, "console", "watch")
    first.claim({})
    for _ in range(30):
        await clock.advance(1)
        assert first.renew()
        assert not second.claim(WANTED)
    for _ in range(30):
        await clock.advance(1)
        if second.claim(WANTED):
            break
    assert second.held
    assert "300" not in first
    assert not first.renew()
    assert not first.claim(WANTED)


def test_the_one_that_polls_knows_whether_anybody_follows(
    undivided: Place, clock: VirtualClock
) -> None:
    poller, *followers = leases(undivided, clock, "watch", "one", "two")
    poller.claim({})
    assert not poller.attended()
    for each in followers:
        each.attend()
        each.attend()
        assert poller.attended()
    followers[0].leave()
    assert poller.attended()
    followers[1].leave()
    assert not poller.attended()


async def test_a_follower_brings_what_is_new_and_nothing_twice(place: Place) -> None:
    async with Process(place) as reader, Process(place) as other:
        reader.watch("300")
        other.history.follow()
        follower = other.history.follower()
        cursor = follower.end()
        await reader.says([row(1), row(2)], asked=0)
        assert follower.changed()
        newer = follower.newer(cursor)
        (first,) = newer.messages
        assert first.last_poll.read_at == START
        assert first.remembered is not None
        assert [each.status for each in first.remembered.recipients] == [W, W]
        assert [each.kind for each in newer.events] == [EventKind.FIRST_READ]
        other.history.adopt(first.remembered)
        await reader.says([row(1, "Delivered"), row(2)], asked=9)
        (second,) = follower.newer(newer.cursor).messages
        assert [(each.slot, each.before, each.after) for each in second.transitions] == [(0, W, D)]
        assert second.remembered is not None
        other.history.adopt(second.remembered)
        await reader.history.flush()
        follower.changed()
        assert not follower.changed(), "nobody wrote since"
        newest = follower.newer(follower.newer(cursor).cursor)
        assert (newest.messages, newest.events) == ([], [])
        follower.close()


async def test_a_failed_poll_is_followed_with_its_reason(place: Place) -> None:
    fault = Fault(FaultKind.TIMEOUT, "too slow")
    async with Process(place) as reader, Process(place) as other:
        reader.watch("300")
        follower = other.history.follower()
        cursor = follower.end()
        failed = reader.board.fail("300", fault, START + 9)
        reader.history.record(failed, reader.board["300"])
        reader.history.record_accounts([AccountState("default", Condition.DOWN, fault, START)])
        await reader.history.flush()
        newer = follower.newer(cursor)
        assert [(each.last_poll.fault, each.remembered) for each in newer.messages] == [
            (fault, None)
        ]
        assert list(newer.accounts) == [AccountState("default", Condition.DOWN, fault, START)]
        follower.close()


async def test_what_one_wishes_the_other_reads_until_it_is_granted(place: Place) -> None:
    async with Process(place) as reader, Process(place) as other:
        other.history.follow()
        for kind, what in (("refresh", "300"), ("focus", "300"), ("focus", "301")):
            other.history.wish(Wish("me", START, kind, what))
        await other.history.flush()
        follower = reader.history.follower()
        wishes = follower.wishes()
        assert [(each.kind, each.what) for each in wishes] == [
            ("refresh", "300"),
            ("focus", "301"),  # of those that last, the last one
        ]
        reader.history.granted([wishes[0].id])
        await reader.history.flush()
        assert [each.kind for each in follower.wishes()] == ["focus"]
        follower.close()


async def test_one_that_follows_records_nothing_of_polls(place: Place) -> None:
    async with Process(place) as other:
        other.watch("300")
        other.history.follow()
        await other.says([row(1)], asked=0)
        other.history.record_event(Event(EventKind.ACCOUNT_UP, START))
        await other.history.flush()
    assert kinds(place) == []
    assert changes(place) == []


async def test_one_that_lost_the_lease_records_nothing_more_and_is_told(place: Place) -> None:
    lost: list[str] = []
    async with Process(place) as slow, Process(place) as fast:
        for each in (slow, fast):
            each.watch("300")
        slow.history.lead(lambda: True, lambda: lost.append("slow"))
        await slow.says([row(1)], asked=0)
        fast.history.lead(lambda: True, lambda: lost.append("fast"))
        await fast.says([row(1, "Delivered")], asked=5)
        await slow.says([row(1, "Not delivered")], asked=9)
    assert lost == ["slow"]
    assert load(place).recipients.statuses == bytes([D])


async def test_how_it_stands_is_told_to_commands_too(place: Place) -> None:
    fault = Fault(FaultKind.TIMEOUT, "too slow")
    stopped = AccountState("default", Condition.STOPPED, fault, START)
    async with Process(place) as reader:
        reader.watch("300")
        await reader.says([row(1)], asked=0)
        reader.history.record(reader.board.fail("300", fault, START + 9), reader.board["300"])
        reader.history.record_accounts([stopped])
    with place().archive() as archive:
        (poll,) = archive.polls().items()
        assert poll[0] == ("300", "default")
        assert (poll[1].read_at, poll[1].fault, poll[1].fault_since) == (START, fault, START + 9)
        assert archive.accounts() == [stopped]
