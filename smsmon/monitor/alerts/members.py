"""Who waits in which tag, country, and in all: by the messages that were looked at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from math import inf
from typing import NamedTuple

from smsmon.alerts import About
from smsmon.countries import waiting_by_country
from smsmon.monitor.alerts.agenda import Key
from smsmon.monitor.alerts.messages import MessageSight
from smsmon.monitor.state import MessageState, Watched

_ENDED = (MessageState.SETTLED, MessageState.PAUSED, MessageState.NOT_FOUND)
"""States of messages of which nothing is expected any more."""


class Waits(NamedTuple):
    """Who waits, of one message, in one group of it."""

    profile: str
    sure: bool
    """False: the message was not read for too long, so nobody knows."""
    number: int
    since: float


class Members:
    """Who waits in which group, by the messages that were looked at.

    A message of which nothing is expected any more counts no longer.
    """

    def __init__(self) -> None:
        self.kinds: Collection[About] = ()
        """What rules are about."""
        self.by_country = False
        """True when a rule about countries asks who waits: the numbers of all that wait are then
        gone through, of each message that changed."""
        self._of: dict[str, dict[Key, Waits]] = {}
        self._waiting: defaultdict[Key, dict[str, Waits]] = defaultdict(dict)
        self._accounts: defaultdict[Key, Counter[str]] = defaultdict(Counter)
        self._countries: dict[str, tuple[int, dict[str, tuple[int, float]]]] = {}

    def note(self, name: str, seen: MessageSight | None) -> set[Key]:
        """How one message is; gives the groups for which that is something new."""
        before, after = self._of.get(name, {}), self._groups_of(seen)
        if before == after:
            return set()
        for key, waits in before.items():
            self._waiting[key].pop(name, None)
            self._accounts[key][waits.profile] -= 1
        for key, waits in after.items():
            self._accounts[key][waits.profile] += 1
            if waits.number or not waits.sure:
                self._waiting[key][name] = waits
        for key in before.keys() - after.keys():
            if not any(self._accounts[key].values()):
                del self._accounts[key], self._waiting[key]
        if after:
            self._of[name] = after
        else:
            self._of.pop(name, None)
            self._countries.pop(name, None)
        return {*before, *after}

    def __contains__(self, key: Key) -> bool:
        return key in self._accounts

    def names(self, about: About) -> Iterable[str]:
        return [name for kind, name in self._accounts if kind is about]

    def profiles(self, key: Key) -> list[str]:
        """The accounts that a group's messages are read with; of a country, of all messages."""
        known = self._accounts.get((About.ALL, "") if key[0] is About.COUNTRY else key)
        return [name for name, number in known.items() if number] if known else []

    def waiting(self, key: Key) -> Collection[Waits]:
        """Who waits in a group, by message."""
        return self._waiting.get(key, {}).values()

    def _groups_of(self, seen: MessageSight | None) -> dict[Key, Waits]:
        if seen is None or seen.state in _ENDED:
            return {}
        watched = seen.watched
        profile, number = watched.entry.profile, watched.counts.waiting
        # A read that failed says nothing against the one before, until that is clearly too old.
        sure = seen.read and not watched.overdue(seen.now) if number else seen.tried
        waits = Waits(profile, sure, number, watched.oldest_waiting or inf)
        found: dict[Key, Waits] = {(About.ALL, ""): waits}
        entry, kinds = watched.entry, self.kinds
        found |= {(About.TAG, tag): waits for tag in entry.tags}
        if About.SOURCE in kinds:
            found[About.SOURCE, entry.source] = waits
        if About.LABEL in kinds:
            found[About.LABEL, entry.label] = waits
        if About.PROFILE in kinds:
            found[About.PROFILE, profile] = waits
        if self.by_country:
            for country, (number, since) in self._by_country(watched).items():
                found[About.COUNTRY, country] = Waits(profile, sure, number, since)
        return found

    def _by_country(self, watched: Watched) -> dict[str, tuple[int, float]]:
        revision, found = self._countries.get(watched.id, (-1, {}))
        if revision == watched.revision:
            return found
        found = {**waiting_by_country(watched.recipients, watched.first_seen)}
        found.pop("", None)
        self._countries[watched.id] = watched.revision, found
        return found
