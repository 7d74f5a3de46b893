"""Many small messages asked for in one request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from math import inf
from random import Random

from msgspec import Struct

from smsmon.batch import BatchAnswer, BatchRow, Outcome, Pair
from smsmon.clock import Clock, late
from smsmon.model import Answer, Fault, FaultKind, ReadError, Report
from smsmon.monitor.board import Board
from smsmon.monitor.flights import Flight, Flights
from smsmon.monitor.intake import Intake
from smsmon.monitor.planner import FIRST_INTERVAL, Planner
from smsmon.monitor.rows import Seen, heard, pairs_of, readable
from smsmon.monitor.sending.proof import Verdict
from smsmon.monitor.sending.trust import PROBE_EVERY, Trust, known
from smsmon.monitor.source import BatchSource
from smsmon.monitor.state import Watched

log = logging.getLogger(__name__)

PROBED = 24
"""Messages in a batch that is only compared; as many requests tell whether it was right."""
LEAST = 8
"""Messages that must be there before it is worth finding out."""
LOOKED_AT = 400
"""Messages among which those are sought."""
AT_ONCE = 25
"""Messages of a batch that are taken in before others have their turn: some milliseconds."""
USEFUL = 0.5
"""Share of the recipients that a batch must tell of to be an answer at all."""


class Offer(Struct, frozen=True):
    """Whether a batch is worth sending now."""

    bid: float
    """How long it has waited for its kind (see ``Pool.bid``); 0: it is not."""
    at: float
    """When to look again."""


class Batches:
    """Reads messages of one account together; while its batches are not proved yet, only to compare
    them."""

    def __init__(
        self,
        board: Board,
        clock: Clock,
        planner: Planner,
        intake: Intake,
        flights: Flights,
        trust: Trust,
        rng: Random,
    ) -> None:
        self._board = board
        self._clock = clock
        self._planner = planner
        self._intake = intake
        self._flights = flights
        self._trust = trust
        self._rng = rng
        self._turn = 0
        """Which kind of message is compared next."""
        self._probe: list[str] = []

    # --- choosing ------------------------------------------------------------------------

    def offer(self, now: float) -> Offer:
        """Whether a batch is worth sending now, and when that is to be asked again."""
        verdict, free_at = self._trust.look(), self._trust.free_at(now)
        if verdict is Verdict.REFUSED or free_at is None:
            return Offer(0.0, inf)
        if free_at > now:
            return Offer(0.0, free_at)
        if verdict is Verdict.UNPROVEN:
            return self._offer_probe(now)
        pool = self._planner.pool
        if pool.due(now) < 2:  # one alone is read when its own turn comes
            return Offer(0.0, pool.more_at(now))
        bid = pool.bid(now)
        return Offer(bid, now if bid else pool.worth_at(now))

    def takes(self, message_id: str, now: float) -> bool:
        """Whether a message whose turn it is is better read with others that are due."""
        pool = self._planner.pool
        return message_id in pool and pool.due(now) > 1 and self._trust.free_at(now) == now

    def _offer_probe(self, now: float) -> Offer:
        look_at = max(self._trust.compared_at(now), self._trust.compare_at)
        if look_at > now:
            return Offer(0.0, look_at)
        self._probe = self._candidates()
        if len(self._probe) < LEAST:
            return Offer(0.0, now + PROBE_EVERY)
        return Offer(1.0 + (now - self._trust.compare_at) / FIRST_INTERVAL, now)

    def _candidates(self) -> list[str]:
        """Messages whose batch is to be compared: some that wait, the longest waiting first, for
        they change the least meanwhile, and some that are final."""
        turns = self._planner.regular()
        among = self._rng.sample(turns, min(len(turns), LOOKED_AT))
        fit = [
            watched
            for turn in among
            if readable(watched := self._board[turn.message_id]) and watched.read_at is not None
        ]
        waiting = sorted((each for each in fit if not each.complete), key=lambda each: each.origin)
        final = (each for each in fit if each.complete)
        chosen = [*waiting[: PROBED // 2], *islice(final, PROBED // 2)]
        return [each.id for each in chosen]

    # --- sending -------------------------------------------------------------------------

    def launch(self, now: float) -> bool:
        """Send the batch that was offered; False: nothing was left to ask for."""
        source = self._trust.source
        if self._trust.look() is Verdict.TRUSTED:
            wanted: Sequence[str] = self._planner.load(now).messages
        else:
            wanted, self._probe = self._probe, []
            self._trust.compare_again(now)
        asked: dict[str, list[Pair]] = {}
        for message_id in wanted:
            if self._flights.granted(message_id) and message_id not in self._flights:
                self._planner.drop(message_id)
                asked[message_id] = pairs_of(self._board[message_id])
        if not asked or source is None:
            return False
        messages = self._intake.messages
        flight = Flight({id: messages[id] for id in asked}, source, False, now, self._clock.now())
        self._flights.launch(flight, partial(self._fly, source=source, asked=asked))
        return True

    async def _fly(
        self, flight: Flight, source: BatchSource, asked: Mapping[str, list[Pair]]
    ) -> None:
        """One request, and all that follows from it."""
        try:
            answer = await self._ask(source, [pair for pairs in asked.values() for pair in pairs])
            if isinstance(answer, Fault):
                self._intake.asked(answer)
                self._trust.failed(flight, answer)
            else:
                self._intake.asked(None)
                await self._take_in(flight, asked, answer)
        finally:
            self._flights.over(flight)

    async def _ask(self, source: BatchSource, pairs: list[Pair]) -> BatchAnswer | Fault:
        try:
            answer = await source.multi_status(pairs)
        except ReadError as error:
            return error.fault
        except Exception as error:
            log.exception("reading %d recipients at once failed in an unforeseen way", len(pairs))
            bug = f"a bug in smsmon ({type(error).__name__}): see the log"
            return Fault(FaultKind.BAD_RESPONSE, bug)  # its own text may hold anything
        if len(answer.rows) != len(pairs):
            return Fault(FaultKind.BAD_RESPONSE, "their answer has not a row for each recipient")
        return answer

    # --- what came back ------------------------------------------------------------------

    async def _take_in(
        self, flight: Flight, asked: Mapping[str, list[Pair]], batch: BatchAnswer
    ) -> None:
        rows, place, wall = {}, 0, self._clock.now()
        for message_id, pairs in asked.items():
            if self._flights.concerns_us(flight, message_id):
                if late(self._board[message_id].asked_at, batch.asked_at, wall):
                    reading = self._intake.messages[message_id]
                    self._planner.after_answer(message_id, reading)  # what is known is newer
                else:
                    rows[message_id] = batch.rows[place : place + len(pairs)]
            place += len(pairs)
        self._see_how_useful(flight, rows)
        match self._trust.look():
            case Verdict.REFUSED:
                self._trust.plan_anew(flight)
            case Verdict.UNPROVEN:
                for message_id, own in rows.items():
                    watched = self._board[message_id]
                    self._trust.compare(watched, known(watched), own, batch)
            case Verdict.TRUSTED:
                await self._take_rows(flight, rows, batch)

    def _see_how_useful(self, flight: Flight, rows: Mapping[str, Sequence[BatchRow]]) -> None:
        """A batch that tells of few recipients is no answer; a new message may not be there yet."""
        judged = [
            row.outcome is Outcome.READ
            for message_id, own in rows.items()
            for row in own
            if self._board[message_id].read_at is not None
        ]
        told, of = sum(judged), len(judged)
        if of >= LEAST and told < USEFUL * of:
            few = f"they told of {told} of {of} recipients only"
            self._trust.doubt(flight, Fault(FaultKind.BAD_RESPONSE, few))
        elif told:
            self._intake.came_up(self._clock.now(), flight.left)
            self._trust.answered()

    async def _take_rows(
        self, flight: Flight, rows: Mapping[str, Sequence[BatchRow]], batch: BatchAnswer
    ) -> None:
        """Take in what each message's rows say, unless it changes what is known: that is confirmed
        by its own report, where there is room. Of the others one is compared now and then."""
        now, wall = self._clock.monotonic(), self._clock.now()
        comparing = now >= self._trust.compare_at
        sample = Sample(self._rng)
        for place, (message_id, own) in enumerate(rows.items(), 1):
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
                if self._trust.look() is not Verdict.TRUSTED:  # by what came meanwhile
                    self._trust.plan_anew(flight)
                    return
                now, wall = self._clock.monotonic(), self._clock.now()
            if not self._flights.concerns_us(flight, message_id):
                continue
            self._flights.leave(flight, message_id)
            watched = self._board[message_id]
            before = known(watched)
            answer = self._take_row(watched, before, own, batch, (wall, now))
            if comparing and before and answer is not None:
                sample.see(watched, answer, before)
        chosen = sample.choose(self._turn)
        if chosen is not None and self._still_there(chosen[0]):
            watched, before = chosen
            self._turn += 1
            self._trust.compare_again(now)
            self._trust.compare(watched, before, rows[watched.id], batch)
        for news in self._trust.unconfirmed():
            self._take(news)

    def _still_there(self, watched: Watched) -> bool:
        """Whether it is as the batch found it: not gone, nor asked for alone meanwhile."""
        ours = self._board.get(watched.id) is watched and self._flights.granted(watched.id)
        return ours and watched.id not in self._flights

    def _take_row(
        self,
        watched: Watched,
        before: tuple[Seen, ...],
        rows: Sequence[BatchRow],
        batch: BatchAnswer,
        moment: tuple[float, float],
    ) -> Answer | None:
        """Take in what a batch says of one message, if it told all and nothing new; gives it."""
        reading = self._intake.messages[watched.id]
        try:
            answer, alone, news = heard(watched, rows, batch)
        except Exception:
            log.exception("the rows of message %s could not be understood", watched.id)
            answer, alone, news = None, True, False
        reading.left_out = reading.left_out + 1 if alone else 0
        if news:
            whole = answer if isinstance(answer, Report) else None
            self._trust.compare(watched, before, rows, batch, whole)
        elif answer is not None:
            if self._take(answer, moment):
                return answer
        elif before and any(row.recipient for row in rows):
            self._trust.compare(watched, before, rows, batch)  # one of them went back in time
        elif not before and {row.outcome for row in rows} == {Outcome.NOT_FOUND}:
            reading.missing += 1
            self._planner.after_missed(watched.id, reading.missing)
        else:
            self._planner.after_left_out(watched.id)
        return None

    def _take(self, answer: Answer, moment: tuple[float, float] | None = None) -> bool:
        """Take in what counts; False when it could not be."""
        try:
            self._intake.take(answer, moment=moment)
        except Exception:
            log.exception("the rows of message %s could not be taken in", answer.message_id)
            self._planner.again(answer.message_id)
            return False
        return True


class Sample:
    """Chooses one message of a batch to be compared with its report, in turns of three kinds: one
    that was not read before, the one that waits longest, for it changes the least meanwhile, and
    one that is final."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._kept: dict[int, tuple[Watched, tuple[Seen, ...]]] = {}
        self._seen = [0, 0, 0]

    def see(self, watched: Watched, answer: Answer, before: tuple[Seen, ...]) -> None:
        """Take note of a message of the batch, which is on the board by now."""
        kind = 0 if isinstance(answer, Report) else 2 if watched.complete else 1
        self._seen[kind] += 1
        if kind == 1:
            better = kind not in self._kept or watched.origin < self._kept[kind][0].origin
        else:
            better = self._rng.random() * self._seen[kind] < 1
        if better:
            self._kept[kind] = watched, before

    def choose(self, turn: int) -> tuple[Watched, tuple[Seen, ...]] | None:
        """The one of the kind whose turn it is, or else of one that is there; with how it was
        known before."""
        kinds = sorted(self._kept, key=lambda kind: (kind - turn) % 3)
        return self._kept[kinds[0]] if kinds else None
