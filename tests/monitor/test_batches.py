"""Many small messages in one request: only once proved, and never against a better source."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random

import pytest

from smsmon.batch import BatchRow, Outcome
from smsmon.known import Condition
from smsmon.model import Arrival, Entry, Event, EventKind, Fault, FaultKind, Origin, Unchanged
from smsmon.monitor.board import Board
from smsmon.monitor.pool import GATHER
from smsmon.monitor.schedule import Limits
from smsmon.monitor.sending import batches
from smsmon.monitor.sending.ways import Choice
from smsmon.monitor.state import Applied, Asked
from smsmon.recipients import Recipient, Status
from tests.monitor.fakes import FakeBatches, Rig, fault, phone, report, row, windows_passed
from tests.support.clock import START

DAY = 86_400.0
IDS = [str(1000 + number) for number in range(40)]
WAITING, FINAL = IDS[:20], IDS[20:]


class Room(Rig):
    """An engine whose source reads many at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(limits, lambda clock: {"default": FakeBatches(clock)})
        source = self.engine._pollers["default"]._trust.source
        assert isinstance(source, FakeBatches)
        self.source: FakeBatches = source
        self.asked: list[Asked] = []
        self.engine.count(self.asked.append)

    def add(self, *ids: str, status: Status = Status.WAITING, told: bool = False) -> None:
        """Have a source tell of messages of one recipient each."""
        now = self.clock.now()
        for id in ids:
            self.source.rows[id] = [row(1, status)]
            arrival = Arrival("app", 3600.0, phone(1) if told else "")
            self.engine.watch(Entry(id, added_at=now, arrival=arrival))

    def turn(self, id: str, status: Status = Status.DELIVERED) -> None:
        self.source.rows[id] = [row(1, status, date=self.clock.now())]

    def status(self, id: str) -> Status:
        return Status(self.engine.board[id].recipients.statuses[0])

    def changes(self) -> list[Applied]:
        return [each for each in self.news if isinstance(each, Applied) and each.transitions]

    def told(self, kind: EventKind) -> int:
        return self.kinds().count(kind)

    async def proved(self) -> None:
        """Wait until batches are trusted."""
        self.add(*WAITING)
        self.add(*FINAL, status=Status.DELIVERED)
        await self.clock.run_until(lambda: bool(self.told(EventKind.BATCHES_ON)), 300.0)


async def test_once_proved_small_messages_are_read_together() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        assert room.told(EventKind.BATCHES_ON) == 1
        alone, together = len(room.source.asked), len(room.source.batches)
        start = room.clock.monotonic()
        for id in WAITING:
            await room.clock.advance(1.0)
            room.turn(id)
        await room.clock.advance(30.0)  # the last of them is alone, and read when its turn comes
        assert all(room.status(id) is Status.DELIVERED for id in WAITING)
        assert len(room.source.batches) - together <= room.clock.monotonic() - start
        assert len(room.source.asked) - alone <= len(WAITING) + 10, "each once, and samples"
        assert {each.origin for each in room.changes()} == {Origin.POLLED}
        assert all(room.kinds(id).count(EventKind.COMPLETED) == 1 for id in WAITING)
    assert room.source.doubled == 0
    assert len(room.asked) == len(room.source.asked) + len(room.source.batches)
    assert {each.outcome for each in room.asked} == {"answered"}
    times = sorted([at for at, _ in room.source.asked] + [at for at, _ in room.source.batches])
    assert windows_passed(times, 600) == 0


async def test_confirming_what_batches_tell_leaves_room_for_batches() -> None:
    room = Room(Limits(per_minute=120))
    async with room.running():
        await room.proved()
        await room.clock.advance(120.0)
        begun, ids = len(room.source.batches), [str(3000 + number) for number in range(300)]
        for new, old in zip(ids, [*ids[:10], *ids], strict=False):
            room.add(new, told=True)
            await room.clock.advance(0.2)
            room.turn(old)
        times = [at for at, _ in room.source.batches[begun:]]
        assert max(later - at for at, later in pairwise(times)) < 15.0
        assert room.clock.monotonic() - times[-1] < 15.0


async def test_one_that_is_left_alone_is_not_looked_at_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room, looks = Room(), list[float]()
    async with room.running():
        await room.proved()
        for id in [*WAITING[1:], *FINAL]:
            room.engine.forget(id)
        ways = room.engine._pollers["default"]._ways
        choose = ways.choose

        def choosing(asked: Iterable[str], now: float) -> Choice | float | None:
            looks.append(now)
            return choose(asked, now)

        monkeypatch.setattr(ways, "choose", choosing)
        await room.clock.advance(20.0)
    assert len(looks) < 20 / GATHER


def _always(status: Status) -> Callable[[BatchRow], BatchRow]:
    return lambda told: told._replace(outcome=Outcome.READ, recipient=row(1, status))


def _none(outcome: Outcome) -> Callable[[BatchRow], BatchRow]:
    return lambda told: told._replace(outcome=outcome, recipient=None)


ALWAYS = [_always(each) for each in (Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED)]
NOTHING = [_none(each) for each in (Outcome.MISSING, Outcome.NOT_FOUND, Outcome.UNCLEAR)]


async def test_batches_that_do_not_agree_change_nothing_and_are_given_up_for_a_day() -> None:
    for say in (*ALWAYS, *NOTHING):
        room = Room(Limits(max_interval=3600.0))
        room.source.say = say
        async with room.running():
            room.add(*WAITING)
            room.add(*FINAL, status=Status.DELIVERED)
            await room.clock.advance(600.0)
            assert room.told(EventKind.BATCHES_OFF) == 1, say
            assert not room.transitions
            assert {room.status(id) for id in WAITING} == {Status.WAITING}
            assert room.engine.account("default").condition is Condition.OK
            if say not in (ALWAYS[-1], NOTHING[-1]):  # why they were given up makes no difference
                continue
            tried = len(room.source.batches)
            await room.clock.advance(DAY - 1200.0)
            assert len(room.source.batches) == tried
            room.source.say = lambda told: told
            await room.clock.advance(1800.0)
            assert room.told(EventKind.BATCHES_OFF) == room.told(EventKind.BATCHES_ON) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        *(fault(kind) for kind in FaultKind if kind is not FaultKind.RATE_LIMITED),
        RuntimeError("unforeseen"),
    ],
)
@pytest.mark.parametrize("proved", [False, True])
async def test_batches_that_are_refused_are_given_up_and_the_account_goes_on(
    refusal: Fault | Exception, proved: bool
) -> None:
    room = Room()
    async with room.running():
        if proved:
            await room.proved()
        room.source.refuses = refusal
        if not proved:
            room.add(*WAITING)
            room.add(*FINAL, status=Status.DELIVERED)
        await room.clock.advance(900.0)
        assert room.told(EventKind.BATCHES_OFF) == 1
        assert len(room.source.batches) < 200
        room.turn("1000")
        await room.clock.advance(600.0)
        assert room.status("1000") is Status.DELIVERED
        kinds = set(room.kinds())
        assert not kinds & {EventKind.ACCOUNT_DOWN, EventKind.ACCOUNT_STOPPED, EventKind.STALE}


async def test_too_many_requests_leave_the_account_alone_whichever_way_they_came_by() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        await room.clock.advance(0.5)
        room.source.refuses = fault(FaultKind.RATE_LIMITED, retry_after=30.0)
        before = len(room.source.batches)
        await room.clock.run_until(lambda: len(room.source.batches) > before)
        await room.clock.advance(0.2)
        assert room.told(EventKind.ACCOUNT_DOWN) == 1
        alone = len(room.source.asked)
        await room.clock.advance(29.0)
        assert len(room.source.asked) == alone
        room.source.refuses = None
        await room.clock.advance(300.0)
        assert room.told(EventKind.ACCOUNT_UP) == 1
        assert room.told(EventKind.BATCHES_OFF) == 0
        assert len(room.source.batches) > before + 1


async def test_an_account_that_fails_altogether_does_not_cost_its_batches_their_trust() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        room.source.refuses = room.source.trouble[None] = fault(FaultKind.NETWORK)
        await room.clock.advance(1200.0)
        assert room.told(EventKind.ACCOUNT_DOWN) == 1
        room.source.refuses = room.source.trouble[None] = None
        await room.clock.advance(600.0)
        assert room.told(EventKind.BATCHES_OFF) == 0
        assert room.source.batches[-1][0] > room.clock.monotonic() - 120


@pytest.mark.parametrize(
    ("say", "given_up"),
    [(say, False) for say in (*NOTHING, _always(Status.UNKNOWN))]
    + [(_always(Status.NOT_DELIVERED), True), (_always(Status.WAITING), True)],
)
async def test_a_row_that_cannot_be_believed_has_its_message_read_alone(
    say: Callable[[BatchRow], BatchRow], given_up: bool
) -> None:
    room = Room()
    async with room.running():
        await room.proved()
        id = FINAL[0]

        room.source.say = lambda told: say(told) if told.pair.message_id == id else told
        await room.clock.advance(5.0)
        seen = len(room.source.times(id))
        await room.clock.run_until(lambda: len(room.source.times(id)) > seen, 3600.0)
        await room.clock.advance(1.0)
        assert room.status(id) is Status.DELIVERED
        assert room.engine.board[id].fault is None
        assert not [t for t in room.transitions if t.message_id == id]
        assert room.told(EventKind.BATCHES_OFF) == given_up


@pytest.mark.parametrize("lie", [Status.DELIVERED, Status.NOT_DELIVERED])
async def test_trusted_batches_that_begin_to_lie_are_found_out_before_anything_false_is_told(
    lie: Status,
) -> None:
    room = Room()
    async with room.running():
        await room.proved()
        room.source.say = _always(lie)
        took = await room.clock.run_until(lambda: bool(room.told(EventKind.BATCHES_OFF)), 3600.0)
        assert took < 30
        await room.clock.advance(60.0)
        assert not room.transitions
        assert {room.status(id) for id in WAITING} == {Status.WAITING}
        assert {room.status(id) for id in FINAL} == {Status.DELIVERED}


@pytest.mark.parametrize("true", [True, False])
async def test_a_batch_that_is_ahead_of_the_report_is_waited_for_a_little(true: bool) -> None:
    room = Room()
    async with room.running():
        await room.proved()
        id = WAITING[0]
        lie = _always(Status.DELIVERED)
        room.source.say = lambda told: lie(told) if told.pair.message_id == id else told
        seen = len(room.source.times(id))
        await room.clock.run_until(lambda: len(room.source.times(id)) == seen + 2, 600.0)
        assert not room.transitions
        assert room.told(EventKind.BATCHES_OFF) == 0
        if true:
            room.turn(id)
        await room.clock.advance(30.0)
        assert len(room.transitions) == room.kinds().count(EventKind.COMPLETED) - 20 == true
        assert room.told(EventKind.BATCHES_OFF) == (not true)


async def test_another_date_alone_is_no_news() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        dated = {status: row(1, status, date=7) for status in (Status.WAITING, Status.DELIVERED)}
        room.source.say = lambda told: told._replace(
            recipient=told.recipient and dated[told.recipient.status]
        )
        alone = len(room.source.asked)
        await room.clock.advance(60.0)
        assert len(room.source.asked) - alone < 20  # samples
        assert room.told(EventKind.BATCHES_OFF) == 0


async def test_much_news_at_once_is_confirmed_without_a_burst() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        ids = [str(10_000 + number) for number in range(300)]
        room.add(*ids, told=True)
        await room.clock.advance(30.0)
        before = len(room.source.asked)
        for id in ids:
            room.turn(id)
        await room.clock.run_until(lambda: room.told(EventKind.COMPLETED) == 20 + len(ids), 60.0)
        assert {each.origin for each in room.changes()} == {Origin.POLLED}
        times = [at for at, _ in room.source.asked[before:]]
        assert windows_passed(times, 130, 6.0) == 0


async def test_where_there_is_no_room_to_confirm_all_the_others_count_by_themselves() -> None:
    room = Room(Limits(per_minute=60))
    async with room.running():
        await room.proved()
        ids = [str(10_000 + number) for number in range(300)]
        room.add(*ids, told=True)
        await room.clock.advance(120.0)
        for id in ids:
            room.turn(id)
        await room.clock.run_until(lambda: room.told(EventKind.COMPLETED) == 20 + len(ids), 120.0)
        origins = [each.origin for each in room.changes()]
        assert origins.count(Origin.BATCH) > 200
        assert origins.count(Origin.POLLED) > 10
        assert origins[0] is Origin.POLLED
        told = len(room.transitions)
        more = [str(20_000 + number) for number in range(300)]
        room.add(*more, told=True)
        await room.clock.advance(120.0)
        room.source.say = _always(Status.DELIVERED)
        await room.clock.run_until(lambda: bool(room.told(EventKind.BATCHES_OFF)), 120.0)
        assert len(room.transitions) == told, "but not if it proves false"


async def test_what_another_process_polls_by_now_is_not_confirmed_here() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        trust = room.engine._pollers["default"]._trust
        room.source.latency = 5.0
        for id in WAITING:
            room.turn(id)
        await room.clock.run_until(lambda: len(trust._proof.pending) > 10, 600.0)
        room.engine.grant(frozenset(WAITING[:1]))
        assert {*trust._proof.pending} <= {*WAITING[:1]}


async def test_trusted_batches_that_fall_behind_are_found_out() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        stale = {id: room.source.rows[id][0] for id in IDS}
        room.source.say = lambda told: told._replace(recipient=stale[told.pair.message_id])
        for id in WAITING:
            room.turn(id)
        await room.clock.run_until(lambda: bool(room.told(EventKind.BATCHES_OFF)), 1800.0)
        await room.clock.advance(900.0)
        assert {room.status(id) for id in WAITING} == {Status.DELIVERED}


async def _in_flight(room: Room, id: str) -> None:
    """Wait until another batch that asks for the message is out, for five seconds."""
    before, room.source.latency = len(room.source.batches), 5.0

    def out() -> bool:
        newer = room.source.batches[before:]
        asked = any(id == pair.message_id for pair in newer[-1][1]) if newer else False
        return asked and room.engine.board[id].in_flight

    await room.clock.run_until(out, 3600.0)


async def test_a_late_batch_never_overrides_a_newer_answer() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        id = WAITING[0]
        await _in_flight(room, id)
        await room.clock.advance(1.0)
        room.turn(id)  # after the batch was answered, before it arrives
        room.engine.receive("default", report([row(1, Status.DELIVERED)], id, room.clock.now()))
        assert room.status(id) is Status.DELIVERED
        await room.clock.advance(10.0)
        assert room.status(id) is Status.DELIVERED
        assert room.told(EventKind.REOPENED) == room.told(EventKind.BATCHES_OFF) == 0


@pytest.mark.parametrize("what", ["removed", "taken back", "paused", "lost", "moved"])
async def test_what_is_let_go_while_a_batch_is_out_is_left_alone_by_it(what: str) -> None:
    room = Room()
    async with room.running():
        await room.proved()
        id = WAITING[0]
        room.turn(id)
        await _in_flight(room, id)
        entry = room.engine.board[id].entry
        before, room.source.latency = len(room.transitions), 0.1
        match what:
            case "removed":
                room.engine.forget(id)
            case "taken back":
                room.engine.forget(id)
                room.engine.watch(entry)
            case "paused":
                room.engine.amend(replace(entry, paused=True))
            case "lost":
                room.engine.grant(frozenset(IDS) - {id})
            case "moved":
                room.engine.amend(replace(entry, profile="other"))
        await room.clock.advance(5.0)
        told = [t for t in room.transitions[before:] if t.message_id == id]
        assert not told
        await room.clock.advance(900.0)
        watched = room.engine.board.get(id)
        if watched is not None:
            await room.clock.run_until(lambda: not watched.in_flight, 10.0)
        assert room.source.doubled == 0
        if what == "taken back":
            assert room.status(id) is Status.DELIVERED


@pytest.mark.parametrize("what", ["removed", "taken back", "lost", "trust"])
async def test_while_a_batch_is_taken_in_others_have_their_turn_and_what_they_let_go_is_left_alone(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    room = Room()
    async with room.running():
        await room.proved()
        await _in_flight(room, WAITING[0])
        last = room.source.batches[-1][1][-1].message_id
        entry = room.engine.board[last].entry
        changed = False

        def change() -> None:
            nonlocal changed
            changed = True
            match what:
                case "removed" | "taken back":
                    room.engine.forget(last)
                    if what == "taken back":
                        room.engine.watch(entry)
                case "lost":
                    room.engine.grant(frozenset(IDS) - {last})
                case "trust":
                    room.engine._pollers["default"]._trust._refuse("it was false")

        told: list[str] = []

        def hear(news: Applied | Event) -> None:
            if isinstance(news, Applied) and news.origin is Origin.BATCH:
                if not told:
                    asyncio.get_running_loop().call_soon(change)
                told.append(news.message_id)

        room.engine.subscribe(hear)
        await room.clock.run_until(lambda: changed, 10.0)
        assert last not in told
        await room.clock.advance(60.0)
        assert room.source.doubled == 0
        if what != "removed":
            assert not room.engine.board[last].in_flight


async def test_what_the_operator_wants_is_read_alone() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        id = WAITING[0]
        await _in_flight(room, id)
        room.source.latency = 0.1
        before = len(room.source.times(id))
        room.engine.refresh([id])
        await room.clock.advance(6.0)
        assert len(room.source.times(id)) == before + 1
        room.engine.focus(id)
        start = room.clock.monotonic()
        await room.clock.advance(60.0)
        assert len([at for at in room.source.times(id) if at > start]) >= 10
        batches = [pairs for at, pairs in room.source.batches if at > start + 6]
        assert not any(pair.message_id == id for pairs in batches for pair in pairs)


async def test_it_can_be_turned_off_and_on_while_it_runs() -> None:
    room = Room(Limits(batch=False))
    async with room.running():
        room.add(*WAITING)
        room.add(*FINAL, status=Status.DELIVERED)
        await room.clock.advance(120.0)
        assert not room.source.batches
        room.engine.limit(Limits())
        await room.clock.run_until(lambda: bool(room.told(EventKind.BATCHES_ON)), 300.0)
        room.engine.limit(Limits(batch=False))
        used = len(room.source.batches)
        await room.clock.advance(120.0)
        assert len(room.source.batches) == used
        room.engine.limit(Limits())
        await room.clock.advance(120.0)
        assert len(room.source.batches) > used
        assert room.told(EventKind.BATCHES_ON) == 1


async def test_what_was_found_out_is_kept_over_a_restart() -> None:
    first, second = Room(), Room()
    async with first.running():
        await first.proved()
    second.engine.teach({"default": first.engine.learned("default")})
    async with second.running():
        second.add(*IDS, told=True)
        await second.clock.advance(30.0)
        assert second.source.batches
        assert second.told(EventKind.BATCHES_ON) == 0
        assert len(second.source.asked) < 10


async def test_a_number_that_the_source_told_saves_the_first_request() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        alone = len(room.source.asked)
        room.add("300", "301", "302", told=True)
        room.source.rows["302"] = [row(2)]  # it told another one
        await room.clock.advance(20.0)
        assert room.kinds("300").count(EventKind.FIRST_READ) == 1
        assert not room.source.times("300")
        assert len(room.source.times("302")) == 1  # not found in a batch: read alone
        assert room.engine.board["302"].recipients.phones[0] == phone(2)
        assert len(room.source.asked) - alone < 16


@pytest.mark.parametrize("told", [True, False])
async def test_a_number_that_is_not_the_only_one_has_its_message_read_alone(told: bool) -> None:
    room = Room()
    async with room.running():
        await room.proved()
        room.add("300", told=told)
        room.source.rows["300"] += [row(2)] * told
        watched = room.engine.board["300"]
        await room.clock.run_until(lambda: watched.read_at is not None, 60.0)
        assert watched.counts.total == 1, "by the number that was told"
        room.source.rows["300"] = [row(1), row(2)]
        room.engine.amend(replace(watched.entry, arrival=Arrival("app", 3600.0)))
        room.engine.refresh([] if told else ["300"])
        await room.clock.run_until(lambda: watched.counts.total == 2, 60.0)
        several = room.engine._pollers["default"]._planner.several
        assert several == ({"app"} if told else set()), "read alone, it came to have more"


@pytest.mark.parametrize("kind", ["new", "waits", "final"])
def test_any_of_a_kind_may_be_compared_and_of_those_that_wait_the_oldest(kind: str) -> None:
    board, rng, chosen = Board(), Random(1), Counter[str]()
    status = Status.DELIVERED if kind == "final" else Status.WAITING
    for age, id in enumerate("abcd"):
        board.watch(Entry(id, added_at=START - age * DAY), START)
        board.apply(report([row(1, status)], id), START)
    for _ in range(400):
        sample = batches.Sample(rng)
        for each in board:
            told = report([row(1, status)], each.id)
            sample.see(each, told if kind == "new" else Unchanged(each.id, b"", START, START), ())
            best = sample.choose(2)
        assert best is not None
        chosen[best[0].id] += 1
    assert chosen.keys() == ({"d"} if kind == "waits" else {*"abcd"})
    assert kind == "waits" or min(chosen.values()) > 60


def test_what_is_compared_is_new_then_waits_then_is_final_by_turns() -> None:
    board, sample = Board(), batches.Sample(Random(1))
    for id, status in ("0", Status.WAITING), ("1", Status.WAITING), ("2", Status.DELIVERED):
        board.watch(Entry(id, added_at=START), START)
        told = report([row(1, status)], id)
        board.apply(told, START)
        sample.see(board[id], told if id == "0" else Unchanged(id, b"", START, START), ())
    chosen = [each and each[0].id for each in map(sample.choose, range(6))]
    assert chosen == ["0", "1", "2"] * 2


async def test_a_source_that_tells_one_number_of_several_is_found_out() -> None:
    room = Room()
    new = [str(each) for each in range(300, 340)]
    async with room.running():
        await room.proved()
        room.add(*new, status=Status.DELIVERED, told=True)
        for id in new:
            room.source.rows[id].append(row(2, Status.WAITING))
        board = room.engine.board
        await room.clock.advance(600.0)
        assert {board[id].counts.total for id in new} == {2}
        batches = len(room.source.batches)
        room.add("400", status=Status.DELIVERED, told=True)
        await room.clock.run_until(lambda: board["400"].read_at is not None, 60.0)
        assert room.source.times("400")
        assert len(room.source.batches) >= batches


async def test_a_report_after_a_batch_is_compared_in_full() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        id = WAITING[0]
        known = room.engine.board[id].digest
        assert known is not None
        room.turn(id)
        await room.clock.run_until(lambda: room.status(id) is Status.DELIVERED, 600.0)
        room.source.rows[id] = [row(1)]  # as before the batch, byte for byte
        room.engine.refresh([id])
        await room.clock.advance(1.0)
        assert room.status(id) is Status.WAITING


@pytest.mark.parametrize(
    ("rows", "together"),
    [
        ([row(1), row(2, Status.DELIVERED)], True),
        ([row(number) for number in range(1, 6)], True),
        ([row(number) for number in range(1, 7)], False),
        ([row(1), row(1, Status.DELIVERED)], False),
        ([row(1, Status.UNKNOWN)], False),
        ([Recipient("06 12", Status.WAITING, "Waiting", False)], False),
    ],
)
async def test_only_small_messages_whose_numbers_are_known_are_read_together(
    rows: list[Recipient], together: bool
) -> None:
    room = Room()
    async with room.running():
        await room.proved()
        room.source.rows["300"] = rows
        room.watch("300")
        start = room.clock.monotonic()
        await room.clock.advance(600.0)
        pairs = [pair for at, batch in room.source.batches if at > start for pair in batch]
        assert any(pair.message_id == "300" for pair in pairs) is together
        assert room.engine.board["300"].counts.total == len(rows)


async def test_what_people_added_is_read_alone_now_and_then_as_it_may_get_more_recipients() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        room.source.rows["300"] = [row(1)]
        room.watch("300")
        await room.clock.advance(300.0)
        room.source.rows["300"] = [row(1), row(2)]
        await room.clock.run_until(lambda: room.engine.board["300"].counts.total == 2, 3600.0)


async def test_one_of_two_recipients_is_looked_after_though_the_other_is_not_told() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        room.source.rows["300"] = [row(1), row(2)]
        room.watch("300")
        await room.clock.advance(60.0)
        room.source.rows["300"] = [row(1, Status.DELIVERED), row(2)]
        missing = _none(Outcome.MISSING)
        room.source.say = lambda told: missing(told) if told.pair.phone == phone(2) else told
        await room.clock.run_until(lambda: room.engine.board["300"].counts.delivered == 1, 1800.0)
        assert room.engine.board["300"].counts.absent == 0
        assert room.changes()[-1].origin is Origin.POLLED


async def test_messages_that_leave_by_the_thousand_leave_nothing_behind() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        poller = room.engine._pollers["default"]
        for turn in range(12):
            ids = [str(10_000 + 250 * turn + number) for number in range(250)]
            room.add(*ids, told=True)
            await room.clock.advance(3.0)
            for id in ids:
                room.turn(id)
            await room.clock.advance(5.0)
            for id in ids:
                room.engine.forget(id)
        await room.clock.advance(5.0)
        assert len(poller._messages) == len(poller._planner) + len(poller._flying) == len(IDS)
        assert len(poller._planner.pool) <= len(IDS)
        assert len(poller._planner.pool._to_come) < 1_000
        assert not poller._health._suspects
        assert len(poller._trust._proof.pending) <= 1
        assert sum(map(len, poller._planner._agenda._lanes.values())) < 300


async def test_the_last_batch_row_is_what_can_be_looked_at() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        id = "300"
        room.source.say = lambda told: told._replace(raw=b'{"status":"Waiting"}')
        room.add(id, told=True)
        await room.clock.run_until(lambda: bool(room.kinds(id).count(EventKind.FIRST_READ)))
        raw = room.engine.board.raw(id)
        assert raw is not None
        assert raw[0] == b'{"status":"Waiting"}'
        (last,) = [n for n in room.news if isinstance(n, Applied) and n.message_id == id][-1:]
        assert last.origin is Origin.BATCH


def _complete(room: Room, id: str) -> bool:
    return room.engine.board[id].complete


@pytest.mark.parametrize(("source", "told"), [("app", True), ("typo", False)])
async def test_ids_that_are_not_there_hold_back_no_code(source: str, told: bool) -> None:
    """Of what a batch does not find, or a source tells that is not there, few are read alone."""
    room = Room(Limits(per_minute=120))
    invented = [str(900_000 + number) for number in range(1_000)]
    async with room.running():
        await room.proved()
        await room.clock.advance(60.0)
        for id in invented:
            room.source.rows[id] = []
            room.source.trouble[id] = fault(FaultKind.NOT_FOUND)
            arrival = Arrival(source, 3600.0, phone(1) if told else "")
            room.engine.watch(Entry(id, added_at=room.clock.now(), arrival=arrival))
        await room.clock.advance(120.0)  # by then that is found out
        late = []
        for id in map(str, range(2000, 2020)):
            room.add(id, told=True)
            await room.clock.advance(3.0)
            room.turn(id)
            since = room.clock.monotonic()
            await room.clock.run_until(partial(_complete, room, id), 60.0)
            late.append(room.clock.monotonic() - since)
        assert max(late) < 12.0
        missing = [id for id in invented if room.engine.board[id].fault is not None]
        assert 20 < len(missing) < 200
        for id in invented:  # they were early, not invented
            del room.source.trouble[id]
            room.source.rows[id] = [row(1, Status.DELIVERED)]
        board = room.engine.board
        await room.clock.run_until(lambda: all(board[id].complete for id in invented), 3600.0)


async def test_what_batches_leave_out_is_read_alone_no_sooner_than_without_batches() -> None:
    room = Room()
    async with room.running():
        await room.proved()
        await room.clock.advance(1200.0)
        left_out = {*WAITING[:8], *FINAL[:8]}
        room.source.say = lambda told: (
            _none(Outcome.NOT_FOUND)(told) if told.pair.message_id in left_out else told
        )
        alone = len(room.source.asked)
        await room.clock.advance(60.0)
        asked = [id for _, id in room.source.asked[alone:] if id in left_out]
        assert len(asked) <= len(left_out), len(asked)
        room.turn(WAITING[0])
        await room.clock.run_until(lambda: room.engine.board[WAITING[0]].complete, 300.0)
