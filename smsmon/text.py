"""The one door for text from outside: the API, TOML files, pastes, file names, arguments.

A terminal obeys control characters wherever they come from, and format characters (bidi,
zero-width) make one number look like another. Both stop here; what leaves is plain text.
It is still only text: show it through ``Content`` or ``Text`` objects, never as markup.
"""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"
LABEL_LIMIT = 80
"""The longest label, tag, status word or phone kept, in characters."""
SENTENCE_LIMIT = 300
"""The longest error text, excerpt or note kept, in characters."""
_COMBINING_LIMIT = 2
"""Combining marks kept in a row: names need no more, and a flood of them climbs over the rows
above. Two suffices for Vietnamese decomposed, the densest of the Latin scripts."""


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
    kept: list[str] = []
    combining = 0
    for char in text:
        combining = combining + 1 if unicodedata.category(char)[0] == "M" else 0
        if combining <= _COMBINING_LIMIT:
            kept.append(char if char.isprintable() else _stand_in(char))
    return "".join(kept)


def safe_lines(text: str) -> str:
    """All of ``text`` with nothing a terminal would obey but line ends and tabs."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(
        "\t".join(safe(part, len(part)) for part in line.split("\t")) for line in lines
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


def _stand_in(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else REPLACEMENT
