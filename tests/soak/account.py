"""An account of messages that come and go, whose reports cost next to nothing to make."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from random import Random

from smsmon.clock import Clock
from smsmon.model import Balance, Fault, FaultKind, ReadError, Report, Unchanged
from smsmon.monitor.source import Source
from smsmon.recipients import NO_DATE, STOP_NO, Phones, Recipients, Status

_WORDS = ("Unknown", "Waiting", "Delivered", "Not delivered")
_HOUR = 3600.0


@dataclass(slots=True)
class Sent:
    """One message: its recipients turn final one after the other."""

    phones: Phones
    ends: list[float]
    """When each turns final, ascending; seconds since the epoch."""
    statuses: bytes
    """What each turns to."""


class CheapAccount(Source):
    """Answers about messages it makes up when it is first asked about them.

    One answer in ``one_in`` fails, so that trouble comes and goes all the time.
    """

    def __init__(
        self, clock: Clock, recipients: int = 60, seed: int = 1, one_in: int = 200
    ) -> None:
        self._clock = clock
        self._recipients = recipients
        self._rng = Random(seed)
        self._one_in = one_in
        self.messages: dict[str, Sent] = {}
        self.reports = 0
        self.unchanged = 0
        self.faults = 0

    def forget(self, message_id: str) -> None:
        """Nobody will ask about it any more."""
        self.messages.pop(message_id, None)

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        now = self._clock.now()
        if self._rng.randrange(self._one_in) == 0:
            self.faults += 1
            raise ReadError(Fault(FaultKind.TIMEOUT, f"After 10 s there was no answer at {now}."))
        sent = self.messages.get(message_id) or self._send(message_id, now)
        final = bisect_right(sent.ends, now)
        digest = b"%s %d" % (message_id.encode(), final)
        if digest == known:
            self.unchanged += 1
            return Unchanged(message_id, digest, now, now)
        self.reports += 1
        count = len(sent.ends)
        statuses = sent.statuses[:final] + bytes([Status.WAITING]) * (count - final)
        recipients = Recipients(
            phones=sent.phones,
            statuses=statuses,
            words=array("B", statuses),
            vocabulary=_WORDS,
            stops=bytes([STOP_NO]) * count,
            dates=array("q", [NO_DATE]) * count,
        )
        return Report(message_id, recipients, digest, now, now, digest * 20)

    async def me(self) -> Balance:
        return Balance("soak", "1.00", "EUR", 1, None, None, None, self._clock.now())

    async def aclose(self) -> None:
        pass

    def _send(self, message_id: str, now: float) -> Sent:
        """Most recipients take minutes or hours, so there is always something that changes."""
        rng, count = self._rng, self._recipients
        first = rng.randrange(10**7)
        sent = self.messages[message_id] = Sent(
            Phones([f"+336{(first + place) % 10**8:08}" for place in range(count)]),
            sorted(now + rng.lognormvariate(0.0, 1.5) * _HOUR for _ in range(count)),
            bytes(rng.choices((Status.DELIVERED, Status.NOT_DELIVERED), (19, 1), k=count)),
        )
        return sent
