"""What the key for failures shows of a table: what failed, all not delivered, or all. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType


class Only(Enum):
    """Which rows are shown, whatever else a filter asks."""

    ALL = auto()
    FAILED = auto()
    """What will not get better by waiting; what still waits is not shown."""
    UNDELIVERED = auto()
    """All that is not delivered: what failed, and what still waits."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a title tells what is shown, and an empty table that there is none."""

    long: str
    short: str
    none: str


Steps = Mapping[Only, Told]
"""What a table can be narrowed to, in the order in which the key goes through it."""

MESSAGE_STEPS: Steps = MappingProxyType(
    {
        Only.FAILED: Told(
            "failed, stale or not found only", "failed only", "No message has failed recipients."
        ),
        Only.UNDELIVERED: Told(
            "not all delivered: failed or waiting",
            "not all delivered",
            "All is delivered everywhere.",
        ),
    }
)
RECIPIENT_STEPS: Steps = MappingProxyType(
    {
        Only.FAILED: Told(
            "failed only, without the waiting", "failed only", "Nothing failed; f shows who waits."
        ),
        Only.UNDELIVERED: Told(
            "not delivered yet: failed or waiting", "not delivered yet", "All is delivered."
        ),
    }
)
LOG_STEPS: Steps = MappingProxyType(
    {Only.FAILED: Told("what went wrong only", "went wrong only", "Nothing went wrong.")}
)


def next_step(steps: Steps, now: Only) -> Only:
    """What the key shows next: through ``steps``, and back to all."""
    order = [Only.ALL, *steps]
    return order[(order.index(now) + 1) % len(order)]
