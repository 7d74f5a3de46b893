"""On which line of a TOML text a key is set: ``tomllib`` does not tell."""

from __future__ import annotations

import tomllib
from typing import Any


def line_of(text: str, path: tuple[str | int, ...]) -> int | None:
    """The first line, from 1, of the statement that sets ``path``; None when it cannot be told.

    A number in ``path`` is a place in a list. Whatever the spelling (table, dotted key, inline
    table), the statement is what stands between the longest beginning of the file that lacks the
    key and the shortest that has it: a dozen readings find it, each of all lines before.
    """
    lines = [line + "\n" for line in text.split("\n")]
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
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _holds(value: Any, path: tuple[str | int, ...]) -> bool:
    for name in path:
        if isinstance(value, list) and isinstance(name, int):
            if name >= len(value):
                return False
        elif not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
