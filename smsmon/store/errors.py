"""What can go wrong with what is kept, said so that the operator knows what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from smsmon.files import NO_ROOM, NotAFile

BY_ITSELF = "It is tried again by itself."
"""What to do about what does not last: nothing, where somebody goes on trying."""
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


class StoreError(Exception):
    """What could not be read or written. Nothing that was kept is lost by trying."""

    def __init__(self, place: object, reason: str, remedy: str, line: int | None = None) -> None:
        """``place`` is what says by itself where that was: a file's path, a server's name."""
        self.where = f"{place}, line {line}" if line is not None else str(place)
        """The place, and the line of it that is at fault, where there is one."""
        self.reason = reason
        """What is wrong, without a full stop."""
        self.remedy = remedy
        """What to do about it, one sentence."""
        super().__init__(f"{self.where}: {reason}. {remedy}")

    @property
    def once(self) -> str:
        """The sentence for who asked for something once: nobody tries that again for him."""
        return str(self).replace(BY_ITSELF, "Try again later.")


class Busy(StoreError):
    """Another process holds it, and did not let go within the wait."""


class DiskFull(StoreError):
    """No room is left for it: on the disk, in the quota, or below a limit."""


class NotWritable(StoreError):
    """This user may not write it."""


class Unreachable(StoreError):
    """What keeps it does not answer: it is tried again by itself, and nobody needs to wait."""


class Damaged(StoreError):
    """The content of a database makes no sense any more."""


def of_os_error(path: Path, error: OSError, doing: str) -> StoreError:
    """The ``StoreError`` that says ``error`` in plain words; ``doing`` is "write" or "read"."""
    what = error.strerror or type(error).__name__
    if isinstance(error, NotAFile):
        there = Path(error.filename)  # of the files that belong together, the one that is none
        return StoreError(there, what, "Put a file in its place, or remove it.")
    if error.errno in NO_ROOM:
        full, remedy = NO_ROOM[error.errno]
        return DiskFull(path, f"{full} ({what})", f"{remedy}; nothing was lost.")
    if error.errno in _NOT_ALLOWED:
        remedy = f"Allow this user to {doing} {path.parent}, or set SMSMON_HOME to another folder."
        return NotWritable(path, f"cannot {doing} it ({what})", remedy)
    return StoreError(path, f"cannot {doing} it ({what})", "Look at the folder and the disk.")
