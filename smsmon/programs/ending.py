"""Ends a program of others, with all that it started; knows when it is over."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

_PAUSE = 0.005
"""Seconds between two looks whether what was ended is gone."""
ENDING = 1.0
"""Seconds that ending may take; a program that hangs in a disk may outlive them."""


def exit_descriptor(pid: int) -> int | None:
    """What becomes readable when the process is over; None where the system has no such thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def end(process: subprocess.Popen[bytes], pipe: int, *, apart: bool) -> None:
    """End a program, if it is not over, and with it what it started."""
    until = time.monotonic() + ENDING
    with contextlib.suppress(OSError):
        process.send_signal(signal.SIGSTOP)  # it starts nothing new while we look
    _end_kin(process, pipe, until, apart=apart)
    if apart and process.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, until - time.monotonic()))
    _end_kin(process, pipe, until, apart=apart)


def _end_kin(process: subprocess.Popen[bytes], pipe: int, until: float, *, apart: bool) -> None:
    while True:
        root = process.pid if process.returncode is None else None
        kin = _kin(root, pipe, apart=apart)
        for pid in kin:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not kin or time.monotonic() >= until:
            return
        time.sleep(_PAUSE)


def _kin(root: int | None, pipe: int, *, apart: bool) -> set[int]:
    """What a program started and still runs: its children and theirs, whatever group they chose;
    its session, if that is its own; and who else holds its pipe (by inode), whoever is left of
    its parents. A daemon that let go of everything, such as gpg-agent, is none of them.

    ``root`` is the program itself; None once it is over, when its number may be another's. Where
    there is no ``/proc``, nothing is known, and its group alone is ended.
    """
    parents: dict[int, int] = {}
    found = set()
    for pid in _processes():
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{pid}/stat", "rb") as file:
                state, parent, _, session = file.read().rpartition(b")")[2].split()[:4]
            if state == b"Z" or pid in (root, os.getpid()):
                continue
            parents[pid] = int(parent)
            # A child of ours has every pipe for a moment, until it becomes another program.
            starting = int(parent) == os.getpid()
            if (apart and int(session) == root) or (not starting and _holds(pid, pipe)):
                found.add(pid)
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return found | {pid for pid in family if pid is not None and pid != root}


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _holds(pid: int, pipe: int) -> bool:
    """True if the process has the pipe open. Raises ``OSError`` where one may not look."""
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed since
            if os.readlink(f"{folder}/{name}") == f"pipe:[{pipe}]":
                return True
    return False
