"""The window of an address that all smsmon processes of this user and machine share.

A small file in a folder of this user's, mapped by every process and written under a lock that
ends with its holder. Whoever stops while it holds the lock is left behind: after some seconds
the others go on with a copy, and it finds that out when it wakes. Where no such file can be had
(no folder, not ours, a full disk), the process counts for itself and says so once.

The engine has a schedule of its own; single requests of commands and dialogs wait here (``ask``).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import mmap
import os
import random
import stat
import tempfile
import time
from array import array
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from smsmon.clock import Clock, sleep
from smsmon.model import Fault, FaultKind, ReadError
from smsmon.monitor.account import nothing_before
from smsmon.monitor.budget import Budget, Change, Window
from smsmon.monitor.ledger import CELLS, Ledger
from smsmon.outgoing import goes_out_while

_TEMPORARY = "/tmp"  # noqa: S108 - a folder of ours in it is looked at before it is used
_STAMPS = 16
SIZE = _STAMPS + 8 * CELLS
"""Bytes of the file: two stamps, and the ledger."""
_LAYOUT = 1.0
_TRIES = 20
_PAUSE = 0.0005
"""Seconds between two tries for the lock; it is held for some 30 microseconds."""
_STUCK = 2.0
"""Seconds after which whoever holds the lock stands still, and is left behind."""
_ROLL_CALL = 5.0
"""Seconds between two looks whether the processes at the window still live."""

_ALONE = (
    "The requests of other smsmon processes cannot be counted, so this one keeps to its limit"
    " alone: {}."
)

Complain = Callable[[str], None]
T = TypeVar("T")


def address_of(base_url: str) -> str:
    """What the server counts requests by, as far as we know: host and port."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{(parts.hostname or '').rstrip('.').lower()}:{port}"


def runtime_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that the windows are in; it is this user's alone. Raises ``OSError``.

    The same one for a console of a session and for a watch of cron, which has none: a session's
    own folder is taken only where somebody has named another one than is usual, and ``TMPDIR``
    is not asked where there is a place for temporary files that all know.
    """
    session, me = environ.get("XDG_RUNTIME_DIR", ""), os.geteuid()
    named = os.path.isabs(session) and os.path.normpath(session) != f"/run/user/{me}"
    if named and _ours(Path(session)):
        folder = Path(session, "smsmon")
    else:
        known = os.access(_TEMPORARY, os.W_OK)
        folder = Path(_TEMPORARY if known else tempfile.gettempdir(), f"smsmon-{me}")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _ours(folder):
        raise PermissionError(errno.EPERM, f"{folder} is not this user's own folder")
    return folder


def shared_window(address: str, complain: Complain) -> Window:
    """The window that all processes of this user on this machine share for ``address``.

    One of this process alone where that cannot be; ``complain`` is then told why.
    """
    # A container may have a clock of its own, and the same folder all the same.
    with contextlib.suppress(OSError):
        address += os.readlink("/proc/self/ns/time")
    name = hashlib.blake2b(address.encode(), digest_size=8).hexdigest()
    try:
        return SharedWindow(runtime_folder() / f"window-{name}", complain)
    except OSError as error:
        complain(_ALONE.format(error.strerror or error))
        return Window()


def _ours(folder: Path) -> bool:
    """True for a folder, not a link, that nobody else can write to."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
    )


class SharedWindow(Window):
    """The window of one address, as this process sees it. Not for use by several threads."""

    def __init__(self, path: Path, complain: Complain = lambda _: None) -> None:
        """``complain`` is given one sentence if the file cannot be used, at most once."""
        super().__init__(who=os.getpid() + random.random())
        self._path = path
        self._complain = complain
        self._handle = -1
        self._identity = (0, 0)
        self._map = mmap.mmap(-1, SIZE)
        self._stamps = _stamps()
        self._known = bytes(SIZE)
        """What the file held that stood there before."""
        self.alone = False
        """True when this process counts for itself."""
        self._unnoted: list[Change] = []
        """What is still to be written down: the lock was not free."""
        self._busy_since: float | None = None
        self._called_at = -_ROLL_CALL
        try:
            self._open()
        except OSError as error:
            self._go_alone(error)

    def edit(self, now: float, change: Change) -> float | None:
        if self.alone:
            return super().edit(now, change)
        try:
            if not self._lock():
                return None
            try:
                self._look_after(now)
                seat = self.ledger.seat(self._who, now)
                for note in self._unnoted:
                    note(self.ledger, seat)
                result = change(self.ledger, seat)
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
            if not self._is_current():  # it stood still and was left behind: nobody read this
                return None
            self._unnoted.clear()
        except OSError as error:
            self._go_alone(error)
            return super().edit(now, change)
        return result

    def note(self, now: float, change: Change) -> None:
        if self.alone:
            super().note(now, change)
            return
        self._unnoted.append(change)
        self.edit(now, lambda *_: None)

    # --- the file ------------------------------------------------------------------------

    def _open(self) -> None:
        """Map the file as it stands now, made if it is not there. Raises ``OSError``."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with contextlib.suppress(FileExistsError):
            self._path.parent.mkdir(mode=0o700)
        handle = os.open(self._path, flags, 0o600)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                raise PermissionError(errno.EPERM, "it is not a file of this user", self._path)
            if found.st_mode & 0o077:
                os.fchmod(handle, 0o600)
            # Room for all of it, or an error now: on a full disk a mapped hole kills its writer.
            os.posix_fallocate(handle, 0, SIZE)
            mapped = mmap.mmap(handle, SIZE)
        except BaseException:
            os.close(handle)
            raise
        self._forget_the_file()
        self._handle, self._map = handle, mapped
        self._identity = (found.st_dev, found.st_ino)
        self.ledger = Ledger(memoryview(mapped)[_STAMPS:].cast("d"))

    def _forget_the_file(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def _is_current(self) -> bool:
        """False when the file was removed, or another one stands in its place."""
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def _lock(self) -> bool:
        """Take the lock of the file that stands there now; False when it is not free."""
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free = True
            except BlockingIOError:
                free = False
            if not self._is_current():
                known = self._map[:]
                self._open()  # and let go of the lock with the file it was of
                self._known = known
            elif free:
                self._busy_since = None
                return True
            else:
                time.sleep(_PAUSE)
        now = time.monotonic()
        if self._busy_since is None:
            self._busy_since = now
        elif now - self._busy_since > _STUCK:
            self._busy_since = None
            self._leave_behind()
        return False

    def _leave_behind(self) -> None:
        """Whoever holds the lock stands still: go on with a copy, in the place of the file."""
        handle, name = tempfile.mkstemp(".tmp", f".{self._path.name}.", self._path.parent)
        try:
            with open(handle, "wb") as copy:
                copy.write(self._map[:])
            os.replace(name, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    # --- what is in it -------------------------------------------------------------------

    def _look_after(self, now: float) -> None:
        """See to it that what is written there can be used; hold the lock."""
        if self._map[:_STAMPS] != self._stamps:
            # A new file, or one from before the last start of the machine.
            known = self._known if self._known[:_STAMPS] == self._stamps else bytes(SIZE)
            self._map[:] = self._stamps + known[_STAMPS:]
        if not self.ledger.sound(now):
            self._map[_STAMPS:] = bytes(SIZE - _STAMPS)
        if now - self._called_at >= _ROLL_CALL or now < self._called_at:
            self._called_at = now
            for seat, who in self.ledger.seats():
                if who != self._who and not _lives(int(who)):
                    self.ledger.leave(seat, now)

    def _go_alone(self, error: OSError) -> None:
        """Count for this process alone from now on, and say so."""
        self.ledger = Ledger(array("d", self._map[_STAMPS:]))
        self._forget_the_file()
        self.alone = True
        self._complain(_ALONE.format(f"{self._path}: {error.strerror or error}"))
        self._unnoted.clear()


def _stamps() -> bytes:
    """What the file begins with: its layout, and which start of the machine it is of."""
    boot = 0.0
    with contextlib.suppress(OSError, ValueError):
        boot = float(int(Path("/proc/sys/kernel/random/boot_id").read_text()[:8], 16))
    return array("d", [_LAYOUT, boot]).tobytes()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class LeftAlone(ReadError):
    """The server asked to be left alone for longer than the caller waits: nothing was sent."""


class NotCounted(ReadError):
    """The request could not be counted with those of others: nothing was sent."""


async def ask(
    call: Callable[[], Awaitable[T]], budget: Budget, clock: Clock, *, patience: float = 0.0
) -> T:
    """What ``call`` brings, once the window lets one more request out.

    Raises what it raises, `LeftAlone` where the server asked for a pause that lasts longer
    than ``patience`` seconds from now, and `NotCounted`. For a window that is only full it waits
    as long as it takes: a minute, and more where others share it.
    """
    while wait := budget.window.take(clock.monotonic(), budget.limit, urgent=False):
        now = clock.monotonic()
        if budget.held_until - now > patience:
            raise LeftAlone(left_alone(budget, clock))
        if why := budget.window.trouble:
            raise NotCounted(Fault(FaultKind.NETWORK, why))
        await sleep(clock, wait)
    left = clock.monotonic()
    goes_out_while(budget.window.leave(left))
    try:
        answer = await call()
    except ReadError as error:
        if error.fault.kind is FaultKind.NOT_FOUND:
            budget.answered(clock.monotonic(), left)
        budget.refused(clock.monotonic(), error.fault)
        raise
    finally:
        budget.over(clock.monotonic())
    budget.answered(clock.monotonic(), left)
    return answer


def left_alone(budget: Budget, clock: Clock) -> Fault:
    """Why nothing is sent at present, and until when."""
    until = budget.held_until - clock.monotonic() + clock.now()
    return Fault(
        FaultKind.RATE_LIMITED,
        f"The API has had too many requests from this address. {nothing_before(until)}",
        code=429,
    )
