"""A fault of our own: the terminal is given back, a note is left, and the key is nowhere."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.pty.broken import KEY
from tests.pty.conftest import Desk
from tests.pty.screen import Screen
from tests.pty.terminal import Terminal

CRASH, TERMINATED = 70, 143


def broken(desk: Desk, fault: str) -> Terminal:
    """A console with this fault, open."""
    terminal = desk.start(fault, program=(sys.executable, "-m", "tests.pty.broken"))
    terminal.wait_for("3000011")
    return terminal


def key_is_nowhere(desk: Desk, terminal: Terminal) -> bool:
    files = [path for path in desk.home.rglob("*") if path.is_file()]
    everything = [bytes(terminal.painted), *(path.read_bytes() for path in files)]
    return not any(KEY[:12].encode() in part for part in everything)


@pytest.mark.parametrize(
    "fault", ["in_a_screen", pytest.param("in_painting", marks=pytest.mark.long)]
)
def test_crash_leaves_a_note_a_sentence_and_the_terminal(desk: Desk, fault: str) -> None:
    terminal = broken(desk, fault)
    desk.opened(terminal)
    terminal.press(b"?")
    assert terminal.ended() == CRASH
    assert Screen(140, 40).feed(bytes(terminal.painted)).given_back
    assert terminal.attributes() == terminal.settings
    assert any("LookupError" in note and "broken.py" in note for note in desk.crash_notes)
    last_words = terminal.painted.rpartition(b"\x1b[?1004l")[2].decode()
    assert last_words.count("\n") == 1, last_words
    assert "fault of smsmon itself (LookupError)" in last_words
    assert str(desk.home / "crashes") in last_words.replace("\r\n", "")
    assert b"Traceback" not in terminal.painted
    assert key_is_nowhere(desk, terminal)
    again = desk.open()
    assert " 12 live" in "\n".join(Screen(140, 40).feed(bytes(again.painted)).rows)


def test_failed_worker_is_said_and_noted_and_the_console_lives(desk: Desk) -> None:
    terminal = broken(desk, "in_a_worker")
    desk.opened(terminal)
    terminal.press(b"d\x7f")
    terminal.wait_for("(LookupError)")
    terminal.wait_until(lambda: len(desk.crash_notes) == 1)
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert key_is_nowhere(desk, terminal)


def test_console_never_looks_alive_while_nothing_polls(desk: Desk) -> None:
    terminal = broken(desk, "in_the_engine")
    terminal.wait_for("NOT POLLING")
    terminal.wait_until(lambda: len(desk.crash_notes) == 1)
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert key_is_nowhere(desk, terminal)


def test_faults_in_the_background_are_noted_and_not_printed(desk: Desk) -> None:
    terminal = broken(desk, "in_the_background")
    desk.opened(terminal)
    terminal.press(b"?")
    terminal.wait_for("(LookupError)")
    terminal.press(b"\x1b")
    terminal.wait_until(lambda: len(desk.crash_notes) >= 1)
    terminal.signal(signal.SIGTERM)
    assert terminal.ended() == TERMINATED
    assert b"Traceback" not in terminal.painted
    assert key_is_nowhere(desk, terminal)


def test_leaving_that_hangs_ends_all_the_same(desk: Desk) -> None:
    terminal = broken(desk, "at_the_end")
    desk.opened(terminal)
    terminal.signal(signal.SIGTERM)
    assert terminal.ended() == TERMINATED
    assert Screen(140, 40).feed(bytes(terminal.painted)).given_back
    assert terminal.attributes() == terminal.settings
