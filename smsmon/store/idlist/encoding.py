"""Text out of the bytes of a list, whatever program saved it. Pure.

Unicode is told by its mark or proves itself. What is no UTF-8 was saved by an older program in one
of two encodings of the West, which a line with an accent in it tells apart: the letters of the one
are signs, or nothing at all, in the other.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = (
    (b"PK\x03\x04", "a spreadsheet's own file, or an archive: save the sheet as CSV there"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet's own file: save the sheet as CSV there"),
    (b"%PDF-", "a PDF: copy the ids out of it"),
    (b"\x1f\x8b", "compressed: unpack it first (gunzip)"),
)
_LOOKED_AT = 4096
_MAC_LETTERS = frozenset(b"\x88\x8d\x8e\x8f\x90\x9d\x9e")
"""à ç é è ê ù û of MacRoman; in Windows-1252 ˆ Ž ž, or no character."""
_WINDOWS_LETTERS = frozenset(range(0xC0, 0x100)) - {0xD7, 0xF7}
"""Letters of Windows-1252, and of Latin-1, which it contains."""


class Decoded(NamedTuple):
    """The text of a list."""

    text: str
    guessed: str
    """The encoding, where the bytes do not prove it; empty where they do."""


def why_no_text(content: bytes) -> str:
    """What ``content`` is instead of a list, and what to do; empty for text."""
    return next((why for mark, why in _NO_TEXT if content.startswith(mark)), "")


def decoded(content: bytes) -> Decoded:
    """The text in ``content``, without the mark it may begin with; bytes that no character stands
    for become U+FFFD."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return Decoded(content.removeprefix(mark).decode(name, "replace"), "")
    if wide := _unmarked_wide(content):
        return Decoded(content.decode(wide, "replace"), "")
    try:
        return Decoded(content.decode(), "")
    except UnicodeDecodeError:
        pass
    legacy = _legacy(content)
    # By line: in a file that several programs wrote, UTF-8 stays what it is.
    lines = [_line(line, legacy) for line in content.split(b"\n")]
    return Decoded("\n".join(lines), "MacRoman" if legacy == "mac-roman" else "Windows-1252")


def _unmarked_wide(content: bytes) -> str:
    """UTF-16 without a mark: digits and Latin letters have a zero byte each, all on one side."""
    head = content[:_LOOKED_AT]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head) or len(content) % 2 or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _line(line: bytes, legacy: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode(legacy, "replace")


def _legacy(content: bytes) -> str:
    """MacRoman where its letters stand among letters more often than those of Windows do."""
    mac = windows = 0
    for at, byte in enumerate(content[: _LOOKED_AT * 16]):
        if byte >= 0x80 and _among_letters(content, at):
            mac += byte in _MAC_LETTERS
            windows += byte in _WINDOWS_LETTERS
    return "mac-roman" if mac > windows else "cp1252"


def _among_letters(content: bytes, at: int) -> bool:
    return any(
        0 <= beside < len(content) and chr(content[beside]).isalpha() and content[beside] < 0x80
        for beside in (at - 1, at + 1)
    )
