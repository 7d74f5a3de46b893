"""The console as it is started by hand, on a real terminal, with hostile text on all sides."""

from __future__ import annotations

from pathlib import Path

from tests.cli.program import Program
from tests.hostile.corpus import CORPUS, NAME, hostile_settings, marked, marks
from tests.hostile.terminal import seen
from tests.pty.terminal import Terminal

SIZE = (200, 70)
CANCEL = b"\x18"
"""What the console itself writes when it leaves while the line is behind."""
PASTE = " ".join(text[:300] for text in marked("Pa").values()).replace("\x1b[201~", "")
PASTED = f"\x1b[200~{PASTE}\x1b[201~".encode()


def leave(terminal: Terminal) -> str:
    """Leave the console; all that it wrote, without what cancels a frame that still waited."""
    asked = len(terminal.painted)
    terminal.press(b"q")
    assert terminal.ended() == 0
    leaving = terminal.painted[asked:].replace(CANCEL, b"", 1)
    return (terminal.painted[:asked] + leaving).decode()


def test_the_console_writes_nothing_that_a_hostile_text_told_it(program: Program) -> None:
    with Terminal(program.argv(), program.env(), SIZE) as terminal:
        terminal.wait_for("Lb37")
        terminal.press(b"\r")
        terminal.wait_for("St37")
        for key in (b"/", b":", b"a"):
            before = len(terminal.painted)
            terminal.press(key)
            terminal.press(PASTED)
            terminal.wait_for("Pa0", before)
            terminal.press(b"\x1b")
            terminal.wait_quiet(0.3)
        terminal.press(b"l")
        terminal.wait_quiet(0.3)
        left = leave(terminal)
    assert seen(left, SIZE).obeyed == []
    what = seen(terminal.painted.decode(), SIZE)
    assert [
        mark for way in ("Lb", "St", "Ph") for mark in marks(way) if mark not in what.text
    ] == []


def test_the_console_writes_file_names_and_settings_as_plain_text(tmp_path: Path) -> None:
    home = tmp_path / NAME
    home.mkdir()
    (home / "config.toml").write_text(hostile_settings(), encoding="utf-8")
    (home / "watchlist.toml").write_text(f"broken {CORPUS['C1 CSI']}", encoding="utf-8")
    (home / "history.db").write_bytes(b"no database at all" * 100)
    program = Program(home)
    with Terminal(program.argv(), program.env(), SIZE) as terminal:
        terminal.wait_for("Where is the API key")
        terminal.wait_quiet(0.3)
        terminal.press(b"\x1b")
        terminal.wait_for("stopped")
        # What is wrong with the file follows: by the length of its path, its words are parted.
        terminal.wait_for("so nothing is watched")
        terminal.wait_quiet(0.3)
        left = leave(terminal)
    assert seen(left, SIZE).obeyed == []
