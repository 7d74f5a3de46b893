"""The demo: one operations day of an invented company, as its messages stand at the start; and the
one-time codes that it sends as time goes by.

Times in the table are world-clock seconds relative to the start of the world.
"""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self

from smsmon.clock import Clock
from smsmon.model import Entry
from smsmon.simulator.messages import (
    HOUR,
    MINUTE,
    ORDINARY,
    OTP,
    Change,
    Delays,
    SimMessage,
    SimRecipient,
    draw_changes,
    draw_phones,
)
from smsmon.simulator.wire import Spelling
from smsmon.simulator.world import World

DAY = 24 * HOUR

FRANCE: Mapping[str, float] = {"FR": 100.0}
EVERYWHERE: Mapping[str, float] = {
    "FR": 80.0, "BE": 8.0, "CH": 5.0, "GP": 2.0, "RE": 2.0, "GB": 2.0, "US": 1.0,
}  # fmt: skip
ISLANDS: Mapping[str, float] = {"GP": 50.0, "RE": 50.0}
ABROAD: Mapping[str, float] = {"GB": 50.0, "US": 50.0}

NO_SUCH_NUMBER = "Numéro introuvable"


@dataclass(frozen=True, slots=True)
class Send:
    """One message of the demo, as someone in the company would describe it."""

    id: str
    label: str
    recipients: int
    sent: float
    """When it left. Later than ``accepted`` for what was held or scheduled."""
    tags: tuple[str, ...] = ()
    accepted: float | None = None
    """When the API took it; None: at ``sent``. Until then it is not found."""
    mix: Mapping[str, float] = field(default_factory=lambda: FRANCE)
    delays: Delays = ORDINARY
    crowd: int = 12_000
    """How many people of a country it is drawn from: a small crowd is met again."""
    vanishes: float = math.inf
    unknown_numbers: int = 0
    """Rows that are errors: the API knows no such number."""
    spelling: Spelling | None = None


SENDS: tuple[Send, ...] = (
    Send("2270142", "Black Friday FR", 500, -40, ("marketing", "bf"),
         delays=Delays(pace=0.5, stops=0.01)),
    Send("2270143", "OTP login", 12, 4, ("otp",), accepted=2, delays=OTP, crowd=200),
    Send("2270141", "Black Friday newsletter", 20_000, -3 * MINUTE, ("marketing", "bf"),
         mix=EVERYWHERE, delays=Delays(pace=0.03, stops=0.006), crowd=40_000),
    Send("2270140", "Sunday sale, held until morning", 240, 2 * MINUTE, ("marketing",),
         accepted=-9 * HOUR, delays=Delays(pace=0.1)),
    Send("2270139", "OTP login", 9, -75, ("otp",), delays=OTP, crowd=200),
    Send("2270138", "Win-back 2019 list", 150, -6 * MINUTE, ("marketing",),
         delays=Delays(pace=0.2, dead=0.45, never=0.03), unknown_numbers=4),
    Send("2270137", "Loyalty points", 320, -25 * MINUTE, ("marketing",), mix=EVERYWHERE,
         delays=Delays(stops=0.12, stop_after=30 * MINUTE)),
    Send("2270136", "Sandbox trial", 5, -3 * HOUR, ("test",), vanishes=3 * MINUTE),
    Send("2270135", "Reminder dentist", 80, -50 * MINUTE, ("reminder",), crowd=300),
    Send("2270134", "Parcel ready, relay 75011", 34, -35 * MINUTE, ("logistics",)),
    Send("2270133", "Delivery slot tomorrow", 118, -70 * MINUTE, ("logistics",), mix=EVERYWHERE),
    Send("2270131", "Password reset", 1, -12, ("otp",), delays=OTP),
    Send("2270130", "Incident 4211, on-call", 14, -8 * MINUTE, ("ops",), mix=EVERYWHERE,
         delays=OTP),
    Send("2270128", "Antilles & Réunion stores", 260, -95 * MINUTE, ("marketing",), mix=ISLANDS),
    Send("2270126", "Invoice due, November", 415, -3 * HOUR, ("billing",), mix=EVERYWHERE),
    Send("2270124", "Two-factor, US and UK desks", 22, -2 * MINUTE, ("otp",), mix=ABROAD,
         delays=Delays(seconds=9.0, hours=0.1)),
    Send("2270121", "Reminder hairdresser", 46, -5 * HOUR, ("reminder",)),
    Send("2270118", "Shift change, warehouse", 63, -7 * HOUR, ("ops",), delays=Delays(stops=0.0)),
    Send("2270115", "Survey after visit", 190, -22 * HOUR, ("marketing",),
         spelling=Spelling(stop="digit", date="number")),
    Send("2270109", "Boutique opening, Lille", 350, -26 * HOUR, ("marketing",), mix=EVERYWHERE),
    Send("2270095", "Price change notice", 500, -2 * DAY + 90, ("billing",),
         delays=Delays(never=0.06, wave=3 * MINUTE)),
    Send("2269988", "Event tickets", 75, -3 * DAY, ("marketing",), delays=Delays(never=0.0)),
    Send("2269900", "Reminder dentist", 80, -6 * DAY, ("reminder",), crowd=300,
         spelling=Spelling(words="other pages", stop="stopSms")),
    Send("2270144", "Last hours, Black Friday BE", 130, 75, ("marketing", "bf"), accepted=45,
         mix={"BE": 100.0}, delays=Delays(pace=0.15)),
)  # fmt: skip
"""Everything the demo watches. The ids grow with time, as the API's own do."""


def demo_world(clock: Clock | None = None, *, seed: int = 1, speed: float = 1.0) -> World:
    """The demo's world; it starts at the clock's now."""
    world = World(clock=clock, seed=seed, speed=speed)
    for send in SENDS:
        world.add(message_of(send, seed, world.start))
    return world


def demo_entries(now: float) -> list[Entry]:
    """The demo's watchlist: every message of ``demo_world``, added ``now``."""
    return [Entry(send.id, send.label, send.tags, added_at=now) for send in SENDS]


def message_of(send: Send, seed: int, start: float) -> SimMessage:
    """The message of one row of the table, in a world of that seed and start."""
    rng = random.Random(f"{seed}:{send.id}")
    phones = draw_phones(rng, send.recipients, send.mix, send.crowd)
    accepted = start + (send.sent if send.accepted is None else send.accepted)
    people = []
    for place, phone in enumerate(phones):
        changes: tuple[Change, ...]
        if place < send.unknown_numbers:
            changes = (Change(accepted, NO_SUCH_NUMBER, error=4),)
        else:
            left = start + send.sent + place * send.delays.pace
            changes = draw_changes(rng, left, send.delays, accepted)
        people.append(SimRecipient(phone, changes))
    rng.shuffle(people)
    return SimMessage(
        send.id,
        people,
        tag=send.tags[0] if send.tags else "",
        appears_at=accepted,
        vanishes_at=start + send.vanishes,
        spelling=send.spelling,
    )


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
