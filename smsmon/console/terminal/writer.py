"""Writes to the terminal: takes text at once, writes it in a thread, knows when the line is slow.

Textual's own writer blocks the event loop once thirty writes wait, and dies of the first error:
on a line that stalls nothing would be polled any more, and when the terminal is gone the
program would hang for ever.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from time import monotonic

BEHIND = 16 * 1024
"""Bytes waiting above which no more should be painted: about a full screen at 140 × 40."""
SLOW_AFTER = 0.25
"""Seconds that the terminal takes nothing after which its line counts as slow."""
FAST_AFTER = 30.0
"""Seconds without such a stop after which it counts as fast again."""
_CHUNK = 8 * 1024
"""Bytes written at once. Every write hands the interpreter over and has to win it back."""
_CANCEL = b"\x18"
"""A terminal in the middle of an escape sequence forgets it."""


class TerminalWriter:
    """Writes to a terminal. Every method may be called in any thread; none but ``close`` waits.

    ``slow`` is told when the line becomes slow, and when it is fast again; ``drained`` when
    nothing waits any more after more than ``BEHIND`` did; ``gone`` once, when the terminal takes
    nothing ever again. All three are called in the writer's own thread.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        slow: Callable[[bool], None],
        drained: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self._descriptor = descriptor
        self._tell_slow = slow
        self._tell_drained = drained
        self._tell_gone = gone
        self._waiting = bytearray()
        self._news = threading.Condition()
        self._closing = False
        self._gone = False
        self._behind = False
        self._slow = False
        self._stopped_at = 0.0
        self._thread = threading.Thread(target=self._run, name="terminal output", daemon=True)
        self._thread.start()

    @property
    def behind(self) -> bool:
        """True from when too much waits until nothing does."""
        return self._behind

    def write(self, data: bytes) -> None:
        """Have ``data`` written after all that waits. Nothing happens once it is closed or gone."""
        with self._news:
            if data and not self._closing and not self._gone:
                self._waiting += data
                self._behind = self._behind or len(self._waiting) > BEHIND
                self._news.notify_all()

    def forget(self) -> None:
        """Give up what waits, if the line is behind: what comes next is more urgent."""
        with self._news:
            if self._behind:
                self._waiting[:] = _CANCEL

    def close(self, within: float) -> bool:
        """Write what waits, for so many seconds at most; True when all of it is out."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join(within)
        return not self._thread.is_alive() and not self._gone

    def _run(self) -> None:
        try:
            while chunk := self._next():
                self._send(chunk)
        except OSError:  # EIO, EPIPE: nobody is there any more
            with self._news:
                self._gone = True
                self._waiting.clear()
            self._tell_gone()

    def _next(self) -> bytes:
        """The next bytes to write, waiting for them; none when there never will be any."""
        drained = False
        with self._news:
            if not self._waiting:
                drained, self._behind = self._behind, False
        if drained:
            self._tell_drained()
        with self._news:
            while not self._waiting and not self._closing:
                self._news.wait()
            chunk = bytes(self._waiting[:_CHUNK])
            del self._waiting[:_CHUNK]
            return chunk

    def _send(self, chunk: bytes) -> None:
        start = monotonic()
        while chunk:
            try:
                chunk = chunk[os.write(self._descriptor, chunk) :]
            except BlockingIOError:  # another program made the terminal's file non-blocking
                select.select([], [self._descriptor], [])
        now = monotonic()
        if now - start > SLOW_AFTER:
            self._stopped_at = now
            if not self._slow:
                self._slow = True
                self._tell_slow(True)
        elif self._slow and now - self._stopped_at > FAST_AFTER:
            self._slow = False
            self._tell_slow(False)
