"""The one door to the terminal or the pipe for whatever a command prints.

`smsmon.cli.main` puts one in the place of stdout and one in the place of stderr, so that what
click, a library or the interpreter prints passes through as well. Nothing else may write there:
a rule of the linter holds every module to it.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from collections.abc import Callable, Iterator

from smsmon import leaving
from smsmon.commands.backlog import LIMIT, Backlog
from smsmon.text import piped, shown

LAST_WORDS = 0.5
"""Seconds that what waits is given when the process was told to end."""
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


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
            self._put(shown(text))
        elif begins and text.startswith(_BOM):  # of CSV that a spreadsheet is to open
            self._put(_BOM + piped(text[1:]))
        else:
            self._put(piped(text))
        return len(text)

    def rewrite(self, text: str) -> None:
        """Show ``text`` in the place of the last line, on a terminal; a line that counts."""
        line = shown(text)
        self._put(f"\r{line.ljust(self._counted)}" + ("" if line else "\r"))
        self._counted = len(line)

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
