"""Phone numbers of people who do not exist.

Ranges set aside for fiction where a country has one (France 06 39 98, by ARCEP; the United
Kingdom 07700 900, by Ofcom; North America 555-01xx), else ranges full of zeros.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

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
