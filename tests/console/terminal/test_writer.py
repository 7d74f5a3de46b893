"""The way to the terminal takes everything at once, and says how the line is."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic

import pytest

from smsmon.console.terminal import driver
from smsmon.console.terminal.driver import BEHIND, TerminalWriter
from tests.support.keeper import wait_until

WITHIN = 10.0
FULL = bytes(4 * 65_536)
"""More than a pipe holds."""


class Line:
    """A writer into a pipe, and what it told."""

    def __init__(self) -> None:
        self.end, self.inside = os.pipe()
        self.told: list[str] = []
        self._news = threading.Condition()
        self.writer = TerminalWriter(
            self.inside,
            slow=lambda slow: self._tell("slow" if slow else "fast"),
            drained=lambda: self._tell("drained"),
            gone=lambda: self._tell("gone"),
        )

    def _tell(self, word: str) -> None:
        with self._news:
            self.told.append(word)
            self._news.notify_all()

    def wait_for(self, word: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: word in self.told, WITHIN), self.told

    def take(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        taken = self.take_until(lambda taken: len(taken) >= count)
        assert len(taken) == count
        return taken

    def take_until(self, enough: Callable[[bytes], bool]) -> bytes:
        """Read until it is ``enough``."""
        taken = b""
        while not enough(taken):
            assert select.select([self.end], [], [], WITHIN)[0], f"after {taken[-100:]!r}: nothing"
            taken += os.read(self.end, 65_536)
        return taken

    def close(self) -> None:
        for descriptor in (self.end, self.inside):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.writer.forget()
    os.set_blocking(line.end, False)
    deadline = monotonic() + WITHIN
    while not line.writer.close(0.01):
        assert monotonic() < deadline, "it does not close"
        if "gone" in line.told:
            break
        with suppress(BlockingIOError):
            os.read(line.end, 1 << 20)
    line.close()


def test_what_is_written_comes_out_in_order(line: Line) -> None:
    for each in (b"one ", b"two ", b"three"):
        line.writer.write(each)
    assert line.take(13) == b"one two three"
    assert not line.writer.behind
    assert line.told == []


def test_line_that_takes_nothing_is_behind_until_it_drains(line: Line) -> None:
    line.writer.write(FULL)
    assert line.writer.behind
    assert line.take(len(FULL)) == FULL
    line.wait_for("drained")
    assert not line.writer.behind


def test_line_that_stops_is_slow_and_after_a_while_fast_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "SLOW_AFTER", 0.0)
    line.writer.write(b"a")
    line.wait_for("slow")
    monkeypatch.setattr(driver, "SLOW_AFTER", 1e9)
    monkeypatch.setattr(driver, "FAST_AFTER", 0.0)
    line.writer.write(b"b")
    line.wait_for("fast")


def test_what_waits_gives_way_to_what_restores_the_terminal(line: Line) -> None:
    line.writer.write(FULL)
    wait_until(lambda: not select.select([], [line.inside], [], 0)[1], "the pipe is full", WITHIN)
    line.writer.forget()
    line.writer.write(b"restore")
    os.set_blocking(line.end, True)
    assert line.writer.close(0.0) is False
    got = line.take_until(lambda taken: taken.endswith(b"restore"))
    assert got.endswith(b"\x18restore")
    assert len(got) < len(FULL)


def test_line_that_is_gone_is_told_once_and_takes_everything_after(line: Line) -> None:
    os.close(line.end)
    line.end = os.open(os.devnull, os.O_RDONLY)
    line.writer.write(b"a")
    line.wait_for("gone")
    for _ in range(100):
        line.writer.write(bytes(BEHIND))
    assert line.told == ["gone"]
    assert not line.writer.behind
