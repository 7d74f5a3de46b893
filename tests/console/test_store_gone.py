"""A store that does not answer: the picture stays and says so, no key waits, and it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from smsmon.model import Entry
from tests.store.switched import SwitchedStore
from tests.support.clock import VirtualClock
from tests.support.scene import SMALL, WIDE, Scene
from tests.support.waiting import until

ENTRIES = [Entry("2270115", label="Spring"), Entry("2270118", label="Autumn")]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> SwitchedStore:
    store = SwitchedStore(VirtualClock(), ENTRIES)
    monkeypatch.setattr("smsmon.console.app.open_store", store)
    return store


def head_of(scene: Scene) -> str:
    return str(scene.screen.head._truth.content)


async def until_told(scene: Scene, pilot: Pilot[Any], *, gone: bool) -> None:
    async def tick() -> None:
        await scene.clock.advance(0.2)

    told = "store unreachable since "
    await until(pilot, lambda: (told in head_of(scene)) is gone, f"it is gone: {gone}", tick)


@pytest.mark.parametrize("size", [SMALL, WIDE])
async def test_the_picture_stays_and_nothing_is_asked_until_it_is_back(
    store: SwitchedStore, tmp_path: Path, size: tuple[int, int]
) -> None:
    scene = Scene(tmp_path, ENTRIES)
    async with scene.app.run_test(size=size) as pilot:
        await scene.open(pilot, 30)
        engine = scene.app._session.engine
        shown = {each.id: each.counts for each in engine.board}
        assert all(counts.total for counts in shown.values())
        store.gone = True
        await until_told(scene, pilot, gone=True)
        asked = engine.requests_last_minute
        read_at = {each.id: each.read_at for each in engine.board}
        for keys in (["down", "enter", "escape"], ["r"], ["question_mark", "escape"]):
            await pilot.press(*keys)
        await scene.pass_time(pilot, 300)
        assert {each.id: each.read_at for each in engine.board} == read_at
        assert {each.id: each.counts for each in engine.board} == shown
        assert engine.requests_last_minute == 0 < asked
        assert not [said for said in scene.said if "does not answer" in said], "the head says it"
        await pilot.press("p")
        await scene.pass_time_until(
            pilot, lambda: any("Nothing was changed" in each for each in scene.said)
        )
        assert "Try again later." in scene.said[-1], "nobody tries again what a key asked for"
        store.gone = False
        await until_told(scene, pilot, gone=False)
        one = engine.board[ENTRIES[0].id]
        await scene.pass_time_until(pilot, lambda: one.read_at != read_at[one.id])


async def test_one_that_starts_meanwhile_shows_all_when_it_is_back(
    store: SwitchedStore, tmp_path: Path
) -> None:
    store.gone = True
    scene = Scene(tmp_path, ENTRIES)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot)
        await until_told(scene, pilot, gone=True)
        board = scene.app._session.engine.board
        assert not len(board)
        store.gone = False
        await until_told(scene, pilot, gone=False)
        await scene.pass_time_until(pilot, lambda: len(board) == len(ENTRIES))
        await scene.pass_time_until(pilot, lambda: all(each.read_at for each in board))
        happened = [event.kind for _, event in store.memory.events]
        assert "added" not in happened
        assert all(each.summary.removed_at is None for each in store.memory.kept.values())


async def test_who_may_only_look_is_told_so_and_not_as_a_fault(
    store: SwitchedStore, tmp_path: Path
) -> None:
    scene = Scene(tmp_path, ENTRIES)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot)
        scene.app._session.history._part.looks_only = True  # type: ignore[attr-defined]
        scene.screen.head.show()
        assert "watchlist read-only" in head_of(scene)
        await pilot.press("r")
        assert scene.said[-1] == "Nothing is asked: this user of the store may only look."
