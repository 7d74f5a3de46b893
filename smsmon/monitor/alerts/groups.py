"""Groups of messages, by tag, source, country, … and all there is, as rules of alerts see them.

What became final is added up in windows (``windows``): from the recorded past, once that was asked
for, and from what happens since. What waits is counted from the messages, as each was looked at.
While an account of a group's messages does not answer nobody knows how it is with the group, and
its rules stand still; so do those about who waits while a message in which somebody waits was not
read for clearly longer than was promised.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from math import inf

from smsmon import holds
from smsmon.alerts import About, Subject
from smsmon.filters.groups import (
    GROUPS_BY_NAME,
    LEAST_FINAL,
    OPEN_FIELDS,
    USUAL,
    USUAL_DAYS,
    USUAL_LEAST,
    WAITING_FIELDS,
    WITHIN_FIELDS,
)
from smsmon.filters.questions import Value
from smsmon.groups import LIMITS, Within
from smsmon.known import Condition
from smsmon.model import Final
from smsmon.monitor.alerts.agenda import Key
from smsmon.monitor.alerts.cases import START_GRACE, Runs, Watching, always, just_after
from smsmon.monitor.alerts.members import Members, Waits
from smsmon.monitor.alerts.rules import Rule, group_facts
from smsmon.monitor.alerts.windows import Length, Rolling, Sums, Windows

GROUPED = (About.TAG, About.SOURCE, About.LABEL, About.PROFILE, About.COUNTRY, About.ALL)
USUAL_LENGTH = Length(USUAL_DAYS * 86_400.0, USUAL_DAYS * 4)
WAITING = WAITING_FIELDS | {"group", "name"}
"""The fields that tell how it is now, and need no past."""
OPEN = WAITING | OPEN_FIELDS
"""The fields that need to know who waits."""


class Groups:
    """The groups of ``monitor``'s messages, which are looked at since ``started``."""

    def __init__(self, monitor: Watching, started: float) -> None:
        self.started = started
        self.members = Members()
        self.windows = Windows({})
        self.night_holds: Collection[str] = ()
        self.since = started
        """From when on what became final was heard here."""
        self.seeded = False
        """What became final before that is in the windows."""
        self._lengths: dict[About, frozenset[Length]] = {}
        self._monitor = monitor

    def use(self, rules: Sequence[Rule], night_holds: Collection[str], now: float) -> None:
        """Add up what these rules ask for; what is not known of the past is to be asked for."""
        lengths = {
            about: frozenset(_lengths([rule for rule in rules if rule.about is about]))
            for about in GROUPED
        }
        self.members.kinds = frozenset(rule.about for rule in rules)
        self.members.by_country = any(
            rule.about is About.COUNTRY and not rule.fields.isdisjoint(OPEN) for rule in rules
        )
        if lengths == self._lengths and night_holds == self.night_holds:
            return
        self._lengths, self.night_holds = lengths, night_holds
        self.windows, self.since, self.seeded = self.empty(), now, False

    def empty(self) -> Windows:
        """Windows to put the past into, as the rules ask for it."""
        return Windows(self._lengths, self.night_holds)

    def seed(self, past: Windows) -> None:
        """What became final before ``since``."""
        past.include(self.windows)
        self.windows, self.seeded = past, True

    def add(self, finals: Iterable[Final]) -> set[Key]:
        """These became final by now; what did before ``since`` is of the past."""
        return self.windows.add(each for each in finals if each.at >= self.since)

    def looked_round(self, now: float) -> bool:
        """True when all groups are known that there are: all messages were looked at, and every
        account answers."""
        past_known = self.known_from(self.windows.longest) <= now
        profiles = self.members.profiles((About.ALL, ""))
        answers = all(map(self.account_answers, profiles))
        return past_known and answers and now >= self.started + START_GRACE

    def shift(self, seconds: float) -> None:
        """The clock was set by so many seconds."""
        self.started += min(seconds, 0.0)
        self.since += seconds
        self.windows.shift(seconds)

    def known_from(self, seconds: float) -> float:
        """When a window of so many seconds is known: at once, or when all of it was heard here."""
        return -inf if self.seeded else self.since + seconds

    def known_later(self, now: float) -> list[float]:
        """When each of the windows that are not known yet will be."""
        moments = {self.known_from(each.seconds) for of in self._lengths.values() for each in of}
        return [inf, *(at for at in moments if at > now)]

    def account_answers(self, profile: str) -> bool:
        state = self._monitor.account(profile)
        return state.heard and state.condition is Condition.OK


class GroupsOf:
    """The groups of one kind."""

    def __init__(self, groups: Groups, about: About) -> None:
        self.about = about
        self._groups = groups

    def names(self) -> Iterable[str]:
        if self.about is About.ALL:
            return ("",)
        groups = self._groups
        return {*groups.windows.names(self.about), *groups.members.names(self.about)}

    def look(self, name: str, now: float) -> GroupSight | None:
        key = self.about, name
        empty = self._groups.windows.drop_empty(key, now)
        gone = empty and self.about is not About.ALL and key not in self._groups.members
        if gone and self._groups.looked_round(now):
            return None
        return GroupSight(self._groups, key, now)


class GroupSight:
    """One group, as it is now."""

    label = ""
    tags: tuple[str, ...] = ()

    def __init__(self, groups: Groups, key: Key, now: float) -> None:
        self._groups, self._key, self._now = groups, key, now
        self._waiting = groups.members.waiting(key)
        self.subject = Subject(*key)
        self.as_of = now

    @cached_property
    def fresh(self) -> bool:
        return all(map(self._groups.account_answers, self._groups.members.profiles(self._key)))

    @property
    def due(self) -> float:
        graced = just_after(self._groups.started + START_GRACE, self._now)
        return min(graced, *self._groups.known_later(self._now))

    def known(self, rule: Rule) -> bool:
        asked = rule.fields
        if not self.fresh:
            return False
        if not asked.isdisjoint(OPEN) and not all(each.sure for each in self._waiting):
            return False
        return asked <= WAITING or self._groups.known_from(_reach(rule)) <= self._now

    def why_over(self, rule: Rule) -> str:  # noqa: ARG002 - of every kind it is asked
        return ""

    def value(self, rule: Rule, name: str) -> Value:
        return GROUPS_BY_NAME[name].value(_Facts(self, rule), self._now)

    def turn(self, rule: Rule) -> float:
        turn = inf
        if not rule.fields <= WAITING:
            turn = self.window(rule).next_at
        # There is one moment among the fields: who waits longest.
        for edge in (*(edge for _, edge in rule.moments), *_limits(rule)):
            for each in (each for each in self._waiting if each.number):
                at = (
                    holds.after(each.since, edge) if self._held(each.profile) else each.since + edge
                )
                turn = min(turn, just_after(at, self._now))
        return turn

    def runs(self, rule: Rule) -> Runs:
        accounts = self._groups.members.profiles(self._key)
        held = rule.about_waiting and accounts and all(map(self._held, accounts))
        return holds.after if held else always

    def facts(self, rule: Rule) -> str:
        return group_facts(rule, _Facts(self, rule), lambda name: self.value(rule, name))

    # What the table of fields asks

    def window(self, rule: Rule) -> Rolling:
        return self._groups.windows.of(self._key, Length(rule.window), self._now)

    def usual(self, seconds: float) -> Sums:
        """What became final in the last days, without the last ``seconds``."""
        rolling = self._groups.windows.of(self._key, USUAL_LENGTH, self._now)
        return rolling.before(self._now - seconds)

    @property
    def waiting(self) -> int:
        return sum(each.number for each in self._waiting)

    @property
    def waiting_since(self) -> float | None:
        """Since when the first of those waits who wait; what lies in a hold does not count."""
        longest = max((self._waited(each) for each in self._waiting if each.number), default=None)
        return None if longest is None else self._now - longest

    def waiting_for(self, least: float, most: float) -> int:
        """How many have been waiting for longer than ``least`` seconds, and no longer than so."""
        numbers = (each.number for each in self._waiting if least < self._waited(each) <= most)
        return sum(numbers)

    def _waited(self, waits: Waits) -> float:
        held = holds.held(waits.since, self._now) if self._held(waits.profile) else 0.0
        return self._now - waits.since - held

    def _held(self, profile: str) -> bool:
        return profile in self._groups.night_holds


class _Facts:
    """A group as the table of fields has it, for one rule."""

    def __init__(self, sight: GroupSight, rule: Rule) -> None:
        self._sight, self._window = sight, rule.window
        self._sums = sight.window(rule).total

    @property
    def name(self) -> str:
        return self._sight.subject.name

    @property
    def title(self) -> str:
        return self.name

    @property
    def delivered(self) -> int:
        return self._sums.delivered

    @property
    def failed(self) -> int:
        return self._sums.failed

    @property
    def stop(self) -> int:
        return self._sums.stop

    @property
    def p50(self) -> float | None:
        return self._sums.quantile(0.5)

    @property
    def p90(self) -> float | None:
        return self._sums.quantile(0.9)

    @property
    def within(self) -> tuple[Within, ...]:
        return tuple(map(self._within, LIMITS))

    def _within(self, limit: float) -> Within:
        known = self._sums.within(limit)
        return known._replace(missed=known.missed + self._sight.waiting_for(limit, self._window))

    @property
    def waiting(self) -> int:
        return self._sight.waiting

    @property
    def waiting_since(self) -> float | None:
        return self._sight.waiting_since

    @property
    def failed_times(self) -> float | None:
        return self._share_times(lambda sums: sums.failed)

    @property
    def stop_times(self) -> float | None:
        return self._share_times(lambda sums: sums.stop)

    @property
    def p90_times(self) -> float | None:
        usual = self._usual
        if usual is None:
            return None
        now, before = self._sums.quantile(0.9), usual.quantile(0.9)
        return None if now is None or before is None else now / before

    def _share_times(self, part: Callable[[Sums], int]) -> float | None:
        """Where it was none of all there were, one of them is taken for usual."""
        usual = self._usual
        if usual is None:
            return None
        return part(self._sums) / self._sums.final / (max(part(usual), 1) / usual.final)

    @property
    def _usual(self) -> Sums | None:
        """What is usual; None where that is not known, or there is too little to compare."""
        usual = self._sight.usual(self._window)
        enough = self._sums.final >= LEAST_FINAL and usual.final >= USUAL_LEAST
        return usual if enough else None


def _limits(rule: Rule) -> Iterable[float]:
    """How long somebody waits when a rule counts him as late, or no longer."""
    for name in rule.fields & WITHIN_FIELDS.keys():
        yield from (WITHIN_FIELDS[name], rule.window)


def _reach(rule: Rule) -> float:
    """How far back what the rule asks of a group reaches, in seconds."""
    return rule.window if rule.fields.isdisjoint(USUAL) else USUAL_LENGTH.seconds


def _lengths(rules: Iterable[Rule]) -> Iterable[Length]:
    """The windows that rules of one kind ask for."""
    for rule in rules:
        if not rule.fields <= WAITING:
            yield Length(rule.window)
        if not rule.fields.isdisjoint(USUAL):
            yield USUAL_LENGTH
