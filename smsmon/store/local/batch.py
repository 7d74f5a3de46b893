"""What waits to be written into ``history.db``, and how it is: all at once, or part by part."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from smsmon.known import AccountState, Key, LastPoll
from smsmon.model import Entry, Event
from smsmon.store.local import balances, exchange
from smsmon.store.local.columns import Known, Update
from smsmon.store.local.recording import Recording
from smsmon.store.local.schema import transaction
from smsmon.store.past import BalanceSeen
from smsmon.store.shared import Wish

WAITING_LIMIT = 1_000_000
"""Recipients in updates that wait for a disk, about 20 MB; beyond, only the last update of each
message is kept: steps in between are lost, no message's last state is."""
UPDATES_LIMIT = 10_000
"""Updates that wait for a disk, however small; the same beyond."""
EVENTS_LIMIT = 10_000
"""Events that wait for a disk; beyond, the oldest are dropped."""
BALANCES_LIMIT = 10_000
"""Changes of balances that wait for a disk; beyond, the oldest are dropped."""
WISHES_LIMIT = 100
"""Wishes that wait for a disk; beyond, the oldest are dropped."""

UNFIT = (ValueError, OverflowError, sqlite3.IntegrityError)


@dataclass(slots=True)
class Batch:
    """What waits to be written, in the order it came."""

    updates: list[Update] = field(default_factory=list)
    events: list[tuple[Event, int]] = field(default_factory=list)
    """Each with the number of the update that brought it; 0: none did."""
    reads: dict[Key, Update] = field(default_factory=dict)
    """The last of those that only tell that what is known was read again."""
    polls: dict[str, tuple[Key, LastPoll]] = field(default_factory=dict)
    """By message id: of the account that it was read with last."""
    accounts: dict[str, AccountState] = field(default_factory=dict)
    balances: list[tuple[str, BalanceSeen]] = field(default_factory=list)
    """Each with its account."""
    adopted: list[tuple[Key, Known]] = field(default_factory=list)
    watching: tuple[Sequence[Entry], float] | None = None
    granted: list[int] = field(default_factory=list)
    """Wishes of others that were granted."""
    wishes: list[Wish] = field(default_factory=list)
    """Our own, for the one that polls."""
    agreed_at: float | None = None
    """The last moment at which our clock and the server's agreed."""
    weight: int = 0
    """Recipients in ``updates``."""

    @property
    def empty(self) -> bool:
        return not (self.pressing or self.of_polls or self.adopted)

    @property
    def pressing(self) -> bool:
        """True when there is more than times of reads and balances, which can wait."""
        recorded = self.updates or self.events or self.watching or self.accounts
        return bool(recorded or self.granted or self.wishes)

    @property
    def of_polls(self) -> bool:
        """True when there is anything that only the one that polls may write."""
        recorded = self.updates or self.events or self.watching or self.accounts
        return bool(recorded or self.granted or self.reads or self.polls or self.balances)

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
        return replace(update, read_from=before.read_from or before.at)

    def then(self, later: Batch) -> Batch:
        """This and ``later`` as one, within the bounds."""
        both = Batch(
            list(self.updates),
            (self.events + later.events)[-EVENTS_LIMIT:],
            dict(self.reads),
            self.polls | later.polls,
            self.accounts | later.accounts,
            (self.balances + later.balances)[-BALANCES_LIMIT:],
            self.adopted + later.adopted,
            later.watching or self.watching,
            self.granted + later.granted,
            (self.wishes + later.wishes)[-WISHES_LIMIT:],
            later.agreed_at or self.agreed_at,
            self.weight,
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
        return Batch(adopted=self.adopted, wishes=self.wishes)


def write(
    connection: sqlite3.Connection,
    recording: Recording,
    batch: Batch,
    epoch: int | None,
    now: float,
) -> None:
    """Write all of ``batch`` at wall time ``now``, as the poller of ``epoch`` (None: one that
    polls alone).

    Within the caller's transaction. Raises ``exchange.Superseded`` when another process polls.
    """
    for key, known in batch.adopted:
        recording.adopt(key, known)
    exchange.record_wishes(connection, batch.wishes)
    if not batch.of_polls:
        return
    sequence = exchange.next_sequence(connection, epoch)
    for update in (*batch.updates, *batch.reads.values()):
        recording.report(update, now)
    refused = {message_id for message_id, _ in recording.refused}
    polls = [each for id, each in batch.polls.items() if id not in refused]
    exchange.record_polls(connection, polls, sequence)
    exchange.record_accounts(connection, batch.accounts.values())
    balances.record(connection, batch.balances)
    if batch.agreed_at is not None:
        recording.agreed(batch.agreed_at)
    if batch.events:
        recording.events(batch.events)
    exchange.drop_wishes(connection, batch.granted)
    if batch.watching is not None:
        recording.watching(*batch.watching)


def write_apart(
    connection: sqlite3.Connection,
    recording: Recording,
    batch: Batch,
    epoch: int | None,
    now: float,
) -> str:
    """Write each part of ``batch`` by itself; says what of it no database could take.

    Tried again that would fail again, and hold up all that comes behind.
    """
    parts = []
    for each in batch.updates:
        told = [pair for pair in batch.events if pair[1] == each.number]
        parts.append((f"a report of message {each.entry.id}", Batch([each], told)))
    apart = {each.number for each in batch.updates}
    for event, number in batch.events:
        if number not in apart:
            parts.append((f"“{event.kind}” in the log", Batch(events=[(event, number)])))
    rest = replace(batch, updates=[], events=[], adopted=[])
    parts.append(("the watchlist's labels", rest))
    unfit = ""
    for what, part in parts:
        try:
            with transaction(connection):
                write(connection, recording, part, epoch, now)
        except UNFIT as error:
            recording.forget_all()
            unfit = f"{what} could not be kept ({error})"
    return unfit
