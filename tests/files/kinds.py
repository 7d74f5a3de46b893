"""What stands in a file's place, and what is asked of files."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from smsmon import files, outputs

CONTENT = b"phone\n'+33600000001\n" * 2_000
NOBODY = 54_321
"""A user and a group that no system has."""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(str(path))


def a_device(path: Path, number: tuple[int, int] = (1, 3)) -> None:
    """One of our own that takes everything, as /dev/null does; or another that no machine has."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(*number))
        if number == (1, 3):
            path.read_bytes()
    except OSError:
        pytest.skip("this system lets nobody make a device")


NO_FILES = {"folder": a_folder, "pipe": a_pipe, "socket": a_socket, "device": a_device}


def write(path: Path, content: bytes = CONTENT) -> None:
    with outputs.written(path, 5.0) as file:
        file.write(content)


def left_over(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name.endswith(files.TEMPORARY)]


class as_user:
    """Be another user for a while, to the file system."""

    def __init__(self, folder: Path, user: int) -> None:
        self._user = user
        for each in (folder, *folder.parents[:-1]):
            if not each.stat().st_mode & 0o001 and str(each).startswith("/tmp/"):
                each.chmod(each.stat().st_mode | 0o011)

    def __enter__(self) -> None:
        os.setegid(self._user)
        os.seteuid(self._user)

    def __exit__(self, *_: object) -> None:
        os.seteuid(0)
        os.setegid(0)
