"""Files that are written whole or not at all, and the lock around them.

A reader sees the old content or the new, never a half: also after ``kill -9`` or a power cut.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from smsmon.store.errors import Busy, of_os_error

LOCK_WAIT = 10.0
"""Seconds to wait for another process. A write takes milliseconds; this is a stuck one's share."""
_LOCK_RETRY = 0.01
_TEMPORARY = ".tmp"


class Signature(NamedTuple):
    """What tells one content of a file from the next without reading it."""

    inode: int
    size: int
    mtime_ns: int


def signature(path: Path) -> Signature | None:
    """The signature of the file at ``path``; None when there is none.

    Raises ``StoreError`` when it cannot be looked at.
    """
    try:
        stat = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise of_os_error(path, error, "read") from error
    return Signature(stat.st_ino, stat.st_size, stat.st_mtime_ns)


def read(path: Path) -> tuple[bytes, Signature] | None:
    """The content of ``path`` and the signature it was read under; None when there is no file.

    Raises ``StoreError`` when it is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise of_os_error(path, error, "read") from error
    return content, Signature(stat.st_ino, stat.st_size, stat.st_mtime_ns)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents, for this user's eyes only. Raises ``StoreError``."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise of_os_error(folder, error, "write") from error


def write_whole(path: Path, content: bytes) -> Signature:
    """Put ``content`` at ``path``, atomically and durably, readable by its owner only.

    A link at ``path`` stays a link: its target is what is replaced. Hold ``locked`` around a
    read-modify-write. Returns the new file's signature. Raises ``StoreError``, the old file kept.
    """
    target = path.resolve()
    make_folder(target.parent)
    temporary = ""
    try:
        # mkstemp makes it 0600, in the target's own folder: a rename does not cross disks.
        handle, temporary = tempfile.mkstemp(_TEMPORARY, f".{target.name}.", target.parent)
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
            stat = os.fstat(handle)
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise of_os_error(path, error, "write") from error
    return Signature(stat.st_ino, stat.st_size, stat.st_mtime_ns)


def sweep(path: Path) -> None:
    """Remove what writers of ``path`` that were killed left behind. Call it under the lock."""
    target = path.resolve()
    for left in target.parent.glob(f".{target.name}.*{_TEMPORARY}"):
        with contextlib.suppress(OSError):
            left.unlink()


@contextlib.contextmanager
def locked(path: Path, wait: float = LOCK_WAIT) -> Iterator[None]:
    """Hold the lock that every console and command takes before it changes ``path``.

    The lock is a file beside it, since ``path`` itself is replaced at each write; the kernel
    lets go when its holder dies. Blocks up to ``wait`` seconds: call it off the event loop.
    Raises ``Busy`` naming the holder, or another ``StoreError``.
    """
    target = path.resolve()
    make_folder(target.parent)
    lock = target.with_name(f".{target.name}.lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise of_os_error(path, error, "write") from error
    try:
        _take(handle, path, wait)
        with contextlib.suppress(OSError):  # on a full disk the name of the holder is no loss
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path, wait: float) -> None:
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                raise of_os_error(path, error, "lock") from error
        if time.monotonic() >= end:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace") or "unknown"
            raise Busy(
                path,
                f"another smsmon (process {holder}) has held it for more than {wait:g} s",
                "Try again; if that process hangs, end it.",
            )
        time.sleep(_LOCK_RETRY)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network and FUSE file systems cannot sync a folder, and say so with these.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
