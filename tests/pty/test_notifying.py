"""Notifications of the desktop: their bytes arrive whole, between frames, and only when needed."""

from __future__ import annotations

from tests.pty.conftest import SIZE, Desk
from tests.pty.screen import Screen

RULES = """
[alerts.one]
when = "label:alarm"
[alerts.two]
when = "label:fire"
"""
TOLD = b"\x1b]777;notify;smsmon: "
FOCUS, BLUR = b"\x1b[I", b"\x1b[O"


def test_an_alert_is_told_to_the_desktop_unless_somebody_looks_at_it(desk: Desk) -> None:
    config = desk.home / "config.toml"
    config.write_text(config.read_text() + RULES)
    terminal = desk.open(environ={"TERM_PROGRAM": "WezTerm"})
    terminal.press(FOCUS + b"e alarm\r")
    terminal.wait_for("alert one 3000000")
    terminal.wait_quiet()
    assert TOLD not in terminal.painted

    terminal.press(BLUR + b"je fire\r")
    terminal.wait_until(lambda: TOLD in terminal.painted)
    terminal.press(b"-")  # the notice was seen
    terminal.wait_quiet()
    before, told, after = terminal.painted.partition(TOLD)
    text = after.partition(b"\x07")[0].decode()
    assert told
    assert text.isprintable(), "nothing is written into the middle of it"
    assert text.startswith("two;two ")
    assert TOLD not in after
    shown = Screen(*SIZE).feed(bytes(before + after.partition(b"\x07")[2])).rows
    again = len(terminal.painted)
    terminal.press(b"\x0c")
    terminal.wait_until(lambda: len(terminal.painted) > again)
    terminal.wait_quiet()
    assert Screen(*SIZE).feed(bytes(terminal.painted[again:])).rows == shown
