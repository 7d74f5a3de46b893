"""How many requests may go out: the window of an address, an even pace, back-off, and who is first.

All times are monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf
from operator import itemgetter
from random import Random

from smsmon.model import Fault, FaultKind
from smsmon.monitor.ledger import HEADROOM, RETRY, WINDOW, Cells, Ledger, blank
from smsmon.outgoing import Still, always, goes_out_while


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

    def widen(self, room: int) -> None:
        """Let more in at once, or fewer: those inside may stay."""
        self._room = room
        self._bids.wake()

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


PACE_SECONDS = 6.0
PACE_SHARE = 0.2
"""Planned polls use at most this share of the limit in ``PACE_SECONDS``: twice the even pace,
so that catching up never empties the window in one breath."""

BACK_OFF_BASE = 2.0
"""Seconds: the first wait after a fault is up to this long, each further one up to twice the
one before."""
BACK_OFF_CAP = 120.0
"""Seconds: no wait is longer, so recovery is noticed within two minutes."""


class Budget:
    """The requests of one address, shared by all accounts of this process that use it.

    ``window`` is where they are counted, with those of other processes if it is a shared one.
    """

    def __init__(self, per_minute: int, window: Window | None = None) -> None:
        self.limit = per_minute
        """Requests in any 60 seconds, as set."""
        self.window = window or Window()
        self._own: deque[float] = deque()
        self._bids = Bids()
        self.limit_to(per_minute)

    def limit_to(self, per_minute: int) -> None:
        """Keep to another limit from now on; what went out counts."""
        self.limit = per_minute
        self._own = deque(self._own, maxlen=max(1, int(per_minute * PACE_SHARE)))
        self._bids.wake()

    # --- asking --------------------------------------------------------------------------

    def take(
        self,
        now: float,
        who: object = None,
        bid: float = inf,
        wake: Callable[[], None] = lambda: None,
    ) -> float:
        """Let one request of ``who`` go out now and count it: 0. Tell when it is over (``over``).

        Else the seconds until that may be tried again; ``wake`` is called if it may be sooner.
        ``bid`` is how long it has waited for its kind; inf is for what is urgent (the operator
        looks at it or asked for it): it skips the even pace and may use the reserve, but never
        passes the limit.
        """
        if self._bids.outbid(who, bid):
            wait = inf
        else:
            wait = self._pace(now) if bid < inf else 0.0
            wait = wait or self.window.take(now, self.limit, urgent=bid == inf)
        if wait:
            self._bids.bid(who, bid, wake)
        else:
            goes_out_while(self.window.leave(now))
            self._own.append(now)
            self._bids.withdraw(who)
        return wait

    def over(self, now: float) -> None:
        """A request that was let out is over, however it ended."""
        self.window.landed(now)

    def repeat(self, now: float) -> bool:
        """Let a request that was let out go out once more: True, and counted; False: it may not.

        The first one is over then, and ``over`` is for the second.
        """
        if self.window.take(now, self.limit, urgent=True):
            return False
        goes_out_while(self.window.leave(now))
        self.over(now)
        return True

    def withdraw(self, who: object) -> None:
        """``who`` has nothing to send, for now; the others look again."""
        self._bids.withdraw(who)

    # --- looking -------------------------------------------------------------------------

    def used(self, now: float) -> int:
        """Requests of the last 60 seconds, of all who share the window."""
        return self.window.used(now)

    def allowed(self, now: float) -> int:
        """Requests in any 60 seconds at present: the limit, or less after a "too many"."""
        return self.window.allowed(now, self.limit)

    def planned(self, now: float) -> float:
        """Requests a second that planned polls may use at present."""
        return self.window.share(now, self.limit) * HEADROOM / WINDOW

    def pressed(self, now: float) -> float:
        """How many times their even pace planned polls went out at in the last few seconds."""
        lately = sum(at > now - PACE_SECONDS for at in self._own)
        return lately / (PACE_SECONDS * self.planned(now))

    @property
    def held_until(self) -> float:
        """Until when the server asked to be left alone; in the past when it does not ask."""
        return self.window.ledger.held_until()

    def opens_at(self, now: float) -> float:
        """When an urgent request may go out at the earliest; in the past when it may now."""
        return max(self.held_until, self.window.full_until(now, self.limit))

    @property
    def told_at(self) -> float:
        """When the server last asked to be left alone."""
        return self.window.ledger.head().told_at

    @property
    def well_at(self) -> float:
        """When the last request left that anybody who shares the window had a true answer to."""
        return self.window.ledger.head().well_at

    # --- what came back ------------------------------------------------------------------

    def answered(self, now: float, left: float) -> None:
        """A true answer came to a request that left at ``left``."""
        self.window.well(now, left)

    def refused(self, now: float, fault: Fault) -> None:
        """Leave the server alone where it asks for that: for everybody who shares the window."""
        too_many = fault.kind is FaultKind.RATE_LIMITED
        if too_many or fault.retry_after:
            self.window.hold(now, self.limit, fault.retry_after, too_many=too_many)

    def _pace(self, now: float) -> float:
        """Seconds until the even pace lets one more planned poll out."""
        pace = max(1, int(self.window.share(now, self.limit) * PACE_SHARE))
        if len(self._own) < pace:
            return 0.0
        return max(0.0, self._own[-pace] + PACE_SECONDS - now)


def back_off(attempt: int, rng: Random, base: float = BACK_OFF_BASE) -> float:
    """Seconds to wait after the ``attempt``-th fault in a row (1 is the first): full jitter.

    Anywhere from nothing to the bound that doubles each time, so that many consoles that lost
    the same server do not come back in step.
    """
    bound = min(BACK_OFF_CAP, base * 2.0 ** min(max(attempt, 1) - 1, 30))
    return rng.uniform(0.0, bound)


Change = Callable[[Ledger, int], float | None]
"""What writes in a ledger; it is given the seat too. What it gives is for its caller."""


class Window:
    """The window of an address, kept by this process alone.

    One that several processes share overrides ``edit``. All times are seconds of the clock that
    all who share it have in common.
    """

    def __init__(self, cells: Cells | None = None, who: float = 1.0) -> None:
        self._who = who
        self.ledger = Ledger(blank() if cells is None else cells)
        """For looking only."""

    # --- looking -------------------------------------------------------------------------

    def used(self, now: float) -> int:
        """Requests of the last 60 seconds, of all who share the window."""
        return self.ledger.used(now)

    def allowed(self, now: float, limit: int) -> int:
        """Requests in any 60 seconds at present: the limit, or less after a "too many"."""
        return self.ledger.allowed(now, limit)

    def share(self, now: float, limit: int) -> float:
        """Requests a minute that this process may plan with, of those that are allowed."""
        return self.allowed(now, limit)

    def full_until(self, now: float, limit: int) -> float:
        """When the window has room for an urgent request; in the past when it has now."""
        return self.ledger.full_until(now, limit)

    @property
    def trouble(self) -> str:
        """Why nothing can be counted, so that nothing goes out; empty when all is well."""
        return ""

    # --- asking --------------------------------------------------------------------------

    def edit(self, now: float, change: Change) -> float | None:
        """What ``change`` gives, which may write; None when it cannot be done now."""
        return change(self.ledger, self.ledger.seat(self._who, now))

    def take(self, now: float, limit: int, *, urgent: bool) -> float:
        """Count one request that goes out now: 0. Else the seconds until that may be tried."""
        wait = self.edit(now, lambda ledger, seat: ledger.take(seat, now, limit, urgent=urgent))
        return RETRY if wait is None else wait

    def leave(self, now: float) -> Still:
        """What tells whether a request that is let out now may still go out: it counts."""
        del now
        return always

    def landed(self, now: float) -> None:
        """A request is over, however it ended."""
        self.note(now, lambda ledger, seat: ledger.landed(seat, now))

    def well(self, now: float, left: float) -> None:
        """A request that left at ``left`` had a true answer."""
        self.note(now, lambda ledger, _: ledger.well(left))

    def hold(self, now: float, limit: int, retry_after: float | None, *, too_many: bool) -> None:
        """The server asked to be left alone; see ``Ledger.hold``."""
        self.note(now, lambda ledger, _: ledger.hold(now, limit, retry_after, too_many=too_many))

    def note(self, now: float, change: Change) -> None:
        """Write down what has happened, at once or as soon as it can be done."""
        self.edit(now, change)

    def close(self, now: float) -> None:
        """Ask no more: what was kept for this process is free for others."""
        self.note(now, lambda ledger, seat: ledger.leave(seat, now))
