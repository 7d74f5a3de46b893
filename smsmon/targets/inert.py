"""Text from outside as it may reach chats, mail and pagers: nothing is left that they would obey.

Which marks a chat or a mail takes for a link, a mention or a format differs, and nobody knows
which of them a target shows. So what could be one anywhere (HTML, Markdown and its kin, mentions,
addresses, signs by name) becomes a look-alike that is none. What reads well stays as it is.
"""

from __future__ import annotations

import re

from smsmon.phones import without_numbers
from smsmon.text import LABEL_LIMIT, painted, safe

_LOOK_ALIKES = str.maketrans(
    {
        "<": "‹",
        ">": "›",
        "`": "ʼ",
        "*": "∗",
        "~": "∼",
        "[": "(",
        "]": ")",
        "|": "¦",
        "\\": "∖",
    }
)
_CROWD = "everyone|here|channel|all|online|room"
_MARKS = re.compile(
    r"(?P<scheme>:(?=//))"
    r"|(?P<web>(?<=\bwww)\.)"
    rf"|(?P<mention>@(?:(?=(?:{_CROWD})\b)|(?<![0-9A-Za-z]@)))"
    r"|(?P<edge>(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))"
    r"|(?P<sign>:(?=[0-9_+-]*[a-z][a-z0-9_+-]*:))"
    r"|(?P<entity>&(?=#?[0-9A-Za-z]{1,32};))"
    r"|(?P<ref>(?<![0-9A-Za-z])#(?=\w))",
    re.IGNORECASE,
)
_STAND_INS = {
    "scheme": ": ",
    "web": " .",
    "mention": "＠",
    "edge": "＿",
    "sign": "∶",
    "entity": "＆",
    "ref": "＃",
}
_BLOCK = re.compile(r"^(?:(?P<mark>[-+=#])(?=[\s\-+=#]|$)|(?P<digits>[0-9]{1,9})[.)](?=\s|$))")
_BLOCKS = {"-": "–", "+": "＋", "=": "＝", "#": "＃"}


def inert(text: str, limit: int = LABEL_LIMIT, *, private: bool = False) -> str:
    """``text`` on one line, at most ``limit`` characters long, with nothing to be obeyed.

    ``private``: phone numbers in it are masked. Idempotent.
    """
    text = painted(" ".join(safe(text[: limit * 8], limit * 8).split()))
    if private:
        text = without_numbers(text)
    text = safe(text.translate(_LOOK_ALIKES), limit)
    # What stands where a mark stood can make another, and so can the cut behind it.
    while (less := safe(_MARKS.sub(_stand_in, text), limit)) != text:
        text = less
    return _BLOCK.sub(_no_block, text)


def _stand_in(found: re.Match[str]) -> str:
    return _STAND_INS[found.lastgroup or ""]


def _no_block(found: re.Match[str]) -> str:
    """What begins a line of Markdown as a heading, a list or a rule, as plain text."""
    return _BLOCKS[found["mark"]] if found["mark"] else f"{found['digits']}․"
