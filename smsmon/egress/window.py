"""The window of an address that the pollers of all hosts behind one egress address share.

What may go out is taken ahead, in slices, from what the store keeps for all (`store.shared`):
by a thread, so that the event loop never waits for the store. Where the store cannot be reached
nothing more goes out once the last slice is used up or void.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from threading import Condition, Thread

from smsmon.clock import slept
from smsmon.egress.slices import LEAVES, Slices, terms
from smsmon.monitor.budget import Window
from smsmon.outgoing import Still
from smsmon.store.errors import StoreError
from smsmon.store.shared import Allowance, Use

log = logging.getLogger(__name__)

FIRST_TRY, LAST_TRY = 1.0, 5.0
"""Seconds until a store that did not answer is asked again: at first, and at most."""
SLEPT = 0.5
"""Seconds: what is less is no sleep, but two clocks that are read one after the other."""
GOODBYE = 0.5
"""Seconds that the end of a process waits until the store knows of it."""


class EgressWindow(Window):
    """The window as this process has it. For the event loop's thread, but for ``turn``."""

    def __init__(
        self,
        allowance: Allowance,
        limit: int,
        monotonic: Callable[[], float],
        *,
        slept: Callable[[], float] = slept,
        rng: Random | None = None,
    ) -> None:
        """``monotonic`` is the clock that its methods are given the moments of. ``slept`` gives
        the seconds that the machine slept meanwhile, which that clock does not count."""
        super().__init__()
        self._allowance = allowance
        self._limit = limit
        self._monotonic = monotonic
        self._slept = slept
        self._slept_before = slept()
        self._rng = rng or Random()
        self._slices = Slices()
        self.ledger = self._slices.ledger
        self._changed = Condition()
        """Held whenever the slices are touched, and told what the thread waits for."""
        self._thread: Thread | None = None
        self._closing = self.closed = False
        self._failures = 0
        self._trouble = ""
        self._next_try = 0.0

    # --- for the engine ------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        return self._trouble

    def used(self, now: float) -> int:
        with self._changed:
            self._begin()
            return self._slices.used(now)

    def allowed(self, now: float, limit: int) -> int:
        self._limit = limit
        return super().allowed(now, limit)

    def share(self, now: float, limit: int) -> float:
        return min(self._slices.share or float(limit), self.allowed(now, limit))

    def full_until(self, now: float, limit: int) -> float:
        self._limit = limit
        with self._changed:
            return self._slices.full_until(now)

    def take(self, now: float, limit: int, *, urgent: bool) -> float:
        self._limit = limit
        with self._changed:
            self._begin()
            self._look_whether_it_slept()
            wait = self._slices.take(now, urgent=urgent)
            self._changed.notify()
        return wait

    def leave(self, now: float) -> Still:
        slept = self._slept()
        return lambda: self._monotonic() - now + self._slept() - slept < LEAVES

    def landed(self, now: float) -> None:
        with self._changed:
            self._slices.landed(now)

    def well(self, now: float, left: float) -> None:
        del now
        with self._changed:
            self._slices.well(left)

    def hold(self, now: float, limit: int, retry_after: float | None, *, too_many: bool) -> None:
        with self._changed:
            self._slices.hold(now, limit, retry_after, too_many=too_many)
            self._changed.notify()

    def close(self, now: float) -> None:
        """Ask no more, and give back what is on hand."""
        del now
        with self._changed:
            self._closing = True
            self._slices.end()
            self._changed.notify()
        if self._thread is not None and not self._failures:
            self._thread.join(GOODBYE)

    # --- the thread ----------------------------------------------------------------------

    def _begin(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = Thread(target=self._run, name="slices", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while not self.closed:
                wait = self.turn()
                with self._changed:
                    if not self.closed:
                        self._changed.wait(wait)
        finally:
            self._allowance.close()

    def turn(self) -> float:
        """Call the store if it is time for that; gives the seconds until it may be. Blocks."""
        with self._changed:
            called = self._monotonic()
            due = max(self._slices.next_call(called), self._next_try)
            if due > called and not self._closing:
                return due - called
            self._look_whether_it_slept()
            self.closed = self._closing
            call = None if self._slices.only_looks else self._slices.call(called)
            of = terms(self._limit)
        use: Use | None = None
        trouble = ""
        try:
            use = self._allowance.look(of) if call is None else self._allowance.take(call, of)
        except StoreError as error:
            trouble = str(error)
        except Exception as error:
            log.exception("the budget cannot be asked for")
            trouble = f"A bug in smsmon ({type(error).__name__}): see the log."
        with self._changed:
            self._look_whether_it_slept()
            now = self._monotonic()
            self._trouble = trouble and f"Requests cannot be counted: {trouble}"
            if use is None:
                self._slices.failed()
                self._failures += 1
                most = min(LAST_TRY, FIRST_TRY * 2.0 ** min(self._failures - 1, 10))
                self._next_try = now + self._rng.uniform(most / 2, most)
            else:
                self._failures, self._next_try = 0, 0.0
                self._slices.answered(called, now, use)
        return 0.0

    def _look_whether_it_slept(self) -> None:
        """What was granted before the machine slept is void: nobody waited for it that long."""
        slept = self._slept()
        if slept > self._slept_before + SLEPT:
            self._slices.void()
            self._slept_before = slept
