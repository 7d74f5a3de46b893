"""`smsmon config edit` in a terminal: the editor has it, ctrl+c too, and questions are asked."""

from __future__ import annotations

from pathlib import Path

from tests.pty.conftest import Desk

EDITOR = """#!/bin/sh
trap 'echo heard' INT
echo ready
while :; do
  read -r line || continue  # ctrl+c ends a read
  [ "$line" = save ] && exit 0
  echo "$line" > "$1"
done
"""


def test_ctrl_c_is_for_the_editor_and_what_is_wrong_is_asked_about(
    desk: Desk, tmp_path: Path
) -> None:
    script = tmp_path / "editor"
    script.write_text(EDITOR)
    script.chmod(0o755)
    terminal = desk.start("config", "edit", environ={"EDITOR": str(script)})
    terminal.wait_for("ready")
    terminal.press(b"\x03")
    terminal.wait_for("heard")
    terminal.press(b"polling.budget = 0\nsave\n")
    terminal.wait_for("line 1: polling.budget must be a whole number")
    terminal.wait_for("e: edit again  k: keep the old settings")
    terminal.press(b"e\n")
    terminal.wait_for("ready", start=len(terminal.painted))
    terminal.press(b"polling.budget = 9\nsave\n")
    terminal.wait_for("is changed.")
    assert terminal.ended() == 0
    assert (desk.home / "config.toml").read_text() == "polling.budget = 9\n"
