"""What the processes that share one store tell each other, and who of them polls.

Whoever polls records how it stands with polls, accounts and alerts; the others read it, and
say what their operators wish of it. Moments are seconds since the epoch, UTC.

A server counts requests by the address that they come from. Processes on several hosts that
leave by one address (an office behind NAT) share one *allowance*, which the store keeps. Each
takes slices of it: some requests that it may send within the next seconds. Moments of it are told
as seconds from the moment of the call, since clocks differ: what is past is negative.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from math import inf
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


class Told(NamedTuple):
    """What the server told of being asked too often. ``-inf``: never."""

    held: float = -inf
    """Until when it asked to be left alone."""
    at: float = -inf
    """When it asked for that last."""
    strikes: float = 0.0
    """How often in a row it did so without saying for how long."""
    eased_at: float = -inf
    """When the limit was eased last, as it had one request too many."""
    eased_to: float = 0.0
    """Requests a minute that were allowed from then on."""
    well: float = -inf
    """When the last request left that had a true answer."""


NOTHING = Told()


@dataclass(frozen=True, slots=True)
class Terms:
    """How an address may be used."""

    limit: int
    """Requests in any ``window``, as set."""
    window: float
    """Seconds for which a request counts after it came back."""
    lasting: float
    """Seconds after a call in which what was on hand then may still reach the server."""
    eased_for: float
    """Seconds in which an eased limit grows by its whole self again."""
    headroom: float
    """Share of the limit for what is not urgent."""


@dataclass(frozen=True, slots=True)
class Call:
    """How it stands with one taker, and what it wants."""

    number: int
    """Rises with each call; one that comes late, after a later one, counts for nothing."""
    out: int
    """Requests that are under way, or that may still be sent of slices on hand."""
    landed: int
    """Requests that came back, or will not any more, since the last call that was answered."""
    used: int
    """Requests that came back within the last ``window``."""
    need: float
    """Requests a minute that it would like to send."""
    want: int = 0
    """Requests that it would like to have now, besides those."""
    urgent: bool = False
    told: Told = NOTHING
    """What the server told it since the last call that was answered; ``strikes`` and
    ``eased_to`` count with the moments that they belong to."""


@dataclass(frozen=True, slots=True)
class Use:
    """How it stands with an allowance."""

    counted: int
    """Requests that count at present, of all takers, with those that may still be sent."""
    told: Told
    granted: int = 0
    """Requests that the caller may send besides those that it had."""
    share: float = 0.0
    """Requests a minute that are the caller's at present."""
    room_in: float = 0.0
    """Seconds until one more may go out, at the least."""


class Allowance(Protocol):
    """The allowance of one address as one process takes of it. Blocks; for one thread at a time.

    Every method raises ``StoreError``.
    """

    def take(self, call: Call, terms: Terms) -> Use:
        """Tell how it stands, and have a slice.

        Never more than the limit is on hand, under way or counted, of all takers together; what
        is free is shared evenly by those who need it.
        """

    def look(self, terms: Terms) -> Use:
        """How it stands; writes nothing."""

    def close(self) -> None:
        """Let go."""
