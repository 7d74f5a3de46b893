"""The stores' files: read and written through ``smsmon.files``, and the lock around them.

A reader sees the old content or the new, never a half: also after ``kill -9`` or a power cut.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from smsmon import files
from smsmon.store.errors import Busy, of_os_error

LOCK_WAIT = 10.0
"""Seconds to wait for another process. A write takes milliseconds; this is a stuck one's share."""
_LOCK_RETRY = 0.01


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
        return _signature(os.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise of_os_error(path, error, "read") from error


def is_there(path: Path) -> bool:
    """True when a file is at ``path``. Raises ``StoreError`` when it is something else."""
    try:
        return files.must_be_file(path) is not None
    except OSError as error:
        raise of_os_error(path, error, "read") from error


def read(path: Path) -> tuple[bytes, Signature] | None:
    """The content of ``path`` and the signature it was read under; None when there is no file.

    Raises ``StoreError`` when it is there and cannot be read.
    """
    try:
        found = files.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise of_os_error(path, error, "read") from error
    return found.data, _signature(found.stat)


JOURNALS = ("-wal", "-shm")


def database_of(path: Path) -> Path:
    """The file itself, where ``path`` is a link to it: a database's journals are beside that."""
    return Path(os.path.realpath(path))


def journals_of(database: Path) -> tuple[Path, Path]:
    """The write-ahead log and its index, beside the database; they need not exist."""
    wal, index = (database.with_name(database.name + ending) for ending in JOURNALS)
    return wal, index


class Place(NamedTuple):
    """What stands where a database and its journals are; None where nothing does."""

    database: os.stat_result | None
    log: os.stat_result | None
    shared: os.stat_result | None


def place_of(path: Path) -> Place:
    """What stands there now; asked before each question and each write, so names are text."""
    database = os.fspath(path)
    if os.path.islink(database):  # a link on the way to the file leads to the journals as well
        database = os.path.realpath(database)
    log, shared = JOURNALS
    return Place(_stat(database), _stat(database + log), _stat(database + shared))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents, for this user's eyes only. Raises ``StoreError``."""
    try:
        files.make_folder(folder)
    except OSError as error:
        raise of_os_error(folder, error, "write") from error


def write_whole(path: Path, content: bytes) -> Signature:
    """As `files.write_whole`; gives the new file's signature. Raises ``StoreError``.

    Hold ``locked`` around a read-modify-write.
    """
    try:
        return _signature(files.write_whole(path, content))
    except OSError as error:
        raise of_os_error(path, error, "write") from error


@contextlib.contextmanager
def locked(path: Path, wait: float = LOCK_WAIT) -> Iterator[None]:
    """Hold the lock that every console and command takes before it changes ``path``.

    The lock is a file beside it, since ``path`` itself is replaced at each write; the kernel
    lets go when its holder dies. Blocks up to ``wait`` seconds: call it off the event loop.
    Raises ``Busy`` naming the holder, or another ``StoreError``.
    """
    target = database_of(path)
    make_folder(target.parent)
    try:
        handle = files.open_lock(target.with_name(f".{target.name}.lock"), target)
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


def _signature(found: os.stat_result) -> Signature:
    return Signature(found.st_ino, found.st_size, found.st_mtime_ns)
