"""A second store, in memory: several of them on one `Memory` are as many processes on one store."""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter, defaultdict
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from math import inf
from pathlib import Path
from statistics import quantiles
from threading import RLock
from types import MappingProxyType
from typing import Self, TypeVar

from smsmon import phones
from smsmon.alignment import align
from smsmon.clock import Clock, SystemClock, astray, late
from smsmon.groups import told_to_be_sent
from smsmon.groups import took as time_taken
from smsmon.known import (
    AccountState,
    AppliedPoll,
    Key,
    LastPoll,
    Remembered,
    Summary,
    WatchedMessage,
    key_of,
    overdue_from,
    poll_of,
)
from smsmon.merging import take_in
from smsmon.model import Balance, Counts, Entry, Event, EventKind, FaultKind, Final, Transition
from smsmon.recipients import EARLIEST_DATE, STOP_YES, Recipients, Status
from smsmon.store.archive import Archive
from smsmon.store.arrivals import Together
from smsmon.store.base import Listener, Outdated
from smsmon.store.entries import EditedList, Operation
from smsmon.store.errors import StoreError
from smsmon.store.past import (
    RETIRED_AT_ONCE,
    Absence,
    BalanceSeen,
    DeliveryTimes,
    Grouping,
    Happened,
    Info,
    InShort,
    NumberFound,
    Pruned,
    Sighting,
    Unread,
    of_accounts,
    with_alerts,
)
from smsmon.store.shared import (
    LASTING,
    NOTHING_NEW,
    Cursor,
    Holder,
    Lease,
    Newer,
    News,
    Rank,
    Recorded,
    Wish,
)
from tests.store.memory_alerts import Kept as KeptAlerts
from tests.store.memory_alerts import MemoryAlerts
from tests.store.memory_arrivals import Kept as KeptArrivals
from tests.store.memory_arrivals import MemoryArrivals

T = TypeVar("T")
DAY = 86_400.0
FINAL = frozenset((Status.DELIVERED, Status.NOT_DELIVERED))
ALL_KINDS = frozenset(EventKind)


@dataclass
class Kept:
    """One message of one account."""

    row: int
    entry: Entry
    recipients: Recipients = field(default_factory=Recipients)
    first_seen: list[float] = field(default_factory=list)
    changed_at: list[float] = field(default_factory=list)
    absent: dict[int, float] = field(default_factory=dict)
    absences: list[tuple[int, Absence]] = field(default_factory=list)
    """Each with its slot."""
    unread: list[Unread] = field(default_factory=list)
    changes: list[tuple[int, int, Transition]] = field(default_factory=list)
    """Each with its revision, and the date before it."""
    summary: Summary = field(init=False)
    due_at: float | None = None

    def __post_init__(self) -> None:
        entry = self.entry
        came = entry.arrival and replace(entry.arrival, leave_after=0.0, phone="")
        self.summary = Summary(
            entry.id,
            entry.profile,
            entry.label,
            entry.tags,
            added_at=entry.added_at or None,
            arrival=came,
        )

    def remembered(self) -> Remembered:
        return Remembered(
            self.summary,
            self.recipients,
            array("d", self.first_seen),
            array("d", self.changed_at),
            dict(self.absent),
            self._final_at(),
            self.row,
        )

    def _final_at(self) -> dict[int, float]:
        found: dict[int, float] = {}
        last: dict[int, float] = {}
        for _, _, one in self.changes:
            if one.before in FINAL:
                found.setdefault(one.slot, last.get(one.slot, 0.0))
            last[one.slot] = 0.0 if one.before is None else one.observed_at
        return found


class Memory:
    """What all processes on one store share."""

    def __init__(self) -> None:
        self.alone = RLock()
        self.entries: tuple[Entry, ...] = ()
        self.kept: dict[Key, Kept] = {}
        self.rows = count(1)
        self.events: list[tuple[int, Event]] = []
        self.polls: dict[str, tuple[int, Key, LastPoll]] = {}
        self.accounts: dict[str, AccountState] = {}
        self.wishes: list[Wish] = []
        self.wished = count(1)
        self.alerts = KeptAlerts()
        self.balances: defaultdict[str, list[BalanceSeen]] = defaultdict(list)
        self.agreed_at: float | None = None
        self.epoch = 0
        self.sequence = 0
        self.writes = 0
        self.learned = b""
        self.arrivals = KeptArrivals()
        self.holder: MemoryLease | None = None
        self.beaten = 0
        self.followers: set[MemoryLease] = set()


class MemoryStore:
    """One process's view of a `Memory`: what ``open_store`` would give."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    files = MappingProxyType[str, Path]({})

    def watchlist(self, clock: Clock | None = None) -> Together:
        added = MemoryWatchlist(self._memory, clock)
        return Together(added, self.arrivals(clock), clock, "anna@ops1")

    def arrivals(self, clock: Clock | None = None) -> MemoryArrivals:
        memory = self._memory
        return MemoryArrivals(
            lambda: memory.arrivals, lambda: {message_id for message_id, _ in memory.kept}, clock
        )

    def archive(self, *, checked: bool = True) -> MemoryArchive:
        del checked
        return MemoryArchive(self._memory)

    def history(
        self, clock: Clock | None = None, listener: Listener | None = None
    ) -> MemoryHistory:
        del listener  # memory is never full
        return MemoryHistory(self._memory, clock or SystemClock())

    def alerts(self, clock: Clock | None = None) -> MemoryAlerts:
        del clock
        return MemoryAlerts(self._memory.alerts, lambda: False)

    def clock(self, clock: Clock) -> Clock:
        return clock

    def lease(self, clock: Clock, name: str, egress: str = "") -> Lease:
        del egress
        return MemoryLease(self._memory, clock, name)

    def allowance(self, egress: str, address: str) -> None:
        del egress, address

    def learned(self) -> bytes:
        return self._memory.learned

    def keep_learned(self, content: bytes) -> None:
        self._memory.learned = content


class MemoryWatchlist(EditedList):
    broken: StoreError | None = None

    def __init__(self, memory: Memory, clock: Clock | None, who: str = "anna@ops1") -> None:
        super().__init__(clock, who)
        self._memory = memory
        self._known: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._known

    def load(self) -> list[Entry]:
        self._known = self._memory.entries
        return list(self._known)

    def poll_changes(self) -> list[Entry] | None:
        return self.load() if self._memory.entries is not self._known else None

    def update(self, operation: Operation) -> list[Entry]:
        with self._memory.alone:
            self._memory.entries = tuple(operation(list(self._memory.entries)))
            return self.load()


class MemoryArchive:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass

    def messages(self, ids: Sequence[str] | None = None, profile: str | None = None) -> list[Key]:
        found = {each[0]: each for each in self._of_now(profile)}
        return [
            found[each] for each in dict.fromkeys(found if ids is None else ids) if each in found
        ]

    def left(self, since: float, sent_since: float = 0.0) -> list[Key]:
        def counts(summary: Summary) -> bool:
            sent = summary.arrival.sent_at if summary.arrival else None
            known = [each for each in (sent, summary.added_at) if each is not None]
            return (summary.removed_at or -inf) >= since and min(known, default=inf) >= sent_since

        gone = [each for each in self._memory.kept.values() if counts(each.summary)]
        return [each.summary.key for each in sorted(gone, key=lambda one: one.row)]

    def _of_now(self, profile: str | None = None) -> list[Key]:
        """One key of each message: of the account it belongs to now, or of ``profile``."""
        kept = self._memory.kept
        now: dict[str, Kept] = {}
        for each in sorted(
            kept.values(),
            key=lambda one: (one.summary.removed_at or inf, one.row),
            reverse=True,
        ):
            if profile is None or each.summary.profile == profile:
                now.setdefault(each.summary.message_id, each)
        return [each.summary.key for each in sorted(now.values(), key=lambda one: one.row)]

    def _one(self, wanted: str | Key) -> Kept | None:
        key = dict(self._of_now()).get(wanted) if isinstance(wanted, str) else wanted[1]
        return self._memory.kept.get((wanted if isinstance(wanted, str) else wanted[0], key or ""))

    def summaries(self, wanted: Iterable[Key]) -> list[Summary]:
        kept = self._memory.kept
        return [kept[each].summary for each in wanted if each in kept]

    def load(self, wanted: Iterable[str | Key]) -> Iterator[Remembered]:
        for each in wanted:
            found = self._one(each)
            if found is not None and found.summary.read_at is not None:
                yield found.remembered()

    def polls(self) -> Mapping[Key, LastPoll]:
        return {key: poll for _, key, poll in self._memory.polls.values()}

    def accounts(self) -> Sequence[AccountState]:
        return [*self._memory.accounts.values()]

    def find_number(self, text: str, limit: int = 200) -> NumberFound:
        if phones.why_not_sought(text):
            return NumberFound(text, False, (), False)
        wanted = phones.sought(text)
        whole = {f"+{each}" for each in wanted.numbers()} | {text.strip(), wanted.anywhere}
        found = self._sightings(whole.__contains__)
        exact = bool(found)
        found = found or self._sightings(wanted.matches)
        return NumberFound(text, exact, tuple(found[:limit]), len(found) > limit)

    def _sightings(self, meant: Callable[[str], bool]) -> list[Sighting]:
        found = []
        for each in self._memory.kept.values():
            told = each.summary
            for slot, phone in enumerate(each.recipients.phones):
                if meant(phone):
                    found.append(
                        Sighting(
                            told.message_id,
                            told.label,
                            slot,
                            each.recipients[slot],
                            each.first_seen[slot],
                            each.changed_at[slot] or None,
                            told.read_at,
                            self.recipient_changes(told.key, slot),
                            each.absent.get(slot),
                            told.profile,
                        )
                    )
        found.sort(key=lambda one: one.recipient.date or one.first_seen, reverse=True)
        return sorted(found, key=lambda one: one.recipient.phone)

    def recipient_changes(self, wanted: str | Key, slot: int) -> tuple[Transition, ...]:
        found = self._one(wanted)
        return tuple(one for *_, one in found.changes if one.slot == slot) if found else ()

    def absences(self, wanted: str | Key, slot: int) -> tuple[Absence, ...]:
        found = self._one(wanted)
        return tuple(one for whose, one in found.absences if whose == slot) if found else ()

    def _changes(self) -> list[Transition]:
        rows = self._memory.kept.values()
        found = [
            (one.observed_at, each.row, one.slot, one) for each in rows for *_, one in each.changes
        ]
        return [one for *_, one in sorted(found, key=lambda it: it[:3])]

    def _events(self) -> list[Event]:
        return sorted((one for _, one in self._memory.events), key=lambda one: one.at)

    def timeline(
        self, message_id: str, limit: int = 10_000, since: float = 0.0, until: float = inf
    ) -> Happened:
        all = self.happened(since, until, 10**9)
        changes = [one for one in all.transitions if one.message_id == message_id]
        events = [one for one in all.events if one.message_id == message_id]
        return Happened(tuple(changes[-limit:]), tuple(events), len(changes) > limit)

    def timelines(
        self, ids: Iterable[str], since: float = 0.0, until: float = inf
    ) -> Iterator[tuple[str, Happened]]:
        return ((id, self.timeline(id, 10**9, since, until)) for id in ids)

    def happened(self, since: float, until: float = inf, limit: int = 10_000) -> Happened:
        changes = [one for one in self._changes() if since <= one.observed_at < until]
        events = [one for one in self._events() if since <= one.at < until]
        more = max(len(changes), len(events)) > limit
        return Happened(tuple(changes[:limit]), tuple(events[:limit]), more)

    def account_events(self, since: float, until: float = inf) -> list[Event]:
        events = self.happened(since, until, 10**9).events
        return [one for one in events if one.message_id is None]

    def in_short(self, since: float, until: float) -> list[InShort]:
        happened = self.happened(since, until, 10**9)
        of_messages = [one for one in happened.events if one.message_id is not None]
        unread = self._unread(since, until)
        keys = {(one.message_id, one.profile) for one in happened.transitions}
        keys |= {(one.message_id or "", one.profile) for one in of_messages}
        rows = []
        for key in keys | unread.keys():
            kept = self._memory.kept.get(key)
            changes = [one for one in happened.transitions if (one.message_id, one.profile) == key]
            events = [one for one in of_messages if (one.message_id, one.profile) == key]
            became = Counter(one.after for one in changes if one.before is not one.after)
            kinds = Counter(one.kind for one in events)
            moments = [one.at for one in changes] + [one.at for one in events]
            rows.append(
                InShort(
                    key[0],
                    key[1],
                    kept.summary.label if kept else "",
                    became[Status.DELIVERED],
                    became[Status.NOT_DELIVERED],
                    became[Status.WAITING],
                    became[Status.UNKNOWN],
                    sum(one.stop_after > one.stop_before for one in changes),
                    sum(one.stop_after < one.stop_before for one in changes),
                    tuple(unread[key]),
                    tuple((kind, kinds[kind]) for kind in EventKind if kinds[kind]),
                    max(moments, default=None),
                    missing=bool(unread[key])
                    and unread[key][-1].until is None
                    and self._is_missing(key),
                )
            )
        down = {one.profile for one in self._memory.accounts.values() if one.condition != "ok"}
        account_events = [
            one for one in self._events() if one.message_id is None and one.at < until
        ]
        rows += of_accounts(account_events, since, down)
        kept_alerts = MemoryAlerts(self._memory.alerts, lambda: False)
        return with_alerts(rows, kept_alerts.episodes(since, until))

    def _is_missing(self, key: Key) -> bool:
        fault = self.polls()[key].fault if key in self.polls() else None
        return fault is not None and fault.kind is FaultKind.NOT_FOUND

    def _unread(self, since: float, until: float) -> defaultdict[Key, list[Unread]]:
        found: defaultdict[Key, list[Unread]] = defaultdict(list)
        for key, kept in self._memory.kept.items():
            for one in kept.unread:
                if one.since < until and (one.until or inf) > since:
                    found[key].append(one)
        for _, key, poll in self._memory.polls.values():
            known = self._memory.kept.get(key)
            read_at = poll.read_at if known is None else known.summary.read_at
            began, overdue = _overdue(self._memory, key, read_at, poll)
            if began is None or overdue is None or overdue >= until:
                continue
            if _asked(self._memory, key, began):
                found[key].append(Unread(began, None))
        return found

    def delivery_times(
        self,
        by: Grouping,
        *,
        ids: Sequence[str] | None = None,
        since: float = 0.0,
        until: float = inf,
    ) -> list[DeliveryTimes]:
        took: defaultdict[str, list[float]] = defaultdict(list)
        for each in self._memory.kept.values():
            if ids is not None and each.summary.message_id not in ids:
                continue
            done: set[int] = set()
            for _, date_before, one in each.changes:
                from_waiting = one.before in (Status.WAITING, Status.UNKNOWN)
                delivered = one.after is Status.DELIVERED and since <= one.observed_at < until
                if not (from_waiting and delivered) or one.slot in done:
                    continue
                done.add(one.slot)
                begun = each.first_seen[one.slot]
                if one.before is Status.WAITING and date_before >= EARLIEST_DATE:
                    begun = min(begun, date_before)
                makes_sense = one.date and begun - 1 < one.date <= one.observed_at + 3600
                ended = one.date if makes_sense and one.date else one.observed_at
                told = each.summary
                for key in {
                    "message": (told.message_id,),
                    "tag": told.tags or ("",),
                    "country": (phones.region(one.phone),),
                }[by]:
                    took[key].append(max(0.0, ended - begun))
        found = [DeliveryTimes(key, len(all), *_quantiles(all)) for key, all in took.items()]
        return sorted(found, key=lambda one: (-one.measured, one.key))

    def finals(self, since: float, until: float = inf) -> Iterator[Final]:
        found = [*self._later_finals(since, until), *self._first_finals(since, until)]
        return iter(sorted(found, key=lambda one: one.at))

    def _first_finals(self, since: float, until: float) -> Iterator[Final]:
        """Who was final at first look, of what a source brought."""
        for kept in self._memory.kept.values():
            summary = kept.summary
            sent = told_to_be_sent(summary.entry)
            if sent is None or not since <= (summary.first_read_at or -inf) < until:
                continue
            for slot, one in enumerate(kept.recipients):
                changes = [c for c in kept.changes if c[-1].slot == slot]
                date, status, stop = one.date, one.status, one.stop
                if changes:
                    _, date, first = changes[0]
                    status, stop = first.before or one.status, first.stop_before
                    if first.before is None:
                        continue
                if status.final:
                    at = kept.first_seen[slot]
                    seconds, dated = time_taken(sent, date or 0, at)
                    yield Final(
                        at,
                        summary.id,
                        summary.profile,
                        summary.tags,
                        phones.region(one.phone),
                        status,
                        bool(stop),
                        seconds,
                        summary.label,
                        summary.source,
                        dated,
                    )

    def _later_finals(self, since: float, until: float) -> Iterator[Final]:
        for change in self._changes():
            became = change.after.final and change.after is not change.before
            stop = change.stop_after > change.stop_before
            if not (since <= change.observed_at < until and (became or stop)):
                continue
            kept = self._memory.kept[change.message_id, change.profile]
            earlier = [
                one
                for *_, one in kept.changes
                if one.slot == change.slot and one.observed_at < change.observed_at
            ]
            was_final = any(FINAL & {one.before, one.after} for one in earlier)
            seen = became and change.before in (Status.WAITING, Status.UNKNOWN) and not was_final
            summary = kept.summary
            sent, lasted, dated = told_to_be_sent(summary.entry), None, True
            if seen:
                lasted = change.observed_at - kept.first_seen[change.slot]
                if sent is not None:
                    lasted, dated = time_taken(sent, change.date or 0, change.observed_at)
            yield Final(
                change.observed_at,
                change.message_id,
                change.profile,
                kept.summary.tags,
                phones.region(change.phone),
                change.after if became else None,
                stop,
                lasted,
                summary.label,
                summary.source,
                dated,
            )

    def balances(self, profile: str, since: float = 0.0, until: float = inf) -> list[BalanceSeen]:
        all = self._memory.balances.get(profile, [])
        began = max((one.at for one in all if one.at <= since), default=since)
        return [one for one in all if began <= one.at < until]

    def info(self) -> Info:
        kept = list(self._memory.kept.values())
        return Info(
            "memory",
            0,
            1,
            len(kept),
            sum(each.summary.removed_at is not None for each in kept),
            sum(len(each.recipients) for each in kept),
            sum(len(each.changes) for each in kept),
            len(self._memory.events),
            min((each.summary.first_read_at or inf for each in kept), default=None),
            len(self._memory.alerts.episodes),
            sum(map(len, self._memory.balances.values())),
        )

    def doubt(self, now: float, days: float) -> str:
        moments = [each.summary.read_at or 0.0 for each in self._memory.kept.values()]
        moments += [one.at for one in self._events()]
        last = self._memory.agreed_at or max(moments, default=0.0)
        if not last or now - last <= max(DAY, days * DAY / 3):
            return ""
        return f"It was last written {now - last:.0f} s ago, by this clock."

    def prune(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        _note_watched(self._memory, watched, now, now)
        limit = now - days * DAY
        return self._drop(limit, lambda one: (one.summary.removed_at or inf) <= limit)

    def retire(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        _note_watched(self._memory, watched, now, now)
        for each in self._memory.kept.values():
            is_due = (each.summary.removed_at or inf) <= now - days * DAY
            each.due_at = (each.due_at or now) if is_due else None
        agreed = self._memory.agreed_at
        if agreed is None:
            return Pruned()
        limit = min(now, agreed) - days * DAY
        return self._drop(
            limit,
            lambda one: (one.summary.removed_at or inf) <= limit and (one.due_at or inf) < agreed,
            RETIRED_AT_ONCE,
        )

    def _drop(
        self, limit: float, is_old: Callable[[Kept], bool], most: int | None = None
    ) -> Pruned:
        memory = self._memory
        old = [each for each in memory.kept.values() if is_old(each)][:most]
        for each in old:
            del memory.kept[each.summary.key]
        ids = {id for id, _ in memory.kept}
        events = [pair for pair in memory.events if pair[1].at > limit or pair[1].message_id in ids]
        dropped, memory.events = len(memory.events) - len(events), events
        recipients = sum(len(each.recipients) for each in old)
        for held in memory.balances.values():
            held[:] = [each for each in held[:-1] if each.at > limit] + held[-1:]
        alerts = memory.alerts.drop(limit, ids)
        changes = sum(len(each.changes) for each in old)
        return Pruned(len(old), recipients, changes, dropped, alerts)

    def vacuum(self) -> tuple[int, int]:
        return 0, 0


def _quantiles(values: list[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return (values[0],) * 3
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[89], cuts[98]


def _note_watched(memory: Memory, entries: Iterable[Entry], now: float, until: float = inf) -> None:
    watched = {key_of(entry): entry for entry in entries}
    ids = {id for id, _ in watched}
    memory.polls = {id: each for id, each in memory.polls.items() if id in ids}
    for key, each in memory.kept.items():
        told, entry = each.summary, watched.get(key)
        if entry is not None:
            told = replace(told, label=entry.label, tags=entry.tags, removed_at=None)
            each.due_at = None
        elif told.removed_at is None and (told.first_read_at or 0.0) <= until:
            at = max(now, told.read_at or 0.0, memory.agreed_at or 0.0)
            told = replace(told, removed_at=at)
        each.summary = told


def _note_changes(memory: Memory, changes: Mapping[Key, Entry | None], now: float) -> None:
    for key, entry in changes.items():
        if entry is None and memory.polls.get(key[0], (0, ("", "")))[1] == key:
            del memory.polls[key[0]]
        each = memory.kept.get(key)
        if each is None:
            continue
        told = each.summary
        if entry is not None:
            each.summary = replace(told, label=entry.label, tags=entry.tags, removed_at=None)
            each.due_at = None
        elif told.removed_at is None:
            at = max(now, told.read_at or 0.0, memory.agreed_at or 0.0)
            each.summary = replace(told, removed_at=at)


def _asked(memory: Memory, key: Key, since: float) -> bool:
    """True when it was neither paused nor removed from ``since`` on."""
    ended = (EventKind.PAUSED, EventKind.REMOVED)
    return not any(
        one.message_id == key[0] and one.at >= since and one.kind in ended
        for _, one in memory.events
    )


def _overdue(
    memory: Memory, key: Key, read_at: float | None, poll: LastPoll
) -> tuple[float | None, float | None]:
    """Since when it is not read, and from when on that is longer than promised."""
    if read_at is None and poll.fault_since is not None:
        own = [one for _, one in memory.events if one.message_id == key[0]]
        ended = max(
            (e.at for e in own if e.kind in (EventKind.PAUSED, EventKind.REMOVED)), default=0.0
        )
        failed = [e.at for e in own if e.kind in (EventKind.STALE, EventKind.NOT_FOUND)]
        first = min((at for at in failed if at > ended), default=poll.fault_since)
        return first, first
    return read_at, overdue_from(read_at, poll.promise)


class _Superseded(Exception):
    pass


class MemoryHistory:
    """Writes at once, once it is started: nothing can come in its way."""

    trouble: StoreError | None = None

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock
        self._archive = MemoryArchive(memory)
        self.alerts = MemoryAlerts(memory.alerts, self._leads)
        self._waiting: list[Callable[[], None]] | None = []
        self._outdated: Outdated = lambda _: None
        self._ours: Callable[[], bool] | None = None
        self._lost: Callable[[], None] = lambda: None
        self._epoch: int | None = None
        self._follows = False
        self._slots: dict[Key, tuple[int, Sequence[int] | None, Recipients]] = {}
        """Revision, the slot of each of the board's, and the columns that were recorded last."""
        self.revisions: dict[Key, int] = {}
        self.last_event = 0
        self.looks_only = False

    def start(
        self, anew: Callable[[], None] | None = None, outdated: Outdated | None = None
    ) -> None:
        del anew  # memory is never another one
        if outdated is not None:
            loop = asyncio.get_running_loop()
            self._outdated = lambda keys: loop.call_soon(outdated, keys)
        waiting, self._waiting = self._waiting or (), None
        for write in waiting:
            self._write(write)

    async def flush(self) -> None:
        if self._waiting:
            raise StoreError("memory", "it is not started", "Start it.")
        self._write(lambda: None)

    async def close(self) -> None:
        pass

    def _write(self, write: Callable[[], None]) -> None:
        if self._follows:
            return
        if self._waiting is not None:
            self._waiting.append(write)
            return
        with self._memory.alone:
            try:
                self._begin()
            except _Superseded:
                self.follow()
                self._lost()
                return
            self._memory.sequence += 1
            self._memory.writes += 1
            write()

    def _begin(self) -> None:
        """Begin an epoch to record in, where there is a lease; check it."""
        if self._ours is None:
            return
        if self._epoch is None:
            if not self._ours():
                raise _Superseded
            self._memory.epoch += 1
            self._epoch = self._memory.epoch
        if self._epoch != self._memory.epoch:
            raise _Superseded

    def _leads(self) -> bool:
        try:
            self._begin()
        except _Superseded:
            return False
        return not self._follows

    # --- what was seen ---------------------------------------------------------------------

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        if not applied.late:
            self._write(partial(self._record, applied, watched))

    def _record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        memory, key = self._memory, key_of(watched.entry)
        if applied.served_at is not None and not astray(applied.at, applied.served_at):
            memory.agreed_at = applied.at
        known = memory.kept.get(key)
        asked = None if known is None else known.summary.asked_at
        if late(asked, applied.asked_at, self._clock.now()):
            self._slots.pop(key, None)
            self._outdated([key])
            return
        kinds = ALL_KINDS
        if watched.read_at == applied.at or applied.transitions:
            kinds = self._report(watched, applied.at, applied.asked_at)
        self._stands(watched)
        for event in applied.events:
            if event.kind in kinds:
                self._note(event)

    def _report(self, watched: WatchedMessage, at: float, asked_at: float) -> frozenset[EventKind]:
        memory, key = self._memory, key_of(watched.entry)
        if key not in memory.kept:
            memory.kept[key] = Kept(next(memory.rows), watched.entry)
        kept = memory.kept[key]
        before, was_absent, changed = kept.summary, dict(kept.absent), False
        self._note_unread(kept, at if watched.read_at is None else watched.read_at)
        ours = self._slots.get(key)
        if ours is None or ours[0] != before.revision:
            ours = None
        if ours is None or ours[2] is not watched.recipients:
            changed = self._take_in(kept, watched, at, ours)
        counts = Counts.of(kept.recipients, len(kept.absent))
        complete = counts.total > 0 and counts.final == counts.total
        kept.summary = after = replace(
            before,
            counts=counts,
            revision=kept.summary.revision,
            digest=watched.digest,
            first_read_at=before.first_read_at or watched.first_read_at,
            read_at=at if watched.read_at is None else watched.read_at,
            asked_at=asked_at,
            last_change_at=at if changed else before.last_change_at or watched.last_change_at,
            completed_at=(before.completed_at or watched.completed_at or at) if complete else None,
            settled_at=(
                None
                if changed or not watched.settled_at
                else before.settled_at or watched.settled_at
            ),
        )
        self.revisions[key] = after.revision
        happened = {
            EventKind.FIRST_READ: not before.first_read_at,
            EventKind.COMPLETED: not before.completed_at and after.completed_at,
            EventKind.REOPENED: before.completed_at and not after.completed_at,
            EventKind.SETTLED: not before.settled_at and after.settled_at,
            EventKind.ABSENT: not kept.absent.keys() <= was_absent.keys(),
            EventKind.LISTED_AGAIN: not was_absent.keys() <= kept.absent.keys(),
        }
        return ALL_KINDS - {kind for kind, is_so in happened.items() if not is_so}

    def _note_unread(self, kept: Kept, until: float) -> None:
        _, key, poll = self._memory.polls.get(kept.summary.message_id, (0, None, LastPoll()))
        began, overdue = _overdue(self._memory, kept.summary.key, kept.summary.read_at, poll)
        if key != kept.summary.key or began is None or overdue is None or until <= overdue:
            return
        if _asked(self._memory, key, began):
            kept.unread.append(Unread(began, until))

    def _take_in(
        self,
        kept: Kept,
        watched: WatchedMessage,
        at: float,
        ours: tuple[int, Sequence[int] | None, Recipients] | None,
    ) -> bool:
        """Take in what the board knows; True when anything changed."""
        given, before, told = watched.recipients, kept.recipients, kept.summary
        slots: Sequence[int] | None
        if ours is None:
            slots = align(before, given, absent=kept.absent)[0] if len(before) else None
        elif (slots := ours[1]) is not None:
            behind = range(len(before), len(before) + len(given) - len(slots))
            slots = [*slots, *behind]
        merged = take_in(before, given, slots, watched.absent)
        places = range(len(given)) if merged.slots is None else merged.slots
        place_of = {slot: place for place, slot in enumerate(places)}
        since = {places[place]: moment for place, moment in watched.absent.items()}
        was_absent, kept.absent = (
            kept.absent,
            {slot: kept.absent.get(slot) or since.get(slot) or at for slot in merged.absent},
        )
        kept.absences += [
            (slot, Absence(moment, at))
            for slot, moment in was_absent.items()
            if slot not in kept.absent
        ]
        kept.recipients = merged.recipients
        revision = told.revision + 1
        kept.summary = replace(told, revision=revision)
        for slot in merged.changed:
            kept.changed_at[slot] = at
            self._change(kept, revision, slot, before, at)
        for slot in merged.added:
            kept.first_seen.append(watched.first_seen[place_of[slot]])
            kept.changed_at.append(watched.changed_at[place_of[slot]])
            if merged.added.start:  # whoever is in the first report did not "appear"
                self._change(kept, revision, slot, None, kept.first_seen[slot])
        self._slots[told.key] = revision, merged.slots, given
        return bool(merged.changed or (merged.added.start and merged.added))

    @staticmethod
    def _change(kept: Kept, revision: int, slot: int, before: Recipients | None, at: float) -> None:
        now, told = kept.recipients, kept.summary
        one = Transition(
            told.message_id,
            slot,
            now.phones[slot],
            None if before is None else before[slot].status,
            now[slot].status,
            now[slot].raw_status,
            before is not None and before.stops[slot] == STOP_YES,
            now.stops[slot] == STOP_YES,
            now[slot].date,
            at,
            told.profile,
        )
        kept.changes.append((revision, before.dates[slot] if before else 0, one))

    def _stands(self, watched: WatchedMessage) -> None:
        entry = watched.entry
        self._memory.polls[entry.id] = (
            self._memory.sequence,
            key_of(entry),
            poll_of(watched),
        )

    def record_event(self, event: Event) -> None:
        self._write(lambda: self._note(event))

    def _note(self, event: Event) -> None:
        events = self._memory.events
        self.last_event = events[-1][0] + 1 if events else 1
        events.append((self.last_event, event))

    def watching(self, entries: Iterable[Entry]) -> None:
        self._write(partial(_note_watched, self._memory, tuple(entries), self._clock.now()))

    def came_and_left(self, changes: Mapping[Key, Entry | None]) -> None:
        now = self._clock.now()
        self._write(partial(_note_changes, self._memory, dict(changes), now))

    def restate(self, messages: Iterable[WatchedMessage]) -> None:
        for each in messages:
            if each.read_at is not None:
                self._slots.pop(key_of(each.entry), None)
                asked = each.asked_at or each.read_at
                self._write(lambda each=each, asked=asked: self._restate(each, asked))  # type: ignore[misc]

    def _restate(self, watched: WatchedMessage, asked_at: float) -> None:
        self._report(watched, watched.read_at or 0.0, asked_at)
        self._stands(watched)

    async def ask(self, question: Callable[[Archive], T]) -> T:
        await asyncio.sleep(0)
        return question(self._archive)

    async def summaries(self, wanted: Sequence[Key]) -> list[Summary]:
        await asyncio.sleep(0)
        found = [each for each in self._archive.summaries(wanted) if each.read_at is not None]
        self.revisions |= {each.key: each.revision for each in found}
        return found

    async def load(self, wanted: Sequence[str | Key]) -> AsyncIterator[list[Remembered]]:
        for each in self._archive.load(wanted):
            self.adopt(each)
            yield [each]

    def adopt(self, given: Remembered) -> None:
        self._slots[given.summary.key] = given.summary.revision, None, given.recipients
        self.revisions[given.summary.key] = given.summary.revision

    def forget(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._slots.pop(key, None)
            self.revisions.pop(key, None)

    # --- who records, and who follows ------------------------------------------------------

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        self._ours, self._lost, self._epoch, self._follows = ours, lost, None, False
        self._write(lambda: None)

    def record_alone(self) -> None:
        self._ours, self._epoch, self._follows = None, None, False

    def follow(self) -> None:
        self._follows = True
        self._slots.clear()

    def followed(self, followed: bool) -> None:
        pass

    def follower(self) -> MemoryFollower:
        return MemoryFollower(self._memory, self.revisions)

    def record_accounts(self, accounts: Iterable[AccountState]) -> None:
        told = {each.profile: each for each in accounts}
        self._write(lambda: self._memory.accounts.update(told))

    def record_balance(self, profile: str, balance: Balance) -> None:
        seen, held = BalanceSeen.of(balance), self._memory.balances[profile]
        if not held or held[-1][1:] != seen[1:]:
            self._write(lambda: held.append(seen))

    def wish(self, wish: Wish) -> None:
        with self._memory.alone:
            self._memory.wishes = [
                each
                for each in self._memory.wishes
                if wish.kind not in LASTING or (each.who, each.kind) != (wish.who, wish.kind)
            ]
            self._memory.wishes.append(replace(wish, id=next(self._memory.wished)))
            self._memory.writes += 1

    def granted(self, ids: Iterable[int]) -> None:
        done = set(ids)

        def drop() -> None:
            self._memory.wishes = [each for each in self._memory.wishes if each.id not in done]

        self._write(drop)


class MemoryFollower:
    def __init__(self, memory: Memory, revisions: dict[Key, int]) -> None:
        self._memory = memory
        self._revisions = revisions
        self._looked_at = -1

    def ring(self, callback: Callable[[], None]) -> None:
        pass

    def changed(self) -> News:
        writes = self._memory.writes + self._memory.alerts.writes
        before, self._looked_at = self._looked_at, writes
        news = News.POLLS | News.ALERTS | News.WISHES
        return NOTHING_NEW if before == self._looked_at else news

    def end(self) -> Cursor:
        return Cursor(0, max((id for id, _ in self._memory.events), default=0))

    def newer(self, cursor: Cursor) -> Newer:
        memory = self._memory
        with memory.alone:
            polls = [each for each in memory.polls.values() if each[0] > cursor.sequence]
            events = [(id, one) for id, one in memory.events if id > cursor.event]
            last = max((id for id, _ in events), default=cursor.event)
            return Newer(
                Cursor(memory.sequence, last),
                [self._recorded(key, poll) for _, key, poll in polls],
                [one for _, one in events],
                list(memory.accounts.values()),
            )

    def _recorded(self, key: Key, poll: LastPoll) -> Recorded:
        kept, known = self._memory.kept.get(key), self._revisions.get(key, 0)
        if kept is None or kept.summary.revision == known:
            return Recorded(key, poll)
        changes = tuple(one for revision, _, one in kept.changes if revision > known)
        return Recorded(key, poll, kept.remembered(), changes)

    def wishes(self) -> list[Wish]:
        return list(self._memory.wishes)

    def close(self) -> None:
        pass


class MemoryLease:
    """A holder that gave no heartbeat for ``PATIENCE`` seconds is taken to stand still."""

    PATIENCE = 3.5

    def __init__(self, memory: Memory, clock: Clock, name: str) -> None:
        self._memory = memory
        self._clock = clock
        self._me = Holder(1, name)
        self._seen: tuple[MemoryLease | None, int] | None = None
        self._seen_since = 0.0
        self.holder: Holder | None = None

    partial = False

    @property
    def held(self) -> bool:
        return self.ours_still()

    @property
    def pollers(self) -> int:
        return int(self.held or self.holder is not None)

    def __contains__(self, name: object) -> bool:
        return self.renew()

    def claim(self, wanted: Collection[str], rank: Rank = Rank.AUTO) -> Collection[str]:
        del rank
        if not self.held:
            self.look()
            if self.holder is not None:
                return ()
            self._memory.holder = self
        self.renew()
        return wanted

    def look(self) -> None:
        other, now = self._memory.holder, self._clock.monotonic()
        if (other, self._memory.beaten) != self._seen:
            self._seen, self._seen_since = (other, self._memory.beaten), now
        still = now - self._seen_since >= self.PATIENCE
        self.holder = None if other in (None, self) or still or not other else other._me

    def renew(self) -> bool:
        if self.held:
            self._memory.beaten += 1
            self.holder = None
        return self.held

    def ours_still(self) -> bool:
        return self._memory.holder is self

    def release(self) -> None:
        if self.held:
            self._memory.holder = None

    def attend(self) -> None:
        self._memory.followers.add(self)

    def leave(self) -> None:
        self._memory.followers.discard(self)

    def attended(self) -> bool:
        return bool(self._memory.followers - {self})
