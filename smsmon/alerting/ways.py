"""Who is told of what, and when only what is critical, as the settings have it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from smsmon.alerts import Episode, Severity
from smsmon.filters.questions import parse_duration
from smsmon.settings.telling import Alert, Target


class Quiet(NamedTuple):
    """From one time of the day to another, over midnight if need be."""

    begins: time
    ends: time
    zone: tzinfo

    def end(self, at: float) -> float | None:
        """When the quiet hours end in which ``at`` lies; None when it lies in none."""
        return next((end for begin, end in self._around(at) if begin <= at < end), None)

    def _around(self, at: float) -> Iterator[tuple[float, float]]:
        """The quiet hours of the day before and of this one."""
        today = datetime.fromtimestamp(at, self.zone).date()
        for day in (today - timedelta(days=1), today):
            next_day = day + timedelta(days=self.ends <= self.begins)
            yield self._moment(day, self.begins), self._moment(next_day, self.ends)

    def _moment(self, day: date, at: time) -> float:
        """The first time that it is so late; where clocks skip that, by the clock before."""
        return datetime.combine(day, at, self.zone).timestamp()


def quiet_of(text: str, zone: tzinfo) -> Quiet | None:
    """``22:00-07:00`` as quiet hours; None where they begin and end at once, or are none."""
    try:
        begins, ends = (time.fromisoformat(each) for each in text.split("-"))
    except ValueError:
        return None
    return None if begins == ends else Quiet(begins, ends, zone)


COMMAND_DIGEST = 1.0
"""Seconds for which what a rule's own command is told waits for what comes with it."""


COMMAND = "command:"
"""What the name of a rule's own command begins with."""


def command_of(rule: str) -> str:
    """The name of a rule's own command, as a target."""
    return f"{COMMAND}{rule}"


@dataclass(frozen=True, slots=True)
class Way:
    """One target: when it is told, and who after it."""

    severity: Severity = Severity.INFO
    digest: float = 0.0
    quiet: Quiet | None = None
    over: bool = True
    escalate_to: str | None = None
    escalate_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Ways:
    """All targets by name, and whom each rule names."""

    targets: Mapping[str, Way]
    named: Mapping[str, tuple[str, ...]]
    """Of the rules that name the targets which are told: those."""

    def first(self, episode: Episode) -> list[str]:
        """The targets that are told when it fires.

        Whoever is told only when nobody answers another one is not among them, unless the rule
        names it.
        """
        command = command_of(episode.rule)
        own = [command] if command in self.targets else []
        if episode.rule in self.named:
            named = dict.fromkeys(self.named[episode.rule])
            return [*(each for each in named if each in self.targets), *own]
        fit = [
            name
            for name, way in self.targets.items()
            if way.severity <= episode.severity and not name.startswith(COMMAND)
        ]
        after = {name: set(self.chain(name, episode.severity)) for name in fit}
        later = {
            name for name in fit for other in fit if name in after[other] - {other}
            and other not in after[name]
        }  # fmt: skip
        return [*(name for name in fit if name not in later), *own]

    def next(self, name: str, severity: Severity) -> str | None:
        """Who is told when nobody answered ``name``."""
        way = self.targets.get(name)
        other = None if way is None else way.escalate_to
        if other is None or other == name or other not in self.targets:
            return None
        return other if self.targets[other].severity <= severity else None

    def chain(self, name: str, severity: Severity) -> Iterator[str]:
        """All who are told, one after the other, when nobody answers; each once."""
        seen = {name}
        while (other := self.next(name, severity)) is not None and other not in seen:
            seen.add(other)
            yield other
            name = other


def ways_of(targets: Mapping[str, Target], rules: Mapping[str, Alert], zone: tzinfo) -> Ways:
    """The ways of these settings; times of the day are those of ``zone``."""
    ways = {name: _way(target, zone) for name, target in targets.items()}
    commands = {
        command_of(name): Way(digest=COMMAND_DIGEST) for name, rule in rules.items() if rule.command
    }
    named = {name: tuple(rule.targets) for name, rule in rules.items() if rule.targets is not None}
    return Ways(ways | commands, named)


def _way(target: Target, zone: tzinfo) -> Way:
    return Way(
        Severity[target.severity.upper()],
        parse_duration(target.digest),
        quiet_of(target.quiet, zone) if target.quiet else None,
        target.over,
        target.escalate_to,
        parse_duration(target.escalate_after),
    )
