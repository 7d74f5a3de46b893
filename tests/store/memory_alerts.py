"""What is kept of alerts, in memory: several `MemoryAlerts` on one `Kept` are as many processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf
from threading import RLock

from smsmon.alerts import About, Acknowledgement, Episode, Silence, Subject, Telling, Worst
from smsmon.store.alerts import AlertStore, Answered, Over, Told


@dataclass
class Kept:
    """What several processes share."""

    episodes: dict[int, Episode] = field(default_factory=dict)
    silences: dict[int, Silence] = field(default_factory=dict)
    told: dict[Telling, tuple[object, Told]] = field(default_factory=dict)
    """With the process that took it on."""
    numbers: count[int] = field(default_factory=lambda: count(1))
    silence_numbers: count[int] = field(default_factory=lambda: count(1))
    writes: int = 0
    """How many times anything was written."""
    lock: RLock = field(default_factory=RLock)

    def drop(self, limit: float, kept: Collection[str]) -> int:
        """Drop what was over up to ``limit``, but of messages that are ``kept``; gives how many
        episodes."""
        before = len(self.episodes)
        self.episodes = {
            number: each
            for number, each in self.episodes.items()
            if each.over_at is None
            or each.over_at > limit
            or (each.subject.about is About.MESSAGE and each.subject.name in kept)
        }
        self.told = {one: it for one, it in self.told.items() if one.number in self.episodes}
        self.silences = {n: each for n, each in self.silences.items() if each.until > limit}
        return before - len(self.episodes)


class MemoryAlerts(AlertStore):
    """What one process sees of it, and writes."""

    def __init__(self, kept: Kept | None = None, leads: Callable[[], bool] = lambda: True) -> None:
        self._kept = kept or Kept()
        self._leads = leads

    def firing(self) -> list[Episode]:
        with self._kept.lock:
            open = [each for each in self._kept.episodes.values() if each.firing]
            return sorted(open, key=lambda each: (each.fired_at, each.number))

    def episodes(
        self,
        since: float = 0.0,
        until: float = inf,
        rule: str | None = None,
        subject: Subject | None = None,
        limit: int = 10_000,
    ) -> list[Episode]:
        with self._kept.lock:
            found = [
                each
                for each in self._kept.episodes.values()
                if each.fired_at < until
                and (each.over_at is None or each.over_at > since)
                and rule in (None, each.rule)
                and subject in (None, each.subject)
            ]
        found.sort(key=lambda each: (each.fired_at, each.number), reverse=True)
        return found[:limit]

    def fire(self, episodes: Sequence[Episode]) -> list[int]:
        with self._kept.lock:
            if not self._leads():
                return [0] * len(episodes)
            self._kept.writes += 1
            return [self._fire(each) for each in episodes]

    def _fire(self, episode: Episode) -> int:
        alike = [
            each
            for each in self._kept.episodes.values()
            if (each.rule, each.subject) == (episode.rule, episode.subject)
            and (each.firing or each.fired_at == episode.fired_at)
        ]
        if alike:
            return min(alike, key=lambda each: each.fired_at != episode.fired_at).number
        number = next(self._kept.numbers)
        self._kept.episodes[number] = replace(episode, number=number)
        return number

    def end(self, ends: Sequence[Over]) -> list[bool]:
        with self._kept.lock:
            self._kept.writes += 1
            return [self._leads() and self._end(each) for each in ends]

    def _end(self, over: Over) -> bool:
        episode = self._kept.episodes.get(over.number)
        if episode is None or not episode.firing:
            return False
        ended = replace(episode, over_at=over.at, why_over=over.why)
        self._kept.episodes[over.number] = ended
        return True

    def worsen(self, worst: Mapping[int, Worst]) -> None:
        with self._kept.lock:
            self._kept.writes += 1
            for number, found in worst.items():
                episode = self._kept.episodes.get(number)
                known = episode and episode.worst
                if self._leads() and episode and (not known or found.badness > known.badness):
                    self._kept.episodes[number] = replace(episode, worst=found)

    def acknowledge(self, numbers: Collection[int], told: Acknowledgement) -> list[Answered]:
        return self._answer(numbers, told)

    def withdraw(self, numbers: Collection[int]) -> list[Answered]:
        return self._answer(numbers, None)

    def _answer(self, numbers: Collection[int], told: Acknowledgement | None) -> list[Answered]:
        answered = []
        with self._kept.lock:
            self._kept.writes += 1
            for number in sorted(numbers):
                episode = self._kept.episodes.get(number)
                if episode is not None and episode.firing:
                    answered.append(Answered(number, episode.acknowledged, told))
                    self._kept.episodes[number] = replace(episode, acknowledged=told)
        return answered

    def take_back(self, answered: Sequence[Answered]) -> int:
        back = 0
        with self._kept.lock:
            self._kept.writes += 1
            for each in answered:
                episode = self._kept.episodes.get(each.number)
                if episode is not None and episode.acknowledged == each.after:
                    self._kept.episodes[each.number] = replace(episode, acknowledged=each.before)
                    back += 1
        return back

    def silence(self, silence: Silence) -> Silence:
        with self._kept.lock:
            for each in self.silences(silence.since):
                if (each.what, each.name) == (silence.what, silence.name):
                    self.unsilence([each.number], silence.since)
            self._kept.writes += 1
            number = next(self._kept.silence_numbers)
            self._kept.silences[number] = kept = replace(silence, number=number)
            return kept

    def unsilence(self, numbers: Collection[int], at: float) -> list[Silence]:
        ended = []
        with self._kept.lock:
            self._kept.writes += 1
            for number in sorted(set(numbers)):
                silence = self._kept.silences.get(number)
                if silence is not None and silence.until > at:
                    ended.append(silence)
                    self._kept.silences[number] = replace(silence, until=at)
        return ended

    def silences(self, now: float) -> list[Silence]:
        with self._kept.lock:
            lasting = [each for each in self._kept.silences.values() if each.until > now]
            return sorted(lasting, key=lambda each: (each.until, each.number))

    def told(self, numbers: Collection[int]) -> Mapping[int, Sequence[Told]]:
        found: dict[int, list[Told]] = {number: [] for number in numbers}
        with self._kept.lock:
            for telling, (_, told) in self._kept.told.items():
                if telling.number in found:
                    found[telling.number].append(told)
        return found

    def claim(self, tellings: Sequence[Telling], at: float) -> list[bool]:
        with self._kept.lock:
            self._kept.writes += 1
            return [self._leads() and self._claim(each, at) for each in tellings]

    def _claim(self, telling: Telling, at: float) -> bool:
        owner, told = self._kept.told.get(telling, (None, None))
        if told is not None and (told.done_at is not None or owner is self):
            return told.done_at is None
        self._kept.told[telling] = self, Told(telling.target, telling.edge, at, None)
        return True

    def holds(self, tellings: Sequence[Telling]) -> list[bool]:
        with self._kept.lock:
            return [self._leads() and self._holds(each) for each in tellings]

    def _holds(self, telling: Telling) -> bool:
        owner, told = self._kept.told.get(telling, (None, None))
        return owner is self and told is not None and told.done_at is None

    def done(self, tellings: Sequence[Telling], at: float) -> None:
        with self._kept.lock:
            self._kept.writes += 1
            for each in tellings:
                owner, told = self._kept.told.get(each, (None, None))
                if owner is self and told is not None:
                    self._kept.told[each] = self, told._replace(done_at=at)

    def release(self, tellings: Sequence[Telling]) -> None:
        with self._kept.lock:
            self._kept.writes += 1
            for each in filter(self._holds, tellings):
                del self._kept.told[each]
