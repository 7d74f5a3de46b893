"""What a rule is, and what is told when it begins to hold for something, and when it is over.

Told is what is so then, in words: as much of it as the rule asks about. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import NamedTuple

from smsmon.alerts import About, Episode, Severity, Subject, Worst
from smsmon.filters import Check, Filter, Kind
from smsmon.filters.groups import WITHIN_FIELDS, RuledGroup
from smsmon.filters.messages import Message
from smsmon.filters.questions import Value
from smsmon.filters.subjects import FIELDS_ABOUT, Account
from smsmon.patterns import ValuePattern
from smsmon.times import counted, duration, percent

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
    """What is so, in words: ``60% not delivered of 138 final``."""
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


ValueOf = Callable[[str], Value]


def message_facts(rule: Rule, message: Message, value: ValueOf) -> str:
    """``60% not delivered of 138 final``, ``12 waiting, oldest waiting for 4 m``."""
    counts = message.counts
    told: list[str] = []
    for name in _asked(rule):
        match name:
            case "failed" | "failed_share" | "final" | "rate" | "delivered":
                told.append(_lost(counts.not_delivered, counts.final))
            case "waiting" | "waiting_share":
                told.append(f"{counts.waiting:,} waiting")
            case "oldest":
                told.append(_for("oldest waiting", value(name)))
            case "stop" | "stop_share":
                told.append(f"{counts.stop:,} STOP of {counts.total:,}")
            case "unknown":
                told.append(f"{counts.unknown:,} of unknown status")
            case "absent":
                told.append(f"{counts.absent:,} no longer listed")
            case "recipients":
                told.append(counted(counts.total, "recipient"))
            case "state" | "reason":
                told += [_word(value("state")), _word(value("reason"))]
            case "trouble":
                told += [_word(value("state")), _lost(counts.not_delivered, counts.final)]
            case "read":
                told.append(_for("not read", value(name)))
            case "changed":
                told.append(_for("unchanged", value(name)))
    lost = _lost(counts.not_delivered, counts.final)
    return _joined(told) or f"{counts.waiting:,} waiting, {lost}"


def account_facts(rule: Rule, account: Account, value: ValueOf, currency: str) -> str:
    """``refused: the API key is not valid``, ``48.20 EUR left``."""
    told: list[str] = []
    for name in _asked(rule):
        match name:
            case "condition" | "reason" if account.condition != "ok":
                told.append(": ".join(filter(None, (account.condition, account.reason))))
            case "held":
                told.append("the API asked for a pause" if account.held else "")
            case "failing":
                told.append(_for("nothing answered", value(name)))
            case "stale" | "stale_share":
                messages = counted(account.messages, "message")
                told.append(f"{account.stale:,} of {messages} stale")
            case "balance" if account.balance is not None:
                told.append(f"{_money(account.balance, currency)} left")
            case "credits" if account.credits is not None:
                told.append(f"{account.credits:,} SMS left")
            case "spent" if account.spent is not None:
                told.append(f"{_money(account.spent, currency)} spent {_within(rule)}")
    return _joined(told) or account.condition


def group_facts(rule: Rule, group: RuledGroup, value: ValueOf) -> str:
    """``12% not delivered of 1,204 final within 1 h``, ``90% delivered within 38 s``."""
    final = group.delivered + group.failed
    lost = f"{_lost(group.failed, final)} within {duration(rule.window)}"
    told: list[str] = []
    for name in _asked(rule):
        match name:
            case "failed" | "failed_share" | "final" | "rate" | "delivered":
                told.append(lost)
            case "stop" | "stop_share":
                told.append(f"{group.stop:,} STOP, {final:,} final {_within(rule)}")
            case "p50":
                told.append(_within_time("half delivered", group.p50))
            case "p90":
                told.append(_within_time("90% delivered", group.p90))
            case "within_10s" | "within_1m":
                told += [
                    f"{percent(each.share)} delivered within {duration(each.limit)}"
                    for each in group.within
                    if each.limit == WITHIN_FIELDS[name] and each.share is not None
                ]
            case "waiting":
                told.append(f"{group.waiting:,} waiting")
            case "waiting_oldest":
                told.append(_for("oldest waiting", value(name)))
            case "failed_times":
                told += [lost, _times(group.failed_times)]
            case "stop_times":
                told += [f"{group.stop:,} STOP {_within(rule)}", _times(group.stop_times)]
            case "p90_times":
                told += [_within_time("90% delivered", group.p90), _times(group.p90_times)]
    return _joined(told) or lost


def _asked(rule: Rule) -> Iterable[str]:
    """The fields of the condition, in its order, each once."""
    return dict.fromkeys(
        check.name
        for term in rule.condition.terms
        for check in term.checks
        if not check.edges or check.test(inf)  # that something was lately is no fact to tell
    )


def _joined(parts: Iterable[str]) -> str:
    """One phrase of them all: a sentence among them has no full stop, more may follow."""
    return ", ".join(dict.fromkeys(part.rstrip(".") for part in parts if part))


def _lost(failed: int, final: int) -> str:
    if not final:
        return "nothing final"
    return f"{percent(failed / final)} not delivered of {final:,} final"


def _word(value: Value) -> str:
    return str(value).replace("_", " ") if value else ""


def _for(what: str, seconds: Value) -> str:
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return f"{what} for {duration(float(seconds))}" if known else ""  # type: ignore[arg-type]


def _within_time(what: str, seconds: float | None) -> str:
    return "" if seconds is None else f"{what} within {duration(seconds)}"


def _within(rule: Rule) -> str:
    return f"within {duration(rule.window)}"


def _times(times: float | None) -> str:
    return "" if times is None else f"{times:.1f} times the usual"


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.2f} {currency}".rstrip()
