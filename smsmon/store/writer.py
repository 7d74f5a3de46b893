"""The one thread that writes ``history.db``: what is recorded queues up for it.

Nothing that uses it waits for a disk. While the disk is full or the database locked, what was
recorded waits here, bounded, and is written as soon as that is possible again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from smsmon.clock import Clock, SystemClock
from smsmon.model import Entry, Event
from smsmon.recipients import Recipients
from smsmon.store.batch import UNFIT, Batch, update_of, write, write_apart
from smsmon.store.errors import Damaged, StoreError, of_os_error
from smsmon.store.files import Signature, database_of, journals_of, locked, signature
from smsmon.store.recording import AppliedPoll, Known, Recording, WatchedMessage
from smsmon.store.schema import check, is_sound, of_sqlite_error, open_for_writing, transaction
from smsmon.store.stands import AccountStands, Superseded, Wish, of_watched
from smsmon.store.term import FOLLOWING, Term
from smsmon.text import SENTENCE_LIMIT, safe

READS_EVERY = 30.0
"""Seconds between notes of when unchanged messages were read: the time alone earns no write."""
READS_FOLLOWED = 1.0
"""As many while other processes show what this one reads."""
RETRY_FIRST, RETRY_MOST = 0.5, 30.0
"""Seconds from a failed write to the next try: doubled each time, up to the second number."""
_REPORT_IT = "All else is recorded; please report this."

Listener = Callable[[StoreError | None], None]


class HistoryWriter:
    """Records what happens. ``record`` and its kin return at once and never raise.

    ``listener`` is called in the writer's thread: with a ``StoreError`` when writing begins to
    fail (or with ``Damaged`` when a broken database was set aside and a new one begun), with
    None when it works again.
    """

    def __init__(
        self, path: Path, clock: Clock | None = None, listener: Listener | None = None
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
        self._last: dict[str, tuple[Recipients, bytes | None]] = {}
        self._thread = threading.Thread(target=self._run, name="history-writer", daemon=True)
        self._connection: sqlite3.Connection | None = None
        self._recording: Recording | None = None
        self._opened: Signature | None = None
        self._checked = False
        self._term: Term | None = Term()
        """None: another process polls and records."""
        self._reads_every = READS_EVERY
        self._revisions: dict[str, int] = {}
        self._last_event = 0

    def start(self) -> None:
        """Begin to write. What was recorded before waits until then."""
        self._thread.start()

    @property
    def trouble(self) -> StoreError | None:
        """Why nothing can be written now; None when all is well."""
        return self._trouble

    # --- polling, or following -----------------------------------------------------------

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        """Record from now on, while ``ours()``: it tells whether we have the lease to poll.

        It is asked, and ``lost`` is called, in the writer's thread: when another process has
        begun to record. Of ours, nothing is kept from then on.
        """
        self._change_term(Term(ours, lost))

    def follow(self) -> None:
        """Record nothing of polls from now on: another process does. What waits is dropped."""
        self._change_term(FOLLOWING)

    def _change_term(self, term: Term | None) -> None:
        with self._wake:
            self._term = term
            self._batch = self._batch.without_polls()
            self._last.clear()
            self._taken += 1
            self._hurry = True
            self._wake.notify_all()

    def followed(self, followed: bool) -> None:
        """Others follow: note when messages were read within a second, not half a minute."""
        every = READS_FOLLOWED if followed else READS_EVERY
        if every != self._reads_every:
            with self._wake:
                self._reads_every = every
                self._hurry = True
                self._wake.notify_all()

    @property
    def revisions(self) -> Mapping[str, int]:
        """Message → the revision of it that was recorded here, or given to the board, last."""
        return self._revisions

    @property
    def last_event(self) -> int:
        """The number of the event that was recorded here last; 0 when none was."""
        return self._last_event

    def accounts(self, accounts: Iterable[AccountStands]) -> None:
        """Record how it stands with these accounts."""
        with self._wake:
            if self._term is not None:
                self._batch.accounts |= {each.profile: each for each in accounts}
                self._taken += 1
                self._wake.notify()

    def wish(self, wish: Wish) -> None:
        """Ask something of the process that polls."""
        with self._wake:
            self._batch.wishes.append(wish)
            self._taken += 1
            self._wake.notify()

    def granted(self, ids: Iterable[int]) -> None:
        """Take these wishes of others off the list."""
        with self._wake:
            if self._term is not None:
                self._batch.granted += ids
                self._taken += 1
                self._wake.notify()

    # --- recording -----------------------------------------------------------------------

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        """Record what one poll brought, whatever that was: a fault changes no state."""
        message_id, recipients, digest = applied.message_id, watched.recipients, watched.digest
        read = watched.read_at == applied.at
        with self._wake:
            if self._term is None:
                return
            last = self._last.get(message_id)
            self._batch.polls[message_id] = of_watched(watched)
            if read and (last is None or last[0] is not recipients or last[1] != digest):
                self._batch.add(update_of(applied, watched, last and last[0]))
                self._last[message_id] = (recipients, digest)
            elif read:
                self._batch.reads[message_id] = applied.at
            self._batch.events += applied.events
            self._taken += 1
            if self._batch.pressing:
                self._wake.notify()

    def record_event(self, event: Event) -> None:
        """Append to the log what no poll brought: an account stopped, a message added."""
        with self._wake:
            if self._term is None:
                return
            self._batch.events.append(event)
            self._taken += 1
            self._wake.notify()

    def watching(self, entries: Iterable[Entry]) -> None:
        """Tell what is on the watchlist now: the history keeps what left it for a while only."""
        with self._wake:
            if self._term is None:
                return
            self._batch.watching = (tuple(entries), self._clock.now())
            kept = {entry.id for entry in self._batch.watching[0]}
            for message_id in [each for each in self._last if each not in kept]:
                del self._last[message_id]
            self._taken += 1
            self._wake.notify()

    def adopt(self, message_id: str, known: Known, digest: bytes | None) -> None:
        """Take ``known`` for what the database holds: the console was given the very same."""
        with self._wake:
            self._last[message_id] = (known.recipients, digest)
            self._revisions[message_id] = known.revision
            self._batch.adopted.append((message_id, known))

    def flush(self, timeout: float = 10.0) -> None:
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

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits and stop. Raises ``StoreError`` when that does not succeed in time."""
        try:
            if self._thread.is_alive():
                self.flush(timeout)
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
        while True:
            with self._wake:
                if failed is None:
                    self._wake.wait_for(self._has_work, self._reads_every)
                else:
                    self._wake.wait_for(lambda: self._closing or self._hurry, pause)
                if self._closing:
                    break
                batch, self._batch = self._batch, Batch()
                taken, self._hurry, term = self._taken, False, self._term
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
            connection, recording = self._connected()
            if term is not None and term.must_begin:
                with transaction(connection):
                    begun = term.begin(connection)
                term.epoch = begun
            if batch.empty:
                return None
            epoch = None if term is None else term.epoch
            try:
                with transaction(connection):
                    write(connection, recording, batch, epoch)
            except UNFIT:
                recording.forget_all()
                unfit = write_apart(connection, recording, batch, epoch)
                self._notify(StoreError(self.path, safe(unfit, SENTENCE_LIMIT), _REPORT_IT))
            for update in batch.updates:
                self._revisions[update.entry.id] = recording.revision(update.entry.id)
            if batch.events:
                (self._last_event,) = connection.execute("SELECT max(id) FROM event").fetchone()
        except Superseded:
            self._superseded(term)
        except sqlite3.Error as error:
            self._disconnect()
            return of_sqlite_error(self.path, error)
        except StoreError as error:
            self._disconnect()
            return error
        return None

    def _superseded(self, term: Term | None) -> None:
        """Another process records by now: nothing of ours is kept."""
        with self._wake:
            if self._term is not term or term is None:
                return
            self._term = FOLLOWING
            self._batch = self._batch.without_polls()
            self._last.clear()
        term.lost()

    def _connected(self) -> tuple[sqlite3.Connection, Recording]:
        """The open database, opened anew when another one took its place. Raises ``StoreError``."""
        current = signature(self.path)
        if self._connection is not None and self._recording is not None:
            if (
                current is not None
                and self._opened is not None
                and (current.inode == self._opened.inode)
            ):
                return self._connection, self._recording
            self._disconnect()
            self._begin_anew()
        connection = open_for_writing(self.path)
        self._connection, self._recording = connection, Recording(connection)
        self._opened = signature(self.path)
        if not self._checked:
            # Once a start: a page that went bad in the middle shows only when it is read.
            check(connection, self.path)
            self._checked = True
        return connection, self._recording

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = self._recording = None

    def _begin_anew(self) -> None:
        """The database is another one now: the next poll of each message is recorded whole."""
        with self._wake:
            self._last.clear()
            self._revisions.clear()
            if self._term is not None:
                self._term.epoch = None

    def _set_aside(self, damaged: Damaged) -> StoreError | None:
        """Rename a damaged database, so that nothing of it is lost and a new one can begin."""
        try:
            with locked(self.path):
                current = signature(self.path)
                if current is None or (self._opened and current.inode != self._opened.inode):
                    self._begin_anew()
                    return None  # another console was faster
                if is_sound(self.path):
                    return None  # what looked like damage was a passing fault
                kept = _rename_aside(self.path, self._clock.now())
        except StoreError as error:
            return error
        self._opened = None
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


def _rename_aside(path: Path, now: float) -> Path:
    target = database_of(path)
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = target.with_name(f"{target.name}.damaged-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = target.with_name(f"{target.name}.damaged-{stamp}-{number}")
    try:
        target.rename(kept)
        for left, taken in zip(journals_of(target), journals_of(kept), strict=True):
            with contextlib.suppress(FileNotFoundError):
                left.rename(taken)
    except OSError as error:
        raise of_os_error(path, error, "write") from error
    return kept
