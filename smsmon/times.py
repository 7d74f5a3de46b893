"""How durations, moments and numbers are said: alike on the screen and by every command. Pure.

Durations are seconds; moments are seconds since the epoch, UTC. Of None an empty text is said.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

_MINUTE, _HOUR = 60, 3600
DAY = 86_400
"""Seconds."""
_DAYS_FROM = 48 * _HOUR
"""Seconds from which days are said: ``47 h 10 m`` is plainer than a day and 23 hours."""
YEAR_FROM = 180
"""Days from which a moment is said with its year, and without its time."""
MOMENT_WIDTH = 12
"""Columns of the longest moment."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not strftime's: those follow the locale, and their widths with it."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def utc(moment: float | None) -> str | None:
    """``2026-11-22T10:00:00Z``, or None: how JSON and CSV have it."""
    return None if moment is None else _utc(int(moment))


@lru_cache(4096)  # the recipients of a message share their moments
def _utc(second: int) -> str | None:
    try:
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return None  # the API's date lies outside the calendar


def duration(seconds: float | None) -> str:
    """How long: ``<1 s``, ``12 s``, ``4 m 26 s``, ``2 h 5 m``, ``3 d 4 h``.

    Two units at most; the smaller one is left out where it is zero.
    """
    if seconds is None:
        return ""
    return "<1 s" if seconds < 1 else _in_units(round(seconds))


def age(seconds: float) -> str:
    """How long ago, in whole minutes: ``<1 m``, ``4 m``, ``2 h 5 m``, ``3 d 4 h``.

    No seconds, which would be wrong a second later.
    """
    return "<1 m" if seconds < _MINUTE else _in_units(int(seconds) // _MINUTE * _MINUTE)


def _in_units(seconds: int) -> str:
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        large, small = _MINUTE, 1
    elif seconds < _DAYS_FROM:
        large, small = _HOUR, _MINUTE
    else:
        large, small = DAY, _HOUR
    many, few = seconds // large, seconds % large // small
    return f"{many} {_SIGNS[large]}" + (f" {few} {_SIGNS[small]}" if few else "")


_SIGNS = {1: "s", _MINUTE: "m", _HOUR: "h", DAY: "d"}


def moment(at: float | None, now: float, zone: tzinfo = UTC) -> str:
    """A moment as an operator reads it: ``12:04:31`` today, ``21 Nov 12:04``, ``2025-11-21``.

    At most `MOMENT_WIDTH` columns. Empty as well for 0, and for what no calendar holds.
    """
    if not at:
        return ""
    then, today = _in_zone(int(at), zone), _in_zone(int(now), zone)
    if then is None or today is None:
        return ""
    if then.date() == today.date():
        return f"{then.hour:02}:{then.minute:02}:{then.second:02}"
    if abs((today.date() - then.date()).days) < YEAR_FROM:
        return f"{then.day} {MONTHS[then.month - 1]} {then.hour:02}:{then.minute:02}"
    return f"{then:%Y-%m-%d}"


def to_come(at: float, now: float, zone: tzinfo = UTC) -> str:
    """A moment to come: ``18:00`` today, ``Mon 09:00`` within a week, else ``7 Dec 09:00``."""
    then, today = _in_zone(int(at), zone), _in_zone(int(now), zone)
    if then is None or today is None:
        return ""
    clock, days = f"{then.hour:02}:{then.minute:02}", (then.date() - today.date()).days
    if 0 < days < len(_WEEKDAYS):
        return f"{_WEEKDAYS[then.weekday()]} {clock}"
    return f"{then.day} {MONTHS[then.month - 1]} {clock}" if days else clock


def aligned(moment: str) -> str:
    """A `moment` as it stands in a column of them: a day of one digit below the ones of others."""
    return moment.rjust(MOMENT_WIDTH) if " " in moment else moment


def timestamp(at: float | None, zone: tzinfo = UTC) -> str:
    """A moment in full: ``2026-11-22 12:04:31 UTC``."""
    then = _in_zone(int(at), zone) if at else None
    return "" if then is None else f"{then:%Y-%m-%d %H:%M:%S} {then.tzname() or ''}".rstrip()


@lru_cache(4096)
def _in_zone(at: int, zone: tzinfo) -> datetime | None:
    """None for a moment that no calendar holds."""
    try:
        return datetime.fromtimestamp(at, zone)
    except (OverflowError, OSError, ValueError):
        return None


class LocalZone(tzinfo):
    """The zone of the machine, with the offset it had, or will have, at each moment.

    The standard library's ``astimezone()`` gives the offset of one moment only, and shows a
    date across a change of daylight saving time an hour off.
    """

    def fromutc(self, dt: datetime) -> datetime:
        local = datetime.fromtimestamp(dt.replace(tzinfo=UTC).timestamp())  # noqa: DTZ006
        return local.replace(tzinfo=self)

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(seconds=self._at(dt).tm_gmtoff)

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=1 if self._at(dt).tm_isdst > 0 else 0)

    def tzname(self, dt: datetime | None) -> str:
        return self._at(dt).tm_zone

    def _at(self, dt: datetime | None) -> time.struct_time:
        return time.localtime(None if dt is None else dt.replace(tzinfo=None).timestamp())


def counted(number: int, noun: str) -> str:
    """``1 row``, ``1,204 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """``60%``, ``0.9%``: a digit after the point where it is below ten, or not quite all.

    Nothing stands before the sign, in columns too: no line breaks there.
    """
    hundredths = share * 100
    if 99.5 <= hundredths < 100:
        return f"{min(hundredths, 99.9):.1f}%"
    return f"{hundredths:.1f}%" if 0 < hundredths < 9.95 else f"{hundredths:.0f}%"


def some(words: Sequence[str], shown: int = 10) -> str:
    """Those whose number is told already: all of a few, the first of many."""
    return ", ".join(words[:shown]) + (", …" if len(words) > shown else "")


def recipients_are(number: int) -> str:
    """The beginning of what is said of them: ``1 recipient is``, ``2 recipients are``."""
    return f"{counted(number, 'recipient')} {'is' if number == 1 else 'are'}"


def capital(text: str) -> str:
    """``text`` as a sentence begins; all but its first letter stays as it is."""
    return text[:1].upper() + text[1:]
