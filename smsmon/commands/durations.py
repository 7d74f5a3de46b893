"""Durations and moments as arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    Seconds = click.ParamType[float]
else:
    Seconds = click.ParamType  # generic for type checkers only, in older releases


class Duration(Seconds):
    """Seconds, written as ``90``, ``90s``, ``10m``, ``2h30m`` or ``7d``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        from smsmon.filter_tests import BadValue, parse_duration

        try:
            return parse_duration(value)
        except BadValue:
            self.fail(f"{value!r} is no duration: write 90s, 10m, 2h or 7d.", param, ctx)


class Moment(Seconds):
    """Seconds since the epoch, written as a date, a date and time, or how long ago.

    Without a zone a time is local; how long ago is a duration (``12h``).
    """

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        import time
        from datetime import datetime

        from smsmon.filter_tests import BadValue, parse_duration

        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError):
            pass
        try:
            return time.time() - parse_duration(value)
        except BadValue:
            self.fail(
                f"{value!r} is no moment: write 2026-11-22, 2026-11-22T10:00, or 12h for twelve"
                " hours ago.",
                param,
                ctx,
            )
