"""Tables: as wide as the terminal for a person, whole and separated by tabs for a program."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smsmon.commands.output import emit, on_terminal, print_json, progress
from smsmon.text import ELLIPSIS, painted, typed
from smsmon.text import columns as columns_of

if TYPE_CHECKING:
    from smsmon.filters.fields import AnyField

_NOTHING = "–"
"""What an empty cell shows on a terminal."""
_GAP = 2
_UNPARTED = 3
"""Digits of a number that are read at a glance."""
_INDENT = 4
"""Columns before what stands below a row."""
LEAST = 10
"""Columns that are left of a text that is shortened."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column, and what becomes of it where the terminal is narrow."""

    title: str
    right: bool = False
    """A number."""
    worth: int | None = None
    """Where there is no room, what is worth least is left out first. None: it never is."""
    cut: int | None = None
    """Of a text: when its turn comes to be shortened, among what is worth so much. None: never."""


def head_of(field: AnyField, worth: int | None = None) -> Head:
    """The head of a field as its table has it; ``worth`` where it is worth something else here.

    What the console titles with a sign has its name.
    """
    shown = field.shown
    return Head(
        (shown and shown.title) or field.name.replace("_", " "),
        shown is not None and shown.align == "right",
        worth if worth is not None else shown.priority if shown else 0,
        _CUT.get(field.name),
    )


_CUT = {"note": 10, "tag": 30, "label": 60}
"""What is shortened, and when its turn comes."""


def print_rows(
    header: Sequence[str | Head],
    rows: Iterable[Sequence[str]],
    *,
    right: Container[int] = (),
    empty: str = "",
    hide_empty: bool = False,
    below: Sequence[str] = (),
) -> None:
    """A table with a header on a terminal; piped, the same rows bare and tab-separated.

    A person reads ``12,345`` in columns of numbers. Of plain titles those whose place is in
    ``right`` are of numbers, and the last column is a text that may be shortened. An empty cell is
    a dash on the terminal and nothing in the pipe. ``empty`` is what a person is told when there
    are no rows; ``hide_empty`` keeps columns from a person that have nothing in any of them;
    ``below`` has a text for each row, which a person reads under it.
    """
    if not on_terminal():
        for row in rows:
            emit("\t".join(typed(cell, len(cell)) for cell in row))
        return
    heads = [
        each if isinstance(each, Head) else _plain(each, i in right, i == len(header) - 1)
        for i, each in enumerate(header)
    ]
    cells = [[_shown(*each) for each in zip(heads, row, strict=True)] for row in rows]
    if not cells:
        if empty:
            progress(empty)
        return
    columns = [
        (head, [head.title.upper(), *column])
        for head, column in zip(heads, zip(*cells, strict=True), strict=True)
        if not hide_empty or any(cell != _NOTHING for cell in column)
    ]
    import shutil  # loaded here: half of a millisecond

    room = shutil.get_terminal_size().columns
    widths = fitted(
        [head for head, _ in columns], [max(map(columns_of, column)) for _, column in columns], room
    )
    for i in range(len(cells) + 1):
        padded = (
            _padded(column[i], width, right=head.right)
            for (head, column), width in zip(columns, widths, strict=True)
            if width
        )
        emit((" " * _GAP).join(padded).rstrip())
        if i and below:
            _emit_below(below[i - 1], room)
    if left_out := [
        head.title for (head, _), width in zip(columns, widths, strict=True) if not width
    ]:
        progress(f"No room at {room} columns for {', '.join(left_out)}.")


def _shown(head: Head, cell: str) -> str:
    """A cell as a person reads it: ``12,345``, of a column of numbers."""
    number = head.right and len(cell) > _UNPARTED and cell.isascii() and cell.isdigit()
    return f"{int(cell):,}" if number else painted(cell) or _NOTHING


def _emit_below(text: str, room: int) -> None:
    from textwrap import wrap

    indent = " " * _INDENT
    for line in wrap(painted(text), room, initial_indent=indent, subsequent_indent=indent):
        emit(line)


def _plain(title: str, right: bool, last: bool) -> Head:
    return Head(title, right, cut=100 if last and not right else None)


def fitted(heads: Sequence[Head], widths: Sequence[int], room: int) -> list[int]:
    """How wide each column is, of those that want ``widths``, within ``room``; 0: left out.

    Texts are shortened and columns left out in the order of what they are worth, until all that
    is left has room; then texts get back what is to spare.
    """
    given = [*widths]
    turns = sorted(
        (turn, not cut, -place)
        for place, head in enumerate(heads)
        for turn, cut in ((head.cut, True), (head.worth, False))
        if turn is not None
    )

    def spare() -> int:
        kept = [width for width in given if width]
        return room - sum(kept) - _GAP * (len(kept) - 1)

    for _, leave, place in turns:
        if spare() >= 0:
            break
        if not leave:
            given[-place] = min(given[-place], max(LEAST, given[-place] + spare()))
        else:
            given[-place] = 0
    for _, leave, place in reversed(turns):
        if not leave and given[-place]:
            given[-place] = min(widths[-place], given[-place] + max(0, spare()))
    return given


def _padded(cell: str, width: int, *, right: bool) -> str:
    cell = _cut(cell, width)
    blank = " " * (width - columns_of(cell))
    return blank + cell if right else cell + blank


def print_csv(rows: Iterable[Iterable[str]], table: str) -> None:
    """The rows, their names first, as ``--csv`` or ``--excel`` has them."""
    from smsmon.spreadsheet import lines, opened

    for line in (opened if table == "excel" else lines)(rows):
        emit(line)


def print_facts(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Names and values: one JSON object, or one row each."""
    if as_json:
        print_json(facts)
        return
    names = (name.replace("_", " ") for name in facts)
    print_rows(("what", "value"), zip(names, map(_fact, facts.values()), strict=True))


def _fact(value: object) -> str:
    """A value in words; a number as a person reads it, where one does."""
    if type(value) is int and on_terminal():
        return f"{value:,}"
    return "" if value is None else str(value)


def _cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, with an ellipsis where something is missing."""
    if columns_of(text) <= width:
        return text
    while columns_of(text) > width - 1:
        text = text[:-1]
    return f"{text}{ELLIPSIS}"
