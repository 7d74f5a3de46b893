"""Messages, as rules of alerts see them.

While a message is stale, or was not read since the program started, nobody knows how it is with
its recipients; how it stands with reading it is known all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from math import inf

from smsmon import holds
from smsmon.alerts import About, Subject
from smsmon.filters.questions import Value
from smsmon.known import Condition
from smsmon.monitor.alerts.cases import START_GRACE, Runs, Watching, always, just_after
from smsmon.monitor.alerts.rules import Rule, message_facts
from smsmon.monitor.standing import began_at, message_value, standing
from smsmon.monitor.state import MessageState, Watched

KNOWN_FOR = 900.0
"""Seconds before the start in which a message was read last, by whoever was there, for that to be
what it is compared with: what was not looked at for longer has no news of that time. What changed
in them may not have been told: whoever would have is gone, and so may be several, one after the
other."""
_UNKNOWN = (MessageState.STALE, MessageState.NOT_FOUND, MessageState.NEW)


class Messages:
    """The messages of ``monitor``, which are watched since ``started``."""

    about = About.MESSAGE

    def __init__(self, monitor: Watching, started: float) -> None:
        self.started = started
        self.night_holds: Collection[str] = ()
        """The accounts whose messages the API holds back at night and on holidays."""
        self.asks_state = False
        """True when how it stands with reading is asked for, by rules or of accounts."""
        self.turned: Callable[[str], None] = lambda _: None
        """Called with an account when more or less of its messages are stale."""
        self.noted: Callable[[str, MessageSight | None], None] | None = None
        """Called with each message that is looked at; None when it is gone."""
        self._monitor = monitor
        self._stale: defaultdict[str, set[str]] = defaultdict(set)
        """Account → its messages that are stale, as far as they were looked at."""

    def names(self) -> Iterable[str]:
        return self._monitor.board.messages

    def look(self, name: str, now: float) -> MessageSight | None:
        watched = self._monitor.board.get(name)
        if watched is None:
            for profile in list(self._stale):
                self._note(name, profile, stale=False)
            if self.noted is not None:
                self.noted(name, None)
            return None
        seen = MessageSight(self, self._monitor, watched, now)
        if self.asks_state:
            is_stale = seen.tried and seen.state is MessageState.STALE
            self._note(name, watched.entry.profile, stale=is_stale)
        if self.noted is not None:
            self.noted(name, seen)
        return seen

    def known_before(self, name: str) -> bool:
        """True when it is known how it was with a message shortly before the start."""
        watched = self._monitor.board.get(name)
        if watched is None or watched.read_at is None or not len(watched.recipients):
            return False
        first, lately = watched.first_read_at, self.started - KNOWN_FOR
        return watched.read_at >= lately and first is not None and first < self.started

    def held_before(self, name: str, rule: Rule) -> bool:
        """Whether a rule held for one of those, and had done so for long enough to be told."""
        watched = self._monitor.board[name]
        if rule.about_reading or watched.read_at is None:
            return True
        seen = MessageSight(self, self._monitor, watched, watched.read_at)
        changed_at = watched.last_change_at or 0.0
        return changed_at < self.started - KNOWN_FOR and rule.condition.matches(
            lambda field: seen.value(rule, field)
        )

    def stale_of(self, profile: str) -> int:
        """How many messages of an account are stale."""
        return len(self._stale.get(profile, ()))

    def _note(self, name: str, profile: str, *, stale: bool) -> None:
        if stale is not (name in self._stale.get(profile, ())):
            (self._stale[profile].add if stale else self._stale[profile].discard)(name)
            self.turned(profile)


class MessageSight:
    """One message, as it is now."""

    __slots__ = (
        "_kind",
        "_monitor",
        "fresh",
        "now",
        "read",
        "state",
        "subject",
        "tried",
        "watched",
    )

    def __init__(self, kind: Messages, monitor: Watching, watched: Watched, now: float) -> None:
        self._kind, self._monitor, self.watched, self.now = kind, monitor, watched, now
        self.subject = Subject(About.MESSAGE, watched.id, watched.entry.profile)
        self.state = state = standing(monitor, watched, now).state
        self.read = watched.read_at is not None and watched.read_at >= kind.started
        """True when it was read since the start."""
        known = state is MessageState.SETTLED or (state not in _UNKNOWN and self.read)
        self.fresh = known and watched.loaded
        self.tried = self.read or self._was_tried()
        """True when it is known whether the message can be read."""

    @property
    def label(self) -> str:
        return self.watched.entry.label

    @property
    def tags(self) -> tuple[str, ...]:
        return self.watched.entry.tags

    @property
    def as_of(self) -> float:
        return self.watched.read_at or 0.0

    @property
    def due(self) -> float:
        if not self._kind.asks_state:
            return inf
        if not self.tried:
            return self._kind.started + START_GRACE
        return just_after(self.watched.overdue_at, self.now)

    def known(self, rule: Rule) -> bool:
        if rule.about_reading:
            return self.tried
        return self.fresh or self.state is MessageState.PAUSED

    def why_over(self, rule: Rule) -> str:
        paused = self.state is MessageState.PAUSED and not rule.about_reading
        return "paused" if paused else ""

    def value(self, rule: Rule, name: str) -> Value:  # noqa: ARG002 - of groups the window counts
        value = message_value(self._monitor, self.watched, self.now, name)
        if name == "oldest" and self._is_held and isinstance(value, float):
            return value - holds.held(self.now - value, self.now)
        return value

    def turn(self, rule: Rule) -> float:
        turn = inf
        for name, edge in rule.moments:
            began = began_at(self._monitor, self.watched, self.now, name)
            if began is not None:
                holds_count = name == "oldest" and self._is_held
                at = holds.after(began, edge) if holds_count else began + edge
                turn = min(turn, just_after(at, self.now))
        return turn

    def runs(self, rule: Rule) -> Runs:
        return holds.after if rule.about_waiting and self._is_held else always

    def facts(self, rule: Rule) -> str:
        return message_facts(rule, self.watched, lambda name: self.value(rule, name))

    @property
    def _is_held(self) -> bool:
        return self.watched.entry.profile in self._kind.night_holds

    def _was_tried(self) -> bool:
        watched, account = self.watched, self._monitor.account(self.watched.entry.profile)
        return (
            watched.fault is not None
            or watched.entry.paused
            or account.condition is not Condition.OK
            or self.now - self._kind.started >= START_GRACE
        )
