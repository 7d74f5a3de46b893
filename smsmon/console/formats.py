"""How times and phone numbers are written: in which zone, masked or not."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from smsmon import phones, times
from smsmon.clock import Clock
from smsmon.console.signs import DASH

_TEN_SECONDS, _TEN_MINUTES, _HOUR = 10, 600, 3600
_CLOCK_SLACK = 60.0
"""Seconds by which something may lie ahead of the clock and still count as just now."""


class Formats:
    """One per console; whatever shows a time or a phone number asks it how."""

    def __init__(
        self, clock: Clock, *, zone: tzinfo | None = None, utc: bool = False, masked: bool = False
    ) -> None:
        self._clock = clock
        self._local = zone or times.LocalZone()
        self.utc = utc
        self.masked = masked
        """Privacy: digits of phone numbers are hidden on screen, in copies and exports."""
        self.plain = False
        """For a screen reader: words in place of what is drawn."""
        self.still = False
        """No text may change just because time passes: ages give way to moments."""

    def now(self) -> float:
        """Wall time, seconds since the epoch."""
        return self._clock.now()

    @property
    def zone(self) -> tzinfo:
        """The zone times are shown in."""
        return UTC if self.utc else self._local

    def moment(self, at: float | None) -> str:
        """A moment, short: the time today, else the date too. A dash for None."""
        return times.moment(at, self.now(), self.zone) or DASH

    def minute(self, at: float | None) -> str:
        """The time of day to the minute, for what changes too often to show its seconds."""
        short = self.moment(at)
        return short.rpartition(":")[0] if short.count(":") == 2 else short

    def to_come(self, at: float) -> str:
        """A moment to come, to the minute, with its weekday within a week."""
        return times.to_come(at, self.now(), self.zone) or DASH

    def aligned(self, at: float | None) -> str:
        """A moment for a column of them."""
        return times.aligned(self.moment(at))

    def time_of_day(self) -> str:
        """The time now: ``12:04:31``."""
        return datetime.fromtimestamp(int(self.now()), self.zone).strftime("%H:%M:%S")

    def timestamp(self, at: float | None) -> str:
        """A moment in full, with its zone."""
        return times.timestamp(at, self.zone) or DASH

    def phone(self, phone: str) -> str:
        """A number as people write it, or masked."""
        return phones.masked(phone) if self.masked else phones.pretty(phone)

    def words(self, text: str) -> str:
        """Words of the API, in which phone numbers can be: masked where those are."""
        return phones.without_numbers(text) if self.masked else text

    def lately(self, at: float | None) -> str:
        """How long something has lasted, where seconds matter: ``<10 s``, ``2 m 10 s``, ``14 m``,
        ``5 h``. In steps of ten seconds, and of minutes from ten on: it is told anew as often.

        Since when, where nothing may change by itself. A dash for None.
        """
        passed = 0.0 if at is None else max(0.0, self.now() - at)
        if at is None or self.still:
            return self.minute(at)
        if passed < _TEN_SECONDS:
            return "<10 s"
        step = _TEN_SECONDS if passed < _TEN_MINUTES else 60 if passed < _HOUR else _HOUR
        return times.duration(passed // step * step)

    def since(self, at: float | None) -> str:
        """How long something has lasted, in whole minutes: ``<1 m``, ``4 m``, ``2 h 5 m``.

        No seconds, which would be wrong a second later, or cost a repaint of every row each
        second. Since when, where nothing may change by itself, or where the clock was set back.
        A dash for None.
        """
        if at is None:
            return DASH
        passed = self.now() - at
        if self.still or passed < -_CLOCK_SLACK:
            short = self.minute(at)
            return short.rpartition(" ")[0] if " " in short else short
        return times.age(passed)
