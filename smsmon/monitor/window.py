"""One process's seat at the window of an address."""

from __future__ import annotations

from collections.abc import Callable

from smsmon.monitor.ledger import RETRY, Cells, Ledger, blank

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

    def edit(self, now: float, change: Change) -> float | None:
        """What ``change`` gives, which may write; None when it cannot be done now."""
        return change(self.ledger, self.ledger.seat(self._who, now))

    def take(self, now: float, limit: int, *, urgent: bool) -> float:
        """Count one request that goes out now: 0. Else the seconds until that may be tried."""
        wait = self.edit(now, lambda ledger, seat: ledger.take(seat, now, limit, urgent=urgent))
        return RETRY if wait is None else wait

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
