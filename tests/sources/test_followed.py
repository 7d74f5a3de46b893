"""A log that is followed: every line once, whatever becomes of the file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.files import NotAFile
from smsmon.sources.arrived import LINE_LIMIT
from smsmon.sources.followed import FollowedFile, last_lines

STEPS = st.lists(
    st.sampled_from(
        ("write", "half", "rotate", "rotate away", "truncate", "copy", "look", "restart", "wait")
    ),
    max_size=40,
)


class Writer:
    """Whoever writes the log: numbered lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: list[str] = []
        self._rest = ""
        self.moment = 1_000_000

    def _put(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)
        self.touch()

    def touch(self) -> None:
        """Make it, and let time go on: the clock of a disk may stand still for a while."""
        self.moment += 1
        self.path.touch()
        os.utime(self.path, (self.moment, self.moment))

    def write(self) -> None:
        self.end_line()
        line = f"line {len(self.written)}"
        self._put(f"{line}\n")
        self.written.append(line)

    def half(self) -> None:
        self.end_line()
        self._rest = f"line {len(self.written)}"
        self._put(self._rest[:3])

    def end_line(self) -> None:
        if self._rest:
            self._put(self._rest[3:] + "\n")
            self.written.append(self._rest)
            self._rest = ""


@given(st.sampled_from(((), ("log",), ("log.1",), ("log.1", "log"))), STEPS)
def test_every_line_is_read_once_through_rotation_truncation_and_restarts(
    there: tuple[str, ...], steps: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        writer, log = Writer(path), FollowedFile(path)
        rotated = 0
        for name in there:
            path.write_text("old\n")
            writer.touch()
            if name != path.name:
                path.rename(path.with_name(name))
                rotated = 1
        read: list[str] = log.lines()
        for step in steps:
            match step:
                case "write":
                    writer.write()
                case "half":
                    writer.half()
                case "rotate" | "rotate away" if path.exists():
                    writer.end_line()
                    rotated += 1
                    path.rename(f"{path}.{rotated}")
                    if step == "rotate":
                        writer.touch()
                case "truncate" if path.exists():
                    writer.end_line()
                    read += log.lines()  # what is cut off before it was read is lost
                    os.truncate(path, 0)
                    writer.touch()
                    read += log.lines()  # a copy is known by what was read of it
                case "copy" if path.exists():
                    writer.end_line()
                    rotated += 1
                    shutil.copy2(path, f"{path}.{rotated}")
                    os.truncate(path, 0)
                    writer.touch()
                case "look":
                    read += log.lines()
                case "restart":
                    log.close()
                    log = FollowedFile(path, log.position) if log.position else log
        writer.end_line()
        if not path.exists():
            writer.write()
        for _ in range(rotated + 2):
            read += log.lines()
        log.close()
        assert read == writer.written


def test_what_stood_there_before_it_was_followed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\nhal")
    with closing(FollowedFile(path)) as log:
        assert log.lines() == []
        with path.open("a") as file:
            file.write("f\nnew\r\n\xff\n")
        assert log.lines() == ["half", "new", "\xff"]


def test_a_file_begun_anew_while_nobody_looked_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("")
    log = FollowedFile(path)
    log.lines()
    with path.open("a") as file:
        file.write("first\n")
    assert log.lines() == ["first"]
    kept = log.position
    log.close()
    with path.open("r+") as file:  # the same file, and as long again
        file.write("other\nsecond\n")
    with closing(FollowedFile(path, kept)) as log:
        assert log.lines() == ["other", "second"]


def test_a_log_on_a_disk_with_another_number_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("")
    log = FollowedFile(path)
    log.lines()
    path.write_text("first\n")
    assert log.lines() == ["first"]
    kept = log.position
    log.close()
    assert kept is not None
    shutil.copy(path, tmp_path / "copy")
    os.replace(tmp_path / "copy", path)
    with path.open("a") as file:
        file.write("second\n")
    with closing(FollowedFile(path, replace(kept, device=kept.device + 1))) as log:
        assert log.lines() == ["second"]


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    with closing(FollowedFile(path)) as log:
        log.lines()
        with path.open("ab") as file:
            file.write(b"x" * 5_000_000)
        assert log.lines() == []
        with path.open("ab") as file:
            file.write(b"x\nnext\n")
        assert log.lines() == ["next"]


@pytest.mark.parametrize("many", [1, 100, 2 * LINE_LIMIT // 1_000])
def test_who_writes_on_behind_a_log_that_was_cut_off_loses_no_line(
    tmp_path: Path, many: int
) -> None:
    """It does not append, so zeros stand where the log was: ``copytruncate`` does that."""
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as writer, closing(FollowedFile(path)) as log:
        log.lines()
        writer.write((b"x" * 999 + b"\n") * many)
        assert len(log.lines()) == many
        for line in ("first", "second"):
            os.truncate(path, 0)
            writer.write(f"{line}\n".encode())
            assert log.lines() == [line]


def test_what_is_no_file_is_said_and_makes_nobody_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(NotAFile, match="it is a"):
        FollowedFile(tmp_path / "log").lines()


def test_what_was_read_is_given_before_the_trouble_with_the_next_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    log = FollowedFile(path)
    assert log.lines() == []
    with path.open("a") as file:
        file.write("one\nhalf")
    path.rename(tmp_path / "log.1")
    path.mkdir()
    assert log.lines() == ["one", "half"]
    with pytest.raises(OSError, match="it is a folder"):
        log.lines()
    path.rmdir()
    assert log.lines() == []
    path.write_text("two\n")
    assert log.lines() == ["two"]
    log.close()


@pytest.mark.parametrize(
    ("text", "number", "lines"),
    [("", 5, []), ("a\nb\nhalf", 5, ["a", "b"]), ("a\nb\n\xe9\n", 2, ["b", "é"])],
)
def test_the_last_lines_are_those_that_are_whole(
    tmp_path: Path, text: str, number: int, lines: list[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(text.encode("latin-1"))
    assert last_lines(path, number) == lines


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_log_that_was_compressed_is_said_to_be(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "app.log.gz"
    path.write_bytes(pack(b"sent id=300\n" * 100))
    with pytest.raises(OSError, match="it is compressed"):
        FollowedFile(path).lines()
    with pytest.raises(OSError, match="it is compressed"):
        last_lines(path, 5)
    path.write_bytes(b"sent id=301\n")
    assert last_lines(path, 5) == ["sent id=301"]
