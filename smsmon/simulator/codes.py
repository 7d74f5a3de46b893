"""A stream of one-time codes: each a message of one recipient, sent as time goes by, and logged.

What an application does that sends codes: it calls the API, and writes the id into its log.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self

from smsmon.simulator.messages import (
    OTP,
    Delays,
    SimMessage,
    SimRecipient,
    draw_changes,
    draw_phones,
)
from smsmon.simulator.world import World

MATCH = r"(?P<time>\S+) sent id=(?P<id>\d+) to=(?P<phone>\S+) tag=(?P<tag>\S+) (?P<label>.+)"
"""The regular expression for a source that reads the log."""
FIRST_ID = 2_280_001
_KEPT = 100_000
"""Codes that the world knows at most: those sent first are deleted then."""


class Kind(NamedTuple):
    """One kind of code."""

    tag: str
    label: str
    weight: float
    """How often it is sent, to the others."""
    delays: Delays


KINDS = (
    Kind("otp", "Login code", 80, replace(OTP, seconds=3.0, minutes=0.012, dead=0.004)),
    Kind("reset", "Password reset", 12, OTP),
    Kind("order", "Order confirmed", 8, replace(OTP, seconds=4.0, minutes=0.03)),
)
_COUNTRIES = {"FR": 90.0, "BE": 6.0, "GP": 2.0, "RE": 2.0}


class Codes:
    """Sends codes into ``world``, ``a_minute`` on average, from ``before`` seconds ago on.

    ``log`` is given each line, with its end. As a context manager, in a thread of its own.
    """

    def __init__(
        self,
        world: World,
        log: Callable[[bytes], object],
        *,
        a_minute: float = 60.0,
        before: float = 0.0,
    ) -> None:
        self._world = world
        self._log = log
        self._pace = a_minute / 60.0
        self._rng = random.Random(f"{world.seed}:codes")
        self._next_at = world.clock.now() - before + self._rng.expovariate(self._pace)
        self._number = FIRST_ID
        self._known: deque[str] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="codes", daemon=True)

    def send_due(self) -> float:
        """Send what is due by now; gives the seconds until the next one."""
        lines = []
        while self._next_at <= self._world.clock.now():
            lines.append(self._send(self._next_at))
            self._next_at += self._rng.expovariate(self._pace)
        if lines:
            self._log(b"".join(lines))
        return self._next_at - self._world.clock.now()

    def _send(self, moment: float) -> bytes:
        rng, world, id = self._rng, self._world, str(self._number)
        self._number += 1
        (kind,) = rng.choices(KINDS, [each.weight for each in KINDS])
        (phone,) = draw_phones(rng, 1, _COUNTRIES)
        sent = world.world_time(moment)
        recipient = SimRecipient(phone, draw_changes(rng, sent, kind.delays))
        world.add(SimMessage(id, [recipient], tag=kind.tag, appears_at=sent))
        self._known.append(id)
        if len(self._known) > _KEPT:
            world.remove(self._known.popleft())
        at = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
        return f"{at} sent id={id} to={phone} tag={kind.tag} {kind.label}\n".encode()

    def _run(self) -> None:
        while not self._over.wait(max(0.0, self.send_due())):
            pass

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
