"""A program in a pseudo terminal of its own, read only when the test says so."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from tests.support import installed
from tests.support.keeper import runs

WITHIN = 90.0
"""Seconds anything may take on a machine that is busy with other tests."""

_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
_STALLED = 10
"""Looks in a row at which the program waited for the terminal, until its line has stalled."""


class Terminal:
    """A terminal and the program that has it as its own (session leader, controlling terminal).

    Nothing reads what the program writes until ``read`` or one of the waiting methods is called:
    a test that does not call them is a line that has stalled.
    """

    def __init__(
        self, argv: Sequence[str], environ: Mapping[str, str], size: tuple[int, int] = (140, 40)
    ) -> None:
        """``size`` is columns and lines."""
        installed.require()
        self.outside, self.inside = pty.openpty()
        os.set_blocking(self.outside, False)
        self.resize(*size)
        self.settings = self.attributes()
        """The terminal's attributes before the program ran."""
        self.painted = bytearray()
        """All that the program has written, as far as it was read."""
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *argv],
            stdin=self.inside,
            stdout=self.inside,
            stderr=self.inside,
            env={"TERM": "xterm-256color", **environ},
            cwd="/",
            start_new_session=True,
        )

    def attributes(self) -> list[Any]:
        """The attributes of the terminal as they are now (see ``termios.tcgetattr``)."""
        return termios.tcgetattr(self.inside)

    def resize(self, columns: int, lines: int) -> None:
        """Another size; the kernel sends SIGWINCH."""
        fcntl.ioctl(self.outside, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        """Type these."""
        os.write(self.outside, keys)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def read(self, seconds: float = 0.0) -> bytes:
        """What comes within so many seconds, at once when something is there."""
        if self.outside < 0 or not select.select([self.outside], [], [], seconds)[0]:
            return b""
        try:
            got = os.read(self.outside, 65_536)
        except OSError:  # EIO: nobody has the terminal open any more
            return b""
        self.painted += got
        return got

    def wait_until(self, done: Callable[[], bool], what: str = "", within: float = WITHIN) -> None:
        """Read until ``done()``; looks after everything that comes. Fails after so long."""
        deadline = time.monotonic() + within
        while not done():
            assert time.monotonic() < deadline, f"{what or 'it'} never came: {self.last()!r}"
            self.read(0.05)

    def wait_for(self, text: str, start: int = 0, within: float = WITHIN) -> None:
        """Until ``text`` was painted, after the first ``start`` bytes."""
        wanted = text.encode()
        self.wait_until(lambda: wanted in self.painted[start:], text, within)

    def wait_quiet(self, seconds: float = 0.5) -> None:
        """Until nothing has come for so long, and it has nothing more to do."""
        deadline = time.monotonic() + WITHIN
        while self.read(seconds) or runs(self.process.pid):
            assert time.monotonic() < deadline, "it never falls silent"

    def watch(self, seconds: float) -> bytes:
        """All that comes in so many seconds."""
        start, until = len(self.painted), time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.read(left)
        return bytes(self.painted[start:])

    def ended(self) -> int:
        """The exit code, once the program has ended and its last words are read."""
        deadline = time.monotonic() + WITHIN
        while (code := self.process.poll()) is None:
            assert time.monotonic() < deadline, f"it does not end: {self.last()!r}"
            self.read(0.05)
        while self.read():
            pass
        return code

    def hang_up(self) -> None:
        """Close the terminal, as a dropped connection does."""
        os.close(self.inside)
        os.close(self.outside)
        self.inside = self.outside = -1

    def ended_unread(self) -> int:
        """The exit code, while nobody reads the terminal."""
        return self.process.wait(WITHIN)

    def ended_counted(self) -> tuple[int, float]:
        """The exit code, and all the seconds of processor time the program has used."""
        assert not self.lives_for(WITHIN), "it does not end"
        used = self.cpu()  # of what is left until somebody asks for the exit code
        return self.process.wait(), used

    def lives_for(self, seconds: float) -> bool:
        """Wait until the program ends, but no longer than that; True when it has not ended."""
        watched = os.pidfd_open(self.process.pid)
        try:
            return not select.select([watched], [], [], seconds)[0]
        finally:
            os.close(watched)

    @property
    def writing(self) -> bool:
        """True while the terminal takes no more: whoever writes waits until it is read.

        Nothing of the program is looked at: no other process may look into one with a key.
        """
        return not select.select([], [self.inside], [], 0)[1]

    def stall(self, disturb: Callable[[], object]) -> None:
        """Read nothing, and ``disturb`` the program until it cannot write any more."""
        stuck = 0
        deadline = time.monotonic() + WITHIN
        while stuck < _STALLED:
            assert time.monotonic() < deadline, "it can still write"
            disturb()
            assert self.lives_for(0.05)
            stuck = stuck + 1 if self.writing else 0

    def cpu(self) -> float:
        """Seconds of processor time the program has used, all threads together."""
        # MAKE_PROCESS_CPUCLOCK of the kernel's posix-timers_types.h: to the nanosecond.
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def last(self) -> bytes:
        """The last that was painted."""
        return bytes(self.painted[-1500:])

    def close(self) -> None:
        """End the program, if it has not, and give the terminal back."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for descriptor in (self.inside, self.outside):
            if descriptor >= 0:
                os.close(descriptor)
        self.inside = self.outside = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
