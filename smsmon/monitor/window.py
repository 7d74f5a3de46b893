"""The window of an address as one process has it: the ledger, with a seat of its own.

All times are seconds of the clock that all who share it have in common.
"""

from __future__ import annotations

from collections.abc import Callable

from smsmon.monitor.ledger import RETRY, Cells, Ledger, blank
from smsmon.outgoing import Still, always

Change = Callable[[Ledger, int], float]
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
