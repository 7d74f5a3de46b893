"""Messages that came by themselves, in memory: what the stores in tables do, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field

from smsmon.clock import Clock, SystemClock
from smsmon.model import Entry
from smsmon.store.arrivals import REMEMBERED, Arrivals, arrived, told_again


@dataclass(eq=False)
class Kept:
    """What all processes on one store share."""

    there: dict[str, tuple[int, Entry]] = field(default_factory=dict)
    """Each with its place."""
    left: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Each with its place, and when that was."""
    positions: dict[str, str] = field(default_factory=dict)
    placed: int = 0

    def entries(self) -> dict[str, Entry]:
        return {
            id: self.there[id][1] for id in sorted(self.there, key=lambda id: self.there[id][0])
        }


class MemoryArrivals:
    """One process's ``ArrivalStore``."""

    def __init__(
        self,
        kept: Callable[[], Kept],
        in_history: Callable[[], Container[str]],
        clock: Clock | None,
    ) -> None:
        self._kept_now = kept
        self._in_history = in_history
        self._clock = clock or SystemClock()
        self._known: dict[str, Entry] = {}
        self._positions: dict[str, str] = {}
        self._last: Kept | None = None

    @property
    def known(self) -> Sequence[Entry]:
        return tuple(self._known.values())

    @property
    def _kept(self) -> Kept:
        kept = self._kept_now()
        if self._last not in (None, kept):  # it was begun anew
            self._last = kept
            self.give_back(self._known.values())
            for reader, position in self._positions.items():
                kept.positions.setdefault(reader, position)
        return kept

    def load(self) -> list[Entry]:
        self._last = self._kept_now()
        self._known = self._last.entries()
        return [*self._known.values()]

    def newer(self) -> Arrivals | None:
        now, before = self._kept.entries(), self._known
        came = [each for id, each in now.items() if before.get(id) != each]
        left = [id for id in before if id not in now]
        self._known, self._last = now, self._kept_now()
        behind = [id for id in before if id in now] + [e.id for e in came if e.id not in before]
        moved = behind != [*now]
        return Arrivals(came, left, moved) if came or left else None

    def take(self, entries: Iterable[Entry], reader: str = "", position: str = "") -> int:
        now, kept, read = self._clock.now(), self._kept, self._in_history()
        new = [arrived(each, now) for each in entries]
        new = [*{each.id: each for each in new}.values()]
        for each in new:
            if each.id in kept.there:
                place, known = kept.there[each.id]
                kept.there[each.id] = place, told_again(known, each)
        new = [
            each
            for each in new
            if each.id not in kept.there and each.id not in kept.left and each.id not in read
        ]
        for each in new:
            kept.placed += 1
            kept.there[each.id] = kept.placed, each
        if reader:
            kept.positions[reader] = self._positions[reader] = position
        return len(new)

    def leave(self, ids: Iterable[str]) -> None:
        now, kept = self._clock.now(), self._kept
        for id in [*ids]:
            if id in kept.there:
                place, _ = kept.there.pop(id)
                kept.left[id] = place, now
        kept.left = {id: it for id, it in kept.left.items() if it[1] >= now - REMEMBERED}

    def give_back(self, entries: Iterable[Entry]) -> Sequence[str]:
        now, kept = self._clock.now(), self._kept_now()
        back = []
        for each in [arrived(each, now) for each in entries]:
            if each.id not in kept.there:
                place, _ = kept.left.pop(each.id, (0, 0.0))
                if not place:
                    kept.placed += 1
                    place = kept.placed
                kept.there[each.id] = place, each
                back.append(each.id)
        return back

    def position(self, reader: str) -> str:
        found = self._kept.positions.get(reader, "")
        if found:
            self._positions.setdefault(reader, found)
        return found
