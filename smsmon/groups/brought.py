"""What one message brings to the figures of its groups, and when it was sent.

**When it was sent**: as the source says, but not after it came; else the earliest that is known, of
when it was added and the first date of its reports. **How long it took** to a recipient: from then
to the API's date of the delivery, where that can be true; else to when it was seen, which is later,
and so tells of a limit only when it keeps it. Recipients are counted, not messages; one that was
never read counts as one. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import compress
from math import ceil, exp, log
from typing import NamedTuple, Protocol

from smsmon.clock import CLOCK_SLACK
from smsmon.countries import places_by_country
from smsmon.known import WatchedMessage
from smsmon.model import Counts, Entry
from smsmon.phones import region
from smsmon.recipients import EARLIEST_DATE, STOP_YES, Status
from smsmon.times import utc

MINUTE = 60.0
LIMITS = (10.0, 60.0)
"""Seconds within which it is asked how many were delivered."""
_FLAGS = {
    status: bytes(int(value == status) for value in range(256))
    for status in (Status.DELIVERED, Status.WAITING)
}
_STEP = log(1.02)
_SHORTEST = 0.5
"""Seconds: what took less counts as this."""


class Dimension(StrEnum):
    """By what messages are put together."""

    TAG = "tag"
    """A message with several tags is in the group of each."""
    SOURCE = "source"
    """What brought them by itself; what people added is in the group without a name."""
    LABEL = "label"
    COUNTRY = "country"
    """Of the recipients, two letters: a message is in the group of each, with its part there."""
    PROFILE = "profile"
    """The account they are read with."""
    MINUTE = "minute"
    """In which they were sent, UTC, as ``2026-11-22T10:00:00Z``."""

    @property
    def nameless(self) -> str:
        """What the group without a name is called."""
        return _NAMELESS[self]


_NAMELESS = {
    Dimension.TAG: "no tag",
    Dimension.SOURCE: "added by hand",
    Dimension.LABEL: "no label",
    Dimension.COUNTRY: "country not known",
    Dimension.PROFILE: "no account",
    Dimension.MINUTE: "not known when",
}


class Message(WatchedMessage, Protocol):
    """A message as last seen."""

    @property
    def counts(self) -> Counts: ...
    @property
    def revision(self) -> int: ...
    @property
    def final_at(self) -> Mapping[int, float]: ...
    @property
    def origin(self) -> float: ...
    @property
    def origin_dated(self) -> bool: ...
    @property
    def oldest_waiting(self) -> float | None: ...


def told_to_be_sent(entry: Entry) -> float | None:
    """When what a source brought was sent, as it says; at the latest when it came. None: people
    added it, or nobody knows when it came."""
    if entry.arrival is None:
        return None
    known = [each for each in (entry.arrival.sent_at, entry.added_at or None) if each is not None]
    return min(known, default=None)


def took(sent: float, date: int, seen: float) -> tuple[float, bool]:
    """Seconds from sending to arrival, by the API's ``date`` and when it was ``seen``; and whether
    the date tells it: where it cannot be true, or there is none, it may have been earlier."""
    dated = date >= EARLIEST_DATE and sent - CLOCK_SLACK <= date
    return max(0.0, (min(date, seen) if dated else seen) - sent), dated


def sent_at(message: Message) -> float:
    """When a message was sent, as far as is known (see above); 0 where nothing is."""
    entry, dated = message.entry, message.origin if message.origin_dated else None
    if entry.arrival is not None and entry.arrival.sent_at is not None:
        return told_to_be_sent(entry) or 0.0
    known = (entry.added_at or None, dated, message.first_read_at)
    return min((each for each in known if each is not None), default=0.0)


def groups_of(entry: Entry, dimension: Dimension, sent_at: float) -> Sequence[str]:
    """The names of the groups in which a message is as a whole; of a country none is."""
    match dimension:
        case Dimension.TAG:
            return entry.tags or ("",)
        case Dimension.SOURCE:
            return (entry.source,)
        case Dimension.LABEL:
            return (entry.label,)
        case Dimension.PROFILE:
            return (entry.profile,)
        case Dimension.MINUTE:
            return (utc(sent_at // MINUTE * MINUTE) or "" if sent_at else "",)
        case Dimension.COUNTRY:
            return ()


def names_of(message: Message, dimension: Dimension) -> Collection[str]:
    """The names of the groups that a message is in."""
    if dimension is Dimension.COUNTRY:
        return [code for code, _ in by_country(message, 0.0, whole(message, 0.0, within=False))]
    return groups_of(message.entry, dimension, sent_at(message))


def step_of(seconds: float) -> int:
    """The step in which so many seconds count."""
    return max(0, round(log(max(seconds, _SHORTEST) / _SHORTEST) / _STEP))


def quantile(numbers: Mapping[int, int], share: float) -> float | None:
    """The seconds within which this share of them came, by step → number; None: there is none."""
    left = ceil(share * sum(numbers.values()))
    for step in sorted(numbers):
        left -= numbers[step]
        if left <= 0:
            return _SHORTEST * exp(step * _STEP)
    return None


class Brought(NamedTuple):
    """The recipients of a message, or some of them, by what became of them."""

    sent: int
    delivered: int
    failed: int
    stop: int
    kept: tuple[int, ...]
    """For each of ``LIMITS``: how many were delivered within it."""
    missed: tuple[int, ...]
    """For each of ``LIMITS``: how many were not, and never will."""
    open: int
    """How many are not final: as long as that is so they miss each limit that has passed."""
    took: tuple[tuple[int, int], ...]
    """How many deliveries took how long: a step of the histogram, and its number."""


NOT_READ = Brought(1, 0, 0, 0, (0, 0), (0, 0), 1, ())
"""Of a message that was never read: somebody it was sent to."""


class Part(NamedTuple):
    """A message in one of its groups: all of it, or its recipients in a country."""

    counts: Counts
    waiting_since: float | None
    brought: Brought | None
    """None: it was sent before the windows begin."""


def whole(message: Message, sent: float, within: bool) -> Part:
    """A message as a whole; ``within``: it was sent within the windows."""
    brought = _brought(message, sent, message.counts, None) if within else None
    return Part(message.counts, message.oldest_waiting, brought)


def by_country(message: Message, sent: float, all_of_it: Part) -> tuple[tuple[str, Part], ...]:
    """The recipients of a message by their countries; ``all_of_it`` is the message as a whole."""
    recipients = message.recipients
    if len(recipients) < 2:
        arrival = message.entry.arrival
        told = arrival.phone if arrival else ""
        phone = recipients.phones[0] if recipients else told
        return ((region(phone) if phone else "", all_of_it),)
    places = places_by_country(recipients.phones)
    if len(places) == 1:
        return ((next(iter(places)), all_of_it),)
    found = []
    for code, mask in places.items():
        statuses = bytes(compress(recipients.statuses, mask))
        stop = bytes(compress(recipients.stops, mask)).count(STOP_YES)
        counts = Counts(
            total=len(statuses),
            delivered=statuses.count(Status.DELIVERED),
            not_delivered=statuses.count(Status.NOT_DELIVERED),
            waiting=statuses.count(Status.WAITING),
            unknown=statuses.count(Status.UNKNOWN),
            stop=stop,
        )
        since = _waiting_since(message, mask) if counts.waiting else None
        within = all_of_it.brought is not None
        brought = _brought(message, sent, counts, mask) if within else None
        found.append((code, Part(counts, since, brought)))
    return tuple(found)


def _waiting_since(message: Message, mask: bytes) -> float:
    waiting = _both(message.recipients.statuses.translate(_FLAGS[Status.WAITING]), mask)
    dates = compress(message.recipients.dates, waiting)
    seen = compress(message.first_seen, waiting)
    pairs = zip(dates, seen, strict=True)
    return min(float(date) if date >= EARLIEST_DATE else at for date, at in pairs)


def _brought(message: Message, sent: float, counts: Counts, mask: bytes | None) -> Brought:
    if message.read_at is None and not counts.total:
        return NOT_READ
    kept, missed, steps = [0] * len(LIMITS), [counts.not_delivered] * len(LIMITS), Counter[int]()
    for date, seen, number in _deliveries(message, mask) if counts.delivered else ():
        seconds, dated = took(sent, date, seen)
        steps[step_of(seconds)] += number
        for place, limit in enumerate(LIMITS):
            if seconds <= limit:
                kept[place] += number
            elif dated:
                missed[place] += number
    brought = Brought if counts.total > 1 else _one_for_all
    return brought(
        counts.total,
        counts.delivered,
        counts.not_delivered,
        counts.stop,
        tuple(kept),
        tuple(missed),
        counts.total - counts.final,
        tuple(sorted(steps.items())),
    )


@lru_cache(maxsize=1024)
def _one_for_all(*facts: object) -> Brought:
    """Thousands of messages with one recipient bring the same: they share it."""
    return Brought(*facts)  # type: ignore[arg-type]  # as they were given


def _deliveries(message: Message, mask: bytes | None) -> Iterator[tuple[int, float, int]]:
    """The API's date and when it was seen, of those who are delivered, and their number."""
    first_seen, changed_at, final_at = message.first_seen, message.changed_at, message.final_at
    recipients = message.recipients
    if len(recipients) == 1:
        changed = final_at.get(0, changed_at[0])
        yield recipients.dates[0], changed or first_seen[0], 1
        return
    delivered = recipients.statuses.translate(_FLAGS[Status.DELIVERED])
    if mask is not None:
        delivered = _both(delivered, mask)
    changed_later = [slot for slot in final_at if delivered[slot]]
    if changed_later:
        rest = bytearray(delivered)
        for slot in changed_later:
            rest[slot] = 0
            yield recipients.dates[slot], final_at[slot] or first_seen[slot], 1
        delivered = bytes(rest)
    columns = recipients.dates, changed_at, first_seen
    alike = Counter(zip(*(compress(each, delivered) for each in columns), strict=True))
    for (date, changed, first), number in alike.items():
        yield int(date), changed or first, number


def _both(one: bytes, other: bytes) -> bytes:
    """1 where both have 1."""
    found = int.from_bytes(one, "little") & int.from_bytes(other, "little")
    return found.to_bytes(len(one), "little")
