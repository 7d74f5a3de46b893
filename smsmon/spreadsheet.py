"""CSV that is safe to open in a spreadsheet. Pure.

A spreadsheet takes a cell that begins with ``= + - @`` for a formula, and a long run of digits
for a number that it rounds: a message's label could run a command there, and a phone number
would lose its digits. An apostrophe in front makes it text; who reads with a program strips it,
or takes JSON Lines.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

_FORMULA = frozenset("=+-@\t\r＝＋－＠")
_ROUNDED_FROM = 12
"""Digits from which a spreadsheet writes a number as 1.2E+11, or rounds it."""


def cell(text: str) -> str:
    """``text`` as a spreadsheet shows it unchanged, a line break as a space."""
    if not text.isprintable():
        text = " ".join(text.splitlines())
    if text[:1] in _FORMULA or (len(text) >= _ROUNDED_FROM and text.isdigit()):
        return f"'{text}"
    return text


def lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Each row as one CSV line without its end."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="")
    for row in rows:
        writer.writerow(map(cell, row))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
