"""What Textual takes from the environment, whichever module of the console comes first."""

from __future__ import annotations

import os
import subprocess
import sys

LOOK = """
import smsmon.console.actions
from textual import constants
print(constants.TEXTUAL_ANIMATIONS, constants.SMOOTH_SCROLL, constants.LOG_FILE)
"""


def constants(**environ: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={"PATH": os.environ.get("PATH", ""), **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_nothing_moves_by_itself_and_nothing_is_logged() -> None:
    assert constants(TEXTUAL_LOG="/nowhere/textual.log") == ["none", "False", "None"]


def test_animations_that_were_asked_for_are_shown() -> None:
    assert constants(TEXTUAL_ANIMATIONS="full")[0] == "full"
