"""What is to be written of alerts: put down as it happens, and written in its order. Pure but for
the store that is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from smsmon.alerting.telling import Case, Part
from smsmon.alerts import Episode, Silence, Telling, Worst
from smsmon.store.alerts import AlertStore, Over


@dataclass(frozen=True, slots=True)
class Fire:
    case: Case
    episode: Episode


@dataclass(frozen=True, slots=True)
class Worse:
    case: Case
    worst: Worst


@dataclass(frozen=True, slots=True)
class End:
    case: Case
    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Claim:
    case: Case
    part: Part
    at: float


@dataclass(frozen=True, slots=True)
class Done:
    case: Case
    part: Part
    at: float


@dataclass(frozen=True, slots=True)
class Silenced:
    silence: Silence
    at: float


Writing = Fire | Worse | End | Claim | Done | Silenced


@dataclass(slots=True)
class Written:
    """What was written, noted on the way."""

    count: int = 0
    numbers: list[tuple[Case, int]] = field(default_factory=list)
    """The number that a case got."""


class OutrankedError(Exception):
    """Another process polls by now."""


def carry_out(waiting: Sequence[Writing], written: Written, store: AlertStore) -> None:
    """Write these in their order, as many at once as are of one kind. Raises ``StoreError``."""
    new: dict[int, int] = {}

    def number(case: Case) -> int:
        return new.get(id(case), case.episode.number)

    def tellings(group: Iterable[Claim | Done]) -> list[Telling]:
        found = [Telling(number(each.case), *each.part) for each in group]
        return [each for each in found if each.number > 0]

    def kind(each: Writing) -> tuple[type, float]:
        return type(each), each.at if isinstance(each, Claim | Done) else 0.0

    for _, run in groupby(waiting, kind):
        group = list(run)
        match group[0]:
            case Fire():
                fired = [each for each in group if isinstance(each, Fire)]
                given = store.fire([replace(each.episode, number=0) for each in fired])
                if not all(given):
                    raise OutrankedError
                for each, got in zip(fired, given, strict=True):
                    new[id(each.case)] = got
                    written.numbers.append((each.case, got))
                _answer(fired, given, store)
            case Worse():
                worst = {number(e.case): e.worst for e in group if isinstance(e, Worse)}
                store.worsen({each: found for each, found in worst.items() if each > 0})
            case End():
                ends = [Over(number(e.case), e.at, e.why) for e in group if isinstance(e, End)]
                store.end([each for each in ends if each.number > 0])
            case Claim(at=at):
                store.claim(tellings(each for each in group if isinstance(each, Claim)), at)
            case Done(at=at):
                store.done(tellings(each for each in group if isinstance(each, Done)), at)
            case Silenced(at=at):
                there = {(each.what, each.name) for each in store.silences(at)}
                silences = [each.silence for each in group if isinstance(each, Silenced)]
                for one in silences:
                    if (one.what, one.name) not in there:
                        store.silence(replace(one, number=0))
        written.count += len(group)


def _answer(fired: Sequence[Fire], given: Sequence[int], store: AlertStore) -> None:
    """Keep the answers to those that are recorded once more, unless a later one is kept."""
    answers = {
        number: each.episode.acknowledged
        for each, number in zip(fired, given, strict=True)
        if each.episode.firing and each.episode.acknowledged is not None
    }
    if not answers:
        return
    for kept in store.firing():
        answer = answers.get(kept.number)
        if answer is not None and (kept.acknowledged is None or kept.acknowledged.at < answer.at):
            store.acknowledge([kept.number], answer)
