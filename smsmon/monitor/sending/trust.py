"""Whether an account's batches are used: compared first, then trusted, and given up for a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import exp, inf
from random import Random

from msgspec import Struct

from smsmon.batch import BatchAnswer, BatchRow
from smsmon.clock import Clock
from smsmon.known import Condition
from smsmon.model import Event, EventKind, Fault, FaultKind, Report
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget, back_off
from smsmon.monitor.flights import Flight, Flights
from smsmon.monitor.intake import Intake, News
from smsmon.monitor.ledger import WINDOW
from smsmon.monitor.planner import FIRST_INTERVAL, Planner
from smsmon.monitor.pool import GAP
from smsmon.monitor.rows import NOTHING_KNOWN, Seen
from smsmon.monitor.schedule import Limits
from smsmon.monitor.sending.proof import Compared, Pending, Proof, Verdict
from smsmon.monitor.source import BatchSource, Source
from smsmon.monitor.state import Watched
from smsmon.recipients import Status

PROBE_EVERY = 5.0
"""Seconds between two batches, at least, while they are only compared."""
COMPARED_WITHIN = 120.0
"""Seconds until a report that was to be compared is waited for no longer."""
SAMPLE_SHARE = 0.02
"""Of the requests that are allowed, so many compare what trusted batches say."""
SAMPLE_EVERY = 5.0
"""Seconds between two of those, at least, in the long run …"""
SAVED_UP = 60.0
"""… of which so many may be saved up: what comes after a quiet time is looked at more closely."""
ROOM = 0.75
"""While less than this share of what is allowed is used, all that trusted batches tell as news is
confirmed …"""
SPARE = 2 * WINDOW / GAP
"""… as fast as it comes only while more requests are left than batches take in two minutes; else
within that share of the even pace: a limit that is used up by then has batches wait as well …"""
CONFIRMED = 0.35
"""… and else so much as makes this share of it, or less by as much as intervals are stretched; what
was not used of that within ``SAVED_UP`` may be used later. For what is more there is no room."""
PATIENCE = 3.0
"""Seconds after which news counts by itself when there was no room …"""
LONGEST = 15.0
"""… and when there was, but other requests went first, so long; if other news was confirmed."""
AT_LAST = 30.0
"""Seconds after which it is confirmed even so."""
STRIKES = 3
"""Batches in a row that must fail, each while a single message could be read, before trusted ones
are given up for a day."""
_AGREED = "what they said agreed with the reports of single messages"


class Doubt(Struct, frozen=True):
    """A batch failed, and nobody knows yet whether the account fails."""

    fault: Fault
    left: float
    """Monotonic time at which it went out."""


class Trust:
    """Judges the batches of one account, by what is heard of the same messages alone."""

    def __init__(
        self,
        profile: str,
        board: Board,
        clock: Clock,
        planner: Planner,
        intake: Intake,
        flights: Flights,
        limits: Limits,
        budget: Budget,
        rng: Random,
        tell: Callable[[News], None],
    ) -> None:
        self._profile = profile
        self._board = board
        self._clock = clock
        self._planner = planner
        self._intake = intake
        self._flights = flights
        self._limits = limits
        self._budget = budget
        self._rng = rng
        self._tell = tell
        self._proof = Proof()
        self.source: BatchSource | None = None
        """What is asked for batches; None: the account's source cannot read any."""
        self.compare_at = clock.monotonic()
        """Monotonic time from which on a batch is to be compared again."""
        self._confirm_at = self.compare_at
        """Monotonic time from which on there is room to confirm news at once."""
        self._newest = -inf
        """When the newest batch was asked for that told news."""
        self._vouched = -inf
        """When the newest batch was asked for of which a report confirmed news."""
        self._rest_until = 0.0
        self._doubt: Doubt | None = None
        self._strikes = 0

    # --- what others ask for -------------------------------------------------------------

    def read_from(self, source: Source) -> None:
        """Read from another source from now on. What was refused to the one before is not to it."""
        before, self.source = self.source, source if isinstance(source, BatchSource) else None
        self._doubt = None
        if before is not None and self._proof.verdict is Verdict.REFUSED:
            self._proof.begin()
        self.look()

    def limit(self, limits: Limits) -> None:
        """Keep within other limits, which say as well whether batches are used at all."""
        self._limits = limits
        if not limits.batch:
            self._proof.pending.clear()
        self.look()

    def load(self, rows: Sequence[Sequence[float]]) -> None:
        """Go on from what was found out once (see ``export``)."""
        self._proof.load(rows, self._clock.now())
        self.look()

    def export(self) -> list[list[float]]:
        """What was found out of the account's batches, to begin with the next time."""
        return self._proof.export()

    def forget(self, message_id: str) -> None:
        """Nobody here asks for a message any more, for now."""
        self._proof.pending.pop(message_id, None)

    # --- looking -------------------------------------------------------------------------

    def look(self) -> Verdict:
        """What is thought of batches now; the planner goes by it."""
        verdict = self._proof.look(self._clock.now())
        used = self._limits.batch and self.source is not None
        self._planner.together(used and verdict is Verdict.TRUSTED)
        return verdict

    def free_at(self, now: float) -> float | None:
        """When a batch may go out, trust aside; None: nobody knows yet."""
        well = self._intake.health.condition is Condition.OK
        if not (well and self._limits.batch and self.source) or self._doubt is not None:
            return None
        return max(now, self._rest_until)

    def compared_at(self, now: float) -> float:
        """When all that was to be compared is, at the latest."""
        pending, wall = self._proof.pending, self._clock.now()
        if not pending:
            return now
        ends = min(each.asked_at for each in pending.values()) + COMPARED_WITHIN
        if wall < ends <= wall + COMPARED_WITHIN:
            return now + ends - wall
        pending.clear()
        return now

    # --- comparing -----------------------------------------------------------------------

    def compare_again(self, now: float) -> None:
        """Something is compared now: say when the next is due."""
        if self._proof.verdict is Verdict.TRUSTED:
            every = max(SAMPLE_EVERY, WINDOW / (SAMPLE_SHARE * self._limits.per_minute))
            self.compare_at = max(self.compare_at, now - SAVED_UP) + every
        else:
            self.compare_at = now + PROBE_EVERY

    def compare(
        self,
        watched: Watched,
        before: tuple[Seen, ...],
        rows: Sequence[BatchRow],
        batch: BatchAnswer,
        news: Report | None = None,
    ) -> None:
        """Have a message read alone next, and what a batch said of it compared with that.
        ``before``: how it was known when the batch left; ``news``: what has to count without it
        where there is no room (see ``unconfirmed``)."""
        if watched.entry.paused:
            return
        pause, interval, patience = 0.0, FIRST_INTERVAL, LONGEST
        if news is not None and not self._room():
            pause, patience = AT_LAST, PATIENCE
        elif news is not None and batch.asked_at <= self._newest:
            interval = PATIENCE  # the first of each batch goes ahead: it vouches for the others
        elif news is not None:
            self._newest = batch.asked_at
        told = (row.recipient for row in rows)
        said = tuple(
            None if each is None or each.status is Status.UNKNOWN else Seen.of(each)
            for each in told
        )
        before = before or (NOTHING_KNOWN,) * len(said)
        self._proof.pending[watched.id] = Pending(batch.asked_at, before, said, news, patience)
        self._planner.soon(watched.id, pause, interval)

    def _room(self) -> bool:
        """Whether there is room to confirm one more piece of news; counted if so."""
        now, budget = self._clock.monotonic(), self._budget
        used, allowed = budget.used(now) + len(self._proof.pending), budget.allowed(now)
        calm = allowed - used > SPARE or budget.pressed(now) < ROOM
        if calm and used < ROOM * allowed:
            return True
        if self._confirm_at > now:
            return False
        each = self._planner.stretch.factor / (CONFIRMED * budget.planned(now))
        self._confirm_at = max(self._confirm_at, now - SAVED_UP) + each
        return True

    def unconfirmed(self) -> list[Report]:
        """News that counts by itself from now on: the budget had no room to confirm it.

        It does once news of that batch, or of a newer one, was confirmed, and never as long as
        some batch is ahead of what reports say: it may as well lie.
        """
        pending = self._proof.pending
        if any(each.looks for each in pending.values()):
            return []
        wall = self._clock.now()
        old = [
            each
            for id, each in pending.items()
            if id not in self._flights and each.asked_at <= min(self._vouched, wall - each.patience)
        ]
        found = [each.news for each in old if each.news is not None]
        for news in found:
            del pending[news.message_id]
        return found

    def heard_alone(self, message_id: str, flight: Flight) -> None:
        """A message was read alone, and its answer is on the board: compare, if a batch told of it
        just before. And if a batch failed, it failed alone."""
        doubt = self._doubt
        if doubt is not None and flight.left > doubt.left:
            self._judge(doubt)
        pending = self._proof.pending.get(message_id)
        watched = self._board.get(message_id)
        if pending is None or watched is None:
            return
        if not watched.loaded or (watched.asked_at or 0.0) < pending.asked_at:
            del self._proof.pending[message_id]
            return
        now, wall = self._clock.monotonic(), self._clock.now()
        age = max(0.0, pending.asked_at - watched.origin)
        gap = max(0.0, wall - pending.asked_at)
        reports, _ = self._intake.habits.curves(watched.counts.total)
        likely = 1.0 - exp(-reports.expected(age, age + gap))
        was = self._proof.verdict
        found = self._proof.compared(message_id, known(watched), wall, likely)
        if found is Compared.AGREES and pending.said != pending.before:
            self._vouched = max(self._vouched, pending.asked_at)
        if found is Compared.CONTRADICTS:
            self._refuse(f"what they said of message {message_id} is not what its report says")
        elif found is Compared.AHEAD:
            self._planner.soon(message_id, self._limits.min_interval)
        elif found is Compared.OVERTAKEN:
            self.compare_at = min(self.compare_at, now)  # a second look at once
        if self._proof.verdict is Verdict.TRUSTED is not was:
            self.compare_at = now - SAVED_UP
            self.look()
            self._tell(Event(EventKind.BATCHES_ON, wall, None, self._profile, _AGREED))

    # --- trouble -------------------------------------------------------------------------

    def answered(self) -> None:
        """A batch told what it should."""
        self._strikes = 0

    def failed(self, flight: Flight, fault: Fault) -> None:
        """A batch brought nothing: its messages are read soon, and one of them will tell whether
        the account is well."""
        if flight.source is self.source:  # else the key was refused that we have no more
            self.doubt(flight, fault)
            self._intake.slow_down(fault, flight, len(self._flights))
        self.plan_anew(flight)

    def doubt(self, flight: Flight, fault: Fault) -> None:
        """Use no batch until a message was read alone, which tells whether the account is well."""
        self._doubt = Doubt(fault, flight.left)

    def failed_alone(self, message_id: str) -> None:
        """A message could not be read alone: nothing is to be compared, and if a batch failed, it
        may have been for the same reason."""
        self._proof.pending.pop(message_id, None)
        if self._doubt is not None:
            self._doubt = None
            self._rest()

    def plan_anew(self, flight: Flight) -> None:
        """Nothing is known of what a batch asked for: have it read soon, without a burst."""
        self._spread_out([id for id in flight.readings if self._flights.concerns_us(flight, id)])

    def _judge(self, doubt: Doubt) -> None:
        """A single message could be read after a batch failed: it was not for the account."""
        self._doubt = None
        self._strikes += 1
        fault = doubt.fault
        nonsense = fault.kind in (FaultKind.AUTH, FaultKind.BAD_RESPONSE, FaultKind.NOT_FOUND)
        unproven = self._proof.verdict is Verdict.UNPROVEN
        if self._strikes >= STRIKES or (nonsense and unproven):
            self._refuse(fault.message.rstrip("."))
        else:
            self._rest()

    def _rest(self) -> None:
        pause = back_off(max(1, self._strikes), self._rng)
        self._rest_until = self._clock.monotonic() + pause

    def _refuse(self, why: str) -> None:
        """Use batches no more, for a day: what they told is read again, each message alone."""
        wall = self._clock.now()
        self._proof.refuse(wall)
        self._strikes = 0
        self.look()
        messages = self._intake.messages
        told = (id for id, reading in messages.items() if reading.by_batch)
        self._spread_out([id for id in told if id not in self._flights])
        until = datetime.fromtimestamp(self._proof.until, UTC)
        detail = f"each message is read alone until {until:%Y-%m-%d %H:%M} UTC, because {why}"
        self._tell(Event(EventKind.BATCHES_OFF, wall, None, self._profile, detail))

    def _spread_out(self, message_ids: list[str]) -> None:
        ours = [
            id
            for id in message_ids
            if self._flights.granted(id) and not self._board[id].entry.paused
        ]
        self._planner.spread_out(ours, self._budget.planned(self._clock.monotonic()))


def known(watched: Watched) -> tuple[Seen, ...]:
    """How it stands with each recipient of a message, as it is known."""
    recipients = watched.recipients
    return tuple(Seen.known(recipients, slot) for slot in range(len(recipients)))
