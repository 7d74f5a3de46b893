"""What happens, counted from the start of the process on: changes, reads, times of deliveries."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from smsmon.filters.recipients import took_of
from smsmon.model import Event
from smsmon.monitor.board import Board
from smsmon.monitor.state import Applied, Asked, Watched
from smsmon.phones import region
from smsmon.recipients import Status
from smsmon.secret import without_likely_keys
from smsmon.text import safe

BUCKETS = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 21_600.0, 86_400.0)
"""Seconds, each an upper bound. Messages are read every 5 at most: less is not observed."""
TAGS, COUNTRIES = 50, 50
"""How many have a label of their own."""
NO_COUNTRY = "none"


class Histogram:
    """How many took how long."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        """Of each bucket alone; the last is of those that took longer than all."""
        self.total = 0.0
        """Seconds of all together."""

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


class Tally:
    """Hears what an engine tells about the messages of ``board``."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.tags = Places(TAGS)
        self.countries = Places(COUNTRIES)
        self.reads: Counter[tuple[str, str]] = Counter()
        """Profile and outcome → requests of this process that came to it."""
        self.changes: Counter[tuple[str, str]] = Counter()
        """Profile and status → recipients that were seen to come to it."""
        self.by_country: dict[str, Histogram] = {}
        self.by_tag: dict[str, Histogram] = {}

    def count(self, asked: Asked) -> None:
        """Take in that a request is over."""
        self.reads[asked.profile, asked.outcome] += 1

    def hear(self, news: Applied | Event) -> None:
        if isinstance(news, Event) or news.late:
            return
        watched = self._board.get(news.message_id)
        if watched is None:
            return
        for each in news.transitions:
            if each.before is each.after:
                continue
            self.changes[watched.profile, each.after.slug] += 1
            observed = each.before is not None and not each.before.final
            if each.after is Status.DELIVERED and observed:
                self._delivered(watched, each.slot, each.phone)

    def _delivered(self, watched: Watched, slot: int, phone: str) -> None:
        took = took_of(watched, slot)
        if took is None or took < 0:  # the wall clock was set back
            return
        country = self.countries.label(region(phone) or NO_COUNTRY)
        self.by_country.setdefault(country, Histogram()).add(took)
        for tag in {self.tags.label(each) for each in watched.tags}:
            self.by_tag.setdefault(tag, Histogram()).add(took)

    def make_room(self, tags: Mapping[str, int]) -> None:
        """Let tags have the places of those that are gone: the ones with most recipients first."""
        for label in self.tags.clear_for(sorted(tags, key=lambda each: (-tags[each], each))):
            self.by_tag.pop(label, None)


def cumulative(histogram: Histogram) -> Iterator[tuple[str, float]]:
    """Upper bound → how many took no longer, as Prometheus has it."""
    count = 0
    for bound, number in zip((*map(str, BUCKETS), "+Inf"), histogram.counts, strict=True):
        count += number
        yield bound, count


OTHER = "other"
"""What stands for all that have no place of their own."""
LIMIT = 60
"""The longest label, in characters."""
_COULD_BE_PHONE = re.compile(r"\d(?:[^\w\n]{0,3}\d){8,}")
"""Nine digits, however they are grouped: of phone numbers no national one is shorter."""


class Places:
    """At most ``most`` names, first come, first served. Whoever has a place keeps it: a counter
    that lent its numbers to the others would seem to go back.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[str, str] = {}
        """Name → its label."""

    def label(self, name: str) -> str:
        """What stands for ``name``."""
        label = self._taken.get(name)
        if label is None:
            if len(self._taken) >= self._most:
                return OTHER
            label = self._taken[name] = shown(name)
        return label

    def clear_for(self, wanted: Collection[str]) -> set[str]:
        """Take the places of those that nobody has any more, if they are needed: ``wanted`` are
        all that are there now, those that matter most first. Gives the labels that are gone.
        """
        new = [name for name in wanted if name not in self._taken]
        gone = set()
        if len(self._taken) + len(new) > self._most:
            left = set(wanted)
            for name in [each for each in self._taken if each not in left]:
                gone.add(self._taken.pop(name))
        for name in new:
            self.label(name)
        return gone - set(self._taken.values()) - {OTHER}


def shown(name: str) -> str:
    """A name as a label: plain text of bounded length. What could be a phone number, or a key, is
    one of the others.
    """
    text = without_likely_keys(name)
    return OTHER if text != name or _COULD_BE_PHONE.search(name) else safe(name, LIMIT)
