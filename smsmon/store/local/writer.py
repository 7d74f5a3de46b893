"""The one thread that writes ``history.db``: what is recorded queues up for it.

Nothing that uses it waits for a disk. While the disk is full or the database locked, what was
recorded waits here, bounded, and is written as soon as that is possible again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from smsmon.clock import Clock, SystemClock, astray
from smsmon.known import AccountState, Key, Remembered, key_of
from smsmon.model import Balance, Entry, Event
from smsmon.store.base import Listener, Outdated
from smsmon.store.errors import Busy, Damaged, DiskFull, NotWritable, StoreError
from smsmon.store.local.batch import UNFIT, Batch, write, write_apart
from smsmon.store.local.columns import (
    Known,
    LastWritten,
    Update,
    update_of,
    was_heard,
)
from smsmon.store.local.exchange import FOLLOWING, Superseded, Term
from smsmon.store.local.held import REPLACED, WRITTEN_OVER, Held, mend, remedy, set_aside
from smsmon.store.local.schema import of_sqlite_error, transaction
from smsmon.store.past import BalanceSeen
from smsmon.store.polled import AppliedPoll, WatchedMessage, poll_of
from smsmon.store.shared import Wish
from smsmon.text import SENTENCE_LIMIT, safe

READS_EVERY = 30.0
"""Seconds between notes of when unchanged messages were read: the time alone earns no write."""
LOOK_EVERY = 2.0
"""Seconds between two looks whether the database is still in its place, when nothing is written."""
READS_FOLLOWED = 1.0
"""As many while other processes show what this one reads."""
RETRY_FIRST, RETRY_MOST = 0.5, 30.0
"""Seconds from a failed write to the next try: doubled each time, up to the second number."""
_MENDED = "It is made anew from what it stands for; nothing is lost."
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
        path: Path,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self.path = path
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
        self._held: Held | None = None
        self._inode: int | None = None
        """Of the database that was held last."""
        self._became = ""
        """What others did to its files, until that is told."""
        self._shaken = False
        """True when what was recorded last may not have arrived."""
        self._anew: Callable[[], object] = lambda: None
        self._outdated: Outdated = lambda _: None
        self._number = 0
        """Of the last update."""
        self._checked = False
        self._term: Term | None = Term()
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

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        self._change_term(Term(ours, lost))

    def record_alone(self) -> None:
        self._change_term(Term())

    def follow(self) -> None:
        self._change_term(FOLLOWING)

    def _change_term(self, term: Term | None) -> None:
        with self._wake:
            self._term = term
            self._batch = self._batch.without_polls()
            if term is None:
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
            if self._term is not FOLLOWING or not of_polls:
                put(self._batch)
                self._taken += 1
                self._wake.notify()

    def epoch(self) -> int | None:
        """The epoch that we poll in, begun by now; None: there is no lease. Blocks.

        Raises ``Superseded`` when another process polls, ``StoreError`` when it cannot be begun.
        """
        with self._wake:
            term = self._term
        if term is not None and term.must_begin:
            self.write_out()
        if term is None or term.must_begin:
            raise Superseded
        return term.epoch

    # --- recording -----------------------------------------------------------------------

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        with self._wake:
            if self._term is None or applied.late:
                return
            self._number += 1
            if applied.served_at is not None and not astray(applied.at, applied.served_at):
                self._batch.agreed_at = applied.at
            self._batch.polls[applied.message_id] = key_of(watched.entry), poll_of(watched)
            if was_heard(applied, watched):
                # What was asked for since the last whole answer may still tell of the others.
                asked_at = watched.asked_at or applied.asked_at
                update = self._update(applied.at, asked_at, watched)
                if update.news or applied.events:
                    self._batch.add(update)
                else:
                    self._batch.read_again(update)
            elif applied.events:
                failed = Update(
                    self._number, applied.at, applied.asked_at, watched.entry, read=False
                )
                self._batch.add(failed)
            self._batch.events += [(event, self._number) for event in applied.events]
            self._taken += 1
            if self._batch.pressing:
                self._wake.notify()

    def _update(self, at: float, asked_at: float, watched: WatchedMessage) -> Update:
        key = key_of(watched.entry)
        update = update_of(self._number, at, asked_at, watched, self._last.get(key))
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
                if watched.read_at is not None:
                    self._number += 1
                    key = key_of(watched.entry)
                    self._last.pop(key, None)
                    asked_at = watched.asked_at or watched.read_at
                    batch.add(self._update(watched.read_at, asked_at, watched))
                    batch.polls[watched.entry.id] = key, poll_of(watched)

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
                self.path, f"not written within {timeout:g} s", "Look at the disk's load."
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
        failed_in: Term | None = None
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
                taken, term, batch = self._done, self._term, Batch()  # only a look
                due = time.monotonic() - written >= self._reads_every
                if failed is not None or due or self._has_work():
                    taken, batch, self._batch = self._taken, self._batch, batch
                    self._hurry, written = False, time.monotonic()
            if failed is not None:
                batch = (failed if failed_in is term else failed.without_polls()).then(batch)
            error = self._attempt(batch, term)
            if isinstance(error, Damaged):
                error = self._set_aside(error) or self._attempt(batch, term)
            self._tell(error)
            with self._wake:
                if error is None:
                    failed, pause, self._done = None, RETRY_FIRST, taken
                else:
                    pause = min(pause * 2 if failed else RETRY_FIRST, RETRY_MOST)
                    failed, failed_in, self._tried = batch, term, taken
                self._wake.notify_all()
        self._disconnect()

    def _has_work(self) -> bool:
        return self._closing or self._hurry or self._batch.pressing

    def _attempt(self, batch: Batch, term: Term | None) -> StoreError | None:
        """Write ``batch`` as one transaction; what came in the way, if anything did."""
        try:
            held = self._connected()
            connection, recording = held.connection, held.recording
            if term is not None and term.must_begin:
                with transaction(connection):
                    begun = term.begin(connection)
                term.epoch = begun
            if batch.empty:
                return None
            epoch, now = None if term is None else term.epoch, self._clock.now()
            try:
                with transaction(connection):
                    write(connection, recording, batch, epoch, now)
            except UNFIT:
                recording.forget_all()
                unfit = write_apart(connection, recording, batch, epoch, now)
                self._notify(StoreError(self.path, safe(unfit, SENTENCE_LIMIT), _REPORT_IT))
            for update in (*batch.updates, *batch.reads.values()):
                self._revisions[update.key] = recording.revision(update.key)
            if batch.watching is not None:
                for key in self._revisions.keys() - {key_of(each) for each in batch.watching[0]}:
                    del self._revisions[key]
            if recording.refused:
                self._tell_outdated(recording.refused)
            if batch.events:
                (self._last_event,) = connection.execute("SELECT max(id) FROM event").fetchone()
            held.settle()
        except Superseded:
            self._superseded(term)
        except sqlite3.Error as error:
            return self._failed(of_sqlite_error(self.path, error))
        except StoreError as error:
            return self._failed(error)
        return None

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
        self._disconnect()
        # Of a lock, a full disk, a closed folder it is known that nothing of ours was lost.
        self._shaken = self._shaken or not isinstance(error, Busy | DiskFull | NotWritable)
        return error

    def _superseded(self, term: Term | None) -> None:
        """Another process records by now: nothing of ours is kept."""
        with self._wake:
            if self._term is not term or term is None:
                return
            self._term = FOLLOWING
            self._batch = self._batch.without_polls()
            self._last.clear()
        term.lost()

    def _connected(self) -> Held:
        """The open database, opened anew when its files are not what they were.

        Raises ``StoreError``, ``sqlite3.Error``.
        """
        before = self._held
        if before is not None:
            self._became = before.look()
            if not self._became:
                return before
            self._disconnect()
        held = self._held = Held(self.path)
        if self._became == WRITTEN_OVER and before and before.sequence == held.sequence:
            self._became, self._shaken = "", True  # one of ours, as far as is known
        if not self._became and self._inode not in (None, held.inode):
            self._became = REPLACED  # between two tries
        # A page that went bad in the middle shows only when it is read.
        suspect = self._became or self._shaken or not self._checked
        if suspect and mend(held.connection, self.path):
            self._notify(Damaged(self.path, "an index of it was damaged", _MENDED))
        if self._became or self._shaken:
            self._begin_anew()
        if self._became:
            self._notify(StoreError(self.path, self._became, remedy(self._became)))
        self._inode, self._became = held.inode, ""
        self._checked, self._shaken = True, False
        return held

    def _disconnect(self) -> None:
        if self._held is not None:
            self._held.close(self._became)
        self._held = None

    def _begin_anew(self) -> None:
        """The database is another one now: what is known is recorded whole."""
        with self._wake:
            self._last.clear()
            self._revisions.clear()
            if self._term is not None:
                self._term.epoch = None
        with contextlib.suppress(Exception):  # the one who knows may be closing
            self._anew()

    def _set_aside(self, damaged: Damaged) -> StoreError | None:
        """Rename a damaged database, so that nothing of it is lost and a new one can begin."""
        try:
            kept = set_aside(self.path, self._inode, self._clock.now())
        except StoreError as error:
            return error
        if kept is None:  # no need to
            return None
        self._inode, self._became = None, ""
        self._begin_anew()
        self._notify(
            Damaged(self.path, damaged.reason, f"It is kept as {kept}; a new history has begun.")
        )
        return None

    def _tell(self, error: StoreError | None) -> None:
        """Let the listener know when trouble begins, changes or ends; not at every try."""
        before, self._trouble = self._trouble, error
        if (before and before.reason) != (error and error.reason):
            self._notify(error)

    def _notify(self, error: StoreError | None) -> None:
        if self._listener is not None:
            # A screen that is closing must not end the recording.
            with contextlib.suppress(Exception):
                self._listener(error)
