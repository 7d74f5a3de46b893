"""Who of several goes first where not all can: the highest bid."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from operator import itemgetter


class Bids:
    """The accounts that wait for the same thing, each with how long it has waited for its kind.

    So the accounts share it as the messages of one account do.
    """

    def __init__(self) -> None:
        self._bids: dict[object, tuple[float, Callable[[], None]]] = {}

    def outbid(self, who: object, bid: float) -> bool:
        """True when another one waits with a higher bid.

        The highest one is woken: the way is free for it. Whoever is outbid bids and sleeps.
        """
        rivals = [entry for other, entry in self._bids.items() if other is not who]
        offered, wake = max(rivals, key=itemgetter(0), default=(-inf, None))
        if wake is None or offered <= bid:
            return False
        wake()
        return True

    def bid(self, who: object, bid: float, wake: Callable[[], None]) -> None:
        """``who`` waits; ``wake`` is called when the way may be free."""
        self._bids[who] = (bid, wake)

    def withdraw(self, who: object) -> None:
        """``who`` waits no longer, for now; the others look again."""
        if self._bids.pop(who, None) is not None:
            self.wake()

    def wake(self) -> None:
        """The way may be free: all who wait look again."""
        for _, wake in self._bids.values():
            wake()


class Gate:
    """The requests that one process may have under way at once, over all accounts."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._inside = 0
        self._bids = Bids()

    def closed(self, who: object, bid: float, wake: Callable[[], None]) -> bool:
        """True when no more may go out for ``who``; ``wake`` is called when one may."""
        if self._inside >= self._room or self._bids.outbid(who, bid):
            self._bids.bid(who, bid, wake)
            return True
        self._bids.withdraw(who)
        return False

    def enter(self) -> None:
        """A request goes out."""
        self._inside += 1

    def leave(self) -> None:
        """A request is over."""
        self._inside -= 1
        self._bids.wake()

    def withdraw(self, who: object) -> None:
        """``who`` has nothing to send, for now."""
        self._bids.withdraw(who)
