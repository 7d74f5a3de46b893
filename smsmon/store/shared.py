"""What the processes that share one store tell each other: plain values.

The one that polls records how it stands with polls, accounts and alerts; the others read it, and
say what their operators wish of it. Moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from smsmon.known import AccountState, Key, LastPoll, Remembered
from smsmon.model import Event, Transition

WISH_LASTS = 60.0
"""Seconds after which a wish is void: whoever still means it says so again."""
HEARTBEAT = 1.0
"""Seconds between two heartbeats of the one that polls."""


class Holder(NamedTuple):
    """The process that polls."""

    pid: int
    name: str
    """What it is: ``console``, ``watch``."""

    def __str__(self) -> str:
        return f"{self.name} {self.pid}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What one process asks of the one that polls."""

    who: str
    at: float
    kind: str
    what: str = ""
    id: int = 0
    """Its number; 0 while it is not recorded."""

    def void(self, now: float) -> bool:
        """True for a wish that counts no more at wall time ``now``, or not yet."""
        return abs(now - self.at) > WISH_LASTS


LASTING = frozenset(("focus", "rank"))
"""Kinds of wishes of which each process has one at a time, the last."""

Episode = tuple[str, str]
"""An alert: the name of its rule, and a message id."""


class Turn(NamedTuple):
    """One end of an alert."""

    rule: str
    message_id: str
    firing: bool
    """False: it is over."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where the record was read."""

    sequence: int = 0
    event: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is new about one message."""

    key: Key
    last_poll: LastPoll
    remembered: Remembered | None = None
    """The message as it stands, when its recipients may differ from those known."""
    transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, slots=True)
class Newer:
    """What was recorded since a cursor."""

    cursor: Cursor
    messages: Sequence[Recorded] = ()
    events: Sequence[Event] = ()
    accounts: Sequence[AccountState] = ()
