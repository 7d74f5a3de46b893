"""What ``smsmon check`` measures, what it says of each, and from when on it warns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import NamedTuple

from smsmon.alerts import Severity
from smsmon.commands.knowledge import Outlook
from smsmon.commands.plugin import State, foreign, head, inert, worst
from smsmon.filters.messages import LEAST_FINAL
from smsmon.known import Condition
from smsmon.monitor.state import MessageState
from smsmon.times import age, counted

_BAND = re.compile(r"(@?)(?:(~|[^@~:]*)(:))?([^@~:]*)")
EXAMPLES = "5 (more than 5), 50: (less than 50), 10:20 (outside of these), @10:20 (within)"


class BadBand(ValueError):
    """What was given is no threshold. The text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Band:
    """The values that are well, both ends among them; or, ``inside``, those that are not."""

    low: float = 0.0
    high: float = inf
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """True for a value that somebody should hear of."""
        return (self.low <= value <= self.high) is self.inside

    def __str__(self) -> str:
        low = "~" if self.low == -inf else number(self.low)
        if self.high == inf:
            told = f"{low}:"
        else:
            told = number(self.high) if self.low == 0 else f"{low}:{number(self.high)}"
        return f"@{told}" if self.inside else told


def read_band(text: str, *, seconds: bool = False) -> Band:
    """The threshold that ``text`` means: ``10``, ``10:``, ``~:10``, ``10:20``, ``@10:20``.

    Of ``seconds`` each end may be a duration: ``10m``. Raises `BadBand`.
    """
    found = _BAND.fullmatch(text.strip())
    if found is None or not (found[3] or found[4]):
        raise BadBand(f"This is no threshold: write {EXAMPLES}.")
    inside, first, _, last = found.groups()
    low = -inf if first == "~" else _end(first, seconds) if first else 0.0
    high = _end(last, seconds) if last else inf
    if low > high:
        raise BadBand("The threshold ends before it begins; of negative values write ~:-5.")
    return Band(low, high, bool(inside))


def _end(text: str, seconds: bool) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        from smsmon.filters.questions import BadValue, parse_duration

        try:
            value = parse_duration(text) if seconds else inf
        except BadValue:
            value = inf
    if not isfinite(value):
        raise BadBand(f"This is no threshold: write {EXAMPLES}.")
    return value


def number(value: float) -> str:
    """A number as plugins write it: no exponent, and no more digits than it needs."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def figure(
    label: str, value: float | None, unit: str, warning: Band | None, critical: Band | None
) -> str:
    """One figure of the performance data; None is a value that is not known.

    ``label`` has no space, no quote and no equals sign in it.
    """
    told = "U" if value is None else f"{number(round(value, 2))}{unit}"
    ends = ("0", "100") if unit == "%" else ("0", "")
    parts = (
        told,
        str(warning or ""),
        str(critical or ""),
        *(() if label[:7] == "balance" else ends),
    )
    return f"{label}={';'.join(parts).rstrip(';')}"


MOST_LINES = 20
"""Lines of what is wrong, at most: what carries them to the monitoring system takes few bytes."""


class Measure(NamedTuple):
    """One thing that is measured."""

    name: str
    unit: str
    help: str
    warning: str = ""
    """The thresholds unless others are given; empty: none."""
    critical: str = ""


MEASURES = (
    Measure("unread", "s", "for how long nothing was read: nothing polls, or nothing answers",
            "2m", "10m"),
    Measure("accounts", "", "accounts that are refused or down", "", "0"),
    Measure("stale", "", "messages that were not read although that was due", "0"),
    Measure("not_found", "", "messages that the API does not know", "0"),
    Measure("failing", "%", f"not delivered of what is final, from {LEAST_FINAL} final on"),
    Measure("waiting", "", "recipients that are waiting"),
    Measure("warning", "", "alerts of severity warning that fire and nobody answered", "0"),
    Measure("critical", "", "alerts of severity critical that fire and nobody answered", "", "0"),
    Measure("balance", "", "money left, of each account"),
)  # fmt: skip
BY_NAME: Mapping[str, Measure] = {each.name: each for each in MEASURES}


_OF_STATES = (("stale", MessageState.STALE), ("not_found", MessageState.NOT_FOUND))


class Money(NamedTuple):
    """What an account holds; None: that is not known."""

    profile: str
    amount: float | None
    currency: str = ""
    old: float | None = None
    """For how many seconds nobody asked, where it may hold something else by now."""


class Measured(NamedTuple):
    """A value of a measure, and what is said when it is not well."""

    measure: str
    value: float | None
    said: str
    label: str = ""
    """Of the figure, where it is not the measure's name."""
    unknown: bool = False
    """True: it is not known, and that is no good sign."""


@dataclass(frozen=True, slots=True)
class Bands:
    """The thresholds of a measure."""

    warning: Band | None = None
    critical: Band | None = None

    def judge(self, measured: Measured) -> State:
        """How it stands with a value; without thresholds all is well."""
        if not self.warning and not self.critical:
            return State.OK
        if measured.value is None:
            return State.UNKNOWN if measured.unknown else State.OK
        if self.critical and self.critical.alerts(measured.value):
            return State.CRITICAL
        warns = self.warning and self.warning.alerts(measured.value)
        return State.WARNING if warns else State.OK


def measured(outlook: Outlook, money: Iterable[Money]) -> Iterator[Measured]:
    """All that can be measured."""
    counts = outlook.counts
    yield Measured("unread", outlook.unread, _unread(outlook), unknown=True)
    troubled = outlook.troubled_accounts
    refused = sum(each.condition is Condition.STOPPED for each in troubled)
    down = len(troubled) - refused
    words = [f"{counted(refused, 'account')} refused"] * bool(refused)
    words += [f"{counted(down, 'account')} down"] * bool(down)
    yield Measured("accounts", len(troubled), ", ".join(words) or "no account is in trouble")
    for name, state in _OF_STATES:
        there = len(outlook.of_state(state))
        yield Measured(name, there, f"{counted(there, 'message')} {state}")
    rate = counts.delivery_rate if counts.final >= LEAST_FINAL else None
    share = None if rate is None else 100 * (1 - rate)
    yield Measured("failing", share, "" if share is None else f"{share:.1f}% not delivered")
    yield Measured("waiting", counts.waiting, f"{counts.waiting:,} waiting")
    for severity in (Severity.WARNING, Severity.CRITICAL):
        firing = sum(each.severity is severity for each in outlook.alerts)
        yield Measured(severity.slug, firing, counted(firing, f"{severity.slug} alert"))
    money = [*money]
    for each in money:
        yield _balance(each, several=len(money) > 1)


def _unread(outlook: Outlook) -> str:
    who = "nothing polls" if outlook.holder is None else f"{outlook.holder} polls"
    if outlook.unread is None:
        return f"nothing was ever read, and {who}"
    if not outlook.unread:
        return who
    return f"nothing was read for {age(outlook.unread)}, and {who}"


def _balance(money: Money, *, several: bool) -> Measured:
    label = f"balance_{money.profile}" if several else ""
    whose = f" of {money.profile}" if several else ""
    if money.amount is None:
        return Measured("balance", None, f"the balance{whose} is not known", label, unknown=True)
    said = f"balance{whose} {number(money.amount)} {money.currency}".rstrip()
    if money.old is not None:
        told = f"{said} is old: it was seen {_ago(money.old)}, and nobody asks for it"
        return Measured("balance", None, told, label, unknown=True)
    return Measured("balance", money.amount, said, label)


class Verdict(NamedTuple):
    """What the plugin says."""

    state: State
    lines: Sequence[str]


def verdict(
    outlook: Outlook, money: Iterable[Money], names: Sequence[str], bands: Mapping[str, Bands]
) -> Verdict:
    """The state and the lines, of the measures with these names."""
    values = [each for each in measured(outlook, money) if each.measure in names]
    states = [bands[each.measure].judge(each) for each in values]
    state = worst(*states)
    problems = [
        each.said
        for one in (State.CRITICAL, State.UNKNOWN, State.WARNING)
        for each, its in zip(values, states, strict=True)
        if its is one
    ]
    figures = " ".join(
        figure(each.label or each.measure, each.value, BY_NAME[each.measure].unit,
               bands[each.measure].warning, bands[each.measure].critical)
        for each in values
    )  # fmt: skip
    told = "; ".join([*problems, _summary(outlook)]) if problems else _summary(outlook)
    return Verdict(state, (f"{head(state)}: {inert(told)} | {figures}", *_details(outlook, names)))


def _summary(outlook: Outlook) -> str:
    counts = outlook.counts
    parts = [counted(len(outlook.rows), "message")]
    if counts.final:
        parts.append(f"{100 * counts.not_delivered / counts.final:.1f}% not delivered")
    if outlook.answered:
        parts.append(f"{counted(outlook.answered, 'alert')} answered")
    if outlook.holder is None and outlook.unread is not None:
        parts.append(f"last read {_ago(outlook.unread)}")
    return ", ".join(parts)


def _ago(seconds: float) -> str:
    return "less than a minute ago" if seconds < 60 else f"{age(seconds)} ago"


def _details(outlook: Outlook, names: Sequence[str]) -> list[str]:
    """A line for each trouble of these measures. All words of others are without phone numbers."""
    lines = [
        f"{each.severity.slug}: {each.rule},"
        f" {f'{each.subject} {foreign(each.label)}'.rstrip()}: {foreign(each.facts)}"
        for each in outlook.alerts
        if each.severity.slug in names
    ]
    lines += [
        f"account {each.profile}: {each.condition}: {foreign(each.reason)}"
        for each in (outlook.troubled_accounts if "accounts" in names else ())
    ]
    for name, state in _OF_STATES:
        for row, standing in outlook.of_state(state) if name in names else ():
            ago = "never read"
            if row.read_at is not None:
                ago = f"read {_ago(outlook.now - row.read_at)}"
            what = f"{row.id} {foreign(row.label)}".rstrip()
            lines.append(f"{state}: {what}, {ago}: {foreign(standing.reason)}")
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more"]
    return [inert(each) for each in lines]
