"""The small messages that one request may read together, and when it is worth sending.

A request reads up to 500 recipients at the price of one. So each of them is due once the lateness
expected of it since its last read is worth a small part of a request; and the request goes out once
all that is due is worth a whole one. The two go together: many that are due are always worth it,
and a few that wait on make up for the missing ones, for the lateness of a message grows as the
square of its wait. It is the square-root rule of ``schedule``, for many.

All times are monotonic seconds.
"""

from __future__ import annotations

import heapq
from functools import lru_cache
from itertools import islice
from math import inf, sqrt
from typing import Final

from msgspec import Struct

from smsmon.batch import MOST_PAIRS

ROWS: Final = 100
"""A row is due once the lateness expected of its recipient is worth this part of a request …"""
LEAST_ROWS: Final = 0.6
MOST_ROWS: Final = 1.6
"""… or a smaller one, so that requests read about ``ROWS``, between these shares of them: where
there is little to read, it is read more often, for a row costs next to nothing."""
SMALLEST: Final = 1 / 32
"""No share is smaller than this times the usual one."""
USUAL_OVER: Final = 12
"""Requests over which it is seen how much they read."""
GAP: Final = 1.0
"""Seconds from one request to the next, at least, unless all that is due does not fit into one. It
is less than between two requests for one message alone: its row costs no request, and a code is
read within seconds or too late."""
GATHER: Final = 0.2
"""Seconds for which others that come due are gathered before the pool is looked at again."""
SHORTEST: Final = 0.02
"""Seconds; shorter intervals count as this."""
LOOKED_AT: Final = 4 * MOST_PAIRS
"""Of so many that came due first those go that are the most worth: with thousands due, a request
is not to cost by all of them."""
LEFTOVERS: Final = 200
"""Withdrawn messages kept at least before they are swept out …"""
LEFTOVERS_SHARE: Final = 4
"""… and for so many that wait one more."""


class Waiting(Struct, frozen=True, order=True, gc=False):
    """A message that is read with others, and how its lateness grows."""

    due: float
    message_id: str
    anchor: float
    """When it was last read."""
    interval: float
    """Seconds after which its lateness is worth its share."""
    recipients: int
    share: float
    """What its lateness is worth then, in requests."""

    def worth(self, now: float) -> float:
        """What it is worth to read it now, in requests."""
        waited = max(0.0, now - self.anchor) / self.interval
        return self.share * waited * waited


class Load(Struct, frozen=True):
    """What one request is to read."""

    messages: tuple[str, ...]
    stretched: float
    """Its wait as a multiple of the one after which it was worth sending."""


@lru_cache(1_000)
def _share(part: float, recipients: int) -> float:
    """One object for all that wait for as much."""
    return part * recipients / ROWS


class Pool:
    """The messages of one account that wait to be read together."""

    def __init__(self) -> None:
        self._part = 1.0
        """Which part of its usual share a row is due for."""
        self._read = float(ROWS)
        """How many rows requests read lately."""
        self.clear()

    def clear(self) -> None:
        """Let none wait."""
        self._waiting: dict[str, Waiting] = {}
        self._to_come: list[Waiting] = []
        """A heap of those that are not due yet, and of what is left of withdrawn ones."""
        self._due: dict[str, Waiting] = {}
        self._sent_at = -inf
        self._offered = 0.0
        """The bid with which a request was first worth sending since the last one; 0: none was."""
        # What all that is due is worth at a time t after ``zero``, in requests:
        # square·t² + linear·t + constant.
        self._zero = 0.0
        self._square = self._linear = self._constant = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._waiting

    @property
    def messages(self) -> list[str]:
        """All that wait, due or not."""
        return list(self._waiting)

    def share_of(self, recipients: int) -> float:
        """What the lateness of so many recipients is worth, in requests, once they are due."""
        return _share(self._part, recipients)

    def put(self, message_id: str, anchor: float, interval: float, recipients: int) -> None:
        """Have a message wait since ``anchor``, at which it was last read: ``interval`` seconds
        after that its lateness is worth its ``share`` of a request."""
        self.drop(message_id)
        interval = max(interval, SHORTEST)
        due = anchor + interval
        share = self.share_of(recipients)
        waiting = Waiting(due, message_id, anchor, interval, recipients, share)
        self._waiting[message_id] = waiting
        heapq.heappush(self._to_come, waiting)
        most = len(self._waiting) + len(self._waiting) // LEFTOVERS_SHARE + LEFTOVERS
        if len(self._to_come) > most:
            self._sweep()

    def drop(self, message_id: str) -> None:
        """Let a message wait no longer."""
        if self._waiting.pop(message_id, None) is None:
            return
        waiting = self._due.pop(message_id, None)
        if waiting is not None:
            self._add(waiting, -1.0)

    def due(self, now: float) -> int:
        """How many messages are due."""
        self._look(now)
        return len(self._due)

    def bid(self, now: float) -> float:
        """The wait of what is due as a multiple of the one after which it is worth a request: it
        competes by that with what is read alone. From 1 on a request is worth sending; before,
        and so soon after the last one that others should be gathered, it is 0."""
        self._look(now)
        if not self._due or (now < self._sent_at + GAP and len(self._due) < MOST_PAIRS):
            return 0.0
        since = now - self._zero
        worth = (self._square * since + self._linear) * since + self._constant
        if worth < 1:
            return 0.0
        bid = sqrt(worth)
        self._offered = self._offered or bid
        return bid

    def worth_at(self, now: float) -> float:
        """When it is to be looked at again whether a request is worth sending; inf: never."""
        soon = self.more_at(now)
        if not self._due:
            return soon
        # The later root of square·t² + linear·t + constant = 1; nothing that is due shrinks.
        short = self._constant - 1.0
        under = max(0.0, self._linear * self._linear - 4 * self._square * short)
        root = (sqrt(under) - self._linear) / (2 * self._square)
        free_at = self._sent_at + GAP if len(self._due) < MOST_PAIRS else now
        return max(now, free_at, min(self._zero + root, soon))

    def more_at(self, now: float) -> float:
        """When others will be due as well; inf: never."""
        self._look(now)
        return max(self._next_due(), now + GATHER)

    def take(self, now: float) -> Load:
        """What a request that goes out now is to read: what is due, the most worth first. It waits
        no longer."""
        self._look(now)
        looked_at = islice(self._due.values(), LOOKED_AT)
        ordered = sorted(looked_at, key=lambda each: -each.worth(now) / each.recipients)
        messages, room = [], MOST_PAIRS
        stretched = max(1.0, self.bid(now) / self._offered) if self._offered else 1.0
        for each in ordered:
            if each.recipients > room:
                break
            room -= each.recipients
            messages.append(each.message_id)
        for message_id in messages:
            del self._waiting[message_id]
            self._add(self._due.pop(message_id), -1.0)
        self._sent_at, self._offered = now, 0.0
        self._weigh(MOST_PAIRS - room)
        if len(self._due) <= LOOKED_AT:
            self._reckon(now)
        return Load(tuple(messages), stretched)

    def _weigh(self, rows: int) -> None:
        """Have rows be due sooner where requests read few, and later where they read many."""
        self._read += (rows - self._read) / USUAL_OVER
        if self._read < LEAST_ROWS * ROWS and self._part > SMALLEST:
            self._part, self._read = self._part / 2, float(ROWS)
        elif self._read > MOST_ROWS * ROWS and self._part < 1.0:
            self._part, self._read = self._part * 2, float(ROWS)

    def _look(self, now: float) -> None:
        """Note what has come due."""
        to_come = self._to_come
        while to_come and to_come[0].due <= now:
            waiting = heapq.heappop(to_come)
            if self._waiting.get(waiting.message_id) is waiting:
                if not self._due:
                    self._reckon(now)
                self._due[waiting.message_id] = waiting
                self._add(waiting, 1.0)

    def _next_due(self) -> float:
        to_come = self._to_come
        while to_come and self._waiting.get(to_come[0].message_id) is not to_come[0]:
            heapq.heappop(to_come)
        return to_come[0].due if to_come else inf

    def _add(self, waiting: Waiting, sign: float) -> None:
        share = sign * waiting.share / waiting.interval / waiting.interval
        before = self._zero - waiting.anchor
        self._square += share
        self._linear += 2 * share * before
        self._constant += share * before * before

    def _reckon(self, now: float) -> None:
        """Begin the sum anew: what was taken off it leaves a trace."""
        self._zero, self._square, self._linear, self._constant = now, 0.0, 0.0, 0.0
        for waiting in self._due.values():
            self._add(waiting, 1.0)

    def _sweep(self) -> None:
        """Throw out what is left of withdrawn messages."""
        kept = [each for each in self._to_come if self._waiting.get(each.message_id) is each]
        heapq.heapify(kept)
        self._to_come = kept
