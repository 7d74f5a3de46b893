"""What the schedule learnt is kept, also when nobody leaves by the front door."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from smsmon import learned
from tests.monitor.fakes import Rig


async def test_what_was_learnt_is_on_disk_within_the_hour(tmp_path: Path) -> None:
    rig = Rig()
    rig.watch("300")
    async with rig.running():
        await rig.clock.advance(6 * 3600.0)
    keeping = asyncio.create_task(learned.keep(tmp_path, rig.engine, rig.clock))
    await rig.clock.advance(learned.KEEP_EVERY)
    await asyncio.get_running_loop().shutdown_default_executor()  # its thread has written
    keeping.cancel()
    assert any(row[2] for row in learned.load(tmp_path)["default"]["reports"])


@pytest.mark.parametrize("content", [b"", b"[]", b'{"default": 3}', b"\xff\xfe"])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / learned.FILE_NAME).write_bytes(content)
    assert learned.load(tmp_path) == {}


async def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.touch()
    await learned.save(folder, Rig().engine)
    assert learned.load(folder) == {}
