"""Prints the lowest version that pyproject.toml allows of each package smsmon runs on.

One ``name==version`` a line, as a constraints file for pip: ``make lowest`` installs these and
runs the tests, so that every lower bound is one that passes.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
_BOUND = re.compile(r"([\w.-]+)\s*>=\s*([\w.]+)")


def lowest(requirements: list[str]) -> list[str]:
    """The constraints. Raises ValueError for a requirement without a lower bound."""
    found = []
    for requirement in requirements:
        bound = _BOUND.match(requirement)
        if bound is None:
            raise ValueError(f"{requirement} has no lower bound (>=) in pyproject.toml")
        found.append(f"{bound[1]}=={bound[2]}")
    return found


if __name__ == "__main__":
    print("\n".join(lowest(tomllib.loads(PROJECT.read_text())["project"]["dependencies"])))
