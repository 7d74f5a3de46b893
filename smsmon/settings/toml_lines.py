"""On which line of a TOML text a key is set: ``tomllib`` does not tell."""

from __future__ import annotations

import tomllib
from typing import Any

LINES_SEARCHED = 2_000
"""Longer files are not searched: each line is a parse of all lines before it."""


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The first line, from 1, of the statement that sets ``path``; None when it cannot be told.

    Whatever the spelling (table, dotted key, inline table), the statement is what stands between
    the longest beginning of the file that lacks the key and the shortest that has it.
    """
    lines = [line + "\n" for line in text.split("\n")]
    if len(lines) > LINES_SEARCHED:
        return None
    last_whole = 0
    for end in range(1, len(lines) + 1):
        try:
            parsed = tomllib.loads("".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
        if _holds(parsed, path):
            return last_whole + 1
        last_whole = end
    return None


def _holds(table: dict[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = table
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
