"""How long a program takes from its start until something is on the screen."""

from __future__ import annotations

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
