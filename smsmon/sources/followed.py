"""A log that is followed: its new lines, through rotation and truncation, from where one stopped.

Every method does a few system calls and may block with the disk: call it in a thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from io import FileIO
from math import inf
from pathlib import Path

from smsmon.files import open_to_read
from smsmon.sources.arrived import LINE_LIMIT, decoded

_CHUNK = 1 << 18
"""Bytes read at once."""
_MARKED = 64
"""Bytes before the position that must still stand there."""
_PACKED = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh91AY&SY"
"""How files begin that gzip, zstd, xz and bzip2 make."""
_SIBLINGS = 200
"""Files of a log's folder that are looked at for the one that was followed before."""


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a log was read: which file it is, and the bytes of it that are done with."""

    device: int
    inode: int
    offset: int
    mark: str = ""
    """Tells the bytes just before from others: a file that was begun anew may be as long again."""
    written_at: int = 0
    """Of one of which nothing was read: when it was written to last, in nanoseconds. A copy that
    was made since is known by nothing else."""


Age = tuple[float, int]
"""What is less for what was written to earlier."""
NOWHERE = Position(0, 0, 0, written_at=1)
"""The log was not there yet: all that comes is to be read, also what is moved away unseen."""


class FollowedFile:
    """The lines that are written to the log at ``path``.

    The one that was read is read to its end before the one that took its place; so it is when that
    happened while nobody looked, as long as it lies in the same folder (``log`` → ``log.1``).
    """

    def __init__(self, path: Path, position: Position | None = None) -> None:
        """``position`` is where reading stopped before; None: begin at the end, with what comes."""
        self.path = path
        self._file: FileIO | None = None
        self._position = position
        self._begun = position is not None
        self._rest = b""
        """The beginning of a line whose end was not written yet."""
        self._skipping = False
        """Within a line that is too long."""
        self._done: Age | None = None
        """The age of the file that was read to its end, until the next one is there."""
        self._moved_away = False
        self._written_at = 0
        """When the file was last written to, as far as was seen; nanoseconds."""

    @property
    def position(self) -> Position | None:
        """Up to where whole lines were given; None before it was ever looked at."""
        return self._position

    @property
    def there(self) -> bool:
        """True while there is a file to read."""
        return self._file is not None

    @property
    def moved_away(self) -> bool:
        """True while it is read where it was moved to, or was removed, and no other took its
        place."""
        return self._moved_away

    @property
    def behind(self) -> int:
        """Bytes of the file that is open which were not read yet. Raises ``OSError``."""
        if self._file is None or self._position is None:
            return 0
        return max(0, os.fstat(self._file.fileno()).st_size - self._position.offset)

    def lines(self, limit: int = 10_000) -> list[str]:
        """The next whole lines, at most about ``limit``; empty when there are none for now.

        Raises ``OSError`` where the log cannot be read; one that is not there has no lines.
        """
        found: list[str] = []
        while len(found) < limit:
            try:
                more = self._more()
            except OSError:
                if not found:
                    raise
                break  # what was read is given first
            if more is None:
                break
            found += more
        return found

    def _more(self) -> list[str] | None:
        """What the next piece holds; None when there is none for now."""
        if self._file is None and not self._open():
            return None
        assert self._file is not None  # noqa: S101 - just opened
        if self._cut_short():
            self.close()  # what was cut off before it was read may stand in a copy (copytruncate)
            if not self._open():
                return None
            assert self._file is not None  # noqa: S101 - just opened
        if data := self._file.read(_CHUNK):
            return self._split(data)
        if not self._replaced():
            return None
        # One more look: it may have been written to just before it was moved away.
        if data := self._file.read(_CHUNK):
            return self._split(data)
        rest = [decoded(self._rest)] if self._rest else []  # nobody will write the end of this line
        self._done = _age(os.fstat(self._file.fileno()))
        self.close()
        return rest

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
        self._file, self._rest, self._skipping, self._moved_away = None, b"", False, False

    def _open(self) -> bool:
        """Open what is to be read next; False where nothing is there."""
        if self._done is not None:
            return self._open_next(self._done)
        known = self._position
        if known is None:
            file = _opened_if_there(self.path)
            if file is None:
                self._begun = True  # what comes is written after this look: all of it is read
                return self._open_last()
            self._take(file, None)
            return True
        if known.written_at:
            return self._open_next((known.written_at, known.inode - 1))  # it may be moved away
        for fits in (_is_it_unchanged, _is_a_copy, _is_it):
            for path in self._places():
                with contextlib.suppress(FileNotFoundError):
                    file = _opened(path)
                    if fits(file, known):
                        self._take(file, known)
                        return True
                    file.close()
        # The one that was followed is gone for good: go on with what stands there.
        self._position = None
        return self._open()

    def _places(self) -> Iterator[Path]:
        """Where the log may be, itself first: one that is moved away meanwhile is found then."""
        yield self.path
        yield from _rotated(self.path)

    def _open_next(self, done: Age) -> bool:
        """Open what was written after what is ``done``; False where nothing is there.

        The log itself is opened before the others are looked for: what is moved away meanwhile is
        among them, and none is passed over.
        """
        file = _opened_if_there(self.path)
        age: Age = (inf, 0) if file is None else _age(os.fstat(file.fileno()))
        if between := self._between(done, age):
            if file is not None:
                file.close()
            age, path = min(between)
            file = _opened_if_there(path)
        if file is None:
            return False
        if _age(os.fstat(file.fileno())) != age and between:  # moved on: the next look finds it
            file.close()
            return False
        self._done = None
        self._take(file, None)
        return True

    def _open_last(self) -> bool:
        """Open what the log became last, at its end: it may be written to until the next one is
        there. False where there is none."""
        if not (found := self._between((-inf, 0), (inf, 0))):
            self._position = NOWHERE
            return False
        file = _opened_if_there(max(found)[1])
        if file is not None:  # else it moved on: the next look finds it
            self._file = file
            self._go_to(_last_line(file, os.fstat(file.fileno()).st_size))
        return file is not None

    def _between(self, done: Age, last: Age) -> list[tuple[Age, Path]]:
        """What the log became after ``done``, and before what was written to ``last``."""
        found = []
        for path in _rotated(self.path):
            with contextlib.suppress(FileNotFoundError):
                age = _age(path.stat())
                if done < age and age[0] <= last[0]:  # a copy is made as the log is cut off
                    found.append((age, path))
        return found

    def _take(self, file: FileIO, known: Position | None) -> None:
        found = os.fstat(file.fileno())
        _refuse_packed(file)
        if known is not None:
            offset = known.offset if _holds(file, known) else 0
        else:
            offset = 0 if self._begun else _last_line(file, found.st_size)
        self._file, self._begun = file, True
        self._go_to(offset)

    def _go_to(self, offset: int) -> None:
        assert self._file is not None  # noqa: S101 - it is open
        found = os.fstat(self._file.fileno())
        self._rest, self._skipping = b"", False
        mark, unread = _mark(self._file, offset), 0 if offset else found.st_mtime_ns
        self._position = Position(found.st_dev, found.st_ino, offset, mark, unread)
        self._file.seek(offset)

    def _cut_short(self) -> bool:
        """True when what was read stands in it no more: it was truncated, and begins anew. Where
        nothing was read, a copy that was made since tells that."""
        assert self._file is not None  # noqa: S101 - it is open
        assert self._position is not None  # noqa: S101 - it is open
        found, before = os.fstat(self._file.fileno()), self._written_at
        self._written_at = found.st_mtime_ns
        if found.st_size < self._file.tell():
            return True
        known = self._position
        if not known.offset and found.st_mtime_ns != known.written_at:
            copied = bool(self._between((known.written_at, known.inode), _age(found)))
            if not copied:
                self._go_to(0)
            return copied
        return found.st_mtime_ns != before and _mark(self._file, known.offset) != known.mark

    def _replaced(self) -> bool:
        """True when the log is another file by now."""
        assert self._file is not None  # noqa: S101 - it is open
        try:
            now = os.stat(self.path)
        except FileNotFoundError:
            self._moved_away = True  # nothing took its place yet: it may still be written
            return False
        self._moved_away = False
        return not os.path.samestat(now, os.fstat(self._file.fileno()))

    def _split(self, data: bytes) -> list[str]:
        """The whole lines of what was read; the beginning of the next one is kept."""
        assert self._position is not None  # noqa: S101 - it is open
        assert self._file is not None  # noqa: S101 - it is open
        *whole, rest = (self._rest + data).split(b"\n")
        done = self._position.offset + sum(len(line) + 1 for line in whole)
        if whole and self._skipping:
            whole, self._skipping = whole[1:], False
        behind = rest.lstrip(b"\0")  # who writes on where a log was cut off leaves a hole before it
        done, rest = done + len(rest) - len(behind), behind
        if len(rest) > LINE_LIMIT:
            done, rest, self._skipping = done + len(rest), b"", True
        self._rest = rest
        if done != self._position.offset:
            before = self._position
            mark = _mark(self._file, done)
            self._position = Position(before.device, before.inode, done, mark)
        return [decoded(line) for line in whole]


def last_lines(path: Path, number: int) -> list[str]:
    """The last whole lines of a file, as far as its last MiB has them. Raises ``OSError``."""
    with _opened(path) as file:
        _refuse_packed(file)
        size = os.fstat(file.fileno()).st_size
        start = max(0, size - LINE_LIMIT)
        *lines, _ = os.pread(file.fileno(), size - start, start).split(b"\n")
    return [decoded(each) for each in (lines[1:] if start else lines)[-number:]]


def _rotated(log: Path) -> list[Path]:
    """What the log may have become: ``log.1``, ``log-20261127``, ``log-20261127.txt``; the names
    of rotation have a number, other names are of other logs.
    """
    number = r"[._-][0-9][0-9T:._-]*"
    stem, suffix = re.escape(log.stem), re.escape(log.suffix)
    name = re.compile(f"{re.escape(log.name)}{number}|{stem}{number}{suffix}")
    try:
        entries = [each for each in os.scandir(log.parent) if name.fullmatch(each.name)]
    except FileNotFoundError:
        return []
    return [Path(each.path) for each in entries[:_SIBLINGS] if each.is_file()]


def _age(found: os.stat_result) -> Age:
    return found.st_mtime_ns, found.st_ino


def _opened_if_there(path: Path) -> FileIO | None:
    try:
        return _opened(path)
    except FileNotFoundError:
        return None


def _opened(path: Path) -> FileIO:
    """The file, and nothing that would make us wait. Raises ``OSError``."""
    return FileIO(open_to_read(path), "r")


def _refuse_packed(file: FileIO) -> None:
    """Raises ``OSError`` for a file that was compressed: no line of it tells of anything."""
    if os.pread(file.fileno(), 10, 0).startswith(_PACKED):
        file.close()
        raise OSError(errno.EINVAL, "it is compressed: name the log that is written")


def _is_it_unchanged(file: FileIO, known: Position) -> bool:
    """True for the file that was followed, with all that was read of it."""
    return _is_it(file, known) and _holds(file, known)


def _is_a_copy(file: FileIO, known: Position) -> bool:
    """True for one that holds what was read, whatever file it is: a copy, or on a disk that has
    another number since this machine was started.
    """
    return known.offset > 0 and _holds(file, known)


def _is_it(file: FileIO, known: Position) -> bool:
    """True for the file that was followed, whatever it holds by now."""
    found = os.fstat(file.fileno())
    return (found.st_dev, found.st_ino) == (known.device, known.inode)


def _holds(file: FileIO, known: Position) -> bool:
    """True where what was read last stands at its place."""
    size = os.fstat(file.fileno()).st_size
    return known.offset <= size and _mark(file, known.offset) == known.mark


def _mark(file: FileIO, offset: int) -> str:
    """What tells the bytes before ``offset`` from others; where the file is read from stays."""
    start = max(0, offset - _MARKED)
    return blake2b(os.pread(file.fileno(), offset - start, start), digest_size=8).hexdigest()


def _last_line(file: FileIO, size: int) -> int:
    """Where the line begins whose end is not written yet: the end of the file, or before it."""
    start = max(0, size - 65_536)
    file.seek(start)
    tail = file.read(size - start) or b""
    return start + tail.rfind(b"\n") + 1 if b"\n" in tail else (0 if not start else size)
