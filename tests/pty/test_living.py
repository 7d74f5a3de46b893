"""What a terminal goes through in days: stopped and continued, resized, slow, of other kinds."""

from __future__ import annotations

import signal
import sys
from functools import partial
from itertools import cycle

import pytest

from tests.pty.conftest import MESSAGES, SIZE, Desk
from tests.pty.screen import Screen
from tests.pty.terminal import WITHIN, Terminal

SHELL = ("/bin/bash", "--norc", "--noprofile", "-i")
LONG = partial(pytest.param, marks=pytest.mark.long)
TRUECOLOR = b";2;"


def picture(terminal: Terminal, start: int = 0, size: tuple[int, int] = SIZE) -> list[str]:
    """The lines on the screen, from all that was painted since ``start``."""
    return Screen(*size).feed(bytes(terminal.painted[start:])).rows


def in_shell(desk: Desk) -> Terminal:
    """A console that was started from an interactive shell."""
    terminal = desk.start(program=SHELL, environ={"PS1": "prompt> "})
    terminal.wait_for("prompt> ")
    terminal.press(f"{sys.executable} -m smsmon\n".encode())
    desk.opened(terminal)
    return terminal


def test_ctrl_z_and_fg_and_ctrl_l_bring_the_whole_screen_back(desk: Desk) -> None:
    terminal = in_shell(desk)
    before = picture(terminal)
    stopped = len(terminal.painted)
    terminal.press(b"\x1a")
    terminal.wait_for("Stopped", stopped)
    terminal.wait_for("prompt> ", stopped)
    assert Screen(*SIZE).feed(bytes(terminal.painted)).modes["1049"] is False
    back = len(terminal.painted)
    terminal.press(b"fg\n")
    terminal.wait_for(" 12 live", back)
    terminal.wait_quiet()
    assert picture(terminal, back) == before
    again = len(terminal.painted)
    terminal.press(b"\x0c")  # ctrl+l: something else may have written on the screen
    terminal.wait_for(" 12 live", again)
    terminal.wait_quiet()
    assert picture(terminal, again) == before
    opened = len(terminal.painted)
    terminal.press(b"?")
    terminal.wait_until(lambda: len(terminal.painted) > opened)
    terminal.press(b"\x1b")
    terminal.wait_quiet()
    terminal.press(b"q")
    terminal.wait_for("prompt> ", opened)
    terminal.press(b"exit\n")
    assert terminal.ended() == 0


@pytest.mark.long
def test_bg_does_not_paint_over_the_shell(desk: Desk) -> None:
    terminal = in_shell(desk)
    stopped = len(terminal.painted)
    terminal.press(b"\x1a")
    terminal.wait_for("prompt> ", stopped)
    there = len(terminal.painted)
    terminal.press(b"bg; wait; jobs\n")
    terminal.wait_for("Stopped", there)
    terminal.wait_quiet()
    assert b"\x1b[?1049h" not in terminal.painted[there:]
    back = len(terminal.painted)
    terminal.press(b"fg\n")
    terminal.wait_for(" 12 live", back)
    terminal.press(b"q")
    terminal.wait_for("prompt> ", back)
    terminal.press(b"exit\n")
    assert terminal.ended() == 0


def test_stop_nobody_saw_coming_is_lived_through(desk: Desk) -> None:
    terminal = desk.open()
    before = picture(terminal)
    terminal.signal(signal.SIGSTOP)
    terminal.signal(signal.SIGCONT)
    back = len(terminal.painted)
    terminal.wait_for(" 12 live", back)
    terminal.wait_quiet()
    assert picture(terminal, back) == before
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert terminal.attributes() == terminal.settings


@pytest.mark.long
def test_ctrl_z_where_nobody_could_continue_it_changes_nothing(desk: Desk) -> None:
    terminal = desk.open()  # a session of its own, as of `ssh -t host smsmon`
    before = picture(terminal)
    back = len(terminal.painted)
    terminal.press(b"\x1a")
    terminal.wait_for(" 12 live", back)
    terminal.wait_quiet()
    assert picture(terminal, back) == before


def test_resize_storm_ends_in_the_right_picture(desk: Desk) -> None:
    terminal = desk.open()
    before = picture(terminal)
    used = terminal.cpu()
    for width in [*range(20, 260, 3), 1, *range(220, 30, -7)]:
        terminal.resize(width, 5 + width % 50)
        terminal.read()
    terminal.resize(*SIZE)
    terminal.wait_quiet()
    last = len(terminal.painted)
    terminal.resize(SIZE[0] - 1, SIZE[1])
    terminal.wait_quiet()
    terminal.resize(*SIZE)
    terminal.wait_quiet()
    assert picture(terminal, last) == before
    assert terminal.cpu() - used < 5


@pytest.mark.parametrize(
    "kind",
    [
        {"TERM": "screen", "COLORTERM": ""},
        LONG({"TERM": "tmux-256color", "COLORTERM": ""}),
        LONG({"TERM": "linux", "COLORTERM": ""}),
        LONG({"TERM": "dumb", "COLORTERM": ""}),
        LONG({"NO_COLOR": "1"}),
        {"LC_ALL": "C", "LANG": "C"},
    ],
    ids=lambda kind: " ".join(f"{name}={value}" for name, value in kind.items() if value),
)
def test_terminal_of_another_kind_shows_the_same_words(desk: Desk, kind: dict[str, str]) -> None:
    terminal = desk.open(environ=kind)
    shown = "\n".join(picture(terminal))
    plain_letters = kind.get("TERM") in ("linux", "dumb") or "LC_ALL" in kind
    assert shown.isascii() == plain_letters
    assert f"{'>' if plain_letters else '»'} {MESSAGES} live" in shown
    assert "Message 3000" in shown
    if kind.get("TERM", "dumb") != "dumb":
        assert TRUECOLOR not in terminal.painted
    terminal.press(b"q")
    assert terminal.ended() == 0


def test_keys_that_are_no_utf_8_change_nothing(desk: Desk) -> None:
    terminal = desk.open()
    terminal.press(b"\xe9\xff\x1b[M\xa0\xfe\xfe?")
    terminal.wait_for("Here, in messages")
    terminal.press(b"\x1b")
    terminal.wait_quiet()
    terminal.press(b"q")
    assert terminal.ended() == 0


def test_console_polls_on_while_the_terminal_stalls_and_paints_when_it_drains(desk: Desk) -> None:
    terminal = desk.open()
    widths = cycle((100, 139))
    terminal.stall(lambda: terminal.resize(next(widths), 40))
    log = desk.server.server.requests
    alone, together = len([*log]), len(log.batches)
    terminal.press(b"R")
    read: set[str] = set()
    for _ in range(round(WITHIN / 0.1)):
        read = {each.message_id for each in [*log][alone:] if each.message_id}
        batches = tuple(log.batches)[together:]
        read |= {str(row.message_id) for batch in batches for row in batch.rows}
        if len(read) >= MESSAGES:
            break
        assert terminal.lives_for(0.1)
    else:
        raise AssertionError(f"only {len(read)} are read")
    terminal.resize(*SIZE)
    terminal.wait_quiet(1)
    assert " 12 live" in "\n".join(picture(terminal))
    terminal.press(b"q")
    assert terminal.ended() == 0
