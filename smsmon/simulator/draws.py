"""What is drawn from a seed: phone numbers of people who do not exist, and how long reports take.

The numbers are of ranges set aside for fiction where a country has one (France 06 39 98, by ARCEP;
the United Kingdom 07700 900, by Ofcom; North America 555-01xx), else of ranges full of zeros.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from smsmon.simulator.messages import Change
from smsmon.simulator.wire import DELIVERED, NOT_DELIVERED, WAITING

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
