"""Tries a rule on what the history has recorded: when it would have fired.

The past is gathered here, from an archive; what follows from it is ``monitor.alerts.replay``'s.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

from smsmon.alerts import About, Episode
from smsmon.filters.accounts import MONEY
from smsmon.filters.groups import WAITING_FIELDS
from smsmon.known import Remembered
from smsmon.measuring import money_of
from smsmon.model import Counts, Entry, Transition
from smsmon.monitor.alerts import Rule
from smsmon.monitor.alerts.replay import Past, PastMessage, Then, reach, replay
from smsmon.recipients import STOP_YES, Status
from smsmon.rules import night_holds
from smsmon.settings import Settings
from smsmon.store.base import Archive

_CHANGES = 10**7
"""Changes of one message that are gone through, at most."""


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
        asks_money, grouped = rule.fields & MONEY, rule.about in _GROUPED
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
        asks_waiting = not rule.fields.isdisjoint(WAITING_FIELDS)
        messages = [*_messages(archive, since, until)] if asks_waiting else []
        return replay(rule, past(messages), night_holds=held, trouble_below=trouble)
    found = [
        episode
        for message in _messages(archive, since, until)
        for episode in replay(rule, past([message]), night_holds=held, trouble_below=trouble)
    ]
    return sorted(found, key=lambda each: each.fired_at)


_GROUPED = (About.TAG, About.COUNTRY, About.ALL)


def _messages(archive: Archive, since: float, until: float) -> Iterator[PastMessage]:
    """Each message that was watched in that time, as it was."""
    watched = [
        each.key
        for each in archive.summaries(archive.messages())
        if each.removed_at is None or each.removed_at > since
    ]
    for known in archive.load(watched):
        summary = known.summary
        if summary.first_read_at is None or summary.first_read_at >= until:
            continue
        happened = archive.timeline(summary.id, _CHANGES, since, until)
        changes = [each for each in happened.transitions if each.profile == summary.profile]
        yield PastMessage(
            Entry(
                summary.id,
                summary.label,
                summary.tags,
                added_at=summary.first_read_at,
                profile=summary.profile,
            ),
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
    tally = _Tally(statuses, len(stops), known.first_seen)
    yield tally.now(begins)
    for place, change in enumerate(changes):
        tally.take(change)
        following = changes[place + 1] if place + 1 < len(changes) else None
        if following is None or following.observed_at != change.observed_at:
            yield tally.now(change.observed_at)


class _Tally:
    """The counts of a message while its changes are gone through."""

    def __init__(self, statuses: dict[int, Status], stop: int, first_seen: array[float]) -> None:
        self._statuses, self._stop, self._first_seen = statuses, stop, first_seen
        self._counts = Counter(statuses.values())
        waiting = (slot for slot, status in statuses.items() if status is Status.WAITING)
        self._waiting = [(first_seen[slot], slot) for slot in waiting]
        heapq.heapify(self._waiting)

    def take(self, change: Transition) -> None:
        """One recipient changed."""
        slot = change.slot
        if (before := self._statuses.get(slot)) is not None:
            self._counts[before] -= 1
        self._statuses[slot] = change.after
        self._counts[change.after] += 1
        self._stop += change.stop_after - change.stop_before
        if change.after is Status.WAITING and slot < len(self._first_seen):
            heapq.heappush(self._waiting, (self._first_seen[slot], slot))

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
