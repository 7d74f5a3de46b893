"""``smsmon demo`` in a terminal: it shows life, and leaves nothing behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.pty.terminal import Terminal


@pytest.fixture
def demo(offline: Program, tmp_path: Path) -> Iterator[Terminal]:
    """The demo, running, with a user's home and a folder for temporary files to look into."""
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    environ = offline.env(
        HOME=str(tmp_path / "home"),
        TMPDIR=str(tmp_path / "tmp"),
        SMSMON_API_KEY="the-user's-own",
        SMSMON_BASE_URL="http://127.0.0.1:1/v1",
    )
    with Terminal(offline.argv("demo"), environ) as terminal:
        terminal.wait_for("OTP login")
        yield terminal


@pytest.mark.parametrize("how", ["key", "SIGTERM"])
def test_demo_leaves_nothing_behind_and_touches_no_file_of_the_user(
    demo: Terminal, tmp_path: Path, how: str
) -> None:
    (folder,) = (tmp_path / "tmp").iterdir()
    assert (folder / "watchlist.toml").is_file()
    if how == "key":
        demo.press(b"q")
    else:
        demo.signal(signal.SIGTERM)
    assert demo.ended() in (0, 143)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []
    assert b"Traceback" not in demo.painted
