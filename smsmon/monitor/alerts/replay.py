"""When a rule would have fired over a recorded past: the same looks as live, by a clock of its own.

What was not recorded cannot be asked: ``why_not`` says so. Who waits counts from when they were
first seen; the API's own dates of that are gone by now. Pure; moments are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from math import inf
from operator import attrgetter
from typing import NamedTuple

from smsmon.alerts import About, Episode, Subject, Worst
from smsmon.filters.groups import OPEN_FIELDS
from smsmon.known import AccountState, Condition
from smsmon.model import Counts, Entry, Event, EventKind, Fault, FaultKind, Final
from smsmon.monitor.alerts.accounts import Money
from smsmon.monitor.alerts.looking import Alerts
from smsmon.monitor.alerts.rules import Rule
from smsmon.monitor.board import Board
from smsmon.monitor.state import Watched

_NOT_RECORDED = frozenset(("read", "absent", "note", "stale", "stale_share"))

_TURNS = {
    EventKind.STALE, EventKind.RECOVERED, EventKind.NOT_FOUND, EventKind.FOUND, EventKind.PAUSED,
    EventKind.RESUMED, EventKind.SETTLED, EventKind.REOPENED, EventKind.REMOVED,
}  # fmt: skip
"""What happens to a message and is not told by how it is from then on."""


class Then(NamedTuple):
    """How a message was from a moment on."""

    at: float
    counts: Counts
    waiting_since: float | None = None
    """Since when the first of those waits who wait."""


@dataclass(frozen=True, slots=True)
class PastMessage:
    entry: Entry
    first_read_at: float
    then: Sequence[Then]
    """How it was: the first from the beginning of the past on, or from its first read; oldest
    first."""
    events: Sequence[Event] = ()
    """What happened to it, oldest first."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was recorded of a stretch of time, as far as a rule asks about it; all oldest first."""

    since: float
    until: float
    profiles: Collection[str]
    """The accounts there are."""
    messages: Sequence[PastMessage] = ()
    events: Sequence[Event] = ()
    """What happened to accounts."""
    balances: Mapping[str, Sequence[Money]] | None = None
    """By account."""
    finals: Iterable[Final] = ()
    """From as long before ``since`` on as ``reach`` says."""


def why_not(rule: Rule) -> str:
    """A sentence why the rule cannot be tried on the past; empty when it can."""
    asked = sorted(rule.fields & _NOT_RECORDED)
    if rule.about is About.COUNTRY:
        asked += sorted(rule.fields & OPEN_FIELDS)
    if not asked:
        return ""
    return f"It asks for {' and '.join(asked)}, of which the history keeps no past."


def reach(rule: Rule) -> float:
    """How many seconds before the beginning of a past it needs to know what became final."""
    now = 0.0
    wanted = Alerts([rule], _Then((), now), now).past_wanted
    return 0.0 if wanted is None else now - wanted[0]


def replay(
    rule: Rule,
    past: Past,
    *,
    night_holds: Collection[str] = (),
    trouble_below: float = 0.0,
) -> list[Episode]:
    """The episodes there would have been, in the order in which they fired.

    One that held already when the past begins is ``old``; one without ``over_at`` fires at its end.
    """
    then = _Then(past.profiles, past.since, trouble_below)
    alerts = Alerts([rule], then, past.since, night_holds, balance_good=inf)
    finals = iter(past.finals)
    later = _seed(alerts, finals)
    then.begin(past)
    for _ in alerts.meet(then.board.messages):
        pass
    told = _Told(rule)
    told.look(alerts, at=past.since)
    for happening in _in_order(then, alerts, past, chain(later, finals)):
        told.look(alerts, up_to=happening.at)
        then.now = happening.at
        happening.do()
        told.look(alerts, at=happening.at)
    told.look(alerts, up_to=past.until)
    told.look(alerts, at=past.until)
    return told.episodes


def _seed(alerts: Alerts, finals: Iterator[Final]) -> list[Final]:
    """Tell the alerts what became final before; gives the first one after that."""
    wanted, later = alerts.past_wanted, list[Final]()
    if wanted is None:
        return later

    def before() -> Iterator[Final]:
        for each in finals:
            if each.at >= wanted[1]:
                later.append(each)
                return
            if each.at >= wanted[0]:
                yield each

    windows = alerts.empty_windows()
    windows.add(before())
    alerts.seed(windows, wanted[1])
    return later


class _Told:
    """The episodes, from what the alerts tell."""

    def __init__(self, rule: Rule) -> None:
        self.episodes: list[Episode] = []
        self._rule = rule
        self._open: dict[Subject, int] = {}
        """Subject → the place of its episode."""

    def look(self, alerts: Alerts, *, up_to: float = -inf, at: float | None = None) -> None:
        """Look at all that is due up to a moment, as one that runs does before what comes then is
        taken in; or at what was touched at it."""
        if at is not None:
            self._step(alerts, at)
        while (due := alerts.next_look) <= up_to:
            self._step(alerts, due)

    def _step(self, alerts: Alerts, now: float) -> None:
        while alerts.step(now):
            pass
        for alert in alerts.to_tell.take():
            place = self._open.pop(alert.subject, None)
            if alert.firing:
                self._open[alert.subject] = len(self.episodes)
                worst = Worst(alert.badness, alert.at, alert.facts)
                self.episodes.append(
                    Episode(self._rule.name, alert.subject, self._rule.severity,
                            self._rule.condition.text, alert.began, alert.at, alert.label,
                            alert.tags, alert.facts, worst, old=alert.old)
                )  # fmt: skip
            elif place is not None:
                over = replace(self.episodes[place], over_at=alert.at, why_over=alert.why)
                self.episodes[place] = over
        for alert in alerts.to_tell.worsened():
            if (place := self._open.get(alert.subject)) is not None:
                worst = Worst(alert.badness, now, alert.facts)
                self.episodes[place] = replace(self.episodes[place], worst=worst)


class _Happening(NamedTuple):
    at: float
    do: Callable[[], None]


def _in_order(then: _Then, alerts: Alerts, past: Past, finals: Iterable[Final]) -> list[_Happening]:
    """What happened, the earliest first, as what is to be done then."""

    def change(message: PastMessage, each: Then) -> None:
        then.change(message, each)
        alerts.touch([message.entry.id])

    def tell(event: Event) -> None:
        then.tell(event)
        alerts.touch([event.message_id or ""])

    def turn(event: Event) -> None:
        then.turn(event)
        alerts.touch_profile(event.profile)

    happenings = [
        *(
            _Happening(each.at, partial(change, message, each))
            for message in past.messages
            for each in message.then
            if each.at > past.since
        ),
        *(
            _Happening(each.at, partial(tell, each))
            for of in past.messages
            for each in of.events
            if each.kind in _TURNS
        ),
        *(_Happening(each.at, partial(turn, each)) for each in past.events),
        *(
            _Happening(max(each.at, past.since), partial(alerts.note_balance, profile, each))
            for profile, balances in (past.balances or {}).items()
            for each in balances
        ),
        *(_Happening(each.at, partial(alerts.add_finals, [each])) for each in finals),
    ]
    happenings.sort(key=attrgetter("at"))
    return happenings


class _Remembered(Watched):
    """A message of the past: who waits is told, and not looked for among its recipients."""

    __slots__ = ("waiting_since",)

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        self.waiting_since: float | None = None

    @property
    def loaded(self) -> bool:
        return True

    @property
    def oldest_waiting(self) -> float | None:
        return self.waiting_since


class _PastBoard(Board):
    """The messages of the past, as they were."""

    def put(self, watched: Watched) -> None:
        self._messages[watched.id] = watched

    def drop(self, id: str) -> None:
        self._messages.pop(id, None)


class _Then:
    """How all stood at a moment of the past (the alerts' ``Watching``)."""

    def __init__(self, profiles: Collection[str], now: float, trouble_below: float = 0.0) -> None:
        self._past = _PastBoard()
        self.board: Board = self._past
        self.profiles = tuple(profiles)
        self.trouble_below = trouble_below
        self.now = now
        self._states = {name: AccountState(name) for name in profiles}

    def account(self, profile: str) -> AccountState:
        return self._states.get(profile) or AccountState(profile)

    def begin(self, past: Past) -> None:
        """Stand as it was when the past begins."""
        first: dict[str, Event] = {}
        for event in past.events:
            first.setdefault(event.profile, event)
        for profile, event in first.items():
            if event.kind is EventKind.ACCOUNT_UP:  # so it was down before
                self._states[profile] = AccountState(profile, Condition.DOWN, since=past.since)
        for message in past.messages:
            for each in message.then:
                if each.at <= past.since:
                    self.change(message, each)

    def change(self, message: PastMessage, each: Then) -> None:
        """A message is like this from now on."""
        watched = self.board.get(message.entry.id)
        if not isinstance(watched, _Remembered):
            watched = _Remembered(message.entry)
            watched.first_read_at = message.first_read_at
            self._past.put(watched)
        watched.counts, watched.waiting_since = each.counts, each.waiting_since
        watched.read_at = self.now
        watched.last_change_at = each.at
        watched.revision += 1
        watched.completed_at = each.at if watched.complete else None
        watched.settled_at = None

    def tell(self, event: Event) -> None:
        """Something happened to a message."""
        watched = self.board.get(event.message_id or "")
        if watched is None:
            return
        match event.kind:
            case EventKind.STALE:
                watched.fault, watched.fault_since = _fault(FaultKind.NETWORK, event), event.at
            case EventKind.NOT_FOUND:
                watched.fault, watched.fault_since = _fault(FaultKind.NOT_FOUND, event), event.at
            case EventKind.RECOVERED | EventKind.FOUND:
                watched.fault = watched.fault_since = None
                watched.read_at = event.at
            case EventKind.PAUSED | EventKind.RESUMED:
                paused = event.kind is EventKind.PAUSED
                watched.entry = replace(watched.entry, paused=paused)
            case EventKind.SETTLED:
                watched.settled_at = event.at
            case EventKind.REOPENED:
                watched.settled_at = None
            case EventKind.REMOVED:
                self._past.drop(watched.id)

    def turn(self, event: Event) -> None:
        """Something happened to an account."""
        if event.kind in (EventKind.BATCHES_ON, EventKind.BATCHES_OFF):
            return
        state = AccountState(event.profile)
        if event.kind is EventKind.ACCOUNT_STOPPED:
            state = AccountState(
                event.profile, Condition.STOPPED, _fault(FaultKind.AUTH, event), event.at
            )
        elif event.kind is EventKind.ACCOUNT_DOWN:
            state = AccountState(
                event.profile, Condition.DOWN, _fault(FaultKind.NETWORK, event), event.at,
                held_until=event.until,
            )  # fmt: skip
        self._states[event.profile] = state


def _fault(kind: FaultKind, event: Event) -> Fault:
    return Fault(kind, event.detail)
