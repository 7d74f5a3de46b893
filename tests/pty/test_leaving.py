"""However the console is told to end: the terminal is given back, and nothing is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from itertools import cycle
from pathlib import Path

import pytest

from tests.pty.conftest import MESSAGES, Desk
from tests.pty.screen import Screen
from tests.pty.terminal import Terminal

INTERRUPTED, TERMINATED = 130, 143
IGNORING_SIGHUP = (
    sys.executable,
    "-c",
    "import os,signal,sys;signal.signal(signal.SIGHUP,signal.SIG_IGN);"
    "os.execv(sys.executable,[sys.executable,'-m','smsmon'])",
)
LEAVING_COSTS = 2.0
"""Seconds of processor time that leaving may take at most; a spin takes more in no time."""


def remembered(home: Path) -> int:
    """Messages whose first answer is in the history."""
    with sqlite3.connect(home / "history.db") as history:
        (count,) = history.execute(
            "select count(*) from message where digest is not null"
        ).fetchone()
    history.close()
    return int(count)


def given_back(terminal: Terminal) -> bool:
    """True when the terminal is as it was before the program."""
    shown = Screen(140, 40).feed(bytes(terminal.painted))
    return shown.given_back and terminal.attributes() == terminal.settings


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, TERMINATED),
        (signal.SIGHUP, TERMINATED),
        (signal.SIGINT, INTERRUPTED),
    ],
)
def test_signal_leaves_by_the_front_door(desk: Desk, number: signal.Signals, code: int) -> None:
    terminal = desk.open()
    terminal.signal(number)
    assert terminal.ended() == code
    assert given_back(terminal)
    assert remembered(desk.home) == MESSAGES
    assert desk.crash_notes == []


@pytest.mark.long
def test_signals_in_a_row_end_it_once(desk: Desk) -> None:
    terminal = desk.open()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        terminal.signal(number)
    assert terminal.ended() in (INTERRUPTED, TERMINATED)
    assert given_back(terminal)


def test_signal_before_the_first_paint_ends_it(desk: Desk) -> None:
    terminal = desk.start()
    terminal.wait_for("\x1b[?1049h")
    terminal.signal(signal.SIGTERM)
    assert terminal.ended() == TERMINATED
    assert given_back(terminal)


@pytest.mark.parametrize("program", [None, IGNORING_SIGHUP], ids=["SIGHUP", "SIGHUP ignored"])
def test_terminal_that_is_gone_ends_it_without_a_spin(
    desk: Desk, program: tuple[str, ...] | None
) -> None:
    terminal = desk.start() if program is None else desk.start(program=program)
    desk.opened(terminal)
    before = terminal.cpu()
    terminal.hang_up()
    code, used = terminal.ended_counted()
    assert code == TERMINATED
    assert used - before < LEAVING_COSTS
    assert remembered(desk.home) == MESSAGES


def test_ignored_sighup_is_lived_through(desk: Desk) -> None:
    terminal = desk.start(program=IGNORING_SIGHUP)
    desk.opened(terminal)
    terminal.signal(signal.SIGHUP)
    seen = len(terminal.painted)
    terminal.press(b"?")
    terminal.wait_for("Here, in messages", seen)
    terminal.signal(signal.SIGTERM)
    assert terminal.ended() == TERMINATED


@pytest.mark.long
def test_stalled_terminal_does_not_keep_it_from_ending(desk: Desk) -> None:
    terminal = desk.open()
    widths = cycle((100, 139))
    terminal.stall(lambda: terminal.resize(next(widths), 40))
    terminal.signal(signal.SIGTERM)
    assert terminal.ended_unread() == TERMINATED
    assert terminal.attributes() == terminal.settings
    assert remembered(desk.home) == MESSAGES


def test_demo_ends_as_well_when_its_terminal_goes(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    terminal = desk.start("demo", environ={"TMPDIR": str(tmp_path / "tmp")})
    terminal.wait_for("OTP login")
    terminal.hang_up()
    assert terminal.ended_unread() == TERMINATED
    assert os.listdir(tmp_path / "tmp") == []
