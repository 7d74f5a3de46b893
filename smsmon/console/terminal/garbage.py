"""Memory that is done with: collected and given back, but not while somebody types.

Python gives large pieces out and back through the C library, which keeps what comes back.
Left alone, glibc does so once for each thread and again for whatever came at the worst moment:
the program would look larger every day.

A full pass looks at every object that lives. With some hundred thousand of them, most of which
stay for good, that took up to 90 ms every few seconds while reports came in.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Literal

_SETTLED_AFTER = 5.0
"""Seconds after which whatever a start loads is there."""
_YOUNG = 700
"""New objects after which the young are looked at, which is over before a key could wait for it."""
_LOOK_EVERY = 60.0
_ALL_EVERY = 600.0
"""Seconds between two passes over everything, what was spared included."""
_ALL_AT_LAST = 3600.0
"""Seconds after which such a pass is made though somebody is typing."""
_QUIET = 20.0
"""Seconds without a key after which nobody minds a pass."""
_M_ARENA_MAX = -8
"""What ``mallopt`` calls the number of pools that threads take memory from."""


class Collecting:
    """Spares what has outlived a full pass, until there is a quiet moment to look at it again."""

    def __init__(self, last_key: Callable[[], float]) -> None:
        """``last_key`` gives when a key was pressed last, monotonic."""
        self._last_key = last_key
        self._all_at = monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """From when the start is over, during which nothing is collected; needs a running loop."""
        self._timer = asyncio.get_running_loop().call_later(_SETTLED_AFTER, self._first)

    def end(self) -> None:
        """Leave the collector as it usually is."""
        gc.enable()
        if self._timer is not None:
            self._timer.cancel()
        if self._spare in gc.callbacks:
            gc.callbacks.remove(self._spare)
            gc.unfreeze()

    def _first(self) -> None:
        gc.set_threshold(_YOUNG)
        gc.enable()
        gc.callbacks.append(self._spare)
        self._collect_all()

    def _look(self) -> None:
        now = monotonic()
        since, quiet = now - self._all_at, now - self._last_key() > _QUIET
        if since > _ALL_AT_LAST or (since > _ALL_EVERY and quiet):
            self._collect_all()
        else:
            self._look_later()

    def _collect_all(self) -> None:
        gc.unfreeze()
        gc.collect()  # what is left is spared at its end
        give_back()
        self._all_at = monotonic()
        self._look_later()

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look)

    def _spare(self, phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            gc.freeze()


def share_one_pool() -> None:
    """Have all threads take memory from one pool: call it before any other starts.

    Only one of them runs Python at a time, so none waits for it. In a week of half a million
    reports the program took 6 MB less with one pool than with one for each thread.
    """
    _tell_glibc("mallopt", _M_ARENA_MAX, 1)


def give_back() -> None:
    """Return memory that was freed to the system."""
    _tell_glibc("malloc_trim", 0)


def _tell_glibc(function: str, *numbers: int) -> None:
    """Call one of its own functions. Does nothing where the C library is another."""
    with suppress(OSError, AttributeError):
        getattr(ctypes.CDLL(None), function)(*numbers)
