"""The console in words, as a terminal gets it: where its own cursor stands, and what is written."""

from __future__ import annotations

import re

from tests.pty.conftest import MESSAGES, Desk
from tests.pty.screen import Screen
from tests.pty.terminal import Terminal

SIZE = (80, 24)
RECIPIENTS = 5
"""Of each message."""
PLAIN = {"SMSMON_DISPLAY_PLAIN": "true"}
_CODES = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|.)")


def shown(terminal: Terminal) -> Screen:
    return Screen(*SIZE).feed(bytes(terminal.painted))


def wait_to_see(terminal: Terminal, text: str) -> None:
    terminal.wait_until(lambda: text in "\n".join(shown(terminal).rows), text)


def under_cursor(terminal: Terminal) -> str:
    """What stands from the terminal's own cursor on to the end of its line."""
    screen = shown(terminal)
    x, y = screen.cursor
    return screen.rows[y][x:]


def written(terminal: Terminal, keys: bytes) -> list[str]:
    """The words that ``keys`` have written: what a reader that speaks output says."""
    start = len(terminal.painted)
    terminal.press(keys)
    terminal.wait_until(lambda: len(terminal.painted) > start)
    terminal.wait_quiet()
    return _CODES.sub(" ", terminal.painted[start:].decode()).split()


def opened(desk: Desk) -> Terminal:
    terminal = desk.start("--plain", size=SIZE)
    wait_to_see(terminal, f"row 1 of {MESSAGES}")
    wait_to_see(terminal, f" {MESSAGES * RECIPIENTS} recipients")
    terminal.wait_quiet()
    return terminal


def test_the_terminals_own_cursor_is_seen_and_stands_on_the_selected_row(desk: Desk) -> None:
    terminal = opened(desk)
    assert shown(terminal).modes["25"], "it is seen"
    first = under_cursor(terminal)
    assert first.startswith("3000000  Message 3000000")
    terminal.press(b"jj")
    wait_to_see(terminal, f"row 3 of {MESSAGES}")
    terminal.wait_quiet()
    assert under_cursor(terminal).startswith("3000002  Message 3000002")
    terminal.press(b"/300")
    wait_to_see(terminal, "/ 300")
    terminal.wait_quiet()
    x, y = shown(terminal).cursor
    assert shown(terminal).rows[y][:x].endswith("/ 300"), "in the field that is typed in"
    terminal.press(b"\x1b")
    terminal.wait_quiet()
    assert re.match(r"30000\d\d ", under_cursor(terminal)), "and back on the row"
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert shown(terminal).modes["25"]


def test_going_to_another_row_writes_its_number_alone(desk: Desk) -> None:
    terminal = opened(desk)
    said = written(terminal, b"j")
    assert said == f"row 2 of {MESSAGES}".split()
    terminal.press(b"q")
    assert terminal.ended() == 0


def test_nothing_is_written_while_nothing_happens(desk: Desk) -> None:
    terminal = opened(desk)
    assert terminal.watch(3) == b""
    terminal.press(b"q")
    assert terminal.ended() == 0
