"""What changed: told by the board of a report, and kept in memory for a while.

Changes and events are made of what was known and is now. The last changes and answers are kept
besides the state itself, each under a bound.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator

from smsmon.merging import Merged
from smsmon.model import Counts, Entry, Event, EventKind, Transition
from smsmon.monitor.state import Watched
from smsmon.recipients import STOP_YES, Recipients, Status
from smsmon.times import recipients_are


def listing(watched: Watched, merged: Merged, at: float) -> Iterator[Event]:
    """Tell who is missing from an answer now, and who is back."""
    gone, back = merged.absent - watched.absent.keys(), watched.absent.keys() - merged.absent
    if gone:
        known, missing = len(merged.recipients), len(merged.absent)
        detail = f"{missing:,} of {known:,} known recipients not in the answer"
        yield event_of(EventKind.ABSENT, watched, at, detail)
    if back:
        detail = f"{recipients_are(len(back))} listed again"
        yield event_of(EventKind.LISTED_AGAIN, watched, at, detail)


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


def counted(counts: Counts) -> str:
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


TRANSITIONS_KEPT = 20_000
"""Changes kept for the drill-down of this session, over all messages: about 9 MB."""
RAW_LIMIT = 256 * 1024
"""Bytes of one answer kept for looking at; the rest of a longer one is cut."""
RAW_TOTAL = 8 * 1024 * 1024
"""Bytes kept for all answers together, compressed; the longest unread go first."""


_Slots = dict[int, list[Transition]]
"""The changes of one message's recipients, by slot, each oldest first."""


class SeenTransitions:
    """The changes seen in this session, findable by recipient; the oldest make room."""

    def __init__(self, limit: int = TRANSITIONS_KEPT) -> None:
        self._limit = limit
        self._count = 0
        self._by_message: dict[str, _Slots] = {}
        # In the order they came. A forgotten message leaves its places behind, its slots empty,
        # until they are a fifth of all.
        self._order: deque[tuple[_Slots, int]] = deque()

    def __len__(self) -> int:
        return self._count

    def add(self, transitions: Iterable[Transition]) -> None:
        """Keep ``transitions`` as the newest."""
        for transition in transitions:
            slots = self._by_message.setdefault(transition.message_id, {})
            slots.setdefault(transition.slot, []).append(transition)
            self._order.append((slots, transition.slot))
            self._count += 1
        while self._count > self._limit:
            self._drop_oldest()

    def of(self, message_id: str, slot: int) -> tuple[Transition, ...]:
        """The changes of one recipient, oldest first."""
        return tuple(self._by_message.get(message_id, {}).get(slot, ()))

    def forget(self, message_id: str) -> None:
        """Drop what is kept of one message."""
        slots = self._by_message.pop(message_id, {})
        self._count -= sum(map(len, slots.values()))
        slots.clear()
        if len(self._order) > self._count * 5 // 4:
            self._order = deque(place for place in self._order if place[0])

    def _drop_oldest(self) -> None:
        slots, slot = self._order.popleft()
        kept = slots.get(slot)
        if kept is None:
            return  # its message was forgotten
        self._count -= 1
        oldest = kept.pop(0)
        if not kept:
            del slots[slot]
        if not slots:
            del self._by_message[oldest.message_id]


class RawAnswers:
    """The last answer of each message as it came, compressed, for the operator to look at."""

    def __init__(self, limit: int = RAW_LIMIT, total: int = RAW_TOTAL) -> None:
        self._limit = limit
        self._total = total
        self._size = 0
        self._kept: OrderedDict[str, tuple[bytes, int]] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._size

    def keep(self, message_id: str, raw: bytes) -> None:
        """Remember ``raw`` as the message's last answer; an empty one is nothing."""
        self.forget(message_id)
        if not raw:
            return
        packed = zlib.compress(raw[: self._limit], level=1)
        self._kept[message_id] = (packed, len(raw))
        self._size += len(packed)
        while self._size > self._total:
            _, (dropped, _) = self._kept.popitem(last=False)
            self._size -= len(dropped)

    def of(self, message_id: str) -> tuple[bytes, int] | None:
        """The beginning of the last answer and its full length in bytes; None if not kept."""
        kept = self._kept.get(message_id)
        return None if kept is None else (zlib.decompress(kept[0]), kept[1])

    def forget(self, message_id: str) -> None:
        """Drop what is kept of one message."""
        kept = self._kept.pop(message_id, None)
        if kept is not None:
            self._size -= len(kept[0])
