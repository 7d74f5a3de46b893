"""Four weeks of a console left open, in a process that does nothing else.

What else a process does grows too: a test runner keeps a note of all that happens in it.
``python -m tests.soak.month FOLDER`` prints each day as it ends, and then all of it as JSON.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import msgspec
import pytest

from tests.soak.life import HOUR, Footprint, Life, living

DAYS = 28
WARM_UP = 48
"""Hours in which all that is bounded fills up: the log, the changes kept, the caches of texts.
Somebody looks around more often in them, for that very reason."""
MESSAGES = 1_000


@dataclass(frozen=True, slots=True)
class Month:
    """What became of it."""

    days: list[Footprint]
    """How large everything was at the end of each day."""
    answers: int
    """Reports, changed or not."""
    new: int
    """Reports that told something new."""
    faults: int
    replaced: int
    """Messages that left, and as many came."""
    looks: int
    """Rounds through all screens."""
    seconds: float
    """How long it took."""


async def live(folder: Path) -> Month:
    """Live through it."""
    began = perf_counter()
    life = Life(folder / "home", MESSAGES)
    life.show_many_numbers()
    days: list[Footprint] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        async with living(life, monkeypatch) as pilot:
            life.fill_the_log()
            for hour in range(1, DAYS * 24 + 1):
                await life.scene.pass_time(pilot, HOUR)
                if hour % (8 if hour > WARM_UP else 2) == 0:
                    await life.look(pilot)
                await life.churn(6)
                if hour % 24 == 0:
                    days.append(life.footprint())
                    print(f"day {len(days)}: {days[-1]}", file=sys.stderr)
    account = life.account
    return Month(
        days,
        life.answers,
        account.reports,
        account.faults,
        life.replaced,
        life.looks,
        perf_counter() - began,
    )


if __name__ == "__main__":
    month = asyncio.run(live(Path(sys.argv[1])))
    sys.stdout.buffer.write(msgspec.json.encode(month))
