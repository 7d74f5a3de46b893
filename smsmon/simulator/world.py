"""All messages of the simulated account, on one clock that may run faster than the wall's.

What the account looks like at a moment depends on the seed, the start and the moment, and on
nothing else: the world can be asked about any time, in any order, from any thread.

Two clocks: moments in the public methods are on the given ``Clock`` (what a console beside it
shows); a message's own times are on the *world's* clock, which runs ``speed`` times as fast
from ``start`` on. Dates in answers are moments, so what takes an hour at speed 60 is dated a
minute later, and no date ever lies in the future.
"""

from __future__ import annotations

import hashlib
import math
import random
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from smsmon.clock import Clock, SystemClock
from smsmon.simulator.messages import Replay, SimMessage
from smsmon.simulator.wire import Answer, Format, Row, Spelling, encode, refusal, report

CACHE_BYTES = 64 * 2**20
"""Answers kept ready, in bytes of body; the least recently asked for go first."""


class Truth(NamedTuple):
    """What the API should say of one recipient."""

    phone: str
    status: str
    stop: bool
    date: int | None
    """Seconds since the epoch, UTC; None when its row has none."""


class World:
    """The account behind a simulator.

    ``start`` is where the world's clock leaves the wall's: by default the moment of creation.
    ``spelling`` is for messages that have none of their own.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 1,
        start: float | None = None,
        speed: float = 1.0,
        messages: Iterable[SimMessage] = (),
        spelling: Spelling | None = None,
    ) -> None:
        if not 0 < speed < math.inf:
            raise ValueError(f"The speed must be a number above 0, not {speed}.")
        self.clock = clock or SystemClock()
        self.seed = seed
        self.start = self.clock.now() if start is None else start
        self.speed = speed
        self.spelling = spelling or Spelling()
        self._messages: dict[str, SimMessage] = {}
        self._replays: dict[str, Replay] = {}
        self._ready: OrderedDict[tuple[str, Format], tuple[int, Answer]] = OrderedDict()
        self._ready_bytes = 0
        self._lock = threading.Lock()
        for message in messages:
            self.add(message)

    @property
    def key(self) -> str:
        """The account's API key: 40 hex digits that follow from the seed."""
        return hashlib.sha256(f"smsmon simulator {self.seed}".encode()).hexdigest()[:40]

    @property
    def messages(self) -> Mapping[str, SimMessage]:
        """Every message by its id, whether or not it exists at the moment."""
        return MappingProxyType(self._messages)

    def add(self, message: SimMessage) -> None:
        """Add a message, or put it in the place of the one with its id."""
        with self._lock:
            self._messages[message.id] = message
            self._forget_answers(message.id)

    def remove(self, message_id: str) -> None:
        """Take a message away: from now on the API does not find it. Unknown ids are fine."""
        with self._lock:
            self._messages.pop(message_id, None)
            self._forget_answers(message_id)

    # -- the two clocks

    def world_time(self, moment: float) -> float:
        """The world's clock at a moment."""
        ahead = moment - self.start
        return moment if ahead <= 0 or self.speed == 1 else self.start + ahead * self.speed

    def moment(self, world_time: float) -> float:
        """When the world's clock first shows ``world_time``."""
        ahead = world_time - self.start
        if ahead <= 0 or self.speed == 1:
            return world_time
        moment = self.start + ahead / self.speed
        while self.world_time(moment) < world_time:  # rounded down
            moment = math.nextafter(moment, math.inf)
        return moment

    # -- what is true

    def exists(self, message_id: str, at: float | None = None) -> bool:
        """Whether the API knows the message at that moment (by default now)."""
        message = self._messages.get(message_id)
        return message is not None and message.exists(self._asked(at))

    def truth(self, message_id: str, at: float | None = None) -> list[Truth]:
        """What a report of that moment (by default of now) must say, in its order.

        Raises KeyError when the API does not know the message then.
        """
        message = self._messages[message_id]
        world_time = self._asked(at)
        if not message.exists(world_time):
            raise KeyError(message_id)
        return [
            Truth(
                phone,
                look.status,
                look.stop,
                int(self.moment(since)) if look.dated and not look.error else None,
            )
            for phone, look, since in message.rows(world_time)
        ]

    def changes(self, message_id: str) -> Iterator[tuple[float, str, str | None, bool]]:
        """Every change of a message in the order of time: moment, phone, status word, STOP.

        The word is None where a recipient leaves the report.
        """
        for at, phone, look in self._messages[message_id].changes():
            yield self.moment(at), phone, look and look.status, bool(look and look.stop)

    def next_change(self, message_id: str, at: float | None = None) -> float | None:
        """The moment at which the answer may differ from that of ``at``; None: never."""
        moment = self._messages[message_id].next_change(self._asked(at))
        return None if moment is None else self.moment(moment)

    def rows(self, message_id: str, at: float | None = None) -> Iterator[Row]:
        """The rows of a report of that moment, dated in moments, whether or not it exists then."""
        return self._dated(self._messages[message_id].rows(self._asked(at)))

    # -- what is answered

    def answer(self, message_id: str, at: float | None = None, fmt: Format = "json") -> Answer:
        """What ``bulk-status`` answers at that moment (by default now): the report, or code 4.

        Until something changes, the very same bytes.
        """
        world_time = self._asked(at)
        with self._lock:
            message = self._messages.get(message_id)
            if message is None or not message.exists(world_time):
                return refusal(4, fmt, http_errors=self.spelling.http_errors)
            position = message.position(world_time)
            ready = self._ready.get((message_id, fmt))
            if ready is not None and ready[0] == position:
                self._ready.move_to_end((message_id, fmt))
                return ready[1]
            replay = self._replays.get(message_id)
            behind = replay is not None and position < replay.position
            if replay is None or behind:
                replay = Replay(message)
            replay.advance(position)
            rows = self._dated(replay.rows())
            answer = report(message_id, rows, message.spelling or self.spelling, fmt)
            if not behind:  # the past is told, but the next question is about the present
                self._replays[message_id] = replay
                self._keep_ready((message_id, fmt), position, answer)
            return answer

    def balance(self, fmt: Format = "json") -> Answer:
        """What ``me`` answers. The numbers follow from the seed."""
        rng = random.Random(f"{self.seed}:me")
        credits = rng.randint(100_000, 300_000)
        money = f"{credits * 0.038:.3f}"
        return encode(
            {
                "success": True,
                "code": 200,
                "user": {"username": "demo", "firstname": "Camille", "lastname": "Démo"},
                "credits": {
                    "creditSms": credits,
                    "creditSmsECO": rng.randint(300_000, 500_000),
                    "creditHlr": rng.randint(1_000_000, 3_000_000),
                    "toSend": 0,
                    "solde": money,
                    "balance": money,
                    "currency": "EUR",
                },
            },
            fmt,
        )

    def _asked(self, at: float | None) -> float:
        return self.world_time(self.clock.now() if at is None else at)

    def _dated(self, rows: Iterator[Row]) -> Iterator[Row]:
        if self.speed == 1:
            return rows
        return (Row(phone, look, self.moment(since)) for phone, look, since in rows)

    def _keep_ready(self, place: tuple[str, Format], position: int, answer: Answer) -> None:
        self._forget_answer(place)
        self._ready[place] = (position, answer)
        self._ready_bytes += len(answer.body)
        while self._ready_bytes > CACHE_BYTES and len(self._ready) > 1:
            self._forget_answer(next(iter(self._ready)))

    def _forget_answer(self, place: tuple[str, Format]) -> None:
        if (old := self._ready.pop(place, None)) is not None:
            self._ready_bytes -= len(old[1].body)

    def _forget_answers(self, message_id: str) -> None:
        self._replays.pop(message_id, None)
        self._forget_answer((message_id, "json"))
        self._forget_answer((message_id, "xml"))
