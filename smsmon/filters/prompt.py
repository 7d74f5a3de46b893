"""What helps while a filter is typed: a hint, what the word at hand may become, and a list. Pure.

All of it is made from the fields that can be asked, so it is right for whatever they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from os.path import commonprefix
from typing import NamedTuple

from msgspec import Struct

from smsmon.filters import Field, Kind
from smsmon.filters.questions import Value, fold

FLAGS = ("yes", "no", "unknown")
OFFERED_LIMIT = 200
"""Values offered of one field at most: nobody reads more, and more tell nothing apart."""
_LISTS = (Kind.WORD, Kind.COUNTRY)
"""Kinds whose values can be several, set apart by commas."""
_COUNTED = (Kind.NUMBER, Kind.SHARE, Kind.DURATION, Kind.MOMENT)

_TERM = re.compile(
    r"""!?(?:(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?P<operator>:|!=|>=|<=|=|>|<))?"""
    r"""(?P<value>"[^"]*"?|/(?:\\.|[^\\/])*\\?/?|\S*)"""
)

Offered = Callable[[str], Iterable[Value]]
"""Gives what the rows at hand have in a field, by its name."""


class Example(NamedTuple):
    """How one field is asked, for a list of them."""

    term: str
    meaning: str


def hint(fields: Iterable[Field]) -> list[str]:
    """What can be typed where nothing is yet: terms that are asked often, the plainest first."""
    return ["words", *(each.asked_as for each in fields if each.asked_as), "/regex/"]


def examples(fields: Iterable[Field]) -> list[Example]:
    """Every field with an example, what it means, and the words it takes."""
    return [
        Example(each.example, f"{each.help}{_words_told(each)}")
        for each in sorted(fields, key=lambda each: each.name)
    ]


def _words_told(field: Field) -> str:
    words = FLAGS if field.kind is Kind.FLAG else field.words
    return f": {', '.join(words)}" if words else ""


class Completions(Struct, frozen=True):
    """What a piece of the text may become."""

    start: int
    end: int
    """The piece."""
    candidates: tuple[str, ...] = ()
    """What may stand in its place, whole."""
    final: bool = False
    """True: with one of them the term is whole."""

    @property
    def common(self) -> str:
        """How all of them begin."""
        return commonprefix(self.candidates)  # noqa: RUF071  # character by character is meant


def completions(
    text: str, cursor: int, fields: Sequence[Field], offered: Offered = lambda _: ()
) -> Completions:
    """What the word that ends at ``cursor`` may become; no candidates inside of a word."""
    nothing = Completions(cursor, cursor)
    if text[cursor : cursor + 1].strip():
        return nothing
    found = _term_at(text[:cursor])
    if found is None:
        return nothing
    if found["name"] is None:
        start, begun = found.start("value"), fold(found["value"].replace("-", "_"))
        names = [begun_term(each) for each in fields if begun and each.name.startswith(begun)]
        return Completions(start, cursor, tuple(names))
    name = found["name"].lower().replace("-", "_")
    field = next((each for each in fields if each.name == name), None)
    if field is None or found["operator"] not in (":", "=", "!=") or found["value"][:1] == "/":
        return nothing
    start, before = found.start("value"), ""
    if field.kind in _LISTS and '"' not in found["value"]:
        before, comma, _ = found["value"].rpartition(",")
        start += len(before + comma)
    begun = fold(text[start:cursor].lstrip('"'))
    had = {begun, *fold(before).split(",")}
    values = [
        each for each in _values(field, offered) if fold(each).startswith(begun) and each not in had
    ]
    return Completions(start, cursor, tuple(map(_quoted, values)), final=True)


def _term_at(text: str) -> re.Match[str] | None:
    """The term that ``text`` ends in; None after a blank, and where a quote is closed."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _TERM.match(text, at)
        if found is None or found.end() == at:
            return None
        at = found.end()
        if at == len(text):
            closed = len(found["value"]) > 1 and found["value"][-1] == found["value"][0] == '"'
            return None if closed else found
    return None


def begun_term(field: Field) -> str:
    """A term for ``field``, as far as its value."""
    return f"{field.name}{'>' if field.kind in _COUNTED else ':'}"


def _values(field: Field, offered: Offered) -> list[str]:
    if field.kind is Kind.FLAG:
        return list(FLAGS)
    if field.words:
        return list(field.words)
    if not field.offered:
        return []
    found: set[str] = set()
    for value in offered(field.name):
        found.update(value if isinstance(value, tuple) else (value,) if value else ())  # type: ignore[arg-type]  # texts
        if len(found) >= OFFERED_LIMIT:
            break
    texts = (str(each) for each in found if each)
    if field.kind is Kind.COUNTRY:
        return sorted(each.lower() for each in texts)
    return sorted((each for each in texts if '"' not in each), key=fold)


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"\s|^/", value) else value
