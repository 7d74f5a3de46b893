"""Lists of message ids as people have them: text, tables, JSON, TOML, as text or bytes. Pure.

A bad line costs itself and nothing else: it is listed with its number, the rest is read. What is
taken is right; what is in doubt is left out, and the reason told.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from smsmon import spreadsheet
from smsmon.model import DEFAULT_PROFILE, Entry
from smsmon.store import watchlist_format
from smsmon.store.entries import Problem
from smsmon.store.idlist.cells import IdList
from smsmon.store.idlist.objects import is_json, parse_json
from smsmon.store.idlist.prose import find_in_text
from smsmon.store.idlist.tables import CSV_COLUMNS, entry_of, header_in, lines, parse_csv, tags_cell
from smsmon.text import safe

__all__ = ["Form", "IdList", "decoded", "export", "form_of", "parse", "why_no_text"]


class Form(StrEnum):
    """How a list is written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    TOML = "toml"


_TOML = re.compile(r"^\s*(?:\[\[\s*message\s*\]\]|version\s*=\s*\d)", re.MULTILINE)


def parse(text: str, form: Form | None = None) -> IdList:
    """The entries of ``text``; None guesses how it is written."""
    text = text.removeprefix("\ufeff")
    return _PARSERS[form or guess(text)](text)


def guess(text: str) -> Form:
    """TOML has a [[message]] or a version, a table a header; else it is JSON or plain text."""
    if TEXT_MARK in text and any(each.text == TEXT_MARK for each in lines(text)):
        return Form.TEXT
    if is_json(text):
        return Form.JSON
    if _TOML.search(text):
        return Form.TOML
    return Form.CSV if header_in(lines(text)) else Form.TEXT


def form_of(name: str) -> Form | None:
    """The form that a file's name tells; None when it does not."""
    return _SUFFIXES.get(name.lower().rpartition(".")[2])


_SUFFIXES = {
    "toml": Form.TOML, "csv": Form.CSV, "tsv": Form.CSV, "json": Form.JSON, "jsonl": Form.JSON,
    "ndjson": Form.JSON,
}  # fmt: skip


def parse_toml(text: str) -> IdList:
    """A watchlist file, whole; text that is not TOML is one problem."""
    try:
        document, problems = watchlist_format.parse(text.encode("utf-8", "replace"))
    except watchlist_format.Unreadable as error:
        every = lines(text)
        shown = every[error.line - 1].text if 0 < error.line <= len(every) else ""
        return IdList(problems=(Problem(error.line, safe(shown.strip()), error.why),))
    return IdList(document.entries, tuple(problems))


def _parse_text(text: str) -> IdList:
    """What a person wrote, up to the mark of an export; below it, each line as it was written."""
    every = lines(text)
    at = next((at for at, each in enumerate(every) if each.text == TEXT_MARK), len(every))
    builder = find_in_text(every[:at])
    for line, written in every[at + 1 :]:
        message_id, _, label = written.partition("\t")
        try:
            if written:
                builder.take(line, entry_of({"id": message_id, "label": label}, trusted=True))
        except ValueError as error:
            builder.refuse(line, written, str(error))
    return builder.listed()


_PARSERS: Mapping[Form, Callable[[str], IdList]] = MappingProxyType(
    {Form.TEXT: _parse_text, Form.CSV: parse_csv, Form.JSON: parse_json, Form.TOML: parse_toml}
)


def export(entries: Sequence[Entry], form: Form, *, excel: bool = False) -> str:
    """``entries`` as a list that ``parse`` reads again. ``form`` is not JSON.

    TOML keeps everything, CSV all but the keys this version does not know, text id and label.
    ``excel``: as CSV that opens by a click (see ``spreadsheet.opened``).
    """
    if form is Form.TOML:
        return watchlist_format.dump(watchlist_format.Document(tuple(entries))).decode()
    if form is Form.CSV:
        written = spreadsheet.opened if excel else spreadsheet.lines
        return "".join(f"{line}\n" for line in written(csv_rows(entries)))
    plain = "".join(f"{line}\n" for line in text_lines(entries))
    short = tuple(Entry(entry.id, entry.label) for entry in entries)
    return plain if parse(plain) == IdList(short) else f"{TEXT_MARK}\n{plain}"


TEXT_MARK = "# A watchlist of smsmon: each line an id, a tab, and its label."
"""Before a list in which an id or a label could be taken for something else."""


def csv_rows(entries: Sequence[Entry]) -> list[Sequence[str]]:
    """All but the keys this version does not know, a row each, below a header."""
    return [CSV_COLUMNS, *map(_row, entries)]


def _row(entry: Entry) -> tuple[str, ...]:
    added = datetime.fromtimestamp(entry.added_at, UTC).isoformat() if entry.added_at else ""
    return (
        entry.id,
        entry.label,
        tags_cell(entry.tags),
        entry.note,
        added.replace("+00:00", "Z"),
        "true" if entry.paused else "",
        entry.profile if entry.profile != DEFAULT_PROFILE else "",
    )


def text_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Id and label, with a tab between."""
    return (f"{entry.id}\t{entry.label}".rstrip("\t") for entry in entries)


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
    """The text of a list, whatever program saved it.

    Unicode is told by its mark or proves itself. What is no UTF-8 was saved by an older program in
    one of a few encodings of the West, which lines with accents in them tell apart: the letters of
    the one are signs, or nothing at all, in the others.
    """

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
    text = "\n".join(_line(line, older) for line in content.split(b"\n"))
    return Decoded(text, _OLDER[older])


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
