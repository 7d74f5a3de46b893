"""The way of a case, one rule with one thing that it is about; and what fires by them. Pure.

::

    nothing ─holds─► pending ─for ``hold``─► firing ─ends─► clearing ─for ``clear``─► over
                        └─ends─► nothing       ▲──no longer──┘

A case that fires ends when its condition does not hold; where the rule says ``until``, when that
holds besides. So an alert that fired at ``balance<50`` with ``until = "balance>75"`` goes on at 60.

Each **kind** of what rules are about knows all subjects of one sort, and gives a **sight** of one:
how it is at that moment, and whether that is known at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain
from math import inf
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar

from smsmon.alerts import About, Subject
from smsmon.filters.questions import Value
from smsmon.monitor.alerts.agenda import Key
from smsmon.monitor.alerts.rules import Alert, Rule
from smsmon.monitor.standing import Monitor


class Phase(Enum):
    PENDING = auto()
    FIRING = auto()
    CLEARING = auto()


@dataclass(slots=True)
class Case:
    """A rule on its way with one subject."""

    phase: Phase
    since: float
    """When it came to this phase; a pending one that fired keeps its beginning."""
    began: float
    """Since when the condition held, as far as was seen."""
    old: bool
    subject: Subject
    label: str = ""
    tags: tuple[str, ...] = ()
    resumed: bool = False
    """It fired before the program started; whether it holds still is not known yet."""
    fired_at: float = 0.0
    facts: str = ""
    badness: float = 0.0
    worst: float = -inf

    @property
    def fires(self) -> bool:
        """True from when it fired until it is over."""
        return self.phase is not Phase.PENDING

    def told(self, rule: Rule) -> Alert:
        return Alert(rule, self.subject, True, self.fired_at, self.began, self.old, self.label,
                     tags=self.tags, facts=self.facts, badness=self.badness)  # fmt: skip

    def over(self, rule: Rule, at: float, why: str = "") -> Alert:
        began = self._begun(at)
        return Alert(rule, self.subject, False, at, began, self.old, self.label, why,
                     self.tags, self.facts, self.badness)  # fmt: skip

    def fire(self, now: float) -> None:
        """It fires from now on."""
        self.phase, self.began, self.fired_at = Phase.FIRING, self._begun(now), now

    def note(self, rule: Rule, seen: Sight) -> bool:
        """Note how it is with what fires; True when it was never as bad."""
        gauge = rule.gauge
        self.label, self.tags, self.facts = seen.label, tuple(seen.tags), seen.facts(rule)
        self.badness = gauge.badness(seen.value(rule, gauge.field)) if gauge else 0.0
        before, self.worst = self.worst, max(self.worst, self.badness)
        return self.worst > before

    def _begun(self, now: float) -> float:
        # What began by a clock that was set back since began no later than it was looked at.
        return self.began if self.began <= now else min(self.since, now)


class Step(NamedTuple):
    """What became of a case at one look."""

    case: Case | None
    """None: there is none, or none any more."""
    fires: bool = False
    """It is to be told that it fires."""
    over: Case | None = None
    """The case that is over, which is to be told."""
    due: float = inf
    """When time alone brings it further."""


Runs = Callable[[float, float], float]
"""Gives when so many seconds that count have passed since a moment."""


def always(since: float, seconds: float) -> float:
    """When ``seconds`` have passed: they all count."""
    return since + seconds


def go_on(
    case: Case | None,
    rule: Rule,
    now: float,
    *,
    holds: bool,
    ends: bool,
    begin: Callable[[], Case],
    runs: Runs = always,
) -> Step:
    """Let a case go on by what is known now.

    ``holds`` is the condition; ``ends`` says that nothing keeps a firing case from being over.
    ``begin`` makes a new case. ``runs`` says which time counts for ``hold``.
    """
    fires = False
    if case is None:
        if not holds:
            return Step(None)
        case = begin()
    if case.phase is Phase.PENDING:
        if not holds:
            return Step(None)
        due = runs(case.since, rule.hold) if rule.hold else now
        if now < due:
            return Step(case, due=due)
        case.fire(now)
        return Step(case, fires=True)
    if case.resumed and not ends:
        case.resumed, case.fired_at, fires = False, now, True
    if ends and case.phase is Phase.FIRING:
        case.phase, case.since = Phase.CLEARING, now
    elif not ends:
        case.phase = Phase.FIRING
    if case.phase is Phase.CLEARING:
        due = case.since + rule.clear
        return Step(case, due=due) if now < due else Step(None, over=case)
    return Step(case, fires=fires)


def stand_still(case: Case | None) -> Case | None:
    """Nothing is known: what was pending has to hold anew, what fires goes on."""
    if case is None or case.phase is Phase.PENDING:
        return None
    case.phase = Phase.FIRING
    return case


START_GRACE = 120.0
"""Seconds after the start in which a message that nobody tried to read yet is not stale."""
_JUST_AFTER = 0.001
"""Seconds: at the very edge of ``oldest>60s`` it does not hold yet."""


class Watching(Monitor, Protocol):
    """The part of the engine that alerts look at."""

    @property
    def profiles(self) -> tuple[str, ...]: ...


class Sight(Protocol):
    """One subject, as it is at one moment."""

    @property
    def subject(self) -> Subject: ...
    @property
    def label(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def fresh(self) -> bool:
        """True when it is known how it is: what holds for it from now on is news."""

    @property
    def as_of(self) -> float:
        """The moment of which it is known here how it was; it may have changed since."""

    @property
    def due(self) -> float:
        """When time alone changes whether it is known."""

    def known(self, rule: Rule) -> bool:
        """True when it is known whether the rule's condition holds."""

    def why_over(self, rule: Rule) -> str:
        """Why the rule is not asked of it now; empty when it is."""

    def value(self, rule: Rule, name: str) -> Value:
        """What the rule's filter asks."""

    def turn(self, rule: Rule) -> float:
        """When time alone may turn the rule's condition round; inf when it cannot."""

    def runs(self, rule: Rule) -> Runs:
        """Which time counts for the rule's ``hold``."""

    def facts(self, rule: Rule) -> str:
        """What is so, in words, as far as the rule asks about it."""


class Kind(Protocol):
    """All subjects of one kind, by their names."""

    @property
    def about(self) -> About: ...
    def names(self) -> Iterable[str]: ...
    def look(self, name: str, now: float) -> Sight | None:
        """How it is; None when it is gone."""


def just_after(at: float | None, now: float) -> float:
    """Just after ``at``; inf when that is past, or None."""
    return inf if at is None or at + _JUST_AFTER <= now else at + _JUST_AFTER


K = TypeVar("K")


class Firing:
    """The rules that fire, by what they fire for."""

    def __init__(self) -> None:
        self._of_messages: dict[str, tuple[Rule, ...]] = {}
        self._of: dict[Key, tuple[Rule, ...]] = {}

    @property
    def of_messages(self) -> Mapping[str, tuple[Rule, ...]]:
        """Message id → the rules that fire for it, the most severe first; a live view."""
        return MappingProxyType(self._of_messages)

    @property
    def rules(self) -> Iterable[Rule]:
        """The rule of each alert that fires, whatever it is about."""
        return chain.from_iterable(self._of.values())

    def note(self, key: Key, rules: Iterable[Rule]) -> None:
        """These fire for it now, and no others."""
        firing = tuple(sorted(rules, key=lambda rule: -rule.severity))
        _put(self._of, key, firing)
        if key[0] is About.MESSAGE:
            _put(self._of_messages, key[1], firing)


def _put(kept: dict[K, tuple[Rule, ...]], key: K, firing: tuple[Rule, ...]) -> None:
    if firing:
        kept[key] = firing
    else:
        kept.pop(key, None)


class ToTell:
    """What nobody was told yet."""

    def __init__(self) -> None:
        self._turned: list[Alert] = []
        self._worse: dict[tuple[str, Subject], Alert] = {}

    def take(self) -> list[Alert]:
        """What began and ended since this was last asked, in its order."""
        turned, self._turned = self._turned, []
        return turned

    def worsened(self) -> list[Alert]:
        """What fires and is worse than it ever was, since this was last asked."""
        worse, self._worse = self._worse, {}
        return list(worse.values())

    def began(self, alert: Alert) -> None:
        self._turned.append(alert)

    def ended(self, alert: Alert) -> None:
        self._turned.append(alert)
        self._worse.pop((alert.rule.name, alert.subject), None)

    def is_worse(self, alert: Alert) -> None:
        self._worse[alert.rule.name, alert.subject] = alert


class News:
    """The subjects that were there at the start, of the program or of a rule, and are not known
    since: what holds for them is old."""

    def __init__(self) -> None:
        self._unmet: set[Key] = set()
        self._unmet_by: dict[str, set[Key]] = {}
        """A rule with a start of its own → as much, of that."""

    def begin(self, keys: Iterable[Key]) -> None:
        """These are there at the start of the program."""
        self._unmet.update(keys)

    def begin_with(self, rule: str, keys: set[Key]) -> None:
        """These are there at the start of a rule."""
        self._unmet_by[rule] = keys

    def keep(self, rules: Iterable[str]) -> None:
        """There are only these rules any more."""
        kept = set(rules)
        self._unmet_by = {name: met for name, met in self._unmet_by.items() if name in kept}

    def is_old(self, rule: str, key: Key) -> bool:
        """True when it is no news that a rule holds for this."""
        return key in self._unmet or key in self._unmet_by.get(rule, ())

    def met_by(self, rule: str, key: Key) -> None:
        """What holds for this is news from now on, for one rule."""
        self._unmet_by.get(rule, set()).discard(key)

    def met(self, key: Key) -> None:
        """What holds for this is news from now on."""
        self._unmet.discard(key)
        for name, unmet in list(self._unmet_by.items()):
            unmet.discard(key)
            if not unmet:
                del self._unmet_by[name]
