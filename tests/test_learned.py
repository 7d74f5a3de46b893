"""What the schedule learnt is kept, also when nobody leaves by the front door."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest

from smsmon.learned import KEEP_EVERY, Learning
from smsmon.store.base import Store
from smsmon.store.errors import StoreError
from smsmon.store.local import LocalStore
from tests.monitor.fakes import Rig
from tests.store.memory import Memory, MemoryStore

OTHER = {"other": {"reports": [[0.0, 1.0, 2.0]], "stops": []}}


async def test_what_was_learnt_is_taught_to_the_next() -> None:
    store = MemoryStore(Memory())
    store.keep_learned(msgspec.json.encode(OTHER))
    rig = Rig()
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(6 * 3600.0)
    learning = Learning(store, rig.engine, rig.clock)
    await learning.load()
    await learning.save()
    again = Rig()
    keeping = asyncio.create_task(Learning(store, again.engine, again.clock).run())
    await again.clock.advance(0)
    await asyncio.get_running_loop().shutdown_default_executor()  # its thread has read
    await again.clock.advance(0)
    keeping.cancel()
    assert again.engine.learned("default") == rig.engine.learned("default")
    assert any(row[2] for row in again.engine.learned("default")["reports"])
    assert msgspec.json.decode(store.learned())["other"] == OTHER["other"]


async def test_it_is_saved_each_hour() -> None:
    store, rig = MemoryStore(Memory()), Rig()
    keeping = asyncio.create_task(Learning(store, rig.engine, rig.clock).run())
    while not store.learned():
        await rig.clock.advance(KEEP_EVERY)
    keeping.cancel()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"default": 3}', b"\xff\xfe"])
async def test_what_is_broken_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    store, rig = LocalStore(tmp_path / "w", tmp_path / "h", tmp_path / "l"), Rig()
    store.keep_learned(content)
    before = rig.engine.learned("default")
    learning = Learning(store, rig.engine, rig.clock)
    await learning.load()
    assert rig.engine.learned("default") == before
    await learning.save()
    assert [*msgspec.json.decode(store.learned())] == ["default"]


async def test_nothing_is_kept_over_what_cannot_be_read() -> None:
    gone = StoreError("the store", "it does not answer", "Wait.")
    store, rig = Mock(Store, learned=Mock(side_effect=gone)), Rig()
    learning = Learning(store, rig.engine, rig.clock)
    await learning.load()
    await learning.save()
    assert not store.keep_learned.called


async def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.touch()
    rig = Rig()
    learning = Learning(LocalStore(folder / "w", folder / "h"), rig.engine, rig.clock)
    await learning.save()
