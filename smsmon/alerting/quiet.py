"""Quiet hours: from when to when, each day, only what is critical is told. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple


class Quiet(NamedTuple):
    """From one time of the day to another, over midnight if need be."""

    begins: time
    ends: time
    zone: tzinfo

    def end(self, at: float) -> float | None:
        """When the quiet hours end in which ``at`` lies; None when it lies in none."""
        return next((end for begin, end in self._around(at) if begin <= at < end), None)

    def _around(self, at: float) -> Iterator[tuple[float, float]]:
        """The quiet hours of the day before and of this one."""
        today = datetime.fromtimestamp(at, self.zone).date()
        for day in (today - timedelta(days=1), today):
            next_day = day + timedelta(days=self.ends <= self.begins)
            yield self._moment(day, self.begins), self._moment(next_day, self.ends)

    def _moment(self, day: date, at: time) -> float:
        """The first time that it is so late; where clocks skip that, by the clock before."""
        return datetime.combine(day, at, self.zone).timestamp()


def quiet_of(text: str, zone: tzinfo) -> Quiet | None:
    """``22:00-07:00`` as quiet hours; None where they begin and end at once, or are none."""
    try:
        begins, ends = (time.fromisoformat(each) for each in text.split("-"))
    except ValueError:
        return None
    return None if begins == ends else Quiet(begins, ends, zone)
