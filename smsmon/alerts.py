"""What an alert is, for everybody: what it is about, its episode, who answered, what is silenced.

An **episode** is one alert from when it fires until it is over. It is **acknowledged** when
somebody took it on, and **silenced** while nobody wants to hear of it; both change nothing about
its being true. Pure values. All moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

NOTE_LIMIT = 500
"""Characters of what is said with an acknowledgement or a silence."""
LONG_AGO = 86_400.0
"""Seconds after which an acknowledgement of what still fires is shown as old."""


class Severity(IntEnum):
    """How much an alert matters."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def slug(self) -> str:
        """As it is written in settings and JSON."""
        return self.name.lower()


class About(StrEnum):
    """What a rule is asked of."""

    MESSAGE = "message"
    ACCOUNT = "account"
    TAG = "tag"
    SOURCE = "source"
    """All that a source of ids brought."""
    LABEL = "label"
    PROFILE = "profile"
    """All messages of an account."""
    COUNTRY = "country"
    ALL = "all"


class Subject(NamedTuple):
    """What one alert is about. Comparable, and so it can be a key."""

    about: About
    name: str = ""
    """The message id, the account, the tag, the country (two letters), …; empty for all, and for
    what has no label or came from no source."""
    profile: str = ""
    """The account of a message or of an account; else empty."""

    def __str__(self) -> str:
        """As it is written and read: ``2270138``, ``account:default``, ``tag:otp``, ``all``."""
        if self.about is About.MESSAGE:
            return self.name
        return f"{self.about}:{self.name}" if self.name else str(self.about)


class Worst(NamedTuple):
    """The worst moment of an episode so far."""

    badness: float
    """Larger is worse; of one rule and subject alone it can be compared."""
    at: float
    facts: str
    """What was so bad, in words: ``60% not delivered of 138 final``."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That somebody took an alert on."""

    by: str
    """Who, as the system or the operator says: ``anna@ops1``."""
    at: float
    note: str = ""
    until: float | None = None
    """From when on it counts as not acknowledged any more; None: until the alert is over."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert, from when it fired until it was over."""

    rule: str
    subject: Subject
    severity: Severity
    condition: str
    """The rule's condition, as it was written."""
    began_at: float
    """Since when the condition held, as far as was seen."""
    fired_at: float
    label: str = ""
    """Of the message."""
    tags: tuple[str, ...] = ()
    """Of the message, when it fired."""
    facts: str = ""
    """What was so when it fired, in words."""
    worst: Worst | None = None
    over_at: float | None = None
    """None while it fires."""
    why_over: str = ""
    """Why it is over when it is not that the condition ended: ``no longer watched``."""
    acknowledged: Acknowledgement | None = None
    """The last acknowledgement; whether it counts is told by ``state_of``."""
    old: bool = False
    """It held already when somebody first looked: it is no news and wakes nobody."""
    number: int = 0
    """Of the store; 0 while it is not recorded."""

    @property
    def firing(self) -> bool:
        return self.over_at is None


class What(StrEnum):
    """What a silence is of."""

    RULE = "rule"
    TAG = "tag"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Silence:
    """That nobody wants to hear of some alerts for a while."""

    what: What
    name: str
    """Of the rule or the tag; a message id."""
    since: float
    until: float
    """When it ends; earlier when somebody ended it."""
    by: str = ""
    note: str = ""
    number: int = 0
    """Of the store; 0 while it is not recorded."""

    def __str__(self) -> str:
        """As it is written: ``losses``, ``tag:otp``, ``2270138``."""
        return f"tag:{self.name}" if self.what is What.TAG else self.name

    def in_force(self, now: float) -> bool:
        return self.since <= now < self.until

    def covers(self, episode: Episode) -> bool:
        """True when it is of this episode, in force or not."""
        about, name = episode.subject.about, episode.subject.name
        match self.what:
            case What.RULE:
                return self.name == episode.rule
            case What.TAG:
                return self.name in episode.tags or (about is About.TAG and self.name == name)
            case What.MESSAGE:
                return about is About.MESSAGE and self.name == name


class State(StrEnum):
    """How it stands with an episode, in the order of who needs eyes."""

    FIRING = "firing"
    """It fires and nobody answered."""
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    PAST = "past"


def state_of(episode: Episode, silences: Iterable[Silence], now: float) -> State:
    """How it stands with an episode at wall time ``now``."""
    if not episode.firing:
        return State.PAST
    if any(each.in_force(now) and each.covers(episode) for each in silences):
        return State.SILENCED
    return State.ACKNOWLEDGED if is_acknowledged(episode, now) else State.FIRING


def is_acknowledged(episode: Episode, now: float) -> bool:
    """True when somebody took it on, and has not given it back by now."""
    told = episode.acknowledged
    return told is not None and (told.until is None or now < told.until)


class Edge(StrEnum):
    """What a target is told of an episode, each once."""

    FIRED = "fired"
    ESCALATED = "escalated"
    """Nobody acknowledged it in time; told to the target that is named for that."""
    OVER = "over"


class Telling(NamedTuple):
    """One thing that one target is told of one episode."""

    number: int
    """The episode's."""
    target: str
    edge: Edge
