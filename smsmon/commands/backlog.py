"""Writes in a thread of its own, so that a reader who takes nothing makes nobody wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

LIMIT = 32 * 2**20
"""Bytes that may wait: more than the largest report can bring at once."""

_CHUNK = 64 * 1024
"""Bytes written at once: as many as an empty pipe takes."""


class Backlog:
    """What waits to be written, in its order. Only ``close`` waits.

    When more than ``limit`` would wait, what comes is left out until all before it is written;
    then ``gap`` makes the line that tells how many were left out, and it stands in their place.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        gap: Callable[[int], bytes],
        failed: Callable[[OSError], None],
        limit: int = LIMIT,
    ) -> None:
        """``send`` writes all it is given, and may wait; ``failed`` is called when it raises.

        Both are called in the backlog's own thread. After a failure nothing is written any more.
        """
        self._send = send
        self._gap = gap
        self._failed = failed
        self._limit = limit
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._left_out = 0
        self._sending = b""
        self._on_its_way = 0
        self._news = threading.Condition()
        self._closing = False
        self._over = threading.Event()
        threading.Thread(target=self._run, name="output", daemon=True).start()

    def put(self, data: bytes) -> None:
        """Have ``data`` written, or counted as left out."""
        with self._news:
            if self._closing or self._over.is_set():
                return
            if self._left_out or self._size + len(data) > self._limit:
                self._left_out += 1
                return
            self._waiting.append(data)
            self._size += len(data)
            self._news.notify_all()

    def close(self, within: float | None) -> int:
        """Wait until all is written, for so many seconds at most; gives how many lines are not."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._over.wait(within):
            return 0
        with self._news:
            return self._on_its_way + len(self._waiting) + self._left_out

    def _run(self) -> None:
        try:
            while data := self._next():
                self._send(data)
        except OSError as error:
            with self._news:
                self._waiting.clear()
            self._failed(error)
        finally:
            self._over.set()

    def _next(self) -> bytes:
        """What to write next, waiting for it; nothing when there never will be any."""
        with self._news:
            self._size -= len(self._sending)
            self._sending, self._on_its_way = b"", 0
            while not (self._waiting or self._left_out or self._closing):
                self._news.wait()
            if not self._waiting:
                number, self._left_out = self._left_out, 0
                return self._gap(number) if number else b""
            lines = [self._waiting.popleft()]
            size = len(lines[0])
            while self._waiting and size + len(self._waiting[0]) <= _CHUNK:
                lines.append(self._waiting.popleft())
                size += len(lines[-1])
            self._sending, self._on_its_way = b"".join(lines), len(lines)
            return self._sending
