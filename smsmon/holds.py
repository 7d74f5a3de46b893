"""When SMS Partner holds commercial messages back, and how much of a stretch of time that is. Pure.

They wait from 20:00 to 08:00, on Sundays and on the public holidays of France, by the time of
Paris, until the next working morning. So a working day has twelve hours in which messages go out:
the clocks change on Sundays, early in the morning. Moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(8), time(20)
_OPEN_SECONDS = 12 * 3_600.0
_FIRST, _LAST = 2000, 2200
"""The years that are reckoned with; outside of them nothing is held."""
_SUNDAY = 7


def held(since: float, until: float) -> float:
    """How many seconds of that stretch lie in a hold; 0 when it ends before it begins."""
    if until <= since:
        return 0.0
    return max(0.0, until - since - (_open_until(until) - _open_until(since)))


def after(since: float, seconds: float) -> float:
    """The earliest moment at which ``seconds`` outside of holds have passed since then."""
    if seconds <= 0:
        return since
    wanted = _open_until(since) + seconds
    days, rest = divmod(wanted, _OPEN_SECONDS)
    number = int(days)
    if rest == 0:  # the end of a day, not the beginning of the next
        number, rest = number - 1, _OPEN_SECONDS
    day = _working_day(number)
    if day is None:
        return since + seconds
    return max(since, _moment(day, OPENS) + rest)


def is_working(day: date) -> bool:
    """False for Sundays and public holidays."""
    return day.isoweekday() != _SUNDAY and day not in holidays(day.year)


@lru_cache(8)
def holidays(year: int) -> frozenset[date]:
    """The public holidays of France (those of all of it) in one year."""
    sunday = easter(year)
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    moving = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
    return frozenset(
        [date(year, month, day) for month, day in fixed]
        + [sunday + timedelta(days) for days in moving]
    )


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous rule, after Meeus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leaps = century // 4
    epact = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


# Inside: the open seconds from the first year up to a moment, and the way back.


def _open_until(at: float) -> float:
    """The seconds outside of holds from the first year up to ``at``; it never falls."""
    try:
        here = datetime.fromtimestamp(at, _paris())
    except (OverflowError, OSError, ValueError):
        return at
    if not _FIRST <= here.year < _LAST:
        edge = _moment(date(_FIRST if here.year < _FIRST else _LAST, 1, 1), time())
        return at - edge + (0.0 if here.year < _FIRST else _OPEN_SECONDS * _working_before(_LAST))
    today = here.date()
    number = _working_before(here.year) + bisect_right(_working_days(here.year), today)
    if not is_working(today):
        return number * _OPEN_SECONDS
    seconds = min(max(at - _moment(today, OPENS), 0.0), _OPEN_SECONDS)
    return (number - 1) * _OPEN_SECONDS + seconds


def _working_day(number: int) -> date | None:
    """The working day that so many come before; None outside of the years reckoned with."""
    if number < 0:
        return None
    year = _FIRST + number // 310  # no year has as many: it may be some too early, never too late
    while year < _LAST and _working_before(year + 1) <= number:
        year += 1
    return None if year >= _LAST else _working_days(year)[number - _working_before(year)]


@lru_cache(512)
def _working_before(year: int) -> int:
    """How many working days lie between the first year and this one."""
    total = 0
    for each in range(_FIRST, year):
        total += len(_working_days(each))
    return total


@lru_cache(512)
def _working_days(year: int) -> tuple[date, ...]:
    first = date(year, 1, 1)
    days = (first + timedelta(each) for each in range((date(year + 1, 1, 1) - first).days))
    return tuple(day for day in days if is_working(day))


@lru_cache(1024)
def _moment(day: date, at: time) -> float:
    return datetime.combine(day, at, _paris()).astimezone(UTC).timestamp()


@lru_cache(1)
def _paris() -> ZoneInfo:
    return ZoneInfo("Europe/Paris")
