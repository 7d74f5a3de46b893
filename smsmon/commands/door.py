"""The one door to the terminal or the pipe for whatever a command prints.

`smsmon.run.main` puts one in the place of stdout and one in the place of stderr, so that what
click, a library or the interpreter prints passes through as well. Nothing else may write there:
a rule of the linter holds every module to it.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator

from smsmon import leaving
from smsmon.text import piped, shown

LAST_WORDS = 0.5
"""Seconds that what waits is given when the process was told to end."""
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
LIMIT = 32 * 2**20
"""Bytes that may wait: more than the largest report can bring at once."""

_SIGNS = "SMSMON_DISPLAY_SIGNS"
_CHUNK = 64 * 1024
"""Bytes written at once: as many as an empty pipe takes."""


class Unwritable(OSError):
    """What was printed could not be written, for another reason than that its reader is gone."""


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


class Door(io.TextIOBase):
    """A text stream that lets nothing out that a terminal would obey.

    It keeps nothing back: what is written is out when ``write`` returns, or waits in the
    background (see `without_waiting`). Raises OSError like any stream.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, descriptor: int, encoding: str) -> None:
        self._descriptor = descriptor
        self.encoding = encoding
        self._terminal = os.isatty(descriptor)
        self.signs = os.environ.get(_SIGNS, "auto")
        """Whether what a terminal gets may be more than ASCII: as ``display.signs`` has it."""
        self._begun = False
        self._counted = 0
        """Columns of the line that counts."""
        self._backlog: Backlog | None = None
        self.unwritten = 0
        """Lines that were left unwritten in the end, for want of a reader."""

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return self._terminal

    def writable(self) -> bool:
        return True

    def write(self, text: str | bytes) -> int:
        if isinstance(text, bytes):  # click hands on some of what it prints encoded
            text = text.decode("utf-8", "replace")
        begins, self._begun = not self._begun, True
        if self._terminal:
            self._put(self._drawn(text))
        elif begins and text.startswith(_BOM):  # of CSV that a spreadsheet is to open
            self._put(_BOM + piped(text[1:]))
        else:
            self._put(piped(text))
        return len(text)

    def rewrite(self, text: str) -> None:
        """Show ``text`` in the place of the last line, on a terminal; a line that counts."""
        line = self._drawn(text)
        self._put(f"\r{line.ljust(self._counted)}" + ("" if line else "\r"))
        self._counted = len(line)

    def _drawn(self, text: str) -> str:
        text = shown(text)
        if text.isascii():
            return text
        from smsmon.console.signs import in_ascii, wants_ascii  # most of what is printed is ASCII

        return in_ascii(text) if wants_ascii(self.signs, os.environ) else text

    def _put(self, text: str) -> None:
        data = text.encode(self.encoding, "replace")
        if self._backlog is None:
            self._send(data)
        else:
            self._backlog.put(data)

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:  # another program made it non-blocking
                select.select([], [self._descriptor], [])
            except BrokenPipeError:
                raise
            except OSError as error:
                raise Unwritable(error.errno, error.strerror) from None

    @contextlib.contextmanager
    def without_waiting(
        self, gap: Callable[[int], str], failed: Callable[[OSError], None], limit: int = LIMIT
    ) -> Iterator[None]:
        """Inside, nothing waits for the reader, and writing does not raise.

        When more than ``limit`` bytes wait, what comes is left out, and the line that ``gap``
        makes of the number of lines stands in its place. ``failed`` is called in another thread
        when nothing can be written any more. At the end all that waits is written, unless the
        process was told to end, or an exception leaves the block: then it has `LAST_WORDS`.
        """
        if self._backlog is not None:
            yield
            return
        backlog = Backlog(
            self._send,
            lambda number: f"{gap(number)}\n".encode(self.encoding, "replace"),
            failed,
            limit,
        )
        self._backlog = backlog
        within: float | None = LAST_WORDS
        try:
            yield
            within = LAST_WORDS if leaving.told() else None
        finally:
            self._backlog = None
            self.unwritten = backlog.close(within)


def open_doors() -> None:
    """Give the process its three streams, whatever it was started with, and put doors in two.

    A closed one is opened on nothing, before a file of ours is opened in its place.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = open(0)  # noqa: SIM115 - it stays open for as long as the process lives
    sys.stdout = Door(1, getattr(sys.stdout, "encoding", None) or "utf-8")
    sys.stderr = Door(2, getattr(sys.stderr, "encoding", None) or "utf-8")
