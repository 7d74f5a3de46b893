"""The one thread that writes the history: what is recorded queues up for it.

Nothing that uses it waits for a disk or a server. While the disk is full, or the database locked or
out of reach, what was recorded waits here, bounded, and is written as soon as possible.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable

from smsmon.clock import Clock, SystemClock, astray
from smsmon.known import AccountState, Key, Remembered, key_of
from smsmon.model import Balance, Entry, Event
from smsmon.store.base import Listener, Outdated
from smsmon.store.errors import StoreError
from smsmon.store.past import BalanceSeen
from smsmon.store.polled import AppliedPoll, WatchedMessage, poll_of
from smsmon.store.shared import Wish
from smsmon.store.sql.batch import Batch, write, write_apart
from smsmon.store.sql.columns import (
    Known,
    LastWritten,
    Update,
    update_of,
    was_heard,
)
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import Fence, Superseded
from smsmon.store.sql.keeper import Keeper
from smsmon.store.sql.recording import Recording
from smsmon.text import SENTENCE_LIMIT, safe

FOLLOWING = None
"""In place of a fence: another process records."""
READS_EVERY = 30.0
"""Seconds between notes of when unchanged messages were read: the time alone earns no write."""
LOOK_EVERY = 2.0
"""Seconds between two looks whether the database is still in its place, when nothing is written."""
READS_FOLLOWED = 1.0
"""As many while other processes show what this one reads."""
RETRY_FIRST, RETRY_MOST = 0.5, 30.0
"""Seconds from a failed write to the next try: doubled each time, up to the second number."""
_REPORT_IT = "All else is recorded; please report this."


class HistoryWriter:
    """The writing half of a ``HistoryStore``.

    ``listener`` is called in the writer's thread: with a ``StoreError`` when writing begins to
    fail (or with ``Damaged`` when a broken database was set aside and a new one begun), with
    None when it works again. ``anew`` is called there when the database is another one, or may
    have lost something: have all that is known recorded, by ``restate``. ``outdated`` is called
    there with the messages of which the database knew something newer than was recorded here:
    nothing of that was written.
    """

    def __init__(
        self,
        keeper: Keeper,
        alone: Fence,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        """``alone`` is what it records by until it is told who polls."""
        self._keeper = keeper
        self._clock = clock or SystemClock()
        self._listener = listener
        self._wake = threading.Condition()
        self._batch = Batch()
        # How much was recorded, was committed, and was tried in vain at the last attempt. The
        # first thing to do is to open the database: trouble with it is known at the start.
        self._taken, self._done, self._tried = 1, 0, 0
        self._closing = False
        self._hurry = True
        self._trouble: StoreError | None = None
        self._last: dict[Key, LastWritten] = {}
        self._thread = threading.Thread(target=self._run, name="history-writer", daemon=True)
        self._recording: Recording | None = None
        """What is known of the database that is open."""
        self._anew: Callable[[], object] = lambda: None
        self._outdated: Outdated = lambda _: None
        self._number = 0
        """Of the last update."""
        self._fence: Fence | None = alone
        """None: another process polls and records."""
        self._reads_every = READS_EVERY
        self._revisions: dict[Key, int] = {}
        """Message → the revision of it that was recorded here, or given to the board, last."""
        self._last_event = 0

    def begin(
        self,
        anew: Callable[[], object] = lambda: None,
        outdated: Outdated = lambda _: None,
    ) -> None:
        """Begin to write. What was recorded before waits until then."""
        self._anew, self._outdated = anew, outdated
        self._thread.start()

    @property
    def trouble(self) -> StoreError | None:
        return self._trouble

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

    @property
    def last_event(self) -> int:
        return self._last_event

    def record_accounts(self, accounts: Iterable[AccountState]) -> None:
        told = {each.profile: each for each in accounts}
        self._put(lambda batch: batch.accounts.update(told))

    def record_balance(self, profile: str, balance: Balance) -> None:
        seen = profile, BalanceSeen.of(balance)
        self._put(lambda batch: batch.balances.append(seen))

    def wish(self, wish: Wish) -> None:
        self._put(lambda batch: batch.wishes.append(wish), of_polls=False)

    def granted(self, ids: Iterable[int]) -> None:
        done = tuple(ids)
        self._put(lambda batch: batch.granted.extend(done))

    def _put(self, put: Callable[[Batch], None], *, of_polls: bool = True) -> None:
        """Have ``put`` add to what waits; what is ``of_polls``, unless another process polls."""
        with self._wake:
            if self._fence is not FOLLOWING or not of_polls:
                put(self._batch)
                self._taken += 1
                self._wake.notify()

    def fence(self) -> Fence:
        """What we record by, begun by now. Blocks.

        Raises ``Superseded`` when another process polls, ``StoreError`` when it cannot be begun.
        """
        with self._wake:
            fence = self._fence
        if fence is not None and fence.must_begin:
            self.write_out()
        if fence is None or fence.must_begin:
            raise Superseded
        return fence

    # --- recording -----------------------------------------------------------------------

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        with self._wake:
            fence = self._fence
            if fence is None or applied.late:
                return
            self._number += 1
            mark = fence.mark(applied.message_id)
            if applied.served_at is not None and not astray(applied.at, applied.served_at):
                self._batch.agreed_at = applied.at
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
            self._batch.events += [(event, self._number) for event in applied.events]
            self._taken += 1
            if self._batch.pressing:
                self._wake.notify()

    def _update(self, at: float, asked_at: float, watched: WatchedMessage, mark: int) -> Update:
        key = key_of(watched.entry)
        update = update_of(self._number, at, asked_at, watched, mark, self._last.get(key))
        self._last[key] = (watched.recipients, watched.digest)
        return update

    def record_event(self, event: Event) -> None:
        self._put(lambda batch: batch.events.append((event, 0)))

    def watching(self, entries: Iterable[Entry]) -> None:
        watched = tuple(entries)

        def put(batch: Batch) -> None:
            batch.watching = watched, self._clock.now()
            kept = {key_of(entry) for entry in watched}
            for key in self._last.keys() - kept:
                del self._last[key]

        self._put(put)

    def adopt(self, given: Remembered) -> None:
        key, columns, revision = given.summary.key, given.recipients, given.summary.revision
        known = Known(given.row, revision, columns, given.absent, source=columns)
        with self._wake:
            self._last[key] = (columns, given.summary.digest)
            self._revisions[key] = revision
            self._batch.adopted.append((key, known))

    def restate(self, messages: Iterable[WatchedMessage]) -> None:
        def put(batch: Batch) -> None:
            for watched in messages:
                if watched.read_at is not None and self._fence is not None:
                    self._number += 1
                    key, mark = key_of(watched.entry), self._fence.mark(watched.entry.id)
                    self._last.pop(key, None)
                    asked_at = watched.asked_at or watched.read_at
                    batch.add(self._update(watched.read_at, asked_at, watched, mark))
                    batch.polls[watched.entry.id] = key, poll_of(watched), mark

        self._put(put)

    def write_out(self, timeout: float = 10.0) -> None:
        """Wait until all that was recorded before is committed.

        Raises ``StoreError`` when one more try fails or takes longer than ``timeout`` seconds;
        what waits is kept and tried again.
        """
        with self._wake:
            wanted, self._tried = self._taken, -1
            if self._done < wanted:  # also when the polls since brought nothing to write
                self._hurry = True
                self._wake.notify_all()
            self._wake.wait_for(lambda: max(self._done, self._tried) >= wanted, timeout)
            if self._done >= wanted:
                return
            raise self._trouble or StoreError(
                self._keeper.place, f"not written within {timeout:g} s", "Look at the disk's load."
            )

    def end(self, timeout: float = 5.0) -> None:
        """Write what waits and stop. Raises ``StoreError`` when that does not succeed in time."""
        try:
            if self._thread.is_alive():
                self.write_out(timeout)
        finally:
            with self._wake:
                self._closing = True
                self._wake.notify_all()
            if self._thread.is_alive():
                self._thread.join(timeout)

    # --- the writer's own thread ---------------------------------------------------------

    def _run(self) -> None:
        failed: Batch | None = None
        failed_in: Fence | None = None
        pause = RETRY_FIRST
        written = time.monotonic()
        while True:
            with self._wake:
                if failed is None:
                    self._wake.wait_for(self._has_work, min(LOOK_EVERY, self._reads_every))
                else:
                    self._wake.wait_for(lambda: self._closing or self._hurry, pause)
                if self._closing:
                    break
                taken, fence, batch = self._done, self._fence, Batch()  # only a look
                due = time.monotonic() - written >= self._reads_every
                if failed is not None or due or self._has_work():
                    taken, batch, self._batch = self._taken, self._batch, batch
                    self._hurry, written = False, time.monotonic()
            if failed is not None:
                batch = (failed if failed_in is fence else failed.without_polls()).then(batch)
            error = self._attempt(batch, fence)
            if error is not None:
                error = self._again(error, batch, fence)
            self._tell(error)
            with self._wake:
                if error is None:
                    failed, pause, self._done = None, RETRY_FIRST, taken
                else:
                    pause = min(pause * 2 if failed else RETRY_FIRST, RETRY_MOST)
                    failed, failed_in, self._tried = batch, fence, taken
                self._wake.notify_all()
        self._keeper.close()

    def _has_work(self) -> bool:
        return self._closing or self._hurry or self._batch.pressing

    def _attempt(self, batch: Batch, fence: Fence | None) -> StoreError | None:
        """Write ``batch`` as one transaction; what came in the way, if anything did."""
        try:
            connection = self._keeper.connected(self)
            if self._recording is None or self._recording.connection is not connection:
                self._recording = Recording(connection)
            if fence is not None and fence.must_begin:
                fence.begin(connection)
            if not batch.empty:
                self._write(connection, self._recording, batch, fence)
        except Superseded:
            self._superseded(fence)
        except StoreError as error:
            return self._failed(error)
        except self._keeper.errors as error:
            return self._failed(self._keeper.said(error))
        return None

    def _again(self, error: StoreError, batch: Batch, fence: Fence | None) -> StoreError | None:
        """Another attempt after ``error``, where that can be mended."""
        try:
            mended = self._keeper.mended(error, self, self._clock.now())
        except StoreError as other:
            return other
        return self._attempt(batch, fence) if mended else error

    def _write(
        self, connection: Connection, recording: Recording, batch: Batch, fence: Fence | None
    ) -> None:
        now, unfit = self._clock.now(), self._keeper.unfit
        try:
            with connection.transaction():
                write(recording, batch, fence, now)
        except unfit:
            recording.forget_all()
            said = write_apart(recording, batch, fence, now, unfit)
            self.notify(StoreError(self._keeper.place, safe(said, SENTENCE_LIMIT), _REPORT_IT))
        for update in (*batch.updates, *batch.reads.values()):
            self._revisions[update.key] = recording.revision(update.key)
        if batch.watching is not None:
            for key in self._revisions.keys() - {key_of(each) for each in batch.watching[0]}:
                del self._revisions[key]
        if recording.refused:
            self._tell_outdated(recording.refused)
        if batch.events:
            (self._last_event,) = connection.execute("SELECT max(id) FROM event").fetchone()
        self._keeper.settle()

    def _tell_outdated(self, refused: set[Key]) -> None:
        """What is believed here of these is older than what is written."""
        keys = sorted(refused)
        refused.clear()
        with self._wake:
            for key in keys:
                self._last.pop(key, None)
        with contextlib.suppress(Exception):  # the one who knows may be closing
            self._outdated(keys)

    def _failed(self, error: StoreError) -> StoreError:
        self._recording = None
        self._keeper.failed(error)
        return error

    def _superseded(self, fence: Fence | None) -> None:
        """Another process records by now: nothing of ours is kept."""
        with self._wake:
            if self._fence is not fence or fence is None:
                return
            self._fence = FOLLOWING
            self._batch = self._batch.without_polls()
            self._last.clear()
        fence.lost()

    def begin_anew(self) -> None:
        """The database is another one now: what is known is recorded whole."""
        with self._wake:
            self._last.clear()
            self._revisions.clear()
            if self._fence is not None:
                self._fence.forget()
        with contextlib.suppress(Exception):  # the one who knows may be closing
            self._anew()

    def _tell(self, error: StoreError | None) -> None:
        """Let the listener know when trouble begins, changes or ends; not at every try."""
        before, self._trouble = self._trouble, error
        if (before and before.reason) != (error and error.reason):
            self.notify(error)

    def notify(self, error: StoreError | None) -> None:
        if self._listener is not None:
            # A screen that is closing must not end the recording.
            with contextlib.suppress(Exception):
                self._listener(error)
