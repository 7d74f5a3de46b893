"""Rules over messages: when an alert begins, and when it is over. Pure.

A rule is a condition in the grammar of filters; an alert is one rule that holds for one message::

    nothing ─holds─► pending ─for ``hold``─► firing ─ends─► clearing ─for ``clear``─► over
                        └─ends─► nothing       ▲───holds again──┘

Only the two ends are told: an alert fires once, and is over once, however its condition
flickers in between. Nothing is concluded from what is not known: while a message is stale, or
was not read since the program started, rules about its recipients stand still (a pending alert
begins anew, a firing one goes on). Rules that ask for the state itself do not.

What is looked at is what something happened to, and what time alone may have changed: the cost
does not grow with the watchlist. All times are wall-clock seconds since the epoch.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from math import inf
from types import MappingProxyType

from smsmon.alerts import Severity
from smsmon.filters import Filter
from smsmon.known import Condition
from smsmon.monitor.board import overdue_at
from smsmon.monitor.standing import Monitor, began_at, message_value, standing
from smsmon.monitor.state import MessageState, Watched

PORTION = 200
"""Messages looked at in one go: about 6 ms with three rules."""
START_GRACE = 120.0
"""Seconds after the start in which a message that nobody tried to read yet is not stale."""
_JUST_AFTER = 0.001
"""Seconds: at the very edge of ``oldest>60s`` it does not hold yet."""
_UNKNOWN = (MessageState.STALE, MessageState.NOT_FOUND, MessageState.NEW)
_OF_READING = frozenset(("state", "reason", "read", "trouble"))
"""The fields that tell how it stands with reading, and so are known when nothing is read."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What to be told about."""

    name: str
    condition: Filter
    """Over ``MESSAGE_FIELDS``."""
    hold: float = 0.0
    """Seconds for which the condition must hold until the alert fires."""
    clear: float = 60.0
    """Seconds for which it must not hold any more until the alert is over."""
    severity: Severity = Severity.WARNING
    bell: bool = False
    """Who tells it rings a bell, if there is one."""

    @property
    def about_reading(self) -> bool:
        """True when it asks how it stands with reading the message."""
        return not _OF_READING.isdisjoint(self.condition.fields)


@dataclass(frozen=True, slots=True)
class Alert:
    """One end of an alert, told once."""

    rule: Rule
    message_id: str
    firing: bool
    """False: it is over."""
    at: float
    began: float
    """Since when the condition held, as far as was seen."""
    old: bool = False
    """It held already when the program first looked: no news, but good to know."""
    label: str = ""
    why: str = ""
    """Why it is over when it is not that the condition ended."""


class _Phase(Enum):
    PENDING = auto()
    FIRING = auto()
    CLEARING = auto()


@dataclass(slots=True)
class _Case:
    """A rule on its way with one message."""

    phase: _Phase
    since: float
    began: float
    old: bool
    label: str
    resumed: bool = False
    """It fired before the program started; whether it holds still is not known yet."""


class Alerts:
    """How the rules stand with every message of ``monitor``, which is watched since ``now``."""

    def __init__(self, rules: Sequence[Rule], monitor: Monitor, now: float) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._monitor = monitor
        self._started = now
        self._asks_state = any(rule.about_reading for rule in rules)
        self._cases: dict[str, dict[str, _Case]] = {}
        self._unmet: set[str] = set()
        """Messages that were there at the start, and were not read since."""
        self._unmet_by: dict[str, set[str]] = {}
        """A rule that began later → as much, of its own start."""
        self._touched: dict[str, None] = {}
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._told: list[Alert] = []
        self._firing: dict[str, tuple[Rule, ...]] = {}

    # Looking

    @property
    def firing(self) -> Mapping[str, tuple[Rule, ...]]:
        """Message id → the rules that fire for it, the most severe first; a live view."""
        return MappingProxyType(self._firing)

    def take(self) -> list[Alert]:
        """What began and ended since this was last asked, in its order."""
        told, self._told = self._told, []
        return told

    @property
    def next_look(self) -> float:
        """When time alone may change something next; inf when it cannot."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else inf

    # Being told

    def use(self, rules: Sequence[Rule], now: float) -> None:
        """Go by these rules from now on.

        An alert that fires goes on under a changed rule of its name, for as long as that holds;
        what was pending begins anew if the condition is another. What holds already for a new
        condition is no news. An alert whose rule is gone is over.
        """
        before, after = self._rules, {rule.name: rule for rule in rules}
        asks_else = {
            name
            for name, rule in after.items()
            if name not in before or before[name].condition.text != rule.condition.text
        }
        for id, cases in self._cases.items():
            for name in [name for name in cases if name not in after]:
                self._end(cases, name, id, now, "its rule was removed")
            for name in asks_else & cases.keys():
                if cases[name].phase is _Phase.PENDING:
                    del cases[name]
        self._rules = after
        self._asks_state = any(rule.about_reading for rule in rules)
        self._unmet_by = {name: met for name, met in self._unmet_by.items() if name in after}
        self._unmet_by |= {name: set(self._monitor.board.messages) for name in asks_else}
        self.touch(self._monitor.board.messages)

    def meet(self, ids: Iterable[str]) -> None:
        """These messages are there at the start: what holds for them already is no news."""
        self._unmet.update(ids)
        self.touch(self._unmet)

    def resume(self, fired: Iterable[tuple[str, str]]) -> None:
        """Go on with what fired before, here or elsewhere: (name of the rule, message) pairs.

        Where it still holds that is told as old; where it does not, it is soon over.
        """
        for name, id in fired:
            cases = self._cases.setdefault(id, {})
            if name in self._rules and name not in cases:
                cases[name] = _Case(_Phase.FIRING, self._started, self._started, True, "", True)
                self.touch([id])

    def fired(self) -> dict[tuple[str, str], Alert]:
        """What fires now, by (name of the rule, message)."""
        return {
            (name, id): self._firing_now(name, id, case)
            for id, cases in self._cases.items()
            for name, case in cases.items()
            if case.phase is not _Phase.PENDING and not case.resumed
        }

    def of(self, id: str) -> list[Alert]:
        """What fires now for one message, the most severe first."""
        cases = self._cases.get(id, {})
        names = [rule.name for rule in self._firing.get(id, ())]
        return [self._firing_now(name, id, cases[name]) for name in names]

    def _firing_now(self, name: str, id: str, case: _Case) -> Alert:
        rule = self._rules[name]
        return Alert(rule, id, True, case.since, case.began, case.old, case.label)

    def over(self, name: str, id: str, now: float) -> Alert | None:
        """That an alert told elsewhere is over; None while that is not known, or not so."""
        met = id in self._monitor.board and id not in self._unmet
        if name not in self._rules or name in self._cases.get(id, {}) or not met:
            return None
        return Alert(self._rules[name], id, False, now, now)

    def touch(self, ids: Iterable[str]) -> None:
        """Something happened to these messages, or they are gone."""
        self._touched.update(dict.fromkeys(ids))

    def touch_profile(self, profile: str) -> None:
        """Something happened to an account, and so to all of its messages."""
        board = self._monitor.board
        self.touch(each.id for each in board if each.entry.profile == profile)

    def shift(self, seconds: float) -> None:
        """The wall clock was set by so many seconds: what is being measured goes on as before."""
        for cases in self._cases.values():
            for case in cases.values():
                case.since += seconds
        self._started += min(seconds, 0.0)  # what is read from now on is read since the start
        self._heap.clear()
        self._due.clear()
        self.touch(self._monitor.board.messages)

    def step(self, now: float) -> bool:
        """Look at what was touched or is due, a portion of it; True when there is more."""
        while self.next_look <= now:
            _, id = heapq.heappop(self._heap)
            del self._due[id]
            self._touched[id] = None
        for id in list(self._touched)[:PORTION]:
            del self._touched[id]
            watched = self._monitor.board.get(id)
            if watched is None:
                self._forget(id, now)
            else:
                self._look(watched, now)
        return bool(self._touched)

    # Inside

    def _look(self, watched: Watched, now: float) -> None:
        id = watched.id
        state = standing(self._monitor, watched, now).state
        fresh = state is MessageState.SETTLED or (state not in _UNKNOWN and self._read(watched))
        tried = self._tried(watched, now)
        value_of = partial(message_value, self._monitor, watched, now)
        cases = self._cases.setdefault(id, {})
        due = inf
        if self._asks_state:
            due = _after(overdue_at(watched), now) if tried else self._started + START_GRACE
        for name, rule in self._rules.items():
            if not (tried if rule.about_reading else fresh or state is MessageState.PAUSED):
                self._stand_still(cases, name)
                continue
            if state is MessageState.PAUSED and not rule.about_reading:
                self._end(cases, name, id, now, "paused")
                continue
            holds = rule.condition.matches(value_of)
            due = min(due, self._go_on(cases, rule, watched, now, holds=holds))
            due = min(due, *_turns(rule.condition, self._monitor, watched, now))
        if fresh:
            self._has_met(id)
        if not cases:
            del self._cases[id]
        self._note_firing(id)
        self._plan(id, due)

    def _has_met(self, id: str) -> None:
        """What holds for this message from now on is news."""
        self._unmet.discard(id)
        for name, unmet in list(self._unmet_by.items()):
            unmet.discard(id)
            if not unmet:
                del self._unmet_by[name]

    def _read(self, watched: Watched) -> bool:
        """True when it was read since the start."""
        return watched.read_at is not None and watched.read_at >= self._started

    def _tried(self, watched: Watched, now: float) -> bool:
        """True when it is known whether the message can be read."""
        return (
            self._read(watched)
            or watched.fault is not None
            or watched.entry.paused
            or self._monitor.account(watched.entry.profile).condition is not Condition.OK
            or now - self._started >= START_GRACE
        )

    def _go_on(
        self, cases: dict[str, _Case], rule: Rule, watched: Watched, now: float, *, holds: bool
    ) -> float:
        """Let the case of a rule go on; gives when time alone brings it further."""
        case = cases.get(rule.name)
        if holds and case is None:
            old = watched.id in self._unmet or watched.id in self._unmet_by.get(rule.name, ())
            case = cases[rule.name] = _Case(_Phase.PENDING, now, now, old, watched.entry.label)
        if case is None:
            return inf
        if holds and case.resumed:
            case.resumed, case.label = False, watched.entry.label
            self._tell(rule, case, watched.id, now, firing=True)
        if holds and case.phase is _Phase.CLEARING:
            case.phase = _Phase.FIRING
        elif not holds and case.phase is _Phase.FIRING:
            case.phase, case.since = _Phase.CLEARING, now
        elif not holds and case.phase is _Phase.PENDING:
            del cases[rule.name]
            return inf
        if case.phase is _Phase.PENDING:
            if now - case.since < rule.hold:
                return case.since + rule.hold
            case.phase = _Phase.FIRING
            self._tell(rule, case, watched.id, now, firing=True)
        if case.phase is _Phase.CLEARING:
            if now - case.since < rule.clear:
                return case.since + rule.clear
            self._end(cases, rule.name, watched.id, now)
        return inf

    def _stand_still(self, cases: dict[str, _Case], name: str) -> None:
        """Nothing is known: what was pending has to hold anew, what fires goes on."""
        case = cases.get(name)
        if case is not None and case.phase is _Phase.PENDING:
            del cases[name]
        elif case is not None:
            case.phase = _Phase.FIRING

    def _end(self, cases: dict[str, _Case], name: str, id: str, now: float, why: str = "") -> None:
        case = cases.pop(name, None)
        if case is not None and case.phase is not _Phase.PENDING:
            self._tell(self._rules[name], case, id, now, firing=False, why=why)

    def _forget(self, id: str, now: float) -> None:
        cases = self._cases.pop(id, {})
        for name in list(cases):
            self._end(cases, name, id, now, "no longer watched")
        self._has_met(id)
        self._firing.pop(id, None)
        self._due.pop(id, None)

    def _tell(
        self, rule: Rule, case: _Case, id: str, now: float, *, firing: bool, why: str = ""
    ) -> None:
        # What began by a clock that was set back since began no later than it was looked at.
        began = case.began if case.began <= now else min(case.since, now)
        self._told.append(Alert(rule, id, firing, now, began, case.old, case.label, why))

    def _note_firing(self, id: str) -> None:
        cases = self._cases.get(id, {})
        rules = [self._rules[name] for name, case in cases.items() if case.phase != _Phase.PENDING]
        if rules:
            self._firing[id] = tuple(sorted(rules, key=lambda rule: -rule.severity))
        else:
            self._firing.pop(id, None)

    def _plan(self, id: str, due: float) -> None:
        if due == inf:
            self._due.pop(id, None)
        elif self._due.get(id) != due:
            self._due[id] = due
            heapq.heappush(self._heap, (due, id))
        if len(self._heap) > 2 * len(self._due) + PORTION:
            self._heap = [(at, each) for each, at in self._due.items()]
            heapq.heapify(self._heap)


def _turns(condition: Filter, monitor: Monitor, watched: Watched, now: float) -> list[float]:
    """When time alone may turn the condition round: the next of each of its moments."""
    turns = [inf]
    for term in condition.terms:
        for name, _, edges in term.checks:
            began = began_at(monitor, watched, now, name) if edges else None
            if began is not None:
                turns.append(min((_after(began + edge, now) for edge in edges), default=inf))
    return turns


def _after(at: float | None, now: float) -> float:
    """Just after ``at``; inf when that is past, or None."""
    return inf if at is None or at + _JUST_AFTER <= now else at + _JUST_AFTER
