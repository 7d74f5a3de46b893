"""What the fields of messages and of recipients share: facts, and how they are shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import Enum, auto
from typing import Literal, TypeAlias

from smsmon.filters import Field, Kind
from smsmon.filters.questions import Value
from smsmon.recipients import Status

Fact: TypeAlias = Value
"""The value of a field; None: nobody knows, or there is none. Of a moment it is the moment, where a
filter asks how long ago it was."""


@dataclass(frozen=True)
class Heading:
    """The head of a column, and how it shares the width there is; widths are screen columns."""

    name: str
    """Stable: what settings and ``sort_by`` call it."""
    title: str
    _: KW_ONLY
    width: int
    """The width at least; the width always, unless ``flex``."""
    flex: int = 0
    """The turn in which this column takes of the width left over: the highest first; 0 is never."""
    max_width: int = 0
    """No wider than this by ``flex``; 0 is no bound."""
    wish: int = 0
    """The width it should have before a column of little priority is shown, and others grow."""
    align: Literal["left", "right"] = "left"
    priority: int = 0
    """Where the width does not suffice, the column with the lowest is left out first."""
    may_be_empty: bool = False
    """It may have nothing to tell of any row, or none of what it counts; while that is so it is
    left out before all that have."""
    descending: bool = False
    """The way it sorts when first chosen: the largest first."""
    spare: bool = False
    """Shown only once the operator chose it."""
    help: str = ""


class Drawn(Enum):
    """What stands in a cell; the console knows how each looks."""

    PLAIN = auto()
    """A text."""
    STRONG = auto()
    WORDS = auto()
    """Several short texts, which stand back."""
    NUMBER = auto()
    WARNING = auto()
    """A number that is a warning unless it is 0."""
    RATE = auto()
    """From 0 to 1, as a percentage."""
    MOMENT = auto()
    MINUTE = auto()
    """A moment, to the minute."""
    AGE = auto()
    """How long ago a moment was."""
    STATE = auto()
    """The state of a message, and for a stale one since when."""
    BAR = auto()
    """The shares of the statuses, side by side."""
    TOTAL = auto()
    """How many recipients, and how many of them are no longer listed."""
    DUE = auto()
    """When a message is next read, if its account is asked."""
    MOMENT_BEHIND = auto()
    """A moment that stands back."""
    TOOK = auto()
    """Seconds that something took."""
    PHONE = auto()
    """A phone number, and whether it is no longer listed."""
    STATUS = auto()
    """The status of a recipient, or the one that it had."""
    STOP = auto()
    """Whether a recipient said STOP."""
    COUNTRY = auto()
    """The name of a country, or its code where there is no room."""
    SPARK = auto()
    """What was sent minute by minute, and what of it failed."""


@dataclass(frozen=True)
class Shown(Heading):
    """A column of a table of fields."""

    drawn: Drawn | Status
    """A status: the number of recipients that have it. Its sign is the title, its word the help."""


@dataclass(frozen=True, eq=False, repr=False)
class AnyField:
    """One thing that is known of messages, or of recipients, and what is made of it.

    It stands in one table, and is equal to itself alone.

    How it is shown and exported must be said, with None where it is not: what is left out does not
    type-check.
    """

    name: str
    """What filters and alerts call it."""
    kind: Kind
    _: KW_ONLY
    help: str
    shown: Shown | None
    """The column of the screen."""
    exported: str | None
    """The name of its column in exports, and of its key in JSON. Never changed: scripts read it."""
    asked: bool = True
    """False: a filter cannot ask for it."""
    plain: bool = False
    """Words without a field are looked for here too."""
    words: tuple[str, ...] = ()
    """All there can be, for ``Kind.WORD``."""
    asked_as: str = ""
    """A term that people ask often: it is in the hint of a filter's line."""
    offered: bool = False
    """The values that the rows have are offered while a term is typed."""

    @property
    def question(self) -> Field:
        """The field as the grammar of filters has it."""
        return Field(
            self.name, self.kind, self.plain, self.words, self.help, self.asked_as, self.offered
        )

    def sort_key(self, fact: Fact) -> object:
        """What a fact is sorted by: itself, without case, and a word by its place; None last."""
        if self.kind is Kind.WORD:
            return self.words.index(slug(fact))
        if isinstance(fact, tuple):
            return " ".join(fact) or None
        return (fact.casefold() or None) if isinstance(fact, str) else fact


def asked_value(kind: Kind, fact: Fact, now: float) -> Value:
    """What a filter asks of a fact at wall time ``now``: of a moment, how long ago it was."""
    if kind is Kind.MOMENT and isinstance(fact, float | int):
        return now - fact
    return slug(fact) if kind is Kind.WORD else fact


def slug(fact: Fact) -> str:
    """A word as filters have it."""
    return str(fact).replace(" ", "_")


def in_order(first: Sequence[str], names: Iterable[str]) -> tuple[str, ...]:
    """The names of an export's columns: ``first``, as they always stood, then what came later."""
    return (*first, *(name for name in names if name not in first))
