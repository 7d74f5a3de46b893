"""``smsmon demo`` in a terminal: it shows life, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import TIMEOUT, Program


class Terminal:
    """A program in a pseudo terminal, and what it has painted."""

    def __init__(self, program: Program, *args: str, **env: str) -> None:
        self.screen, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        self.process = subprocess.Popen(
            program.argv(*args),
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env=program.env(TERM="xterm-256color", **env),
            start_new_session=True,
        )
        os.close(inside)
        self.painted = b""
        self.over = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: bytes) -> None:
        """Until ``text`` was painted."""
        with self._news:
            self._news.wait_for(lambda: text in self.painted or self.over, TIMEOUT)
            assert text in self.painted, self.painted[-2000:]

    def press(self, keys: bytes) -> None:
        os.write(self.screen, keys)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(TIMEOUT)
        os.close(self.screen)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the program is gone
            while data := os.read(self.screen, 65_536):
                with self._news:
                    self.painted += data
                    self._news.notify_all()
        with self._news:
            self.over = True
            self._news.notify_all()


@pytest.fixture
def demo(offline: Program, tmp_path: Path) -> Iterator[Terminal]:
    """The demo, running, with a user's home and a folder for temporary files to look into."""
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    terminal = Terminal(
        offline,
        "demo",
        HOME=str(tmp_path / "home"),
        TMPDIR=str(tmp_path / "tmp"),
        SMSMON_API_KEY="the-user's-own",
        SMSMON_BASE_URL="http://127.0.0.1:1/v1",
    )
    try:
        terminal.wait_for(b"OTP login")
        yield terminal
    finally:
        terminal.close()


@pytest.mark.parametrize("how", ["key", "SIGTERM"])
def test_demo_leaves_nothing_behind_and_touches_no_file_of_the_user(
    demo: Terminal, tmp_path: Path, how: str
) -> None:
    (folder,) = (tmp_path / "tmp").iterdir()
    assert (folder / "watchlist.toml").is_file()
    if how == "key":
        demo.press(b"q")
    else:
        demo.process.send_signal(signal.SIGTERM)
    code = demo.process.wait(TIMEOUT)
    assert code in (0, 143)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []
    assert b"Traceback" not in demo.painted
