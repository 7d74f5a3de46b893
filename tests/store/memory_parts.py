"""Leases in parts, in memory: what a database keeps of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from secrets import token_hex

from smsmon.clock import Clock, SystemClock
from smsmon.known import CHIEF, AccountState, AppliedPoll, Key, WatchedMessage, account_part, key_of
from smsmon.model import Balance, Entry, Event
from smsmon.store.base import Listener
from smsmon.store.parts import LASTS, Card, PartialLease, Seen
from smsmon.store.shared import Holder
from tests.store.memory import Memory, MemoryHistory, MemoryStore


@dataclass
class Parts:
    """What all processes on one store share: who is there, and whose each part is."""

    cards: dict[str, tuple[Card, float]] = field(default_factory=dict)
    """By owner, each with the time until which it is there."""
    owners: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Each part's owner (empty: nobody) and epoch."""
    epochs: count[int] = field(default_factory=lambda: count(1))

    def is_ours(self, name: str, owner: str, epoch: int) -> bool:
        """Whether what was found in this epoch may be recorded."""
        return epoch > 0 and self.owners.get(name) == (owner, epoch)


class MemoryRows:
    def __init__(self, parts: Parts, time: Callable[[], float]) -> None:
        """``time`` is the clock of the store."""
        self._parts = parts
        self._time = time
        self.broken: Exception | None = None
        """Raised by whatever is asked."""

    def visit(self, card: Card, let_go: Collection[str] | None, new: Collection[str]) -> Seen:
        if self.broken:
            raise self.broken
        now, parts, owner = self._time(), self._parts, card.member.owner
        self._bury(now)
        before = parts.cards.get(owner)
        joined = now if before is None else before[0].member.joined
        parts.cards[owner] = replace(card, member=card.member._replace(joined=joined)), now + LASTS
        for name in new:
            parts.owners.setdefault(name, ("", 0))
        for name in self._held(owner) if let_go is None else let_go:
            if parts.owners[name][0] == owner:
                parts.owners[name] = "", parts.owners[name][1]
        return self._seen(owner)

    def take(self, owner: str, names: Collection[str]) -> Mapping[str, int]:
        if self.broken:
            raise self.broken
        free, parts = set(self._seen(owner).free), self._parts
        for name in free.intersection(names):
            parts.owners[name] = owner, next(parts.epochs)
        return {name: parts.owners[name][1] for name in free.intersection(names)}

    def begin(self, owner: str, names: Collection[str]) -> Mapping[str, int]:
        if self.broken:
            raise self.broken
        parts, begun = self._parts, dict[str, int]()
        for name in names:
            if parts.owners.get(name, ("", 0)) == ("", 0) and owner in parts.cards:
                begun[name] = next(parts.epochs)
                parts.owners[name] = owner, begun[name]
        return begun

    def forget(self, names: Collection[str]) -> None:
        for name in names:
            if not self._parts.owners[name][0]:
                del self._parts.owners[name]

    def look(self) -> Seen:
        return self._seen("")

    def leave(self, owner: str) -> None:
        self._parts.cards.pop(owner, None)

    def _bury(self, now: float) -> None:
        cards = self._parts.cards
        for owner in [owner for owner, (_, until) in cards.items() if until <= now]:
            del cards[owner]

    def _held(self, owner: str) -> dict[str, int]:
        owners = self._parts.owners
        return {name: epoch for name, (whose, epoch) in owners.items() if whose == owner}

    def _seen(self, owner: str) -> Seen:
        parts, now = self._parts, self._time()
        there = {who: card for who, (card, until) in parts.cards.items() if until > now}
        free = [name for name, (whose, _) in parts.owners.items() if whose not in there]
        chief = parts.owners.get(CHIEF, ("", 0))[0]
        return Seen(
            list(there.values()),
            self._held(owner) if owner in there else {},
            free,
            chief if chief in there else "",
        )


class PartsStore(MemoryStore):
    """One process's view of a store whose lease has parts."""

    def __init__(self, memory: Memory, parts: Parts) -> None:
        super().__init__(memory)
        self._parts = parts
        self._owner = token_hex(8)
        self.rows: MemoryRows | None = None
        self.parts: PartialLease | None = None

    def lease(self, clock: Clock, name: str, egress: str = "") -> PartialLease:
        del egress
        self.rows = MemoryRows(self._parts, clock.monotonic)
        holder = Holder(1, name, "host")
        self.parts = PartialLease(self.rows, self._owner, holder, clock.monotonic)
        return self.parts

    def history(self, clock: Clock | None = None, listener: Listener | None = None) -> PartsHistory:
        return PartsHistory(self._memory, clock or SystemClock(), self._is_ours)

    def _is_ours(self, name: str, epoch: int | None = None) -> bool:
        if self.parts is None:
            return False
        epoch = self.parts.epoch(name) if epoch is None else epoch
        return self._parts.is_ours(name, self._owner, epoch)


class PartsHistory(MemoryHistory):
    """Records only what is of our part of the work."""

    def __init__(self, memory: Memory, clock: Clock, is_ours: Callable[[str], bool]) -> None:
        super().__init__(memory, clock)
        self._is_ours = is_ours

    def _begin(self) -> None:
        pass  # each part has its own epoch

    def _leads(self) -> bool:
        return self._is_ours(CHIEF)

    def _record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        if self._is_ours(watched.entry.id):
            super()._record(applied, watched)
        else:
            self._slots.pop(key_of(watched.entry), None)
            self._outdated([key_of(watched.entry)])

    def record_event(self, event: Event) -> None:
        if self._is_ours(CHIEF if event.message_id else account_part(event.profile)):
            super().record_event(event)

    def record_accounts(self, accounts: Iterable[AccountState]) -> None:
        told = [each for each in accounts if self._is_ours(account_part(each.profile))]
        super().record_accounts(told)

    def record_balance(self, profile: str, balance: Balance) -> None:
        if self._is_ours(account_part(profile)):
            super().record_balance(profile, balance)

    def came_and_left(self, changes: Mapping[Key, Entry | None]) -> None:
        if self._is_ours(CHIEF):
            super().came_and_left(changes)

    def watching(self, entries: Iterable[Entry]) -> None:
        if self._is_ours(CHIEF):
            super().watching(entries)
