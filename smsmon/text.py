"""The one door for text from outside: the API, TOML files, pastes, file names, arguments.

A terminal obeys control characters wherever they come from, and format characters (bidi,
zero-width) make one number look like another. Both stop here; what leaves is plain text.
It is still only text: show it through ``Content`` or ``Text`` objects, never as markup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"
LABEL_LIMIT = 80
"""The longest label, tag, status word or phone kept, in characters."""
SENTENCE_LIMIT = 300
"""The longest error text, excerpt or note kept, in characters."""
_COMBINING_LIMIT = 2
"""Combining marks kept in a row: names need no more, and a flood of them climbs over the rows
above. Two suffices for Vietnamese decomposed, the densest of the Latin scripts."""
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_FLAG_TAGS = re.compile("(?<=\U0001f3f4)([\U000e0030-\U000e007a]{2,6}\U000e007f)")
"""What stands behind a black flag to make it England's or Texas' (Unicode TS 51, ED-14a)."""
_DISPUTED = dict.fromkeys(
    [*map(ord, _JOINERS), 0xFE0E, 0xFE0F, *range(0xE0020, 0xE0080)]  # joiners, selectors, tags
)
_LINES_AND_TABS = re.compile("([\n\t])")


def safe(text: str, limit: int = LABEL_LIMIT) -> str:
    """``text`` with nothing a terminal would obey, at most ``limit`` characters long.

    Unicode category C (control, format, surrogate, private, unassigned) and line separators
    become U+FFFD; other unusual spaces become a space; what is cut ends in an ellipsis.
    Idempotent.
    """
    if len(text) > limit:
        text = text[: limit - 1] + ELLIPSIS
    if text.isascii() and text.isprintable():
        return text
    return _cleaned(text, _stand_in)


def typed(text: str, limit: int = LABEL_LIMIT) -> str:
    """``text`` as somebody wrote it, to be kept: `safe`, but with what scripts and emoji need.

    Joiners (Persian, the scripts of India, families), the tags of a flag, and emoji newer than
    this Python's tables stay as they are: what a terminal gets of them is decided when they
    are painted (`painted`). Idempotent.
    """
    if len(text) > limit:
        text = text[: limit - 1] + ELLIPSIS
    if text.isascii() and text.isprintable():
        return text
    pieces = _FLAG_TAGS.split(text)
    return "".join(
        piece if place % 2 else _cleaned(piece, _stand_in_unless_needed)
        for place, piece in enumerate(pieces)
    )


def painted(text: str) -> str:
    """``text`` as a terminal gets it: `safe`, and without what terminals disagree about.

    Whether two emoji with a joiner between are drawn as one, and how wide a variation selector
    makes a character, depends on the terminal: without them every one counts the same columns.
    """
    if text.isascii() and text.isprintable():
        return text
    return safe(typed(text, len(text)).translate(_DISPUTED), len(text))


def columns(text: str) -> int:
    """Columns ``text`` takes on a terminal: wide East Asian characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(char)[0] == "M"
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def safe_lines(text: str) -> str:
    """All of ``text`` with nothing a terminal would obey but line ends and tabs."""
    return _by_line(text.replace("\r\n", "\n").replace("\r", "\n"), safe)


def piped(text: str) -> str:
    """All of ``text`` for a reader that is a program: as `typed`, with line ends and tabs."""
    return _by_line(text, typed)


def shown(text: str) -> str:
    """All of ``text`` for a terminal: as `painted`, with line ends and tabs."""
    return _by_line(text, lambda part, _: painted(part))


def _by_line(text: str, clean: Callable[[str, int], str]) -> str:
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(
        part if part in ("\n", "\t") else clean(part, len(part))
        for part in _LINES_AND_TABS.split(text)
    )


def safe_bytes(data: bytes, limit: int = SENTENCE_LIMIT) -> str:
    """The beginning of ``data`` as safe text: UTF-8 if it is, Latin-1 if not.

    White space is folded, so that an HTML page reads as a line.
    """
    head = data[: limit * 8].removeprefix(b"\xef\xbb\xbf")
    try:
        # The cut may fall inside a character: an error at the very end is ours, not the text's.
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        ours = error.start > len(head) - 4 and len(data) > len(head)
        text = head[: error.start].decode("utf-8") if ours else head.decode("latin-1")
    return safe(" ".join(text.split()), limit)


def _cleaned(text: str, stand_in: Callable[[str], str]) -> str:
    kept: list[str] = []
    combining = 0
    for char in text:
        combining = combining + 1 if unicodedata.category(char)[0] == "M" else 0
        if combining <= _COMBINING_LIMIT:
            kept.append(char if char.isprintable() else stand_in(char))
    return "".join(kept)


def _stand_in_unless_needed(char: str) -> str:
    new_emoji = "\U0001f000" <= char <= "\U0001fbff" and unicodedata.category(char) == "Cn"
    return char if char in _JOINERS or new_emoji else _stand_in(char)


def _stand_in(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else REPLACEMENT
