"""A place that the user names for output: a file is replaced, what is no file is written into.

So a pipe, a device, or what is open here as ``/dev/stdout`` stays what it is.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from smsmon.files import NotAFile, descriptor_of, replaced

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

READER_WAIT = 5.0
"""Seconds that a pipe is given to find a reader."""
_LOOK_AGAIN = 0.02

Target = BinaryIO | io.RawIOBase
"""What is written into: its ``write`` takes bytes, all of them."""


@contextlib.contextmanager
def written(path: Path, patience: float | None = None) -> Iterator[Target]:
    """As `replaced`, for a place that the user chose: what is no file is written into.

    So a pipe, a device, or what is open here as ``/dev/stdout`` stays what it is. ``patience``:
    seconds to wait for a reader that takes nothing; None waits for ever.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        found = None
    descriptor = descriptor_of(path)
    if descriptor is not None:
        handle = os.dup(descriptor)
    elif found is None or (stat.S_ISREG(found.st_mode) and _has_a_name(path, found)):
        with replaced(path) as file:
            yield file
        return
    else:
        handle = _opened_into(path, found.st_mode)
    with _Into(handle, patience) as stream:
        yield stream


def is_terminal(path: Path) -> bool:
    """True for a terminal: by a name of its own, or as ``/dev/stdout``."""
    descriptor = descriptor_of(path)
    if descriptor is not None:
        return os.isatty(descriptor)
    try:
        if not stat.S_ISCHR(os.stat(path).st_mode):
            return False
        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.isatty(handle)
    finally:
        os.close(handle)


class _Into(io.RawIOBase):
    """Writes all it is given into a descriptor, piece by piece, each when there is room for it."""

    def __init__(self, handle: int, patience: float | None) -> None:
        self._handle = handle
        self._patience = None if patience is None else patience * 1000
        self._poll = select.poll()
        self._poll.register(handle, select.POLLOUT)

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        left = memoryview(data).cast("B")
        while left:
            if not self._poll.poll(self._patience):
                raise OSError(errno.ETIMEDOUT, "whoever reads it takes nothing")
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(self._handle, left[: select.PIPE_BUF]) :]  # noqa: TID251 - a file
        return memoryview(data).nbytes

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._handle)


def _has_a_name(path: Path, found: os.stat_result) -> bool:
    """False for what can only be reached as another process's descriptor is: by no name."""
    try:
        return os.path.samestat(os.lstat(os.path.realpath(path)), found)
    except FileNotFoundError:
        return False


def _opened_into(path: Path, mode: int) -> int:
    if stat.S_ISDIR(mode) or stat.S_ISSOCK(mode):
        raise NotAFile(path, mode)
    end = time.monotonic() + READER_WAIT
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
            break
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(mode):
                raise
        if time.monotonic() >= end:
            raise OSError(errno.ENXIO, "nobody reads from it", str(path))
        time.sleep(_LOOK_AGAIN)
    os.set_blocking(handle, True)
    return handle
