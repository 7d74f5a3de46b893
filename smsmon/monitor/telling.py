"""What the board tells of a report: changes and events, made of what was known and is now."""

from __future__ import annotations

from collections.abc import Iterator

from smsmon.merging import Merged
from smsmon.model import Counts, Entry, Event, EventKind, Status, Transition
from smsmon.monitor.state import Watched
from smsmon.recipients import STOP_YES, Recipients


def listing(watched: Watched, merged: Merged, at: float) -> Iterator[Event]:
    """Tell who is missing from an answer now, and who is back."""
    gone, back = merged.absent - watched.absent.keys(), watched.absent.keys() - merged.absent
    if gone:
        known, missing = len(merged.recipients), len(merged.absent)
        detail = f"{missing:,} of {known:,} known recipients not in the answer"
        yield event_of(EventKind.ABSENT, watched, at, detail)
    if back:
        said = "recipient is" if len(back) == 1 else "recipients are"
        yield event_of(EventKind.LISTED_AGAIN, watched, at, f"{len(back):,} {said} listed again")


def transitions_of(watched: Watched, merged: Merged, at: float) -> Iterator[Transition]:
    known, given = watched.recipients, merged.recipients
    for slot in merged.changed:
        yield _transition(watched.entry, given, slot, at, known)
    for slot in merged.added:
        yield _transition(watched.entry, given, slot, at, None)


def _transition(
    entry: Entry, given: Recipients, slot: int, at: float, known: Recipients | None
) -> Transition:
    return Transition(
        message_id=entry.id,
        slot=slot,
        phone=given.phones[slot],
        before=None if known is None else Status(known.statuses[slot]),
        after=Status(given.statuses[slot]),
        raw_status=given.vocabulary[given.words[slot]],
        stop_before=known is not None and known.stops[slot] == STOP_YES,
        stop_after=given.stops[slot] == STOP_YES,
        date=given.dates[slot] or None,
        observed_at=at,
        profile=entry.profile,
    )


def tally(counts: Counts) -> str:
    """The counts as a line of the log says them; what is zero is left out."""
    parts = [
        (counts.delivered, "delivered"),
        (counts.not_delivered, "not delivered"),
        (counts.waiting, "waiting"),
        (counts.unknown, "unknown"),
        (counts.stop, "STOP"),
    ]
    said = ", ".join(f"{number:,} {word}" for number, word in parts if number)
    return said or "no recipients"


def event_of(kind: EventKind, watched: Watched, at: float, detail: str = "") -> Event:
    return Event(kind, at, watched.id, watched.entry.profile, detail)
