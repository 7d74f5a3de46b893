"""Thresholds and figures as plugins of Nagios, Icinga and Centreon have them. Pure.

The form of both is fixed by the Monitoring Plugins Development Guidelines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, isfinite

_BAND = re.compile(r"(@?)(?:(~|[^@~:]*)(:))?([^@~:]*)")
EXAMPLES = "5 (more than 5), 50: (less than 50), 10:20 (outside of these), @10:20 (within)"


class BadBand(ValueError):
    """What was given is no threshold. The text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Band:
    """The values that are well, both ends among them; or, ``inside``, those that are not."""

    low: float = 0.0
    high: float = inf
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """True for a value that somebody should hear of."""
        return (self.low <= value <= self.high) is self.inside

    def __str__(self) -> str:
        low = "~" if self.low == -inf else number(self.low)
        if self.high == inf:
            told = f"{low}:"
        else:
            told = number(self.high) if self.low == 0 else f"{low}:{number(self.high)}"
        return f"@{told}" if self.inside else told


def read_band(text: str, *, seconds: bool = False) -> Band:
    """The threshold that ``text`` means: ``10``, ``10:``, ``~:10``, ``10:20``, ``@10:20``.

    Of ``seconds`` each end may be a duration: ``10m``. Raises `BadBand`.
    """
    found = _BAND.fullmatch(text.strip())
    if found is None or not (found[3] or found[4]):
        raise BadBand(f"This is no threshold: write {EXAMPLES}.")
    inside, first, _, last = found.groups()
    low = -inf if first == "~" else _end(first, seconds) if first else 0.0
    high = _end(last, seconds) if last else inf
    if low > high:
        raise BadBand("The threshold ends before it begins; of negative values write ~:-5.")
    return Band(low, high, bool(inside))


def _end(text: str, seconds: bool) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        from smsmon.filters.questions import BadValue, parse_duration

        try:
            value = parse_duration(text) if seconds else inf
        except BadValue:
            value = inf
    if not isfinite(value):
        raise BadBand(f"This is no threshold: write {EXAMPLES}.")
    return value


def number(value: float) -> str:
    """A number as plugins write it: no exponent, and no more digits than it needs."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def figure(
    label: str, value: float | None, unit: str, warning: Band | None, critical: Band | None
) -> str:
    """One figure of the performance data; None is a value that is not known.

    ``label`` has no space, no quote and no equals sign in it.
    """
    told = "U" if value is None else f"{number(round(value, 2))}{unit}"
    ends = ("0", "100") if unit == "%" else ("0", "")
    parts = (
        told,
        str(warning or ""),
        str(critical or ""),
        *(() if label[:7] == "balance" else ends),
    )
    return f"{label}={';'.join(parts).rstrip(';')}"
