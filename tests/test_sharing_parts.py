"""Where several processes have each a part of the messages: each is polled by one, shown by all."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from smsmon.following import take_over
from smsmon.known import CHIEF, Condition
from smsmon.model import Entry, EventKind, FaultKind
from smsmon.monitor.schedule import Limits
from smsmon.recipients import Status
from smsmon.store.errors import Busy, Unreachable
from smsmon.store.shared import Cursor, Newer
from smsmon.store.shares import Share
from smsmon.who_polls import OurWork
from tests.monitor.fakes import fault, report, row
from tests.sharing import Home, Member
from tests.store.memory import Memory
from tests.store.memory_parts import MemoryRows, Parts, PartsStore

IDS = tuple(map(str, range(300, 312)))
WAITING = (row(1), row(2))
DELIVERED = (row(1, Status.DELIVERED), row(2))


class Team(Home):
    """A store whose lease has parts, in memory."""

    def __init__(self, folder: Path) -> None:
        self.memory, self.parts = Memory(), Parts()
        super().__init__(folder, IDS, lambda: PartsStore(self.memory, self.parts))

    async def join(self, name: str = "console", role: str = "always", only: str = "") -> Member:
        member = await super().join(name, role, only)
        member.source.rows.update({id: list(WAITING) for id in IDS})
        return member

    def polled_by(self, id: str) -> list[Member]:
        return [each for each in self.members if each.engine.is_ours(id)]

    def shared(self, *members: Member) -> bool:
        """Each message is polled by one of these, and each of them has a good part."""
        parts = [sum(each.engine.is_ours(id) for id in IDS) for each in members]
        return sum(parts) == len(IDS) and min(parts) >= len(IDS) / len(members) / 2


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    team = Team(tmp_path)
    yield team
    for each in team.members:
        await each.end()


def looked_at(member: Member, id: str) -> bool:
    """Whether another console looks at it, as far as is known where it is polled."""
    return id in member.engine._focus_elsewhere


def rows_of(member: Member) -> MemoryRows:
    assert isinstance(member.store, PartsStore)
    assert member.store.rows is not None
    return member.store.rows


async def test_each_polls_its_part_and_shows_all_and_tells_each_change_once(team: Team) -> None:
    members = [await team.join() for _ in range(3)]
    took = await team.until(lambda: team.shared(*members), "an even share")
    assert took < 20.1  # looked at every tenth of a second
    await team.until(lambda: all(each[id].counts.total == 2 for each in members for id in IDS))
    for id in IDS:
        team.answer(*DELIVERED, id=id)
    await team.until(lambda: all(len(each.transitions) >= len(IDS) for each in members))
    await team.pass_time(20)
    for each in members:
        assert sorted(t.message_id for t in each.transitions) == sorted(IDS)
        told = [one for one in each.events if one.kind is EventKind.FIRST_READ]
        assert sorted(str(one.message_id) for one in told) == sorted(IDS), "each was told once"
        assert not each.source.doubled
    kept = [event.kind for _, event in team.memory.events]
    assert kept.count(EventKind.FIRST_READ) == len(IDS)
    assert [sum(id == asked for each in members for _, asked in each.source.asked[-40:]) > 0
            for id in IDS]  # fmt: skip


async def test_who_reads_all_more_seldom_for_want_of_room_has_as_much_to_do(team: Team) -> None:
    one = await team.join()
    await team.until(lambda: all(one[id].counts.total for id in IDS))
    for stretch, id in enumerate(IDS, 1):
        one[id].promise = 10.0 * stretch
    work = OurWork(one.engine, team.clock, lambda _: True, whole=True).known()
    rates = [work[id].rate for id in IDS]
    assert max(rates) < 1.2 * min(rates)


async def test_what_goes_to_another_is_polled_on_by_it_from_what_was_recorded_last(
    team: Team,
) -> None:
    first = await team.join()
    await team.until(lambda: all(first[id].counts.total for id in IDS))
    second = await team.join()
    await team.until(lambda: team.shared(first, second), "an even share")
    asked = len(second.source.asked)
    await team.until(lambda: len(second.source.asked) > asked + 12)
    assert not second.transitions
    assert not first.transitions
    assert EventKind.FIRST_READ not in second.kinds()
    # It is read when it would have been; of what was under way, no answer was taken in.
    soon = 0
    for id in IDS:
        moments = sorted(first.source.times(id) + second.source.times(id))
        soon += sum(later - earlier < 1.9 for earlier, later in itertools.pairwise(moments))
    assert soon <= 2


async def test_what_comes_is_polled_only_when_it_is_known_what_was_recorded_of_it(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await team.join()
    await team.until(lambda: all(first[id].counts.total for id in IDS))
    second = await team.join()

    def busy(_: Cursor) -> Newer:
        raise Busy("there", "another process held it for too long", "Wait.")

    with monkeypatch.context() as held_up:
        held_up.setattr(second.sharing._follower, "newer", busy)
        await team.until(lambda: sum(id in second.lease for id in IDS) > 3, "its part")
        await team.pass_time(3)
        assert not second.source.asked
    await team.until(lambda: second.source.asked)
    assert not second.transitions


@pytest.mark.parametrize("how", ["ends", "stands still", "is cut off", "sleeps"])
async def test_the_part_of_one_that_is_gone_goes_to_the_others(team: Team, how: str) -> None:
    first, second, third = members = [await team.join() for _ in range(3)]
    await team.until(lambda: team.shared(*members), "an even share")
    if how == "ends":
        await first.end()
    elif how == "is cut off":
        rows_of(first).broken = Unreachable("the server", "it is gone", "It is tried again.")
    else:
        await first.stand_still()
    took = await team.until(lambda: team.shared(second, third), "two share")
    assert took < (10.0 if how == "ends" else 30.0)
    if how == "ends":
        return
    await team.pass_time(5)
    asked, found = len(first.source.asked), len(team.memory.events)
    if how == "sleeps":
        first.wake()
        await team.until(lambda: team.shared(*members), "it has its part again")
        assert len(first.source.asked) >= asked
    elif how == "is cut off":
        await team.pass_time(30)
        assert len(first.source.asked) == asked, "what cannot be recorded is not polled"
        assert first.sharing.polling.unreachable_since is not None
        rows_of(first).broken = None
        await team.until(lambda: team.shared(*members), "it has its part again")
        assert first.sharing.polling.unreachable_since is None
    assert not [e for _, e in team.memory.events[found:] if e.kind is EventKind.FIRST_READ]


async def test_what_one_that_slept_still_has_in_hand_is_not_kept(team: Team) -> None:
    first = await team.join()
    await team.until(lambda: all(first[id].read_at for id in IDS))
    await first.stand_still()
    at = team.clock.now()
    second = await team.join()
    await team.until(lambda: second.source.times("300") and not second.source.flying)
    assert not first.engine.is_ours("300")
    held = first.engine.board
    first.history.record(held.apply(report(DELIVERED, at=at), at), held["300"])
    await take_over(first.engine, first.history, [("300", "default")])
    kept = team.memory.kept["300", "default"].recipients
    assert kept.statuses == bytes([Status.WAITING] * 2)


async def test_of_those_that_need_not_two_poll_and_one_is_chief(team: Team) -> None:
    members = []
    for _ in range(3):
        members.append(await team.join(role="auto"))
        await team.pass_time(0.5)
    one, two, three = members
    await team.until(lambda: team.shared(one, two), "two share")
    await team.until(lambda: all(three[id].read_at for id in IDS), "the third shows all")
    assert [each.polls for each in members] == [True, True, False]
    assert [each.engine.leads for each in members] == [True, False, False]
    assert [each.sharing.polling.pollers for each in members] == [2, 2, 2]
    assert three.sharing.polling.holder is not None
    assert not three.source.asked
    await one.end()
    await team.until(lambda: team.shared(two, three), "the third comes in")
    await team.until(lambda: two.engine.leads or three.engine.leads, "one is chief")
    assert [two.engine.leads, three.engine.leads].count(True) == 1
    assert team.parts.owners[CHIEF][1] > 1


async def test_what_is_wanted_of_a_message_goes_to_whoever_polls_it(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = members = [await team.join() for _ in range(2)]
    never = await team.join(role="never")
    await team.until(lambda: team.shared(*members), "an even share")
    await team.until(lambda: all(never[id].read_at for id in IDS))
    monkeypatch.setattr(Share, "excess", lambda *_: [])  # no more is evened out
    await team.pass_time(6)
    for asks, of in ((one, two), (two, one), (never, one)):
        theirs = next(id for id in IDS if of.engine.is_ours(id))
        for each in members:
            each.source.asked.clear()
        began = team.clock.monotonic()
        asks.engine.refresh([theirs])
        await team.until(partial(of.source.times, theirs), "it is polled")
        assert team.clock.monotonic() - began <= 1.5
        asks.engine.focus(theirs)
        await team.until(partial(looked_at, of, theirs), "it is looked at")
        asks.engine.focus(None)
    never.sharing.our_wishes.retry_accounts()
    await team.until(lambda: one.retried and two.retried)
    one.engine.refresh_all()
    await team.pass_time(5)
    assert (one.retried, two.retried) == (1, 1), "a wish is granted once by each"
    await team.pass_time(80)
    kinds = {wish.kind for wish in team.memory.wishes} - {"focus"}
    assert not kinds, "the chief drops what is void"


async def test_what_was_wanted_of_another_is_read_at_once_when_it_comes_to_who_wanted_it(
    team: Team,
) -> None:
    one, two = members = [await team.join() for _ in range(2)]
    never = await team.join(role="never")  # somebody else is there all the time
    await team.until(lambda: team.shared(*members), "an even share")
    await team.until(lambda: all(never[id].read_at for id in IDS))
    for each in members:
        each.engine.limit(Limits(min_interval=300, max_interval=900))  # nothing is due by itself
    await team.pass_time(30)
    theirs = [id for id in IDS if two.engine.is_ours(id)]
    one.source.asked.clear()
    one.engine.refresh(theirs)
    await two.end()  # before it learns of it
    await team.until(lambda: one_has_all(one), "they come")
    await team.pass_time(0.5)
    assert {id for _, id in one.source.asked} >= {*theirs}


async def test_an_account_that_only_one_cannot_reach_is_polled_by_the_others(team: Team) -> None:
    one, two = members = [await team.join() for _ in range(2)]
    await team.until(lambda: team.shared(*members), "an even share")
    two.source.trouble[None] = fault(FaultKind.AUTH)
    await team.until(lambda: one_has_all(one), "the other has all of it")
    asked = len(two.source.asked)
    await team.pass_time(60)
    assert len(two.source.asked) == asked, "a key that was refused is not tried again by itself"
    assert two.engine.account("default").condition is Condition.OK, "it follows the other"
    two.source.trouble.clear()
    two.engine.retry_account("default")
    await team.until(lambda: team.shared(*members), "it has its part again")


def one_has_all(member: Member) -> bool:
    return all(member.engine.is_ours(id) for id in IDS)


async def test_what_is_added_is_polled_by_one_within_seconds(team: Team) -> None:
    one, two = [await team.join() for _ in range(2)]
    await team.until(lambda: team.shared(one, two), "an even share")
    await one.watching.add([Entry("900")])
    await two.watching.look()
    took = await team.until(lambda: one["900"].read_at and two["900"].read_at)
    assert took <= 5.0
    assert len(team.polled_by("900")) == 1
    for each in (one, two):
        assert each.kinds("900") == [EventKind.ADDED, EventKind.FIRST_READ]
