"""Where news comes from: what the engine asks, and what it is told without asking.

The poller asks a ``Source``. What a source says without having been asked (a receipt that was
pushed, the further answers of a batch) goes to ``Engine.receive``; what another process found
out and recorded, to ``Engine.follow``. From there all of it takes one way: the board compares it
with what was known, the recorder and the listeners are told, the next poll is planned. Each
answer says by its ``origin`` how it came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from smsmon.batch import BatchAnswer, Pair
from smsmon.known import LastPoll, Remembered
from smsmon.model import Answer, Event, Fault, FaultKind, ReadError, Transition


class Source(Protocol):
    """One account, as the engine reads it.

    All moments in an answer are wall-clock seconds since the epoch, by the clock of the engine;
    only ``served_at`` is by the server's. Both methods are called on the engine's event loop,
    and answers are handed over there: a source that works in threads comes back by itself.
    """

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Answer:
        """What is known of one message now; ``Unchanged`` when the answer's digest is ``known``.

        Several messages may be asked for at once, never one twice at a time. An answer that is
        late is allowed: ``asked_at`` tells which of two is the newer. Raises ``ReadError`` and
        nothing else; its texts are safe to show and hold no key. May be cancelled at any
        moment, and asks no more for that message then.
        """

    def ask_before_repeating(self, may_repeat: Callable[[], bool]) -> None:
        """Have ``may_repeat`` asked before a request is sent a second time, which counts as one
        more for the limit. True allows it. A source that never repeats has nothing to do.
        """
        del may_repeat


@runtime_checkable
class BatchSource(Source, Protocol):
    """A source that can also read many messages in one request."""

    async def multi_status(self, pairs: Sequence[Pair]) -> BatchAnswer:
        """What is known of each of ``pairs`` now: 1 to ``MOST_PAIRS``, else ``ValueError``.

        It is one request of the account's limit. An answer is given for every pair, whatever the
        API left out, added or mixed up; a row is taken for a pair only if it names its message and
        its number. Otherwise as ``bulk_status``: raises ``ReadError`` and nothing else for what
        goes wrong with the answer as a whole, may be cancelled, several may be under way.
        """


@dataclass(frozen=True)
class Unusable(Source):
    """The source of an account that is not set up: says so at every request."""

    problem: str

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Answer:
        del message_id, known
        raise ReadError(Fault(FaultKind.AUTH, self.problem))


@dataclass(frozen=True, slots=True)
class Followed:
    """What another process found out about a message and recorded."""

    message_id: str
    at: float
    """When it did."""
    last_poll: LastPoll | None = None
    remembered: Remembered | None = None
    """The message as it stands by now; None: as before."""
    transitions: tuple[Transition, ...] = ()
    events: tuple[Event, ...] = ()
