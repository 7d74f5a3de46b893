"""What the processes that share one store tell each other, and who of them polls.

Whoever polls records how it stands with polls, accounts and alerts; the others read it, and
say what their operators wish of it. Moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple, Protocol

from smsmon.known import AccountState, Condition, Key, LastPoll, Remembered
from smsmon.model import Event, Transition

WISH_LASTS = 60.0
"""Seconds after which a wish is void: whoever still means it says so again."""
HEARTBEAT = 1.0
"""Seconds between two heartbeats of the one that polls."""


class Rank(IntEnum):
    """Who lets whom poll: the lower one, where not all do."""

    NEVER = 0
    UNFIT = 1
    """No account of it can be used as it is set up."""
    AUTO = 2
    ALWAYS = 3


class Holder(NamedTuple):
    """A process that polls."""

    pid: int
    name: str
    """What it is: ``console``, ``watch``."""
    host: str = ""
    """Where it runs; empty: on this machine."""

    def __str__(self) -> str:
        return f"{self.name} on {self.host}" if self.host else f"{self.name} {self.pid}"


class Work(NamedTuple):
    """A part of the work that a process could do: a message to poll, or what is common."""

    account: str = ""
    """The account that it is asked of; empty: of none."""
    rate: float = 0.0
    """How often it is to be asked for, a second, as far as is known; what is common weighs
    nothing."""
    condition: Condition = Condition.OK
    """How it stands with the account here."""
    alone: bool = False
    """It takes a request of its own: it has too many recipients to be read with others."""


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
    mark: str = ""
    """What a store notes besides."""


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
    ARRIVALS = 16
    """What sources told of came, or left."""


NOTHING_NEW = News(0)


class Follower(Protocol):
    """Looks whether another process recorded something. Every method raises ``StoreError``, and
    where the store does not answer ``Unreachable``.
    """

    def ring(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called, in any thread, as soon as something was written: it is worth
        to look at once. Where nobody tells (a disk), it never is.
        """

    def changed(self) -> News:
        """What may be new since this was last asked, and at first. Costs next to nothing while
        nobody writes.
        """

    def end(self) -> Cursor:
        """A cursor from which on events are read, and all else."""

    def newer(self, cursor: Cursor) -> Newer:
        """What was recorded since ``cursor``, in the order of its events."""

    def wishes(self) -> list[Wish]:
        """What others wish of the one that polls, oldest first."""

    def close(self) -> None:
        """Let go."""


class Lease(Protocol):
    """Leave to work: to poll messages, and to do what is common to all processes (`known.CHIEF`,
    `known.account_part`). All of it at once, or part by part.

    The names of what is ours at this very moment are in it; that is asked often, and never waits.
    Nothing here raises but ``claim``.
    """

    @property
    def partial(self) -> bool:
        """True where several processes have each a part; False: one has all, and lets go of it
        when it is asked.
        """

    @property
    def held(self) -> bool:
        """True while anything is ours."""

    @property
    def pollers(self) -> int:
        """How many processes poll, as far as was seen; this one too."""

    @property
    def holder(self) -> Holder | None:
        """Who polls what is not ours, as far as was seen; None: nobody, or it is not known."""

    def __contains__(self, name: object) -> bool: ...

    def claim(self, wanted: Mapping[str, Work], rank: Rank = Rank.AUTO) -> Collection[str]:
        """Ask for these parts of the work; gives those that are ours by now.

        Where several processes share it, this is asked again and again, with all that one could
        do: it keeps what is ours, lets go of what is not ``wanted`` any more and of more than
        our part, and sees who else is there. Who has a higher ``rank`` polls first. Elsewhere
        whoever asks first has all, and keeps it by ``renew``. Raises ``StoreError``.
        """

    def look(self) -> None:
        """See who polls, and claim nothing: nobody does where the holder stands still."""

    def renew(self) -> bool:
        """Give a heartbeat; False when what was ours is lost."""

    def ours_still(self) -> bool:
        """True when nobody else has taken it, by a look; gives no heartbeat."""

    def release(self) -> None:
        """Let go of all; others may take it at once."""

    def attend(self) -> None:
        """Be known as one that follows, until ``leave``, or our end."""

    def leave(self) -> None:
        """Follow no more."""

    def attended(self) -> bool:
        """True when another process follows."""
