"""The lease: only the process that holds it polls, of all on one home.

It is a lock on a file beside the database, so it dies with its process. A process
that stands still keeps its locks; so its holder also gives a heartbeat, and whoever sees none
for a while puts a new file in the place of the old one. The old holder finds that out before
it acts again, for it knows how long ago its own last heartbeat was.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Collection
from pathlib import Path

from smsmon import files
from smsmon.clock import Clock, Untouched
from smsmon.store.errors import Busy, StoreError, of_os_error
from smsmon.store.local.files import database_of, locked, make_folder
from smsmon.store.shared import Holder, Rank
from smsmon.text import safe

FRESH = 2.5
"""Seconds after a heartbeat for which its holder acts without another look."""
STILL = 3.5
"""Seconds without a heartbeat, as the follower's own clock counts them, after which the holder
is taken to stand still. More than ``FRESH``: by then the holder does nothing without a look."""
_NAME_LIMIT = 100
"""Bytes read of who holds it."""


class LocalLease:
    """The lease of the home of one machine: all messages, or none.

    Every method is a few system calls on a local file.
    """

    def __init__(self, history: Path, clock: Clock, name: str) -> None:
        """``history`` is the database that its holder writes, ``name`` what we are called."""
        target = self._history = database_of(history)
        self._path = target.with_name(f"{target.name}.lease")
        self._followers = target.with_name(f"{target.name}.followers")
        """A file on which those that follow share a lock."""
        self._following: int | None = None
        self._clock = clock
        self._name = name
        self._handle: int | None = None
        self._alone = threading.RLock()
        """The loop, the thread that looks and the one that writes may all ask at once."""
        self._beaten = 0.0
        """Monotonic time just before the last heartbeat."""
        self._untouched = Untouched(clock)
        self.holder: Holder | None = None

    partial = False

    @property
    def held(self) -> bool:
        return self._handle is not None

    @property
    def pollers(self) -> int:
        return int(self.held or self.holder is not None)

    def __contains__(self, name: object) -> bool:
        if self._handle is None:
            return False
        return self._clock.monotonic() - self._beaten < FRESH or self.renew()

    def claim(self, wanted: Collection[str], rank: Rank = Rank.AUTO) -> Collection[str]:
        del rank  # whoever has it is asked to hand it over
        with self._alone:
            if self._handle is not None:
                return wanted if self.renew() else ()
            handle = self._open()
            try:
                if not files.locked(handle) and not self._stands_still(handle):
                    self.holder = _read_holder(handle)
                    return ()
            except OSError as error:  # some file systems know no locks
                raise of_os_error(self._path, error, "lock") from error
            finally:
                os.close(handle)
            # Busy: another one is about to take it. Look again later.
            with contextlib.suppress(Busy), locked(self._path, 0):
                self._take()
            return wanted if self.held else ()

    def look(self) -> None:
        with self._alone:
            try:
                handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError:
                self.holder = None
                return
            try:
                free = files.locked(handle) or self._stands_still(handle)
                self.holder = None if free else _read_holder(handle)
            except OSError:
                self.holder = None
            finally:
                os.close(handle)

    def renew(self) -> bool:
        with self._alone:
            if self._handle is None:
                return False
            now = self._clock.monotonic()
            late = now - self._beaten >= FRESH
            try:
                # A late heartbeat and the end of somebody's patience must not cross.
                with locked(self._path, 0.2) if late else contextlib.nullcontext():
                    os.utime(self._handle)
                    ours = os.fstat(self._handle).st_ino == os.stat(self._path).st_ino
            except (OSError, StoreError):
                ours = False
            if ours:
                self._beaten = now
            else:
                self.release()
            return ours

    def ours_still(self) -> bool:
        with self._alone:
            handle = self._handle
            if handle is None:
                return False
            try:
                return os.fstat(handle).st_ino == os.stat(self._path).st_ino
            except OSError:
                return False

    def release(self) -> None:
        with self._alone:
            handle, self._handle = self._handle, None
            self.holder = None
            if handle is not None:
                os.close(handle)

    def attend(self) -> None:
        if self._following is None:
            with contextlib.suppress(OSError):  # a file that cannot be had is no matter
                self._following = self._lock_followers(fcntl.LOCK_SH)

    def leave(self) -> None:
        handle, self._following = self._following, None
        if handle is not None:
            os.close(handle)

    def attended(self) -> bool:
        try:
            handle = self._lock_followers(fcntl.LOCK_EX)
        except OSError:
            return False
        if handle is not None:
            os.close(handle)
        return handle is None

    def _lock_followers(self, kind: int) -> int | None:
        handle = files.open_lock(self._followers, self._history)
        if files.locked(handle, kind):
            return handle
        os.close(handle)
        return None

    def _take(self) -> None:
        """Take it under the guard: nobody else takes it meanwhile."""
        handle = self._open()
        if not files.locked(handle):
            still = self._stands_still(handle)
            os.close(handle)
            if not still:
                return
            handle = self._replacement()
        self._beaten = self._clock.monotonic()
        with contextlib.suppress(OSError):  # on a full disk the name is no loss
            os.utime(handle)
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()} {self._name}".encode(), 0)
        self._handle = handle
        self.holder = None

    def _open(self) -> int:
        try:
            make_folder(self._path.parent)
            return files.open_lock(self._path, self._history)
        except OSError as error:
            raise of_os_error(self._path, error, "write") from error

    def _replacement(self) -> int:
        """A new file, locked by us, in the place of the one whose holder stands still."""
        try:
            handle, name = files.temporary(self._path)
        except OSError as error:
            raise of_os_error(self._path, error, "write") from error
        try:
            os.replace(name, self._path)
        except OSError as error:
            os.close(handle)
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise of_os_error(self._path, error, "write") from error
        return handle

    def _stands_still(self, handle: int) -> bool:
        """True when the holder has given no heartbeat for as long as we have watched it."""
        return self._untouched.seconds(handle) >= STILL


def _read_holder(handle: int) -> Holder | None:
    try:
        pid, _, name = os.pread(handle, _NAME_LIMIT, 0).decode("utf-8", "replace").partition(" ")
        return Holder(int(pid), safe(name, 20))
    except (OSError, ValueError):
        return None
