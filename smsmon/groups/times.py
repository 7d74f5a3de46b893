"""How long things took, as a histogram whose steps are 2 %: its size does not grow with them."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, exp, log

_STEP = log(1.02)
_SHORTEST = 0.5
"""Seconds: what took less counts as this."""


def step_of(seconds: float) -> int:
    """The step in which so many seconds count."""
    return max(0, round(log(max(seconds, _SHORTEST) / _SHORTEST) / _STEP))


def quantile(numbers: Mapping[int, int], share: float) -> float | None:
    """The seconds within which this share of them came, by step → number; None: there is none."""
    left = ceil(share * sum(numbers.values()))
    for step in sorted(numbers):
        left -= numbers[step]
        if left <= 0:
            return _SHORTEST * exp(step * _STEP)
    return None
