"""``--filter`` and ``--tag``, alike for every command that lists messages or recipients.

What lists messages is asked for fields of messages; what lists recipients, for those of recipients
and for those of their messages too, but for the few that both have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING

import click

from smsmon.commands import completing
from smsmon.commands.output import fail

if TYPE_CHECKING:
    from smsmon.commands.flags import F
    from smsmon.filters import Column, Field, Filter
    from smsmon.filters.questions import Value
    from smsmon.filters.recipients import Seen, Sighted

ValueOf = Callable[[str], "Value"]
"""What gives the value of a row for a field's name."""

_EXAMPLES = {
    "messages": "state:stale failed_share>5%",
    "recipients": "status:waiting country:fr tag:otp",
}


def takes_filter(what: str, lists: str = "", *, here: bool = False) -> Callable[[F], F]:
    """Give a command the arguments ``expression`` and ``tagged``, for `chosen`.

    ``what`` is which fields it takes: of ``messages`` or of ``recipients``; ``lists`` what the
    help calls the rows, where it is another word; ``here``: the fields are listed in the same help.
    """
    where = "see below" if here else "`smsmon export --help` lists them"
    fields = "messages" if what == "messages" else "recipients and of their messages"

    def give(command: F) -> F:
        command = click.option(
            "--tag",
            "tagged",
            multiple=True,
            metavar="TAG",
            shell_complete=completing.tags,
            help="Only with this tag; given again: with one of these.",
        )(command)
        return click.option(
            "--filter",
            "expression",
            metavar="FILTER",
            shell_complete=completing.filters(what),
            default="",
            help=f"Only {lists or what} that match, said as after / in the console:"
            f" '{_EXAMPLES[what]}'. Fields of {fields}: {where}.",
        )(command)

    return give


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are wanted."""

    filter: Filter
    tags: Filter
    """What ``--tag`` asks of a row's message."""

    def __bool__(self) -> bool:
        """False when all are."""
        return bool(self.filter or self.tags)

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that are asked about."""
        return self.filter.fields | self.tags.fields

    def matches(self, value_of: ValueOf) -> bool:
        """Whether a row is wanted; ``value_of`` gives its value for a field's name."""
        return self.tags.matches(value_of) and self.filter.matches(value_of)

    def slots(self, seen: Seen, now: float, of_message: ValueOf) -> list[int]:
        """Which recipients of a message are wanted at wall time ``now``."""
        from smsmon.filters import Coded
        from smsmon.filters.recipients import RECIPIENTS_BY_NAME, recipient_column

        length = len(seen.recipients)

        def column(name: str) -> Column:
            if name in RECIPIENTS_BY_NAME:
                return recipient_column(seen, now, name)
            return Coded(bytes(length), (of_message(name),))

        if not self.tags.matches(of_message):
            return []
        return [*compress(range(length), self.filter.mask(column, length))]

    def wants(self, one: Sighted, now: float, of_message: ValueOf) -> bool:
        """Whether a recipient is wanted that was found by itself."""
        from smsmon.filters.recipients import RECIPIENTS_BY_NAME

        def value(name: str) -> Value:
            field = RECIPIENTS_BY_NAME.get(name)
            return of_message(name) if field is None else field.value(one, now)

        return self.tags.matches(of_message) and self.filter.matches(value)

    def asking(self, names: frozenset[str]) -> Choice:
        """The part of this that asks ``names`` alone: whoever fails it cannot match the whole."""
        from smsmon.filters import Filter

        kept = () if self.filter.inverted else self.filter.terms
        terms = tuple(each for each in kept if all(one.name in names for one in each.checks))
        whole = self.filter
        return replace(self, filter=Filter(whole.text, terms, whole.inverted))


def chosen(expression: str, tagged: Sequence[str], fields: Sequence[Field]) -> Choice:
    """What the options say, over ``fields``; a failure that tells what cannot be understood."""
    from smsmon.filters import Check, Filter, FilterError, Term, parse
    from smsmon.filters.questions import equal_test
    from smsmon.patterns import GAVE_UP
    from smsmon.secret import without_keys

    try:
        wanted = parse(expression, fields)
    except FilterError as error:
        shown = expression[error.start : error.end]
        fail(without_keys(f"--filter, character {error.start + 1} ({shown!r}): {error.sentence}"))
    for pattern in wanted.patterns:
        pattern.tell = partial(fail, f"--filter: {GAVE_UP}")
    checks = tuple(Check("tag", equal_test(tag)) for tag in tagged)
    return Choice(wanted, Filter(terms=(Term(checks),) if checks else ()))
