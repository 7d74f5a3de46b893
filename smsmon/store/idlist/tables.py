"""Lists with columns: CSV of any delimiter, what a spreadsheet copies, tables in Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from smsmon import spreadsheet
from smsmon.model import Entry
from smsmon.store.entries import cleaned
from smsmon.store.idlist.cells import id_in, is_id
from smsmon.store.idlist.columns import CSV_COLUMNS, entry_of, fields_of, names_ids
from smsmon.store.idlist.found import Finding, IdList
from smsmon.store.idlist.records import (
    DELIMITERS,
    Record,
    cells_of,
    delimiter_of,
    is_silent,
    lines,
    records,
)

_LOOKED_AT = 10
"""Lines among which a header is looked for: a report has a title above it."""
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
_LIKE_AN_ID = 5
"""Digits from which a cell beside the first may be the id as well."""

UNNAMED = "no column is named as that of the ids: put id in its place in the header"
SEVERAL = "several of its cells may be the id: put a header above that names the columns"


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
    finding = Finding()
    if header is None:
        delimiter = (told[1] if told else "") or delimiter_of(text) or ","
        for record in records(every, delimiter):
            if not is_silent(record.text):
                _take_bare(record, delimiter, finding)
        return finding.listed()
    for record in every[: header.at]:
        if not is_silent(record.text):
            finding.refuse(record.line, record.text, "it stands above the header")
    for record in records(every[header.at + 1 :], header.delimiter):
        if not is_silent(record.text):
            _take(record, header, finding)
    return finding.listed()


def _take(record: Record, header: Header, finding: Finding) -> None:
    try:
        cells = cells_of(record.text, header.delimiter)
        if "id" not in header.fields:
            raise ValueError(UNNAMED)
        if any(cells[len(header.fields) :]):
            raise ValueError("it has more cells than the header has names")
        values = dict(zip(header.fields, map(spreadsheet.plain, cells), strict=False))
        finding.take(record.line, entry_of(values, trusted=header.trusted))
    except ValueError as error:
        finding.refuse(record.line, record.text, str(error))


def _take_bare(record: Record, delimiter: str, finding: Finding) -> None:
    """A row whose columns nobody named: its first cell is the id, unless another may be."""
    try:
        cells = cells_of(record.text, delimiter)
        message_id = id_in(cells[0])
        rest = [*filter(None, cells[1:])]
        if any(is_id(cell) and len(cell) >= min(_LIKE_AN_ID, len(cells[0])) for cell in rest):
            raise ValueError(SEVERAL)
        label = " ".join(map(spreadsheet.plain, rest))
        finding.take(record.line, cleaned(Entry(message_id, label)))
    except ValueError as error:
        finding.refuse(record.line, record.text, str(error))
