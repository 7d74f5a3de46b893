"""How many requests may go out: the limit of an address over a true sliding window, back-off.

All times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from operator import itemgetter
from random import Random

WINDOW = 60.0
"""Seconds over which requests are counted."""
GUARD = 0.25
"""Seconds added to the window: two requests reach the server less evenly than they leave."""
HEADROOM = 0.95
"""Share of the limit planned for; the rest is for what the operator asks for at once."""
PACE_SECONDS = 6.0
PACE_SHARE = 0.2
"""Planned polls use at most this share of the limit in ``PACE_SECONDS``: twice the even pace,
so that catching up never empties the window in one breath."""

EASED_FOR = 600.0
"""Seconds in which the limit grows by its whole self again after a "too many requests"."""
LONGEST_HOLD = 3600.0
"""Seconds: a longer ``Retry-After`` is taken for a mistake and cut to this."""

BACK_OFF_BASE = 2.0
"""Seconds: the first wait after a fault is up to this long, each further one up to twice the
one before."""
BACK_OFF_CAP = 120.0
"""Seconds: no wait is longer, so recovery is noticed within two minutes."""


class Budget:
    """The requests of one address, shared by all accounts that use it.

    When an account has to wait for the window it leaves its *bid*, how long its next message
    has waited for its kind, and the highest bid goes first: the accounts share the window as
    the messages of one account do.
    """

    def __init__(self, per_minute: int) -> None:
        self.limit = per_minute
        """Requests in any 60 seconds, as set."""
        self._sent = [-inf] * per_minute
        self._next = 0
        self._held_until = -inf
        self._eased_at = -inf
        self._eased_to = float(per_minute)
        self._bids: dict[object, tuple[float, Callable[[], None]]] = {}

    # --- the window ----------------------------------------------------------------------

    def wait(self, now: float, *, urgent: bool = False) -> float:
        """Seconds until one more request may go out; 0 when it may at once.

        What is urgent (the operator looks at it or asked for it) skips the even pace and may
        use the reserve, but never passes the limit.
        """
        allowed = self.allowed(now)
        ready = max(self._nth_last(allowed) + WINDOW + GUARD, self._held_until)
        if not urgent:
            planned = max(1, int(allowed * HEADROOM))
            pace = max(1, int(allowed * PACE_SHARE))
            ready = max(
                ready,
                self._nth_last(planned) + WINDOW + GUARD,
                self._nth_last(pace) + PACE_SECONDS,
            )
        return max(0.0, ready - now)

    def take(self, now: float, who: object = None) -> None:
        """Count one request that goes out now, for ``who``: its bid is spent."""
        self._sent[self._next] = now
        self._next = (self._next + 1) % self.limit
        self.withdraw(who)

    def used(self, now: float) -> int:
        """Requests that went out in the last 60 seconds."""
        return sum(1 for moment in self._sent if moment > now - WINDOW)

    def planned(self, now: float) -> float:
        """Requests a second that planned polls may use at present."""
        return self.allowed(now) * HEADROOM / WINDOW

    # --- being told to slow down ---------------------------------------------------------

    def allowed(self, now: float) -> int:
        """Requests in any 60 seconds at present: the limit, or less after a "too many"."""
        grown = self._eased_to + (now - self._eased_at) / EASED_FOR * self.limit
        return self.limit if grown >= self.limit else max(1, int(grown))

    def too_many(self, now: float, retry_after: float | None) -> None:
        """The server refused a request as one too many: halve, then grow back slowly.

        Others may share the address, so its limit can be reached below ours. Nothing goes out
        for ``retry_after`` seconds.
        """
        if retry_after:
            self._held_until = max(self._held_until, now + min(retry_after, LONGEST_HOLD))
        if now - self._eased_at >= PACE_SECONDS:  # the same burst says it several times
            self._eased_to = max(self.allowed(now) / 2, self.limit / 10)
            self._eased_at = now

    # --- sharing -------------------------------------------------------------------------

    def outbid(self, who: object, bid: float) -> bool:
        """True when another account waits for the window with a higher bid.

        The highest one is woken: the way is free for it. Whoever is outbid bids and sleeps.
        """
        rivals = [entry for other, entry in self._bids.items() if other is not who]
        offered, wake = max(rivals, key=itemgetter(0), default=(-inf, None))
        if wake is None or offered <= bid:
            return False
        wake()
        return True

    def bid(self, who: object, bid: float, wake: Callable[[], None]) -> None:
        """``who`` waits for the window; ``wake`` is called when the way may be free."""
        self._bids[who] = (bid, wake)

    def withdraw(self, who: object) -> None:
        """``who`` waits no longer, for now; the others look again."""
        if self._bids.pop(who, None) is not None:
            for _, wake in self._bids.values():
                wake()

    def _nth_last(self, nth: int) -> float:
        """When the ``nth`` last request went out, 1 being the last."""
        return self._sent[(self._next - nth) % self.limit]


def back_off(attempt: int, rng: Random, base: float = BACK_OFF_BASE) -> float:
    """Seconds to wait after the ``attempt``-th fault in a row (1 is the first): full jitter.

    Anywhere from nothing to the bound that doubles each time, so that many consoles that lost
    the same server do not come back in step.
    """
    bound = min(BACK_OFF_CAP, base * 2.0 ** min(max(attempt, 1) - 1, 30))
    return rng.uniform(0.0, bound)
