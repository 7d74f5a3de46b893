"""A program on a real pseudo-terminal: everything it writes, and keys for it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Self

from tests.support import installed
from tests.support.keeper import runs

PATIENCE = 90.0
"""Seconds to wait for something that must come, on a machine busy with other tests."""


class OnTerminal:
    """A program whose three streams are one terminal; ended with the block, whatever happens."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = (140, 40)
    ) -> None:
        """``size`` is columns and lines."""
        installed.require()
        self.output = bytearray()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={"TERM": "xterm-256color", **env},
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Type ``data``."""
        os.write(self._master, data)

    def until(self, wanted: bytes, since: int = 0, patience: float = PATIENCE) -> None:
        """Read until ``wanted`` was written after the first ``since`` bytes."""
        deadline = monotonic() + patience
        while wanted not in self.output[since:]:
            if not self._read(deadline - monotonic()):
                raise TimeoutError(f"{wanted!r} did not come; the last: {self.output[-600:]!r}")

    def quiet(self, seconds: float = 0.3) -> None:
        """Read until nothing has come for so long, and it has no more to do: all is painted."""
        deadline = monotonic() + PATIENCE
        while (self._read(seconds) or runs(self.pid)) and monotonic() < deadline:
            pass

    def end(self) -> int:
        """Read until the program has ended; gives its exit code."""
        deadline = monotonic() + PATIENCE
        while self._read(deadline - monotonic()):
            pass
        return self._process.wait(max(1.0, deadline - monotonic()))

    def _read(self, seconds: float) -> bool:
        """Read what comes within so long; False when nothing did, or never will."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return False
        with suppress(OSError):  # EIO: the other side is closed
            if data := os.read(self._master, 1 << 16):
                self.output += data
                return True
        return False
