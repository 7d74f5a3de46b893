"""Clears away the servers of a run of the tests when nobody of it lives any more.

Run as a program with their folder: it waits for the lock that every worker shares, which the
kernel lets go whatever way a worker ends; then it ends the servers and removes the folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

_HELD: list[int] = []
"""Open as long as this process lives."""


def hold(folder: Path) -> bool:
    """Take part in ``folder``; True for the first, who has made it and lets a keeper run."""
    while True:
        try:
            folder.mkdir(mode=0o711)
            begun = True
        except FileExistsError:
            begun = False
        # Beside the folder: what is in it can be removed while this is held.
        handle = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_SH)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), _lock_of(folder).stat()) and folder.exists():
                _HELD.append(handle)
                return begun
        os.close(handle)  # the last of them had just gone, and the keeper has cleared away


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def wait_until(
    done: Callable[[], object], what: str, patience: float, every: float = 0.005
) -> None:
    """For what another process does and tells nobody: looked for ``every`` so many seconds."""
    end = time.monotonic() + patience
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {patience:.0f} s")
        time.sleep(every)


def runs(pid: int) -> bool:
    """True while a thread of the process has something to do, and be it that others are served."""
    for each in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):
            if each.read_text().rpartition(")")[2].split()[0] in "RD":
                return True
    return False


def keep(folder: Path) -> None:
    with _lock_of(folder).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for file in (*folder.glob("*/data/postmaster.pid"), *folder.glob("*/pgbouncer.pid")):
            with contextlib.suppress(OSError, ValueError, AssertionError):
                _end(file)
        shutil.rmtree(folder, ignore_errors=True)
        _lock_of(folder).unlink(missing_ok=True)


def _end(file: Path) -> None:
    """End the server whose process stands in ``file``, at once."""
    os.kill(int(file.read_text().split()[0]), signal.SIGQUIT)
    wait_until(lambda: not file.exists(), "it ends", 5)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
