"""The overview in words and plots: figures in, panels out. Pure.

Each panel states its finding in a sentence before it shows it; the plot is for the eye.
"""

from __future__ import annotations

from collections.abc import Callable

from smsmon.console.overview.panel import SPANS, Panel, Requests, Shown, Span
from smsmon.console.overview.panels_days import countries, reports, requests, stops
from smsmon.console.overview.panels_delays import delivery_curve, durations

__all__ = ["SPANS", "TABS", "Panel", "Requests", "Shown", "Span", "panels"]

_MAKERS: dict[str, Callable[[Shown], Panel]] = {
    "Curve": delivery_curve,
    "Delays": durations,
    "Reports": reports,
    "Countries": countries,
    "STOPs": stops,
    "Requests": requests,
}
TABS = tuple(_MAKERS)
"""What the panels are called where there is little room, in their order."""


def panels(shown: Shown) -> tuple[Panel, ...]:
    """Every panel, in the order of ``TABS``."""
    return tuple(make(shown) for make in _MAKERS.values())
