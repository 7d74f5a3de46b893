"""What is to be told now, to whom, in which message, and when to look again. Pure.

All follows from what is known: the episodes, what was told of them, the silences, the settings.
Nothing depends on when or how often it is asked, so that a restart at any point neither loses nor
doubles anything. What is owed to a target goes this way::

    owed ─its time comes─► taken on (claimed) ─► in the next message ─arrived─► told

It is taken on when its time comes, even while the target cannot be told; from then on it is told,
unless somebody acknowledges or silences the alert before it was. What is over by then is told as
that: it began and ended, in one message. Of alerts that are over and of which nobody took anything
on, nobody is told: they were answered, or nobody was to be told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from smsmon.alerting.ways import Way, Ways
from smsmon.alerts import Edge, Episode, Severity, Silence, Telling, is_acknowledged
from smsmon.clock import CLOCK_SLACK
from smsmon.store.alerts import Told

LOOK_BACK = 2 * 86_400.0
"""Seconds after which nobody needs to be told any more that an alert is over."""
LATE = 60.0
"""Seconds by which something may be taken on later than its time came."""

UNTOLD = 60.0
"""Seconds for which a target that is owed a message comes before the one that is told when nobody
answers it: it rests between two messages, and takes its time to be told."""

Part = tuple[str, Edge]
"""Of one episode: a target, and what it is told."""


@dataclass(eq=False, slots=True)
class Case:
    """An episode, and who was told what of it."""

    episode: Episode
    told: dict[Part, Told] = field(default_factory=dict)
    ours: set[Part] = field(default_factory=set)
    """What this process has taken on."""
    missed: Collection[str] = ()
    """Of one that is over: the targets that would still have been told that it fired."""

    def telling(self, part: Part) -> Telling:
        return Telling(self.episode.number, *part)


class Item(NamedTuple):
    """One episode in a message."""

    case: Case
    parts: tuple[Part, ...]
    """What counts as told when it arrives."""


class Message(NamedTuple):
    """What one target is told at once."""

    target: str
    edge: Edge
    items: tuple[Item, ...]


class Plan(NamedTuple):
    """What is to be done now."""

    take: tuple[tuple[Case, Part], ...]
    """To be taken on now."""
    messages: tuple[Message, ...]
    """Of what is taken on: to be told as soon as the target can be."""
    next: float
    """When time alone brings more; inf when it does not."""
    settled: tuple[Case, ...]
    """What is over, and owed to nobody."""


class _Owed(NamedTuple):
    """What a target is owed of an episode."""

    ready: float
    """From when on it may be told; inf: when somebody does something."""
    edge: Edge
    parts: tuple[Part, ...]


def plan(
    cases: Iterable[Case],
    ways: Ways,
    silences: Collection[Silence],
    now: float,
    refused: Container[Telling] = (),
) -> Plan:
    """What is to be done at wall time ``now``.

    ``silences`` are those in force, to come, and ended since `LOOK_BACK`. ``refused`` is what
    another process took on a short time ago.
    """
    groups: defaultdict[tuple[str, bool], list[tuple[Case, _Owed]]] = defaultdict(list)
    settled, named = [], _by_name(silences)
    for case in cases:
        nothing = not case.episode.firing
        for name, owed in _all_owed(case, ways, _silences_of(case.episode, named), now):
            nothing = False
            if not any(case.telling(part) in refused for part in owed.parts):
                groups[name, owed.edge is Edge.ESCALATED].append((case, owed))
        if nothing:
            settled.append(case)
    take: list[tuple[Case, Part]] = []
    messages: list[Message] = []
    moments: list[float] = []
    for (name, escalated), group in groups.items():
        waits = 0.0 if escalated else ways.targets[name].digest
        taken: list[tuple[Case, _Owed]] = []
        left: list[tuple[Case, _Owed]] = []
        for case, owed in group:
            (taken if case.ours.issuperset(owed.parts) else left).append((case, owed))
        moments += [owed.ready for _, owed in taken]
        ready = [Item(case, owed.parts) for case, owed in taken if owed.ready <= now]
        if ready:
            messages.append(Message(name, _edge(ready, escalated=escalated), tuple(ready)))
        moments += [owed.ready + waits for _, owed in left]
        if min((owed.ready for _, owed in left), default=inf) + waits <= now:
            for case, owed in left:
                if owed.ready <= now:
                    take += ((case, part) for part in owed.parts if part not in case.ours)
    soon = min((each for each in moments if each > now), default=inf)
    return Plan(tuple(take), tuple(messages), soon, tuple(settled))


def missed(
    case: Case, ways: Ways, silences: Collection[Silence], now: float, *, known: bool
) -> frozenset[str]:
    """The targets that are told that an episode began and ended, as nobody told them before.

    ``known``: its end was seen in this process, which would have told them. Else it is told only
    to those whose time came after its end: in quiet hours, or within their digest.
    """
    episode, over = case.episode, case.episode.over_at
    if over is None or episode.old or _silent_until(episode, silences, over) is not None:
        return frozenset()
    if is_acknowledged(episode, over):
        return frozenset()
    heard = {name for name, _ in case.told}
    names = (name for name in ways.first(episode) if name not in heard)
    if known:
        return frozenset(names)

    def due(name: str) -> float:
        way = ways.targets[name]
        at = max(episode.fired_at, _calm_since(episode, silences, over))
        return _deferred(at, episode, way, at) + way.digest

    return frozenset(name for name in names if max(over - LATE, now - LOOK_BACK / 4) <= due(name))


def _edge(items: Iterable[Item], *, escalated: bool) -> Edge:
    if escalated:
        return Edge.ESCALATED
    return Edge.FIRED if any(each.case.episode.firing for each in items) else Edge.OVER


# --- what one target is owed of one episode --------------------------------------------------


def _all_owed(
    case: Case, ways: Ways, silences: Collection[Silence], now: float
) -> Iterator[tuple[str, _Owed]]:
    episode = case.episode
    if episode.old or (episode.over_at is not None and episode.over_at < now - LOOK_BACK):
        return
    silent = _silent_until(episode, silences, now)
    if episode.over_at is not None:
        heard = {*(name for name, _ in case.told), *case.missed}
        for name, way in ways.targets.items():
            parts = _parts_over(case, name, way) if name in heard else ()
            since = episode.fired_at if name in case.missed else episode.over_at
            if parts:
                at = max(_seen(since, now), silent or 0.0)
                yield name, _Owed(_deferred(at, episode, way, now), Edge.OVER, parts)
        return
    held = max(silent or 0.0, _answered_until(episode, now))
    calm = max(held, _calm_since(episode, silences, now))
    first = set(ways.first(episode))
    for name, way in ways.targets.items():
        fired, escalated = (case.told.get((name, each)) for each in (Edge.FIRED, Edge.ESCALATED))
        if any(each is not None and each.done_at is not None for each in (fired, escalated)):
            continue
        if escalated is not None:
            edge, at = Edge.ESCALATED, max(escalated.claimed_at, held)
        elif fired is not None or name in first:
            edge, at = Edge.FIRED, max(_seen(episode.fired_at, now), calm)
        else:
            edge, at = Edge.ESCALATED, _unanswered_at(case, name, ways, calm)
        if at < inf:
            yield name, _Owed(_deferred(at, episode, way, now), edge, ((name, edge),))


def _parts_over(case: Case, name: str, way: Way) -> tuple[Part, ...]:
    """What counts as told to a target when it hears that an episode is over; nothing where it
    is not to hear of it.
    """
    over = case.told.get((name, Edge.OVER))
    if over is not None and over.done_at is not None:
        return ()
    heard = {each: case.told.get((name, each)) for each in (Edge.FIRED, Edge.ESCALATED)}
    known = any(each is not None and each.done_at is not None for each in heard.values())
    if known and not way.over:
        return ()
    if not any(heard.values()):
        return ((name, Edge.FIRED), (name, Edge.OVER))
    open = [edge for edge, told in heard.items() if told is not None and told.done_at is None]
    return tuple((name, edge) for edge in (*open, Edge.OVER))


def _unanswered_at(case: Case, name: str, ways: Ways, calm: float) -> float:
    """When a target is told because nobody answered the one before it; inf: not by now."""
    severity = case.episode.severity
    return min(
        (
            max(told.claimed_at, calm) + max(ways.targets[other].escalate_after, UNTOLD)
            if told.done_at is None
            else max(told.done_at, calm) + ways.targets[other].escalate_after
            for (other, edge), told in case.told.items()
            if edge is not Edge.OVER and ways.next(other, severity) == name
        ),
        default=inf,
    )


def _deferred(at: float, episode: Episode, way: Way, now: float) -> float:
    """``at``, or the end of the quiet hours in which it would be told."""
    if way.quiet is None or episode.severity >= Severity.CRITICAL or at == inf:
        return at
    end = way.quiet.end(max(at, now))
    return at if end is None else end


def _seen(moment: float, now: float) -> float:
    """A moment of the past; one that lies ahead was written by a clock that was wrong."""
    return moment if moment <= now + CLOCK_SLACK else 0.0


def _by_name(silences: Iterable[Silence]) -> Mapping[str, Sequence[Silence]]:
    found: defaultdict[str, list[Silence]] = defaultdict(list)
    for each in silences:
        found[each.name].append(each)
    return found


def _silences_of(episode: Episode, named: Mapping[str, Sequence[Silence]]) -> Collection[Silence]:
    """Those that are of an episode, found without a look at all of the others."""
    names = {episode.rule, episode.subject.name, *episode.tags}
    return [each for name in names for each in named.get(name, ()) if each.covers(episode)]


def _silent_until(episode: Episode, silences: Iterable[Silence], at: float) -> float | None:
    """When the silences end in which an episode is; None when it is in none."""
    return max(
        (each.until for each in silences if each.in_force(at) and each.covers(episode)),
        default=None,
    )


def _answered_until(episode: Episode, now: float) -> float:
    """When the acknowledgement ends that counts now; inf: by itself, never."""
    if not is_acknowledged(episode, now):
        return 0.0
    answer = episode.acknowledged
    return inf if answer is None or answer.until is None else answer.until


def _calm_since(episode: Episode, silences: Iterable[Silence], now: float) -> float:
    """When the last answer or silence of it ended that does not count any more; 0: none did."""
    ends = [each.until for each in silences if each.until <= now and each.covers(episode)]
    answer = episode.acknowledged
    if answer is not None and answer.until is not None and answer.until <= now:
        ends.append(answer.until)
    return max(ends, default=0.0)
