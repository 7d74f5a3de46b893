"""What a whole program takes: until something is on the screen, or until its end."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence

from tests.pty.terminal import Terminal


def until_painted(
    argv: Sequence[str], environ: Mapping[str, str], wanted: Mapping[str, Collection[str]]
) -> dict[str, float]:
    """Seconds from the start of a program, in a terminal of its own, until each was painted.

    ``wanted``: name → the texts that must all have been painted. The program is left with q.
    """
    seen: dict[str, float] = {}
    begun = time.perf_counter()
    with Terminal(argv, environ) as terminal:

        def all_seen() -> bool:
            now = time.perf_counter() - begun
            for name, texts in wanted.items():
                if name not in seen and all(text.encode() in terminal.painted for text in texts):
                    seen[name] = now
            return len(seen) == len(wanted)

        terminal.wait_until(all_seen, "what is to be painted")
        terminal.press(b"q")
        terminal.ended()
    return seen


def spent(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of processor time that a program takes, and the most memory it holds, in bytes.

    What it prints goes nowhere. Raises ``OSError`` when it fails.
    """
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(argv[0], list(argv), environ, file_actions=nowhere)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise OSError(f"{' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024.0


def watch(terminals: Sequence[Terminal], seconds: float) -> None:
    """Read all terminals for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for each in terminals:
            each.read(0.01)
