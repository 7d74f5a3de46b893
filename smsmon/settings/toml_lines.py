"""On which line of a TOML text a key is set: ``tomllib`` does not tell."""

from __future__ import annotations

import tomllib
from typing import Any

LINES_SEARCHED = 2_000
"""Longer files are not searched: each look is a parse of all lines before it."""


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The first line, from 1, of the statement that sets ``path``; None when it cannot be told.

    Whatever the spelling (table, dotted key, inline table), the statement is what stands between
    the longest beginning of the file that lacks the key and the shortest that has it.
    """
    lines = [line + "\n" for line in text.split("\n")]
    if len(lines) > LINES_SEARCHED:
        return None
    if not _holds(_parsed(lines) or {}, path):
        return None
    lacking, ahead = 0, len(lines)  # no beginning from ``ahead`` on is of use any more
    while lacking + 1 < ahead:
        middle = (lacking + ahead) // 2
        # A beginning may end inside a statement of several lines: then the next one that does not.
        for end in range(middle, ahead):
            parsed = _parsed(lines[:end])
            if parsed is not None:
                break
        if parsed is None or _holds(parsed, path):
            ahead = middle
        else:
            lacking = end
    return lacking + 1


def _parsed(lines: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _holds(table: dict[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = table
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
