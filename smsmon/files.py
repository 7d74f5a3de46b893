"""Files on disk: the one door through which all of smsmon opens them, to read or to write.

What is read must be a file: a pipe, a device, a socket or a folder in its place is an error at
once, and nobody waits for it. What is written is there whole or not at all, also after
``kill -9`` or a power cut, and a file that was there keeps its owner, its group and its mode.
Everything here blocks on the disk, and raises ``OSError``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

TEMPORARY = ".tmp"
"""What the name of a file ends in that is not whole yet."""
NO_ROOM = {
    errno.ENOSPC: ("the disk is full", "Free some room"),
    errno.EDQUOT: ("the disk quota of this user is used up", "Free some room"),
    errno.EFBIG: ("no file may be as long as this one becomes", "Raise the limit (ulimit -f)"),
}
"""How the system says that there is no room for what is written, what it is, and what to do."""
_TRIAL = 2**16
"""Bytes that a write is tried with; SQLite grows the index of its journal by half of that."""
_LINKS = 40
"""Links from one to the next; Linux follows no more."""
_NAME_LIMIT = 40
"""Characters of a file's name in that of its temporary file: 255 bytes is the most for both."""
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_OURS = re.compile(rf"/dev/fd|/proc/{os.getpid()}(/task/\d+)?/fd")


def why(error: OSError) -> str:
    """What ``error`` says, in words for whoever wanted to write a file."""
    said = error.strerror or str(error) or type(error).__name__
    return f"{NO_ROOM[error.errno][0]}: {said}" if error.errno in NO_ROOM else said


class NotAFile(OSError):
    """What stands in a file's place is none: its ``strerror`` says what it is."""

    def __init__(self, path: str | Path, mode: int) -> None:
        kind = stat.S_IFMT(mode)
        number = errno.EISDIR if kind == stat.S_IFDIR else errno.EINVAL
        what = _KINDS.get(kind, "something else")
        super().__init__(number, f"it is {what}, not a file", str(path))


class Content(NamedTuple):
    """What a file held, and what the system said of it at that moment."""

    data: bytes
    stat: os.stat_result


def must_be_file(path: str | Path) -> os.stat_result | None:
    """What the system says of the file at ``path``, through links; None when nothing is there.

    Opens nothing. Raises ``NotAFile``, or another ``OSError`` when it cannot be looked at.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise NotAFile(path, found.st_mode)
    return found


def read(path: str | Path, limit: int | None = None) -> Content:
    """What the file at ``path`` holds; at most the first ``limit`` bytes of it.

    Raises ``NotAFile`` at once for anything that is no file, or another ``OSError``.
    """
    with open(open_to_read(path), "rb") as file:
        return Content(file.read(-1 if limit is None else limit), os.fstat(file.fileno()))


def open_to_read(path: str | Path) -> int:
    """A descriptor to read the file at ``path`` by; nothing that would make us wait is opened.

    Raises ``NotAFile`` at once for anything that is no file, or another ``OSError``.
    """
    must_be_file(path)  # before it is opened: to open some devices is to move them
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise NotAFile(path, found.st_mode)
    return descriptor


def read_given(path: str | Path, limit: int) -> bytes:
    """As `read`; but what a shell hands over as ``/dev/fd/63`` or ``/dev/stdin`` is read to its
    end, whatever it is.
    """
    descriptor = descriptor_of(path)
    if descriptor is None:
        return read(path, limit).data
    with open(os.dup(descriptor), "rb") as file:
        return file.read(limit)


def descriptor_of(path: str | Path) -> int | None:
    """The open descriptor of this process that ``path`` names, as ``/dev/stdout`` does.

    None for a name of anything else.
    """
    try:
        name = os.path.abspath(path)
    except OSError:  # the folder we are in is gone
        return None
    for _ in range(_LINKS):
        folder, last = os.path.split(name)
        if last.isdecimal() and _OURS.fullmatch(os.path.realpath(folder)):
            return int(last)
        try:
            name = os.path.join(folder, os.readlink(name))
        except OSError:
            return None
    return None


def must_have_room(*paths: Path) -> None:
    """Find out why files beside the first of ``paths`` cannot grow, by trying.

    Raises the ``OSError`` that a write meets, if it meets one; ``NotAFile`` for what is none.
    """
    import resource
    import tempfile

    longest, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    for each in paths:
        found = must_be_file(each)
        if found and longest != resource.RLIM_INFINITY and found.st_size + _TRIAL > longest:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    with tempfile.TemporaryFile(dir=paths[0].parent) as file:
        file.write(bytes(_TRIAL))
        file.flush()


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents where they are missing, it for this user's eyes only."""
    made = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError:
        os.stat(folder)  # a link to itself is told as one
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder", str(folder)) from None
    if os.geteuid() == 0:
        for each in reversed(made):
            above = os.stat(each.parent)
            os.chown(each, above.st_uid, above.st_gid, follow_symlinks=False)


def create(path: Path, content: Callable[[], bytes]) -> None:
    """Make the file ``path``, mode 0600, whole or not at all.

    ``content`` is called when it is to be written: what is secret stays in no variable here.
    Raises ``FileExistsError`` when something has that name.
    """
    make_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            belongs_to(handle, os.stat(path.parent))
            file.write(content())
            file.flush()
            os.fsync(handle)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    _sync_folder(path.parent)


def touch(path: Path) -> None:
    """Have the file ``path`` say that it was changed now; made empty, mode 0600, where none is.

    Nothing in it is changed. Raises ``NotAFile``, or another ``OSError``.
    """
    make_folder(path.parent)
    must_be_file(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        os.utime(handle)
    finally:
        os.close(handle)


def append(path: Path, data: bytes) -> None:
    """Add to the end of the file ``path``, which is made, mode 0600, where none is.

    Raises ``NotAFile``, or another ``OSError``.
    """
    must_be_file(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with open(handle, "ab") as file:
        file.write(data)


def open_lock(lock: Path, of: Path) -> int:
    """The descriptor of the file ``lock``, to lock what concerns the file ``of``; made if need be.

    It belongs to whose file that is, or else to whose folder it is in.
    """
    must_be_file(lock)
    owner = must_be_file(of) or os.stat(lock.parent)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    belongs_to(handle, owner)
    return handle


def locked(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Take the lock on an open file; False when another process has it."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def temporary(target: Path) -> tuple[int, str]:
    """A new file beside ``target``, locked while it is open, to be renamed to it; and its name."""
    import tempfile  # loaded here: few commands write a file

    handle, name = tempfile.mkstemp(TEMPORARY, _prefix(target), target.parent)
    with contextlib.suppress(OSError):  # some network file systems have no locks
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    belongs_to(handle, os.stat(target.parent))
    return handle, name


def belongs_to(handle: int, owner: os.stat_result) -> None:
    """Give the open file to the owner and the group of ``owner``, if we are root.

    One command under ``sudo`` must not lock out the user whose files these are.
    """
    if os.geteuid() == 0:
        os.fchown(handle, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def replaced(path: Path, refused: int = 0, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file to write into, that takes the name ``path`` once all of it is written.

    A link stays a link, its target is replaced; a file that was there keeps its owner, group,
    attributes and mode, but for the bits ``refused``; a new one has ``mode``.
    One in a folder that takes no new file is written over once all is there to be written.
    On any exception the old file stays, and nothing is left over. Raises ``NotAFile`` when
    something else is at ``path``.
    """
    before = must_be_file(path)
    target = Path(os.path.realpath(path))
    sweep(target)
    beside = True
    try:
        handle, name = temporary(target)
    except PermissionError:
        if before is None or not os.access(target, os.W_OK):
            raise
        import tempfile

        (handle, name), beside = tempfile.mkstemp(TEMPORARY), False
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            if before is None and beside:
                os.fchmod(handle, mode)
            alike = beside and (before is None or _made_like(handle, target, before, refused))
            os.fsync(handle)
            if alike and _took_its_place(name, target):
                _sync_folder(target.parent)
            else:
                _written_over(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def write_whole(path: Path, content: bytes) -> os.stat_result:
    """Put ``content`` at ``path``, atomically and durably, its folder made if need be: see
    `replaced`. What everybody could write until now is closed to them.

    Gives what the system says of the new file. Raises ``OSError``, the old file kept.
    """
    make_folder(path.parent)
    with replaced(path, stat.S_IWOTH) as file:
        file.write(content)
        file.flush()
        return os.fstat(file.fileno())


def sweep(path: Path) -> None:
    """Remove what writers of ``path`` that were killed left behind; who still writes is let be."""
    target = Path(os.path.realpath(path))
    for left in target.parent.glob(f"{glob.escape(_prefix(target))}*{TEMPORARY}"):
        with contextlib.suppress(OSError), open(os.open(left, os.O_RDONLY | os.O_NONBLOCK)) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _prefix(target: Path) -> str:
    return f".{target.name[:_NAME_LIMIT]}."


def _made_like(handle: int, target: Path, before: os.stat_result, refused: int) -> bool:
    """Give the new file what the old one has; False where it can only be written over.

    That is so when we may not give it to its owner, or when it has a second name.
    """
    if before.st_nlink > 1:
        return False
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(handle, before.st_uid, before.st_gid)
        except PermissionError:
            return False
    if sys.platform == "linux":  # access lists are attributes, too
        with contextlib.suppress(OSError):
            for name in os.listxattr(target):
                with contextlib.suppress(OSError):
                    os.setxattr(handle, name, os.getxattr(target, name))
    os.fchmod(handle, stat.S_IMODE(before.st_mode) & ~refused)
    return True


def _took_its_place(temporary: str, target: Path) -> bool:
    """False where ``target`` holds a place that cannot be given to another file: a mount."""
    try:
        os.replace(temporary, target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def _written_over(temporary: str, target: Path) -> None:
    """Copy what is written into the file that is there, once there is sure to be room for it."""
    with (
        open(temporary, "rb") as source,
        open(os.open(target, os.O_WRONLY | os.O_CLOEXEC), "wb") as file,
    ):
        before, after = os.fstat(file.fileno()).st_size, os.fstat(source.fileno()).st_size
        if after > before:
            try:
                os.posix_fallocate(file.fileno(), 0, after)
            except OSError as error:
                if error.errno in NO_ROOM:
                    os.ftruncate(file.fileno(), before)
                    raise
        import shutil  # loaded here, as tempfile: few commands write a file

        shutil.copyfileobj(source, file)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    os.unlink(temporary)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network and FUSE file systems cannot sync a folder, and say so with these.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
