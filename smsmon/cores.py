"""No file of this process's memory: the key is in it."""

from __future__ import annotations

import contextlib

_PR_SET_DUMPABLE = 4
"""prctl(2), Linux."""


def no_core_files() -> None:
    """Let no crash leave the memory of this process on a disk.

    A limit of 0 stops core files. Where the kernel hands cores to a program (systemd-coredump,
    apport) it does not look at that limit, but it does at whether the process may be dumped. A
    process that may not be is also closed to debuggers and profilers of other processes, root's
    aside. Programs that we start get the limit, which they may lift, and may be dumped.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
