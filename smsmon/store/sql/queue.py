"""What is recorded, as it waits to be written: nobody who records waits for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from smsmon.clock import Clock, SystemClock, astray
from smsmon.known import (
    CHIEF,
    AccountState,
    AppliedPoll,
    Key,
    Remembered,
    Summary,
    WatchedMessage,
    account_part,
    key_of,
    poll_of,
)
from smsmon.model import Balance, Entry, Event
from smsmon.store.past import BalanceSeen
from smsmon.store.shared import Wish
from smsmon.store.sql.batch import Batch, Told
from smsmon.store.sql.columns import Known, LastWritten, Update, update_of, was_heard
from smsmon.store.sql.fence import NOT_OURS, Fence

FOLLOWING = None
"""In place of a fence: another process records."""
READS_EVERY = 30.0
"""Seconds between notes of when unchanged messages were read: the time alone earns no write."""
READS_FOLLOWED = 1.0
"""As many while other processes show what this one reads."""


class Queue:
    """Takes what is recorded, for the thread that writes; any thread may ask for that."""

    def __init__(self, alone: Fence, clock: Clock | None) -> None:
        self._clock = clock or SystemClock()
        self._wake = threading.Condition()
        self._batch = Batch()
        # How much was recorded. The first thing to do is to open the database: trouble with it is
        # known at the start.
        self._taken = 1
        self._hurry = True
        self._last: dict[Key, LastWritten] = {}
        self._number = 0
        """Of the last update."""
        self._fence: Fence | None = alone
        """None: another process polls and records."""
        self._reads_every = READS_EVERY
        self._revisions: dict[Key, int] = {}
        """Message → the revision of it that was recorded here, or given to the board, last."""

    # --- polling, or following -----------------------------------------------------------

    def record_by(self, fence: Fence | None) -> None:
        """Record from now on what ``fence`` gives leave to write; None: nothing of polls."""
        with self._wake:
            self._fence = fence
            self._batch = self._batch.without_polls()
            if fence is FOLLOWING:
                self._last.clear()
            self._taken += 1
            self._hurry = True
            self._wake.notify_all()

    def followed(self, followed: bool) -> None:
        every = READS_FOLLOWED if followed else READS_EVERY
        if every != self._reads_every:
            with self._wake:
                self._reads_every = every
                self._hurry = True
                self._wake.notify_all()

    def record_accounts(self, accounts: Iterable[AccountState]) -> None:
        told = tuple(accounts)

        def put(batch: Batch, fence: Fence) -> None:
            for each in told:
                batch.accounts[each.profile] = each, fence.mark(account_part(each.profile))

        self._put(put)

    def record_balance(self, profile: str, balance: Balance) -> None:
        seen, name = BalanceSeen.of(balance), account_part(profile)
        self._put(lambda batch, fence: batch.balances.append((profile, seen, fence.mark(name))))

    def wish(self, wish: Wish) -> None:
        with self._wake:
            self._batch.wishes.append(wish)
            self._add()

    def granted(self, ids: Iterable[int]) -> None:
        done = tuple(ids)
        self._put(lambda batch, _: batch.granted.extend(done))

    def _put(self, put: Callable[[Batch, Fence], None]) -> None:
        """Have ``put`` add to what waits, unless another process polls."""
        with self._wake:
            if self._fence is not FOLLOWING:
                put(self._batch, self._fence)
                self._add()

    def _add(self) -> None:
        """Something was added to what waits, which has to be written soon."""
        self._taken += 1
        self._wake.notify()

    # --- recording -----------------------------------------------------------------------

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        with self._wake:
            fence = self._fence
            if fence is None or applied.late:
                return
            self._number += 1
            mark = fence.mark(applied.message_id)
            if applied.served_at is not None and not astray(applied.at, applied.served_at):
                self._batch.agreed = applied.at, fence.mark(CHIEF)
            self._batch.polls[applied.message_id] = key_of(watched.entry), poll_of(watched), mark
            if was_heard(applied, watched):
                # What was asked for since the last whole answer may still tell of the others.
                asked_at = watched.asked_at or applied.asked_at
                update = self._update(applied.at, asked_at, watched, mark)
                if update.news or applied.events:
                    self._batch.add(update)
                else:
                    self._batch.read_again(update)
            elif applied.events:
                failed = Update(
                    self._number, applied.at, applied.asked_at, watched.entry, mark, read=False
                )
                self._batch.add(failed)
            self._batch.events += [Told(event, self._number) for event in applied.events]
            self._taken += 1
            if self._batch.pressing:
                self._wake.notify()

    def _update(self, at: float, asked_at: float, watched: WatchedMessage, mark: int) -> Update:
        key = key_of(watched.entry)
        update = update_of(self._number, at, asked_at, watched, mark, self._last.get(key))
        self._last[key] = LastWritten(watched.recipients, watched.digest)
        return update

    def record_event(self, event: Event) -> None:
        self._put(lambda batch, fence: batch.events.append(_told(event, fence)))

    def watching(self, entries: Iterable[Entry]) -> None:
        watched = tuple(entries)

        def put(batch: Batch, fence: Fence) -> None:
            batch.watching = watched, self._clock.now(), fence.mark(CHIEF)
            batch.listed.clear()

        self._put(put)

    def came_and_left(self, changes: Mapping[Key, Entry | None]) -> None:
        told = dict(changes)

        def put(batch: Batch, fence: Fence) -> None:
            now, mark = self._clock.now(), fence.mark(CHIEF)
            batch.listed.update((key, (entry, now, mark)) for key, entry in told.items())

        self._put(put)

    def adopt(self, given: Remembered) -> None:
        key, columns, revision = given.summary.key, given.recipients, given.summary.revision
        known = Known(given.row, revision, columns, given.absent, source=columns)
        with self._wake:
            self._last[key] = LastWritten(columns, given.summary.digest)
            self._revisions.pop(key, None)  # its key is an equal one: so it is the same
            self._revisions[key] = revision
            self._batch.adopted.append((key, known))
            self._batch.forgotten.discard(key)

    def note_known(self, summaries: Iterable[Summary]) -> None:
        """The board knows of these, though not their recipients."""
        with self._wake:
            for each in summaries:
                self._revisions[each.key] = each.revision
                self._batch.forgotten.discard(each.key)

    def forget(self, keys: Iterable[Key]) -> None:
        with self._wake:
            for key in keys:
                self._last.pop(key, None)
                self._batch.forgotten.add(key)

    def restate(self, messages: Iterable[WatchedMessage]) -> None:
        def put(batch: Batch, fence: Fence) -> None:
            for watched in messages:
                mark = fence.mark(watched.entry.id)
                if watched.read_at is not None and mark != NOT_OURS:
                    self._number += 1
                    key = key_of(watched.entry)
                    self._last.pop(key, None)
                    asked_at = watched.asked_at or watched.read_at
                    batch.add(self._update(watched.read_at, asked_at, watched, mark))
                    batch.polls[watched.entry.id] = key, poll_of(watched), mark

        self._put(put)


def _told(event: Event, fence: Fence) -> Told:
    """An event that no poll brought, as who tells it."""
    name, _ = Told(event, 0).marked
    return Told(event, 0, fence.mark(name))
