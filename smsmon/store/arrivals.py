"""The store's part for messages that came by themselves, told of by sources.

They are kept beside what people added, and stand after it on the watchlist; a message that people
added too is theirs. Moments are seconds since the epoch, UTC. Every method blocks, may be called in
any thread, is one transaction of its own, and raises ``StoreError``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from smsmon.model import Entry


class Arrivals(NamedTuple):
    """What came and what left since the last look."""

    came: Sequence[Entry]
    """In the order in which they came."""
    left: Sequence[str]


class ArrivalStore(Protocol):
    """The messages that came by themselves, each an ``Entry`` with an ``arrival``."""

    def load(self) -> list[Entry]:
        """All of them, in the order in which they came."""
        ...

    def newer(self) -> Arrivals | None:
        """What came and left since ``load`` or this was called last; None where nothing did. Costs
        next to nothing then, and else no more than what came and left, however many there are.
        """
        ...

    def take(self, entries: Iterable[Entry], reader: str = "", position: str = "") -> int:
        """Keep these, and with them, all or nothing, up to where ``reader`` has read its source.

        What is there already, or was there and left, is passed over: gives how many are new. So
        what was read twice is taken once.
        """
        ...

    def leave(self, ids: Iterable[str]) -> None:
        """Keep these no longer; they are remembered for a while, and not taken again meanwhile."""
        ...

    def position(self, reader: str) -> str:
        """Up to where ``reader`` has read, as ``take`` was told last; empty when it never was."""
        ...
