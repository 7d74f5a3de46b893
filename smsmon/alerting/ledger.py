"""What the process that polls knows of the alerts it records: first here, then in the store.

What happens is taken in at once and written in its order, off the loop. While the store cannot be
written all goes on from what is known here, and is written when it can be: better told twice than
never.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count
from math import inf

from smsmon.alerting.book import AlertRecord
from smsmon.alerting.telling import LOOK_BACK, Case, Item, Part, missed
from smsmon.alerting.ways import Ways
from smsmon.alerting.writings import (
    Claim,
    Done,
    End,
    Fire,
    OutrankedError,
    Silenced,
    Worse,
    Writing,
    Written,
    carry_out,
)
from smsmon.alerts import Episode, Silence, Subject, Telling, Worst
from smsmon.clock import Clock
from smsmon.monitor.alerts import Alert
from smsmon.store.alerts import AlertStore, Told
from smsmon.store.errors import StoreError

WORST_EVERY = 60.0
"""Seconds between two writings of worst moments, at least."""
TRY_AGAIN = 5.0
"""Seconds after which what could not be written, or read, is tried again."""
REFUSED_FOR = 10.0
"""Seconds for which what another process took on is left to it, before it is asked for again."""
PAST = 2_000
"""Episodes that are over which are looked at when we begin to poll."""
_WAITING = 20_000
"""Writings that may wait; of more the oldest are given up."""

Key = tuple[str, Subject]
"""A rule and what it is about: of these, one alert fires at a time."""


class Ledger:
    """The episodes that fire, and those that are over of which somebody is still to be told."""

    def __init__(
        self, record: AlertRecord, clock: Clock, wrote: Callable[[], None] = lambda: None
    ) -> None:
        """``wrote`` is called when something was written."""
        self.kept = False
        """We poll, and know what was recorded before us."""
        self.outranked = False
        """Another process polls, as the store says: nothing is told."""
        self.stirred: Callable[[], None] = lambda: None
        """Called when there may be something to write, or to tell."""
        self._record = record
        self._clock = clock
        self._wrote = wrote
        self._open: dict[Key, Case] = {}
        self._over: list[Case] = []
        self._silences: dict[int, Silence] = {}
        self._writings: list[Writing] = []
        self._provisional = count(-1, -1)
        """Numbers of episodes that are not recorded yet."""
        self._worse: dict[Case, Worst] = {}
        self._worse_from = -inf
        self._refused: dict[Telling, float] = {}
        self._write_from = -inf
        """When what could not be written is tried again."""

    # --- how it stands -------------------------------------------------------------------

    @property
    def cases(self) -> list[Case]:
        return [*self._open.values(), *self._over]

    @property
    def open(self) -> Mapping[Key, Case]:
        """What fires, as recorded."""
        return self._open

    @property
    def silences(self) -> Collection[Silence]:
        """Those in force, to come, and those that ended lately."""
        return self._silences.values()

    @property
    def refused(self) -> Collection[Telling]:
        """What another process took on a short time ago."""
        now = self._clock.monotonic()
        self._refused = {each: until for each, until in self._refused.items() if until > now}
        return self._refused

    @property
    def unwritten(self) -> bool:
        """True while something that happened waits to be written."""
        return bool(self._writings)

    @property
    def next(self) -> float:
        """The steady time at which there is something to do by time alone."""
        moments = [self._refused[each] for each in self.refused]
        if self._writings:
            moments.append(self._write_from)
        if self._worse:
            moments.append(self._worse_from)
        return min(moments, default=inf)

    # --- whose turn it is ----------------------------------------------------------------

    async def take_over(self, ways: Ways) -> None:
        """We poll from now on: take in what is recorded. Raises ``StoreError``.

        What is over by now, and was not told to those of ``ways`` who were to be told later, is
        told yet.
        """
        now = self._clock.now()
        episodes, told, silences = await self._record.ask(partial(_read, now=now))
        self._silences |= {each.number: each for each in silences}
        known = {case.episode.number for case in self._over}
        for episode in episodes:
            rows = {(each.target, each.edge): each for each in told.get(episode.number, ())}
            case = self._open.get((episode.rule, episode.subject)) if episode.firing else None
            if case is None:
                case = Case(episode, rows)
                if episode.firing:
                    self._open[episode.rule, episode.subject] = case
                elif episode.number not in known:
                    case.missed = missed(case, ways, self.silences, now, known=False)
                    self._over.append(case)
            else:  # it fired here before this could be read
                case.episode = replace(
                    case.episode, number=episode.number, acknowledged=episode.acknowledged
                )
                case.told = rows | case.told
        self.kept = True
        self.stirred()

    def drop(self) -> None:
        """Another process polls: what it records is for it to tell."""
        self.kept = False
        self._open.clear()
        self._over.clear()
        self._worse.clear()
        self._writings = [each for each in self._writings if isinstance(each, Done)]

    # --- what happens --------------------------------------------------------------------

    def fire(self, alert: Alert) -> None:
        """An alert fires; one that is recorded already goes on."""
        key = (alert.rule.name, alert.subject)
        if key in self._open:
            return
        episode = alert.episode(next(self._provisional))
        self._open[key] = case = Case(episode)
        self._put(Fire(case, episode))

    def end(self, key: Key, at: float, why: str, ways: Ways) -> None:
        """An alert is over; who of ``ways`` was not told yet that it fired is told both."""
        case = self._open.pop(key, None)
        if case is None:
            return
        if case in self._worse:
            self._put(Worse(case, self._worse.pop(case)))
        case.episode = replace(case.episode, over_at=at, why_over=why)
        case.missed = missed(case, ways, self.silences, at, known=True)
        self._over.append(case)
        self._put(End(case, at, why))

    def worsen(self, alert: Alert) -> None:
        """An alert that fires is worse than it ever was."""
        case = self._open.get((alert.rule.name, alert.subject))
        if case is None:
            return
        worst = Worst(alert.badness, self._clock.now(), alert.facts)
        case.episode = replace(case.episode, worst=worst)
        self._worse[case] = worst
        if self._clock.monotonic() >= self._worse_from:
            self.stirred()

    def answers(self, episodes: Iterable[Episode], silences: Iterable[Silence]) -> None:
        """What somebody answered to those that fire, and what is silenced by now."""
        for each in episodes:
            case = self._open.get((each.rule, each.subject))
            # In a store that has just become another one a number is that of another episode.
            if case is not None and case.episode.number == each.number:
                case.episode = replace(case.episode, acknowledged=each.acknowledged)
        now = self._clock.now()
        lasting = {each.number: each for each in silences}
        before = {
            number: each if each.until <= now else replace(each, until=now)
            for number, each in self._silences.items()
            if number not in lasting and each.until > now - LOOK_BACK
        }
        self._silences = before | lasting
        self.stirred()

    def arrived(self, items: Iterable[Item]) -> None:
        """A message with these arrived."""
        now = self._clock.now()
        for case, parts in items:
            for part in parts:
                claimed = case.told.get(part)
                since = claimed.claimed_at if claimed is not None else now
                case.told[part] = Told(*part, since, now)
                case.ours.discard(part)
                self._put(Done(case, part, now))

    def settle(self, cases: Iterable[Case]) -> None:
        """Forget what is over and owed to nobody."""
        gone = {id(each) for each in cases}
        if gone:
            self._over = [each for each in self._over if id(each) not in gone]

    # --- the store -----------------------------------------------------------------------

    def _put(self, writing: Writing) -> None:
        self._writings.append(writing)
        self.stirred()

    async def write(self) -> None:
        """Write what is to be written, in its order; what cannot be is tried again later."""
        steady = self._clock.monotonic()
        if self._worse and steady >= self._worse_from:
            self._writings += (Worse(case, worst) for case, worst in self._worse.items())
            self._worse.clear()
            self._worse_from = steady + WORST_EVERY
        if not self._writings or steady < self._write_from:
            return
        waiting, written = list(self._writings), Written()
        self.outranked = False
        try:
            await self._record.ask(partial(carry_out, waiting, written))
        except StoreError:
            self._write_from = steady + TRY_AGAIN
        except OutrankedError:
            self.outranked, self._write_from = True, steady + 1.0
        done = {id(each) for each in waiting[: written.count]}
        self._writings = [each for each in self._writings if id(each) not in done][-_WAITING:]
        for case, number in written.numbers:
            case.episode = replace(case.episode, number=number)
        if written.count:
            self._wrote()

    def record_anew(self) -> None:
        """The store is another one by now, or may have lost something: have it keep what is known
        here. Its numbers may be of other episodes.
        """
        now, cases = self._clock.now(), [*self._over, *self._open.values()]
        for case in cases:
            case.episode = replace(case.episode, number=next(self._provisional))
        self._refused.clear()
        told = [(case, part, each) for case in cases for part, each in case.told.items()]
        self._writings += chain(
            (Fire(case, case.episode) for case in cases),
            (Claim(case, part, each.claimed_at) for case, part, each in told),
            (
                Done(case, part, each.done_at)
                for case, part, each in told
                if each.done_at is not None
            ),
            (
                End(case, case.episode.over_at, case.episode.why_over)
                for case in self._over
                if case.episode.over_at is not None
            ),
            (Silenced(each, now) for each in self.silences if each.until > now),
        )
        self.stirred()

    async def claim(self, wanted: Sequence[tuple[Case, Part]]) -> None:
        """Take on to tell these, as far as no other process did."""
        now = self._clock.now()
        asked: list[tuple[Case, Part]] = []
        for case, part in wanted:
            if self._writings or case.episode.number <= 0:  # the store cannot be written now
                self._take(case, part, now)
                self._put(Claim(case, part, now))
            else:
                asked.append((case, part))
        if not asked:
            return
        tellings = [case.telling(part) for case, part in asked]
        try:
            granted, told = await self._record.ask(
                partial(_asked, tellings, lambda store: store.claim(tellings, now))
            )
        except StoreError:
            granted, told = [True] * len(asked), {}
            self._writings += (Claim(case, part, now) for case, part in asked)
            self._write_from = self._clock.monotonic() + TRY_AGAIN
        for (case, part), telling, ours in zip(asked, tellings, granted, strict=True):
            if ours:
                self._take(case, part, now)
            else:
                self._refuse(case, part, told.get(telling))

    async def holds(self, items: Iterable[Item]) -> bool:
        """Whether all of these are ours to tell still, as the store says by now; what is not is
        asked for again later. Of a store that does not answer it is not known: better twice.
        """
        asked = {case.telling(part): (case, part) for case, parts in items for part in parts}
        if self._writings or any(each.number <= 0 for each in asked):
            return True
        try:
            held, told = await self._record.ask(
                partial(_asked, [*asked], lambda store: store.holds([*asked]))
            )
        except StoreError:
            return True
        for (telling, (case, part)), ours in zip(asked.items(), held, strict=True):
            if not ours:
                case.ours.discard(part)
                self._refuse(case, part, told.get(telling))
        return all(held)

    def _refuse(self, case: Case, part: Part, stands: Told | None) -> None:
        """It is another's to tell, or was told, as it ``stands`` in the store."""
        self._refused[case.telling(part)] = self._clock.monotonic() + REFUSED_FOR
        if stands is not None:
            case.told[part] = stands

    def _take(self, case: Case, part: Part, at: float) -> None:
        case.told[part] = Told(*part, at, None)
        case.ours.add(part)


def _read(
    store: AlertStore, now: float
) -> tuple[list[Episode], Mapping[int, Sequence[Told]], list[Silence]]:
    """What fires, what ended lately, what was told of both, and the silences of that time."""
    past = [each for each in store.episodes(now - LOOK_BACK, limit=PAST) if not each.firing]
    episodes = store.firing() + past[::-1]
    told = store.told([each.number for each in episodes])
    return episodes, told, store.silences(now - LOOK_BACK)


def _asked(
    tellings: Sequence[Telling], question: Callable[[AlertStore], list[bool]], store: AlertStore
) -> tuple[list[bool], dict[Telling, Told]]:
    """Which are ours; and of the others, how they stand."""
    granted = question(store)
    refused = [each for each, ours in zip(tellings, granted, strict=True) if not ours]
    rows = store.told({each.number for each in refused}) if refused else {}
    stand = {
        Telling(number, each.target, each.edge): each
        for number, told in rows.items()
        for each in told
    }
    return granted, {each: stand[each] for each in refused if each in stand}
