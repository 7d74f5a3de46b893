"""What a rule is, and what is told when it begins to hold for something, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import NamedTuple

from smsmon.alerts import About, Episode, Severity, Subject, Worst
from smsmon.filters import Check, Filter, Kind
from smsmon.filters.groups import WITHIN_FIELDS
from smsmon.filters.questions import Value
from smsmon.filters.subjects import FIELDS_ABOUT
from smsmon.patterns import ValuePattern

_OF_READING = frozenset(("state", "reason", "read", "trouble"))
"""The fields of messages that tell how it stands with reading: known when nothing is read."""
_OF_WAITING = {"oldest", "waiting_oldest", "p50", "p90", "p90_times"} | WITHIN_FIELDS.keys()
"""The fields that count time that passes for recipients."""
_MEASURES = (Kind.SHARE, Kind.DURATION, Kind.MOMENT)
"""The kinds that tell best how bad something is; else it is a number."""


class Gauge(NamedTuple):
    """What tells how bad it is: a field, and whether more or less of it is worse."""

    field: str
    sign: int

    def badness(self, value: Value) -> float:
        """Larger is worse; 0 where nobody knows."""
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return self.sign * float(value) if known else 0.0  # type: ignore[arg-type]  # a number


@dataclass(frozen=True)
class Rule:
    """What to be told about."""

    name: str
    condition: Filter
    """Over the fields of what it is about (``FIELDS_ABOUT``)."""
    hold: float = 0.0
    """Seconds for which the condition must hold until the alert fires."""
    clear: float = 60.0
    """Seconds for which it must not hold any more until the alert is over."""
    severity: Severity = Severity.WARNING
    bell: bool = False
    """Who tells it rings a bell, if there is one."""
    about: About = About.MESSAGE
    until: Filter | None = None
    """What must hold besides until it is over; None: that the condition does not is enough."""
    window: float = 3_600.0
    """Seconds that the numbers of a group reach back, and what an account spent."""

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that it asks about, to begin or to be over."""
        return frozenset(check.name for check in self.checks)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """All its tests, to begin or to be over."""
        asked = (self.condition,) if self.until is None else (self.condition, self.until)
        return tuple(check for each in asked for term in each.terms for check in term.checks)

    @cached_property
    def patterns(self) -> tuple[ValuePattern, ...]:
        """The regular expressions among its tests."""
        asked = (self.condition,) if self.until is None else (self.condition, self.until)
        return tuple(pattern for each in asked for pattern in each.patterns)

    @cached_property
    def moments(self) -> tuple[tuple[str, float], ...]:
        """The fields that are moments, each with the seconds after it that may turn it round."""
        return tuple((check.name, edge) for check in self.checks for edge in check.edges)

    @cached_property
    def about_reading(self) -> bool:
        """True when it asks how it stands with reading the message."""
        return self.about is About.MESSAGE and not _OF_READING.isdisjoint(self.condition.fields)

    @cached_property
    def about_waiting(self) -> bool:
        """True when it asks how long somebody waits: that time stands still in a night hold."""
        return not _OF_WAITING.isdisjoint(self.fields)

    @cached_property
    def gauge(self) -> Gauge | None:
        """What tells how bad it is; None where no number does."""
        kinds = {field.name: field.kind for field in FIELDS_ABOUT[self.about]}
        found: list[Gauge] = []
        for term in self.condition.terms:
            for name, test, _ in term.checks:
                sign = int(test(inf)) - int(test(-inf))
                if name in kinds and sign:
                    turned = term.inverted is not self.condition.inverted
                    found.append(Gauge(name, -sign if turned else sign))
        telling = [each for each in found if kinds[each.field] in _MEASURES]
        return next(iter(telling or found), None)

    def asks_else(self, other: Rule) -> bool:
        """True when ``other`` asks something else, or of something else, than this one."""
        mine = self.condition.text, self.about, self.window
        return mine != (other.condition.text, other.about, other.window)


@dataclass(frozen=True, slots=True)
class Alert:
    """One end of an alert, told once; or an alert that fires, as it stands."""

    rule: Rule
    subject: Subject
    firing: bool
    """False: it is over."""
    at: float
    """When it fired; when it was over."""
    began: float
    """Since when the condition held, as far as was seen."""
    old: bool = False
    """It held already when the program first looked: no news, but good to know."""
    label: str = ""
    """Of the message."""
    why: str = ""
    """Why it is over when it is not that the condition ended."""
    tags: tuple[str, ...] = ()
    """Of the message."""
    facts: str = ""
    """What is so, in words: ``60 % not delivered of 138 final``."""
    badness: float = 0.0
    """How bad it is: larger is worse; of one rule and subject alone it can be compared."""

    @property
    def message_id(self) -> str:
        """The message; empty where it is about something else."""
        return self.subject.name if self.subject.about is About.MESSAGE else ""

    def episode(self, number: int = 0) -> Episode:
        """What is to be known of it for as long as it fires."""
        return Episode(
            self.rule.name,
            self.subject,
            self.rule.severity,
            self.rule.condition.text,
            self.began,
            self.at,
            self.label,
            self.tags,
            self.facts,
            Worst(self.badness, self.at, self.facts),
            old=self.old,
            number=number,
        )
