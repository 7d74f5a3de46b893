"""The façade: several accounts, listeners, the recorder, what is known from before."""

from __future__ import annotations

from array import array

import pytest

from smsmon.known import Condition, Remembered, Summary
from smsmon.model import Entry, EventKind, FaultKind
from smsmon.monitor.budget import Window
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Source
from smsmon.monitor.state import Applied, Watched
from smsmon.recipients import Recipients, Status
from tests.monitor.fakes import FakeSource, Rig, fault, row, windows_passed
from tests.support.clock import VirtualClock


def _two(clock: VirtualClock) -> dict[str, Source]:
    return {"one": FakeSource(clock), "two": FakeSource(clock)}


class Notes:
    """A recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.noted: list[tuple[Applied, Status]] = []

    def record(self, applied: Applied, watched: Watched) -> None:
        self.noted.append((applied, watched.recipients[0].status))


async def test_accounts_of_one_address_share_its_limit_fairly() -> None:
    sources: dict[str, FakeSource] = {}

    def made(clock: VirtualClock) -> dict[str, Source]:
        sources.update(one=FakeSource(clock), two=FakeSource(clock))
        return dict(sources)

    rig = Rig(Limits(per_minute=40), made)
    rig.watch(*(str(1000 + n) for n in range(100)), profile="one")
    rig.watch(*(str(2000 + n) for n in range(100)), profile="two")
    async with rig.running():
        await rig.clock.advance(1800.0)
    times = sorted(at for source in sources.values() for at, _ in source.asked)
    assert windows_passed(times, 40) == 0
    one, two = (len(source.asked) for source in sources.values())
    assert 0.8 < one / two < 1.25
    assert one + two > 0.9 * 30 * 38


async def test_the_accounts_of_two_addresses_have_a_limit_each() -> None:
    clock = VirtualClock()
    engine = Engine(_two(clock), clock, windows={"one": Window(), "two": Window()})
    assert engine.allowed == 1200


async def test_one_account_in_trouble_leaves_the_other_alone() -> None:
    rig = Rig(sources=_two)
    refused = FakeSource(rig.clock)
    refused.trouble[None] = fault(FaultKind.AUTH)
    rig.engine.set_source("two", refused)
    rig.watch("1", "2", "3", profile="one")
    rig.watch("4", "5", "6", profile="two")
    async with rig.running():
        await rig.clock.advance(60.0)
        assert rig.engine.account("one").condition is Condition.OK
        assert rig.engine.account("two").condition is Condition.STOPPED
        assert rig.engine.board["1"].read_at is not None


async def test_messages_of_an_unknown_account_are_kept_and_say_why() -> None:
    rig = Rig()
    rig.watch("300", profile="gone")
    async with rig.running():
        await rig.clock.advance(60.0)
        rig.engine.refresh(["300"])
        account = rig.engine.account("gone")
        assert account.condition is Condition.STOPPED
        assert "gone" in account.reason
        rig.engine.amend(Entry("300", profile="default"))
        await rig.clock.advance(1.0)
        assert rig.engine.board["300"].read_at is not None
        rig.engine.amend(Entry("300", profile="gone"))
        rig.engine.forget("300")


async def test_a_listener_that_fails_hurts_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()

    def broken(_: object) -> None:
        raise RuntimeError("listener")

    rig.engine.subscribe(broken)
    after: list[object] = []
    end = rig.engine.subscribe(after.append)
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(60.0)
        assert len(after) == len(rig.news) > 5
        end()
        await rig.clock.advance(60.0)
        assert len(after) < len(rig.news)
    assert len([r for r in caplog.records if "the engine goes on" in r.message]) == 1


async def test_the_recorder_is_told_first_and_with_the_state_after() -> None:
    clock = VirtualClock()
    source, notes = FakeSource(clock), Notes()
    rig = Rig()
    rig.clock, rig.source = clock, source
    rig.engine = Engine({"default": source}, clock, recorder=notes)
    rig.watch("300")
    async with rig.running():
        await clock.advance(10.0)
        source.rows["300"] = [row(1, Status.DELIVERED)]
        await clock.advance(120.0)
    (baseline, _), *later = [note for note in notes.noted if note[0].changed]
    assert baseline.first
    assert [(len(applied.transitions), status) for applied, status in later] == [
        (1, Status.DELIVERED)
    ]


async def test_what_the_history_knew_is_compared_with_the_first_answer() -> None:
    rig = Rig()
    now = rig.clock.now()
    remembered = Remembered(
        Summary("300", read_at=now - 40),
        Recipients.of([row(1)]),
        array("d", [now - 50]),
        array("d", [0.0]),
    )
    rig.source.rows["300"] = [row(1, Status.DELIVERED)]
    rig.engine.watch_all([(Entry("300"), remembered)])
    async with rig.running():
        await rig.clock.advance(1.0)
    assert [t.after for t in rig.transitions] == [Status.DELIVERED]
    assert rig.kinds() == [EventKind.ADDED, EventKind.COMPLETED], "it is on the list again"


async def test_an_engine_without_accounts_just_waits() -> None:
    rig = Rig(sources=lambda _: {})
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(3600.0)
    assert rig.engine.stretch == 1.0


async def test_what_was_learnt_goes_on_in_the_next_engine() -> None:
    rig = Rig()
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(6 * 3600.0)
    learned = rig.engine.learned("default")
    again = Engine({"default": rig.source}, rig.clock)
    again.teach({"default": learned})
    assert again.learned("default") == learned
    assert any(row[2] for row in learned["reports"])
