"""The filter grammar: what an operator types after ``/``, and what commands and alerts take.

Terms stand side by side and must all match::

    black friday              words: each in any of the fields searched, in any case or accent
    "black friday"            quotes keep spaces together
    /^black .*fr$/            a regular expression, case-insensitive
    status:waiting,unknown    a field: one of these words, or how they begin
    label:"black friday"      text has this in it; label=… is this and nothing else
    country:fr stop:yes       ISO code or name; yes, no or unknown
    took>60s age>=2h05        durations: s, m, h, d, w; without a unit, seconds
    recipients>100 rate<95%   numbers; also ranges, recipients:10..20
    failed_share>5%           a share of the recipients; also waiting_share, stop_share
    phone:"06 12"             any part of a number, national or international
    !stop:yes                 ``!`` turns a term round; ``status!=waiting`` as well
    ! stop:yes country:fr     ``!`` and a space turn the whole round

A value that is not known, or takes a regular expression too long, matches nothing, so its inverse
matches. An unclosed quote or regular expression runs to the end, so that a filter works while it
is typed. What cannot be understood raises ``FilterError``, which points at the place.

The same filter tests one row (``matches``) or whole columns (``mask``: 100,000 rows in a few ms).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from smsmon.filters.questions import BadValue, NotDigits, Number, Test, Value, edges_of, test_of
from smsmon.patterns import ValuePattern
from smsmon.recipients import Phones


class Kind(StrEnum):
    """What a field holds, and so which questions it understands."""

    TEXT = "text"
    """A string, or a tuple of them of which any may match."""
    WORD = "word"
    """One word of a small set, such as a status."""
    FLAG = "yes or no"
    """A bool."""
    NUMBER = "number"
    SHARE = "share"
    """From 0 to 1; asked for in percent too."""
    DURATION = "duration"
    """Seconds."""
    MOMENT = "moment"
    """Seconds since it: it grows with the clock."""
    PHONE = "phone number"
    """E.164, or what stood in its place."""
    COUNTRY = "country"
    """An ISO 3166 alpha-2 code."""


class Field(Struct, frozen=True):
    """Something that can be asked about a row."""

    name: str
    kind: Kind
    plain: bool = False
    """Words without a field are looked for here too."""
    words: tuple[str, ...] = ()
    """All there can be, for ``Kind.WORD``; empty is any."""
    help: str = ""
    asked_as: str = ""
    """A term that people ask often; empty: no better one than of any field of its kind."""
    offered: bool = False
    """The values that the rows have are offered while a term is typed."""

    @property
    def example(self) -> str:
        """A term that asks for it."""
        return self.asked_as or _EXAMPLE_OF[self.kind].format(
            self.name, self.words[0] if self.words else "word"
        )


class FilterError(ValueError):
    """A filter that cannot be understood."""

    def __init__(self, sentence: str, start: int, end: int, *, unfinished: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        """What is wrong and what to write instead; quotes no more than a few words."""
        self.start = start
        self.end = end
        """The place in the text, in characters; never empty."""
        self.unfinished = unfinished
        """True: nothing is wrong yet, a value is wanted still."""


class Coded(Struct, frozen=True):
    """A column of few distinct values: each row has the code of its value."""

    codes: Sequence[int]
    """One for each row; ``bytes`` is fastest."""
    meanings: Sequence[Value]
    """By code."""


Column: TypeAlias = "Sequence[Value] | Coded"


class Check(NamedTuple):
    """One test of one field."""

    name: str
    test: Test
    edges: tuple[float, ...] = ()
    """Of a moment: the seconds after it at which the test may turn round by time alone."""


class Term(Struct, frozen=True):
    """Any of some checks, or none of them when ``inverted``."""

    checks: tuple[Check, ...]
    inverted: bool = False


class Filter(Struct, frozen=True):
    """A filter, understood. The empty one lets everything through."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    inverted: bool = False

    def __bool__(self) -> bool:
        """False for the empty filter."""
        return bool(self.terms)

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields it asks about."""
        return frozenset(check.name for term in self.terms for check in term.checks)

    @property
    def ages(self) -> bool:
        """True when it asks how long ago something was: time alone may turn it round."""
        return any(check.edges for term in self.terms for check in term.checks)

    @property
    def patterns(self) -> list[ValuePattern]:
        """The regular expressions in it: each may be found to take too long."""
        tests = (check.test for term in self.terms for check in term.checks)
        return [*dict.fromkeys(each for each in tests if isinstance(each, ValuePattern))]

    @property
    def slow(self) -> bool:
        """True when a regular expression in it took too long: some that match may be left out."""
        return any(each.slow for each in self.patterns)

    def matches(self, value_of: Callable[[str], Value]) -> bool:
        """Whether one row matches; ``value_of`` gives its value for a field's name."""
        if not self.terms:
            return True
        found = all(
            any(check.test(value_of(check.name)) for check in term.checks) is not term.inverted
            for term in self.terms
        )
        return found is not self.inverted

    def mask(self, column_of: Callable[[str], Column], length: int) -> bytes:
        """One byte for each of ``length`` rows: 1 where it matches, else 0."""
        everything = int.from_bytes(b"\1" * length, "little")
        total = everything
        for term in self.terms:
            found = 0
            for name, test, _ in term.checks:
                if found != everything:
                    found |= int.from_bytes(_tested(column_of(name), test), "little")
            total &= found ^ everything if term.inverted else found
        if self.inverted and self.terms:
            total ^= everything
        return total.to_bytes(length, "little")


def _tested(column: Column, test: Test) -> bytes:
    if isinstance(column, Phones) and isinstance(test, Number | NotDigits):
        return test.through(column)
    if not isinstance(column, Coded):
        return bytes(map(test, column))
    answers = bytes(map(test, column.meanings))
    if isinstance(column.codes, bytes | bytearray):
        return bytes(column.codes).translate(answers.ljust(256, b"\0"))
    return bytes(map(answers.__getitem__, column.codes))


_FIELD_TERM = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(:|!=|>=|<=|=|>|<)")
_UNTIL_BLANK = re.compile(r"\S+")
_QUOTED = re.compile(r'"([^"]*)"?')
_REGEX = re.compile(r"/((?:\\.|[^\\/])*\\?)/?")
LENGTH_LIMIT = 1000
"""The longest filter taken, in characters."""


def parse(text: str, fields: Iterable[Field]) -> Filter:
    """The filter that ``text`` says, over ``fields``. Raises ``FilterError``."""
    if len(text) > LENGTH_LIMIT:
        raise FilterError(
            f"A filter has at most {LENGTH_LIMIT:,} characters.", LENGTH_LIMIT, len(text)
        )
    return _Parser(text, {known.name: known for known in fields}).parse()


@dataclass(slots=True)
class _Parser:
    text: str
    fields: Mapping[str, Field]
    at: int = 0
    terms: list[Term] = field(default_factory=list)

    def parse(self) -> Filter:
        self._skip_blanks()
        whole = re.match(r"!(\s|$)", self.text[self.at :])
        if whole:
            self.at += 1
        while self._skip_blanks():
            self.terms.append(self._term())
        return Filter(self.text.strip(), tuple(self.terms), inverted=bool(whole))

    def _skip_blanks(self) -> bool:
        """Go to the next term; False when there is none."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def _term(self) -> Term:
        start = self.at
        inverted = self.text[start] == "!"
        if inverted:
            self.at += 1
        asked = _FIELD_TERM.match(self.text, self.at)
        if asked is None:
            value_at = self.at
            value, is_regex = self._value()
            if not value:
                raise FilterError("There is nothing to look for here.", start, self.at)
            checks = self._plain_checks(value, is_regex, value_at)
            return Term(checks, inverted)
        known = self._field(asked)
        operator = asked[2]
        if operator == "!=":
            operator, inverted = "=", not inverted
        self.at = asked.end()
        value_at = self.at
        quoted = self.text[value_at : value_at + 1] == '"'
        value, is_regex = self._value()
        if not value and not quoted:
            raise FilterError(_expects(known), start, value_at, unfinished=True)
        if "%" in value and f"{known.name}_share" in self.fields:
            raise FilterError(
                f"{known.name} counts recipients: ask {known.name}_share{operator}{value[:20]}.",
                value_at,
                self.at,
            )
        test = self._test(known, operator, value, is_regex, value_at)
        edges = edges_of(value) if known.kind is Kind.MOMENT and not is_regex else ()
        return Term((Check(known.name, test, edges),), inverted)

    def _value(self) -> tuple[str, bool]:
        """The text at hand up to its end, and whether it is a regular expression."""
        first = self.text[self.at : self.at + 1]
        form = {'"': _QUOTED, "/": _REGEX}.get(first, _UNTIL_BLANK)
        found = form.match(self.text, self.at)
        if found is None:
            return "", False
        self.at = found.end()
        if form is _UNTIL_BLANK:
            return found[0], False
        return found[1], form is _REGEX

    def _field(self, asked: re.Match[str]) -> Field:
        name = asked[1].lower().replace("-", "_")
        known = self.fields.get(name)
        if known is not None:
            return known
        from difflib import get_close_matches  # rarely needed, and not free to load

        near = " or ".join(get_close_matches(name, self.fields, 2, 0.6))
        as_text = "put it in quotes to look for it as text."
        hint = (
            f"Did you mean {near}? Else {as_text}"
            if near
            else (f"{as_text.capitalize()} Fields: {' '.join(sorted(self.fields))}.")
        )
        raise FilterError(f"There is no field {asked[1][:20]} here. {hint}", *asked.span(1))

    def _plain_checks(self, value: str, is_regex: bool, at: int) -> tuple[Check, ...]:
        searched = [known for known in self.fields.values() if known.plain]
        if is_regex and searched:  # one for all: it may take so long altogether
            test = self._test(searched[0], "in", value, is_regex, at)
            return tuple(Check(known.name, test) for known in searched)
        return tuple(
            Check(known.name, self._test(known, "in", value, is_regex, at)) for known in searched
        )

    def _test(self, known: Field, operator: str, value: str, is_regex: bool, at: int) -> Test:
        try:
            return test_of(known.kind, known.words, operator, value, is_regex=is_regex)
        except BadValue as error:
            raise FilterError(
                f"{error} {_expects(known)}" if error.wants_example else str(error),
                at,
                max(self.at, at + 1),
            ) from None


_EXAMPLE_OF: Mapping[Kind, str] = {
    Kind.TEXT: "{0}:word",
    Kind.WORD: "{0}:{1}",
    Kind.FLAG: "{0}:yes",
    Kind.NUMBER: "{0}>100",
    Kind.SHARE: "{0}>5%",
    Kind.DURATION: "{0}>60s",
    Kind.MOMENT: "{0}<2h",
    Kind.PHONE: "{0}:0612",
    Kind.COUNTRY: "{0}:fr",
}
_EXAMPLES: Mapping[Kind, str] = {
    Kind.TEXT: '{0}:word has it in it, {0}="all of it" is it.',
    Kind.FLAG: "{0}:yes, {0}:no or {0}:unknown.",
    Kind.NUMBER: "For example {0}>100, {0}:10..20.",
    Kind.SHARE: "For example {0}>5%, {0}<0.05, {0}:5%..10%.",
    Kind.DURATION: "For example {0}>60s, {0}<2h, {0}:1m..5m.",
    Kind.MOMENT: "For example {0}>60s, {0}<2h, {0}:1m..5m.",
    Kind.PHONE: '{0}:0612 or {0}:"+33 6 12".',
    Kind.COUNTRY: "{0}:fr or {0}:france.",
}


def _expects(known: Field) -> str:
    """How to ask about a field: the end of an error's sentence."""
    if known.kind is Kind.WORD:
        return f"{known.name} is one of {', '.join(known.words)}." if known.words else ""
    return _EXAMPLES[known.kind].format(known.name)


class Stage(Struct, frozen=True):
    """A filter that a key puts before the operator's own."""

    term: str
    """As it is typed."""
    words: str
    """What it shows, for the title."""
    none: str
    """What an empty table says."""


Stages = tuple[Stage, ...]
"""What a key narrows a table to, in the order in which it goes through them."""


def stage_of(text: str, stages: Stages) -> Stage | None:
    """The stage that a filter begins with; None: it begins with none of them."""
    return next((each for each in stages if f"{text} ".startswith(f"{each.term} ")), None)


def stepped(text: str, stages: Stages) -> str:
    """The filter after ``text``: the next stage before what the operator typed; at the end that
    alone."""
    now = stage_of(text, stages)
    own = text if now is None else text.removeprefix(now.term).lstrip()
    place = 0 if now is None else stages.index(now) + 1
    if place == len(stages):
        return own
    # A filter that is turned round as a whole would turn round the stage, too.
    turned = own == "!" or own.startswith("! ")
    return stages[place].term if turned or not own else f"{stages[place].term} {own}"
