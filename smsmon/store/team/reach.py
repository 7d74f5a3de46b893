"""Whether the database answers, as all connections of a process know it together.

While it does not, one of them tries now and then, and whatever else is asked fails at once: nobody
waits for a server that was found gone a moment ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from threading import Lock

from smsmon.store.errors import StoreError

PAUSE_FIRST, PAUSE_MOST = 2.0, 30.0
"""Seconds from a failure to the next try, at the most: doubled each time, up to the second."""
PAUSE_LEAST = 1.0


class Reach:
    """Told by each connection how it went; in any thread."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, rng: Random | None = None
    ) -> None:
        self._monotonic = monotonic
        self._rng = rng or Random()
        self._alone = Lock()
        self._error: StoreError | None = None
        self._failed = 0
        """Tries in vain, one after the other."""
        self._next = 0.0
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called, in any thread, when it answers again."""
        self._listeners.append(listener)

    @property
    def error(self) -> StoreError | None:
        """Why it does not answer, or does not let us in; None while it does."""
        return self._error

    @property
    def pause(self) -> float:
        """Seconds until the next try; 0 where it may be tried now."""
        with self._alone:
            return 0.0 if self._error is None else max(0.0, self._next - self._monotonic())

    def check(self) -> None:
        """Raise what the last try came to, where it is not yet time for another one."""
        error = self._error
        if error is not None and self.pause:
            raise type(error)(error.where, error.reason, error.remedy)

    def failed(self, error: StoreError) -> None:
        """It did not answer, or did not let us in."""
        with self._alone:
            now = self._monotonic()
            if self._error is None or now >= self._next:  # else two tried at the same time
                longest = min(PAUSE_MOST, PAUSE_FIRST * 2.0 ** min(self._failed, 10))
                self._failed += 1
                self._next = now + self._rng.uniform(PAUSE_LEAST, longest)
            self._error = error

    def worked(self) -> None:
        """It answered."""
        with self._alone:
            before, self._error, self._failed = self._error, None, 0
        if before is not None:
            for each in self._listeners:
                each()
