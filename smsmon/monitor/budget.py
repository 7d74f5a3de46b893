"""How many requests may go out: the limit of an address over a true sliding window, back-off.

All times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Hashable
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

BACK_OFF_BASE = 2.0
"""Seconds: the first wait after a fault is up to this long, each further one up to twice the
one before."""
BACK_OFF_CAP = 120.0
"""Seconds: no wait is longer, so recovery is noticed within two minutes."""


class Budget:
    """The requests of one address, shared by all accounts that use it."""

    def __init__(self, per_minute: int) -> None:
        self.limit = per_minute
        self._sent = [float("-inf")] * per_minute
        self._next = 0
        self._held_until = float("-inf")
        self._demand: dict[Hashable, float] = {}

    # --- the window ----------------------------------------------------------------------

    def wait(self, now: float, *, urgent: bool = False) -> float:
        """Seconds until one more request may go out; 0 when it may at once.

        What is urgent (the operator asked for it) skips the even pace, never the limit.
        """
        ready = max(self._nth_last(self.limit) + WINDOW + GUARD, self._held_until)
        if not urgent:
            kept = max(1, round(self.limit * HEADROOM))
            ready = max(ready, self._nth_last(kept) + WINDOW + GUARD)
            pace = max(1, int(self.limit * PACE_SHARE))
            ready = max(ready, self._nth_last(pace) + PACE_SECONDS)
        return max(0.0, ready - now)

    def take(self, now: float) -> None:
        """Count one request that goes out now."""
        self._sent[self._next] = now
        self._next = (self._next + 1) % self.limit

    def used(self, now: float) -> int:
        """Requests that went out in the last 60 seconds."""
        return sum(1 for moment in self._sent if moment > now - WINDOW)

    def hold(self, until: float) -> None:
        """Let nothing out before ``until``: the server asked for it."""
        self._held_until = max(self._held_until, until)

    def _nth_last(self, nth: int) -> float:
        """When the ``nth`` last request went out, 1 being the last."""
        return self._sent[(self._next - nth) % self.limit]

    # --- the demand ----------------------------------------------------------------------

    def want(self, who: Hashable, per_second: float) -> None:
        """Take over what ``who`` would send each second if there were no limit."""
        self._demand[who] = per_second

    @property
    def stretch(self) -> float:
        """The factor by which all intervals must grow to fit the limit; 1 when they fit."""
        return max(1.0, sum(self._demand.values()) * WINDOW / (self.limit * HEADROOM))


def back_off(attempt: int, rng: Random, base: float = BACK_OFF_BASE) -> float:
    """Seconds to wait after the ``attempt``-th fault in a row (1 is the first): full jitter.

    Anywhere from nothing to the bound that doubles each time, so that many consoles that lost
    the same server do not come back in step.
    """
    bound = min(BACK_OFF_CAP, base * 2.0 ** min(max(attempt, 1) - 1, 30))
    return rng.uniform(0.0, bound)
