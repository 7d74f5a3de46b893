"""Lists of message ids as people have them: pasted text, CSV from a spreadsheet, TOML. Pure.

A bad line costs itself and nothing else: it is listed with its number, the rest is read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from smsmon.model import DEFAULT_PROFILE, Entry, is_message_id
from smsmon.store import watchlist_format
from smsmon.store.entries import Problem, clean_tags, cleaned, united, why_not_an_id
from smsmon.text import safe


class Form(StrEnum):
    """How a list is written."""

    TEXT = "text"
    CSV = "csv"
    TOML = "toml"


@dataclass(frozen=True, slots=True)
class IdList:
    """What a list holds. Entries with no moment of their own have ``added_at`` 0."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    duplicates: int = 0
    """How many were merged into an earlier one of the same id."""
    doubts: tuple[Problem, ...] = ()
    """Lines that were understood, but may have been meant otherwise."""


_LINE_END = re.compile(r"\r\n|\r|\n")
_SEPARATOR = re.compile(r"[\s,;]+")
_DELIMITERS = ",;\t"
_TOML = re.compile(r"^\s*(?:\[\[\s*message\s*\]\]|version\s*=\s*\d)", re.MULTILINE)
_DIGITS_FIRST = re.compile(r"[0-9]+")
_LONG = 5
"""Digits from which two numbers of one length are taken for two ids, whatever follows them."""
_TAG_SEPARATOR = re.compile(r"[\s,;]+")
_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "id": "id",
        "message_id": "id",
        "messageid": "id",
        "message id": "id",
        "message": "id",
        "label": "label",
        "name": "label",
        "tags": "tags",
        "tag": "tags",
        "note": "note",
        "added": "added",
        "paused": "paused",
        "profile": "profile",
    }
)
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0", ""})

CSV_COLUMNS = ("id", "label", "tags", "note", "added", "paused", "profile")
"""What an export writes, in this order. Tags stand apart by spaces, or by ``|`` (and end in one)
where a tag holds a space, comma or semicolon itself."""


def parse(text: str, form: Form | None = None) -> IdList:
    """The entries of ``text``; None guesses how it is written."""
    text = text.removeprefix("\ufeff")
    return _PARSERS[form or guess(text)](text)


def guess(text: str) -> Form:
    """TOML has a [[message]] or a version, CSV a header that names its ids; else plain text."""
    if _TOML.search(text):
        return Form.TOML
    for line in _LINE_END.split(text):
        line = line.strip()
        if line and not line.startswith("#"):
            cells = line.replace('"', "").split(_delimiter(line) or None)
            return Form.CSV if _header([cell.strip() for cell in cells]) else Form.TEXT
    return Form.TEXT


def form_of(name: str) -> Form | None:
    """The form that a file's name tells; None when it does not."""
    return {"toml": Form.TOML, "csv": Form.CSV, "tsv": Form.CSV}.get(
        name.lower().rpartition(".")[2]
    )


def parse_text(text: str) -> IdList:
    """One id a line, then its label after white space, comma, semicolon or tab.

    Several ids on a line are that many messages; a label behind them is the label of each. Empty
    lines and ``#`` lines are passed over.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    doubts: list[Problem] = []
    for number, line in enumerate(_LINE_END.split(text), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        words = [word for word in _SEPARATOR.split(line) if word]
        if count := _ids_in_front(words):
            rest = words[count:]
            if all(map(_DIGITS_FIRST.match, rest)):
                # Digits and nothing but digits were meant: what is no id is a slip of the hand.
                entries += [Entry(word) for word in words if is_message_id(word)]
                bad = [(word, why_not_an_id(word)) for word in rest]
                problems += [Problem(number, safe(word), why) for word, why in bad if why]
            else:
                label = _unquoted(_SEPARATOR.split(line.lstrip(",; \t"), maxsplit=count)[-1])
                entries += [cleaned(Entry(word, label)) for word in words[:count]]
            continue
        parts = _SEPARATOR.split(line, maxsplit=1)
        message_id = parts[0].strip("\"'")
        if why := why_not_an_id(message_id):
            problems.append(Problem(number, safe(line), why))
            continue
        label = _unquoted(parts[1]) if len(parts) > 1 else ""
        entries.append(cleaned(Entry(message_id, label)))
        digits = _DIGITS_FIRST.match(parts[1]) if len(parts) > 1 else None
        if digits and len(digits[0]) >= min(_LONG, len(message_id)):
            doubts.append(Problem(number, safe(label), "is taken for a label, as it is no id"))
    return _listed(entries, problems, doubts)


def _ids_in_front(words: Sequence[str]) -> int:
    """How many ``words`` in front are ids of their own; 0 where one id, or none, stands there.

    A label may begin with a number too: only those about as long as the first id count, unless
    there is nothing but ids.
    """
    if len(words) > 1 and all(map(is_message_id, words)):
        return len(words)
    count = 0
    for word in words:
        if not is_message_id(word) or len(word) < _LONG or abs(len(word) - len(words[0])) > 1:
            break
        count += 1
    return count if count > 1 else 0


def parse_csv(text: str) -> IdList:
    """Comma, semicolon or tab separated, with a header or not.

    The header may name id, label, tags, note, added, paused, profile in any order; columns
    with other names are passed over. Without one, the first column is the id and the rest the
    label. Each line stands for itself: an open quote does not swallow those below it.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    header: Sequence[str] | None = None
    delimiter = ""
    for number, line in enumerate(_LINE_END.split(text), 1):
        if not line.strip() or line.startswith("#"):
            continue
        first = not delimiter
        delimiter = delimiter or _delimiter(line) or _delimiter(text) or ","
        try:
            cells = _split(line, delimiter)
            if first and (header := _header(cells)):
                continue
            entries.append(_of_cells(cells, header))
        except ValueError as error:
            problems.append(Problem(number, safe(line.strip()), str(error)))
    return _listed(entries, problems)


def parse_toml(text: str) -> IdList:
    """A watchlist file, whole; text that is not TOML is one problem."""
    try:
        document, problems = watchlist_format.parse(text.encode("utf-8", "replace"))
    except watchlist_format.Unreadable as error:
        lines = _LINE_END.split(text)
        shown = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
        return IdList(problems=(Problem(error.line, safe(shown.strip()), error.why),))
    return _listed(document.entries, problems)


_PARSERS: Mapping[Form, Callable[[str], IdList]] = MappingProxyType(
    {Form.TEXT: parse_text, Form.CSV: parse_csv, Form.TOML: parse_toml}
)


def export(entries: Sequence[Entry], form: Form) -> str:
    """``entries`` as a list that ``parse`` reads again.

    TOML keeps everything, CSV all but the keys this version does not know, text id and label.
    """
    if form is Form.TOML:
        return watchlist_format.dump(watchlist_format.Document(tuple(entries))).decode()
    if form is Form.CSV:
        return "".join(_csv_lines(entries))
    return "".join(f"{entry.id}\t{_quoted(entry.label)}".rstrip() + "\n" for entry in entries)


def _listed(
    entries: Sequence[Entry], problems: Sequence[Problem], doubts: Sequence[Problem] = ()
) -> IdList:
    once = tuple(united(entries))
    return IdList(once, tuple(problems), len(entries) - len(once), tuple(doubts))


def _quoted(label: str) -> str:
    """``label``, in quotes where it could be read as ids or lose its own first character."""
    return f'"{label}"' if label and (label[0] in ",;\"'" or label[0].isdigit()) else label


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _delimiter(text: str) -> str:
    """The delimiter that ``text`` has most of; empty when it has none."""
    most = max(_DELIMITERS, key=text.count)
    return most if most in text else ""


def _split(line: str, delimiter: str) -> list[str]:
    """The cells of one CSV line. Raises ``ValueError``."""
    rows = csv.reader([line], delimiter=delimiter or ",", strict=True, skipinitialspace=True)
    try:
        return [cell.strip() for cell in next(rows)]
    except csv.Error as error:
        raise ValueError(f"this is not CSV: {error}") from error


def _header(cells: Sequence[str]) -> Sequence[str] | None:
    names = [_COLUMNS.get(cell.casefold(), "") for cell in cells]
    return names if "id" in names else None


def _of_cells(cells: Sequence[str], header: Sequence[str] | None) -> Entry:
    """Raises ``ValueError``, with the sentence to show."""
    if header is None:
        message_id, *rest = cells
        values = {"id": message_id, "label": " ".join(filter(None, rest))}
    else:
        values = dict(zip(header, cells, strict=False))
    if why := why_not_an_id(values["id"]):
        raise ValueError(why)
    tags = values.get("tags", "")
    return cleaned(
        Entry(
            id=values["id"],
            label=values.get("label", ""),
            tags=clean_tags(tags.split("|") if "|" in tags else _TAG_SEPARATOR.split(tags)),
            note=values.get("note", ""),
            added_at=_moment(values.get("added", "")),
            paused=_flag(values.get("paused", "")),
            profile=values.get("profile") or DEFAULT_PROFILE,
        )
    )


def _moment(text: str) -> float:
    if not text:
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("added is a date and time, as 2026-11-22T10:00:00Z") from None
    return moment.timestamp()


def _flag(text: str) -> bool:
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError("paused is true or false")


def _csv_lines(entries: Sequence[Entry]) -> Iterator[str]:
    lines: list[str] = []

    class _Sink:
        def write(self, line: str) -> None:
            lines.append(line)

    writer = csv.writer(_Sink(), lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for entry in entries:
        spaced = any(_TAG_SEPARATOR.search(tag) for tag in entry.tags)
        added = datetime.fromtimestamp(entry.added_at, UTC).isoformat() if entry.added_at else ""
        writer.writerow(
            (
                entry.id,
                entry.label,
                ("|" if spaced else " ").join(entry.tags) + ("|" if spaced else ""),
                entry.note,
                added.replace("+00:00", "Z"),
                "true" if entry.paused else "",
                entry.profile if entry.profile != DEFAULT_PROFILE else "",
            )
        )
    yield from lines
