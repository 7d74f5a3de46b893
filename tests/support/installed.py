"""What a process of its own runs: the smsmon that is installed, which must be this tree."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

TREE = Path(__file__).parents[2]


@cache
def require(tree: Path = TREE) -> None:
    """Raise ``AssertionError`` unless a process of this interpreter imports smsmon from ``tree``.

    Called by all that start smsmon: the test would else judge other code than that beside it.
    """
    asked = subprocess.run(
        [sys.executable, "-I", "-c", "import smsmon; print(smsmon.__path__[0])"],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    installed = Path(asked.stdout.strip() or "/nowhere").resolve()
    if installed != (tree / "smsmon").resolve():
        found = f"is that of {installed}" if asked.returncode == 0 else "is missing"
        raise AssertionError(
            f"The smsmon that {sys.executable} runs {found}, and the tests stand in {tree}:"
            " install this tree (`make test` does) with pip install -e '.[dev]'."
        )
