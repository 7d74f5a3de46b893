"""What waits to be written into the history, and how it is: all at once, or part by part."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import NamedTuple

from msgspec import structs

from smsmon.known import CHIEF, AccountState, Key, LastPoll, account_part
from smsmon.model import Entry, Event
from smsmon.store.past import BalanceSeen
from smsmon.store.shared import NOTHING_NEW, News, Wish
from smsmon.store.sql import exchange, noted
from smsmon.store.sql.columns import CHECKED, Known, Update
from smsmon.store.sql.database import Keeper
from smsmon.store.sql.fence import Fence, Marked
from smsmon.store.sql.recording import Recording

WAITING_LIMIT = 1_000_000
"""Recipients in updates that wait for a disk, about 20 MB; beyond, only the last update of each
message is kept: steps in between are lost, no message's last state is."""
UPDATES_LIMIT = 10_000
"""Updates that wait for a disk, however small; the same beyond."""
EVENTS_LIMIT = 10_000
"""Events that wait for a disk; beyond, the oldest are dropped."""
READS_LIMIT = 1_000
"""Messages whose last read waits to be noted, until that is done though nothing else is new: what
waits, and what it takes to write it, must not grow with the watchlist."""
BALANCES_LIMIT = 10_000
"""Changes of balances that wait for a disk; beyond, the oldest are dropped."""
WISHES_LIMIT = 100
"""Wishes that wait for a disk; beyond, the oldest are dropped."""


class Told(NamedTuple):
    """An event, and who tells it."""

    event: Event
    number: int
    """Of the update that brought it; 0: none did."""
    mark: int = 0
    """Where no update brought it: what it was heard under."""

    @property
    def marked(self) -> Marked:
        """The part of the work that tells it, where no update does."""
        of_account = self.event.message_id is None
        return account_part(self.event.profile) if of_account else CHIEF, self.mark


@dataclass(slots=True)
class Batch:
    """What waits to be written, in the order it came."""

    updates: list[Update] = field(default_factory=list)
    events: list[Told] = field(default_factory=list)
    reads: dict[Key, Update] = field(default_factory=dict)
    """The last of those that only tell that what is known was read again."""
    polls: dict[str, tuple[Key, LastPoll, int]] = field(default_factory=dict)
    """By message id: of the account that it was read with last, and its mark (``Fence``)."""
    accounts: dict[str, tuple[AccountState, int]] = field(default_factory=dict)
    """By account: how it stands, and its mark."""
    balances: list[tuple[str, BalanceSeen, int]] = field(default_factory=list)
    """Each with its account and mark."""
    adopted: list[tuple[Key, Known]] = field(default_factory=list)
    forgotten: set[Key] = field(default_factory=set)
    """Messages of which nothing needs to be known here any more, when this is written."""
    watching: tuple[Sequence[Entry], float, int] | None = None
    """What is on the watchlist, since when we know, and its mark."""
    listed: dict[Key, tuple[Entry | None, float, int]] = field(default_factory=dict)
    """What came to the watchlist since, is described anew, or left it (None); each with since when
    we know, and its mark."""
    granted: list[int] = field(default_factory=list)
    """Wishes of others that were granted."""
    wishes: list[Wish] = field(default_factory=list)
    """Our own, for the one that polls."""
    agreed: tuple[float, int] | None = None
    """The last moment at which our clock and the server's agreed, and its mark."""
    weight: int = 0
    """Recipients in ``updates``."""
    again: bool = False
    """It was tried before, and may be kept already."""

    @property
    def empty(self) -> bool:
        return not (self.pressing or self.of_polls or self.adopted)

    @property
    def pressing(self) -> bool:
        """True when there is more than balances and times of reads, which can wait while these are
        few."""
        recorded = self.updates or self.events or self.listed or self.watching or self.accounts
        return bool(recorded or self.granted or self.wishes or len(self.polls) >= READS_LIMIT)

    @property
    def of_polls(self) -> bool:
        """True when there is anything that only the one that polls may write."""
        recorded = self.updates or self.events or self.listed or self.watching or self.accounts
        return bool(recorded or self.granted or self.reads or self.polls or self.balances)

    @property
    def news(self) -> News:
        """What is news in it for others; that something was read again is none."""
        polls = News.POLLS if self.updates or self.events or self.accounts else NOTHING_NEW
        return polls | (News.WISHES if self.wishes or self.granted else NOTHING_NEW)

    @property
    def once(self) -> bool:
        """True when it would be told twice, were it written twice: what polls found shows by itself
        that it is there.
        """
        told = (each.number and each.event.kind in CHECKED for each in self.events)
        return bool(self.wishes) or not all(told)

    @property
    def marks(self) -> AbstractSet[Marked]:
        """The parts of the work that it tells of, with the marks they were heard under."""
        found = {(each.entry.id, each.mark) for each in (*self.updates, *self.reads.values())}
        found |= {(id, mark) for id, (_, _, mark) in self.polls.items()}
        found |= {each.marked for each in self.events if not each.number}
        found |= {(account_part(name), mark) for name, (_, mark) in self.accounts.items()}
        found |= {(account_part(name), mark) for name, _, mark in self.balances}
        common = [each[-1] for each in (self.watching, self.agreed) if each is not None]
        common += {mark for *_, mark in self.listed.values()}
        return found | {(CHIEF, int(mark)) for mark in common}

    def add(self, update: Update) -> None:
        if update.read:
            update = self._after_reads(update)
        self.updates.append(update)
        self.weight += len(update.recipients)

    def read_again(self, update: Update) -> None:
        """Add one that only tells that what is known was read again."""
        self.reads[update.key] = self._after_reads(update)

    def _after_reads(self, update: Update) -> Update:
        """``update`` in place of the reads just before it that wait."""
        before = self.reads.pop(update.key, None)
        begun = update.read_from or update.at
        if before is None or before.overdue_at is None or begun > before.overdue_at:
            return update
        return structs.replace(update, read_from=before.read_from or before.at)

    def then(self, later: Batch) -> Batch:
        """This, which was tried in vain, and ``later`` as one, within the bounds."""
        both = Batch(
            list(self.updates),
            (self.events + later.events)[-EVENTS_LIMIT:],
            dict(self.reads),
            self.polls | later.polls,
            self.accounts | later.accounts,
            (self.balances + later.balances)[-BALANCES_LIMIT:],
            self.adopted + later.adopted,
            self.forgotten | later.forgotten,
            later.watching or self.watching,
            later.listed if later.watching else self.listed | later.listed,
            self.granted + later.granted,
            (self.wishes + later.wishes)[-WISHES_LIMIT:],
            later.agreed or self.agreed,
            self.weight,
            again=True,
        )
        for update in later.updates:
            both.add(update)
        for update in later.reads.values():
            both.read_again(update)
        if both.weight > WAITING_LIMIT or len(both.updates) > UPDATES_LIMIT:
            last = {(update.key, update.read): update for update in both.updates}
            both.updates = list(last.values())
            both.weight = sum(len(update.recipients) for update in both.updates)
        return both

    def without_polls(self) -> Batch:
        """What is left of it for one that does not poll any more."""
        return Batch(adopted=self.adopted, forgotten=self.forgotten, wishes=self.wishes)


def write(recording: Recording, batch: Batch, fence: Fence | None, now: float) -> None:
    """Write all of ``batch`` at wall time ``now`` that ``fence`` gives leave for (None: none for
    what only the one that polls may write).

    Within the caller's transaction. Raises ``Superseded`` when another process polls.
    """
    connection = recording.connection
    recording.forget_turns()
    for key, known in batch.adopted:
        recording.adopt(key, known)
    exchange.record_wishes(connection, batch.wishes)
    if fence is None or not batch.of_polls:
        return
    leave = fence.enter(connection, batch.marks)

    def ours(name: str, mark: int) -> bool:
        return (name, mark) not in leave.refused

    updates = (*batch.updates, *batch.reads.values())
    for few, group in groupby(updates, recording.brings_few):
        with connection.together() if few else nullcontext():
            for update in group:
                if ours(update.entry.id, update.mark):
                    recording.report(update, now)
                else:
                    recording.refuse(update)
    refused = {message_id for message_id, _ in recording.refused}
    polls = [
        (key, poll)
        for id, (key, poll, mark) in batch.polls.items()
        if id not in refused and ours(id, mark)
    ]
    exchange.record_polls(connection, polls, leave.sequence)
    accounts = batch.accounts.items()
    stands = [each for name, (each, mark) in accounts if ours(account_part(name), mark)]
    exchange.record_accounts(connection, stands)
    held = [(name, seen) for name, seen, mark in batch.balances if ours(account_part(name), mark)]
    noted.record_balances(connection, held)
    if batch.agreed is not None and ours(CHIEF, batch.agreed[1]):
        recording.agreed(batch.agreed[0])
    if batch.events:
        told = [each for each in batch.events if each.number or ours(*each.marked)]
        recording.events([(each.event, each.number) for each in told], again=batch.again)
    exchange.drop_wishes(connection, batch.granted)
    changes = {key: told[:2] for key, told in batch.listed.items() if ours(CHIEF, told[2])}
    if batch.watching is not None and ours(CHIEF, batch.watching[2]):
        noted.note_list(connection, *batch.watching[:2], changes)
    noted.note_listed(connection, changes)


def write_apart(
    recording: Recording,
    batch: Batch,
    fence: Fence | None,
    now: float,
    keeper: Keeper,
) -> str:
    """Write ``batch`` without what of it no database could take (``unfit``); says what that is.

    Tried again that would fail again, and hold up all that comes behind. All else is one
    transaction, as ever: it is there as a whole, or not at all.
    """
    parts = []
    for each in batch.updates:
        told = [one for one in batch.events if one.number == each.number]
        part = Batch([each], told, again=batch.again)
        parts.append((f"a report of message {each.entry.id}", part))
    apart = {each.number for each in batch.updates}
    parts += [
        (f"“{one.event.kind}” in the log", Batch(events=[one], again=batch.again))
        for one in batch.events
        if one.number not in apart
    ]
    rest = replace(batch, updates=[], events=[], adopted=[])
    parts.append(("the watchlist's labels", rest))
    said = ""
    connection = recording.connection
    with connection.transaction():
        for what, part in parts:
            refused = set(recording.refused)
            connection.execute("SAVEPOINT apart")
            try:
                write(recording, part, fence, now)
            except keeper.unfit as error:
                connection.execute("ROLLBACK TO SAVEPOINT apart")
                recording.forget_all()
                recording.refused |= refused
                why = keeper.said(error).reason if isinstance(error, keeper.errors) else error
                said = f"{what} could not be kept ({why})"
            connection.execute("RELEASE SAVEPOINT apart")
        keeper.last(batch.news, once=batch.once)
    return said
