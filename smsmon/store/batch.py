"""What waits to be written into ``history.db``, and how it is: all at once, or part by part."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from smsmon.model import Entry, Event
from smsmon.recipients import Recipients
from smsmon.store import stands
from smsmon.store.recording import Known, Recording, Update, WatchedMessage
from smsmon.store.schema import transaction
from smsmon.store.stands import AccountStands, PollStands, Wish

WAITING_LIMIT = 1_000_000
"""Recipients in updates that wait for a disk, about 20 MB; beyond, only the last update of each
message is kept: steps in between are lost, no message's last state is."""
EVENTS_LIMIT = 10_000
"""Events that wait for a disk; beyond, the oldest are dropped."""
WISHES_LIMIT = 100
"""Wishes that wait for a disk; beyond, the oldest are dropped."""

UNFIT = (ValueError, OverflowError, sqlite3.IntegrityError)


@dataclass(slots=True)
class Batch:
    """What waits to be written, in the order it came."""

    updates: list[Update] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    reads: dict[str, float] = field(default_factory=dict)
    polls: dict[str, PollStands] = field(default_factory=dict)
    accounts: dict[str, AccountStands] = field(default_factory=dict)
    adopted: list[tuple[str, Known]] = field(default_factory=list)
    watching: tuple[Sequence[Entry], float] | None = None
    granted: list[int] = field(default_factory=list)
    """Wishes of others that were granted."""
    wishes: list[Wish] = field(default_factory=list)
    """Our own, for the one that polls."""
    weight: int = 0
    """Recipients in ``updates``."""

    @property
    def empty(self) -> bool:
        return not (self.pressing or self.reads or self.polls or self.adopted)

    @property
    def pressing(self) -> bool:
        """True when there is more than times of reads, which can wait."""
        recorded = self.updates or self.events or self.watching or self.accounts
        return bool(recorded or self.granted or self.wishes)

    @property
    def of_polls(self) -> bool:
        """True when there is anything that only the one that polls may write."""
        recorded = self.updates or self.events or self.watching or self.accounts
        return bool(recorded or self.granted or self.reads or self.polls)

    def add(self, update: Update) -> None:
        self.updates.append(update)
        self.weight += len(update.recipients)
        self.reads.pop(update.entry.id, None)

    def then(self, later: Batch) -> Batch:
        """This and ``later`` as one, within the bounds."""
        both = Batch(
            self.updates + later.updates,
            (self.events + later.events)[-EVENTS_LIMIT:],
            self.reads | later.reads,
            self.polls | later.polls,
            self.accounts | later.accounts,
            self.adopted + later.adopted,
            later.watching or self.watching,
            self.granted + later.granted,
            (self.wishes + later.wishes)[-WISHES_LIMIT:],
            self.weight + later.weight,
        )
        if both.weight > WAITING_LIMIT:
            last = {update.entry.id: update for update in both.updates}
            both.updates = list(last.values())
            both.weight = sum(len(update.recipients) for update in both.updates)
        return both

    def without_polls(self) -> Batch:
        """What is left of it for one that does not poll any more."""
        return Batch(adopted=self.adopted, wishes=self.wishes)


def write(
    connection: sqlite3.Connection, recording: Recording, batch: Batch, epoch: int | None
) -> None:
    """Write all of ``batch``, as the poller of ``epoch`` (None: one that polls alone).

    Within the caller's transaction. Raises ``stands.Superseded`` when another process polls.
    """
    for message_id, known in batch.adopted:
        recording.adopt(message_id, known)
    stands.record_wishes(connection, batch.wishes)
    if not batch.of_polls:
        return
    sequence = stands.next_sequence(connection, epoch)
    for update in batch.updates:
        recording.report(update)
    if batch.reads:
        recording.reads(batch.reads.items())
    stands.record_polls(connection, batch.polls.values(), sequence)
    stands.record_accounts(connection, batch.accounts.values())
    if batch.events:
        recording.events(batch.events)
    stands.drop_wishes(connection, batch.granted)
    if batch.watching is not None:
        recording.watching(*batch.watching)


def write_apart(
    connection: sqlite3.Connection, recording: Recording, batch: Batch, epoch: int | None
) -> str:
    """Write each part of ``batch`` by itself; says what of it no database could take.

    Tried again that would fail again, and hold up all that comes behind.
    """
    parts = [(f"a report of message {each.entry.id}", Batch([each])) for each in batch.updates]
    parts += [(f"“{event.kind}” in the log", Batch(events=[event])) for event in batch.events]
    rest = Batch(
        reads=batch.reads,
        polls=batch.polls,
        accounts=batch.accounts,
        watching=batch.watching,
        granted=batch.granted,
        wishes=batch.wishes,
    )
    parts.append(("the watchlist's labels", rest))
    unfit = ""
    for what, part in parts:
        try:
            with transaction(connection):
                write(connection, recording, part, epoch)
        except UNFIT as error:
            recording.forget_all()
            unfit = f"{what} could not be kept ({error})"
    return unfit


def update_of(at: float, watched: WatchedMessage, last: Recipients | None) -> Update:
    """A message as it stood at a moment; ``last`` are its recipients as recorded last."""
    new_slots = last is None or len(last) != len(watched.recipients)
    return Update(
        at=at,
        entry=watched.entry,
        recipients=watched.recipients,
        first_seen=watched.first_seen[:] if new_slots else None,
        changed_at=watched.changed_at[:] if new_slots else None,
        absent=watched.absent,
        counts=watched.counts,
        digest=watched.digest,
        read_at=watched.read_at,
        asked_at=watched.asked_at,
        first_read_at=watched.first_read_at,
        last_change_at=watched.last_change_at,
        completed_at=watched.completed_at,
    )
