"""Text out of the bytes of a list, whatever program saved it. Pure.

Unicode is told by its mark or proves itself. What is no UTF-8 was saved by an older program in one
of a few encodings of the West, which lines with accents in them tell apart: the letters of the one
are signs, or nothing at all, in the others.
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
    *((b"PK" + mark, "a spreadsheet's own file, or an archive: save the sheet as CSV there")
      for mark in (b"\3\4", b"\5\6", b"\7\x08")),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet's own file: save the sheet as CSV there"),
    (b"%PDF-", "a PDF: copy the ids out of it"),
    (b"\x1f\x8b", "compressed: unpack it first (gunzip)"),
)  # fmt: skip
_BINARY = "no text, but some program's own file: save it there as text or CSV"
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\v\f\r"})
"""What stands in no text but by mistake."""
_LOOKED_AT = 4096
_OLDER = {
    "cp1252": "Windows-1252",
    "mac-roman": "MacRoman",
    "cp850": "CP850 (MS-DOS)",
    "iso8859-15": "Latin-9",
}
"""What older programs save in, the likeliest first."""
_BEYOND_ASCII = {name: bytes(range(0x80, 0x100)).decode(name, "replace") for name in _OLDER}
_LETTERS = dict.fromkeys("éèêàçùâîôûëïœÉÈÊÀÇÂÎÔÛŒ", 2) | dict.fromkeys("äöüßñáíóúæÄÖÜÑÁ", 1)
"""Letters of the West, and how likely they are here."""


class Decoded(NamedTuple):
    """The text of a list."""

    text: str
    guessed: str
    """The encoding, where the bytes do not prove it; empty where they do."""


def why_no_text(content: bytes) -> str:
    """What ``content`` is instead of a list, and what to do; empty for text."""
    head = content[:_LOOKED_AT].removeprefix(codecs.BOM_UTF8)
    odd = len(head) - len(head.translate(None, _CONTROLS))
    wide = _unmarked_wide(content) or any(map(content.startswith, (mark for mark, _ in _MARKS[1:])))
    other = _BINARY if odd > max(4, len(head) // 50) and not wide else ""
    return next((why for mark, why in _NO_TEXT if head.startswith(mark)), other)


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
    older = _older(content[: _LOOKED_AT * 16])
    # By line: in a file that several programs wrote, UTF-8 stays what it is.
    lines = [_line(line, older) for line in content.split(b"\n")]
    return Decoded("\n".join(lines), _OLDER[older])


def _unmarked_wide(content: bytes) -> str:
    """UTF-16 without a mark: digits and Latin letters have a zero byte each, all on one side."""
    head = content[:_LOOKED_AT]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head) or len(content) % 2 or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _line(line: bytes, older: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode(older, "replace")


def _older(content: bytes) -> str:
    """The encoding in which most characters are letters as they stand in words of the West."""
    plain = content.decode("ascii", "replace")
    found = dict.fromkeys(_OLDER, 0)
    for at, byte in enumerate(content):
        if byte >= 0x80:
            before, after = plain[max(0, at - 1) : at], plain[at + 1 : at + 2]
            for name, chars in _BEYOND_ASCII.items():
                found[name] += _fits(chars[byte - 0x80], before, after)
    return max(found, key=found.__getitem__)


def _fits(char: str, before: str, after: str) -> int:
    """How well a letter stands between two characters: a capital stands in front, or among such."""
    if char == "€":
        return not before.isalpha() and not after.isalpha()
    inside = before.islower() or (char.islower() and after.islower())
    among = before.isupper() or (not before.isalpha() and after.isalpha())
    return _LETTERS.get(char, 0) if (inside if char.islower() else among) else 0
