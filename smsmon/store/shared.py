"""What the processes that share one store tell each other, and who of them polls.

The one that polls records how it stands with polls, accounts and alerts; the others read it, and
say what their operators wish of it. Moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple, Protocol

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


class News(IntFlag):
    """What something new was written of."""

    POLLS = 1
    """Messages, events, how it stands with accounts."""
    ALERTS = 2
    WATCHLIST = 4
    """Said only where the list is kept with all the rest."""
    WISHES = 8


NOTHING_NEW = News(0)


class Follower(Protocol):
    """Looks whether another process recorded something. Every method raises ``StoreError``, and
    where the store does not answer ``Unreachable``.
    """

    def ring(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called, in any thread, as soon as something was written: it is worth
        to look at once. Where nobody tells (a disk), it never is.
        """
        ...

    def changed(self) -> News:
        """What may be new since this was last asked, and at first. Costs next to nothing while
        nobody writes.
        """
        ...

    def end(self) -> Cursor:
        """A cursor from which on events are read, and all else."""
        ...

    def newer(self, cursor: Cursor) -> Newer:
        """What was recorded since ``cursor``, in the order of its events."""
        ...

    def wishes(self) -> list[Wish]:
        """What others wish of the one that polls, oldest first."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Lease(Protocol):
    """Leave to poll messages: all those of a store at once, or one by one.

    What it contains is ours to poll at this very moment. Nothing here raises but ``claim``.
    """

    @property
    def held(self) -> bool:
        """True while anything is ours."""
        ...

    @property
    def holder(self) -> Holder | None:
        """Who polls what is not ours, as far as was seen; None: nobody, or it is not known."""
        ...

    def __contains__(self, message_id: object) -> bool: ...

    def claim(self, ids: Collection[str]) -> Collection[str]:
        """Ask for these messages; gives those that are ours by now. Raises ``StoreError``."""
        ...

    def look(self) -> None:
        """See who polls, and claim nothing: nobody does where the holder stands still."""
        ...

    def renew(self) -> bool:
        """Give a heartbeat; False when what was ours is lost."""
        ...

    def ours_still(self) -> bool:
        """True when nobody else has taken it, by a look; gives no heartbeat."""
        ...

    def release(self) -> None:
        """Let go of all; others may take it at once."""
        ...

    def attend(self) -> None:
        """Be known as one that follows, until ``leave``, or our end."""
        ...

    def leave(self) -> None:
        """Follow no more."""
        ...

    def attended(self) -> bool:
        """True when another process follows."""
        ...
