"""What a terminal would obey in a stream of output, and what it would print."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import NamedTuple

_SEQUENCE = re.compile(
    r"""
    (?P<csi>\x1b\[[0-?]*[ -/]*[@-~])
    | (?P<string>(?:\x1b[P\]X^_]).*?(?:\x07|\x1b\\|\Z))
    | (?P<escape>\x1b[ -/]*[0-~])
    | (?P<text>[^\x1b]+)
    | (?P<rest>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")
_FORWARD = re.compile(r"\x1b\[(\d+)C")
_SCROLL_REGION = re.compile(r"\x1b\[(\d+);(\d+)r")
_MODES = frozenset(
    {"7", "25", "1000", "1002", "1003", "1004", "1006", "1015", "1049", "2004", "2026"}
)
"""Cursor, mouse, focus, alternate screen, bracketed paste, synchronised output."""
_PLAIN = frozenset(
    {
        "\x1b[H",
        "\x1bM",
        "\x1b[r",
        "\x1b[2J",
        "\x1b[0m",
        "\x1b[c",
        "\x1b[6n",
        "\x1b[>1u",
        "\x1b[>25u",
        "\x1b[<u",
        "\x1b[?2026$p",
        "\x1b[?2048$p",
        "\x1b]22;default\x07",
    }
)


class Seen(NamedTuple):
    """A stream, taken apart."""

    obeyed: list[str]
    """What a terminal would obey and a console has no reason to write."""
    text: str
    """What it would print."""


def seen(stream: str, size: tuple[int, int] = (1000, 1000)) -> Seen:
    """Take apart what was written for a terminal of that size (columns, lines)."""
    obeyed: list[str] = []
    text: list[str] = []
    for found in _SEQUENCE.finditer(stream):
        if found.lastgroup == "text":
            text.append(found[0])
            obeyed += odd_characters(found[0])
        elif not _known(found[0], size):
            obeyed.append(found[0])
            text.append(" ")
    return Seen(obeyed, "".join(text))


PIPED = "\n\t\u200c\u200d\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f"
"""What is no plain character and may stand in a pipe: line ends, tabs, what labels are typed with
(joiners, and the tags of a flag)."""


def odd_characters(text: str, allowed: str = "\r\n") -> list[str]:
    """What in ``text`` is no plain character: controls, formats, a flood of marks."""
    odd = [char for char in text if not char.isprintable() and char not in allowed]
    for is_mark, run in groupby(text, lambda char: unicodedata.category(char)[0] == "M"):
        marks = "".join(run)
        if is_mark and len(marks) > 2:
            odd.append(marks)
    return odd


def _known(sequence: str, size: tuple[int, int]) -> bool:
    if sequence in _PLAIN:
        return True
    if style := _SGR.fullmatch(sequence):
        return all(int(number or 0) <= 255 for number in style[1].split(";"))
    if place := _MOVE.fullmatch(sequence):
        return int(place[1]) <= size[1] and int(place[2]) <= size[0]
    if steps := _FORWARD.fullmatch(sequence):
        return int(steps[1]) < size[0]
    if region := _SCROLL_REGION.fullmatch(sequence):
        return int(region[1]) < int(region[2]) <= size[1]
    mode = re.fullmatch(r"\x1b\[\?([0-9;]+)[hl]", sequence)
    return mode is not None and set(mode[1].split(";")) <= _MODES
