"""Lists with columns: CSV of any delimiter, what a spreadsheet copies, tables in Markdown. Pure.

Records first, which quoted cells may stretch over several lines; then the names of columns, as
people write them; then the table.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from smsmon import spreadsheet
from smsmon.model import DEFAULT_PROFILE, Entry, is_message_id
from smsmon.store.entries import clean_tags, cleaned
from smsmon.store.idlist.cells import (
    CUT,
    SEVERAL,
    IdList,
    ListBuilder,
    id_in,
    is_id,
    is_rounded,
    uncovered,
    why_not_first,
)

DELIMITERS = ",;\t|"
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIRST_DELIMITER = re.compile(rf'^(?:"[^"\n]*"|[^"{DELIMITERS}\n])*([{DELIMITERS}])', re.MULTILINE)
_NO_COMMENT = re.compile(
    rf"\s*#(?:[0-9]{{3}}|[0-9]+\W+[0-9]{{3}}|N/A|[^\W_]+(?:/0)?[!?]|#+ *[{DELIMITERS}])"
)
"""What begins as a comment does: the number of a message or a line, an error in a spreadsheet, and
a cell that was too narrow for its number."""
_LONGEST_CELL = 200
"""Lines that a quoted cell may have: a quote that is open longer is a slip."""


class Record(NamedTuple):
    """One record, and the line it begins on, from 1."""

    line: int
    text: str


def lines(text: str) -> list[Record]:
    """Every line, whatever ends it."""
    return [Record(*each) for each in enumerate(_LINE_END.split(text), 1)]


def is_silent(text: str) -> bool:
    """True for a line that says nothing: empty, a comment, or a rule drawn of signs.

    ``#2270142`` may be a number as well as a comment, and says something.
    """
    comment = text.lstrip().startswith("#") and not _NO_COMMENT.match(text)
    return comment or not any(map(str.isalnum, text))


def delimiter_of(text: str) -> str:
    """The delimiter that comes first in most lines of ``text``: a comma that follows may be one of
    numbers. Of several the one there is most of; empty when it has none.
    """
    first = _FIRST_DELIMITER.findall(text)
    most = max(DELIMITERS, key=lambda each: (first.count(each), text.count(each)))
    return most if most in text else ""


def records(all_lines: Sequence[Record], delimiter: str = "") -> Iterator[Record]:
    """``all_lines`` with those of one quoted cell together; each line's own delimiter if none.

    A quote that is never closed as it should be costs its own line only.
    """
    at = 0
    while at < len(all_lines):
        line, text = all_lines[at]
        at += 1
        if '"' in text:
            by = delimiter or delimiter_of(text)
            if by and (count := _lines_of_open_cell(all_lines[at - 1 :], by)):
                text = "\n".join(each.text for each in all_lines[at - 1 : at + count])
                at += count
        yield Record(line, text)


def _lines_of_open_cell(following: Sequence[Record], delimiter: str) -> int:
    """How many lines after the first belong to a quoted cell that it leaves open."""
    whole, still_open = _shapes(delimiter)
    text = following[0].text
    if not still_open.fullmatch(text):
        return 0
    for count in range(1, min(_LONGEST_CELL, len(following))):
        text += "\n" + following[count].text
        if '"' not in following[count].text:
            continue
        if whole.fullmatch(text):
            return count
        if not still_open.fullmatch(text):
            return 0
    return 0


@cache
def _shapes(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A whole record, and the beginning of one that ends inside a quoted cell."""
    by = re.escape(delimiter)
    quoted = r' *"(?:[^"]|"")*'
    cell = rf'(?:{quoted}" *|(?! *")[^{by}\n]*)'
    return re.compile(rf"(?:{cell}{by})*{cell}"), re.compile(rf"(?:{cell}{by})*{quoted}")


def cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of one record, each without the white space around it. Raises ``ValueError``."""
    rows = csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        cells = [cell.strip() for cell in next(rows, [])]
    except csv.Error as error:
        raise ValueError(f"this is not CSV: {error}") from error
    if delimiter == "|":  # Markdown draws its first and last border too
        cells = cells[not cells[0] :] if cells else cells
        cells = cells[:-1] if cells and not cells[-1] else cells
    return cells


CSV_COLUMNS = ("id", "label", "tags", "note", "added", "paused", "profile")
"""What an export writes, in this order."""

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        name: field
        for field, names in {
            "id": "id, ids, identifiant, identifiants",
            "label": "label, name, title, campaign, libelle, nom, titre, intitule, campagne",
            "tags": "tags, tag, etiquettes, etiquette, mots cles",
            "note": "note, notes, comment, comments, commentaire, commentaires, remarque",
            "added": "added, added at, ajoute, ajoute le",
            "paused": "paused, pause, en pause",
            "profile": "profile, account, profil, compte",
        }.items()
        for name in names.split(", ")
    }
)
_MESSAGE = (
    "messages?|msg|sms|mensajes?|messaggi[oa]?|mensage(?:m|ns)|nachricht(?:en)?|bericht|wiadomosci"
)
_OF_A_MESSAGE = re.compile(
    rf"(?:{_MESSAGE}) ?ids?"
    rf"|(?:ids?|identifiants?|identificador|numero|n°) ?(?:d[eiu]l? |da |do |des )?(?:{_MESSAGE})"
)
"""Names of a column of message ids in which both are said, in the languages of the neighbours."""
_BETWEEN_WORDS = re.compile(r"[\s_.\-]+")
_TAG_SEPARATOR = re.compile(r"[\s,;]+")
_YES = frozenset({"true", "yes", "1", "vrai", "oui"})
_NO = frozenset({"false", "no", "0", "", "faux", "non"})


def fields_of(names: Iterable[str]) -> list[str]:
    """The field of an entry that each column name stands for, in English or French; else "".

    No two columns are of one field. Beside a ``message id`` an ``id`` is that of the row.
    """
    names = [*names]
    folded = [*map(_folded, names)]
    of_a_message = [*map(is_of_a_message, names)]
    fields = [
        "id" if explicit else _NAMES.get(name, "")
        for name, explicit in zip(folded, of_a_message, strict=True)
    ]
    if any(of_a_message):
        fields = [
            "" if name in ("id", "ids") else field
            for name, field in zip(folded, fields, strict=True)
        ]
    return [field if fields.count(field) == 1 or field == "id" else "" for field in fields]


def is_of_a_message(name: str) -> bool:
    """True for a name that says that it is the id of a message."""
    return bool(_OF_A_MESSAGE.fullmatch(_folded(name)))


def is_list_of_messages(name: str) -> bool:
    """True for a name of many messages, or of their ids."""
    return bool(re.fullmatch(rf"{_MESSAGE}|ids", _folded(name)))


def _folded(name: str) -> str:
    apart = unicodedata.normalize("NFKD", uncovered(name).strip(" \"'*:").casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    return _BETWEEN_WORDS.sub(" ", plain.replace("\N{DEGREE SIGN}", "°")).strip()


def names_ids(fields: Sequence[str]) -> bool:
    """True for a header that tells where the ids are."""
    return fields.count("id") == 1


def entry_of(values: Mapping[str, str], *, trusted: bool = False) -> Entry:
    """The entry that a row's ``values`` describe, by field. Raises ``ValueError``.

    ``trusted``: the row is of an export, where an id is one whatever it looks like.
    """
    text = values.get("id", "")
    tags = values.get("tags", "")
    return cleaned(
        Entry(
            id=text if trusted and is_message_id(text) else id_in(text),
            label=values.get("label", ""),
            tags=clean_tags(tags_in(tags)),
            note=values.get("note", ""),
            added_at=_moment(values.get("added", "")),
            paused=_flag(values.get("paused", "")),
            profile=values.get("profile") or DEFAULT_PROFILE,
        )
    )


def tags_cell(tags: Sequence[str]) -> str:
    """``tags`` in one cell: apart by spaces, or each with a ``|`` behind it where one has a space,
    comma, semicolon or ``|`` itself; there a backslash goes before what is a tag's own."""
    if not any("|" in tag or _TAG_SEPARATOR.search(tag) for tag in tags):
        return " ".join(tags)
    return "".join(re.sub(r"([\\|])", r"\\\1", tag) + "|" for tag in tags)


def tags_in(cell: str) -> list[str]:
    """The tags that ``cell`` says; what ``tags_cell`` wrote, and what people write."""
    if "|" not in cell:
        return _TAG_SEPARATOR.split(cell)
    parts = re.findall(r"((?:\\[\\|]|[^|])+)", cell)
    return [re.sub(r"\\([\\|])", r"\1", part) for part in parts]


def _moment(text: str) -> float:
    if not text:
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError("added is a date and time, as 2026-11-22T10:00:00Z") from None


def _flag(text: str) -> bool:
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError("paused is true or false")


_LOOKED_AT = 10
"""Lines among which a header is looked for: a report has a title above it."""
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
_LIKE_AN_ID = 5
"""Digits from which a cell beside the first may be the id as well."""

UNNAMED = "no column is named as that of the ids: put id in its place in the header"


class Header(NamedTuple):
    """Where a table begins, and what its columns are."""

    at: int
    """Its place among the lines."""
    delimiter: str
    fields: Sequence[str]
    """The entry's field of each column; none is ``id`` where that is not known."""
    trusted: bool = False
    """It is an export of smsmon."""


def header_in(every: Sequence[Record]) -> Header | None:
    """The header of a table among the first lines, if there is one."""
    telling = (each for each in enumerate(every) if not is_silent(each[1].text))
    told = [*islice(telling, _LOOKED_AT)]
    for place, (at, (_, text)) in enumerate(told):
        for delimiter in sorted(DELIMITERS, key=text.count, reverse=True):
            cells = _cells(text, delimiter)
            fields = fields_of(cells)
            titles = not any(is_id(cell) and len(cell) >= _LIKE_AN_ID for cell in cells)
            if names_ids(fields) and titles and (len(cells) > 1 or place == 0):
                return Header(at, delimiter, fields, tuple(cells) == CSV_COLUMNS)
    return _unnamed(told)


def _unnamed(told: Sequence[tuple[int, Record]]) -> Header | None:
    """A first line of names, none of them ids', above rows of as many cells."""
    if len(told) < 2:
        return None
    (at, (_, text)), (_, (_, below)) = told[:2]
    delimiter = delimiter_of(text)
    if not delimiter or any(map(str.isdigit, text)):
        return None
    names = _cells(text, delimiter)
    alike = len(_cells(below, delimiter)) == len(names) > 1
    if not alike or not all(names) or not any(map(str.isdigit, below)):
        return None
    return Header(at, delimiter, [""] * len(names))


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return cells_of(text, delimiter)
    except ValueError:
        return []


def parse_csv(text: str) -> IdList:
    """Comma, semicolon, tab or ``|`` between the cells, with a header or not.

    The header may name id, label, tags, note, added, paused, profile in any order, in English or
    French; columns with other names are passed over. Without one, the first column is the id and
    the rest the label.
    """
    every = lines(text)
    told = _SEPARATOR.fullmatch(every[0].text.strip())
    every = every[1:] if told else every
    header = header_in(every)
    builder = ListBuilder()
    if header is None:
        delimiter = (told[1] if told else "") or delimiter_of(text) or ","
        for record in records(every, delimiter):
            if not is_silent(record.text):
                _take_bare(record, delimiter, builder)
        builder.doubt_called_phones()
        builder.doubt_numbering()
        return builder.listed()
    for record in every[: header.at]:
        if not is_silent(record.text):
            builder.refuse(record.line, record.text, "it stands above the header")
    for record in records(every[header.at + 1 :], header.delimiter):
        if not is_silent(record.text):
            _take(record, header, builder)
    if not header.trusted:
        builder.doubt_total()
    return builder.listed()


def _take(record: Record, header: Header, builder: ListBuilder) -> None:
    try:
        cells = cells_of(record.text, header.delimiter)
        if "id" not in header.fields:
            raise ValueError(UNNAMED)
        if any(cells[len(header.fields) :]):
            raise ValueError("it has more cells than the header has names")
        values = dict(zip(header.fields, map(spreadsheet.plain, cells), strict=False))
        builder.take(record.line, entry_of(values, trusted=header.trusted))
    except ValueError as error:
        builder.refuse(record.line, record.text, str(error))


def _take_bare(record: Record, delimiter: str, builder: ListBuilder) -> None:
    """A row whose columns nobody named: its first cell is the id, unless another may be."""
    try:
        cells = cells_of(record.text, delimiter)
        message_id = id_in(cells[0])
        rest = [*filter(None, cells[1:])]
        if any(is_id(cell) and len(cell) >= min(_LIKE_AN_ID, len(cells[0])) for cell in rest):
            raise ValueError(SEVERAL)
        label = " ".join(map(spreadsheet.plain, rest))
        if is_rounded(record.text):  # with the comma that stands between cells here
            raise ValueError(CUT)
        if why := why_not_first(message_id, label):
            raise ValueError(why)
        builder.take(record.line, cleaned(Entry(message_id, label)))
    except ValueError as error:
        builder.refuse(record.line, record.text, str(error))
