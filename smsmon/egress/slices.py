"""What a process has of the allowance of its egress address, and what it is to ask for: pure.

Of a slice may be sent only within ``VALID`` seconds after it was asked for. So the store knows at
each moment what may still be sent by whom, and counts it, whatever becomes of that process.
"""

from __future__ import annotations

from collections import deque
from math import ceil, inf

from smsmon.monitor.ledger import EASED_FOR, GUARD, HEADROOM, RETRY, WINDOW, Head, Ledger, blank
from smsmon.store.shared import Call, Terms, Told, Use

VALID = 3.0
"""Seconds after it was asked for in which a slice may be used."""
LEAVES = 15.0
"""Seconds after it was let out in which the first byte of a request may go out."""
ARRIVES = 12.0
"""Seconds in which what went out reaches the server, even where its process is gone."""
AHEAD = 2.0
"""Seconds for which requests are taken ahead."""
BURST = 2.0
"""Times the even pace that a slice is for, at most: what is planned goes out no faster."""
PAUSE = 0.5
"""Seconds between two calls of somebody who waits; twice that where there was nothing to be had,
for what is not urgent."""
NEWS = 1.0
"""Seconds until the store is told what came back, or was not used."""
RENEW = 5.0
"""Seconds until it is told again what is under way, and looked how it stands."""
HUNGRY = 5.0
"""Seconds after a refusal in which its whole part is kept for this process."""
WAITED = 2.0
"""Seconds after which somebody who was refused waits no longer, if he did not ask again."""


def terms(limit: int) -> Terms:
    """What the store is told of how the address may be used."""
    return Terms(limit, WINDOW + GUARD, VALID + LEAVES + ARRIVES, EASED_FOR, HEADROOM)


class Slices:
    """The slices of one process. All times are seconds of a clock of its own."""

    def __init__(self) -> None:
        self.ledger = Ledger(blank())
        """What the server told; requests are not counted in it."""
        self.share: float = 0.0
        """Requests a minute that are ours at present; 0: not known yet."""
        self._counted = 0
        """Requests of all, as the store said last."""
        self._counted_at = -inf
        self._on_hand: deque[list[float]] = deque()
        """Slices: until when each may be used, and how many requests are left of it."""
        self._flying = 0
        self._landed: deque[float] = deque()
        """When each request of the last minute came back."""
        self._untold = 0
        """Requests that came back of which the store does not know."""
        self._believed = 0
        """Requests that are on hand or under way, as far as the store knows."""
        self._news = 0
        """What the server told of which the store does not know."""
        self._refused_at = -inf
        """When somebody was refused who waits since then."""
        self._hungry_at = -inf
        """When somebody was refused last."""
        self._urgent_at = -inf
        self._well_at = -inf
        """When our last request left that had a true answer."""
        self._opens_at = -inf
        self._number = 0
        self._called_at = self._looked_at = -inf
        self._answered_empty = False
        self._asked: tuple[int, int, int] | None = None
        """What the call under way tells: requests that are out, and that landed; news."""
        self._void = False
        """True when what the call under way is granted is not to be used."""
        self._ended = False

    # --- what the engine does ------------------------------------------------------------

    def take(self, now: float, *, urgent: bool) -> float:
        """Use one request that was granted: 0. Else the seconds until that may be tried again."""
        held = self.ledger.held_until()
        if held > now:
            return held - now
        if self._left(now) > 0:
            self._on_hand[0][1] -= 1
            self._flying += 1
            return 0.0
        self._refused_at = self._hungry_at = now
        if urgent:
            self._urgent_at = now
        return RETRY if self._answered_empty and not self._asked else RETRY / 5

    def landed(self, now: float) -> None:
        """A request is over."""
        if self._flying:
            self._flying -= 1
            self._untold += 1
            self._landed.append(now)

    def hold(self, now: float, limit: int, retry_after: float | None, *, too_many: bool) -> None:
        """The server asked to be left alone."""
        self.ledger.hold(now, limit, retry_after, too_many=too_many)
        self._news += 1

    def well(self, left: float) -> None:
        """A request that left at ``left`` had a true answer."""
        strikes = self.ledger.head().strikes
        self.ledger.well(left)
        self._well_at = max(self._well_at, left)
        self._news += self.ledger.head().strikes != strikes

    def end(self) -> None:
        """Ask no more, and use nothing of what is on hand."""
        self.void()
        self._untold, self._flying = self._untold + self._flying, 0
        self._refused_at = self._hungry_at = -inf
        self._ended = True

    # --- looking -------------------------------------------------------------------------

    def used(self, now: float) -> int:
        """Requests of all that count at present, as far as is known: at least our own."""
        ours = self._lately(now) + self._flying
        return max(ours, self._counted) if now - self._counted_at < WINDOW else ours

    def full_until(self, now: float) -> float:
        """When one more may go out, as far as is known; in the past when one may now."""
        return -inf if self._left(now) else self._opens_at

    def void(self) -> None:
        """Use nothing more of what was asked for so far: the machine slept, and for how long is
        not counted by the clock."""
        self._on_hand.clear()
        self._void = True

    # --- talking to the store ------------------------------------------------------------

    def next_call(self, now: float) -> float:
        """When the store is to be called next; in the past: now."""
        if self._news:
            return now
        waits = self._waits(now)
        if waits:
            patient = self._answered_empty and self._urgent_at + WAITED <= now
            return self._called_at + (2 if patient else 1) * PAUSE
        if self._flying and 2 * self._left(now) < self._wanted(now):
            return self._called_at + PAUSE
        if self._untold or self._believed > self._flying:
            return self._called_at + NEWS
        return max(self._called_at, self._looked_at) + RENEW

    @property
    def only_looks(self) -> bool:
        """True when there is nothing to tell and nothing to ask for: it need not be written."""
        tells = self._untold or self._believed or self._news
        return not tells and self._refused_at == -inf

    def call(self, now: float) -> Call:
        """What the store is to be told and asked; ``answered`` or ``failed`` must follow."""
        left, wanted = self._left(now), self._wanted(now)
        if left > wanted:
            self._give_back(left - wanted)
            left = wanted
        self._number += 1
        self._called_at = now
        self._asked = self._flying + left, self._untold, self._news
        self._void = False
        waits = self._waits(now)
        if not waits:
            self._refused_at = -inf
        return Call(
            self._number,
            out=self._flying + left,
            landed=self._untold,
            used=self._lately(now),
            need=inf if self._hungry_at + HUNGRY > now else float(self._lately(now) + self._flying),
            want=wanted - left,
            urgent=self._urgent_at + WAITED > now,
            told=self._told(now),
        )

    def answered(self, called: float, now: float, use: Use) -> None:
        """The store answered the call of ``called``, or the look."""
        if self._asked is not None:
            out, untold, news = self._asked
            self._believed = out + use.granted
            self._untold -= untold
            self._news -= news
            self._asked = None
            self._answered_empty = not use.granted
            self.share = use.share
            if use.granted and not self._void:
                self._on_hand.append([called + VALID, use.granted])
                self._refused_at = self._urgent_at = -inf
        self._looked_at = now
        self._counted, self._counted_at = use.counted, now
        self._opens_at = now + use.room_in if use.room_in else -inf
        if not self._news:
            self._hear(called, now, use.told)

    def failed(self) -> None:
        """The call, or the look, brought no answer: what may have been granted is never used."""
        # Whatever a call was granted: it must be told how it stands. A look takes nothing.
        self._believed += self._asked is not None
        self._asked = None
        self._answered_empty = True

    # --- inside --------------------------------------------------------------------------

    def _left(self, now: float) -> int:
        """Requests on hand that may be sent now."""
        while self._on_hand and (self._on_hand[0][0] <= now or not self._on_hand[0][1]):
            self._on_hand.popleft()
        return int(sum(count for _, count in self._on_hand))

    def _give_back(self, count: float) -> None:
        for each in self._on_hand:
            given = min(each[1], count)
            each[1] -= given
            count -= given

    def _lately(self, now: float) -> int:
        """Our requests that came back within the last minute."""
        while self._landed and self._landed[0] <= now - WINDOW:
            self._landed.popleft()
        return len(self._landed)

    def _waits(self, now: float) -> bool:
        return self._refused_at + WAITED > now

    def _wanted(self, now: float) -> int:
        """How many requests should be on hand."""
        if self._ended:
            return 0
        most = max(1, ceil(self.share / WINDOW * BURST * AHEAD))
        if self._waits(now):
            return most
        lately = sum(at > now - AHEAD for at in self._landed) + self._flying
        return min(most, lately)

    def _told(self, now: float) -> Told:
        """What the server told us; what it told others is not passed on: they say it themselves."""
        well = self._well_at - now
        if not self._news:
            return Told(well=well)
        head = self.ledger.head()
        held, at, eased_at = (
            moment - now if moment else -inf
            for moment in (head.held_until, head.told_at, head.eased_at)
        )
        return Told(held, at, head.strikes, eased_at, head.eased_to, well)

    def _hear(self, called: float, now: float, told: Told) -> None:
        """Take over what the server told others. The store answered between ``called`` and now."""
        known = self.ledger.head()
        eased = called + told.eased_at > known.eased_at
        self.ledger.tell(
            Head(
                held_until=max(known.held_until, now + told.held),
                told_at=max(known.told_at, called + told.at),
                eased_at=called + told.eased_at if eased else known.eased_at,
                eased_to=told.eased_to if eased else known.eased_to,
                strikes=told.strikes,
                well_at=max(known.well_at, called + told.well),
            )
        )
