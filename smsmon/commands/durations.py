"""Numbers, durations and moments as arguments: each one that can be reckoned with."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    Seconds = click.ParamType[float]
else:
    Seconds = click.ParamType  # generic for type checkers only, in older releases


_LATEST = 253_402_300_799.0
"""The end of the year 9999, epoch seconds: no clock and no calendar here knows more."""


class Number(click.FloatRange):
    """A number within bounds. ``nan`` lies within any, for who asks whether it is outside."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is no number that can be used here.", param, ctx)
        return float(number)


class Duration(Seconds):
    """Seconds, written as ``90``, ``90s``, ``10m``, ``2h30m`` or ``7d``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        from smsmon.filters.questions import BadValue, parse_duration

        try:
            return parse_duration(value)
        except BadValue:
            self.fail(f"{value!r} is no duration: write 90s, 10m, 2h or 7d.", param, ctx)


class Moment(Seconds):
    """Seconds since the epoch, written as a date, a date and time, or how long ago.

    Without a zone a time is local; how long ago is a duration (``12h``). What lies before 1970
    is the beginning of 1970: nothing that smsmon knows is older.
    """

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        import time
        from datetime import datetime

        from smsmon.filters.questions import BadValue, parse_duration

        try:
            return _within(datetime.fromisoformat(value).timestamp())
        except (ValueError, OverflowError, OSError):
            pass
        try:
            return _within(time.time() - parse_duration(value))
        except BadValue:
            self.fail(
                f"{value!r} is no moment: write 2026-11-22, 2026-11-22T10:00, or 12h for twelve"
                " hours ago.",
                param,
                ctx,
            )


def _within(moment: float) -> float:
    return min(max(moment, 0.0), _LATEST)
