"""Simulated messages: recipients, drawn from a seed, and when a report about them changes.

Times are seconds since the epoch on the world's clock (``World`` says how that one runs).
"""

from __future__ import annotations

import math
import random
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from smsmon.recipients import Phones
from smsmon.simulator.wire import DELIVERED, NOT_DELIVERED, WAITING, Look, Row, Spelling

_ABSENT = 0


class Change(NamedTuple):
    """From ``at`` on, a report says this of a recipient."""

    at: float
    status: str | None
    """The word; None: the recipient is missing from the report."""
    stop: bool = False
    dated: bool = True
    """False: the row has no date."""
    error: int = 0
    """Not 0: the row is an error with this code, ``status`` its text."""


class SimRecipient(NamedTuple):
    """A recipient and its changes in the order of time; before the first it is in no report."""

    phone: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Timeline:
    """Every change of a message in the order of time, as columns: 14 bytes a change."""

    phones: Phones
    looks: tuple[Look | None, ...]
    times: array[float]
    places: array[int]
    """Which recipient, by its place in ``phones``."""
    codes: array[int]
    """What its row says from then on, by its place in ``looks``; 0: no row."""


class SimMessage:
    """A message of the simulated account.

    ``appears_at`` and ``vanishes_at`` bound the time in which the API knows it at all.
    """

    __slots__ = ("appears_at", "id", "spelling", "tag", "timeline", "vanishes_at")

    def __init__(
        self,
        id: str,
        recipients: Iterable[SimRecipient],
        *,
        tag: str = "",
        appears_at: float = -math.inf,
        vanishes_at: float = math.inf,
        spelling: Spelling | None = None,
    ) -> None:
        self.id = id
        self.tag = tag
        self.appears_at = appears_at
        self.vanishes_at = vanishes_at
        self.spelling = spelling
        """How its answers are spelt; None: as the world's others."""
        self.timeline = _timeline(recipients)

    def __len__(self) -> int:
        """How many recipients it ever has."""
        return len(self.timeline.phones)

    def __repr__(self) -> str:
        return f"<SimMessage {self.id}: {len(self)} recipients>"

    def exists(self, at: float) -> bool:
        """Whether the API knows the message at that moment."""
        return self.appears_at <= at < self.vanishes_at

    def position(self, at: float) -> int:
        """How many changes have happened by then. Equal positions are equal reports."""
        return bisect_right(self.timeline.times, at)

    def next_change(self, at: float) -> float | None:
        """When a report will differ from that of ``at``; None: never."""
        moments = [m for m in (self.appears_at, self.vanishes_at) if at < m < math.inf]
        position = self.position(at)
        if position < len(self.timeline.times):
            moments.append(self.timeline.times[position])
        return min(moments, default=None)

    def changes(self) -> Iterator[tuple[float, str, Look | None]]:
        """Every change in the order of time: when, whose phone, what its row says from then on."""
        line = self.timeline
        for at, place, code in zip(line.times, line.places, line.codes, strict=True):
            yield at, line.phones[place], line.looks[code]

    def rows(self, at: float) -> Iterator[Row]:
        """The rows of the report of that moment, whether or not the message exists then."""
        replay = Replay(self)
        replay.advance(self.position(at))
        return replay.rows()


class Replay:
    """The rows of a message after some of its changes, moved forward by applying the next ones."""

    __slots__ = ("_codes", "_line", "_since", "position")

    def __init__(self, message: SimMessage) -> None:
        self._line = message.timeline
        self._codes = array("H", bytes(2 * len(message)))
        self._since = array("d", bytes(8 * len(message)))
        self.position = 0

    def advance(self, position: int) -> None:
        """Apply the changes up to ``position``, which must not lie behind."""
        line, codes, since = self._line, self._codes, self._since
        for i in range(self.position, position):
            place, code = line.places[i], line.codes[i]
            before, after = line.looks[codes[place]], line.looks[code]
            # A STOP changes the flag, not the status: the status keeps its date.
            if before is None or after is None or before.status != after.status:
                since[place] = line.times[i]
            codes[place] = code
        self.position = position

    def rows(self) -> Iterator[Row]:
        """One row per recipient that the report has, in the order of the message."""
        looks = self._line.looks
        for phone, code, since in zip(self._line.phones, self._codes, self._since, strict=True):
            look = looks[code]
            if look is not None:
                yield Row(phone, look, since)


def _timeline(recipients: Iterable[SimRecipient]) -> _Timeline:
    phones: list[str] = []
    codes: dict[Look, int] = {}
    moments: list[tuple[float, int, int]] = []
    for place, (phone, changes) in enumerate(recipients):
        phones.append(phone)
        for at, status, stop, dated, error in changes:
            code = _ABSENT
            if status is not None:
                code = codes.setdefault(Look(status, stop, dated, error), len(codes) + 1)
            moments.append((at, place, code))
    # Stable, and by time and place only: changes of one recipient at one moment keep their order.
    moments.sort(key=lambda moment: moment[:2])
    return _Timeline(
        phones=Phones(phones),
        looks=(None, *codes),
        times=array("d", [at for at, _, _ in moments]),
        places=array("I", [place for _, place, _ in moments]),
        codes=array("H", [code for _, _, code in moments]),
    )


# What is drawn from a seed: phone numbers of people who do not exist, and how long reports take.
# The numbers are of ranges set aside for fiction where a country has one (France 06 39 98, by
# ARCEP; the United Kingdom 07700 900, by Ofcom; North America 555-01xx), else full of zeros.

_US_AREAS = (212, 213, 305, 312, 404, 415, 503, 512, 617, 702)

CAPACITY: Mapping[str, int] = MappingProxyType(
    {
        "FR": 1_010_000,
        "BE": 10_000,
        "CH": 10_000,
        "GP": 10_000,
        "RE": 10_000,
        "GB": 1_000,
        "US": 100 * len(_US_AREAS),
    }
)
"""How many people live in each country, by its ISO code."""


def phone(country: str, person: int) -> str:
    """The number, in E.164, of one of the ``CAPACITY[country]`` people of a country."""
    if not 0 <= person < CAPACITY[country]:
        raise ValueError(f"{country} has no person {person}.")
    match country:
        case "FR" if person < 10_000:
            return f"+3363998{person:04}"
        case "FR":
            # 07 00 is kept for machines, with longer numbers: no person has one of this length.
            return f"+33700{person - 10_000:06}"
        case "BE":
            return f"+3247000{person:04}"
        case "CH":
            return f"+4179000{person:04}"
        case "GP":
            return f"+59069000{person:04}"
        case "RE":
            return f"+26269200{person:04}"
        case "GB":
            return f"+447700900{person:03}"
        case _:
            return f"+1{_US_AREAS[person // 100]}55501{person % 100:02}"


def draw_phones(
    rng: random.Random, count: int, mix: Mapping[str, float], crowd: int = 12_000
) -> list[str]:
    """``count`` different numbers, countries mixed by weight, in random order.

    Only the first ``crowd`` people of a country are drawn from (more when ``count`` asks for
    it), so that messages share some. Whoever finds no place in a small country is French.
    """
    wanted = Counter(rng.choices(list(mix), list(mix.values()), k=count))
    del wanted["FR"]
    phones: list[str] = []
    for country, share in wanted.items():
        people = range(min(CAPACITY[country], crowd))
        phones += [phone(country, person) for person in rng.sample(people, min(share, len(people)))]
    french = range(min(CAPACITY["FR"], max(crowd, count)))
    phones += [phone("FR", person) for person in rng.sample(french, count - len(phones))]
    rng.shuffle(phones)
    return phones


# How long reports take: mostly seconds, a tail of hours, and an end at 48 h

MINUTE, HOUR = 60.0, 3600.0
EXPIRY = 48 * HOUR
"""What no operator answered for is given up after 48 hours."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Shares (0 to 1) and medians (seconds) of what may happen to a recipient after its send.

    Whoever is in none of the shares is reported within seconds. The shape follows what is known
    of the API: "within seconds on average, up to 48 hours"; the numbers are ours.
    """

    seconds: float = 5.0
    """The median of the quick reports; the spread is lognormal, sigma 0.8."""
    minutes: float = 0.08
    """The share that takes minutes (median 4): handsets out of reach for a moment."""
    hours: float = 0.03
    """The share that takes hours (median 3): handsets switched off."""
    never: float = 0.01
    """The share never reported by an operator: expires in a wave that starts at 48 h."""
    wave: float = 10 * MINUTE
    """The mean time after 48 h at which the expired turn final."""
    dead: float = 0.015
    """The share of numbers that do not exist: not delivered, as quickly as the others are."""
    stops: float = 0.002
    """The share of the delivered who say STOP, and the median time they take to."""
    stop_after: float = 20 * MINUTE
    pace: float = 0.0
    """Seconds between one recipient's send and the next's: big campaigns leave at a rate."""


ORDINARY = Delays()

OTP = Delays(seconds=2.5, minutes=0.0, hours=0.0, never=0.0, dead=0.0, stops=0.0)
"""One-time passwords: a premium route to handsets in someone's hand."""


def draw_changes(
    rng: random.Random, sent: float, delays: Delays, accepted: float | None = None
) -> tuple[Change, ...]:
    """What a report says of one recipient over time.

    It is Waiting from ``accepted`` on (by default from ``sent``), the report comes some time
    after ``sent``. World-clock seconds.
    """
    start = sent if accepted is None else min(accepted, sent)
    changes = [Change(start, WAITING)]
    scale = delays.seconds / ORDINARY.seconds
    fate = rng.random()
    if fate < delays.never:
        return (*changes, Change(sent + EXPIRY + rng.expovariate(1 / delays.wave), NOT_DELIVERED))
    if fate < delays.never + delays.hours:
        delay = _lognormal(rng, 3 * HOUR * scale, 0.9)
    elif fate < delays.never + delays.hours + delays.minutes:
        delay = _lognormal(rng, 4 * MINUTE * scale, 1.0)
    else:
        delay = _lognormal(rng, delays.seconds, 0.8)
    if delay > EXPIRY:
        return (*changes, Change(sent + EXPIRY + rng.expovariate(1 / delays.wave), NOT_DELIVERED))
    reported = sent + delay
    if rng.random() < delays.dead:
        return (*changes, Change(reported, NOT_DELIVERED))
    changes.append(Change(reported, DELIVERED))
    if rng.random() < delays.stops:
        answered = reported + _lognormal(rng, delays.stop_after, 0.9)
        changes.append(Change(answered, DELIVERED, stop=True))
    return tuple(changes)


def _lognormal(rng: random.Random, median: float, sigma: float) -> float:
    return rng.lognormvariate(math.log(median), sigma)
