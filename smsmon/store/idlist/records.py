"""The records of a list: its lines, but for quoted cells that go on over several. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

DELIMITERS = ",;\t|"
_LINE_END = re.compile(r"\r\n|\r|\n")
_NUMBER_SIGN = re.compile(r"\s*#[0-9]{3}")
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
    comment = text.lstrip().startswith("#") and not _NUMBER_SIGN.match(text)
    return comment or not any(map(str.isalnum, text))


def delimiter_of(text: str) -> str:
    """The delimiter that ``text`` has most of; empty when it has none."""
    most = max(DELIMITERS, key=text.count)
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
