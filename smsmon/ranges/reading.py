"""Reads ranges of time, and moments to come. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from smsmon.filters.questions import BadValue, parse_duration
from smsmon.times import DAY, MONTHS

EXAMPLES = (
    "22:00, yesterday 22:00, last night, monday, last week, 2 h, 2026-11-26 14:00, or 22:00 until"
    " 06:00"
)
"""What can be said, as the end of a sentence."""
_LONGEST = 100
"""Characters."""
_FIRST_YEAR = 1970
"""Of the epoch: nothing that is recorded is older."""
_WORD = 26
"""Characters of the longest word of a range. What has a longer one is not repeated: it may be a
key, pasted into the wrong place."""


class BadRange(ValueError):
    """What was said is no range; says why, and where that helps, what can be said."""

    def __init__(self, sentence: str, *, wants_examples: bool = False) -> None:
        super().__init__(f"{sentence} Say {EXAMPLES}." if wants_examples else sentence)
        self.sentence = sentence
        """Why, alone."""


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time: seconds since the epoch, UTC."""

    start: float
    end: float
    """What happens in this very moment is not in it any more."""
    open: bool = False
    """It ends now: asked again later, it ends later."""


def read(text: str, now: float, zone: tzinfo) -> Range:
    """The range that ``text`` means. Raises ``BadRange``."""
    return Reader(now, zone).whole(text)


def between(
    since: str | None, until: str | None, now: float, zone: tzinfo, *, otherwise: float = DAY
) -> Range:
    """The range of two texts, of which one or both may be missing. Raises ``BadRange``.

    ``since`` lasts until now if it is a moment or a day; a night, another part of a day and a week
    end by themselves. Without it the range is ``otherwise`` seconds long.
    """
    return Reader(now, zone).between(since, until, otherwise)


FURTHEST_AHEAD = 366 * DAY
"""Seconds: what is put off for longer is forgotten."""
AHEAD_EXAMPLES = "2h, 18:00, tomorrow 9:00, monday, 30 nov 14:00, or 2026-11-30T14:00"


def ahead(text: str, now: float, zone: tzinfo) -> float:
    """The moment to come that ``text`` means: `AHEAD_EXAMPLES`. Raises ``BadRange``.

    A time of day is the next one, a day or a part of one is its beginning.
    """
    words = _words(text).removeprefix("until ").removeprefix("in ").removeprefix("on ")
    at = Reader(now, zone).to_come(words)
    if at <= now:
        raise BadRange(f"{_quoted(text)} is over already. Say {AHEAD_EXAMPLES}.")
    if at > now + FURTHEST_AHEAD:
        raise BadRange(f"{_quoted(text)} is more than a year ahead.")
    return at


# Reading

_CLOCK = re.compile(r"(?:(.+?) )??(?:at )?([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?")
_PARTS = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (22, 32)}
"""Hours of a day; a night lasts into the next."""
_PART = re.compile(rf"(.+?) ({'|'.join(_PARTS)})")
_SAME = {
    "last night": "yesterday night",
    "tonight": "today night",
    "noon": "12:00",
    "midnight": "00:00",
    **{f"this {part}": f"today {part}" for part in _PARTS},
}
_BESIDE = {"yesterday": -1, "today": 0, "tomorrow": 1}
_BEFORE = ("last ", "past ", "the last ", "the past ")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DATE = re.compile(r"([0-9]{1,2}) ([a-z]{3,9})(?: ([0-9]{4}))?")
_DURATION = re.compile(r"(?:(?:the )?(?:last|past) )?(.+?)(?: ago)?")
_UNIT = re.compile(r"(?<=[0-9]) ?(sec|min|hour|hr|day|week)(?:ond|ute)?s?(?![a-z])")
_ONE = re.compile(r"(?:an? )?(second|minute|hour|day|week)")
_SINCE = re.compile(r"(since|from|after|between) (.+)")
_UNTIL = re.compile(r"(.+?)(?: (until|till|to|and|-|–|—|for) |()(?: ?\.\. ?|(?<=[0-9])[–—]))(.+)")
_HYPHEN = re.compile(r"(.*[0-9]{1,2}:[0-9]{2})()-([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)")
_FURTHEST = timedelta(hours=14)
"""From UTC: what is further is no zone, but the end of a range."""


class Said(NamedTuple):
    """What one piece of a range means."""

    start: float
    end: float | None = None
    """None: it is a moment."""
    ends: bool = False
    """It ends by itself, also as the beginning of a range: a night, a week."""


class Reader:
    """Reads what is said at one moment in one zone."""

    def __init__(self, now: float, zone: tzinfo) -> None:
        self.now = now
        self.zone = zone
        self.today = datetime.fromtimestamp(now, zone).date()

    def whole(self, text: str) -> Range:
        words = _words(text)
        since = _SINCE.fullmatch(words)
        if found := self._two(since[2] if since else words):
            return found
        if words.startswith(("until ", "before ")):
            raise BadRange(f"{_quoted(text)} has no beginning.", wants_examples=True)
        said = self.one(since[2] if since else words)
        return self._range(said.start, None if since else said.end, text)

    def between(self, since: str | None, until: str | None, otherwise: float) -> Range:
        if since is None:
            last = self.one(_words(until or "now"))
            end = min(last.start if last.end is None else last.end, self.now)
            return self._range(end - otherwise, end, until or "now")
        words = _words(since)
        if until is None and (_SINCE.fullmatch(words) or self._two(words)):
            return self.whole(since)
        said = self.one(words)
        if until is not None:
            return self._range(said.start, self._end(_words(until), said.start), until)
        return self._range(said.start, said.end if said.ends else None, since)

    def _range(self, start: float, end: float | None, text: str) -> Range:
        start = max(start, 0.0)
        if start >= self.now:
            raise BadRange(f"{_quoted(text)} has not come yet.")
        if end is not None and end <= start:
            raise BadRange(f"{_quoted(text)} ends before it begins.")
        if end is None or end >= self.now:
            return Range(start, self.now, open=True)
        return Range(start, end)

    def to_come(self, words: str) -> float:
        """The moment that is meant by ``words`` about what will be."""
        if any(words.startswith(past) for past in _BEFORE) or words.endswith(" ago"):
            raise BadRange(f"{_quoted(words)} is over already. Say {AHEAD_EXAMPLES}.")
        try:
            return self.now + _seconds(words)
        except BadRange:
            pass
        try:
            at = self.one(words, self.now).start
        except BadRange as error:
            raise BadRange(error.sentence.removesuffix(".") + f". Say {AHEAD_EXAMPLES}.") from None
        weekday = words.split()[0][:3] in {name[:3] for name in _WEEKDAYS}
        return at if at > self.now or not weekday else self.one(words, self.now + DAY).start

    def _two(self, words: str) -> Range | None:
        """A range with a beginning and an end; None for what is none."""
        if self._iso(words) is not None:
            return None
        found = _UNTIL.fullmatch(words) or _HYPHEN.fullmatch(words)
        if found is None:
            return None
        begun, link, ended = found[1], found[2], found[found.re.groups]
        start = self.one(begun).start
        if link == "for":
            return self._range(start, start + _seconds(ended), words)
        return self._range(start, self._end(ended, start), words)

    def _end(self, words: str, start: float) -> float:
        said = self.one(words, start)
        return said.start if said.end is None else said.end

    def one(self, words: str, after: float | None = None) -> Said:
        """A piece; with ``after`` it is the end of what begins then."""
        words = _SAME.get(words, words)
        last = after is not None
        try:
            if (at := self._iso(words)) is not None:
                return Said(self._instant(at, last))
            if words == "now":
                return Said(self.now)
            if (clock := _CLOCK.fullmatch(words)) is not None:
                seconds = int(clock[2]) * 3600 + int(clock[3]) * 60 + int(clock[4] or 0)
                if clock[1] is None:
                    return Said(self._clock(seconds, after))
                if day := self._day(clock[1], after):
                    return Said(self._at(day, seconds, last))
            if (part := _PART.fullmatch(words)) is not None and (day := self._day(part[1], after)):
                begin, end = _PARTS[part[2]]
                return Said(self._at(day, begin * 3600), self._at(day, end * 3600, True), True)
            if words in ("this week", "last week"):
                monday = self.today - timedelta(self.today.weekday() + 7 * (words == "last week"))
                return Said(self._at(monday), self._at(monday + timedelta(7), last=True), True)
            if day := self._day(words, after):
                return Said(self._at(day), self._at(day + timedelta(1), last=True))
            return Said(self.now - _seconds(words))
        except BadRange:
            raise
        except (ValueError, OverflowError, OSError):
            raise BadRange(f"{_quoted(words)} lies outside of the calendar.") from None

    # Days and moments

    def _iso(self, words: str) -> datetime | None:
        """A moment as ISO 8601 has it; None for what is none, or a day alone."""
        text = words.upper()
        try:
            date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return None
        try:
            at = datetime.fromisoformat(text)
            offset = at.utcoffset()
        except ValueError:
            return None
        return None if offset is not None and abs(offset) > _FURTHEST else at

    def _day(self, words: str, after: float | None) -> date | None:
        """A day; with ``after`` a weekday or a date is sought from there on, else before now."""
        words = words.removeprefix("on ").removeprefix("last ")
        if words in _BESIDE:
            return self.today + timedelta(_BESIDE[words])
        try:
            return date.fromisoformat(words.upper())
        except ValueError:
            pass
        for place, name in enumerate(_WEEKDAYS):
            if words in (name, name[:3]):
                if after is None:
                    return self.today - timedelta((self.today.weekday() - place - 1) % 7 + 1)
                first = datetime.fromtimestamp(after, self.zone).date()
                return first + timedelta((place - first.weekday()) % 7)
        return self._date(words, after)

    def _date(self, words: str, after: float | None) -> date | None:
        found = _DATE.fullmatch(words)
        if found is None or found[2][:3].title() not in MONTHS:
            return None
        month = MONTHS.index(found[2][:3].title()) + 1
        if found[3]:
            days = [_date_of(int(found[3]), month, int(found[1]))]
        elif after is None:
            years = range(self.today.year, self.today.year - 9, -1)
            days = [_date_of(year, month, int(found[1])) for year in years]
            days = [day for day in days if day and day <= self.today]
        else:
            first = datetime.fromtimestamp(after, self.zone).date()
            days = [_date_of(first.year + more, month, int(found[1])) for more in range(9)]
            days = [day for day in days if day and day >= first]
        return next(iter(days), None)

    def _clock(self, seconds: int, after: float | None) -> float:
        """A time of day: the last before now, or the first after ``after``."""
        if after is None:
            days = (self.today - timedelta(days=back) for back in range(4))
            return next(at for day in days if (at := self._at(day, seconds)) < self.now)
        first = datetime.fromtimestamp(after, self.zone).date()
        days = (first + timedelta(days=ahead) for ahead in range(-1, 4))
        return next(at for day in days if (at := self._at(day, seconds, last=True)) > after)

    def _at(self, day: date, seconds: int = 0, last: bool = False) -> float:
        return self._instant(datetime.combine(day, time()) + timedelta(seconds=seconds), last)

    def _instant(self, local: datetime, last: bool) -> float:
        """When it is ``local`` in the zone: at the first or the last such moment."""
        if local.year < _FIRST_YEAR:
            return 0.0
        if local.tzinfo is not None:
            return local.timestamp()
        moments = sorted(local.replace(tzinfo=self.zone, fold=fold).timestamp() for fold in (0, 1))
        if moments[0] == moments[1] or _local(moments[0], self.zone) == local:
            return moments[last]
        # No clock showed it: between these two it was put forward.
        before, behind = (int(moment) for moment in moments)
        offset = _offset(before, self.zone)
        while behind - before > 1:
            middle = (before + behind) // 2
            if _offset(middle, self.zone) == offset:
                before = middle
            else:
                behind = middle
        return float(behind)


def _words(text: str) -> str:
    words = " ".join(text.lower().replace(",", " ").split())
    if not words:
        raise BadRange("Nothing is said.", wants_examples=True)
    if len(words) > _LONGEST:
        raise BadRange("This is too long to be a time.", wants_examples=True)
    return words


def _seconds(words: str) -> float:
    """A duration, in words or as filters have it: ``2 hours``, ``1h30``, ``last hour``."""
    found = _DURATION.fullmatch(words)
    text = found[1] if found else words
    if text.isdecimal():  # 12 seconds are hardly meant, and 12:00 is not said
        raise BadRange(f"{_quoted(words)} has no unit, and is no time of day.", wants_examples=True)
    text = _ONE.sub(r"1 \1", text) if _ONE.fullmatch(text) else text
    try:
        seconds = parse_duration(_UNIT.sub(lambda unit: unit[1][0], text))
    except BadValue:
        raise BadRange(
            f"{_quoted(words)} is no time that can be read.", wants_examples=True
        ) from None
    if not seconds:
        raise BadRange(f"{_quoted(words)} is no time at all.", wants_examples=True)
    return seconds


def _date_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _local(at: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)


def _offset(at: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()


def _quoted(text: str) -> str:
    return repr(text) if max(map(len, text.split()), default=0) <= _WORD else "This"
