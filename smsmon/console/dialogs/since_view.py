"""What happened in a stretch of time: where it begins, its lines, and what it comes to. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from itertools import groupby

from textual.content import Content

from smsmon.console.lens import Lens
from smsmon.console.looks import Tone, status_look
from smsmon.console.tables.journal import Line, event_line, transition_lines
from smsmon.console.tones import styled
from smsmon.model import EventKind
from smsmon.recipients import Status
from smsmon.store.past import Happened

_EVENING = 18
"""The hour at which the evening begins that "last night" is told from."""


class Stretch(Enum):
    """A stretch of time that ends now, as the operator picks it."""

    LOOKED = "since you looked"
    NIGHT = "last night"
    DAY = "24 hours"
    WEEK = "7 days"


def beginning(stretch: Stretch, looked: float, now: float, zone: tzinfo) -> float:
    """The moment from which a stretch is told; ``looked`` is when the operator looked last."""
    match stretch:
        case Stretch.LOOKED:
            return looked
        case Stretch.NIGHT:
            return evening(now, zone)
        case Stretch.DAY:
            return now - 86_400
        case Stretch.WEEK:
            return now - 7 * 86_400


def evening(now: float, zone: tzinfo) -> float:
    """When yesterday's evening began, at 18:00 in ``zone``."""
    yesterday = datetime.fromtimestamp(now, zone) - timedelta(days=1)
    return yesterday.replace(hour=_EVENING, minute=0, second=0, microsecond=0).timestamp()


def lines(happened: Happened) -> list[Line]:
    """The log of it, oldest first; what one report changed stands together."""
    told = [event_line(event) for event in happened.events]
    ordered = sorted(happened.transitions, key=lambda each: (each.observed_at, each.message_id))
    for _, changes in groupby(ordered, key=lambda each: (each.observed_at, each.message_id)):
        told += transition_lines(changes)
    return sorted(told, key=lambda line: line.at)


@dataclass(frozen=True, slots=True)
class _Kind:
    tone: Tone
    one: str
    many: str


_TOLD = {
    EventKind.ACCOUNT_STOPPED: _Kind(Tone.BAD, "account stopped", "times the account stopped"),
    EventKind.ACCOUNT_DOWN: _Kind(Tone.BAD, "account down", "times the account was down"),
    EventKind.ACCOUNT_UP: _Kind(Tone.GOOD, "account up again", "times it was up again"),
    EventKind.STALE: _Kind(Tone.WARN, "went stale", "went stale"),
    EventKind.RECOVERED: _Kind(Tone.GOOD, "recovered", "recovered"),
    EventKind.NOT_FOUND: _Kind(Tone.WARN, "not found", "not found"),
    EventKind.FOUND: _Kind(Tone.GOOD, "found", "found"),
    EventKind.ABSENT: _Kind(Tone.WARN, "report with some missing", "reports with some missing"),
    EventKind.LISTED_AGAIN: _Kind(Tone.PLAIN, "report with some back", "reports with some back"),
    EventKind.COMPLETED: _Kind(Tone.PLAIN, "message completed", "messages completed"),
    EventKind.ADDED: _Kind(Tone.PLAIN, "added", "added"),
    EventKind.REMOVED: _Kind(Tone.PLAIN, "removed", "removed"),
}
"""The events worth counting, what went wrong first; the list below has them all."""
_STATUSES = (Status.DELIVERED, Status.NOT_DELIVERED, Status.UNKNOWN, Status.WAITING)


def summary(happened: Happened, lens: Lens) -> Content:
    """What it comes to: a sentence of recipients, one of messages and the account."""
    if not (happened.transitions or happened.events):
        return Content("Nothing happened.")
    told = [_recipients(happened)]
    if events := _events(happened):
        told.append(events)
    if happened.more:
        last = max(each.at for each in lines(happened))
        told.append(styled(f"There is more: shown up to {lens.moment(last).strip()}.", Tone.WARN))
    return Content("\n").join(told)


def _recipients(happened: Happened) -> Content:
    changes = happened.transitions
    stops = Counter(each.stop_after for each in changes if each.stop_after != each.stop_before)
    became = Counter(
        each.after
        for each in changes
        if each.before is not each.after or each.stop_after == each.stop_before
    )
    parts = []
    for status in _STATUSES:
        if number := became[status]:
            look = status_look(status)
            parts.append(styled(f"{look.glyph} {number:,} {look.word.lower()}", look.tone))
    if stops[True]:
        parts.append(styled(f"STOP {stops[True]:,}", Tone.BAD))
    if stops[False]:
        parts.append(styled(f"STOP withdrawn {stops[False]:,}", Tone.PLAIN))
    if not parts:
        return Content("No recipient changed.")
    messages = len({each.message_id for each in changes})
    parts.append(styled(f"in {messages:,} message{'' if messages == 1 else 's'}", Tone.DIM))
    return Content("   ").join(parts)


def _events(happened: Happened) -> Content:
    counts = Counter(event.kind for event in happened.events)
    return Content(" · ").join(
        [
            styled(f"{counts[kind]:,} {each.one if counts[kind] == 1 else each.many}", each.tone)
            for kind, each in _TOLD.items()
            if counts[kind]
        ]
    )
