"""The rhythm of one account: punctual, bounded, calm in trouble, and never broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from smsmon.known import AccountState, Condition
from smsmon.model import EventKind, FaultKind, Report, Unchanged
from smsmon.monitor.schedule import Limits
from smsmon.monitor.state import MessageState
from smsmon.recipients import Status
from tests.monitor.fakes import FakeSource, Rig, fault, pause, report, row, windows_passed
from tests.support.clock import VirtualClock

DELIVERED = Status.DELIVERED


def _ids(count: int) -> list[str]:
    return [str(1000 + number) for number in range(count)]


async def test_a_new_message_is_read_at_once() -> None:
    rig = Rig()
    async with rig.running():
        await rig.clock.advance(100.0)
        rig.watch("300")
        await rig.clock.advance(0.5)
        assert rig.kinds() == [EventKind.ADDED, EventKind.FIRST_READ]


async def test_start_is_spread_out_not_a_burst() -> None:
    rig = Rig()
    rig.watch(*_ids(400))
    async with rig.running():
        await rig.clock.advance(5.0)
        assert 20 < len(rig.source.asked) < 80
        await rig.clock.advance(85.0)
        assert len({id for _, id in rig.source.asked}) == 400


async def test_no_more_requests_at_once_than_allowed_and_one_for_each_message() -> None:
    rig = Rig(Limits(concurrency=3))
    rig.source.latency = 20.0
    rig.watch(*_ids(30))
    async with rig.running():
        await rig.clock.advance(600.0)
    assert rig.source.most_flying == 3
    assert rig.source.doubled == 0


async def test_the_limit_holds_when_far_more_is_due() -> None:
    rig = Rig(Limits(per_minute=30))
    rig.watch(*_ids(200))
    async with rig.running():
        await rig.clock.advance(1200.0)
        assert rig.engine.requests_last_minute <= 30
        assert rig.engine.stretch > 1.5
        await rig.clock.advance(1200.0)
        assert {id for _, id in rig.source.asked} == set(_ids(200))
    times = [at for at, _ in rig.source.asked]
    assert windows_passed(times, 30) == 0
    assert len(times) > 0.8 * 40 * 28


async def test_the_open_message_is_read_every_five_seconds_even_under_scarcity() -> None:
    rig = Rig(Limits(per_minute=40))
    ids = _ids(300)
    rig.watch(*ids)
    async with rig.running():
        await rig.clock.advance(120.0)
        rig.engine.focus(ids[0])
        start = rig.clock.monotonic()
        await rig.clock.advance(120.0)
        times = [at for at in rig.source.times(ids[0]) if at > start]
        assert len(times) >= 15
        rig.engine.focus(None)
        start = rig.clock.monotonic()
        await rig.clock.advance(60.0)
        assert len([at for at in rig.source.times(ids[0]) if at > start + 10]) <= 3


async def test_paused_means_no_request_until_resumed() -> None:
    rig = Rig()
    rig.watch("300", "301")
    async with rig.running():
        await rig.clock.advance(30.0)
        pause(rig.engine, ["300"])
        before = len(rig.source.times("300"))
        await rig.clock.advance(3600.0)
        assert len(rig.source.times("300")) == before
        assert rig.engine.board["300"].next_due is None
        rig.engine.refresh(["300"])
        await rig.clock.advance(3600.0)
        assert len(rig.source.times("300")) == before + 1
        pause(rig.engine, ["300"], False)
        await rig.clock.advance(1.0)
        assert len(rig.source.times("300")) == before + 2
    assert rig.kinds("300").count(EventKind.PAUSED) == 1
    assert rig.kinds("300").count(EventKind.RESUMED) == 1


async def test_paused_while_in_flight_stays_paused() -> None:
    rig = Rig()
    rig.source.latency = 2.0
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(1.0)
        pause(rig.engine, ["300"])
        await rig.clock.advance(3600.0)
        assert len(rig.source.asked) == 1
        assert rig.engine.board["300"].read_at is not None


async def test_refresh_goes_ahead_of_everything_due() -> None:
    rig = Rig(Limits(per_minute=60))
    ids = _ids(500)
    rig.watch(*ids)
    async with rig.running():
        await rig.clock.advance(900.0)
        rig.engine.refresh(ids[:3])
        start = rig.clock.monotonic()
        await rig.clock.run_until(
            lambda: {id for at, id in rig.source.asked if at >= start} >= set(ids[:3])
        )
        assert rig.clock.monotonic() - start < 5.0


async def test_refresh_all_reads_everything_within_the_limit() -> None:
    rig = Rig()
    rig.source.rows = {id: [row(1, DELIVERED)] for id in _ids(100)}
    rig.watch(*_ids(100))
    async with rig.running():
        await rig.clock.advance(600.0)
        start = rig.clock.monotonic()
        rig.engine.refresh_all()
        await rig.clock.advance(20.0)
        assert {id for at, id in rig.source.asked if at >= start} == set(_ids(100))


async def test_settled_messages_are_left_alone_until_asked() -> None:
    rig = Rig()
    rig.source.rows["300"] = [row(1, DELIVERED, date=rig.clock.now() - 9e6)]
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(86_400.0)
        assert len(rig.source.asked) == 1
        assert rig.engine.board["300"].next_due is None
        rig.engine.refresh(["300"])
        await rig.clock.advance(86_400.0)
        assert len(rig.source.asked) == 2


async def test_not_found_has_a_rhythm_of_its_own_and_does_not_slow_others() -> None:
    rig = Rig()
    rig.source.trouble["404"] = fault(FaultKind.NOT_FOUND)
    rig.watch("404", "300")
    async with rig.running():
        await rig.clock.advance(2400.0)
    times = rig.source.times("404")
    gaps = [round(b - a) for a, b in pairwise(times)]
    assert gaps[:5] == [10, 30, 120, 900, 900]
    assert rig.kinds("404").count(EventKind.NOT_FOUND) == 1
    assert rig.engine.account("default").condition is Condition.OK


@pytest.mark.parametrize("kind", [FaultKind.BAD_RESPONSE, FaultKind.SERVER, FaultKind.TIMEOUT])
async def test_a_single_bad_message_slows_nobody_but_itself(kind: FaultKind) -> None:
    bad, good = Rig(), Rig()
    bad.source.trouble["1000"] = fault(kind)
    for rig in (bad, good):
        rig.watch(*_ids(20))
        async with rig.running():
            await rig.clock.advance(1800.0)
            assert rig.engine.account("default").condition is Condition.OK
    for id in _ids(20)[1:]:
        assert abs(len(bad.source.times(id)) - len(good.source.times(id))) <= 2
    assert 10 < len(bad.source.times("1000")) < 200
    assert bad.kinds("1000").count(EventKind.STALE) == 1


async def test_a_bug_in_a_source_is_news_of_that_message_and_the_rhythm_goes_on() -> None:
    rig = Rig()
    rig.source.trouble["300"] = ZeroDivisionError("secret")
    rig.watch("300", "301", "302", "303")
    async with rig.running():
        await rig.clock.advance(600.0)
        assert rig.engine.board.state_of(rig.engine.board["300"], rig.clock.now()) is (
            MessageState.STALE
        )
        assert len(rig.source.times("301")) > 10
        rig.source.trouble.clear()
        await rig.clock.advance(300.0)
    stale = next(event for event in rig.events if event.kind is EventKind.STALE)
    assert "ZeroDivisionError" in stale.detail
    assert "secret" not in stale.detail
    assert EventKind.RECOVERED in rig.kinds("300")


async def test_while_the_account_is_down_single_probes_go_out_ever_more_rarely() -> None:
    rig = Rig()
    rig.watch(*_ids(50))
    async with rig.running():
        await rig.clock.advance(60.0)
        rig.source.trouble[None] = fault(FaultKind.NETWORK)
        await rig.clock.run_until(lambda: rig.engine.account("default").condition is Condition.DOWN)
        await rig.clock.advance(1.0)
        rig.source.most_flying = 0
        start = rig.clock.monotonic()
        await rig.clock.advance(3600.0)
        probes = [at for at, _ in rig.source.asked if at > start]
        assert rig.source.most_flying == 1
        assert 25 < len(probes) < 150
        assert len({id for at, id in rig.source.asked if at > start}) > 10
        account = rig.engine.account("default")
        assert account.reason == "a network fault"
        assert account.retry_at is not None
    assert rig.kinds().count(EventKind.ACCOUNT_DOWN) == 1


async def test_the_first_poll_that_fails_shows_until_the_next_answer() -> None:
    rig = Rig()
    rig.watch(*_ids(3))
    async with rig.running():
        await rig.clock.advance(60.0)
        assert rig.engine.account("default").failing_since is None
        rig.source.trouble[None] = fault(FaultKind.NETWORK)
        stale = await rig.clock.run_until(lambda: EventKind.STALE in rig.kinds())
        account = rig.engine.account("default")
        assert stale > 0
        assert account.condition is Condition.OK
        assert account.failing_since == rig.clock.now()
        assert account.reason == "a network fault"
        rig.source.trouble.clear()
        await rig.clock.run_until(lambda: EventKind.RECOVERED in rig.kinds())
        assert rig.engine.account("default") == AccountState("default")


async def test_the_next_try_is_told_as_the_server_allows_it_whatever_is_asked_for() -> None:
    rig = Rig()
    rig.watch(*_ids(3))
    async with rig.running():
        rig.source.trouble[None] = fault(FaultKind.RATE_LIMITED, 600.0)
        await rig.clock.run_until(lambda: rig.engine.account("default").condition is Condition.DOWN)
        rig.engine.refresh(_ids(1))
        rig.engine.refresh_all()
        retry_at = rig.engine.account("default").retry_at
        assert retry_at is not None
        assert retry_at - rig.clock.now() == pytest.approx(600.0)
        before = len(rig.source.asked)
        await rig.clock.advance(599.0)
        assert len(rig.source.asked) == before
        await rig.clock.advance(2.0)
        assert len(rig.source.asked) > before


async def test_refreshing_all_probes_a_silent_account_at_once() -> None:
    rig = Rig()
    rig.watch(*_ids(20))
    async with rig.running():
        rig.source.trouble[None] = fault(FaultKind.NETWORK)
        await rig.clock.advance(3600.0)
        before = len(rig.source.asked)
        rig.source.trouble.clear()
        rig.engine.refresh_all()
        await rig.clock.advance(0.1)
        assert len(rig.source.asked) > before
        assert rig.engine.account("default").condition is Condition.OK


async def test_recovery_comes_by_itself_and_without_a_burst() -> None:
    rig = Rig(Limits(per_minute=300))
    rig.watch(*_ids(200))
    async with rig.running():
        await rig.clock.advance(120.0)
        rig.source.trouble[None] = fault(FaultKind.NETWORK)
        await rig.clock.advance(1800.0)
        rig.source.trouble.clear()
        took = await rig.clock.run_until(lambda: EventKind.ACCOUNT_UP in rig.kinds())
        assert took <= 125.0
        start = rig.clock.monotonic()
        await rig.clock.advance(5.0)
        assert len([at for at, _ in rig.source.asked if at > start]) < 60
        await rig.clock.advance(55.0)
        assert {id for at, id in rig.source.asked if at > start - 1} == set(_ids(200))
        now = rig.clock.now()
        board = rig.engine.board
        assert all(board.state_of(each, now) is MessageState.LIVE for each in board)


async def test_a_refused_account_stops_at_once_and_until_it_is_retried() -> None:
    rig = Rig()
    rig.watch(*_ids(20))
    async with rig.running():
        await rig.clock.advance(60.0)
        rig.source.trouble[None] = fault(FaultKind.AUTH)
        await rig.clock.run_until(lambda: EventKind.ACCOUNT_STOPPED in rig.kinds())
        await rig.clock.advance(1.0)
        before = len(rig.source.asked)
        rig.engine.refresh(_ids(5))
        rig.engine.refresh_all()
        await rig.clock.advance(86_400.0)
        assert len(rig.source.asked) == before
        rig.engine.retry_account("default")
        await rig.clock.advance(3600.0)
        assert len(rig.source.asked) == before + 1
        rig.source.trouble.clear()
        rig.engine.retry_account("default")
        await rig.clock.advance(60.0)
        assert len(rig.source.asked) > before + 20
    assert rig.kinds().count(EventKind.ACCOUNT_STOPPED) == 2
    assert rig.kinds()[-1] is not EventKind.ACCOUNT_STOPPED


async def test_an_answer_about_the_old_key_does_not_stop_the_new_one() -> None:
    rig = Rig()
    old = rig.source
    rig.watch(*_ids(5))
    async with rig.running():
        await rig.clock.advance(60.0)
        old.trouble[None] = fault(FaultKind.AUTH)
        old.latency = 30.0
        rig.engine.refresh(_ids(5))
        await rig.clock.advance(1.0)
        fresh = type(old)(rig.clock)
        rig.engine.set_source("default", fresh)
        await rig.clock.advance(120.0)
        assert rig.engine.account("default").condition is Condition.OK
        assert len({id for _, id in fresh.asked}) == 5


async def test_retry_after_is_obeyed_and_the_limit_eased() -> None:
    rig = Rig()
    rig.watch(*_ids(50))
    async with rig.running():
        await rig.clock.advance(60.0)
        rig.source.trouble[None] = fault(FaultKind.RATE_LIMITED, retry_after=90.0)
        await rig.clock.run_until(lambda: EventKind.ACCOUNT_DOWN in rig.kinds())
        rig.source.trouble.clear()
        start = rig.clock.monotonic()
        await rig.clock.advance(89.0)
        assert [at for at, _ in rig.source.asked if at > start] == []
        assert rig.engine.allowed < 600
        await rig.clock.advance(120.0)
        assert rig.engine.account("default").condition is Condition.OK


async def test_after_a_suspend_everything_missed_is_read_soon() -> None:
    rig = Rig()
    rig.source.rows = {id: [row(1, DELIVERED)] for id in _ids(30)}
    rig.watch(*_ids(30))
    async with rig.running():
        await rig.clock.advance(1800.0)
        rig.clock.jump(8 * 3600.0)
        board, now = rig.engine.board, rig.clock.now()
        assert all(board.state_of(each, now) is MessageState.STALE for each in board)
        await rig.clock.advance(25.0)
        now = rig.clock.now()
        assert all(board.state_of(each, now) is MessageState.COMPLETE for each in board)


async def test_a_wall_clock_set_back_does_not_stop_the_rhythm() -> None:
    rig = Rig()
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(60.0)
        rig.clock.jump(-7 * 86_400.0)
        before = len(rig.source.asked)
        await rig.clock.advance(1800.0)
        assert len(rig.source.asked) > before + 2


async def test_forgotten_in_flight_leaves_no_trace() -> None:
    rig = Rig()
    rig.source.latency = 5.0
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(1.0)
        rig.engine.forget("300")
        await rig.clock.advance(60.0)
        assert len(rig.engine.board) == 0
        assert rig.source.flying == set()
    assert rig.kinds() == [EventKind.ADDED, EventKind.REMOVED]


async def test_taken_back_while_its_old_request_ends_is_polled_on_one_at_a_time() -> None:
    rig = Rig()
    rig.source.latency = 5.0
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(1.0)
        rig.engine.forget("300")
        rig.watch("300")
        await rig.clock.advance(60.0)
        assert rig.engine.board["300"].read_at is not None
    assert rig.source.doubled == 0


async def test_cancellation_leaves_no_half_applied_report_and_no_task() -> None:
    rig = Rig()
    rig.source.latency = 5.0
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(4.0)
    assert rig.engine.board["300"].read_at is None
    assert not rig.engine.board["300"].in_flight
    assert len(asyncio.all_tasks()) == 1


async def test_a_report_is_told_with_when_it_was_read_and_when_it_is_due_next() -> None:
    rig = Rig()
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(30.0)
        watched = rig.engine.board["300"]
        assert watched.read_at is not None
        assert watched.next_due is not None
        assert rig.clock.now() - 20 < watched.read_at <= rig.clock.now() < watched.next_due
        assert rig.engine.requests_last_minute == len(rig.source.asked)
        assert (rig.engine.allowed, rig.engine.stretch) == (600, 1.0)


class RepeatingSource(FakeSource):
    """Sends each request a second time, when it may."""

    def __init__(self, clock: VirtualClock, latency: float = 0.1) -> None:
        super().__init__(clock, latency)
        self.may_repeat: Callable[[], bool] = lambda: True
        self.repeated = 0

    def ask_before_repeating(self, may_repeat: Callable[[], bool]) -> None:
        self.may_repeat = may_repeat

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        self.repeated += self.may_repeat()
        return await super().bulk_status(message_id, known)


async def test_requests_sent_a_second_time_count_and_stay_within_the_limit() -> None:
    rig = Rig(Limits(per_minute=30))
    source = RepeatingSource(rig.clock)
    rig.engine.set_source("default", source)
    rig.watch(*_ids(200))
    async with rig.running():
        await rig.clock.advance(30.0)
        assert source.repeated > 0
        assert rig.engine.requests_last_minute == source.repeated + len(source.asked)
        await rig.clock.advance(600.0)
        assert rig.engine.requests_last_minute <= 30


async def test_the_same_again_says_nothing_of_what_another_process_found_meanwhile() -> None:
    """What did not change is what was known when the request left."""
    rig = Rig()
    rig.watch("300")
    async with rig.running():
        board, source = rig.engine.board, rig.source
        await rig.clock.run_until(lambda: board["300"].read_at is not None)
        source.latency = 5.0
        asked = len(source.asked)
        await rig.clock.run_until(lambda: len(source.asked) > asked)
        found = report([row(1, Status.DELIVERED)], asked_at=rig.clock.now() - 0.5)
        board.apply(found, rig.clock.now())
        await rig.clock.advance(5.5)
        assert board["300"].asked_at == found.asked_at
        assert len(source.asked) == asked + 2
        await rig.clock.advance(5)
        assert board["300"].recipients[0].status is Status.WAITING
