"""How every command takes message ids: as arguments, from stdin (``-``), or from a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from smsmon import files
from smsmon.commands import completing
from smsmon.commands.output import fail, say
from smsmon.times import some

if TYPE_CHECKING:
    from smsmon.model import Entry
    from smsmon.store.entries import Problem
    from smsmon.store.idlist import IdList

F = TypeVar("F", bound=Callable[..., Any])
NO_IDS = "No message id was given. Give ids as arguments, `-` to read stdin, or --file FILE."
INPUT_LIMIT = 64 * 2**20
"""The longest list read, in bytes: some millions of ids."""


def takes_ids(command: F) -> F:
    """Give a command the arguments ``ids`` and ``file`` (see `entries_from`)."""
    command = click.option(
        "--file",
        "file",
        metavar="FILE",
        shell_complete=completing.files,
        help="Read ids from a file: one a line, with a label after it if you like, CSV or JSON.",
    )(command)
    return click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=completing.ids)(
        command
    )


def entries_from(ids: Sequence[str], file: str | None) -> list[Entry]:
    """The messages named by arguments, by stdin where an argument is ``-``, and by a file.

    Each once, in the order given. Fails, naming every bad id or line, if one cannot be understood:
    a list is taken whole or not at all.
    """
    from smsmon.model import Entry
    from smsmon.secret import without_keys
    from smsmon.store.entries import united, why_not_an_id

    entries: list[Entry] = []
    problems: list[str] = []
    wrong: dict[str, str] = {}
    for each in ids:
        if each == "-":
            _take(each, entries, problems)
        elif why := why_not_an_id(each):
            wrong.setdefault(repr(without_keys(each)), why)
        else:
            entries.append(Entry(each))
    if file is not None:
        _take(file, entries, problems)
    problems[:0] = _no_ids(wrong)
    if problems:
        others = ["None of the others was taken either."] if entries else []
        fail("\n".join([*shortened(problems), *others]))
    return list(united(entries))


def _no_ids(wrong: Mapping[str, str]) -> list[str]:
    """What is said of arguments that are no ids: a line each of a few, one line of many."""
    if len(wrong) <= _SINGLY:
        return [f"{each} is no message id: {why}." for each, why in wrong.items()]
    first = next(iter(wrong.values()))
    return [f"{len(wrong):,} are no message ids: {some([*wrong])} (the first: {first})."]


_SINGLY = 3


def ids_from(ids: Sequence[str], file: str | None) -> list[str]:
    """As `entries_from`, only the ids, and at least one of them."""
    found = [entry.id for entry in entries_from(ids, file)]
    if not found:
        fail(NO_IDS)
    return found


def read_list(name: str, form: str | None = None) -> IdList:
    """The list in the file ``name``, or on stdin where that is ``-``, whatever is wrong with it.

    ``form`` is text, csv, json or toml; None tells it by the name and the content. An encoding
    that was guessed is said on stderr.
    """
    from smsmon.store.idlist import Form, decoded, form_of, parse, why_no_text

    content = _stdin() if name == "-" else _file(name)
    if why := why_no_text(content):
        fail(f"{shown_name(name)} is {why}.")
    text, guessed = decoded(content)
    if guessed:
        say(f"smsmon: {shown_name(name)} is no UTF-8, and was read as {guessed}: check the labels.")
    return parse(text, Form(form) if form else form_of(name))


def shown_name(name: str) -> str:
    """What a list is called in a sentence."""
    from smsmon.secret import without_keys

    return "stdin" if name == "-" else without_keys(name)


def _take(name: str, entries: list[Entry], problems: list[str]) -> None:
    found = read_list(name)
    shown = shown_name(name)
    entries.extend(found.entries)
    problems.extend(f"{shown}, {line_of(problem)}" for problem in found.problems)


def line_of(problem: Problem) -> str:
    """What is said of a line of a list; of a key in it, nothing."""
    from smsmon.secret import without_keys

    return f"line {problem.line}: {problem.why} ({without_keys(problem.text)})"


def _stdin() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        fail("There is no stdin to read ids from.")
    return _bounded(sys.stdin.buffer.read(INPUT_LIMIT + 1), "stdin")


def _file(name: str) -> bytes:
    try:
        return _bounded(files.read_given(name, INPUT_LIMIT + 1), name)
    except (OSError, ValueError) as error:
        fail_to_read(name, error)


def fail_to_read(name: str, error: OSError | ValueError) -> NoReturn:
    """Fail, saying why the file ``name`` cannot be read."""
    fail(f"{shown_name(name)} cannot be read ({getattr(error, 'strerror', None) or error}).")


def _bounded(content: bytes, name: str) -> bytes:
    if len(content) > INPUT_LIMIT:
        fail(f"{name} is larger than 64 MiB: split the list.")
    return content


def shortened(problems: Sequence[str], shown: int = 20) -> Iterable[str]:
    """The first of many sentences, and how many more there are."""
    yield from problems[:shown]
    if len(problems) > shown:
        yield f"… and {len(problems) - shown} more."
