"""Where news comes from: two sources that keep the contract, and news that nobody asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from smsmon.api.client import SmsPartner
from smsmon.batch import BatchAnswer, Pair
from smsmon.clock import SystemClock
from smsmon.model import Answer, EventKind, FaultKind, Origin, Report
from smsmon.monitor.board import Board
from smsmon.monitor.state import Applied
from smsmon.recipients import Recipient, Status
from smsmon.secret import ApiKey
from smsmon.simulator.faults import ServerError
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.server import Server, serve
from smsmon.simulator.world import World
from smsmon.store.local.history import LocalHistory
from tests.monitor.fakes import FakeSource, Rig, fault, report, row
from tests.monitor.source_contract import KNOWN, OTHER, PHONE, BatchSourceContract, SourceContract
from tests.support.clock import START, VirtualClock

D, W = Status.DELIVERED, Status.WAITING


class InMemory:
    """The source of the engine's own tests."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.source = FakeSource(self.clock)
        self.source.rows = {KNOWN: [row(1), row(2)], OTHER: [row(3)]}

    async def read(self, *message_ids: str, known: bytes | None = None) -> list[Answer]:
        readings = []
        for each in message_ids:
            if each not in self.source.rows:
                self.source.trouble[each] = fault(FaultKind.NOT_FOUND)
            readings.append(asyncio.ensure_future(self.source.bulk_status(each, known)))
        await self.clock.run_until(lambda: all(each.done() for each in readings))
        return [each.result() for each in readings]

    def change(self, message_id: str) -> None:
        self.source.rows[message_id] = [row(1, D), row(2)]

    def fall_silent(self) -> None:
        self.source.trouble[None] = fault()


class TestInMemory(SourceContract):
    @pytest.fixture
    def stage(self) -> InMemory:
        return InMemory()


class OverHttp:
    """The API's client, which asks the simulator over real HTTP."""

    def __init__(self, server: Server) -> None:
        self.clock = SystemClock()
        self.server = server
        self.source = SmsPartner(ApiKey(server.key), clock=self.clock, base_url=server.base_url)

    async def read(self, *message_ids: str, known: bytes | None = None) -> list[Answer]:
        asked = [self.source.bulk_status(each, known) for each in message_ids]
        return list(await asyncio.gather(*asked))

    async def read_together(self, pairs: Sequence[Pair]) -> BatchAnswer:
        return await self.source.multi_status(pairs)

    def change(self, message_id: str) -> None:
        self.server.world.add(sent(message_id, "Delivered"))

    def fall_silent(self) -> None:
        self.server.faults.only(ServerError(502))


def sent(message_id: str, word: str = "Waiting") -> SimMessage:
    """A message to one phone."""
    return SimMessage(message_id, [SimRecipient(PHONE, (Change(START - 60, word),))])


class TestOverHttp(BatchSourceContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[OverHttp]:
        world = World(messages=[sent(KNOWN), sent(OTHER)])
        async with serve(world) as server:
            stage = OverHttp(server)
            async with stage.source:
                yield stage


class Scene:
    """An engine that records, and has read one message to three recipients."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig()
        self.history = LocalHistory(folder / "history.db", self.rig.clock)
        self.history.record_alone()
        self.rig.engine._hearers.recorder = self.history
        self.history.start()
        self.rig.source.rows["300"] = [row(1), row(2), row(3)]

    async def read_once(self) -> None:
        """Read the message, and be silent from then on."""
        self.rig.watch("300")
        await self.rig.clock.run_until(lambda: self.board.messages["300"].read_at is not None)
        self.rig.source.trouble[None] = fault()
        self.rig.news.clear()

    @property
    def board(self) -> Board:
        return self.rig.engine.board

    def receipt(self, *rows: Recipient) -> Report:
        """What the provider pushes when these recipients have news."""
        now = self.rig.clock.now()
        return replace(report(rows, at=now), origin=Origin.PUSHED, whole=False)


async def test_a_pushed_receipt_reaches_the_board_the_listeners_and_the_history(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path)
    engine = scene.rig.engine
    async with scene.rig.running():
        await scene.read_once()
        watched = scene.board["300"]
        read_at, due = watched.read_at, watched.next_due
        await scene.rig.clock.advance(1.0)
        engine.receive("default", scene.receipt(row(2, D)))
        assert [each.status for each in watched.recipients] == [W, D, W]
        assert (watched.counts.delivered, watched.counts.absent) == (1, 0)
        assert (watched.read_at, watched.next_due) == (read_at, due), "it was not read whole"
        (told,) = scene.rig.news
        assert isinstance(told, Applied)
        assert told.origin is Origin.PUSHED
        assert [(each.slot, each.before, each.after) for each in told.transitions] == [(1, W, D)]
        engine.receive("default", scene.receipt(row(1, D), row(3, D)))
        assert scene.rig.kinds() == [EventKind.COMPLETED]
    await scene.history.flush()
    async for (kept,) in scene.history.load(["300"]):
        assert [each.status for each in kept.recipients] == [D, D, D]
        assert (kept.summary.read_at, kept.summary.counts.absent) == (read_at, 0)
    changes = await scene.history.ask(lambda archive: archive.timeline("300"))
    assert sorted(each.slot for each in changes.transitions) == [0, 1, 2]
    assert EventKind.COMPLETED in [each.kind for each in changes.events]
    await scene.history.close()


async def test_the_whole_report_after_a_receipt_is_compared_with_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    async with scene.rig.running():
        await scene.read_once()
        scene.rig.engine.receive("default", scene.receipt(row(2, D)))
        scene.rig.news.clear()
        scene.rig.source.rows["300"] = [row(1), row(2, D), row(3)]
        scene.rig.source.trouble.clear()
        scene.rig.engine.refresh(["300"])
        read_at = scene.board["300"].read_at
        await scene.rig.clock.run_until(lambda: scene.board["300"].read_at != read_at)
        assert scene.rig.transitions == [], "it says the same"
    await scene.history.close()


async def test_one_request_may_bring_whole_answers_about_many_messages() -> None:
    rig = Rig()
    rig.watch("300", "301")
    async with rig.running():
        await rig.clock.run_until(lambda: None not in [each.read_at for each in rig.engine.board])
        asked, now = len(rig.source.asked), rig.clock.now()
        for message_id in ("300", "301"):
            answer = replace(report([row(1, D)], message_id, now), origin=Origin.BATCH)
            rig.engine.receive("default", answer)
        assert [each.counts.delivered for each in rig.engine.board] == [1, 1]
        assert [each.read_at for each in rig.engine.board] == [now, now]
        await rig.clock.advance(4.0)
        assert len(rig.source.asked) == asked, "they are read; nobody need ask again so soon"


async def test_news_of_what_is_not_watched_or_was_never_read_changes_nothing(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path)
    scene.rig.watch("300")
    scene.rig.news.clear()
    scene.rig.engine.receive("default", scene.receipt(row(2, D)))
    scene.rig.engine.receive("default", replace(scene.receipt(row(2, D)), message_id="999"))
    assert len(scene.board["300"].recipients) == 0
    assert "999" not in scene.board
    assert [each.late for each in scene.rig.news if isinstance(each, Applied)] == [True]
    await scene.history.close()
