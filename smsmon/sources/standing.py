"""The file of a source: who reads it has its lock, and writes there how it stands."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

import msgspec

from smsmon import files
from smsmon.clock import Clock, Untouched

STILL = 10.0
"""Seconds without a sign of life after which a reader is taken to stand still: another one reads
on. What both then read is taken once."""
_LIMIT = 4_096
"""Bytes read of how a source stands."""


class Standing(msgspec.Struct):
    """How it stands with a source, where it is read."""

    reader: str = ""
    """What reads it: ``console`` or ``watch``, and its process."""
    since: float = 0.0
    """When that began."""
    taken: int = 0
    """Messages that were new, since then."""
    known: int = 0
    """Messages that it told of, and that were taken before."""
    not_taken: int = 0
    """Lines that look meant and tell of no message."""
    last_line_at: float | None = None
    last_taken_at: float | None = None
    behind: int = 0
    """Bytes that wait to be read."""
    trouble: str = ""
    """Why nothing is read now, a sentence; empty while all is well."""
    left_out: str = ""
    """Why the last line was left out that looks meant."""
    over: bool = False
    """No more will come."""


def file_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


class Turn:
    """Whose turn it is to read one source, of all processes of this user on this machine.

    Every method is a few system calls on a local file, and raises ``OSError``.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._handle: int | None = None
        self._told = b""
        self._untouched = Untouched(clock)

    @property
    def held(self) -> bool:
        """True once it was ours, until it is let go."""
        return self._handle is not None

    def take(self) -> bool:
        """Try to get it; true when it is ours."""
        if self._handle is not None:
            return self.ours_still()
        files.make_folder(self._path.parent)
        handle = files.open_lock(self._path, self._path)
        if not files.locked(handle):
            still = self._untouched.seconds(handle)
            os.close(handle)
            if still < STILL:
                return False
            handle, name = files.temporary(self._path)
            os.replace(name, self._path)
        self._handle, self._told = handle, b""
        if not self.ours_still():
            self.let_go()
        return self.held

    def ours_still(self) -> bool:
        """False when another one took it, for we stood still, or somebody removed the file."""
        if self._handle is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._handle), os.stat(self._path))
        except OSError:
            return False

    def tell(self, standing: Standing) -> None:
        """Give a sign of life, and say how it stands."""
        if self._handle is None:
            return
        told = msgspec.json.encode(standing)
        if told == self._told:
            os.utime(self._handle)
            return
        # In one piece, over all that stood there: whoever looks now finds this or what was before.
        os.pwrite(self._handle, told.ljust(os.fstat(self._handle).st_size), 0)
        self._told = told

    def let_go(self) -> None:
        """Let another one have it."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def look(path: Path) -> tuple[Standing | None, bool]:
    """How a source stood when that was told last, None when it never was; and whether a process
    reads it now. Raises ``OSError``.
    """
    try:
        handle = files.open_to_read(path)
    except FileNotFoundError:
        return None, False
    try:
        read_now = not files.locked(handle, fcntl.LOCK_SH)
        told = os.pread(handle, _LIMIT, 0)
    finally:
        os.close(handle)
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.decode(told, type=Standing), read_now
    return None, read_now


def trouble_told(path: Path) -> str:
    """Why nothing comes, as the process tells that reads the source; empty while all is well."""
    try:
        standing, _ = look(path)
    except OSError:
        return ""
    return standing.trouble if standing is not None else ""
