"""How fast reports of one message come, against others of its size: they share a fate."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

PACE_STRENGTH = 10.0
"""Pretended reports that draw the pace of a message towards that of others of its size."""
PACE_MEMORY = 100.0
"""Reports, or expected ones, over which a message's pace forgets all but a third."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many reports of a message came, and how many of others like it would have."""

    came: float = 0.0
    expected: float = 0.0

    @property
    def factor(self) -> float:
        """How many times as fast as others of its size it goes."""
        return (self.came + PACE_STRENGTH) / (self.expected + PACE_STRENGTH)

    def after(self, came: float, expected: float) -> Pace:
        """With what came in a while more, and what was expected of it."""
        kept = exp(-max(came, expected) / PACE_MEMORY)
        return Pace(self.came * kept + came, self.expected * kept + expected)


USUAL = Pace()
"""Nothing is known of it yet."""
