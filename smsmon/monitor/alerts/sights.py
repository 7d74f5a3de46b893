"""What every kind of subject tells those who look: the seam between rules and what they are about.

A **kind** knows all subjects of one sort, and gives a **sight** of one of them: how it is at that
moment, and whether that is known at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Protocol

from smsmon.alerts import About, Subject
from smsmon.filters.questions import Value
from smsmon.monitor.alerts.cases import Runs
from smsmon.monitor.alerts.rules import Rule
from smsmon.monitor.standing import Monitor

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
