"""Lists of message ids as people have them: pasted text, tables, JSON, TOML. Pure.

A bad line costs itself and nothing else: it is listed with its number, the rest is read. What is
taken is right; what is in doubt is left out, and the reason told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from smsmon import spreadsheet
from smsmon.model import DEFAULT_PROFILE, Entry
from smsmon.store import watchlist_format
from smsmon.store.entries import Problem
from smsmon.store.idlist.cells import IdList
from smsmon.store.idlist.encoding import decoded, why_no_text
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
