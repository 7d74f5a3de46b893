"""Judges whether a fault is of one message or of the whole account, and when to try again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from random import Random

from smsmon.known import AccountState, Condition
from smsmon.model import Fault, FaultKind
from smsmon.monitor.budget import back_off
from smsmon.monitor.ledger import LONGEST_HOLD


def nothing_before(until: float) -> str:
    """The sentence that tells how long the server is left alone; ``until`` is wall time."""
    return f"Nothing is asked before {datetime.fromtimestamp(until, UTC):%H:%M:%S} UTC."


HELD = Fault(
    FaultKind.RATE_LIMITED, "The API has had too many requests from this address.", code=429
)
"""What is said of a hold that another process was told."""


def held_back(state: AccountState, until: float, since: float) -> AccountState:
    """``state`` while the server asked, at ``since``, to be left alone ``until`` then.

    Whatever else is known of an account that is not stopped, nothing goes out before. One that
    is down for a reason of its own stays so: only its next try has to wait.
    """
    match state.condition:
        case Condition.STOPPED:
            return state
        case Condition.DOWN:
            fault, retry_at = state.fault, max(state.retry_at or until, until)
            asked = fault is None or fault.kind is FaultKind.RATE_LIMITED or fault.retry_after
            return replace(state, retry_at=retry_at, held_until=until if asked else None)
        case Condition.OK:
            return AccountState(
                state.profile,
                Condition.DOWN,
                HELD,
                since,
                until,
                heard=state.heard,
                held_until=until,
            )


SUSPECTS = 3
"""Different messages that must fail, with no true answer between, before a fault that may be
a message's own is taken for the account's (fewer where there are fewer messages)."""


class AccountHealth:
    """The judgement over one account. Waiting is in monotonic time, ``since`` in wall time.

    One message that answers nonsense, or always times out, is that message's trouble. The same
    from several messages with nothing good between is the account's. Being refused (``auth``)
    or told to slow down (``rate_limited``) concerns the account at once.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._suspects: set[str] = set()
        self._attempt = 0
        self.condition = Condition.OK
        self.fault: Fault | None = None
        """The last one while failing, down or stopped."""
        self.since: float | None = None
        """Wall time: down, of the first fault since an answer; stopped, of the refusal."""
        self.failing_since: float | None = None
        """Wall time of the first fault since an answer; None where it says nothing about the
        account."""
        self.heard = False
        """True once anything was answered."""
        self._first_fault: float | None = None
        """Wall time of the first fault since an answer."""
        self.retry_at = 0.0
        """Monotonic time of the next probe, while down."""
        self.failed_at = 0.0
        """Monotonic time of the last fault."""
        self._held_at = 0.0
        """Monotonic time at which the last "too many" came."""

    def good(self, left: float = inf) -> bool:
        """A true answer came to a request that left at ``left``; True when that ends a trouble.

        A stopped account stays stopped: the answer was asked for before the refusal. So does one
        that was told to slow down after the request had left.
        """
        self.heard = True
        if self.condition is Condition.STOPPED:
            return False
        if self.condition is Condition.DOWN and left <= self._held_at:
            return False
        self._suspects.clear()
        recovered = self.condition is Condition.DOWN
        self.condition = Condition.OK
        self.fault = self.since = self.failing_since = self._first_fault = None
        self._attempt = 0
        return recovered

    def bad(
        self,
        message_id: str,
        fault: Fault,
        now: float,
        wall: float,
        *,
        messages: int,
        probe: bool,
        again: bool = False,
    ) -> bool:
        """A poll failed; True when that changes the condition of the account.

        ``messages`` are polled for this account; ``probe`` says that the request went out
        while the account was down: only probes lengthen the back-off, not the stragglers of
        the moment it went down. ``again``: the message's poll before this one failed too; where
        others were answered in between, that is the message's own trouble.
        """
        before = self.condition
        self.failed_at = now
        if fault.kind is FaultKind.RATE_LIMITED:
            self._held_at = now
        own = again and message_id not in self._suspects
        self._suspects.add(message_id)
        if self._first_fault is None:
            self._first_fault = wall
        if before is Condition.STOPPED:
            return False
        if fault.kind is FaultKind.AUTH:
            self.condition = Condition.STOPPED
            self.since = wall
        elif before is Condition.DOWN:
            if probe:
                self._back_off(fault, now)
        elif fault.kind is FaultKind.RATE_LIMITED or len(self._suspects) >= min(SUSPECTS, messages):
            self.condition = Condition.DOWN
            self._back_off(fault, now)
        if self.condition is not Condition.OK:
            self.fault = fault
            self.failing_since = None
            if self.since is None:
                self.since = self._first_fault
        elif not own or self.failing_since is not None:
            self.fault, self.failing_since = fault, self._first_fault
        return self.condition is not before

    def forget(self, message_id: str) -> None:
        """A message is let go: nothing is kept of it."""
        self._suspects.discard(message_id)

    def hold(self, until: float, now: float, wall: float) -> bool:
        """Somebody was told to leave the address alone; True when that takes the account down."""
        if self.condition is Condition.STOPPED:
            return False
        self.retry_at = max(self.retry_at, until)
        if self.condition is Condition.DOWN:
            return False
        self.condition, self.fault, self.since = Condition.DOWN, HELD, self._first_fault or wall
        self.failing_since = None
        self.failed_at = self._held_at = now
        return True

    def retry(self, now: float) -> None:
        """Probe at once: the operator or a new key says so. A stopped account is tried again."""
        if self.condition is Condition.STOPPED:
            self.condition = Condition.DOWN
            self._attempt = 0
        self.retry_at = now

    def adopt(self, state: AccountState, now: float) -> None:
        """Go on from what another process found out: what is down is probed at ``now``."""
        self.condition, self.fault = state.condition, state.fault
        self.since, self.failing_since = state.since, state.failing_since
        self._first_fault = state.since or state.failing_since
        self.heard = state.heard
        self.retry_at = now
        self._suspects.clear()

    def _back_off(self, fault: Fault, now: float) -> None:
        self._attempt += 1
        asked = min(fault.retry_after or 0.0, LONGEST_HOLD)
        self.retry_at = now + asked + back_off(self._attempt, self._rng)
