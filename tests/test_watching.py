"""The watchlist file as both front ends follow it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from smsmon.model import Entry
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.monitor.state import MessageState
from smsmon.store.base import HistoryStore
from smsmon.store.local import LocalStore
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.history import LocalHistory
from smsmon.store.past import RETIRED_AT_ONCE, Pruned
from smsmon.store.sql import writer
from smsmon.watching import Watching
from tests.store.memory import Memory, MemoryStore
from tests.store.reports import START, Console, row, rows_of
from tests.store.switched import Switched
from tests.support.clock import VirtualClock

BROKEN = "[[message]\nid = 1"


async def test_trouble_with_the_file_is_said_once_and_again_when_it_comes_back(
    tmp_path: Path,
) -> None:
    clock, said = VirtualClock(), list[str]()
    path = tmp_path / "watchlist.toml"
    watchlist = LocalStore(path, tmp_path / "history.db").watchlist(clock)
    watchlist.add([Entry("300")])
    whole = path.read_text()
    engine = Engine({}, clock, limits=Limits())
    history = LocalHistory(tmp_path / "history.db", clock, lambda _: None)
    watching = Watching(engine, watchlist, history, said.append)

    async def look(content: str) -> None:
        path.write_text(content)
        for _ in range(4):  # what looks like a loss counts at the second look
            await watching.look()

    await look(BROKEN)
    assert len(said) == 1
    assert "watchlist.toml" in said[0]
    await look(whole)
    assert len(said) == 1, "nobody asked for good news"
    await look(BROKEN + "\n")
    assert len(said) == 2
    await history.close()


async def test_what_is_old_is_dropped_each_day_that_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, hour, hours = VirtualClock(START), 3600.0, list[float]()
    monkeypatch.setattr(
        LocalArchive, "retire", lambda _, watched, now, days: hours.append((now - START) / hour)
    )
    history = LocalHistory(tmp_path / "history.db", clock, lambda _: None)
    watchlist = LocalStore(tmp_path / "list", history.path).watchlist(clock)
    engine = Engine({}, clock, limits=Limits())
    watching = Watching(engine, watchlist, history, pytest.fail)
    await watching.start(clock, 2)
    for _ in range(60):
        await clock.advance(hour)
        await watching.look()
    assert hours == [0, 24, 48]
    await history.close()


async def test_what_is_left_of_much_that_is_old_is_dropped_at_the_next_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, left = VirtualClock(START), [RETIRED_AT_ONCE, RETIRED_AT_ONCE, 7]
    monkeypatch.setattr(LocalArchive, "retire", lambda *_: Pruned(left.pop(0), 0, 0, 0))
    history = LocalHistory(tmp_path / "history.db", clock, lambda _: None)
    watchlist = LocalStore(tmp_path / "list", history.path).watchlist(clock)
    watching = Watching(Engine({}, clock, limits=Limits()), watchlist, history, pytest.fail)
    await watching.start(clock, 2)
    for _ in range(4):
        await watching.look()
    assert left == []
    await history.close()


async def test_a_list_that_could_not_be_taken_over_is_looked_at_again_soon(tmp_path: Path) -> None:
    clock, gone = VirtualClock(), False
    memory = MemoryStore(Memory())
    store = Switched(memory.history(clock, lambda _: None), lambda: gone)
    watchlist, engine = memory.watchlist(clock), Engine({}, clock, limits=Limits())
    watching = Watching(engine, watchlist, cast("HistoryStore", store), pytest.fail)
    others = memory.watchlist(clock)
    others.add(map(Entry, ["100", "200"]))
    await watching.start(clock, 0)
    others.add([Entry("300")])
    others.amend(["100"], label="anew")
    gone = True
    assert not await watching.look(), "the list is known by now, and not what was recorded"
    others.remove(["200"])
    gone = False
    assert await watching.look()
    assert list(engine.board.messages) == ["100", "300"]
    assert engine.board["100"].entry.label == "anew"


async def test_a_history_that_is_removed_is_written_anew_with_all_that_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of messages that will never have news again."""
    monkeypatch.setattr(writer, "LOOK_EVERY", 0.02)
    path, ids = tmp_path / "history.db", ["300", "301", "302"]
    with Console(path) as console:
        for each in [*ids, "299"]:
            console.watch(each)
            console.poll(each, [row(1, "Delivered"), row(2, "Not delivered")], START)
    clock, loop, heard, said = VirtualClock(), asyncio.get_running_loop(), [], asyncio.Event()

    def hear(error: object) -> None:
        heard.append(str(error))
        loop.call_soon_threadsafe(said.set)

    watchlist = LocalStore(tmp_path / "watchlist.toml", path).watchlist(clock)
    watchlist.add(map(Entry, ids))
    history = LocalHistory(path, clock, hear)
    watching = Watching(Engine({}, clock, limits=Limits()), watchlist, history, heard.append)
    await watching.start(clock, 0)
    await watching.fill()
    await history.flush()
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink()
    await asyncio.wait_for(said.wait(), 30)
    await history.flush()
    assert sorted(rows_of(path, "SELECT message_id, delivered FROM message")) == [
        (each, 1) for each in ids
    ]
    assert len(heard) == 1
    assert "it was removed" in heard[0]
    await history.close()


@pytest.mark.parametrize(
    ("later", "state"), [(700.0, MessageState.COMPLETE), (1300.0, MessageState.STALE)]
)
async def test_a_message_begins_as_it_stood_with_who_polled_it(
    tmp_path: Path, later: float, state: MessageState
) -> None:
    """Nothing is stale before it was promised to be read, though it is a while since."""
    path, clock = tmp_path / "history.db", VirtualClock(START + later)
    with Console(path) as console:
        console.watch("300")
        console.board["300"].promise = 600.0
        console.poll("300", [row(1, "Delivered")], START)
    watchlist = LocalStore(tmp_path / "watchlist.toml", path).watchlist(clock)
    watchlist.add([Entry("300")])
    history, engine = LocalHistory(path, clock, lambda _: None), Engine({}, clock, limits=Limits())
    watching = Watching(engine, watchlist, history, pytest.fail)
    await watching.start(clock, 0)
    for _ in range(2):
        assert engine.board.state_of(engine.board["300"], clock.now()) is state
        await watching.fill()
    await history.close()
