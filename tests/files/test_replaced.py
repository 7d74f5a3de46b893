"""Files are written whole or not at all, and keep whose they are."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from smsmon import files, outputs
from smsmon.store.local.files import write_whole
from tests.files.kinds import CONTENT, NOBODY, as_user, left_over, root_only, write


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    for act in (write, lambda path: write_whole(path, CONTENT)):
        act(tmp_path / "new")
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
        assert (tmp_path / "new").read_bytes() == CONTENT
        (tmp_path / "new").unlink()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o666, 0o755, 0o4711, 0o400])
def test_a_file_that_was_there_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    (tmp_path / "x").touch()
    (tmp_path / "x").chmod(mode)
    write(tmp_path / "x")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode
    write_whole(tmp_path / "x", CONTENT)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode & ~0o002


@root_only
def test_a_file_that_was_there_keeps_its_owner_and_its_group(tmp_path: Path) -> None:
    for path, act in (
        (tmp_path / "a", write),
        (tmp_path / "b", lambda path: write_whole(path, CONTENT)),
    ):
        path.touch()
        os.chown(path, NOBODY, NOBODY + 1)
        act(path)
        found = path.stat()
        assert (found.st_uid, found.st_gid) == (NOBODY, NOBODY + 1)
        assert path.read_bytes() == CONTENT


@root_only
def test_who_may_not_give_files_away_writes_into_the_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    path.write_bytes(b"longer than before" * 1_000)
    path.chmod(0o666)
    tmp_path.chmod(0o777)
    inode = path.stat().st_ino
    with as_user(tmp_path, NOBODY):
        write(path, b"short")
    assert path.read_bytes() == b"short"
    assert (path.stat().st_ino, path.stat().st_uid) == (inode, 0)
    tmp_path.chmod(0o755)  # nor need the folder take a new file
    with as_user(tmp_path, NOBODY):
        write(path, b"other")
    path.chmod(0o644)
    with as_user(tmp_path, NOBODY), pytest.raises(PermissionError):
        write(path)
    assert path.read_bytes() == b"other"
    assert left_over(tmp_path) == []


def test_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        pytest.skip("this file system has no attributes")
    write(path)
    assert os.getxattr(path, "user.note") == b"kept"


def test_a_second_name_stays_one_of_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"before" * 10_000)
    os.link(tmp_path / "x", tmp_path / "y")
    write(tmp_path / "x")
    assert (tmp_path / "y").read_bytes() == CONTENT
    assert left_over(tmp_path) == []


def test_a_link_stays_and_its_target_is_replaced_whole(tmp_path: Path) -> None:
    real, link, again = tmp_path / "a" / "real", tmp_path / "b" / "link", tmp_path / "again"
    real.parent.mkdir()
    link.parent.mkdir()
    link.symlink_to("../a/real")
    again.symlink_to(link)
    for path in (link, again):  # at first there is no target yet
        write(path)
        assert real.read_bytes() == CONTENT
        assert [link.is_symlink(), again.is_symlink(), real.is_symlink()] == [True, True, False]
        write(path, b"another")
        assert real.read_bytes() == b"another"
        real.unlink()


def test_an_error_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)  # the longest name there is
    path.write_bytes(b"old")
    for error in (RuntimeError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), outputs.written(path) as file:
            ended_by(error, after=file.write(CONTENT))
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_what_a_killed_writer_left_goes_and_a_living_ones_stays(tmp_path: Path) -> None:
    path = tmp_path / "with [brackets]*"
    (tmp_path / f".{path.name}.abc.tmp").touch()
    (tmp_path / ".other.abc.tmp").touch()
    with files.replaced(path) as first:
        first.write(b"first")
        write(path, b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert left_over(tmp_path) == [".other.abc.tmp"]


def test_it_is_on_the_disk_before_it_has_the_name_and_the_name_is_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for act in (write, lambda path: write_whole(path, CONTENT)):
        calls = recorded_calls(monkeypatch)
        act(tmp_path / "x")
        monkeypatch.undo()
        assert calls == ["sync file of 40000", "replace", "sync folder"]


def test_a_file_made_once_is_on_the_disk_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = recorded_calls(monkeypatch)
    files.create(tmp_path / "new", lambda: CONTENT)
    assert calls == ["sync file of 40000", "sync folder"]
    with pytest.raises(FileExistsError):
        files.create(tmp_path / "new", bytes)
    with pytest.raises(ZeroDivisionError):
        files.create(tmp_path / "other", lambda: b"%d" % (1 // 0))
    assert [each.name for each in tmp_path.iterdir()] == ["new"]


def ended_by(error: type[BaseException], after: object) -> None:
    raise error


def recorded_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the system is asked for from now on, in this order."""
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        found = os.fstat(handle)
        is_folder = stat.S_ISDIR(found.st_mode)
        calls.append("sync folder" if is_folder else f"sync file of {found.st_size}")
        fsync(handle)

    def renamed(before: str, after: Path) -> None:
        calls.append("replace")
        replace(before, after)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    return calls


def test_a_place_that_cannot_be_given_away_is_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a file is that alone is mounted into a container."""
    path = tmp_path / "mounted"
    path.write_bytes(b"before" * 10_000)
    inode = path.stat().st_ino

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(os, "replace", busy)
    write(path)
    assert (path.read_bytes(), path.stat().st_ino) == (CONTENT, inode)
    assert left_over(tmp_path) == []


def test_what_is_written_over_is_left_as_it_is_when_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"before")
    os.link(path, tmp_path / "y")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        write(path)
    assert path.read_bytes() == b"before"
    assert left_over(tmp_path) == []
