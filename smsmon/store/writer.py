"""The one thread that writes ``history.db``: what is recorded queues up for it.

Nothing that uses it waits for a disk. While the disk is full or the database locked, what was
recorded waits here, bounded, and is written as soon as that is possible again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from smsmon.clock import Clock, SystemClock
from smsmon.model import Entry, Event
from smsmon.recipients import Recipients
from smsmon.store.errors import Damaged, StoreError, of_os_error
from smsmon.store.files import Signature, locked, signature
from smsmon.store.recording import AppliedPoll, Known, Recording, Update, WatchedMessage
from smsmon.store.schema import check, is_sound, of_sqlite_error, open_for_writing, transaction
from smsmon.text import SENTENCE_LIMIT, safe

READS_EVERY = 30.0
"""Seconds between notes of when unchanged messages were read: the time alone earns no write."""
RETRY_FIRST, RETRY_MOST = 0.5, 30.0
"""Seconds from a failed write to the next try: doubled each time, up to the second number."""
WAITING_LIMIT = 1_000_000
"""Recipients in updates that wait for a disk, about 20 MB; beyond, only the last update of each
message is kept: steps in between are lost, no message's last state is."""
EVENTS_LIMIT = 10_000
"""Events that wait for a disk; beyond, the oldest are dropped."""

_UNFIT = (ValueError, OverflowError, sqlite3.IntegrityError)
_REPORT_IT = "All else is recorded; please report this."

Listener = Callable[[StoreError | None], None]


@dataclass(slots=True)
class _Batch:
    """What waits to be written, in the order it came."""

    updates: list[Update] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    reads: dict[str, float] = field(default_factory=dict)
    adopted: list[tuple[str, Known]] = field(default_factory=list)
    watching: tuple[Sequence[Entry], float] | None = None
    weight: int = 0
    """Recipients in ``updates``."""

    @property
    def empty(self) -> bool:
        return not (self.pressing or self.reads or self.adopted)

    @property
    def pressing(self) -> bool:
        """True when there is more than times of reads, which can wait."""
        return bool(self.updates or self.events or self.watching)

    def add(self, update: Update) -> None:
        self.updates.append(update)
        self.weight += len(update.recipients)
        self.reads.pop(update.entry.id, None)

    def then(self, later: _Batch) -> _Batch:
        """This and ``later`` as one, within the bounds."""
        both = _Batch(
            self.updates + later.updates,
            (self.events + later.events)[-EVENTS_LIMIT:],
            self.reads | later.reads,
            self.adopted + later.adopted,
            later.watching or self.watching,
            self.weight + later.weight,
        )
        if both.weight > WAITING_LIMIT:
            last = {update.entry.id: update for update in both.updates}
            both.updates = list(last.values())
            both.weight = sum(len(update.recipients) for update in both.updates)
        return both


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
        self._batch = _Batch()
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

    def start(self) -> None:
        """Begin to write. What was recorded before waits until then."""
        self._thread.start()

    @property
    def trouble(self) -> StoreError | None:
        """Why nothing can be written now; None when all is well."""
        return self._trouble

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        """Record what one poll brought, whatever that was: a fault changes no state."""
        message_id, recipients, digest = applied.message_id, watched.recipients, watched.digest
        read = watched.read_at == applied.at
        with self._wake:
            last = self._last.get(message_id)
            if read and (last is None or last[0] is not recipients or last[1] != digest):
                self._batch.add(_update(applied, watched, last and last[0]))
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
            self._batch.events.append(event)
            self._taken += 1
            self._wake.notify()

    def watching(self, entries: Iterable[Entry]) -> None:
        """Tell what is on the watchlist now: the history keeps what left it for a while only."""
        with self._wake:
            self._batch.watching = (tuple(entries), self._clock.now())
            kept = {entry.id for entry in self._batch.watching[0]}
            for message_id in [each for each in self._last if each not in kept]:
                del self._last[message_id]
            self._taken += 1
            self._wake.notify()

    def adopt(self, message_id: str, known: Known, digest: bytes | None) -> None:
        """Take ``known`` for what the database holds: the console was given the very same."""
        with self._wake:
            self._last.setdefault(message_id, (known.recipients, digest))
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
        failed: _Batch | None = None
        pause = RETRY_FIRST
        while True:
            with self._wake:
                if failed is None:
                    self._wake.wait_for(self._has_work, READS_EVERY)
                else:
                    self._wake.wait_for(lambda: self._closing or self._hurry, pause)
                if self._closing:
                    break
                batch, self._batch = self._batch, _Batch()
                taken, self._hurry = self._taken, False
            if failed is not None:
                batch = failed.then(batch)
            error = self._attempt(batch)
            if isinstance(error, Damaged):
                error = self._set_aside(error) or self._attempt(batch)
            self._tell(error)
            with self._wake:
                if error is None:
                    failed, pause, self._done = None, RETRY_FIRST, taken
                else:
                    pause = min(pause * 2 if failed else RETRY_FIRST, RETRY_MOST)
                    failed, self._tried = batch, taken
                self._wake.notify_all()
        self._disconnect()

    def _has_work(self) -> bool:
        return self._closing or self._hurry or self._batch.pressing

    def _attempt(self, batch: _Batch) -> StoreError | None:
        """Write ``batch`` as one transaction; what came in the way, if anything did."""
        try:
            connection, recording = self._connected()
            if batch.empty:
                return None
            try:
                with transaction(connection):
                    _write(recording, batch)
            except _UNFIT:
                recording.forget_all()
                unfit = _write_apart(connection, recording, batch)
                self._notify(StoreError(self.path, safe(unfit, SENTENCE_LIMIT), _REPORT_IT))
        except sqlite3.Error as error:
            self._disconnect()
            return of_sqlite_error(self.path, error)
        except StoreError as error:
            self._disconnect()
            return error
        return None

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


def _write(recording: Recording, batch: _Batch) -> None:
    for message_id, known in batch.adopted:
        recording.adopt(message_id, known)
    for update in batch.updates:
        recording.report(update)
    if batch.reads:
        recording.reads(batch.reads.items())
    if batch.events:
        recording.events(batch.events)
    if batch.watching is not None:
        recording.watching(*batch.watching)


def _write_apart(connection: sqlite3.Connection, recording: Recording, batch: _Batch) -> str:
    """Write each part of ``batch`` by itself; says what of it no database could take.

    Tried again that would fail again, and hold up all that comes behind.
    """
    parts = [(f"a report of message {each.entry.id}", _Batch([each])) for each in batch.updates]
    parts += [(f"“{event.kind}” in the log", _Batch(events=[event])) for event in batch.events]
    parts.append(("the watchlist's labels", _Batch(reads=batch.reads, watching=batch.watching)))
    unfit = ""
    for what, part in parts:
        try:
            with transaction(connection):
                _write(recording, part)
        except _UNFIT as error:
            recording.forget_all()
            unfit = f"{what} could not be kept ({error})"
    return unfit


def _update(applied: AppliedPoll, watched: WatchedMessage, last: Recipients | None) -> Update:
    new_slots = last is None or len(last) != len(watched.recipients)
    return Update(
        at=applied.at,
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


def _rename_aside(path: Path, now: float) -> Path:
    target = path.resolve()
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = target.with_name(f"{target.name}.damaged-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = target.with_name(f"{target.name}.damaged-{stamp}-{number}")
    try:
        target.rename(kept)
        for journal in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                target.with_name(target.name + journal).rename(kept.with_name(kept.name + journal))
    except OSError as error:
        raise of_os_error(path, error, "write") from error
    return kept
