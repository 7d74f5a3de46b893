"""What becomes of an answer or a fault: on the board, for its account, for the next poll. And who
hears of it.

All that a source says of one account comes in here, polled or not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import inf
from random import Random
from typing import Protocol, TypeVar

from smsmon.clock import Clock, astray
from smsmon.known import AccountState, Condition
from smsmon.model import Answer, Entry, Event, EventKind, Fault, FaultKind, Origin, Report
from smsmon.monitor.account import AccountHealth, held_back, nothing_before
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget, back_off
from smsmon.monitor.flights import Flight, Reading
from smsmon.monitor.habits import Habits, Past
from smsmon.monitor.planner import FIRST_INTERVAL, Planner
from smsmon.monitor.source import Followed
from smsmon.monitor.state import USUAL, Applied, Asked, Watched

News = Applied | Event | Asked


class Intake:
    """Takes in what is said of one account, and judges by it how the account stands.

    ``tell`` is called synchronously with all that happens; it must not raise. ``spread_out``
    has messages polled soon, without a burst; ``wanted`` says whether any is to be polled.
    """

    def __init__(
        self,
        profile: str,
        board: Board,
        clock: Clock,
        *,
        budget: Budget,
        planner: Planner,
        habits: Habits,
        rng: Random,
        tell: Callable[[News], None],
        spread_out: Callable[[list[str]], None],
        wanted: Callable[[], bool],
    ) -> None:
        self.habits = habits
        self.health = AccountHealth(rng)
        self.messages: dict[str, Reading] = {}
        """The messages of the account."""
        self._profile = profile
        self._board = board
        self._clock = clock
        self._budget = budget
        self._planner = planner
        self._tell = tell
        self._spread_out = spread_out
        self._wanted = wanted
        self._rng = rng
        self._well = AccountState(profile)
        self._unheard = AccountState(profile, heard=False)
        self._followed: AccountState | None = None
        """What another process, which polls, says of the account."""

    # --- how the account stands ----------------------------------------------------------

    @property
    def state(self) -> AccountState:
        """The account as it stands."""
        now, held = self._clock.monotonic(), self._budget.held_until
        state = self._followed or self._own_state(now)
        if held <= now:
            return state
        ahead = self._clock.now() - now
        # To the millisecond: two clocks leave a trace in the sum, and a second is told whole.
        return held_back(state, round(held + ahead, 3), round(self._budget.told_at + ahead, 3))

    def _own_state(self, now: float) -> AccountState:
        health = self.health
        if health.condition is Condition.OK and health.failing_since is None:
            return self._well if health.heard else self._unheard
        retry_at = None
        if health.condition is Condition.DOWN and self._wanted():
            ready = max(health.retry_at, self._budget.opens_at(now))
            retry_at = ready + self._clock.now() - now
        return AccountState(
            self._profile,
            health.condition,
            health.fault,
            health.since,
            retry_at,
            health.failing_since,
            health.heard,
        )

    def follow_account(self, state: AccountState) -> None:
        """Take over what the process that polls says of the account."""
        self._followed = state

    def lead(self) -> None:
        """Judge the account by what is said here from now on."""
        if self._followed is not None:
            self.health.adopt(self._followed, self._clock.monotonic())
            self._followed = None

    def follow_none(self) -> None:
        """What another process says of the account does not count any more."""
        self._followed = None

    def look_round(self) -> None:
        """Take over what others who ask the same address found out."""
        now, health = self._clock.monotonic(), self.health
        held = self._budget.held_until
        if held > now:
            if health.hold(held, now, self._clock.now()):
                self._tell_turn()
        elif health.condition is Condition.DOWN and self._budget.well_at > health.failed_at:
            health.failed_at = now  # once for each fault of ours
            health.retry(now)

    # --- what is said --------------------------------------------------------------------

    def asked(self, fault: Fault | None) -> None:
        """Tell that a request is over, and what came of it; None: an answer."""
        outcome = "answered" if fault is None else fault.kind.value
        self._tell(Asked(self._profile, self._clock.now(), outcome))

    def take(
        self,
        answer: Answer,
        left: float | None = None,
        *,
        moment: tuple[float, float] | None = None,
    ) -> None:
        """Take in an answer about a message of the account, and tell it.

        ``left`` is the monotonic time at which the request for it left; None: nobody asked.
        ``moment`` is the wall and the monotonic time at which it came, one pair of objects for
        many that came together; None: now.
        """
        wall, now = moment or (self._clock.now(), self._clock.monotonic())
        message_id = answer.message_id
        watched = self._board[message_id]
        past, whole = Past.of(watched), True
        first, reading = watched.read_at is None, self.messages[message_id]
        if isinstance(answer, Report):
            applied, whole = self._board.apply(answer, wall), answer.whole
        elif answer.digest == watched.digest or answer.origin is Origin.BATCH:
            asked_at, served_at = answer.asked_at, answer.served_at
            applied = self._board.unchanged(message_id, wall, asked_at, served_at, answer.origin)
        elif left is not None:
            # The same as was known when it was asked for, not as was found otherwise since.
            self.came_up(wall, left)
            self._planner.again(message_id)
            return
        else:
            return
        if whole and not applied.late and not astray(wall, answer.served_at):
            self._learn(watched, past, wall, applied)  # some recipients teach nothing of all
        if first:
            self._planner.first_read(watched, found=True, missed=reading.missing > 0)
        if left is not None:
            if reading.by_batch and 0 < past.total < watched.counts.total:
                self._is_of_more(watched.entry)
            reading.missing = reading.failures = 0
            reading.alone_at, reading.by_batch = left, False
            self.came_up(wall, left)
        elif answer.origin is Origin.BATCH and isinstance(answer, Report):
            reading.missing, reading.by_batch = 0, True
        if whole:
            self._planner.after_answer(message_id, reading, now)
        by_batch = answer.origin is Origin.BATCH and reading.alone_at == -inf
        if by_batch and watched.entry.source in self._planner.several:
            self._planner.again(message_id)  # it was under way when its source was found out
        self._tell(applied)

    def fail(self, message_id: str, fault: Fault, flight: Flight, flying: int) -> None:
        """Take in that a request brought no answer, and tell it; ``flying`` others are out."""
        now, wall = self._clock.monotonic(), self._clock.now()
        watched = self._board[message_id]
        first = watched.read_at is None and watched.fault is None
        applied = self._board.fail(message_id, fault, wall, flight.asked_at)
        reading = flight.readings[message_id]
        if fault.kind is FaultKind.NOT_FOUND:
            if first:
                self._planner.first_read(watched, found=False, missed=reading.missing > 0)
            reading.missing += 1
            self.came_up(wall, flight.left)
            self._planner.after_not_found(message_id, reading.missing)
        else:
            reading.failures += 1
            self._budget.refused(now, fault)
            turned = self.health.bad(
                message_id,
                fault,
                now,
                wall,
                messages=len(self._planner) + flying,
                probe=flight.probe,
                again=reading.failures > 1,
            )
            if turned:
                self._tell_turn()
            self._planner.after_fault(message_id, back_off(reading.failures, self._rng))
        self._tell(applied)

    def slow_down(self, fault: Fault, flight: Flight, flying: int) -> None:
        """A request for many messages failed: if the server asked to be left alone, it is. All
        else shows when single ones are asked for."""
        now = self._clock.monotonic()
        self._budget.refused(now, fault)
        if fault.kind is not FaultKind.RATE_LIMITED:
            return
        polled = len(self._planner) + flying
        wall, nobody = self._clock.now(), ""
        if self.health.bad(nobody, fault, now, wall, messages=polled, probe=flight.probe):
            self._tell_turn()

    def follow(self, followed: Followed) -> Applied:
        """Take in what another process found out about a message of the account."""
        watched = self._board[followed.message_id]
        past = Past.of(watched)
        applied = self._board.follow(followed, self._clock.now())
        if followed.last_poll is not None and watched.read_at is not None:
            self._learn(watched, past, watched.read_at, applied)
        return applied

    def came_up(self, wall: float, left: float) -> None:
        """A true answer: if the account was down, go on without a burst."""
        now = self._clock.monotonic()
        self._budget.answered(now, left)
        if not self.health.good(left):
            return
        late = []
        for message_id, reading in self.messages.items():
            turn = self._planner.turn(message_id)
            if turn is not None and (turn.due <= now or reading.failures):
                late.append(message_id)
            reading.failures = 0
        self._spread_out(late)
        self._tell(Event(EventKind.ACCOUNT_UP, wall, None, self._profile))

    # --- inside --------------------------------------------------------------------------

    def _is_of_more(self, entry: Entry) -> None:
        """A message has more recipients than a batch told of: the number that its source tells is
        not always the only one. Its messages are first read alone from now on, and those that
        were not are read again."""
        source, planner = entry.source, self._planner
        if entry.arrival is None or source in planner.several:
            return
        planner.several.add(source)
        told = [id for id, each in self.messages.items() if each.by_batch and id != entry.id]
        now = self._clock.monotonic()
        pace, place = self._budget.planned(now), 0
        for id in told:
            if planner.turn(id) is not None and self._board[id].entry.source == source:
                planner.at(id, now + place / pace, FIRST_INTERVAL)
                place += 1

    def _learn(self, watched: Watched, past: Past, at: float, applied: Applied) -> None:
        if applied.first and watched.entry.arrival is not None:
            self.habits.meet(past.origin, at, watched.counts.total, watched.final_dates())
            return
        watched.pace = self.habits.pace(past, at, applied.transitions)
        origin = self.habits.observe(past, at, applied.transitions)
        if origin is not None:
            watched.origin, watched.origin_dated, watched.pace = origin, True, USUAL

    def _tell_turn(self) -> None:
        """Tell that the account went down or was stopped, and until when it is left alone."""
        state, wall = self.state, self._clock.now()
        stopped = state.condition is Condition.STOPPED
        kind = EventKind.ACCOUNT_STOPPED if stopped else EventKind.ACCOUNT_DOWN
        until, why = state.held_until, state.reason
        if until is not None:
            why = f"{why.rstrip('.')}. {nothing_before(until)}"
        self._tell(Event(kind, wall, None, self._profile, why, until))


log = logging.getLogger(__name__)

_T = TypeVar("_T")
Listener = Callable[[Applied | Event], None]


class Recorder(Protocol):
    """What keeps the history. ``record`` must not block: it takes note and returns."""

    def record(self, applied: Applied, watched: Watched) -> None: ...


class Hearers:
    """All who hear what is told of the messages of ``board``."""

    def __init__(self, board: Board, recorder: Recorder | None) -> None:
        self.listeners: list[Listener] = []
        self.counting: list[Callable[[Asked], None]] = []
        """Who hears of each request that is over."""
        self._board = board
        self.recorder = recorder
        self._broken: set[object] = set()

    def tell(self, news: News) -> None:
        """Tell all whom it concerns."""
        if isinstance(news, Asked):
            for counting in tuple(self.counting):
                self._guard(counting, lambda count: count(news))
            return
        if self.recorder is not None and isinstance(news, Applied):
            watched = self._board.get(news.message_id)
            if watched is not None and news.origin is not Origin.RECORDED:
                self._guard(self.recorder, lambda r: r.record(news, watched))
        for listener in tuple(self.listeners):
            self._guard(listener, lambda listen: listen(news))

    def _guard(self, target: _T, call: Callable[[_T], None]) -> None:
        try:
            call(target)
        except Exception:
            if id(target) not in self._broken:
                self._broken.add(id(target))
                log.exception("%r failed; the engine goes on", target)
