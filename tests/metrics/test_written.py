"""The metrics in a file: whole at any moment, for others to read, and gone at the end."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from smsmon.metrics.served import MetricsFile


async def test_a_file_is_written_for_others_to_read(tmp_path: Path) -> None:
    file, metrics = tmp_path / "smsmon.prom", MetricsFile()
    assert await metrics.write(file, b"smsmon_healthy 1\n") == ""
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"smsmon_healthy 1\n", 0o644)
    file.chmod(0o640)
    with file.open("rb") as reading:
        assert await metrics.write(file, b"smsmon_healthy 0\n") == ""
        assert reading.read() == b"smsmon_healthy 1\n"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"smsmon_healthy 0\n", 0o640)
    assert sorted(os.listdir(tmp_path)) == [".smsmon.prom.lock", "smsmon.prom"]
    await metrics.remove(file)
    await metrics.remove(file)
    assert os.listdir(tmp_path) == []


async def test_of_two_that_name_one_file_the_second_says_so_and_writes_none(
    tmp_path: Path,
) -> None:
    file, link = tmp_path / "smsmon.prom", tmp_path / "link"
    link.symlink_to(file)
    first, second = MetricsFile(), MetricsFile()
    assert await first.write(file, b"first\n") == ""
    for name in (file, link):
        assert "Another smsmon writes its metrics to" in await second.write(name, b"second\n")
        await second.remove(name)
    assert file.read_bytes() == b"first\n"
    await first.remove(file)
    assert await second.write(file, b"second\n") == ""
    assert "Another smsmon" in await first.write(file, b"first\n")
    assert file.read_bytes() == b"second\n"


async def test_where_nothing_can_be_locked_it_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    metrics = MetricsFile()
    assert await metrics.write(tmp_path / "smsmon.prom", b"x\n") == ""
    await metrics.remove(tmp_path / "smsmon.prom")
    assert not (tmp_path / "smsmon.prom").exists()


async def test_a_link_stays_one(tmp_path: Path) -> None:
    link, file, metrics = tmp_path / "link", tmp_path / "file", MetricsFile()
    link.symlink_to(file)
    for _ in range(2):
        assert await metrics.write(link, b"x\n") == ""
        assert (link.is_symlink(), file.read_bytes()) == (True, b"x\n")
        await metrics.remove(link)
        assert (link.is_symlink(), file.exists()) == (True, False)


@pytest.mark.parametrize(
    ("place", "why"),
    [("no/such/folder", "No such file"), ("folder", "it is a folder"), ("pipe", "it is a pipe")],
)
async def test_what_cannot_be_written_is_a_sentence(tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    metrics = MetricsFile()
    assert why in await metrics.write(tmp_path / place, b"x\n")
    await metrics.remove(tmp_path / place)
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe"]
