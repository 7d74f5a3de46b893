"""How it stands with the alerts, for all that shows it: what fires here, and who answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from smsmon.alerts import About, Episode, Severity, Silence, State, Subject, Worst, state_of
from smsmon.console.formats import Formats

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Alert, Rule
    from smsmon.session import Session


class AlertRow(Struct, frozen=True):
    """One alert, or one silence alone."""

    state: State
    episode: Episode | None = None
    silence: Silence | None = None
    """The one that covers the alert, in force; or the row itself."""
    covers: int = 0
    """Of a silence alone: how many alerts it keeps silent."""
    facts: str = ""
    """What is so by now, where this console sees it."""

    @property
    def key(self) -> str:
        """The same for the same alert, whenever it is asked for."""
        if self.episode is None:
            return f"silence {self.silence.number if self.silence else 0}"
        rule, subject = self.episode.rule, self.episode.subject
        # Of a rule and a subject one fires at a time, whether it is recorded yet or not.
        number = self.episode.number if not self.episode.firing else ""
        return f"{rule} {subject} {subject.profile} {number}"

    @property
    def since(self) -> float:
        if self.episode is not None:
            return self.episode.began_at
        return self.silence.since if self.silence else 0.0

    @property
    def severity(self) -> int:
        return int(self.episode.severity) if self.episode else 0


ORDER = {State.FIRING: 0, State.ACKNOWLEDGED: 1, State.SILENCED: 2, State.PAST: 3}
"""Who needs eyes first."""


def alert_rows(
    episodes: Iterable[Episode],
    silences: Iterable[Silence],
    now: float,
    facts: Mapping[tuple[str, Subject], str] | None = None,
) -> list[AlertRow]:
    """What fires, those first that nobody answered, the gravest and then the newest of them first.

    ``facts``: what is so by now, by rule and subject.
    """
    in_force = [each for each in silences if each.in_force(now)]
    known = facts or {}
    rows = [
        AlertRow(
            state_of(each, in_force, now),
            each,
            next((silence for silence in in_force if silence.covers(each)), None),
            facts=known.get((each.rule, each.subject), ""),
        )
        for each in episodes
    ]
    return sorted(rows, key=row_place)


def row_place(row: AlertRow) -> tuple[object, ...]:
    """What rows are ordered by."""
    return ORDER[row.state], -row.severity, -row.since, row.key


def silence_rows(
    episodes: Sequence[Episode], silences: Iterable[Silence], now: float
) -> list[AlertRow]:
    """The silences in force, the one that ends first at the top."""
    return [
        AlertRow(State.SILENCED, None, each, sum(map(each.covers, episodes)))
        for each in sorted(silences, key=lambda each: (each.until, each.number))
        if each.in_force(now)
    ]


def past_rows(episodes: Iterable[Episode]) -> list[AlertRow]:
    """What is over, the latest first."""
    over = [each for each in episodes if each.over_at is not None]
    over.sort(key=lambda each: -(each.over_at or 0.0))
    return [AlertRow(State.PAST, each) for each in over]


_MINUTE = 60
Fired = Mapping[tuple[str, Subject], "Alert"]


def standing(
    recorded: Iterable[Episode], silences: Iterable[Silence], fired: Fired, now: float
) -> list[AlertRow]:
    """What fires, recorded or seen here alone; the record tells who answered, and what is seen
    here tells what is so by now."""
    known = {
        key: _as_bad_as_seen(each, fired.get(key))
        for each in recorded
        for key in [(each.rule, each.subject)]
    }
    seen = [alert.episode() for key, alert in fired.items() if key not in known]
    facts = {key: alert.facts for key, alert in fired.items()}
    return alert_rows([*known.values(), *seen], silences, now, facts)


def _as_bad_as_seen(episode: Episode, alert: Alert | None) -> Episode:
    """Worst moments are written down once a minute: what is so now can be worse than they are."""
    if alert is None or (episode.worst and episode.worst.badness > alert.badness):
        return episode
    return replace(episode, worst=Worst(alert.badness, alert.at, alert.facts))


class Raised(NamedTuple):
    """A rule that fires for a message, and how it stands with that."""

    name: str
    severity: Severity
    state: State = State.FIRING


class AlertsHere:
    """Kept for the screen: looked at when something happened, and when time may have changed it."""

    def __init__(self, session: Session, formats: Formats) -> None:
        self._session = session
        self._formats = formats
        self._listeners: list[Callable[[], None]] = []
        self._seen: tuple[Rule, ...] = ()
        self._minute = 0
        self._begun = False
        self._states: dict[tuple[str, Subject], State] = {}
        self._of: dict[tuple[About, str], list[AlertRow]] = {}
        self._answered: dict[tuple[str, str], State] = {}
        """By rule and message: how it stands with those that somebody answered."""
        self.turned: set[str] = set()
        """The messages for which it stood otherwise at the last look than at the one before."""
        self.rows: Sequence[AlertRow] = ()
        """What fires, those first that nobody answered."""
        self.unanswered: Sequence[AlertRow] = ()
        """What fires and nobody answered, the worst first."""

    def begin(self) -> None:
        """The session has started: from now on there is a record."""
        self._begun = True
        self._session.alerts.book.changed(self.look)
        self.look()

    def heard(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have ``listener`` called when it stands otherwise, or a minute has passed; gives how to
        end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def silences(self) -> Sequence[Silence]:
        """Those in force, and those to come."""
        return self._session.alerts.book.silences if self._begun else ()

    def look(self) -> None:
        """Look at all of it anew."""
        session, now = self._session, self._formats.now()
        self._seen = session.alerts.rules_firing
        recorded = session.alerts.book.episodes if self._begun else ()
        rows = standing(recorded, self.silences, session.alerts.fired(), now)
        minute = 0 if self._formats.still else int(now) // _MINUTE
        if rows != self.rows or minute != self._minute:
            self.rows, self._minute = rows, minute
            self._states = {
                (each.episode.rule, each.episode.subject): each.state
                for each in rows
                if each.episode
            }
            self._of = {}
            for each in rows:
                if each.episode:
                    self._of.setdefault(each.episode.subject[:2], []).append(each)
            self.unanswered = [each for each in rows if each.state is State.FIRING]
            before, self._answered = self._answered, _answered(rows)
            self.turned = {id for _, id in dict(before.items() ^ self._answered.items())}
            for listener in list(self._listeners):
                listener()

    def look_if_changed(self) -> None:
        """Look, where other rules fire than at the last look."""
        if self._seen != self._session.alerts.rules_firing:
            self.look()

    # How it stands

    def state_of(self, rule: str, subject: Subject) -> State:
        """How it stands with an alert that fires."""
        return self._states.get((rule, subject), State.FIRING)

    def raised(self, message_id: str) -> list[Raised]:
        """The rules that fire for a message: those first that nobody answered, then the gravest."""
        answered = self._answered
        found = [
            Raised(rule.name, rule.severity, answered.get((rule.name, message_id), State.FIRING))
            for rule in self._session.alerts.firing(message_id)
        ]
        if len(found) > 1:
            found.sort(key=lambda each: (ORDER[each.state], -each.severity))
        return found

    def of(self, about: About, name: str) -> Sequence[AlertRow]:
        """What fires for one message, tag or country, the worst first."""
        return self._of.get((about, name), ())

    def of_message(self, message_id: str) -> Sequence[AlertRow]:
        """What fires for one message, the worst first."""
        return self.of(About.MESSAGE, message_id)


def raised(row: AlertRow) -> Raised:
    """The rule of an alert, and how it stands with that."""
    severity = row.episode.severity if row.episode else Severity.INFO
    return Raised(row.episode.rule if row.episode else "", severity, row.state)


def _answered(rows: Iterable[AlertRow]) -> dict[tuple[str, str], State]:
    return {
        (each.episode.rule, each.episode.subject.name): each.state
        for each in rows
        if each.episode
        and each.episode.subject.about is About.MESSAGE
        and each.state is not State.FIRING
    }
