"""The metrics in a file: whole at any moment, for others to read, and gone at the end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smsmon.metrics.written import remove, write


async def test_a_file_is_written_for_others_to_read(tmp_path: Path) -> None:
    file = tmp_path / "smsmon.prom"
    assert await write(file, b"smsmon_healthy 1\n") == ""
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"smsmon_healthy 1\n", 0o644)
    file.chmod(0o640)
    with file.open("rb") as reading:
        assert await write(file, b"smsmon_healthy 0\n") == ""
        assert reading.read() == b"smsmon_healthy 1\n"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"smsmon_healthy 0\n", 0o640)
    assert os.listdir(tmp_path) == ["smsmon.prom"]
    await remove(file)
    await remove(file)
    assert os.listdir(tmp_path) == []


async def test_a_link_stays_one(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "file"
    link.symlink_to(file)
    for _ in range(2):
        assert await write(link, b"x\n") == ""
        assert (link.is_symlink(), file.read_bytes()) == (True, b"x\n")
        await remove(link)
        assert (link.is_symlink(), file.exists()) == (True, False)


@pytest.mark.parametrize(
    ("place", "why"),
    [("no/such/folder", "No such file"), ("folder", "it is a folder"), ("pipe", "it is a pipe")],
)
async def test_what_cannot_be_written_is_a_sentence(tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert why in await write(tmp_path / place, b"x\n")
    await remove(tmp_path / "folder")
    assert (tmp_path / "folder").is_dir()
