"""Tries a rule on what the history has recorded: when it would have fired, and what nobody knows.

The past is gathered here, from an archive; what follows from it is ``monitor.alerts.replay``'s.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from smsmon.alerts import About, Episode
from smsmon.filters.groups import OPEN_FIELDS
from smsmon.filters.subjects import MONEY
from smsmon.known import Remembered
from smsmon.measuring import money_of
from smsmon.model import Counts, Transition
from smsmon.monitor.alerts import Rule
from smsmon.monitor.alerts.groups import GROUPED
from smsmon.monitor.alerts.replay import Past, PastMessage, Then, reach, replay
from smsmon.recipients import EARLIEST_DATE, NO_DATE, STOP_YES, Status
from smsmon.rules import night_holds
from smsmon.settings import Settings
from smsmon.store.archive import Archive
from smsmon.times import DAY, MONTHS, counted, duration

_WORTH_TELLING = 60.0
"""Seconds not read that matter."""
_MOMENTS_AT_ONCE = 10_000
"""Of messages that are gone through together, how often they were otherwise: some 10 MB."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule over a stretch of the past. Moments are seconds since the epoch."""

    rule: Rule
    since: float
    until: float
    """When that was: now."""
    episodes: Sequence[Episode]
    """The earliest fired first."""
    zone: tzinfo

    @property
    def seconds(self) -> float:
        """For how long it would have fired, all alerts added up."""
        return sum((each.over_at or self.until) - each.fired_at for each in self.episodes)

    @property
    def a_day(self) -> float:
        """How many alerts there would have been each day."""
        return len(self.episodes) / max((self.until - self.since) / DAY, 1 / 24)

    @property
    def firing(self) -> int:
        """How many of them would not be over."""
        return sum(each.firing for each in self.episodes)

    @property
    def busiest(self) -> tuple[datetime, int]:
        """The day with the most alerts, and how many."""
        days = Counter(
            datetime.fromtimestamp(each.fired_at, self.zone).date() for each in self.episodes
        )
        day, number = max(days.items(), key=lambda each: (each[1], each[0]))
        return datetime.combine(day, datetime.min.time()), number

    def told(self) -> str:
        """All of it in a sentence."""
        past = duration(self.until - self.since)
        number = len(self.episodes)
        if not number:
            return f"It would not have fired in the last {past}."
        parts = [f"It would have fired {counted(number, 'time')} in the last {past}"]
        if self.until - self.since >= 2 * DAY:
            day, most = self.busiest
            parts.append(f"{self.a_day:.1f} a day")
            parts.append(f"most on {day.day} {MONTHS[day.month - 1]} ({most:,})")
        parts.append(f"for {duration(self.seconds)} in all")
        old = sum(each.old for each in self.episodes)
        if old:
            parts.append(f"{old:,} held already when that began")
        if self.firing:
            parts.append("and would fire now" if number == 1 else f"{self.firing:,} would fire now")
        return f"{', '.join(parts)}."


def trial_of(
    archive: Archive,
    rule: Rule,
    settings: Settings,
    since: float,
    now: float,
    zone: tzinfo,
    at: Callable[[float], str],
) -> tuple[Trial, list[str]] | None:
    """A trial over what is recorded from ``since`` on, and what nobody can know of that time, a
    sentence each; None while nothing is recorded. ``at`` tells a moment within a sentence.

    Ask ``why_not`` first whether the rule can be tried. Raises ``StoreError``.
    """
    begun = archive.info().oldest
    if begun is None or begun >= now:
        return None
    begins = max(since, begun)
    trial = Trial(rule, begins, now, tried(archive, rule, settings, begins, now), zone)
    return trial, [*_not_known(archive, rule, settings, since, begun, now, at)]


def _not_known(
    archive: Archive,
    rule: Rule,
    settings: Settings,
    since: float,
    begun: float,
    now: float,
    at: Callable[[float], str],
) -> Iterator[str]:
    """What nobody can know of that time, a sentence each; ``at`` tells a moment within one."""
    if begun > since:
        yield f"This history begins at {at(begun)}: of before nothing is known."
    kept = settings.history.retention_days
    if kept and now - kept * DAY > max(since, begun):
        yield (
            f"Messages that left the watchlist more than {kept:g} days ago are not in the history"
            " any more (history.retention_days)."
        )
    for profile in settings.profiles if rule.fields & MONEY else ():
        seen = archive.balances(profile, max(since, begun))
        if not seen:
            yield f"No balance of {profile} was recorded: that is done while a rule asks for one."
        elif seen[0].at > max(since, begun) + DAY:
            yield f"Balances of {profile} are recorded since {at(seen[0].at)}."
    unread = _unread(archive, max(since, begun), now)
    if unread >= _WORTH_TELLING:
        yield (
            f"For {duration(unread)} of this time something was not read though that was due:"
            " what changed then was seen later."
        )


def _unread(archive: Archive, since: float, until: float) -> float:
    """Seconds of this time in which at least one message was not read though that was due; of
    those alone that ever were.
    """
    rows = [row for row in archive.in_short(since, until) if row.unread]
    asked = {row.message_id for row in rows}
    known = archive.summaries([key for key in archive.messages() if key[0] in asked])
    read = {None, *(each.id for each in known if each.read_at is not None)}
    stretches = sorted(
        (max(each.since, since), min(each.until or until, until))
        for row in rows
        for each in row.unread
        if row.message_id in read
    )
    total, end = 0.0, since
    for first, last in stretches:
        total += max(0.0, last - max(first, end))
        end = max(end, last)
    return total


def tried(
    archive: Archive, rule: Rule, settings: Settings, since: float, until: float
) -> list[Episode]:
    """The episodes that a rule would have had from ``since`` on, the earliest fired first.

    ``until`` is now. One that held already at the beginning is ``old``; one without ``over_at``
    fires still. Ask ``why_not`` first whether the rule can be tried. Raises ``StoreError``.
    """
    held, trouble = night_holds(settings), settings.display.trouble_share
    events = archive.account_events(since, until)
    profiles = dict.fromkeys([*settings.profiles, *(each.profile for each in events)])

    def past(messages: Sequence[PastMessage] = ()) -> Past:
        asks_money, grouped = rule.fields & MONEY, rule.about in GROUPED
        return Past(
            since,
            until,
            tuple(profiles),
            messages,
            events,
            balances={
                name: [money_of(each) for each in archive.balances(name, since - rule.window)]
                for name in (profiles if asks_money else ())
            },
            finals=archive.finals(since - reach(rule), until) if grouped else (),
        )

    if rule.about is not About.MESSAGE:
        asks_waiting = not rule.fields.isdisjoint(OPEN_FIELDS)
        messages = [*_messages(archive, since, until)] if asks_waiting else []
        return replay(rule, past(messages), night_holds=held, trouble_below=trouble)
    found = [
        episode
        for some in _portions(_messages(archive, since, until))
        for episode in replay(rule, past(some), night_holds=held, trouble_below=trouble)
    ]
    return sorted(found, key=lambda each: (each.fired_at, each.subject))


def _portions(messages: Iterable[PastMessage]) -> Iterator[Sequence[PastMessage]]:
    """``messages``, as many at a time as can be gone through together, whatever there are."""
    some, moments = list[PastMessage](), 0
    for each in messages:
        some.append(each)
        moments += len(each.then)
        if moments > _MOMENTS_AT_ONCE:
            yield some
            some, moments = [], 0
    yield some


def _messages(archive: Archive, since: float, until: float) -> Iterator[PastMessage]:
    """Each message that was watched in that time, as it was."""
    watched = [
        each.key
        for each in archive.summaries(archive.messages())
        if each.removed_at is None or each.removed_at > since
    ]
    pasts = archive.timelines((id for id, _ in watched), since, until)
    for known in archive.load(watched):
        summary = known.summary
        happened = next(each for id, each in pasts if id == summary.id)
        if summary.first_read_at is None or summary.first_read_at >= until:
            continue
        changes = [each for each in happened.transitions if each.profile == summary.profile]
        yield PastMessage(
            replace(summary.entry, added_at=summary.first_read_at),
            summary.first_read_at,
            [*_then(known, changes, max(since, summary.first_read_at))],
            [each for each in happened.events if each.profile == summary.profile],
        )


def _then(known: Remembered, changes: Sequence[Transition], begins: float) -> Iterator[Then]:
    """How a message was from ``begins`` on: what is known of it now, less what changed since."""
    statuses: dict[int, Status] = dict(enumerate(map(Status, known.recipients.statuses)))
    stops = {slot for slot, stop in enumerate(known.recipients.stops) if stop == STOP_YES}
    for change in reversed(changes):
        if change.before is None:
            statuses.pop(change.slot, None)
        else:
            statuses[change.slot] = change.before
        (stops.add if change.stop_before else stops.discard)(change.slot)
    tally = _Tally(statuses, len(stops), _waiting_since(known, {each.slot for each in changes}))
    yield tally.now(begins)
    for place, change in enumerate(changes):
        tally.take(change)
        following = changes[place + 1] if place + 1 < len(changes) else None
        if following is None or following.observed_at != change.observed_at:
            yield tally.now(change.observed_at)


def _waiting_since(known: Remembered, changed: Container[int]) -> array[float]:
    """Slot → since when it waits, if it does: the API's date where that is still of then, else when
    it was first seen.
    """
    since, recipients = known.first_seen[:], known.recipients
    for slot, (status, date) in enumerate(zip(recipients.statuses, recipients.dates, strict=True)):
        if status == Status.WAITING and date >= EARLIEST_DATE and slot not in changed:
            since[slot] = date
    return since


class _Tally:
    """The counts of a message while its changes are gone through."""

    def __init__(self, statuses: dict[int, Status], stop: int, since: array[float]) -> None:
        self._statuses, self._stop, self._since = statuses, stop, since
        self._counts = Counter(statuses.values())
        waiting = (slot for slot, status in statuses.items() if status is Status.WAITING)
        self._waiting = [(since[slot], slot) for slot in waiting]
        heapq.heapify(self._waiting)

    def take(self, change: Transition) -> None:
        """One recipient changed."""
        slot = change.slot
        if (before := self._statuses.get(slot)) is not None:
            self._counts[before] -= 1
        self._statuses[slot] = change.after
        self._counts[change.after] += 1
        self._stop += change.stop_after - change.stop_before
        if change.after is Status.WAITING and slot < len(self._since):
            date = change.date or NO_DATE
            since = date if date >= EARLIEST_DATE else self._since[slot]
            heapq.heappush(self._waiting, (since, slot))

    def now(self, at: float) -> Then:
        """As it is from ``at`` on."""
        while self._waiting and self._statuses[self._waiting[0][1]] is not Status.WAITING:
            heapq.heappop(self._waiting)
        counts = self._counts
        return Then(
            at,
            Counts(
                total=len(self._statuses),
                delivered=counts[Status.DELIVERED],
                not_delivered=counts[Status.NOT_DELIVERED],
                waiting=counts[Status.WAITING],
                unknown=counts[Status.UNKNOWN],
                stop=self._stop,
            ),
            self._waiting[0][0] if self._waiting else None,
        )
