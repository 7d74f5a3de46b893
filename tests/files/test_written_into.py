"""What is no file is written into, and stays what it is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smsmon import files, outputs
from smsmon.console.export import _written as export_of_the_console
from tests.files.kinds import CONTENT, a_device, a_socket, left_over, write


def test_a_pipe_gets_all_of_it_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link"
    link.symlink_to(pipe)
    for path, act in (
        (pipe, write),
        (link, write),
        (pipe, lambda path: export_of_the_console(path, CONTENT.decode())),
    ):
        got: list[bytes] = []
        reader = threading.Thread(target=lambda got=got: got.append(pipe.read_bytes()))
        reader.start()
        assert not act(path)
        reader.join()
        assert got == [CONTENT]
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert left_over(tmp_path) == []


def test_a_pipe_that_nobody_reads_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "READER_WAIT", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody reads from it"):
        write(tmp_path / "pipe")
    assert "nobody reads" in export_of_the_console(tmp_path / "pipe", "x")
    assert (tmp_path / "pipe").is_fifo()


def test_a_reader_that_takes_nothing_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with (
        pytest.raises(OSError, match="takes nothing"),
        outputs.written(tmp_path / "pipe", 0.05) as file,
    ):
        file.write(b"x" * 1_000_000)
    os.close(reader)


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    a_device(tmp_path / "null")
    before = (tmp_path / "null").stat()
    write(tmp_path / "null")
    assert export_of_the_console(tmp_path / "null", "x") == ""
    after = (tmp_path / "null").lstat()
    assert (after.st_ino, after.st_rdev) == (before.st_ino, before.st_rdev)
    assert left_over(tmp_path) == []


def test_only_a_pipe_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "READER_WAIT", 1e9)
    a_device(tmp_path / "absent", (240, 255))
    with pytest.raises(OSError, match="No such device"):
        write(tmp_path / "absent")


def test_a_terminal_shows_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    (tmp_path / "terminal").symlink_to(os.ttyname(theirs))
    write(tmp_path / "terminal", b"written\n")
    assert os.read(ours, 100) == b"written\r\n"
    for each in (ours, theirs):
        os.close(each)


def test_the_console_writes_into_no_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    (tmp_path / "link").symlink_to(f"/dev/fd/{theirs}")
    for path in (Path(os.ttyname(theirs)), tmp_path / "link"):
        assert "it is a terminal" in export_of_the_console(path, "x")
    os.close(theirs)
    os.close(ours)


def test_a_socket_or_a_folder_is_refused_and_stays(tmp_path: Path) -> None:
    a_socket(tmp_path / "socket")
    for path in (tmp_path / "socket", tmp_path):
        with pytest.raises(files.NotAFile):
            write(path)
    assert (tmp_path / "socket").is_socket()


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_what_is_open_here_is_written_on_where_it_stands(tmp_path: Path, name: str) -> None:
    with (tmp_path / "out").open("w+b") as file:
        file.write(b"before\n")
        file.flush()
        inode = os.fstat(file.fileno()).st_ino
        (tmp_path / "link").symlink_to(name.format(file.fileno()))
        write(Path(name.format(file.fileno())), b"one\n")
        write(tmp_path / "link", b"two\n")
    assert (tmp_path / "out").read_bytes() == b"before\none\ntwo\n"
    assert (tmp_path / "out").stat().st_ino == inode


def test_a_file_that_only_a_descriptor_names_is_written_into(tmp_path: Path) -> None:
    script = "import sys, time; f = open(sys.argv[1], 'w+b'); print(f.fileno(), flush=True);"
    other = subprocess.Popen(
        [sys.executable, "-c", script + "sys.stdin.read()", str(tmp_path / "gone")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert other.stdin is not None
    assert other.stdout is not None
    name = Path(f"/proc/{other.pid}/fd/{int(other.stdout.readline())}")
    (tmp_path / "gone").unlink()
    write(name)
    assert name.read_bytes() == CONTENT
    other.communicate(b"")
    assert list(tmp_path.iterdir()) == []
