"""Who polls, for people; and what a process says to the others on its store: what it could poll,
and how it stands with its accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf

from smsmon.clock import Clock
from smsmon.known import CHIEF, AccountState, Condition, account_part
from smsmon.model import Event
from smsmon.monitor.engine import Engine
from smsmon.monitor.hazard import built_in_reports, built_in_stops
from smsmon.monitor.rows import MOST_RECIPIENTS
from smsmon.monitor.schedule import Limits, usual_rate
from smsmon.monitor.state import Applied, Watched
from smsmon.store.base import HistoryStore
from smsmon.store.shared import Holder, Rank, Work

_LIMITS = Limits()
_CURVES = (built_in_reports(), built_in_stops())
"""What is reckoned by: what each has learnt, and is set to, may differ."""
UNREAD_RATE = 1 / 30
"""Reads a second that a message is taken to need while it was never read."""
LASTS = 1.0
"""Seconds for which it holds how much work each message is."""
REWORKED = 4_000
"""Messages of which that is reckoned anew in a second at most."""


def rank_of(role: str, *, usable: bool) -> Rank:
    """How one with this ``polling.role`` stands to others; ``usable``: an account of it is."""
    if role == "never":
        return Rank.NEVER
    if role == "always":
        return Rank.ALWAYS
    return Rank.AUTO if usable else Rank.UNFIT


@dataclass(frozen=True, slots=True)
class WhoPolls:
    """Who polls, for people."""

    here: bool = False
    """This process does: all, or its part."""
    holder: Holder | None = None
    """The other process that does; None: nobody, or it is not known."""
    followed: bool = False
    """Others follow what we read."""
    pollers: int = 0
    """How many processes poll, this one too."""
    ours: int | None = None
    """How many messages are ours to poll, where others have a part too; None: they do not."""
    unreachable_since: float | None = None
    """Since when the store does not answer; None while it does. Nothing is polled then, and what
    is shown is what was known."""


class OurWork:
    """All that ``engine`` could do: what is common, if it watches the ``whole`` list, and the
    messages of accounts that it can ask (``usable``).
    """

    def __init__(
        self, engine: Engine, clock: Clock, usable: Callable[[str], bool], *, whole: bool
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._usable = usable
        self._whole = whole
        self._work: Mapping[str, Work] = {}
        self._reckoned_at = -inf
        self._arranged = 0

    def known(self) -> Mapping[str, Work]:
        """As it was within the last second; of many messages, within some seconds, but for those
        that came since."""
        now = self._clock.monotonic()
        lasts, board = max(LASTS, len(self._work) / REWORKED), self._engine.board
        if now - self._reckoned_at >= lasts or board.arranged != self._arranged:
            self._work, self._reckoned_at = self._all(), now
            self._arranged = board.arranged
        elif more := self._newest():
            self._work = {**self._work, **more}  # the thread may still have the one before
        return self._work

    def _all(self) -> dict[str, Work]:
        engine, now = self._engine, self._clock.now()
        conditions = {name: engine.found(name) for name in filter(self._usable, engine.profiles)}
        work = {CHIEF: Work()} if self._whole else {}
        if self._whole:
            for name, condition in conditions.items():
                work[account_part(name)] = Work(name, 0.0, condition)
        for each in engine.board:
            if each.profile in conditions:
                work[each.id] = _work(each, now, conditions[each.profile])
        return work

    def _newest(self) -> dict[str, Work]:
        """The messages that came after all that are known."""
        engine, work, now = self._engine, dict[str, Work](), self._clock.now()
        for each in reversed(engine.board):
            if each.id in self._work:
                break
            if each.profile in engine.profiles and self._usable(each.profile):
                work[each.id] = _work(each, now, engine.found(each.profile))
        return work


def _work(watched: Watched, now: float, condition: Condition) -> Work:
    alone = watched.counts.total > MOST_RECIPIENTS
    return Work(watched.profile, _rate(watched, now), condition, alone)


def _rate(watched: Watched, now: float) -> float:
    """How often a message is to be read, a second, as all processes reckon alike.

    It is not how often it is read: whoever has too much reads all of it more seldom, and would look
    as if he had no more than others.
    """
    if watched.entry.paused or watched.settled_at is not None:
        return 0.0
    if watched.read_at is None:
        return UNREAD_RATE
    counts = watched.counts
    others = counts.total - counts.waiting
    return usual_rate(now - watched.origin, counts.waiting, others, *_CURVES, _LIMITS)


class AccountNotes:
    """How it stands with the accounts that are ours to keep, recorded where that changed."""

    def __init__(self, engine: Engine, history: HistoryStore) -> None:
        self._engine = engine
        self._history = history
        self._recorded: dict[str, AccountState] = {}

    def begin(self) -> None:
        """We poll from now on: what others recorded is not known."""
        self._recorded.clear()

    def leave(self) -> None:
        """Some may be others' to keep by now."""
        for name in [each for each in self._recorded if not self._engine.keeps(each)]:
            del self._recorded[name]

    def hear(self, news: Applied | Event) -> None:
        """What the engine tells."""
        if isinstance(news, Event) and news.message_id is None and self._engine.polls:
            self.note()

    def note(self) -> None:
        """Record what changed."""
        changed = []
        for name in filter(self._engine.keeps, self._engine.profiles):
            state = self._engine.account(name)
            # The next try is told to the second: it is reckoned anew each time.
            retry_at = None if state.retry_at is None else float(round(state.retry_at))
            state = replace(state, retry_at=retry_at, held_until=None)
            if self._recorded.get(name) != state:
                self._recorded[name] = state
                changed.append(state)
        if changed:
            self._history.record_accounts(changed)
