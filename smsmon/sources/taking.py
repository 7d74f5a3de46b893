"""What the lines of a source become: entries of the watchlist. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from smsmon.clock import CLOCK_AGREES
from smsmon.model import DEFAULT_PROFILE, Arrival, Entry
from smsmon.settings.sources import Source
from smsmon.sources.arrived import Arrived, Matching, NotTaken, Reading, SendAnswers
from smsmon.store.arrivals import told_again


@dataclass(slots=True)
class Taken:
    """What some lines told."""

    entries: dict[str, Entry] = field(default_factory=dict)
    """By their id."""
    not_taken: list[NotTaken] = field(default_factory=list)


def reading_of(source: Source) -> Reading:
    """What understands the lines of a source. Raises ``ValueError``."""
    return SendAnswers() if source.match is None else Matching(source.match)


class Taking:
    """Makes entries of what one source says."""

    def __init__(self, name: str, source: Source) -> None:
        self._name = name
        self._source = source
        self._leave_after = source.leave_after
        self._reading = reading_of(source)

    def read(self, lines: Sequence[str], now: float) -> Taken:
        """What these lines tell, as entries that came at ``now``. Blocks, see `patterns`."""
        taken = Taken()
        entries = taken.entries
        for line in lines:
            for each in self.understood(line):
                if isinstance(each, NotTaken):
                    taken.not_taken.append(each)
                else:
                    entry = self._entry(each, now)
                    entries[each.id] = told_again(entries.get(each.id, entry), entry)
        return taken

    def understood(self, line: str) -> Sequence[Arrived | NotTaken]:
        """What a line tells, as the settings describe it; empty for one about something else."""
        return [
            each if isinstance(each, NotTaken) else self._described(each)
            for each in self._reading.read(line)
        ]

    def _described(self, arrived: Arrived) -> Arrived:
        source = self._source
        return replace(
            arrived,
            label=arrived.label or source.label or "",
            tags=tuple(dict.fromkeys((*(source.tags or ()), *arrived.tags))),
        )

    def _entry(self, arrived: Arrived, now: float) -> Entry:
        source = self._source
        return Entry(
            arrived.id,
            arrived.label,
            arrived.tags,
            added_at=now,
            profile=source.profile or DEFAULT_PROFILE,
            arrival=Arrival(
                self._name, self._leave_after, arrived.phone, _sent_at(arrived.sent_at, now)
            ),
        )


def _sent_at(told: float | None, now: float) -> float | None:
    """When it was sent: not after now. A moment far ahead is of another zone, and tells nothing."""
    return None if told is None or told > now + CLOCK_AGREES else min(told, now)
