"""What all processes behind one address may ask of an API together, whatever host they run on.

A server counts requests by the address that they come from. Processes on several hosts that
leave by one address (an office behind NAT) share one allowance, which the store keeps. Each takes
*slices* of it: some requests that it may send within the next seconds. Moments are told as
seconds from the moment of the call, since clocks differ: what is past is negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import NamedTuple, Protocol


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
