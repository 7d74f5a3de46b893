"""Ranges of time as people say them: ``yesterday 22:00``, ``last night``, ``2 h``. Pure.

All are read in one zone, as seen from a moment that is now. None goes beyond now.

================================  ==================================================================
``22:00``                         the last one before now; as an end, the first after the beginning
``today``, ``yesterday``          the whole day
``monday``                        the last one before today; as an end, the first from the beginning
``26 nov``, ``2026-11-26``        the whole day; without a year the last one there was
``yesterday 22:00``               a moment; ``monday 9:00``, ``26 nov 14:00``, ``2026-11-26 14:00``
``2026-11-26T14:00Z``             a moment in a zone of its own
``yesterday evening``             06-12 morning, 12-18 afternoon, 18-24 evening, 22-08 night
``last night``, ``this morning``  the night of yesterday, from 22:00 to 08:00; the morning of today
``this week``, ``last week``      from Monday on
``2 h``, ``90 min``, ``2h ago``   so long before now
================================  ==================================================================

A moment alone lasts until now, and so does what follows ``since``. An end is said with ``until``
(``22:00 until 06:00``, ``22:00-06:00``) or ``for`` (``22:00 for 2 h``); a day as an end
counts whole.

Where clocks are set back an hour comes twice: a beginning means the first, an end the second, so
that nothing is left out that may be meant. Where they are put forward an hour is missing: any
moment of it is the one at which they were put forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from smsmon.ranges.reading import FURTHEST_AHEAD as FURTHEST_AHEAD
from smsmon.ranges.reading import BadRange as BadRange
from smsmon.ranges.reading import Range as Range
from smsmon.ranges.reading import Reader
from smsmon.ranges.reading import ahead as ahead
from smsmon.ranges.reading import between as between
from smsmon.ranges.reading import read as read
from smsmon.times import MONTHS, YEAR_FROM

_HOUR = 3600


def told(range: Range, now: float, zone: tzinfo) -> str:
    """A range in words that are read as this very range: ``since yesterday 22:00``,
    ``yesterday 22:00 until 06:00``. Fractions of a second are left out.
    """
    start = _told_moment(range.start, None, now, zone)
    if range.open:
        return f"since {start}"
    day = _day_told(range.start, now, zone)
    for words in ("last night", "last week", day):
        if Reader(now, zone).whole(words) == range:
            return words
    return f"{start} until {_told_moment(range.end, range.start, now, zone)}"


def hour_beside(range: Range, step: int, now: float, zone: tzinfo) -> Range | None:
    """The hour after (``step`` 1) or before (-1) ``range``, by the clock of the zone.

    Beside what is no such hour is, from behind, the hour that it ends in, and from before the one
    that it begins in. None where that has not begun yet, or lies before the epoch.
    """
    first, last = _hour_of(range.start, zone), _hour_of(range.end - 0.001, zone)
    if first == last == range.start and (range.open or range.end == first + _HOUR):
        start = _hour_of(first - 1, zone) if step < 0 else first + _HOUR
    else:
        start = last if step < 0 else first
    if not 0 <= start < now:
        return None
    end = start + _HOUR
    return Range(start, min(end, now), open=end >= now)


def _hour_of(at: float, zone: tzinfo) -> float:
    """When the hour began that ``at`` lies in."""
    local = datetime.fromtimestamp(at, zone)
    return float(int(at) - local.minute * 60 - local.second)


def _told_moment(at: float, after: float | None, now: float, zone: tzinfo) -> str:
    """A moment, in the shortest words that mean it."""
    whole, reader = float(int(at)), Reader(now, zone)
    for words in _forms(whole, after, now, zone):
        try:
            said = reader.one(words.lower(), after)
        except BadRange:
            continue
        if said.start == whole:
            return words
    return f"{datetime.fromtimestamp(whole, zone).isoformat(' ')}"


def _forms(at: float, after: float | None, now: float, zone: tzinfo) -> Iterator[str]:
    """How ``at`` may be told, the shortest first; some mean another moment."""
    local, today = (datetime.fromtimestamp(moment, zone) for moment in (at, now))
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    is_today = local.date() == today.date()
    begun = None if after is None else datetime.fromtimestamp(after, zone).date()
    if is_today if begun is None else (local.date() - begun).days <= is_today:
        yield clock
    yield f"{_day_told(at, now, zone)} {clock}"
    yield f"{local:%Y-%m-%d} {clock}"


def _day_told(at: float, now: float, zone: tzinfo) -> str:
    """The day of a moment: ``yesterday``, ``23 Nov``, ``2025-11-23``."""
    day, today = (datetime.fromtimestamp(moment, zone).date() for moment in (at, now))
    ago = (today - day).days
    if 0 <= ago < 2:
        return "yesterday" if ago else "today"
    return f"{day.day} {MONTHS[day.month - 1]}" if 0 < ago < YEAR_FROM else f"{day}"
